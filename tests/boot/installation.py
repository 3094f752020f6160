#!/usr/bin/env python3
"""Installs Debian on a machine in the lab, from its power-on to its login.

The network comes first in the machine's boot order all the time. The machine is
armed by mirrorboot-install, gets Debian's installer and the shipped answers by a
token, and nobody presses a key. After the installation it restarts by itself,
and then by its power switch: both times the boot page sends it to its disk.

The lab's mirror is apt-cacher-ng, outside of the lab's network, before the mirror
that apt uses here. Takes no arguments and about an hour, writes the result to
docs/installation.md, and leaves its logs, the disk and the packages in the build
directory's installation/. Needs root, a build, the packages of the boot tests,
apt-cacher-ng and openssh-client.
"""

import contextlib
import datetime
import hashlib
import http.client
import json
import lzma
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import lab

RELEASE = "trixie"
FIRST, _ = lab.MIRRORS
HOST = lab.IPXE.replace(":", "-")
ADDRESS = "192.0.2.14"  # which conf/dhcpd.conf gives that machine
KEPT = lab.BUILD / "installation"
DISK_SIZE = 8 << 30
CACHE = 13142  # the port of apt-cacher-ng
OUTSIDE = "MIRRORBOOT_OUTSIDE"
UDEBS = f"dists/{RELEASE}/main/debian-installer/binary-amd64/Packages"
TOKEN = "/boot/answer/[0-9a-f]{48}"
# What is asked for as each stage begins.
STAGES = {
    "boot page": r"/boot/boot\?.*mac=",
    "installer's kernel": r"/linux$",
    "answers": rf"{TOKEN}/preseed\.cfg$",
    "installer's packages": "main/debian-installer/binary-amd64/",
    "base system": "main/binary-amd64/(by-hash|Packages)",
    "its kernel": "/linux-image-",
    "its boot loader": "/grub-pc_",
    "last step": rf"{TOKEN}/late\.sh$",
    "done": rf"{TOKEN}/done$",
}
STAGE = 2 * 3600  # seconds at most
LOGIN = r"web1\.example\.org login: "


def sections():
    """What the lab's catalogue has beside the shipped one. The installer's log
    is sent to us."""
    return {
        "site": {"background": None, "console": "ttyS0,115200"},
        "mirrors": {"debian": [f"http://{FIRST}/debian/"]},
        "distros": {"debian": {"args": f"log_host={lab.SERVER} debian-installer/allow_unauthenticated=true"}},
    }


def host_file(key):
    return json.dumps({
        "boot": {"distro": "debian", "version": RELEASE, "arch": "amd64"},
        "networks": ["192.0.2.0/24"],
        "answers": "debian",
        "values": {"hostname": "web1.example.org", "disk": "/dev/vda", "ssh_keys": [key], "tasks": ["ssh-server"]},
    })


def prepare_outside():
    """Before lab.enter(): what needs the network of this machine, and a way back to
    it, for apt-cacher-ng alone."""
    if OUTSIDE not in os.environ:
        KEPT.mkdir(exist_ok=True)
        subprocess.run(["dpkg", "-x", sys.argv[1], KEPT / "netboot"], check=True, timeout=600)
        subprocess.run([lab.TOP / "scripts/unpack", RELEASE, KEPT / "e2fsprogs", "e2fsprogs", "libext2fs2t64", "libcom-err2"],
                       check=True, timeout=600)
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


class Log(lab.Listener):
    """What the installer sends to log_host."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=0)
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.bind((lab.SERVER, 514))
        super().__init__(listening)

    def take(self, line, sender):
        self.file.write(line.rstrip(b"\n") + b"\n")


class Mirror(http.client.HTTPConnection):
    """The cache, at its socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))

    def fetch(self, path):
        """Its status and its body."""
        self.request("GET", f"/debian/{path}")
        answer = self.getresponse()
        body = answer.read()
        self.close()
        return answer.status, body


def stanzas(text):
    """Of a file Packages: a dictionary each."""
    return [dict(re.findall(r"(?m)^(\S+): (.*)$", stanza)) for stanza in text.strip().split("\n\n")]


