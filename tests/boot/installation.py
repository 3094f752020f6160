#!/usr/bin/env python3
"""Installs Debian on a machine in the lab, from its power-on to its login.

The network comes first in the machine's boot order all the time. The machine is
armed by mirrorboot-install, gets Debian's installer, and the shipped answers by a
token; nobody presses a key. After the installation it restarts by itself, and
once more by its power switch: both times the boot page sends it to its disk.

Takes an hour or two and writes docs/installation.md. The logs, the disk and the
packages stay in the build directory's installation/. Needs root, a build, the
packages of the boot tests, apt-cacher-ng, busybox, debian-archive-keyring and
openssh-client.
"""

import argparse
import contextlib
import datetime
import json
import pathlib
import re
import shutil
import socket
import subprocess
import textwrap
import time

import lab
import mirror

PAGE = lab.TOP / "docs/installation.md"
FIRST = next(iter(lab.MIRRORS))
HOST = lab.IPXE.replace(":", "-")
NAME = "web1.example.org"
ADDRESS = "192.0.2.14"  # which conf/dhcpd.conf gives that machine
LOGIN = f"{NAME.partition('.')[0]} login: "
KEPT = lab.BUILD / "installation"
UNPACKED = KEPT / "unpacked"
NETBOOT = lab.NETBOOT.format(arch="amd64").replace("bookworm", mirror.RELEASE)
DISK_SIZE = 8 << 30
STAGE = 2 * 3600  # seconds at most
TOKEN = "/boot/answer/[0-9a-f]{48}"
BOOT = r"/boot/boot\?.*mac="
KERNEL = r"/linux$"
ANSWERS = rf"{TOKEN}/preseed\.cfg$"
# What is asked for as each stage begins.
STAGES = {
    "boot page": BOOT,
    "kernel of the installer": KERNEL,
    "answers": ANSWERS,
    "packages of the installer": "/debian-installer/binary-amd64/Packages",
    "base system": "main/binary-amd64/(by-hash|Packages)",
    "kernel of the new system": "/linux-image-",
    "boot loader of the new system": "/grub-pc_",
    "late.sh": rf"{TOKEN}/late\.sh$",
    "done": rf"{TOKEN}/done$",
}

PAGE_TEXT = """# A whole installation

Debian's installer has installed a machine by the shipped answers (`answers/debian`),
armed by `mirrorboot-install`, without a key pressed. The network came first in the
machine's boot order all the time. After the installation it restarted by itself, and
later by its power switch: both times the boot page sent it to its disk. An
administrator came in by the key of the host file.

`tests/boot/installation.py` does that, checks it and writes this page. It is no part of
CI, as it takes an hour or two. It needs what the boot tests need, and apt-cacher-ng,
busybox, debian-archive-keyring and openssh-client.

## {date}

{versions}

{stages}

## What is the lab's alone

- The catalogue sets `console` to the serial port, where the login was seen, and two
  more kernel arguments: `log_host=`, so that the installer's log can be read after a
  failure, and `debian-installer/allow_unauthenticated=true`.
- The mirror is apt-cacher-ng, before the mirror that apt uses on this machine. It has a
  list of the installer's packages (udebs) of its own, which nobody has signed: of some
  mirrors only what apt fetches is whole. Packages are compared with the sums of the
  mirror's list. Where it lacks e2fsprogs-udeb, that is made of the files of the
  package e2fsprogs, and where its udebs are for another kernel, `installation.py FILE`
  takes another version of debian-installer-13-netboot-amd64.
- The host file leaves out Debian's task "standard", to save time.

{missing}
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", nargs="?", type=pathlib.Path,
                        help="another version of debian-installer-13-netboot-amd64, a file .deb")
    return parser.parse_args()


def images():
    """The installer, as its package has it."""
    return UNPACKED / "usr/lib/debian-installer/images/13/amd64/text"


def unpack(package):
    """The installer, and what a udeb may have to be made of."""
    shutil.rmtree(UNPACKED, ignore_errors=True)
    packages = [*mirror.E2FSPROGS, *([] if package else ["debian-installer-13-netboot-amd64"])]
    subprocess.run([lab.TOP / "scripts/unpack", mirror.RELEASE, UNPACKED, *packages], check=True, timeout=600)
    if package:
        subprocess.run(["dpkg", "-x", package, UNPACKED], check=True, timeout=600)


def prepare():
    """An empty disk, and an administrator's key, which it returns."""
    for name in "disk.img", "key", "key.pub":
        (KEPT / name).unlink(missing_ok=True)
    with open(KEPT / "disk.img", "wb") as disk:
        disk.truncate(DISK_SIZE)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "administrator", "-f", KEPT / "key"],
                   check=True, timeout=60)
    return (KEPT / "key.pub").read_text().strip()


