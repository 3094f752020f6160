#!/usr/bin/env python3
"""Boots machines in the lab, one test for each kind of client and of fault.

Takes the arguments of unittest: matrix.py Boot.test_NAME. What a failed test
leaves is in the build directory's boot/. Needs root.
"""

import contextlib
import functools
import gzip
import hashlib
import json
import os
import pathlib
import re
import runpy
import shutil
import signal
import time
import unittest
import urllib.request
import zlib

import lab

FIRST, SECOND = lab.MIRRORS
BOOKWORM = {"distro": "debian", "version": "bookworm"}
AMD64 = {**BOOKWORM, "arch": "amd64", "hotkey": "a"}
I386 = {**BOOKWORM, "arch": "i386", "hotkey": "b"}
RESCUE = {**AMD64, "variant": "rescue", "hotkey": "r"}
DISK = {"id": "disk", "hotkey": "l", "title": "Local disk", "local": True}
RESCUE_OF_HOST = {**BOOKWORM, "arch": "amd64", "variant": "rescue"}
ANSWERED = {"boot": {**BOOKWORM, "arch": "amd64"}, "answers": "debian", "networks": ["192.0.2.0/24"],
            "values": {"hostname": "web1", "disk": "/dev/vda", "timezone": "Europe/Amsterdam"}}
MAC_OF_IPXE, MAC_OF_SYSLINUX, MAC_OF_SECURE = (
    mac.replace(":", "-") for mac in (lab.IPXE, lab.SYSLINUX, lab.SECURE))
UUID = "12345678-9abc-def0-1122-334455667788"
MORE = {"menu": "more", "hotkey": "m", "title": "More ..."}
# The shipped catalogue's picture is left out where the serial port is to tell
# what iPXE and GRUB show.
PLAIN = {"site": {"background": None}}
PICTURE = {"site": {}}


def kernel_way_of_debian():
    """What makes Debian as shipped boot by its kernel on BIOS too."""
    debian = json.loads((lab.TOP / "conf/catalog.d/10-debian.json").read_text())["distros"]["debian"]
    none = {"pxelinux": None}
    return {**none, "versions": {version: none for version in debian["versions"]}}


def catalog(entries=(DISK, AMD64, I386, RESCUE, MORE), kernel_way=False, **main):
    """A small main menu of the lab's own, and a sub-menu."""
    more = {"title": "More", "entries": [{**AMD64, "hotkey": "z"}]}
    menu = {"title": "The lab", "default": "disk", "entries": list(entries), **main}
    sections = {"menus": {"main": menu, "more": more}} | PLAIN
    sections["mirrors"] = {"debian": [f"http://{name}/debian/" for name in lab.MIRRORS]}
    if kernel_way:
        sections["distros"] = {"debian": kernel_way_of_debian()}
    return sections


# The password is secret7. An emulated machine is slow: GRUB's hash has few rounds.
PASSWORDS = {"passwords": {"staff": {
    "syslinux": "$6$saltsalt$X1ULXTB62fbNVA04XxNi9nKwL5xxRu.KPUxa22ZntOv."
                "HoRlHymjznAdH4Faavk8vbENLiT2AQWj9jYGGxSxc.",
    "grub": "grub.pbkdf2.sha512.1000.D364315013ABE511066810734CE008B8."
            "B8149503FD9EEB71C3F0779FA9A519484F07A7EE6D5DF8538E196520921CA4BD",
}}}
LOCKED = {**AMD64, "id": "locked", "password": "staff"}


# UEFI has HTTP Boot alone.
NO_PXE = ["-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n"]
NO_PXE6 = ["-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"]


@functools.cache
def shipped_picture():
    return list(runpy.run_path(str(lab.TOP / "conf/pictures/lake"))["pixels"]())


def likeness(screen):
    """The share of a grid of points where the screen is the shipped picture,
    stretched: 0 to 1."""
    picture = shipped_picture()

    def at(rows, x, y):
        row = rows[int(y * len(rows))]
        start = int(x * len(row) / 3) * 3
        return row[start : start + 3]

    grid = [((x + 0.5) / 40, (y + 0.5) / 30) for x in range(40) for y in range(30)]
    alike = [max(abs(a - b) for a, b in zip(at(picture, *p), at(screen, *p))) <= 8 for p in grid]
    return sum(alike) / len(grid)


def starts_with(page):
    """dhcpd.conf that sends iPXE to a page or file of its own."""
    return lambda text: lab.by_tftp(text).replace("boot/boot?dialect=ipxe", f"boot/{page}")


def needs(code):
    """dhcpd.conf that takes another feature of iPXE for its menus."""
    return lambda text: re.sub(r"(option gpxe\.menu +code) 39", rf"\1 {code}", text)


def initrd_of(mirror, arch="amd64"):
    data = lab.initrd(f"{mirror} {arch}")
    return [(len(data), zlib.crc32(data))]


def by(suite):
    """A boot by another release's loaders and firmware. scripts/boots boots
    all by each release, and names one in MIRRORBOOT_SUITE."""
    def mark(test):
        test.suite = suite
        return test
    return mark


