"""A whole mirror of Debian for the lab.

It is apt-cacher-ng, outside of the lab's network, before the mirror that apt uses
here. The installer's own packages, udebs, are apart: apt needs none, and so a
mirror that serves apt may lack some of them, or have a list that its signed
Release does not name. The lab has a list of its own.
"""

import gzip
import hashlib
import http.client
import lzma
import os
import platform
import re
import shutil
import socket
import subprocess
import time

import lab

PORT = 13142  # of apt-cacher-ng
OUTSIDE = "MIRRORBOOT_OUTSIDE"
PROXY = "/lib/systemd/systemd-socket-proxyd"
RELEASE = "trixie"
DISTS = f"dists/{RELEASE}"
UDEBS = "main/debian-installer/binary-amd64/Packages"
CONTROL = "Package", "Version", "Architecture", "Maintainer", "Section", "Priority", "Depends", "Description"
# What e2fsprogs-udeb is made of where the mirror lacks it.
E2FSPROGS = ["e2fsprogs", "libext2fs2t64", "libcom-err2"]


def is_outside():
    return OUTSIDE not in os.environ


def keep_outside():
    """Before lab.enter(): keep a way back to the network of this machine."""
    space = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.set_inheritable(space, True)
    os.environ[OUTSIDE] = str(space)


def sources():
    """The mirrors of Debian and of its security updates that apt uses here."""
    form = "$(RELEASE) $(COMPONENT) $(REPO_URI)"
    lines = subprocess.run(["apt-get", "indextargets", "Created-By: Packages", "--format", form], check=True,
                           capture_output=True, text=True, timeout=60).stdout.splitlines()
    uris = dict(line.rsplit(" ", 1) for line in lines)
    here = platform.freedesktop_os_release()["VERSION_CODENAME"]
    return uris[f"{here} main"], uris[f"{here}-security main"]


def start_cache(boot, packages):
    """Start apt-cacher-ng for a lab, with its packages in a directory that
    stays. Returns a socket that leads to it: one of its own would answer
    nobody."""
    debian, security = sources()
    conf = boot.dir / "apt-cacher-ng"
    conf.mkdir()
    (conf / "acng.conf").write_text(
        f"CacheDir: {packages}\nLogDir: {boot.dir}\nBindAddress: 127.0.0.1\nPort: {PORT}\nForeGround: 1\n"
        f"Remap-debian: /debian ; {debian}\nRemap-security: /debian-security ; {security}\n"
    )
    outside = "nsenter", f"--net=/proc/{os.getpid()}/fd/{os.environ[OUTSIDE]}"
    boot.start("apt-cacher-ng", *outside, shutil.which("apt-cacher-ng", path=lab.SEARCH), "-c", conf)
    path = boot.dir / "mirror.socket"
    boot.start("relay", "systemd-socket-activate", f"--listen={path}", *outside, PROXY, f"127.0.0.1:{PORT}")
    while not path.exists():
        time.sleep(0.1)
    return path


class Cache(http.client.HTTPConnection):
    """apt-cacher-ng, by that socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))

    def fetch(self, path):
        """A file of Debian's; None if there is none. A HEAD would be answered
        by 200 for that too."""
        self.request("GET", f"/debian/{path}")
        answer = self.getresponse()
        body = answer.read()
        self.close()
        return body if answer.status == 200 else None


def kernel_of(initrd):
    """The version of the kernel whose modules it has."""
    names = subprocess.run(["busybox", "cpio", "-t"], input=gzip.decompress(initrd.read_bytes()), check=True,
                           capture_output=True, timeout=60).stdout.decode()
    return re.search(r"(?m)lib/modules/([^/\n]+)", names)[1]


def fields(stanza):
    return dict(re.findall(r"(?m)^(\S+): (.*)$", stanza))


def write_udebs(cache, tree, initrd, e2fsprogs):
    """Write a list of the udebs for an installer into a mirror's directory, and
    a Release that has its sum. They are in the cache, but for e2fsprogs-udeb,
    which is made if need be, of the files of the packages E2FSPROGS below a
    directory. Returns the names of those that are left out: the installer goes
    on with what its initrd has."""
    kernel = kernel_of(initrd)
    text = lzma.decompress(cache.fetch(f"{DISTS}/{UDEBS}.xz")).decode()
    listed, missing = [], []
    for udeb in map(fields, text.strip().split("\n\n")):
        if udeb.get("Kernel-Version", kernel) != kernel:
            continue
        if cache.fetch(udeb["Filename"]) is not None:
            listed.append(udeb)
        elif udeb["Package"] == "e2fsprogs-udeb":
            listed.append(make_udeb(udeb, e2fsprogs, tree))
        else:
            missing.append(udeb["Package"])
    if not any(udeb["Package"] == f"kernel-image-{kernel}-di" for udeb in listed):
        raise RuntimeError(f"the mirror has no packages for the kernel of this installer, {kernel}: "
                           "name another version of debian-installer-13-netboot-amd64")
    write_list(cache, tree, listed)
    return missing


def write_list(cache, tree, listed):
    text = "\n".join("".join(f"{field}: {value}\n" for field, value in udeb.items()) for udeb in listed)
    path = tree / f"{DISTS}/{UDEBS}.xz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode()))
    write_release(cache, tree, path)


def write_release(cache, tree, path):
    """Debian's, but for our list of udebs. So nobody has signed it."""
    signed = cache.fetch(f"{DISTS}/InRelease").decode()
    text = re.search(r"(?s)\n\n(.*\n)-----BEGIN PGP SIGNATURE", signed)[1]
    others = re.sub(rf"(?m)^ .* {UDEBS}(\.\w+)?\n", "", text)
    # The sums by SHA256 are the last ones.
    (tree / f"{DISTS}/Release").write_text(f"{others} {sha256(path)} {path.stat().st_size} {UDEBS}.xz\n")


def make_udeb(udeb, files, tree):
    """Write it into a mirror's directory; returns its fields there."""
    root = tree / "udeb"
    for pattern in "etc/mke2fs.conf", "usr/sbin/*", "usr/lib/x86_64-linux-gnu/lib*":
        for path in files.glob(pattern):
            copy = root / path.relative_to(files)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy, follow_symlinks=False)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text("".join(f"{field}: {udeb[field]}\n" for field in CONTROL))
    path = tree / udeb["Filename"]
    path.parent.mkdir(parents=True)
    lab.run("dpkg-deb -Zxz --root-owner-group --build", root, path)
    shutil.rmtree(root)
    made = {"Size": path.stat().st_size, "SHA256": sha256(path)}
    return {field: value for field, value in udeb.items() if field != "MD5sum"} | made


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
