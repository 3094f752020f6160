#!/usr/bin/env python3
"""Checks scripts/unpack, scripts/loaders --suite and the page of scripts/boots.
Downloads small packages of Debian 13 from the mirror that apt uses here. Takes
the arguments of unittest.
"""

import importlib.machinery
import importlib.util
import os
import pathlib
import platform
import subprocess
import tempfile
import unittest

import suites

UNPACK = suites.TOP / "scripts/unpack"


def run(*command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | environment)
    return done.returncode, done.stdout, done.stderr


class UnpackTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.dir = pathlib.Path(self.temporary.name)

    def test_unpacks_a_package_once(self):
        status, out, err = run(UNPACK, "trixie", self.dir, "shim-signed:arm64")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^shim-signed_\S+_arm64\n$")
        self.assertTrue((self.dir / "usr/lib/shim/shimaa64.efi.signed").exists())
        self.assertNotIn("shimaa64", subprocess.run(["dpkg", "-S", "shimaa64"], capture_output=True, text=True).stdout)
        self.assertEqual(run(UNPACK, "trixie", self.dir, "shim-signed:arm64"), (0, "", ""))

    def test_unpacks_what_a_program_needs(self):
        self.assertEqual(run(UNPACK, "--depends", "trixie", self.dir, "hello")[::2], (0, ""))
        usr = self.dir / "usr"
        program = [usr / "lib64/ld-linux-x86-64.so.2", "--library-path", usr / "lib/x86_64-linux-gnu", usr / "bin/hello"]
        libraries = run(program[0], "--list", *program[1:])[1]
        self.assertIn(f"libc.so.6 => {usr}/lib/", libraries)
        self.assertEqual(run(*program, LC_ALL="C"), (0, "Hello, world!\n", ""))

    def test_unknown_suite_and_package(self):
        for suite, package, action in ("no-such-suite", "ipxe", "update"), ("trixie", "no-such-package", "download"):
            status, out, err = run(UNPACK, suite, self.dir / suite, package)
            self.assertEqual((status, out), (1, ""))
            self.assertEqual(err.splitlines()[-1], f"unpack: apt-get {action} of {suite} failed")
            self.assertFalse((self.dir / suite / "usr").exists())

    def test_without_a_mirror(self):
        lists = self.dir / "lists"
        lists.mkdir()
        conf = self.dir / "apt.conf"
        conf.write_text(f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{lists}";\n')
        self.assertEqual(run(UNPACK, "trixie", self.dir / "x", "ipxe", APT_CONFIG=str(conf)),
                         (1, "", "unpack: apt has no mirror of Debian: run apt-get update\n"))

    def test_mirror_is_debians_whatever_apts_sources_call_the_release(self):
        """Another vendor's archive may have the same names."""
        lists = self.dir / "lists"
        lists.mkdir()
        sources, codename = "", platform.freedesktop_os_release()["VERSION_CODENAME"]
        for origin, site, name in ("Vendor", "vendor.test", codename), ("Debian", "mirror.test", "stable"):
            sources += f"deb [trusted=yes] http://{site}/debian {name} main\n"
            (lists / f"{site}_debian_dists_{name}_main_binary-amd64_Packages").touch()
            (lists / f"{site}_debian_dists_{name}_Release").write_text(
                f"Origin: {origin}\nSuite: stable\nCodename: {codename}\nArchitectures: amd64\nComponents: main\n"
                f"Date: Sat, 11 Jul 2026 10:00:00 UTC\nSHA256:\n {'0' * 64} 0 main/binary-amd64/Packages\n")
        (self.dir / "sources").write_text(sources)
        conf = self.dir / "apt.conf"
        conf.write_text(f'Dir::Etc::sourcelist "{self.dir}/sources";\nDir::Etc::sourceparts "-";\nDir::State::lists "{lists}";\n')
        self.assertEqual(run("sh", "-c", '. "$0/scripts/packages.sh"; packages_mirror', suites.TOP, APT_CONFIG=str(conf)),
                         (0, "http://mirror.test/debian/\n", ""))

    def test_loaders_of_another_release(self):
        loaders = suites.TOP / "scripts/loaders"
        status, out, err = run(loaders, "--suite", "trixie", "--tftp", self.dir / "tftp", "--www", self.dir / "www")
        self.assertEqual(status, 0, err)
        for name in "ipxe-arm64.efi", "ipxe-riscv64.efi", "ipxe-loong64.efi", "shimaa64.efi", "grubaa64.efi", "grub/arm64-efi/http.mod", "undionly.kpxe":
            self.assertIn(f"{self.dir}/tftp/{name}\n", out)
        for name in "ipxe-arm64.efi", "ipxe-riscv64.efi", "ipxe-loong64.efi":
            self.assertIn(f"{self.dir}/www/loaders/{name}\n", out)


class BootsTest(unittest.TestCase):
    """docs/boots.md is where scripts/boots keeps its results."""

    RESULTS = {
        "efi_kernel_and_initrd trixie": {"result": "boots", "seconds": "21", "date": "2026-11-28"},
        "efi_local_disk forky": {"result": "fails: no request, 3 s late", "seconds": "90", "date": "2026-11-29"},
    }

    def setUp(self):
        loader = importlib.machinery.SourceFileLoader("boots", str(suites.TOP / "scripts/boots"))
        self.boots = importlib.util.module_from_spec(importlib.util.spec_from_loader("boots", loader))
        loader.exec_module(self.boots)
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.boots.PAGE = pathlib.Path(temporary.name) / "boots.md"
        self.have("1", "2", "3")
        self.boots.store(self.RESULTS)

    def have(self, *versions):
        self.boots.versions = lambda: {"iPXE": ["1", "1", "1"], "GRUB": list(versions)}

    def test_results_are_read_again(self):
        self.assertEqual(self.boots.load(), self.RESULTS)

    def test_results_of_another_version_are_not(self):
        self.have("1", "2", "4")
        self.assertEqual(list(self.boots.load()), ["efi_kernel_and_initrd trixie"])

    def test_what_failed_is_booted_again(self):
        wanted = self.boots.arguments(["--resume", "--suite", "forky", "efi_local_disk"])
        self.assertEqual(self.boots.chosen(wanted, self.RESULTS), [("efi_local_disk", "forky")])
        wanted = self.boots.arguments(["--resume", "--suite", "trixie", "efi_kernel_and"])
        self.assertEqual(self.boots.chosen(wanted, self.RESULTS), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