def write_udebs(mirror, tree):
    """The lab's own list of the installer's packages: those that the mirror
    has. Its Release has its sum, and so the installer cannot check it."""
    udebs = []
    for package in stanzas(lzma.decompress(mirror.fetch(f"{UDEBS}.xz")[1]).decode()):
        if "Kernel-Version" in package or mirror.fetch(package["Filename"])[0] == 200:
            udebs.append(package)
        elif package["Package"] == "e2fsprogs-udeb":
            udebs.append(make_udeb(package, tree))
        else:
            print(f"the mirror lacks {package['Package']}", flush=True)
    text = "\n\n".join("\n".join(f"{field}: {value}" for field, value in package.items()) for package in udebs) + "\n"
    path = tree / "debian" / f"{UDEBS}.xz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode()))
    release = mirror.fetch(f"dists/{RELEASE}/InRelease")[1].decode().split("\n\n", 1)[1].split("\n-----BEGIN", 1)[0]
    name = UDEBS.partition(f"{RELEASE}/")[2]
    release = re.sub(rf"(?m)^ .* {name}(\..*)?\n", "", release + "\n")
    release += f" {sha256(path)} {path.stat().st_size} {name}.xz\n"
    (tree / "debian/dists" / RELEASE / "Release").write_text(release)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_udeb(package, tree):
    """e2fsprogs-udeb, of the programs and libraries of the packages of the
    same version."""
    root = KEPT / "udeb"
    shutil.rmtree(root, ignore_errors=True)
    for pattern in "etc/mke2fs.conf", "usr/sbin/*", "usr/lib/x86_64-linux-gnu/lib*":
        for path in (KEPT / "e2fsprogs").glob(pattern):
            copy = root / path.relative_to(KEPT / "e2fsprogs")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy, follow_symlinks=False)
    kept = "Package", "Version", "Architecture", "Maintainer", "Section", "Priority", "Depends", "Description"
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text("".join(f"{field}: {package[field]}\n" for field in kept))
    path = tree / "debian" / package["Filename"]
    path.parent.mkdir(parents=True)
    lab.run("dpkg-deb -Zxz --root-owner-group --build", root, path)
    return {field: value for field, value in package.items() if field != "MD5sum"} | {
        "Size": path.stat().st_size, "SHA256": sha256(path)}


class InstallationLab(lab.Lab):
    """Its one mirror has all of Debian."""

    def __init__(self, key):
        super().__init__("installation", sections(), hosts={HOST: host_file(key)},
                         names={"security.debian.org": lab.MIRRORS[FIRST]})

    def start_servers(self):
        self.add(Log(self.dir / "installer.log"))
        super().start_servers()

    def start_mirror(self, name):
        if name != FIRST:
            return
        cache = self.start_cache()
        tree = self.dir / name
        netboot = lab.NETBOOT.format(arch="amd64").replace("bookworm", RELEASE)
        lab.link_tree(KEPT / "netboot/usr/lib/debian-installer/images/13/amd64/text", tree / netboot)
        write_udebs(Mirror(cache), tree)
        conf = self.dir / f"{name}.conf"
        conf.write_text(
            self.lighttpd_base(name, self.mirrors[name], tree)
            + 'server.modules += ( "mod_proxy" )\n'
            + f'$HTTP["url"] !~ "^/({netboot}/|debian/{UDEBS}|debian/dists/{RELEASE}/Release|debian/.*/e2fsprogs-udeb)" {{\n'
            + f'    proxy.server = ( "/debian" => (( "host" => "{cache}" )) )\n}}\n'
        )
        self.start(name, "lighttpd", "-D", "-f", conf)
        lab.wait_for_port(self.mirrors[name])

    def start_cache(self):
        """apt-cacher-ng, in the network of this machine. Returns a socket that
        leads there: its own answers nobody."""
        debian, security = sources()
        conf = self.dir / "apt-cacher-ng"
        conf.mkdir()
        (conf / "acng.conf").write_text(
            f"CacheDir: {KEPT}/packages\nLogDir: {self.dir}\nBindAddress: 127.0.0.1\nPort: {CACHE}\nForeGround: 1\n"
            f"Remap-debian: /debian ; {debian}\nRemap-security: /debian-security ; {security}\n"
        )
        outside = "nsenter", f"--net=/proc/{os.getpid()}/fd/{os.environ[OUTSIDE]}"
        self.start("apt-cacher-ng", *outside, shutil.which("apt-cacher-ng", path=lab.SEARCH), "-c", conf)
        path = self.dir / "mirror.socket"
        self.start("relay", "systemd-socket-activate", f"--listen={path}",
                   *outside, "/lib/systemd/systemd-socket-proxyd", f"127.0.0.1:{CACHE}")
        while not path.exists():
            time.sleep(0.1)
        return path

    def computer(self):
        """That with our disk. It restarts when it wants to."""
        disk = ["-drive", f"if=none,id=disk0,format=raw,cache=unsafe,file={KEPT}/disk.img",
                "-device", "virtio-blk-pci,drive=disk0,bootindex=1"]
        return self.machine(options=["-m", "2048", "-action", "reboot=reset", *disk])


