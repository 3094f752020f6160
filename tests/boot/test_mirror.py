#!/usr/bin/env python3
"""Checks the list of the installer's packages that mirror.py writes. Takes the
arguments of unittest."""

import gzip
import hashlib
import lzma
import pathlib
import subprocess
import tempfile
import unittest

import mirror

KERNEL = "6.1-amd64"
RELEASE = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Suite: stable
SHA256:
 aa 1 main/binary-amd64/Packages.xz
 bb 2 main/debian-installer/binary-amd64/Packages
 cc 3 main/debian-installer/binary-amd64/Packages.xz
 dd 4 contrib/debian-installer/binary-amd64/Packages.xz
-----BEGIN PGP SIGNATURE-----
"""


def udeb(name, kernel=None):
    more = f"Kernel-Version: {kernel}\n" if kernel else ""
    return (f"Package: {name}\nVersion: 1-2\nArchitecture: amd64\nMaintainer: A <a@example.org>\n"
            "Section: debian-installer\nPriority: optional\nDepends: libc6-udeb\nDescription: a\n"
            f"{more}Filename: pool/{name}/{name}.udeb\nSize: 7\nMD5sum: ee\n")


class Cache(dict):
    """Of its files: {path: bytes}."""

    fetch = dict.get


class UdebsTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.dir = pathlib.Path(temporary.name)
        (self.dir / f"initrd/lib/modules/{KERNEL}").mkdir(parents=True)
        self.initrd = self.dir / "initrd.gz"
        names = f"lib\nlib/modules\nlib/modules/{KERNEL}\n"
        self.initrd.write_bytes(gzip.compress(subprocess.run(
            ["busybox", "cpio", "-o", "-H", "newc"], input=names.encode(), cwd=self.dir / "initrd", check=True,
            capture_output=True).stdout))
        program = self.dir / "files/usr/sbin/mke2fs"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.with_name("mkfs.ext4").symlink_to("mke2fs")

    def write(self, *udebs, has):
        cache = Cache({f"pool/{name}/{name}.udeb": b"" for name in has})
        cache[f"{mirror.DISTS}/{mirror.UDEBS}.xz"] = lzma.compress("\n".join(udebs).encode())
        cache[f"{mirror.DISTS}/InRelease"] = RELEASE.encode()
        return mirror.write_udebs(cache, self.dir / "tree", self.initrd, self.dir / "files")

    def listed(self):
        self.path = self.dir / "tree" / mirror.DISTS / f"{mirror.UDEBS}.xz"
        return [mirror.fields(stanza) for stanza in lzma.decompress(self.path.read_bytes()).decode().split("\n\n")]

    def test_lists_what_the_mirror_has_for_the_kernel(self):
        missing = self.write(udeb(f"kernel-image-{KERNEL}-di", KERNEL), udeb("ext4-modules-5-di", "5"),
                             udeb("anna"), udeb("eject-udeb"), has=[f"kernel-image-{KERNEL}-di", "anna"])
        self.assertEqual(missing, ["eject-udeb"])
        self.assertEqual([one["Package"] for one in self.listed()], [f"kernel-image-{KERNEL}-di", "anna"])
        sum_of_list = hashlib.sha256(self.path.read_bytes()).hexdigest()
        self.assertEqual((self.dir / "tree" / mirror.DISTS / "Release").read_text(),
                         "Suite: stable\nSHA256:\n aa 1 main/binary-amd64/Packages.xz\n"
                         " dd 4 contrib/debian-installer/binary-amd64/Packages.xz\n"
                         f" {sum_of_list} {self.path.stat().st_size} main/debian-installer/binary-amd64/Packages.xz\n")

    def test_makes_e2fsprogs(self):
        kernel = f"kernel-image-{KERNEL}-di"
        self.assertEqual(self.write(udeb(kernel, KERNEL), udeb("e2fsprogs-udeb"), has=[kernel]), [])
        made = self.listed()[1]
        path = self.dir / "tree" / made["Filename"]
        self.assertEqual((made["Size"], made["SHA256"]), (str(path.stat().st_size), mirror.sha256(path)))
        self.assertNotIn("MD5sum", made)
        names = subprocess.run(["dpkg-deb", "-c", path], check=True, capture_output=True, text=True).stdout
        self.assertRegex(names, r"root/root .* \./usr/sbin/mke2fs\n.* \./usr/sbin/mkfs\.ext4 -> mke2fs\n")
        fields = subprocess.run(["dpkg-deb", "-f", path], check=True, capture_output=True, text=True).stdout
        self.assertIn("Package: e2fsprogs-udeb\nVersion: 1-2\n", fields)

    def test_names_the_kernel_that_has_no_packages(self):
        with self.assertRaisesRegex(RuntimeError, f"^the mirror has no packages for the kernel .*, {KERNEL}: "):
            self.write(udeb(f"kernel-image-{KERNEL}-di", KERNEL), udeb("anna"), has=["anna"])


if __name__ == "__main__":
    unittest.main()
