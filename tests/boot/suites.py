"""Debian's releases, for their boot loaders, their firmware and their servers.

Those of the release that runs here are installed. Those of the others are
downloaded and unpacked below the build directory, and stay there.
"""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MIRRORBOOT_BUILD", TOP / "build")).resolve()
SEARCH = os.environ["PATH"] + ":/usr/sbin:/sbin"
GRUB = ["shim-signed:amd64", "grub-efi-amd64-signed", "grub-efi-amd64-bin"]
ARM64 = ["shim-signed:arm64", "grub-efi-arm64-signed:arm64", "grub-efi-arm64-bin:arm64"]
# What makes a key of the tests' own one that the firmware knows.
SIGNING = ["sbsigntool", "python3-virt-firmware", "python3-importlib-resources"]


class Suite:
    """A release. Its files are below root, which unpack() fills."""

    def __init__(self, name, root, packages=(), more=(), servers=()):
        """more: the packages of boots that only scripts/boots runs; servers:
        those that are apart, with all that they depend on."""
        self.name = name
        self.root = root
        self.packages = packages
        self.more = more
        self.servers = servers

    def unpack(self, more=False):
        """Download what is not there yet. The tests run side by side, and one
        of them does it for all."""
        if not self.packages:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.unpack_into(self.root, *self.packages, *(self.more if more else ()))
            self.unpack_into(self.root / "servers", *self.servers, options=["--depends"])

    def unpack_into(self, root, *packages, options=()):
        subprocess.run([TOP / "scripts/unpack", *options, self.name, root, *packages], check=True, timeout=600)

    def server(self, name):
        """The words that run a server of the release, with its own libraries."""
        if not self.servers:
            return [shutil.which(name, path=SEARCH)]
        root = self.root / "servers/usr"
        return [root / "lib64/ld-linux-x86-64.so.2", "--library-path", root / "lib/x86_64-linux-gnu", root / "sbin" / name]

    def version(self, package):
        """The version of a package: 2.12-9+deb13u4."""
        if not self.packages:
            command = ["dpkg-query", "-W", "-f", "${Version}", package]
            return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        name = package.partition(":")[0]
        deb, = (self.root / ".unpack/archives").glob(f"{name}_*_{package.partition(':')[2] or '*'}.deb")
        return re.sub("%3a", ":", deb.name.split("_")[1])

    def loaders(self):
        """Put the loaders where TFTP and web server look for them."""
        command = [TOP / "scripts/loaders", "--root", self.root]
        subprocess.run(command, check=True, timeout=60, capture_output=True)


def unpacked(name, *packages, servers):
    return Suite(name, BUILD / "suites" / name, ["ipxe", *GRUB, *ARM64, *packages], ["u-boot-qemu", "systemd-boot-efi"], servers)


SUITES = {
    suite.name: suite
    for suite in [
        Suite("bookworm", pathlib.Path("/")),
        unpacked("trixie", "ovmf", "debian-installer-13-netboot-arm64", *SIGNING, servers=["dnsmasq-base", "kea-dhcp4-server"]),
        unpacked("forky", "ovmf-generic", servers=["dnsmasq-base", "kea-dhcp4-server", "tftpd-hpa"]),
    ]
}