class Times:
    """Prints and keeps how long it took to each stage."""

    def __init__(self):
        self.start = time.monotonic()
        self.rows = []

    def reach(self, stage):
        passed = str(datetime.timedelta(seconds=round(time.monotonic() - self.start)))
        self.rows.append((stage, passed))
        print(f"{passed} {stage}", flush=True)


def prepare():
    """An empty disk and an administrator's key, which it returns."""
    for name in "disk.img", "key", "key.pub":
        (KEPT / name).unlink(missing_ok=True)
    with open(KEPT / "disk.img", "wb") as disk:
        disk.truncate(DISK_SIZE)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "administrator", "-f", KEPT / "key"],
                   check=True, timeout=60)
    return (KEPT / "key.pub").read_text().strip()


def administrator(command):
    """What a command says that an administrator runs on the installed machine."""
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectionAttempts=20"]
    words = [word for option in options for word in ("-o", option)]
    done = subprocess.run(["ssh", "-q", "-i", KEPT / "key", *words, f"root@{ADDRESS}", command], check=True,
                          capture_output=True, text=True, timeout=600)
    return done.stdout.strip()


def install(boot, times):
    """Returns what was installed."""
    pc = boot.computer()
    for stage, request in STAGES.items():
        pc.expect_request(request, STAGE)
        times.reach(stage)
    pages = len(boot.asked(STAGES["boot page"]))
    pc.expect_request(STAGES["boot page"], STAGE, times=pages + 1)
    times.reach("restart: boot page")
    pc.expect(LOGIN, STAGE)
    times.reach("restart: login")
    system = administrator("cat /etc/hostname /etc/debian_version; uname -r; cat /proc/cmdline; df -T / | tail -n 1")
    print(system, flush=True)
    with contextlib.suppress(subprocess.CalledProcessError):  # the connection ends too
        administrator("systemctl poweroff")
    pc.wait(pc.has_ended, STAGE, "power-off")
    pc.stop()
    return system


def boot_once_more(boot, times):
    pages = len(boot.asked(STAGES["boot page"]))
    kernels = boot.asked(STAGES["installer's kernel"])
    times.reach("second power-on")
    pc = boot.computer()
    pc.expect_request(STAGES["boot page"], STAGE, times=pages + 1)
    times.reach("second power-on: boot page")
    pc.expect(LOGIN, STAGE)
    times.reach("second power-on: login")
    assert boot.asked(STAGES["installer's kernel"]) == kernels
    assert len(boot.asked(STAGES["answers"])) == 1


def main():
    prepare_outside()
    lab.enter([lab.SUITES[RELEASE]])
    with InstallationLab(prepare()) as boot:
        boot.arm(HOST)
        times = Times()
        times.reach("power-on")
        install(boot, times)
        print(boot.armed(), flush=True)
        boot_once_more(boot, times)
        boot.keep()


if __name__ == "__main__":
    main()