class Boot(unittest.TestCase):
    def lab(self, sections, kind=lab.Lab, **options):
        suite = os.environ.get("MIRRORBOOT_SUITE") or getattr(self, self._testMethodName).__dict__.get("suite", "bookworm")
        return kind(self._testMethodName, sections, suite=suite, **options)

    def menu_of(self, machine, title="The lab", last="More|Back"):
        """iPXE shows the menu. It shows the key of no entry, so wait for the
        last line."""
        machine.expect(rf"(?s){title}.*({last})", 240)
        machine.pause(1)

    def open_submenu(self, machine, seconds=60):
        machine.press("m")
        machine.expect_request("name=more", seconds)
        machine.pause(4)

    def menu_of_syslinux(self, machine):
        """vesamenu.c32 shows the menu, which it has asked for once more."""
        machine.expect_request("boot/boot.*dialect=syslinux", 240, times=2)
        machine.pause(4)

    def check_boot(self, machine, words, mirror=FIRST, arch="amd64", seconds=180):
        firmware, line, initrds = machine.probe_lines(seconds)
        self.assertEqual(firmware, "efi" if machine.efi else "bios")
        for word in words:
            self.assertIn(word, line.split())
        self.assertEqual(initrds, initrd_of(mirror, arch))

    def choose_in_debians_menu(self, machine, mirror=FIRST):
        """The mirror's own PXELinux shows Debian's menu: its first text entry."""
        machine.expect_request("splash.png", 120, server=lab.MIRRORS[mirror])
        machine.pause(4)
        machine.press("ret")

    # iPXE on BIOS

    def test_bios_mirrors_own_pxelinux(self):
        with self.lab(catalog()) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            self.assertEqual(boot.loaded(), ["undionly.kpxe"])
            pc.press("a")
            pc.expect_request(r"netboot/pxelinux\.0$", 30)
            self.choose_in_debians_menu(pc)
            self.check_boot(pc, ["vga=788", "quiet"])

    @by("trixie")
    def test_bios_kernel_and_initrd(self):
        with self.lab(catalog(kernel_way=True)) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            pc.press("a")
            self.check_boot(pc, [])

    def more_bios_variant_has_its_arguments(self):
        with self.lab(catalog(kernel_way=True)) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            pc.press("r")
            self.check_boot(pc, ["rescue/enable=true"])

    def test_bios_i386(self):
        with self.lab(catalog(kernel_way=True)) as boot:
            pc = boot.machine(cpu="qemu32")
            self.menu_of(pc, last="i386")  # More has nothing for it
            self.assertNotIn("amd64", pc.screen())
            pc.press("b")
            self.check_boot(pc, [], arch="i386")

    def through_submenu(self, pc, times, key="m", title="More", last="z"):
        """To the sub-menu and back, and at last to an entry of it."""
        for _ in range(times):
            self.menu_of(pc)
            pc.press(key)
            self.menu_of(pc, title)
            pc.press("end", "ret")
        self.menu_of(pc)
        pc.press(key)
        self.menu_of(pc, title)
        pc.press(last)

    @by("forky")
    def test_bios_submenu_and_back(self):
        with self.lab(catalog(kernel_way=True)) as boot:
            pc = boot.machine()
            self.through_submenu(pc, 3)
            self.check_boot(pc, [])

    @by("trixie")
    def test_bios_timeout_takes_the_default(self):
        with self.lab(catalog(kernel_way=True, default="other", timeout=5, entries=[DISK, {**AMD64, "id": "other"}, MORE])) as boot:
            self.check_boot(boot.machine(), [])

    @by("forky")
    def test_bios_local_disk(self):
        with self.lab(catalog()) as boot:
            pc = boot.machine(disk=boot.bios_disk())
            self.menu_of(pc)
            pc.press("l")
            pc.expect("(?m)^probe: disk$", 30)

    @by("trixie")
    def test_bios_customers_menu_and_back(self):
        entries = [DISK, {"id": "mine", "hotkey": "c", "title": "Our own", "customermenu": True}, MORE]
        sections = catalog(entries, kernel_way=True)
        sections["customers"] = {"acme": {"menu": "acme", "networks": ["192.0.2.0/24"]}}
        sections["menus"]["acme"] = {"title": "Acme", "entries": [AMD64]}
        with self.lab(sections) as boot:
            pc = boot.machine()
            self.through_submenu(pc, 1, key="c", title="Acme", last="a")
            self.check_boot(pc, [])

    @by("trixie")
    def test_bios_gpxe_text_under_ipxe(self):
        """What gPXE is sent runs on iPXE too."""
        page = "fromthemirror?arch=amd64&distro=debian&version=bookworm"
        with self.lab(catalog(), dhcpd=starts_with(page)) as boot:
            pc = boot.machine()
            self.choose_in_debians_menu(pc)
            self.check_boot(pc, ["vga=788"])

    def check_picture_of_ipxe(self, **options):
        """The picture is fetched once a boot and not once a menu, and is gone
        when the disk starts."""
        with self.lab(catalog(kernel_way=True) | PICTURE) as boot:
            pc = boot.machine(**options)
            pc.wait(lambda: likeness(pc.pixels()) > 0.6, 240, "the shipped picture")
            pc.pause(2)
            pc.press("m")
            pc.expect_request("boot/menu.*name=more", 30)
            pc.pause(4)
            pc.press("end", "ret")
            pc.expect_request("boot/menu.*platform=(efi|bios)$", 30, times=2)
            pc.pause(4)
            self.assertGreater(likeness(pc.pixels()), 0.6)
            self.assertEqual(len(boot.asked("lake.png")), 1)
            pc.press("a")
            self.check_boot(pc, [])

    @by("trixie")
    def test_efi_ipxe_picture(self):
        self.check_picture_of_ipxe(efi=True)

    @by("forky")
    def more_bios_picture(self):
        self.check_picture_of_ipxe()

    @by("trixie")
    def more_efi_ipxe_look_text(self):
        """The firmware copies the menus to the serial line: no picture."""
        with self.lab(catalog() | PICTURE, dhcpd=starts_with("boot?dialect=ipxe&look=text")) as boot:
            pc = boot.machine(efi=True)
            self.menu_of(pc)
            self.open_submenu(pc)
            pc.expect("Back", 60)
            self.assertEqual(boot.asked("lake.png"), [])

    @by("trixie")
    def more_bios_picture_and_local_disk(self):
        """The picture is gone when the disk starts, which has text alone."""
        with self.lab(catalog() | PICTURE) as boot:
            disk = boot.bios_disk()
            halt = b"\xfa\xf4\xeb\xfd".ljust(510, b"\0") + b"\x55\xaa"
            disk.write_bytes(halt.ljust(1 << 20, b"\0"))
            pc = boot.machine(disk=disk)
            pc.wait(lambda: likeness(pc.pixels()) > 0.6, 240, "the shipped picture")
            pc.press("l")
            pc.wait(lambda: likeness(pc.pixels()) < 0.1, 30, "the screen without the picture")

    @by("trixie")
    def more_bios_picture_missing(self):
        with self.lab(catalog(kernel_way=True) | {"site": {"background": "no/such.png"}}) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            pc.press("a")
            self.check_boot(pc, [])
            self.assertEqual(len(boot.asked("no/such.png")), 1)

    def more_bios_picture_of_an_ipxe_without_pictures(self):
        """Debian 12's iPXE does not know the command."""
        with self.lab(catalog(kernel_way=True) | PICTURE) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            pc.press("a")
            self.check_boot(pc, [])
            self.assertEqual(boot.asked("lake.png"), [])

    def check_partial_ipxe(self, code):
        with self.lab(catalog(), dhcpd=needs(code)) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            self.assertEqual(boot.loaded(), ["ipxe.pxe"])

    def test_bios_partial_ipxe_loads_a_full_one(self):
        """Of Debian 12's builds ipxe.pxe has SRP (27), QEMU's ROM has not."""
        self.check_partial_ipxe(27)

    @by("forky")
    def more_bios_partial_ipxe_loads_another_partial_one(self):
        """No iPXE has feature 250, and still ipxe.pxe is loaded once only."""
        self.check_partial_ipxe(250)

    def test_bios_pxelinux_of_ours_chained(self):
        """iPXE fetches pxelinux.0, which shows the menu for SYSLINUX."""
        with self.lab(catalog(), dhcpd=starts_with("chain.ipxe")) as boot:
            pathlib.Path("/srv/www/boot/chain.ipxe").write_text(
                "#!ipxe\n"
                "set netX/209:string http://boot.example.org/boot/boot?dialect=syslinux&platform=bios\n"
                "set netX/210:string http://boot.example.org/boot/syslinux/6.04/bios/\n"
                "chain http://boot.example.org/boot/syslinux/6.04/bios/pxelinux.0\n"
            )
            pc = boot.machine()
            self.menu_of_syslinux(pc)
            self.open_submenu(pc)
            pc.press("z")
            self.choose_in_debians_menu(pc)
            self.check_boot(pc, ["vga=788"])

    def check_boot_after(self, change):
        """The menu is there when something happens to the server."""
        with self.lab(catalog(kernel_way=True)) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            change(boot)
            pc.press("a")
            self.check_boot(pc, [])

    def test_bios_catalogue_broken_meanwhile(self):
        self.check_boot_after(lambda boot: (boot.dir / "catalog.d/99-lab.json").write_text("{"))

    def more_bios_page_program_killed_meanwhile(self):
        def kill(boot):
            lab.run(f"pkill -9 --oldest --parent {boot.lighttpd.process.pid} boot")
        self.check_boot_after(kill)

    def more_bios_web_server_restarted_meanwhile(self):
        self.check_boot_after(lambda boot: boot.restart_lighttpd())

    def test_bios_hosts_of_the_pages_fail_meanwhile(self):
        with self.lab(catalog(kernel_way=True), kind=lab.HostsLab) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            # nginx asks the hosts in turn: the last one is asked last again.
            healthy = boot.tried()[-1][-1]
            turn = lab.HOSTS.index(healthy)
            hanging, dead = (*lab.HOSTS, *lab.HOSTS)[turn + 1:turn + 3]
            boot.signal_host(hanging, signal.SIGSTOP)
            boot.signal_host(dead, signal.SIGKILL)
            pc.press("a")
            self.check_boot(pc, [])
            self.assertEqual(boot.tried()[-1], ("/boot/fromthemirror", hanging, dead, healthy))
            boot.signal_host(hanging, signal.SIGCONT)  # or it would not end

    def check_real_kernel(self, **options):
        sections = catalog(kernel_way=True)
        sections["distros"]["debian"]["args"] = "console=ttyS0"
        with self.lab(sections, real_kernel=True) as boot:
            pc = boot.machine(**options)
            self.menu_of(pc)
            pc.press("a")
            pc.expect("Linux version .*Debian", 400)
            pc.expect("Freeing initrd memory", 200)

    def test_bios_real_installer(self):
        self.check_real_kernel()

    def test_efi_real_installer(self):
        self.check_real_kernel(efi=True)

    # iPXE on UEFI

    @by("forky")
    def test_efi_kernel_and_initrd(self):
        with self.lab(catalog()) as boot:
            pc = boot.machine(efi=True)
            self.menu_of(pc)
            self.assertEqual(set(boot.loaded()), {"snponly.efi"})
            pc.press("a")
            self.check_boot(pc, [])

    # Files that the loader puts into the initrd

    def named_lab(self):
        """The second one is to be executable, and in a directory."""
        sections = catalog(kernel_way=True) | PLAIN
        sections["distros"]["debian"]["initrds"] = [
            "{{root}}debian-installer/{{distro_arch}}/initrd.gz",
            {"file": "{{mirror}}preseed.cfg", "name": "/preseed.cfg"},
            {"file": "{{mirror}}hook", "name": "/usr/lib/hook", "executable": True},
        ]
        boot = self.lab(sections)
        boot.named = {"/preseed.cfg": b"# from %s\n", "/usr/lib/hook": b"#!/bin/sh\n: %s\n"}
        return boot

    def press_named(self, boot, pc):
        for mirror in lab.MIRRORS:
            for path, data in boot.named.items():
                (boot.dir / mirror / "debian" / path.rpartition("/")[2]).write_bytes(data % mirror.encode())
        pc.press("a")

    def check_named(self, boot, pc, mirror=FIRST):
        pc.probe_lines(300)
        files = pc.named_files()
        for path, data in boot.named.items():
            data %= mirror.encode()
            size, crc, is_executable = files[path] if path in files else files[path[1:]]
            self.assertEqual((path, size, crc), (path, len(data), zlib.crc32(data)))
            self.assertTrue(is_executable or path == "/preseed.cfg")

    def more_bios_named_file(self):
        with self.named_lab() as boot:
            pc = boot.machine()
            self.menu_of(pc)
            self.press_named(boot, pc)
            self.check_named(boot, pc)

    @by("forky")
    def test_efi_named_file(self):
        """iPXE of 2019 says that it cannot, and the menu is there again."""
        with self.named_lab() as boot:
            pc = boot.machine(efi=True)
            self.menu_of(pc)
            self.press_named(boot, pc)
            if boot.suite.name == "bookworm":
                pc.expect("needs a newer iPXE on UEFI", 60)
                pc.expect("(?s)newer iPXE.*Local disk", 60)
            else:
                self.check_named(boot, pc)

    def more_efi_grub_named_file(self):
        with self.named_lab() as boot:
            pc = self.start_grub(boot)
            self.press_named(boot, pc)
            self.check_named(boot, pc)

    # Disk images: by memdisk on BIOS, by iPXE itself on UEFI

    def image_lab(self, **options):
        sections = catalog([DISK, {"distro": "image", "hotkey": "i"}, AMD64, MORE]) | PLAIN
        sections["distros"] = {"image": {
            "title": "Image", "mirror": "debian",
            "image": {"bios": "{{mirror}}bios.img", "efi": "{{mirror}}efi.img"},
            "versions": {"1": {"arches": ["amd64"]}},
        }}
        return self.lab(sections, **options)

    def press_image(self, boot, pc):
        for mirror in lab.MIRRORS:
            if boot.faults.get(mirror) != "missing":
                shutil.copy(boot.bios_disk(), boot.dir / mirror / "debian")
                shutil.copy(boot.efi_disk(), boot.dir / mirror / "debian")
        pc.press("i")

    def check_bios_image(self, press=None, mirror=FIRST, **options):
        with self.image_lab(**options) as boot:
            pc = boot.machine(mac=lab.SYSLINUX if press else lab.IPXE)
            (press or self.menu_of)(pc)
            self.press_image(boot, pc)
            pc.expect("(?m)^probe: disk$", 120)
            self.assertTrue(boot.asked(r"bios\.img$", lab.MIRRORS[mirror]))

    def more_bios_image(self):
        self.check_bios_image()

    def more_bios_image_second_mirror(self):
        self.check_bios_image(mirror=SECOND, faults={FIRST: "missing"})

    def more_bios_image_of_lpxelinux(self):
        self.check_bios_image(self.menu_of_syslinux)

    def check_efi_image(self, mirror=FIRST, **options):
        with self.image_lab(**options) as boot:
            pc = boot.machine(efi=True)
            self.menu_of(pc)
            self.press_image(boot, pc)
            pc.expect_request(r"efi\.img$", 60, lab.MIRRORS[mirror])
            pc.expect("(?m)^probe: efi$", 60)

    def more_efi_image(self):
        self.check_efi_image()

    def more_efi_image_first_mirror_missing(self):
        self.check_efi_image(SECOND, faults={FIRST: "missing"})

    def more_efi_image_first_mirror_down(self):
        self.check_efi_image(SECOND, names={FIRST: lab.DOWN})

    def more_efi_image_first_mirror_silent(self):
        self.check_efi_image(SECOND, faults={FIRST: "silent"})

    # A multiboot kernel with modules, each with arguments

    MODULES = {"one": (b"1" * 5000, "console=tty0 two"), "two": (b"2" * 70000, "")}

    def multiboot_lab(self, kernel="xen", **options):
        sections = catalog([DISK, {"distro": "multiboot", "hotkey": "x"}, AMD64, MORE]) | PLAIN
        modules = [{"file": "{{mirror}}" + name} | ({"args": args} if args else {})
                   for name, (_, args) in self.MODULES.items()]
        sections["distros"] = {"multiboot": {
            "title": "Multiboot", "mirror": "debian", "kernel": "{{mirror}}" + kernel,
            "args": "dom0_mem=1G,max:1G of={{mirror_host}}", "multiboot": modules,
            "versions": {"1": {"arches": ["amd64"]}},
        }}
        return self.lab(sections, **options)

    def press_multiboot(self, boot, pc):
        probe = boot.multiboot.read_bytes()
        for mirror in lab.MIRRORS:
            if boot.faults.get(mirror) != "missing":
                directory = boot.dir / mirror / "debian"
                (directory / "xen").write_bytes(probe)
                (directory / "xen.gz").write_bytes(gzip.compress(probe))
                for name, (data, _) in self.MODULES.items():
                    (directory / name).write_bytes(data)
        pc.press("x")

    def check_multiboot(self, pc, version, kernel="", mirror=FIRST):
        """Where kernel is a name, each command line begins with the file's URL."""
        tree = f"http://{mirror}/debian/"
        found, line, modules = pc.multiboot_lines(300)
        wanted = [(len(data), zlib.crc32(data), f"{tree}{name} {args}".strip() if kernel else args)
                  for name, (data, args) in self.MODULES.items()]
        self.assertEqual((found, modules), (version, wanted))
        self.assertEqual(line, (f"{tree}{kernel} " if kernel else "") + f"dom0_mem=1G,max:1G of={mirror}")

    def check_bios_multiboot(self, mirror=FIRST, **options):
        with self.multiboot_lab(**options) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            self.press_multiboot(boot, pc)
            self.check_multiboot(pc, "multiboot", "xen", mirror)

    def more_bios_multiboot(self):
        self.check_bios_multiboot()

    def more_bios_multiboot_second_mirror(self):
        self.check_bios_multiboot(SECOND, faults={FIRST: "missing"})

    def more_bios_multiboot_of_lpxelinux(self):
        with self.multiboot_lab("xen.gz") as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            self.menu_of_syslinux(pc)
            self.press_multiboot(boot, pc)
            self.check_multiboot(pc, "multiboot", "xen.gz")

    def check_grub_multiboot(self, mirror=FIRST, **options):
        with self.multiboot_lab("xen.gz", **options) as boot:
            pc = self.start_grub(boot)
            self.press_multiboot(boot, pc)
            self.check_multiboot(pc, "multiboot2", mirror=mirror)

    def more_efi_grub_multiboot(self):
        self.check_grub_multiboot()

    def more_efi_grub_multiboot_second_mirror(self):
        self.check_grub_multiboot(SECOND, faults={FIRST: "missing"})

    @by("forky")
    def more_efi_grub_multiboot_module_missing(self):
        """insmod says success, and so does a command that is missing."""
        with self.multiboot_lab("xen.gz") as boot:
            os.unlink("/srv/tftp/grub/x86_64-efi/multiboot2.mod")
            pc = self.start_grub(boot)
            self.press_multiboot(boot, pc)
            pc.expect("Nothing started. GRUB needs multiboot2.mod beside its other modules", 60)
            pc.expect("(?s)Nothing started.*Local disk", 60)

    # Programs with arguments: the probe is one, on BIOS and on UEFI

    ARGS = 'console=ttyS0,115200 keyboard="a b"'

    def program_lab(self, **options):
        sections = catalog([DISK, {"distro": "program", "hotkey": "p"}, {"distro": "uki", "hotkey": "u"}, MORE]) | PLAIN
        common = {"mirror": "debian", "args": self.ARGS, "versions": {"1": {"arches": ["amd64"]}}}
        sections["distros"] = {
            "program": {"title": "Program", "chain": {"bios": "{{mirror}}probe", "efi": "{{mirror}}probe"}, **common},
            "uki": {"title": "Image", "chain": {"efi": "{{mirror}}uki.efi"}, "shim": "{{mirror}}shim.efi", **common},
        }
        return self.lab(sections, **options)

    def put_programs(self, boot, pair=None, kernel_pair=None):
        """On the mirrors; the keys that sign the UKI, and the kernel in it."""
        uki = boot.uki(kernel_pair)
        for name in lab.MIRRORS:
            if boot.faults.get(name) != "missing":
                directory = boot.dir / name / "debian"
                shutil.copy(boot.probe, directory / "probe")
                (directory / "uki.efi").write_bytes(uki)
                shutil.copy("/srv/tftp/shimx64.efi", directory / "shim.efi")
                if pair is not None:
                    boot.sign(directory / "uki.efi", pair)

    def check_program(self, boot, pc, key, names, mirror=FIRST):
        """names: what the command line may begin with."""
        pc.press(key)
        pc.expect_request("probe$" if key == "p" else "uki.efi$", 60, server=lab.MIRRORS[mirror])
        self.check_program_runs(pc, names)

    def check_program_runs(self, pc, names):
        firmware, line, initrds = pc.probe_lines(180)
        self.assertEqual(firmware, "efi" if pc.efi else "bios")
        self.assertEqual(line, names + self.ARGS)
        self.assertEqual(initrds, [])

    def check_program_of_ipxe(self, key, names="", efi=False, mirror=FIRST, **options):
        with self.program_lab(**options) as boot:
            pc = boot.machine(efi=efi)
            self.menu_of(pc)
            self.put_programs(boot)
            self.check_program(boot, pc, key, names, mirror)

    def check_program_of_grub(self, key):
        with self.program_lab() as boot:
            pc = self.start_grub(boot)
            self.put_programs(boot)
            self.check_program(boot, pc, key, "")

    def more_bios_program(self):
        self.check_program_of_ipxe("p")

    def more_bios_program_second_mirror(self):
        self.check_program_of_ipxe("p", mirror=SECOND, faults={FIRST: "missing"})

    def more_efi_program(self):
        self.check_program_of_ipxe("p", "probe ", efi=True)

    def more_efi_program_second_mirror(self):
        self.check_program_of_ipxe("p", "probe ", efi=True, mirror=SECOND, faults={FIRST: "missing"})

    def more_efi_uki(self):
        self.check_program_of_ipxe("u", "uki.efi ", efi=True)

    @by("forky")
    def more_efi_secure_ipxe_uki(self):
        """The firmware has the signer's key, so iPXE asks for no shim."""
        with self.program_lab() as boot:
            self.put_programs(boot, boot.own_key)
            pc = self.secure_ipxe(boot)
            self.check_program(boot, pc, "u", "uki.efi ")
            self.assertEqual(boot.asked(r"shim\.efi$", lab.MIRRORS[FIRST]), [])

    @by("forky")
    def more_efi_secure_ipxe_uki_by_another_shim(self):
        """Only its vendor's shim vouches for it, and only the second mirror has
        that one. The first has Debian's, which refuses it."""
        with self.program_lab() as boot:
            self.put_programs(boot, boot.vendor_key)
            boot.make_vendor(boot.dir / "vendor")
            shutil.copy(boot.dir / "vendor/shimx64.efi", boot.dir / SECOND / "debian/shim.efi")
            pc = self.secure_ipxe(boot)
            pc.press("u")
            pc.expect_request(r"shim\.efi$", 60, server=lab.MIRRORS[FIRST])
            pc.expect(r"(?s)Verification failed: \(0x1A\).*OK", 120)
            pc.pause(1)
            pc.press("ret")
            pc.expect_request(r"shim\.efi$", 60, server=lab.MIRRORS[SECOND])
            self.check_program_runs(pc, "")

    def check_uki_with_initrd(self, boot, pc, names):
        """The stub gives the kernel the initrd of its own file."""
        data = b"from the image"
        for name in lab.MIRRORS:
            (boot.dir / name / "debian/uki.efi").write_bytes(boot.uki(initrd=lab.archive("/etc/inside", data)))
        pc.press("u")
        pc.expect_request("uki.efi$", 60, server=lab.MIRRORS[FIRST])
        self.assertEqual(pc.probe_lines(180), ("efi", names + self.ARGS, []))
        self.assertEqual(pc.named_files(), {"/etc/inside": (len(data), zlib.crc32(data), False)})

    def more_efi_uki_with_initrd(self):
        with self.program_lab() as boot:
            pc = boot.machine(efi=True)
            self.menu_of(pc)
            self.check_uki_with_initrd(boot, pc, "uki.efi ")

    def more_efi_grub_uki_with_initrd(self):
        with self.program_lab() as boot:
            self.check_uki_with_initrd(boot, self.start_grub(boot), "")

    def more_efi_grub_program(self):
        self.check_program_of_grub("p")

    def more_efi_grub_uki(self):
        self.check_program_of_grub("u")

    # Pinned sums on iPXE 2.0 of EFI, which compares, and on Debian 12's

    def start_pinned(self, boot, flipped=()):
        """The kernel is pinned, and the initrd as the second mirror has it;
        flipped: mirrors with another kernel."""
        root = lab.NETBOOT.format(arch="amd64") + "/debian-installer/amd64/"
        kernel = boot.probe.read_bytes()
        for mirror in flipped:
            lab.replace(boot.dir / mirror / root / "linux", kernel[:-1] + b"~")
        pins = {
            root.removeprefix("debian/") + name: {
                "sha256": hashlib.sha256(data).hexdigest(), "date": "2026-11-14T08:00:00Z"}
            for name, data in (("linux", kernel), ("initrd.gz", lab.initrd(f"{SECOND} amd64")))
        }
        (boot.dir / "catalog.d/90-pins.json").write_text(json.dumps({"pins": {"debian": pins}}))
        pc = boot.machine(efi=True)
        self.menu_of(pc)
        pc.press("a")
        return pc

    def compares(self, boot):
        """Whether the iPXE that boots has sha256sum --set."""
        return not boot.suite.version("ipxe").startswith("1.")

    @by("forky")
    def test_efi_pinned_kernel(self):
        with self.lab(catalog()) as boot:
            pc = self.start_pinned(boot, flipped=[FIRST])
            self.check_boot(pc, [], SECOND if self.compares(boot) else FIRST)
            if self.compares(boot):
                self.assertIn("Mirror 1 has another kernel or initrd", pc.text())
                self.assertFalse(boot.asked("initrd", lab.MIRRORS[FIRST]))

    @by("forky")
    def more_efi_pinned_initrd(self):
        with self.lab(catalog()) as boot:
            pc = self.start_pinned(boot)
            self.check_boot(pc, [], SECOND if self.compares(boot) else FIRST)
            self.assertTrue(boot.asked("initrd", lab.MIRRORS[FIRST]))

    @by("forky")
    def test_efi_pinned_nowhere(self):
        with self.lab(catalog()) as boot:
            pc = self.start_pinned(boot, flipped=[FIRST, SECOND])
            if self.compares(boot):
                pc.expect("Mirror 2 has another kernel or initrd", 120)
                self.menu_of(pc)
            else:
                self.check_boot(pc, [])

    def test_efi_pinned_by_old_ipxe(self):
        with self.lab(catalog()) as boot:
            pc = self.start_pinned(boot, flipped=[FIRST])
            self.check_boot(pc, [], SECOND if self.compares(boot) else FIRST)

    @by("trixie")
    def test_efi_hides_i386(self):
        with self.lab(catalog()) as boot:
            pc = boot.machine(efi=True)
            self.menu_of(pc)
            self.assertNotIn("i386", pc.text())

    def more_efi_refuses_i386(self):
        page = "fromthemirror?arch=i386&dialect=ipxe&distro=debian&version=bookworm"
        with self.lab(catalog(), dhcpd=starts_with(page)) as boot:
            boot.machine(efi=True).expect("Debian 12 bookworm i386 is (for i386, )?not for this machine", 240)

    @by("trixie")
    def test_efi_http_boot(self):
        with self.lab(catalog()) as boot:
            pc = boot.machine(efi=True, options=NO_PXE)
            self.menu_of(pc)
            self.assertEqual(boot.loaded(), [])
            pc.press("a")
            self.check_boot(pc, [])

    # The script that iPXE looks for beside itself. DHCP names the loader for iPXE
    # too, as a server does that knows one file name.

    def check_autoexec(self, script, **options):
        def knows_one_name(text):
            return lab.by_tftp(text).replace("http://boot.example.org/boot/boot?dialect=ipxe", "snponly.efi")
        with self.lab(catalog(), dhcpd=knows_one_name) as boot:
            boot.add_autoexec()
            pc = boot.machine(efi=True, **options)
            self.menu_of(pc)
            self.assertTrue(boot.asked(script))
            pc.press("a")
            self.check_boot(pc, [])

    @by("forky")
    def test_efi_autoexec(self):
        self.check_autoexec("^RRQ .*autoexec.ipxe")

    @by("trixie")
    def more_efi_http_boot_autoexec(self):
        self.check_autoexec("^GET .*/boot/loaders/autoexec.ipxe", options=NO_PXE)

    @by("forky")
    def test_efi_local_disk(self):
        with self.lab(catalog()) as boot:
            pc = boot.machine(efi=True, disk=boot.efi_disk())
            self.menu_of(pc)
            pc.press("l")
            # The firmware's next way is HTTP Boot from the same card.
            pc.expect_request("menu", 240, times=2)
            pc.pause(4)
            pc.press("l")
            pc.expect("(?m)^probe: efi$", 60)

    # arm64: Debian 13's loaders and installer, until its kernel speaks

    def board(self, board, loader):
        entry = {"distro": "debian", "version": "trixie", "arch": "arm64", "hotkey": "a"}
        files = "usr/lib/debian-installer/images/13/arm64/text"
        tree = lab.NETBOOT.format(arch="arm64").replace("bookworm", "trixie")
        boot = self.lab(catalog([DISK, entry, MORE]) | PLAIN, real_kernel=True,
                        dhcpd=lambda text: re.sub(r'"[\w-]+(arm64|aa64)\.efi"', f'"{loader}"', lab.by_tftp(text)))

        def prepare():
            lab.link_tree(lab.SUITES["trixie"].root / files, boot.dir / FIRST / tree)
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            return boot.machine(board=board)
        return boot, prepare

    def check_board_kernel(self, pc):
        pc.press("a")
        pc.expect_request("installer-arm64/.*/initrd.gz", 300)
        pc.expect("EFI stub: Booting Linux Kernel", 300)

    def check_board_grub(self, board, loader, lines=()):
        """lines: typed at the prompt of the firmware."""
        boot, prepare = self.board(board, loader)
        with boot:
            pc = prepare()
            for line in lines:
                pc.expect("(?m)^=> $", 120)
                pc.press(*({" ": "spc", ".": "dot"}.get(c, c) for c in line), "ret")
            pc.expect("(?s)Local disk.*arm64", 400)
            self.assertIn(loader, boot.loaded())
            pc.pause(2)
            self.check_board_kernel(pc)

    @by("trixie")
    def test_arm64_kernel_and_initrd(self):
        boot, prepare = self.board("arm64", "ipxe-arm64.efi")
        with boot:
            pc = prepare()
            self.menu_of(pc, last="arm64")  # More has nothing for it
            self.assertEqual(set(boot.loaded()), {"ipxe-arm64.efi"})
            self.check_board_kernel(pc)

    @by("trixie")
    def test_arm64_grub(self):
        """shim, as the samples send it, and GRUB."""
        self.check_board_grub("arm64", "shimaa64.efi")

    @by("trixie")
    def more_uboot_grub(self):
        """U-Boot for QEMU starts no EFI program from DHCP by itself."""
        self.check_board_grub("uboot", "grubaa64.efi", ["dhcp 40400000 grubaa64.efi", "bootefi 40400000"])

    # dnsmasq in place of dhcpd and tftpd-hpa, or beside a router's DHCP server

    def check_dnsmasq(self, kind, loaded, **options):
        with self.lab(catalog(), kind=kind) as boot:
            self.menu_of(boot.machine(efi=True, **options))
            self.assertEqual(set(boot.loaded()), loaded)

    def check_dnsmasq_on_bios(self, kind):
        with self.lab(catalog(), kind=kind, dhcpd=lab.as_any_rom) as boot:
            pc = boot.machine()
            boot.recognize_ipxe(pc, "undionly.kpxe")
            self.menu_of(pc)

    def test_bios_dnsmasq(self):
        self.check_dnsmasq_on_bios(lab.DnsmasqLab)

    def more_bios_dnsmasq_beside_a_router(self):
        self.check_dnsmasq_on_bios(lab.ProxyLab)

    def more_efi_dnsmasq(self):
        self.check_dnsmasq(lab.DnsmasqLab, {"snponly.efi"})

    def test_efi_dnsmasq_beside_a_router(self):
        self.check_dnsmasq(lab.ProxyLab, {"snponly.efi"})

    def more_efi_http_boot_dnsmasq(self):
        self.check_dnsmasq(lab.DnsmasqLab, set(), options=NO_PXE)

    @by("trixie")
    def test_efi_http_boot_dnsmasq_beside_a_router(self):
        self.check_dnsmasq(lab.ProxyLab, set(), options=NO_PXE)

    def more_bios_lpxelinux_dnsmasq(self):
        with self.lab(catalog(), kind=lab.DnsmasqLab, dhcpd=lab.as_any_rom) as boot:
            self.menu_of_syslinux(boot.machine(mac=lab.SYSLINUX))

    def check_dnsmasq_grub(self, kind):
        with self.lab(catalog() | PLAIN, kind=kind) as boot:
            self.start_grub(boot)

    def more_efi_grub_dnsmasq(self):
        self.check_dnsmasq_grub(lab.DnsmasqLab)

    def more_efi_grub_dnsmasq_beside_a_router(self):
        self.check_dnsmasq_grub(lab.ProxyLab)

    # Kea in place of dhcpd: 2.2 of bookworm, 2.6 of trixie, 3.0 of forky

    def more_bios_kea(self):
        with self.lab(catalog(kernel_way=True), kind=lab.KeaLab, dhcpd=lab.as_any_rom) as boot:
            pc = boot.machine()
            boot.recognize_ipxe(pc, "undionly.kpxe")
            self.menu_of(pc)
            self.assertEqual(set(boot.loaded()), {"undionly.kpxe"})
            pc.press("a")
            self.check_boot(pc, [])

    def check_efi(self, kind, loaded, **options):
        with self.lab(catalog(), kind=kind) as boot:
            pc = boot.machine(efi=True, **options)
            self.menu_of(pc)
            self.assertEqual(set(boot.loaded()), loaded)
            pc.press("a")
            self.check_boot(pc, [])

    @by("forky")
    def test_efi_kea(self):
        self.check_efi(lab.KeaLab, {"snponly.efi"})

    def more_efi_http_boot_kea(self):
        self.check_efi(lab.KeaLab, set(), options=NO_PXE)

    # tftpd-hpa 7.2 of forky in place of 5.2

    @by("forky")
    def test_bios_tftpd_hpa_7(self):
        with self.lab(catalog(kernel_way=True), kind=lab.SocketTftpLab) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            self.assertEqual(boot.loaded(), ["undionly.kpxe"])
            pc.press("a")
            self.check_boot(pc, [])

    @by("forky")
    def more_efi_grub_tftpd_hpa_7(self):
        with self.lab(catalog() | PLAIN, kind=lab.SocketTftpLab) as boot:
            pc = self.start_grub(boot)
            pc.press("a")
            self.check_boot(pc, [])

    # IPv6 alone, from power-on

    @by("trixie")
    def test_efi_ipv6(self):
        self.check_efi(lab.Ipv6Lab, {"snponly.efi"})

    def more_efi_ipv6_by_uuid(self):
        """Kea does not see its MAC, and UEFI and iPXE say its UUID each in its
        own way."""
        self.check_efi(lab.Ipv6Lab, {"snponly.efi"}, mac=lab.IPXE, options=["-uuid", UUID])

    def more_efi_ipv6_http_boot(self):
        self.check_efi(lab.Ipv6Lab, set(), options=NO_PXE6)

    def ipv6_grub(self, by_address=False, **options):
        """by_address: no URL has a name."""
        def sends_grub(text):
            return text.replace("/snponly.efi", "/grubx64.efi")
        sections = catalog() | PLAIN
        conf = (lab.TOP / "conf/grub.cfg").read_text()
        if by_address:
            sections["site"] = sections["site"] | {"base": f"http://[{lab.SERVER6}]/boot/"}
            sections["mirrors"] = {"debian": [f"http://[{address}]/debian/" for address in lab.MIRRORS6.values()]}
            conf = conf.replace("(http,boot.example.org)", f"(http,[{lab.SERVER6}]:80)")
        with self.lab(sections, kind=lab.Ipv6Lab, dhcpd=sends_grub) as boot:
            shutil.copy("/srv/tftp/grubx64.efi", "/srv/www/boot/loaders/grubx64.efi")
            for root in pathlib.Path("/srv/tftp"), boot.root:
                (root / "grub").mkdir(exist_ok=True)
                (root / "grub/grub.cfg").write_text(conf)
            pc = boot.machine(**options)
            pc.expect("(?s)Local disk.*(Back|More)", 240)
            pc.pause(1)
            pc.press("a")
            self.check_boot(pc, [])

    def more_efi_ipv6_grub(self):
        self.ipv6_grub()

    def more_efi_ipv6_grub_address(self):
        self.ipv6_grub(by_address=True)

    @by("trixie")
    def more_efi_ipv6_http_boot_of_grub(self):
        self.ipv6_grub(options=NO_PXE6)

    @by("forky")
    def more_efi_ipv6_http_boot_of_grub_address(self):
        self.ipv6_grub(by_address=True, options=NO_PXE6)

    def more_efi_ipv6_dnsmasq(self):
        self.check_efi(lab.DnsmasqIpv6Lab, {"snponly.efi"})

    def more_efi_ipv6_http_boot_dnsmasq(self):
        self.check_efi(lab.DnsmasqIpv6Lab, set(), options=NO_PXE6)

    # SYSLINUX

    def test_bios_lpxelinux_mirrors_configuration(self):
        with self.lab(catalog() | PICTURE) as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            self.menu_of_syslinux(pc)
            self.assertEqual(boot.loaded(), ["lpxelinux.0"])
            pc.wait(lambda: likeness(pc.pixels()) > 0.6, 60, "the shipped picture")
            pc.press("a")
            self.choose_in_debians_menu(pc)
            self.check_boot(pc, ["vga=788"])

    @contextlib.contextmanager
    def lab_of_one_file_name(self, name):
        """DHCP sends lpxelinux.0 to all, and no option. pxelinux.cfg/default is
        the manual's of that name."""
        def knows_one_name(text):
            options = r"(option pxelinux\.(configfile|pathprefix|magic)|site-option-space)"
            return re.sub(rf"(?m)^\s*{options} .*;\n", "", lab.by_tftp(text))
        manual = (lab.TOP / "docs/mirrorboot.7").read_text()
        conf = re.search(rf"(?s)\.\\\" {name}\n\.Bd [^\n]*\n(.*?)\.Ed", manual)[1]
        with self.lab(catalog(kernel_way=True), dhcpd=knows_one_name) as boot:
            pathlib.Path("/srv/tftp/pxelinux.cfg").mkdir()
            pathlib.Path("/srv/tftp/pxelinux.cfg/default").write_text(conf)
            shutil.copy("/usr/lib/syslinux/modules/bios/ldlinux.c32", "/srv/tftp")
            yield boot

    def more_bios_lpxelinux_of_one_file_name(self):
        with self.lab_of_one_file_name("pxelinux.cfg/default") as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            self.menu_of_syslinux(pc)
            self.open_submenu(pc)
            pc.press("z")
            self.check_boot(pc, [])

    def more_bios_ipxe_of_one_file_name(self):
        """lpxelinux.0 starts an iPXE with the script as its initrd."""
        with self.lab_of_one_file_name("pxelinux.cfg/default of iPXE") as boot:
            boot.add_autoexec()
            shutil.copy(boot.suite.root / "usr/lib/ipxe/ipxe.lkrn", "/srv/tftp")
            pc = boot.machine(mac=lab.SYSLINUX)
            self.menu_of(pc)
            self.assertEqual(boot.loaded()[-1], "ipxe.lkrn")
            self.assertTrue(boot.asked("^RRQ autoexec.ipxe"))
            pc.press("a")
            self.check_boot(pc, [])

    def more_bios_lpxelinux_picture_missing(self):
        with self.lab(catalog(kernel_way=True) | {"site": {"background": "no/such.png"}}) as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            self.menu_of_syslinux(pc)
            self.assertEqual(len(boot.asked("no/such.png")), 1)
            self.assertLess(likeness(pc.pixels()), 0.1)
            pc.press("a")
            self.check_boot(pc, [])

    def test_bios_lpxelinux_kernel_and_initrd(self):
        with self.lab(catalog(kernel_way=True)) as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            self.menu_of_syslinux(pc)
            self.open_submenu(pc, 30)
            pc.press("z")
            self.check_boot(pc, [])

    def test_bios_lpxelinux_local_disk(self):
        with self.lab(catalog()) as boot:
            pc = boot.machine(mac=lab.SYSLINUX, disk=boot.bios_disk())
            self.menu_of_syslinux(pc)
            pc.press("l")
            pc.expect("(?m)^probe: disk$", 30)

    def test_bios_lpxelinux_password(self):
        """The menu of a customer, which there is not, leads back to the menu:
        at SYSLINUX's prompt the entry's id would be enough."""
        mine = {"customermenu": True, "hotkey": "c"}
        nobody = {"site": {"customer": None}, "customers": {"example-customer": None}}
        with self.lab(catalog([DISK, LOCKED, mine], kernel_way=True) | PASSWORDS | nobody) as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            self.menu_of_syslinux(pc)
            pc.press("c")
            pc.expect_request("boot/boot.*dialect=syslinux", 60, times=3)
            pc.pause(4)
            pc.press("tab", "esc", "a", *"wrong", "ret")
            pc.pause(4)
            self.assertEqual(boot.asked("linux$"), [])
            pc.press("a", *"secret7", "ret")
            self.check_boot(pc, [])

    @by("forky")
    def test_efi_syslinux_menu_and_local_disk(self):
        def sends_ipxe(text):
            return lab.by_tftp(text).replace("loaders/shimx64.efi", "loaders/snponly.efi")
        with self.lab(catalog(), dhcpd=sends_ipxe) as boot:
            pc = boot.machine(efi=True, mac=lab.SYSLINUX, disk=boot.efi_disk())
            self.menu_of_syslinux(pc)
            self.assertEqual(set(boot.loaded()), {"syslinux.efi"})
            pc.press("l")
            # The firmware's next way is HTTP Boot from the same card: iPXE.
            self.menu_of(pc)
            pc.press("l")
            pc.expect("(?m)^probe: efi$", 240)

    def test_efi_syslinux_mirror_on_our_server(self):
        """syslinux.efi resolves no name and takes no address: whatever a URL
        says, it asks the TFTP server's."""
        ours = {"debian": ["http://boot.example.org/debian/"]}
        with self.lab(catalog() | {"mirrors": ours}) as boot:
            (boot.root / "debian").symlink_to(boot.dir / FIRST / "debian")
            pc = boot.machine(efi=True, mac=lab.SYSLINUX)
            self.menu_of_syslinux(pc)
            pc.press("a")
            self.check_boot(pc, [])

    # Files alone, without the pages' programs: the menu, a sub-menu and back, and
    # a release whose first mirror is down.

    def exported(self):
        return self.lab(catalog(kernel_way=True) | PLAIN, kind=lab.ExportLab, names={FIRST: lab.CLOSED})

    def check_no_page(self, boot):
        self.assertEqual(boot.asked(r"GET \S*[?]|/boot/(boot|menu|fromthemirror)( |$)", lab.SERVER), [])

    def check_exported_ipxe(self, **options):
        with self.exported() as boot:
            pc = boot.machine(**options)
            self.through_submenu(pc, 1)
            self.check_boot(pc, [], SECOND)
            self.check_no_page(boot)

    def test_bios_exported(self):
        self.check_exported_ipxe()

    def more_efi_exported(self):
        self.check_exported_ipxe(efi=True)

    @by("trixie")
    def more_efi_http_boot_exported(self):
        self.check_exported_ipxe(efi=True, options=NO_PXE)

    def more_bios_lpxelinux_exported(self):
        """SYSLINUX takes the first mirror, and no other."""
        with self.lab(catalog(kernel_way=True) | PLAIN, kind=lab.ExportLab) as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            pc.expect_request("export/boot-bios.syslinux", 240, times=2)
            pc.pause(4)
            pc.press("m")
            pc.expect_request("export/menu/more/bios.syslinux", 60)
            pc.pause(4)
            pc.press("end", "ret")
            pc.expect_request("export/menu/main/bios.syslinux", 60)
            pc.pause(4)
            pc.press("a")
            self.check_boot(pc, [])
            self.check_no_page(boot)

    @by("trixie")
    def more_efi_grub_exported(self):
        with self.exported() as boot:
            sample = (lab.TOP / "conf/grub.cfg").read_text()
            sample = sample.replace("/boot/boot?dialect=grub", "/boot/export/grub.cfg")
            pathlib.Path("/srv/tftp/grub/grub.cfg").write_text(sample)
            pc = boot.machine(efi=True, mac=lab.SECURE)
            pc.expect("(?s)Local disk.*(Back|More)", 240)
            pc.pause(1)
            pc.press("m")
            pc.expect_request("export/menu/more/efi-amd64.grub", 60)
            pc.pause(4)
            pc.press("end", "ret")
            pc.expect_request("export/menu/main/efi-amd64.grub", 60, times=2)
            pc.pause(4)
            pc.press("a")
            self.check_boot(pc, [], SECOND)
            self.check_no_page(boot)

    # GRUB

    def start_grub(self, boot, until=lambda pc: pc.expect("(?s)Local disk.*(Back|More)", 120), port="",
                   **options):
        """shim, the signed GRUB and conf/grub.cfg, by TFTP, until its menu is
        there."""
        sample = (lab.TOP / "conf/grub.cfg").read_text()
        sample = sample.replace("configfile (http,boot.example.org)", f"configfile (http,boot.example.org{port})")
        pathlib.Path("/srv/tftp/grub/grub.cfg").write_text(sample)
        pc = boot.machine(efi=True, mac=lab.SECURE, **options)
        pc.expect_request("boot/menu.*dialect=grub", 240)
        until(pc)
        pc.pause(1)
        return pc

    @by("forky")
    def test_efi_grub_menu_submenu_and_back(self):
        with self.lab(catalog() | PLAIN) as boot:
            pc = self.start_grub(boot)
            pc.press("m")
            pc.expect_request("name=more.*dialect=grub|dialect=grub.*name=more", 60)
            pc.pause(4)
            pc.press("end", "ret")
            pc.expect_request("boot/menu.*dialect=grub", 60, times=3)
            pc.pause(4)
            pc.press("a")
            self.check_boot(pc, [])

    def check_grub_port(self):
        """Pages, picture, kernel and initrd come from another port."""
        port = f":{lab.OTHER_PORT}"
        sections = catalog(kernel_way=True)
        sections["site"] = {"base": f"http://boot.example.org{port}/boot/"}
        sections["mirrors"] = {"debian": [f"http://{name}{port}/debian/" for name in lab.MIRRORS]}
        with self.lab(sections) as boot:
            pc = self.start_grub(boot, until=lambda pc: pc.expect_request("lake.png", 60), port=port)
            pc.press("a")
            self.check_boot(pc, [])
            self.assertEqual([line for server, line in boot.wire.requests if server == lab.SERVER and "RRQ" not in line], [])

    def test_efi_grub_port(self):
        self.check_grub_port()

    @by("forky")
    def test_efi_grub_port_of_a_newer_one(self):
        self.check_grub_port()

    @by("trixie")
    def test_efi_http_boot_of_grub(self):
        """The firmware fetches GRUB, and everything for it, by HTTP: HEAD, then
        GET. GRUB looks for its files at the web server's root."""
        def sends_grub(text):
            return lab.by_tftp(text).replace("loaders/snponly.efi", "loaders/grubx64.efi")
        with self.lab(catalog() | PLAIN, dhcpd=sends_grub) as boot:
            shutil.copy("/srv/tftp/grubx64.efi", "/srv/www/boot/loaders/grubx64.efi")
            boot.put_grub_cfg_at_root()
            pc = boot.machine(efi=True, options=NO_PXE)
            pc.expect("(?s)Local disk.*(Back|More)", 240)
            pc.pause(1)
            pc.press("a")
            self.check_boot(pc, [])
            self.assertEqual(boot.loaded(), [])
            self.assertTrue(boot.asked("^HEAD /boot/menu"))

    def test_efi_grub_password(self):
        """The entry's user may not have the command line, and is not asked
        again for a password that was right there."""
        with self.lab(catalog([DISK, LOCKED]) | PLAIN | PASSWORDS) as boot:
            pc = self.start_grub(boot, until=lambda pc: pc.expect("Debian 12.*user staff", 120))
            pc.press("a")
            pc.expect("Enter username", 20)
            pc.press(*"staff", "ret", *"wrong", "ret")
            pc.pause(4)
            self.assertEqual(boot.asked("fromthemirror"), [])
            pc.press("c")
            pc.expect("(?s)Enter username.*Enter username", 20)
            pc.press(*"staff", "ret", *"secret7", "ret")
            pc.pause(6)
            self.assertNotIn("grub>", pc.text())
            pc.press("a")
            self.check_boot(pc, [])

    def test_efi_grub_asks_again(self):
        """A server that is down when GRUB asks first is only late."""
        with self.lab(catalog() | PLAIN) as boot:
            boot.stop_lighttpd()
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            pc = boot.machine(efi=True, mac=lab.SECURE)
            pc.expect("Asking again", 400)
            boot.start_lighttpd()
            pc.expect("(?s)Local disk.*(Back|More)", 240)

    @by("trixie")
    def test_efi_grub_picture(self):
        with self.lab(catalog() | PICTURE) as boot:
            pc = self.start_grub(boot, until=lambda pc: pc.expect_request("lake.png", 60))
            pc.wait(lambda: likeness(pc.pixels()) > 0.6, 60, "the shipped picture")
            pc.press("a")
            self.check_boot(pc, [])

    @by("trixie")
    def more_efi_grub_look_text(self):
        with self.lab(catalog() | PICTURE) as boot:
            sample = (lab.TOP / "conf/grub.cfg").read_text().replace("?dialect=grub", "'?dialect=grub&look=text'")
            pathlib.Path("/srv/tftp/grub/grub.cfg").write_text(sample)
            pc = boot.machine(efi=True, mac=lab.SECURE)
            pc.expect("(?s)Local disk.*(Back|More)", 240)
            self.open_submenu(pc)
            pc.expect("Back", 60)
            self.assertEqual(boot.asked("lake.png"), [])

    @by("forky")
    def more_efi_grub_picture_missing(self):
        with self.lab(catalog() | {"site": {"background": "no/such.png"}}) as boot:
            pc = self.start_grub(boot, until=lambda pc: pc.expect_request("no/such.png", 60))
            pc.pause(4)
            self.assertLess(likeness(pc.pixels()), 0.1)
            pc.press("a")
            self.check_boot(pc, [])

    def check_grub_second_mirror(self, **faults):
        """GRUB gives up a mirror after half a minute by its own clock. It is many
        times too slow where the host was busy when GRUB set it."""
        with self.lab(catalog() | PLAIN, **faults) as boot:
            pc = self.start_grub(boot)
            pc.press("a")
            self.check_boot(pc, [], mirror=SECOND, seconds=1200)

    def test_efi_grub_first_mirror_down(self):
        self.check_grub_second_mirror(names={FIRST: lab.DOWN})

    def more_efi_grub_first_mirror_closed(self):
        self.check_grub_second_mirror(names={FIRST: lab.CLOSED})

    def more_efi_grub_first_mirror_unknown(self):
        self.check_grub_second_mirror(names={FIRST: None})

    @by("trixie")
    def test_efi_grub_first_mirror_missing(self):
        self.check_grub_second_mirror(faults={FIRST: "missing"})

    @by("forky")
    def test_efi_grub_first_mirror_silent(self):
        self.check_grub_second_mirror(faults={FIRST: "silent"})

    def test_efi_grub_first_mirror_half(self):
        self.check_grub_second_mirror(faults={FIRST: "half"})

    def check_grub_all_mirrors(self, **faults):
        """Our message, and the menu again."""
        with self.lab(catalog() | PLAIN, **faults) as boot:
            pc = self.start_grub(boot)
            pc.press("a")
            pc.expect("No mirror of", 2400)
            pc.expect("(?s)No mirror of.*Local disk", 120)

    @by("forky")
    def more_efi_grub_all_mirrors_missing(self):
        self.check_grub_all_mirrors(faults=dict.fromkeys(lab.MIRRORS, "missing"))

    def test_efi_grub_all_mirrors_down(self):
        self.check_grub_all_mirrors(names=dict.fromkeys(lab.MIRRORS, lab.DOWN))

    @by("trixie")
    def test_efi_grub_local_disk(self):
        with self.lab(catalog() | PLAIN) as boot:
            pc = self.start_grub(boot, disk=boot.efi_disk())
            pc.press("l")
            pc.expect("(?m)^probe: efi$", 240)

    def test_efi_secure_boot_sample(self):
        with self.lab(catalog()) as boot:
            shutil.copy(lab.TOP / "conf/grub-secureboot.cfg", "/srv/tftp/grub/grub.cfg")
            lab.run("mkdir -p /srv/tftp/debian")
            for name in "linux", "initrd.gz":
                shutil.copy(lab.IMAGES / "amd64/text/debian-installer/amd64" / name, "/srv/tftp/debian")
            pc = boot.machine(efi=True, secure=True, mac=lab.SECURE)
            pc.expect("Debian installer, kernel by TFTP", 240)
            pc.pause(1)
            pc.press("ret")
            pc.expect("EFI stub: UEFI Secure Boot is enabled", 240)

    # Secure Boot: Debian's shim and signed GRUB by TFTP or by HTTP Boot, and all
    # else by HTTP. The kernel is Debian's signed one.

    def secure_lab(self, look=PLAIN, **options):
        sections = catalog() | look
        sections["distros"] = {"debian": {"args": "console=ttyS0"}}
        return self.lab(sections, real_kernel=True, **options)

    def check_locked_down(self, pc, mirror=FIRST):
        """The kernel and the initrd come from that mirror."""
        pc.press("a")
        pc.expect_request("initrd.gz", 1200, server=lab.MIRRORS[mirror])
        pc.expect("EFI stub: UEFI Secure Boot is enabled", 300)
        pc.expect("Kernel is locked down from EFI Secure Boot", 300)

    def go_to_submenu_and_back(self, pc):
        self.open_submenu(pc)
        pc.press("end", "ret")
        pc.expect_request("^GET /boot/menu.*dialect=grub", 60, times=3)
        pc.pause(4)

    @by("trixie")
    def test_efi_secure_grub(self):
        with self.secure_lab() as boot:
            pc = self.start_grub(boot, secure=True)
            files = [name for name in boot.loaded() if re.search(r"x64\.efi$|cfg$|mod$", name)]
            self.assertEqual(list(dict.fromkeys(files)), ["shimx64.efi", "grubx64.efi", "/grub/grub.cfg"])
            self.go_to_submenu_and_back(pc)
            self.check_locked_down(pc)

    @by("trixie")
    def more_efi_secure_grub_first_mirror_down(self):
        with self.secure_lab(names={FIRST: lab.DOWN}) as boot:
            self.check_locked_down(self.start_grub(boot, secure=True), SECOND)

    @by("trixie")
    def more_efi_secure_grub_first_mirror_missing(self):
        with self.secure_lab(faults={FIRST: "missing"}) as boot:
            self.check_locked_down(self.start_grub(boot, secure=True), SECOND)

    @by("trixie")
    def more_efi_secure_grub_asks_again_and_shows_the_picture(self):
        with self.secure_lab(PICTURE) as boot:
            boot.stop_lighttpd()
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            pc = boot.machine(efi=True, secure=True, mac=lab.SECURE)
            pc.expect("Asking again", 400)
            boot.start_lighttpd()
            pc.expect_request("lake.png", 240)
            pc.wait(lambda: likeness(pc.pixels()) > 0.6, 60, "the shipped picture")
            self.check_locked_down(pc)

    @contextlib.contextmanager
    def secure_http_boot(self, **options):
        """Nothing comes by TFTP."""
        with self.secure_lab(**options) as boot:
            boot.put_grub_cfg_at_root()
            pc = boot.machine(efi=True, secure=True, mac=lab.SECURE, options=NO_PXE)
            pc.expect("(?s)Local disk.*(Back|More)", 240)
            pc.pause(1)
            yield pc
            self.assertEqual(boot.loaded(), [])

    @by("forky")
    def test_efi_secure_http_boot(self):
        with self.secure_http_boot() as pc:
            self.go_to_submenu_and_back(pc)
            self.check_locked_down(pc)

    @by("forky")
    def more_efi_secure_http_boot_first_mirror_missing(self):
        with self.secure_http_boot(faults={FIRST: "missing"}) as pc:
            self.check_locked_down(pc, SECOND)

    @by("trixie")
    def more_efi_secure_grub_local_disk(self):
        """The disk has shim and GRUB too, as Debian installs them."""
        with self.secure_lab() as boot:
            pc = self.start_grub(boot, secure=True, disk=boot.signed_disk())
            pc.press("l")
            pc.expect("the disk is locked down: y", 240)

    def sign_own(self, boot, pair=None):
        """Debian's kernel on the mirrors, signed by no key of Debian's."""
        for mirror in lab.MIRRORS:
            kernel = boot.dir / mirror / "debian/own/linux"
            kernel.parent.mkdir()
            shutil.copy(lab.IMAGES / "amd64/text/debian-installer/amd64/linux", kernel)
            boot.sign(kernel, pair)

    @by("trixie")
    def test_efi_secure_grub_refuses(self):
        """A release of another signer is left out, and has our message where it
        is asked for. One that only claims to be Debian's is refused by shim."""
        own = {"title": "Own", "mirror": "debian", "kernel": "{{mirror}}own/linux", "versions": {"1": {"arches": ["amd64"]}}}
        claim = {**own, "title": "Claim", "signed_by": "debian"}
        entries = [DISK, {"distro": "own"}, {"distro": "claim", "hotkey": "x"}, AMD64]
        sections = catalog(entries) | PLAIN
        sections["distros"] = {"debian": {"args": "console=ttyS0"}, "own": {**own, "signed_by": "acme"}, "claim": claim}
        host = {"hosts": {MAC_OF_SECURE: json.dumps({"boot": {"distro": "own", "version": "1", "arch": "amd64"}})}}
        with self.lab(sections, real_kernel=True, **host) as boot:
            self.sign_own(boot)
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            pc = boot.machine(efi=True, secure=True, mac=lab.SECURE)
            pc.expect("Own needs Secure Boot off: shim does not trust its signer", 240)
            pc.expect("(?s)Local disk.*Claim.*Left out with Secure Boot on: 1", 120)
            self.assertNotIn("*Own", pc.text())
            self.assertEqual(boot.asked("own/linux"), [])
            pc.pause(1)
            pc.press("x")
            pc.expect("With Secure Boot on, shim may have refused its kernel", 240)
            self.assertRegex(pc.text(), "bad shim (loader )?signature")  # 2.12, 2.14
            self.assertEqual([len(boot.asked("GET .*own/linux", server)) for server in lab.MIRRORS.values()], [1, 1])
            pc.expect("(?s)may have refused.*Local disk.*Left out", 120)
            pc.pause(1)
            pc.press("end", "up", "ret")
            pc.expect("Kernel is locked down from EFI Secure Boot", 400)

    @contextlib.contextmanager
    def booted_by_another_shim(self, start, http=False):
        """DHCP sends this machine another distribution's shim. Its GRUB tells
        the pages which, and they offer what that shim trusts: not Debian's
        kernel, but the release that has start."""
        own = {"title": "Own", "mirror": "debian", "signed_by": "vendor", "versions": {"1": {"arches": ["amd64"]}}, **start}
        sections = catalog([DISK, {"distro": "own", "hotkey": "x"}, AMD64])
        sections |= {"site": {"background": None, "shims": {"other": ["vendor"]}}, "distros": {"own": own}}

        def to_other(text):
            text = text.replace("/boot/loaders/shimx64.efi", "/boot/loaders/shims/other/shimx64.efi")
            return lab.by_tftp(text).replace('"shimx64.efi"', '"shims/other/shimx64.efi"')

        with self.lab(sections, real_kernel=True, dhcpd=to_other) as boot:
            boot.put_grub_cfg_at_root()
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            boot.add_shim("other")
            pc = boot.machine(efi=True, secure="own", mac=lab.SECURE, options=NO_PXE if http else [])
            pc.expect("(?s)Local disk.*Own.*Left out with Secure Boot on: 1", 240)
            self.assertTrue(boot.asked("boot/menu.*shim=other"))
            pc.pause(1)
            yield boot, pc

    def check_other_shim(self, **options):
        start = {"kernel": "{{mirror}}own/linux", "args": "console=ttyS0"}
        with self.booted_by_another_shim(start, **options) as (boot, pc):
            self.sign_own(boot, boot.vendor_key)
            pc.press("x")
            pc.expect("Kernel is locked down from EFI Secure Boot", 400)

    @by("trixie")
    def more_efi_secure_other_shim(self):
        self.check_other_shim()

    @by("forky")
    def more_efi_secure_other_shim_http_boot(self):
        self.check_other_shim(http=True)

    @by("trixie")
    def more_efi_secure_grub_uki(self):
        """A UKI for which only its vendor's shim vouches. shim refuses one of
        another signer and, for GRUB 2.12, the kernel in one where that has no
        signature of its own."""
        start = {"chain": {"efi": "{{mirror}}uki.efi"}, "args": self.ARGS}
        with self.booted_by_another_shim(start) as (boot, pc):
            self.put_programs(boot, boot.vendor_key)
            boot.sign(boot.dir / FIRST / "debian/uki.efi", boot.make_key("nobody"))
            pc.press("x")
            pc.expect("(?s)bad shim (loader )?signature.*Mirror 2", 240)
            if boot.suite.version("grub-efi-amd64-bin").startswith("2.12"):
                pc.expect("(?s)Security violation.*No mirror of Own answered.*Local disk.*Left out", 240)
                pc.pause(1)
                self.put_programs(boot, boot.vendor_key, boot.vendor_key)
                pc.press("x")
            self.check_program_runs(pc, "")

    # Secure Boot: an iPXE that is signed by a key of our own, which the firmware
    # has. Debian's shim on the mirror vouches for the kernel.

    def secure_ipxe(self, boot):
        boot.sign("/srv/tftp/snponly.efi")
        pc = boot.machine(efi=True, secure="own")
        self.menu_of(pc)
        return pc

    @by("forky")
    def test_efi_secure_ipxe(self):
        """A release without a shim is left out, and the menu says why."""
        own = {"title": "Own", "mirror": "debian", "kernel": "{{mirror}}own/linux", "versions": {"1": {"arches": ["amd64"]}}}
        sections = catalog([{"distro": "own"}, DISK, AMD64, MORE], timeout=5, default="own-1-amd64") | PLAIN
        sections["distros"] = {"debian": {"args": "console=ttyS0"}, "own": own}
        with self.lab(sections, real_kernel=True) as boot:
            pc = self.secure_ipxe(boot)
            pc.expect("Left out with Secure Boot on: 1", 20)
            self.assertNotIn("Own", pc.text())
            pc.pause(8)
            pc.press("end", "ret")
            pc.expect("Own needs Secure Boot off: no shim of it is known", 20)
            pc.press("ret")
            pc.expect("(?s)no shim of it.*Left out with Secure Boot on: 1", 20)
            pc.pause(1)
            self.check_locked_down(pc)
            self.assertEqual(len(boot.asked(r"bootnetx64\.efi$", lab.MIRRORS[FIRST])), 1)

    @by("forky")
    def more_efi_secure_ipxe_first_mirror_has_no_shim(self):
        with self.secure_lab() as boot:
            for shim in (boot.dir / FIRST).rglob("bootnetx64.efi"):
                shim.unlink()
            pc = self.secure_ipxe(boot)
            self.check_locked_down(pc, SECOND)

    @by("forky")
    def more_efi_secure_ipxe_two_shims(self):
        """Debian's shim, from the mirror, refuses another vendor's kernel, and
        waits for a key. That vendor's shim then starts it, without a restart of
        the machine."""
        own = {"title": "Own", "mirror": "debian", "kernel": "{{mirror}}own/linux", "args": "console=ttyS0",
               "shim": "{{mirror}}own/shimx64.efi", "versions": {"1": {"arches": ["amd64"]}}}
        wrong = {**own, "title": "Wrong", "shim": "{{mirror}}own/debian.efi"}
        sections = catalog([DISK, {"distro": "wrong", "hotkey": "w"}, {"distro": "own", "hotkey": "x"}, MORE]) | PLAIN
        sections["distros"] = {"own": own, "wrong": wrong}
        with self.lab(sections, real_kernel=True) as boot:
            self.sign_own(boot, boot.vendor_key)
            boot.make_vendor(boot.dir / "vendor")
            for mirror in lab.MIRRORS:
                directory = boot.dir / mirror / "debian/own"
                shutil.copy(boot.dir / "vendor/shimx64.efi", directory)
                shutil.copy("/srv/tftp/shimx64.efi", directory / "debian.efi")
            pc = self.secure_ipxe(boot)
            pc.press("w")
            for number, mirror in enumerate(lab.MIRRORS.values(), 1):
                pc.expect_request("own/debian.efi", 60, server=mirror)
                pc.expect(rf"(?s)Mirror {number} of 2.*Verification failed: \(0x1A\).*OK", 120)
                pc.pause(1)
                pc.press("ret")
            pc.expect("(?s)No mirror of Wrong answered.*The lab.*More", 240)
            pc.pause(1)
            pc.press("x")
            pc.expect_request("own/shimx64.efi", 60, server=lab.MIRRORS[FIRST])
            pc.expect("Kernel is locked down from EFI Secure Boot", 400)

    # Hosts and groups: nobody presses a key

    def hosts_lab(self, *names, text=json.dumps({"boot": RESCUE_OF_HOST}), **options):
        options = {"hosts": dict.fromkeys(names, text)} | options
        return self.lab(catalog(kernel_way=True) | PLAIN | options.pop("sections", {}), **options)

    def check_rescue(self, machine):
        self.check_boot(machine, ["rescue/enable=true"], seconds=400)

    def test_bios_host_by_mac(self):
        with self.hosts_lab(MAC_OF_IPXE) as boot:
            self.check_rescue(boot.machine())

    def test_bios_host_by_serial(self):
        """What has no blank counts, however many cards the machine has."""
        with self.hosts_lab("serial-SN-0042") as boot:
            self.check_rescue(boot.machine(options=["-smbios", "type=1,serial=SN-0042"]))

    def test_efi_host_by_uuid(self):
        with self.hosts_lab(f"uuid-{UUID}") as boot:
            self.check_rescue(boot.machine(efi=True, options=["-uuid", UUID]))

    def test_bios_host_by_cookie(self):
        """lpxelinux.0 tells its MAC by itself."""
        with self.hosts_lab(MAC_OF_SYSLINUX) as boot:
            self.check_rescue(boot.machine(mac=lab.SYSLINUX))

    def test_bios_host_by_file_of_pxelinux(self):
        """Without option 209 it asks for pxelinux.cfg/01-... beside its
        modules."""
        def without(text):
            return re.sub(r'(?m)^\s*option pxelinux\.configfile ".*\n', "", lab.by_tftp(text))
        with self.hosts_lab(MAC_OF_SYSLINUX, dhcpd=without) as boot:
            self.check_rescue(boot.machine(mac=lab.SYSLINUX))
            self.assertEqual(len(boot.asked(rf"pxelinux\.cfg/01-{MAC_OF_SYSLINUX}$")), 1)

    def test_efi_grub_host_by_mac(self):
        with self.hosts_lab(MAC_OF_SECURE) as boot:
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            self.check_rescue(boot.machine(efi=True, mac=lab.SECURE))

    def test_efi_grub_host_by_uuid(self):
        with self.hosts_lab(f"uuid-{UUID}") as boot:
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            self.check_rescue(boot.machine(efi=True, mac=lab.SECURE, options=["-uuid", UUID]))

    def test_bios_group_by_network(self):
        group = {"networks": ["192.0.2.0/24"], "platform": "bios", "boot": RESCUE_OF_HOST}
        with self.hosts_lab(sections={"groups": {"room": group}}) as boot:
            self.check_rescue(boot.machine())

    def test_bios_host_unknown(self):
        with self.hosts_lab("02-00-00-00-00-01") as boot:
            pc = boot.machine()
            self.menu_of(pc)
            self.assertEqual(len(boot.asked("boot/boot.*mac=02-23-45-67-89-05")), 1)

    def test_bios_host_broken(self):
        """The message, then the menu, which waits though it has a timeout."""
        sections = catalog(kernel_way=True, default="now", timeout=3, entries=[{**AMD64, "id": "now"}, MORE])
        with self.hosts_lab(MAC_OF_IPXE, text='{"menu": 3}', sections=sections) as boot:
            pc = boot.machine()
            pc.expect(f"is broken: {MAC_OF_IPXE}.json: /menu", 240)
            self.menu_of(pc, "The entry of this machine is broken")
            pc.pause(10)
            self.assertFalse(boot.asked("fromthemirror"))

    def more_bios_host_broken_of_lpxelinux(self):
        with self.hosts_lab(MAC_OF_SYSLINUX, text="{") as boot:
            pc = boot.machine(mac=lab.SYSLINUX)
            pc.expect(rf"is broken:\s+{MAC_OF_SYSLINUX}.json:1", 240)
            pc.expect_request("boot/menu.*problem=host", 60)

    def test_efi_grub_host_broken(self):
        with self.hosts_lab(MAC_OF_SECURE, text="{") as boot:
            shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            pc = boot.machine(efi=True, mac=lab.SECURE)
            pc.expect(rf"is broken: {MAC_OF_SECURE}.json:1", 400)
            pc.expect("The entry of this machine is broken: {4}", 120)

    @contextlib.contextmanager
    def lab_without_a_mirror(self, **options):
        """A release does not start there: the menu waits."""
        with self.hosts_lab(MAC_OF_IPXE, names=dict.fromkeys(lab.MIRRORS, lab.CLOSED), **options) as boot:
            yield boot
            pc = boot.machine()
            pc.expect("did not start: the menu follows", 240)
            self.menu_of(pc, "The release of this machine did not start")

    def test_bios_host_without_a_mirror(self):
        with self.lab_without_a_mirror():
            pass

    def more_bios_host_without_a_mirror_of_lpxelinux(self):
        with self.hosts_lab(MAC_OF_SYSLINUX, faults=dict.fromkeys(lab.MIRRORS, "missing")) as boot:
            boot.machine(mac=lab.SYSLINUX).expect_request("boot/menu.*problem=release", 240)

    # A machine that installs itself: armed, and then not again

    def start_once(self, name, **machine):
        """Boot the armed machine to its installer, fetch what that would, and
        boot it once more: it starts from its disk and says why."""
        with self.hosts_lab(name, text=json.dumps(ANSWERED)) as boot:
            if machine.get("mac") == lab.SECURE:
                shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
            boot.arm(name)
            firmware, line, initrds = boot.machine(**machine).probe_lines(400)
            self.assertEqual(firmware, "efi" if machine.get("efi") else "bios")
            self.assertEqual(initrds, initrd_of(FIRST))
            url = re.search(r" auto=true priority=critical interface=auto "
                            r"preseed/url=(http://boot\.example\.org/boot/answer/[0-9a-f]{48}/)preseed\.cfg", line)
            self.assertIsNotNone(url, line)
            preseed = urllib.request.urlopen(urllib.request.Request(
                url[1].replace("boot.example.org", lab.SERVER) + "preseed.cfg"), timeout=30).read()
            self.assertIn(b"time/zone string Europe/Amsterdam", preseed)
            self.assertIn(url[1].encode() + b"late.sh", preseed)
            kernels = boot.asked("/linux$")  # GRUB asks twice
            pc = boot.machine(**machine)
            pc.expect("The installation of this machine began and did not\\s+end", 400)
            self.assertEqual(boot.asked("/linux$"), kernels)

    def more_bios_once_without_a_mirror(self):
        """The text is the machine's own, and ends in the menu too."""
        with self.lab_without_a_mirror(text=json.dumps(ANSWERED)) as boot:
            boot.arm(MAC_OF_IPXE)

    def more_bios_once(self):
        self.start_once(MAC_OF_IPXE)

    def more_efi_once(self):
        self.start_once(f"uuid-{UUID}", efi=True, options=["-uuid", UUID])

    def more_efi_grub_once(self):
        self.start_once(MAC_OF_SECURE, efi=True, mac=lab.SECURE)

    def test_bios_once_of_lpxelinux(self):
        self.start_once(MAC_OF_SYSLINUX, mac=lab.SYSLINUX)

    def more_bios_real_installer_by_token(self):
        """Debian's installer fetches its answers once, without a key pressed;
        its mirror has no packages, so here it ends."""
        host = {"boot": {**BOOKWORM, "arch": "amd64"}, "answers": "debian", "networks": ["192.0.2.0/24"],
                "values": {"hostname": "web1", "disk": "/dev/vda"}}
        with self.hosts_lab(MAC_OF_IPXE, text=json.dumps(host), real_kernel=True) as boot:
            boot.arm(MAC_OF_IPXE)
            pc = boot.machine()
            pc.expect_request(r"/boot/answer/[0-9a-f]{48}/preseed\.cfg$", 900)
            pc.expect_request(r"/debian/dists/bookworm/(In)?Release$", 300, server=lab.MIRRORS[FIRST])
            self.assertEqual(len(boot.asked("/boot/answer/")), 1)
            self.assertRegex(boot.armed(), rf"(?m)^  {MAC_OF_IPXE}\.json begun .*, tries 1,")
            pc.stop()
            boot.machine().expect("The installation of this machine began and did not\\s+end", 400)

    def more_bios_real_installer_told_once(self):
        """What is said for all installers: Debian's speaks on the serial line,
        has the static address and fetches by the proxy."""
        proxy = f"{lab.SERVER}:{lab.OTHER_PORT}"
        site = {"background": None, "console": "ttyS0,115200", "dns": [lab.ROUTER], "gateway": lab.ROUTER,
                "keyboard": "de", "proxy": f"http://{proxy}/"}
        host = {"boot": {**BOOKWORM, "arch": "amd64"}, "address": "192.0.2.77/24", "answers": "debian",
                "networks": ["192.0.2.0/24"], "values": {"hostname": "web1", "disk": "/dev/vda"}}
        with self.hosts_lab(MAC_OF_IPXE, text=json.dumps(host), real_kernel=True, sections={"site": site}) as boot:
            boot.arm(MAC_OF_IPXE)
            pc = boot.machine()
            pc.expect("Linux version .*Debian", 400)
            pc.expect_request(r"/boot/answer/[0-9a-f]{48}/preseed\.cfg$", 900)
            pc.expect_request(r"http://ftp\.nl\.debian\.org/debian/dists/bookworm/(In)?Release$", 300, server=proxy)
            log = boot.dir / "boot-access.log"
            pc.wait(lambda: re.search(r"(?m)^192\.0\.2\.77 .*preseed\.cfg", log.read_text()), 60, "the static address")
            pc.expect("Bad archive mirror", 120)

    # Mirrors that fail: kernel and initrd come from the second

    def check_second_mirror(self, efi=False, **faults):
        with self.lab(catalog(kernel_way=True), **faults) as boot:
            pc = boot.machine(efi=efi)
            self.menu_of(pc)
            pc.press("a")
            self.check_boot(pc, [], mirror=SECOND)

    def test_bios_first_mirror_down(self):
        self.check_second_mirror(names={FIRST: lab.DOWN})

    def more_bios_first_mirror_closed(self):
        self.check_second_mirror(names={FIRST: lab.CLOSED})

    def more_bios_first_mirror_unknown(self):
        self.check_second_mirror(names={FIRST: None})

    def test_bios_first_mirror_missing(self):
        self.check_second_mirror(faults={FIRST: "missing"})

    @by("trixie")
    def test_bios_first_mirror_silent(self):
        self.check_second_mirror(faults={FIRST: "silent"})

    @by("forky")
    def test_bios_first_mirror_half(self):
        self.check_second_mirror(faults={FIRST: "half"})

    @by("forky")
    def test_efi_first_mirror_half(self):
        self.check_second_mirror(efi=True, faults={FIRST: "half"})

    def test_bios_all_mirrors_down(self):
        self.check_all_mirrors(catalog(kernel_way=True))

    def check_all_mirrors(self, sections):
        """Our message, and the menu again."""
        with self.lab(sections, names=dict.fromkeys(lab.MIRRORS, lab.CLOSED)) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            pc.press("a")
            pc.expect("No mirror of .* answered", 120)
            self.menu_of(pc)

    # The same where a mirror's own pxelinux.0 is started

    def check_second_pxelinux(self, **faults):
        with self.lab(catalog(), **faults) as boot:
            pc = boot.machine()
            self.menu_of(pc)
            pc.press("a")
            self.choose_in_debians_menu(pc, SECOND)
            self.check_boot(pc, ["vga=788"], mirror=SECOND)

    def test_bios_pxelinux_first_mirror_down(self):
        self.check_second_pxelinux(names={FIRST: lab.DOWN})

    @by("trixie")
    def more_bios_pxelinux_first_mirror_closed(self):
        self.check_second_pxelinux(names={FIRST: lab.CLOSED})

    def more_bios_pxelinux_first_mirror_unknown(self):
        self.check_second_pxelinux(names={FIRST: None})

    def more_bios_pxelinux_first_mirror_missing(self):
        self.check_second_pxelinux(faults={FIRST: "missing"})

    def more_bios_pxelinux_first_mirror_silent(self):
        self.check_second_pxelinux(faults={FIRST: "silent"})

    @by("forky")
    def test_bios_pxelinux_first_mirror_half(self):
        self.check_second_pxelinux(faults={FIRST: "half"})

    def test_bios_pxelinux_all_mirrors_down(self):
        self.check_all_mirrors(catalog())


if __name__ == "__main__":
    lab.enter(lab.SUITES.values())
    unittest.main(verbosity=2)
