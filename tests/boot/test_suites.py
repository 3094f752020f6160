#!/usr/bin/env python3
"""Checks scripts/unpack and scripts/loaders --suite. Downloads small packages
of Debian 13 from the mirror that apt uses here. Takes the arguments of unittest.
"""

import os
import pathlib
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

    def test_loaders_of_another_release(self):
        loaders = suites.TOP / "scripts/loaders"
        status, out, err = run(loaders, "--suite", "trixie", "--tftp", self.dir / "tftp", "--www", self.dir / "www")
        self.assertEqual(status, 0, err)
        for name in "ipxe-arm64.efi", "ipxe-riscv64.efi", "ipxe-loong64.efi", "shimaa64.efi", "grubaa64.efi", "grub/arm64-efi/http.mod", "undionly.kpxe":
            self.assertIn(f"{self.dir}/tftp/{name}\n", out)
        for name in "ipxe-arm64.efi", "ipxe-riscv64.efi", "ipxe-loong64.efi":
            self.assertIn(f"{self.dir}/www/loaders/{name}\n", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