class Log(lab.Listener):
    """What the installer sends to log_host."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=0)
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.bind((lab.SERVER, 514))
        super().__init__(listening)

    def take(self, line, sender):
        self.file.write(line.rstrip(b"\n") + b"\n")


class InstallationLab(lab.Lab):
    """Its one mirror has all of Debian."""

    # The installer logs to us. It cannot check who has signed the lab's list.
    args = f"log_host={lab.SERVER} debian-installer/allow_unauthenticated=true"
    sections = {
        "site": {"background": None, "console": "ttyS0,115200"},
        "mirrors": {"debian": [f"http://{FIRST}/debian/"]},
        "distros": {"debian": {"args": args}},
    }

    def __init__(self, key):
        host = {
            "boot": {"distro": "debian", "version": mirror.RELEASE, "arch": "amd64"},
            "networks": ["192.0.2.0/24"],
            "answers": "debian",
            "values": {"hostname": NAME, "disk": "/dev/vda", "ssh_keys": [key], "tasks": ["ssh-server"]},
        }
        super().__init__("installation", self.sections, hosts={HOST: json.dumps(host)},
                         names={"security.debian.org": lab.MIRRORS[FIRST]})

    def start_servers(self):
        self.add(Log(self.dir / "installer.log"))
        super().start_servers()

    def start_mirror(self, name):
        if name != FIRST:
            return
        tree = self.dir / name
        cache = mirror.start_cache(self, KEPT / "packages")
        self.missing = mirror.write_udebs(mirror.Cache(cache), tree / "debian",
                                          images() / "debian-installer/amd64/initrd.gz", UNPACKED)
        own = [f"{NETBOOT}/.*", *(re.escape(str(path.relative_to(tree))) for path in tree.rglob("*") if path.is_file())]
        lab.link_tree(images(), tree / NETBOOT)
        conf = self.dir / f"{name}.conf"
        conf.write_text(
            self.lighttpd_base(name, self.mirrors[name], tree)
            + 'server.modules += ( "mod_proxy" )\n'
            + f'$HTTP["url"] !~ "^/({"|".join(own)})$" {{\n'
            + f'    proxy.server = ( "/debian" => (( "host" => "{cache}" )) )\n}}\n'
        )
        self.start(name, "lighttpd", "-D", "-f", conf)
        lab.wait_for_port(self.mirrors[name])

    def computer(self):
        """It has our disk, and restarts when it wants to."""
        disk = ["-drive", f"if=none,id=disk0,format=raw,cache=unsafe,file={KEPT}/disk.img",
                "-device", "virtio-blk-pci,drive=disk0,bootindex=1"]
        return self.machine(options=["-m", "2048", "-action", "reboot=reset", *disk])


class Stages:
    """Prints and keeps when each was reached, from the power-on."""

    def __init__(self):
        self.start = time.monotonic()
        self.reached = {}

    def reach(self, stage):
        passed = datetime.timedelta(seconds=round(time.monotonic() - self.start))
        self.reached[stage] = passed
        print(f"{passed} {stage}", flush=True)


def administrator(command):
    """What a command says that an administrator runs on the installed machine."""
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectionAttempts=20"]
    words = [word for option in options for word in ("-o", option)]
    return subprocess.run(["ssh", "-q", "-i", KEPT / "key", *words, f"root@{ADDRESS}", command], check=True,
                          capture_output=True, text=True, timeout=600).stdout.strip()


def install(boot, stages):
    """From the power-on to the login; returns what was installed."""
    pc = boot.computer()
    stages.reach("power-on")
    for stage, request in STAGES.items():
        pc.expect_request(request, STAGE)
        stages.reach(stage)
    expect_login(boot, pc, stages, "after the restart")
    system = administrator("cat /etc/hostname /etc/debian_version; uname -r; findmnt -no FSTYPE /").split()
    with contextlib.suppress(subprocess.CalledProcessError):  # the connection ends too
        administrator("systemctl poweroff")
    pc.wait(pc.has_ended, STAGE, "power-off")
    pc.stop()
    return system


def start_again(boot, stages):
    pc = boot.computer()
    stages.reach("power-on once more")
    expect_login(boot, pc, stages, "after the second power-on")


def expect_login(boot, pc, stages, when):
    """By way of the boot page."""
    pages = len(boot.asked(BOOT))
    pc.expect_request(BOOT, STAGE, times=pages + 1)
    stages.reach(f"boot page {when}")
    pc.expect(LOGIN, STAGE)
    stages.reach(f"login {when}")


def check(boot):
    assert len(boot.asked(KERNEL)) == 1, "the installer was started again"
    assert len(boot.asked(ANSWERS)) == 1, "the answers were fetched again"
    assert re.search(rf"(?m)^  {HOST}\.json done ", boot.armed()), boot.armed()


def versions(system):
    """Title and version of what took part."""
    _, debian, linux, filesystem = system
    build = re.search(r"(?m)^Installer build: (.*)$", (images() / "version.info").read_text())[1]
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], check=True, capture_output=True, text=True,
                          timeout=60).stdout
    return {
        "installed": f"Debian {debian} with Linux {linux}, on {filesystem}",
        "installer": f"Debian's of {mirror.RELEASE}, {build}",
        "loader": f"iPXE {lab.SUITES['bookworm'].version('ipxe')} on BIOS",
        "machine": f"QEMU {qemu.split()[3]} without hardware support, 2 GiB of memory",
    }


def table(head, rows):
    return "\n".join([f"| {head} | |", "|---|---|", *(f"| {title} | {value} |" for title, value in rows.items())])


def page(boot, stages, system):
    """docs/installation.md, in Markdown."""
    missing = (f"The mirror that apt used had no file for {len(boot.missing)} of the udebs that its own list names: "
               "the installer went on with those of its initrd." if boot.missing else "")
    return PAGE_TEXT.format(date=datetime.date.today(), versions=table("what", versions(system)),
                            stages=table("stage", stages.reached), missing=textwrap.fill(missing, 80)).rstrip() + "\n"


def main():
    wanted = arguments()
    if mirror.is_outside():
        KEPT.mkdir(exist_ok=True)
        unpack(wanted.package)
        mirror.keep_outside()
    lab.enter()
    with InstallationLab(prepare()) as boot:
        boot.arm(HOST)
        stages = Stages()
        system = install(boot, stages)
        start_again(boot, stages)
        check(boot)
        boot.keep()
        PAGE.write_text(page(boot, stages, system))


if __name__ == "__main__":
    main()
