#!/usr/bin/env python3
"""Checks the samples for DHCP servers: dhcpd, Kea, and dnsmasq with and without
a DHCP server beside it.

Starts the servers with the samples in namespaces of its own, asks them as each
kind of client does, and compares what they send. Takes the arguments of
unittest. Needs no root where users may make namespaces.
"""

import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
SEARCH = os.environ["PATH"] + ":/usr/sbin:/sbin"
NEEDED = {
    "ip": "iproute2",
    "unshare": "util-linux",
}
SERVERS = {
    "dhcpd": "isc-dhcp-server",
    "dnsmasq": "dnsmasq-base",
    "kea-dhcp4": "kea-dhcp4-server",
    "kea-dhcp6": "kea-dhcp6-server",
}

TFTP_SERVER = "192.0.2.5"
BOOT = "http://boot.example.org/boot/"

# The example hosts of the samples, and a machine that is in none.
MIRROR = bytes.fromhex("022345678907")
IPXE = bytes.fromhex("022345678905")
SYSLINUX = bytes.fromhex("022345678906")
OTHER_SHIM = bytes.fromhex("022345678908")
UNLISTED = bytes.fromhex("0223456789ff")

DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
ROM_ASKS = bytes([1, 3, 6, 15, 43, 60, 66, 67])
LOADER_ASKS = ROM_ASKS + bytes([12, 17, 175])


def rom(*archs, vendor="PXEClient:Arch:{:05}:UNDI:003016", **more):
    """The options that a network ROM sends, with these architectures (93)."""
    options = {55: ROM_ASKS, 60: vendor.format(*archs).encode()}
    if archs:
        options[93] = struct.pack(f">{len(archs)}H", *archs)
    return options | more.get("options", {})


def http_boot(arch, vendor_arch=None):
    return rom(arch, vendor=f"HTTPClient:Arch:{vendor_arch or arch:05}:UNDI:003001")


def encapsulate(features):
    return b"".join(bytes([code, 1, 1]) for code in features)


HTTP, BZIMAGE, MENU = 0x13, 0x18, 0x27
# What Debian's builds send in option 175. Those for BIOS: undionly.kpxe and
# ipxe.pxe of Debian 12. Those for UEFI have the EFI format (0x24) instead of
# bzImage.
ON_BIOS = (0x17, 0x22, HTTP, 0x11, MENU, 0x19, 0x29, 0x10, 0x21, 0x15, BZIMAGE, 0x12)
ON_EFI = (0x17, 0x24, HTTP, 0x11, MENU, 0x29, 0x15, 0x12)


def ipxe(arch, features, lacks=None, user_class=b"iPXE"):
    """The options that iPXE sends. Before the features in option 175 it has
    the network card and iPXE's version."""
    features = encapsulate(f for f in features if f != lacks)
    sent = {55: LOADER_ASKS, 77: user_class}
    sent[175] = bytes.fromhex("b105011af41000eb03010000") + features
    return rom(arch, vendor="PXEClient:Arch:{:05}:UNDI:002001", options=sent)


def gpxe(user_class):
    """gPXE has no menus of its own."""
    return ipxe(0, (HTTP, BZIMAGE), user_class=user_class)


def flexboot(arch, features, **user_class):
    """The ROM of Mellanox cards, which is an iPXE with another name."""
    options = ipxe(arch, features, **user_class)
    return {code: value for code, value in options.items() if value is not None}


# What is sent: the file, and those options that matter to a boot.
NOTHING = ("", {})
PAGE = (BOOT + "boot?dialect=ipxe", {175: b"\xb0\1\1"})
GPXE_PAGE = (BOOT + "boot", {175: b"\xb0\1\1"})
UNDIONLY = ("undionly.kpxe", {})
SHIM = ("shimx64.efi", {})
SHIM_ARM64 = ("shimaa64.efi", {})
HTTP_SHIM = (BOOT + "loaders/shimx64.efi", {60: b"HTTPClient"})
HTTP_SHIM_ARM64 = (BOOT + "loaders/shimaa64.efi", {60: b"HTTPClient"})
IPXE_RISCV64 = ("ipxe-riscv64.efi", {})
IPXE_LOONG64 = ("ipxe-loong64.efi", {})
HTTP_IPXE_LOONG64 = (BOOT + "loaders/ipxe-loong64.efi", {60: b"HTTPClient"})
HTTP_IPXE_RISCV64 = (BOOT + "loaders/ipxe-riscv64.efi", {60: b"HTTPClient"})
FULL = {77: b"full iPXE", 175: b"\xb0\1\1"}
FULL_BIOS = ("ipxe.pxe", FULL)
FULL_EFI = ("ipxe.efi", FULL)
NO_FILE = ("", FULL)
BOOT_OPTIONS = (60, 77, 175, 208, 209, 210, 211)

# Each kind of client: what it asks, what it is sent, and why.
CLIENTS = {
    "BIOS ROM": (
        rom(0), UNDIONLY,
        "iPXE that uses the ROM's own driver",
    ),
    "UEFI x86-64, 7": (
        rom(7), SHIM,
        "shim starts GRUB, Secure Boot on or off",
    ),
    "UEFI x86-64, 9": (
        rom(9), SHIM,
        "some firmware sends 9 for x86-64",
    ),
    "UEFI IA32": (
        rom(6), NOTHING,
        "it runs no x86-64 program",
    ),
    "UEFI arm64": (
        rom(11), SHIM_ARM64,
        "it runs no x86-64 program",
    ),
    "HTTP Boot x86-64": (
        http_boot(16), HTTP_SHIM,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "HTTP Boot IA32": (
        http_boot(15), NOTHING,
        "it runs no x86-64 program",
    ),
    "HTTP Boot arm64": (
        http_boot(19), HTTP_SHIM_ARM64,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "HTTP Boot, but 7": (
        http_boot(7, vendor_arch=16), HTTP_SHIM,
        "7 is x86-64 too, and a TFTP path would be useless",
    ),
    "HTTP Boot, but 0": (
        http_boot(0), NOTHING,
        "there is no HTTP Boot on BIOS",
    ),
    "iPXE, BIOS": (
        ipxe(0, ON_BIOS), PAGE,
        "it has all that the pages need",
    ),
    "iPXE, BIOS, RFC 3004": (
        ipxe(0, ON_BIOS, user_class=b"\4iPXE"), PAGE,
        "the length before the user class changes nothing",
    ),
    "iPXE, x86-64": (
        ipxe(7, ON_EFI), PAGE,
        "UEFI starts kernels as programs, without bzImage",
    ),
    "iPXE, IA32": (
        ipxe(6, ON_EFI), PAGE,
        "a page is no program: it serves every architecture",
    ),
    "iPXE, arm64": (
        ipxe(11, ON_EFI), PAGE,
        "a page is no program: it serves every architecture",
    ),
    "VirtualBox's iPXE": (
        ipxe(0, (0x11,)), FULL_BIOS,
        "it has neither HTTP nor bzImage nor menus",
    ),
    "iPXE without option 175": (
        {c: v for c, v in ipxe(0, ()).items() if c != 175}, FULL_BIOS,
        "it says of no feature that it has it",
    ),
    "iPXE without HTTP": (
        ipxe(0, ON_BIOS, lacks=HTTP), FULL_BIOS,
        "it cannot fetch the page",
    ),
    "iPXE without bzImage": (
        ipxe(0, ON_BIOS, lacks=BZIMAGE), FULL_BIOS,
        "it cannot start a kernel",
    ),
    "iPXE without menus": (
        ipxe(0, ON_BIOS, lacks=MENU), FULL_BIOS,
        "it cannot show the page",
    ),
    "iPXE without HTTP, 7": (
        ipxe(7, ON_EFI, lacks=HTTP), FULL_EFI,
        "it cannot fetch the page",
    ),
    "iPXE without menus, 9": (
        ipxe(9, ON_EFI, lacks=MENU), FULL_EFI,
        "it cannot show the page",
    ),
    "iPXE without HTTP, arm64": (
        ipxe(11, ON_EFI, lacks=HTTP), NO_FILE,
        "it runs no x86-64 program",
    ),
    "full iPXE that lacks HTTP": (
        ipxe(0, ON_BIOS, lacks=HTTP, user_class=FULL[77]), PAGE,
        "it was loaded already: a second time would be a loop",
    ),
    "full iPXE that lacks menus, 7": (
        ipxe(7, ON_EFI, lacks=MENU, user_class=FULL[77]), PAGE,
        "it was loaded already: a second time would be a loop",
    ),
    "gPXE": (
        gpxe(b"gPXE"), GPXE_PAGE,
        "its pages need no menus of its own",
    ),
    "gPXE, RFC 3004": (
        gpxe(b"\4gPXE"), GPXE_PAGE,
        "the length before the user class changes nothing",
    ),
    "FlexBoot": (
        flexboot(0, ON_BIOS, user_class=None), UNDIONLY,
        "its name is no iPXE's, so it loads one, as any ROM does",
    ),
    "FlexBoot, UEFI": (
        flexboot(7, ON_EFI, user_class=None), SHIM,
        "its name is no iPXE's, so it loads one, as any ROM does",
    ),
    "ROM with a user class": (
        flexboot(0, ON_BIOS, user_class=b"FlexBoot"), UNDIONLY,
        "its name is no iPXE's, so it loads one, as any ROM does",
    ),
    "Raspberry Pi 4": (
        rom(0, options={97: b"\0RPi4" + bytes(12)}), UNDIONLY,
        "it says that it is a PC with BIOS, and ignores the name",
    ),
    "U-Boot, arm64": (
        rom(22, vendor="U-Boot.armv8"), NOTHING,
        "it wants a kernel or an image of its own",
    ),
    "UEFI RISC-V 64": (
        rom(27), IPXE_RISCV64,
        "it runs no x86-64 program",
    ),
    "HTTP Boot RISC-V 64": (
        http_boot(28), HTTP_IPXE_RISCV64,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "iPXE, RISC-V 64": (
        ipxe(27, ON_EFI), PAGE,
        "a page is no program: it serves every architecture",
    ),
    "UEFI LoongArch 64": (
        rom(39), IPXE_LOONG64,
        "it runs no x86-64 program",
    ),
    "HTTP Boot LoongArch 64": (
        http_boot(40), HTTP_IPXE_LOONG64,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "UEFI ARM 32": (
        rom(10), NOTHING,
        "Debian has no loader for it that is ready to run",
    ),
    "BIOS ROM, 0 and 7": (
        rom(0, 7), UNDIONLY,
        "the first architecture counts",
    ),
    "UEFI x86-64, 7 and 0": (
        rom(7, 0), SHIM,
        "the first architecture counts",
    ),
    "ROM without architecture": (
        rom(vendor="PXEClient"), NOTHING,
        "no program is known to run on it",
    ),
    "installed system": (
        {55: bytes([1, 3, 6, 15])}, NOTHING,
        "it does not boot",
    ),
}


def syslinux(name, query, modules):
    return name, {
        208: b"\xf1\x00\x74\x7e",
        209: f"{BOOT}boot?{query}".encode(),
        210: f"{BOOT}syslinux/6.04/{modules}/".encode(),
    }


SYSLINUX_BIOS = syslinux("lpxelinux.0", "dialect=syslinux&platform=bios", "bios")
SYSLINUX_EFI = syslinux("syslinux.efi", "arch=amd64&dialect=syslinux&platform=efi", "efi64")
# What the hosts of each group are sent instead of a file.
INSTEAD = {
    MIRROR: {},
    IPXE: {
        SHIM[0]: ("snponly.efi", {}),
        SHIM_ARM64[0]: ("ipxe-arm64.efi", {}),
        HTTP_SHIM[0]: (BOOT + "loaders/snponly.efi", {60: b"HTTPClient"}),
        HTTP_SHIM_ARM64[0]: (BOOT + "loaders/ipxe-arm64.efi", {60: b"HTTPClient"}),
    },
    OTHER_SHIM: {
        SHIM[0]: ("shims/fedora/shimx64.efi", {}),
        SHIM_ARM64[0]: ("shims/fedora/shimaa64.efi", {}),
        HTTP_SHIM[0]: (BOOT + "loaders/shims/fedora/shimx64.efi", {60: b"HTTPClient"}),
        HTTP_SHIM_ARM64[0]: (BOOT + "loaders/shims/fedora/shimaa64.efi", {60: b"HTTPClient"}),
    },
    SYSLINUX: {UNDIONLY[0]: SYSLINUX_BIOS, SHIM[0]: SYSLINUX_EFI},
}


def answers(mac):
    """What a host is sent: (kind of client, its options, the answer)."""
    for name, (options, wanted, _) in CLIENTS.items():
        yield name, options, INSTEAD[mac].get(wanted[0], wanted)


def files():
    """The files that the samples name."""
    return {sent[0] for mac in INSTEAD for _, _, sent in answers(mac)} - {""}


def packet(mac, xid, options, address=None):
    """An Ethernet frame with a DHCP message to everybody. With an address of
    the client's, one to the server's port for PXE."""
    server, port = (socket.inet_aton(TFTP_SERVER), 4011) if address else (b"\xff" * 4, 67)
    client = socket.inet_aton(address or "0.0.0.0")
    options = {57: struct.pack(">H", 1260), **options}
    flags = 0 if address else 0x8000
    message = struct.pack(">4BI2H4s12x6s202xI", 1, 1, 6, 0, xid, 0, flags, client, mac, 0x63825363)
    for code, value in options.items():
        message += bytes([code, len(value)]) + value
    message = (message + b"\xff").ljust(300, b"\0")
    udp = struct.pack(">4H", 68, port, 8 + len(message), 0)
    ip = struct.pack(">BxH4xBBH4s4s", 0x45, 28 + len(message), 64, 17, 0, client, server)
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", 0xFFFF - total) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\0" + ip + udp + message


def parse(frame, xid):
    """The type, address, next server, file and options of a reply, or None."""
    header = 14 + (frame[14] & 15) * 4
    message = frame[header + 8 :]
    if frame[23] != 17 or frame[header + 2 : header + 4] != struct.pack(">H", 68):
        return None
    if message[0] != 2 or message[4:8] != struct.pack(">I", xid):
        return None
    options, at = {}, 240
    while message[at] != 255:
        length = message[at + 1] if message[at] else -1
        options[message[at]] = message[at + 2 : at + 2 + length]
        at += 2 + length
    # dnsmasq puts the file into option 67, where clients look too.
    file = options.pop(67, b"") or message[108:236]
    return {
        "type": options[53][0],
        "address": message[16:20],
        "next-server": socket.inet_ntoa(message[20:24]),
        "file": file.split(b"\0")[0].decode(),
        "options": options,
    }


class Server:
    """A DHCP server on eth0, and a socket on the other end of its cable."""

    ethertype = 0x800

    def __init__(self, program, text):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="check-dhcp."))
        self.log = open(self.dir / "log", "w+")
        self.process = subprocess.Popen(
            command(program, text, self.dir),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env=kea_environment(self.dir),
        )
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(self.ethertype))
        self.socket.bind(("client0", self.ethertype))
        self.xid = 0

    def stop(self):
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.dir)

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def message(self, mac, options, address=None):
        return packet(mac, self.xid, options, address)

    def parse(self, frame):
        return parse(frame, self.xid)

    def reply(self, mac, options, wanted, address=None, seconds=20):
        """The reply of type wanted; asks every second."""
        self.xid += 1
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            self.socket.send(self.message(mac, options, *([address] if address else [])))
            again = time.monotonic() + 1
            while (left := again - time.monotonic()) > 0:
                self.socket.settimeout(left)
                try:
                    answer = self.parse(self.socket.recv(2048))
                except TimeoutError:
                    break
                if answer is not None and answer["type"] == wanted:
                    return answer
        raise AssertionError("no answer; the server's log:\n" + self.read_log())

    def lease(self, mac, options):
        """What a client is sent at the end, and what it was offered before."""
        offer = self.reply(mac, {53: bytes([DISCOVER]), **options}, OFFER)
        chosen = {50: offer["address"], 54: offer["options"][54]}
        ack = self.reply(mac, {53: bytes([REQUEST]), **chosen, **options}, ACK)
        return ack, offer


def run_ip(line):
    subprocess.run([shutil.which("ip", path=SEARCH), *line.split()], check=True)


def kea_environment(directory):
    return os.environ | {
        "KEA_DHCP_DATA_DIR": str(directory),
        "KEA_PIDFILE_DIR": str(directory),
        "KEA_LOCKFILE_DIR": str(directory),
        "KEA_LOGGER_DESTINATION": "stderr",
    }


def command(program, text, directory, check=False):
    """What runs a server with this configuration.

    A copy of the program, because AppArmor lets those in /usr/sbin read their
    own directories only.
    """
    path = shutil.which(program, path=SEARCH)
    if path is None:
        raise AssertionError(f"{program} is missing: apt-get install {SERVERS[program]}")
    copy = shutil.copy(path, directory)
    conf, leases = directory / "conf", directory / "leases"
    leases.touch()
    text = re.sub(r"/var/lib/kea/kea-leases\d\.csv", str(leases), text)
    conf.write_text(text.replace("tftp-root=/srv/tftp", f"tftp-root={directory}"))
    if program.startswith("kea"):
        return [copy, "-t" if check else "-c", conf]
    if program == "dnsmasq":
        options = ["--test"] if check else ["--keep-in-foreground", "--log-facility=-", "--user=root", "--no-ping"]
        return [copy, *options, f"--conf-file={conf}", f"--dhcp-leasefile={leases}", "--pid-file="]
    return [copy, *(["-t"] if check else ["-d", "-f", "--no-pid"]), "-cf", conf, "-lf", leases, "eth0"]


def boot_part(answer):
    options = {c: v for c, v in answer["options"].items() if c in BOOT_OPTIONS}
    if 175 in options:  # the mark at its end may be there or not
        options[175] = options[175].removesuffix(b"\xff")
    return answer["file"], options


class Sample:
    """A server's sample; a subclass says which, and the class of the server."""

    def setUp(self):
        self.text = (TOP / "conf" / self.conf).read_text()

    def serve(self, text):
        self.server = self.Server(self.program, text)
        self.addCleanup(self.server.stop)

    def test_server_accepts_sample(self):
        with tempfile.TemporaryDirectory(prefix="check-dhcp.") as tmp:
            done = subprocess.run(
                command(self.program, self.text, pathlib.Path(tmp), check=True),
                capture_output=True, text=True, timeout=30, env=kea_environment(tmp),
            )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Ipv4Sample(Sample):
    """The tests of a sample for IPv4."""

    Server = Server

    def check_answer(self, mac, options, wanted):
        ack, offer = self.server.lease(mac, options)
        self.assertEqual(boot_part(ack), wanted)
        self.assertEqual(boot_part(offer), wanted)
        if wanted[0] and "://" not in wanted[0]:
            self.assertEqual(ack["next-server"], TFTP_SERVER)

    def check_answers(self, mac, like):
        """The machine mac is sent the same as the example host like."""
        for name, options, wanted in answers(like):
            with self.subTest(host=like.hex(), client=name, why=CLIENTS[name][2]):
                self.check_answer(mac, options, wanted)

    def test_filenames_fit_the_message(self):
        names = self.filenames()
        self.assertGreater(len(names), 5)
        for name in names:
            self.assertLessEqual(len(name.encode()), 127, name)

    def test_every_file_and_architecture_named_is_tested(self):
        self.assertEqual(set(self.filenames()), files())
        found = {int(arch, 16) for arch in re.findall(self.architecture, self.text)}
        tested = {struct.unpack(">H", o[93][:2])[0] for o, _, _ in CLIENTS.values() if 93 in o}
        self.assertLessEqual(found, tested)

    def test_each_client_is_sent_what_it_can_boot(self):
        self.serve(self.text)
        for mac in INSTEAD:
            self.check_answers(mac, like=mac)

    def test_unlisted_machine_is_sent_no_file(self):
        self.serve(self.text)
        for name, (options, _, _) in CLIENTS.items():
            with self.subTest(client=name):
                self.check_answer(UNLISTED, options, NOTHING)

    def test_partial_ipxe_loads_itself_once(self):
        """Each iPXE takes over the user class from the one that loaded it."""
        self.serve(self.text)
        for arch, features in (0, ON_BIOS), (7, ON_EFI):
            options = ipxe(arch, features, lacks=HTTP)
            sent = [self.server.lease(MIRROR, options)[0]]
            options[77] = sent[0]["options"].get(77, b"iPXE")
            sent.append(self.server.lease(MIRROR, options)[0])
            loader = FULL_BIOS if arch == 0 else FULL_EFI
            self.assertEqual([answer["file"] for answer in sent], [loader[0], PAGE[0]])

    def test_sample_for_every_machine(self):
        self.serve(self.for_everyone("boot-mirror"))
        self.check_answers(UNLISTED, like=MIRROR)
        self.check_answers(SYSLINUX, like=SYSLINUX)

    def test_ipxe_for_every_machine(self):
        self.serve(self.for_everyone("boot-mirror", "boot-ipxe"))
        self.check_answers(UNLISTED, like=IPXE)

    def test_other_shim_for_every_machine(self):
        self.serve(self.for_everyone("boot-mirror", "boot-other-shim"))
        self.check_answers(UNLISTED, like=OTHER_SHIM)

    def test_syslinux_for_every_machine(self):
        self.serve(self.for_everyone("boot-mirror", "boot-syslinux"))
        self.check_answers(UNLISTED, like=SYSLINUX)


class Dhcpd(Ipv4Sample, unittest.TestCase):
    program = "dhcpd"
    conf = "dhcpd.conf"
    architecture = r"pxe-system-type, 0, 2\) = 00:(\w\w)"

    def filenames(self):
        return re.findall(r'filename\s+"([^"]*)"', self.text)

    def for_everyone(self, *groups):
        """The sample with these groups opened to all, as it says itself."""
        text = self.text
        for group in groups:
            text, count = re.subn(rf"(?m)^\s*(group {group} {{|}} # end group {group})$", "", text)
            self.assertEqual(count, 2)
        return text

    def test_filename_that_is_too_long_is_cut_as_the_sample_says(self):
        name = "x" * 200
        self.serve(self.text.replace("undionly.kpxe", name))
        self.check_answer(MIRROR, rom(0), (name[:128], {}))
        self.assertIn("file name longer than packet field truncated", self.server.read_log())


class Kea(Ipv4Sample, unittest.TestCase):
    program = "kea-dhcp4"
    conf = "kea-dhcp4.conf"
    architecture = r"option\[93\]\.hex, 0, 2\) == 0x00(\w\w)"

    def filenames(self):
        return re.findall(r'"boot-file-name": "([^"]*)"', self.text)

    def for_everyone(self, *groups):
        text = self.text
        for group in groups:
            text, count = re.subn(rf'("name": "{group}",\s+"test": ")[^"]*', r"\1member('ALL')", text)
            self.assertEqual(count, 1)
        return text

    def test_other_shim_by_the_beginning_of_a_mac(self):
        """As the sample says."""
        test = re.search(r'"(substring\(pkt4\.mac, .*)"', self.text)[1]
        text = self.for_everyone("boot-mirror")
        self.serve(text.replace("pkt4.mac == 0x022345678908", test, 1))
        self.check_answers(UNLISTED, like=OTHER_SHIM)

    def test_subnet_has_the_id_that_later_versions_require(self):
        self.assertRegex(self.text, r'"subnet4": \[ \{\s+(//.*\s+)?"id": 1,')

    def test_link_that_is_late_is_served(self):
        run_ip("link set client0 down")
        self.addCleanup(run_ip, "link set client0 up")
        self.serve(self.text)
        end = time.monotonic() + 30
        while self.server.read_log().count("the interface eth0 is not running") < 2:
            self.assertLess(time.monotonic(), end, self.server.read_log())
            time.sleep(0.2)
        run_ip("link set client0 up")
        self.server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # forget "Network is down"
        self.check_answer(MIRROR, *CLIENTS["BIOS ROM"][:2])


class Dnsmasq(Ipv4Sample, unittest.TestCase):
    program = "dnsmasq"
    conf = "dnsmasq.conf"
    architecture = r"(?m),93,00:(\w\w)$"

    def filenames(self):
        return re.findall(r"(?m)^dhcp-boot=(?:tag:[^,]+,)+([^,\n]+)$", self.text)

    def for_everyone(self, *groups):
        """The sample with these tags set for all; it says how for mirror."""
        tags = {"boot-mirror": "mirror", "boot-ipxe": "with-ipxe", "boot-syslinux": "syslinux",
                "boot-other-shim": "other-shim"}
        return self.text.replace("\ntag-if=", "".join(f"\ntag-if=set:{tags[g]}" for g in groups) + "\ntag-if=", 1)

    def test_other_shim_by_the_beginning_of_a_mac(self):
        line = re.search('"(dhcp-mac=.*)"', self.text)[1]
        self.serve(self.for_everyone("boot-mirror").replace("\ntag-if=", f"\n{line}\ntag-if=", 1))
        self.check_answers(UNLISTED, like=OTHER_SHIM)


class DnsmasqProxy(Sample, unittest.TestCase):
    """A ROM or loader is offered a file, and asks for it again at the port for
    PXE when it has an address. UEFI HTTP Boot takes the offer."""

    Server = Server
    program = "dnsmasq"
    conf = "dnsmasq-proxy.conf"
    address = "192.0.2.150"
    menu = bytes([6, 1, 8, 10, 13, 0]) + b"Network boot\xff"
    silent = {name for name, (_, wanted, _) in CLIENTS.items() if wanted == NOTHING}

    def setUp(self):
        super().setUp()
        self.file_lines = re.findall(r"(?m)^dhcp-boot=(?:tag:[^,]+,)+([^,\n]+)(?:,,(.*))?$", self.text)

    def check_answers(self, mac, like):
        run_ip(f"neighbour replace {self.address} lladdr {mac.hex(':')} dev eth0")
        for name, options, wanted in answers(like):
            if name not in self.silent:
                with self.subTest(host=like.hex(), client=name, why=CLIENTS[name][2]):
                    self.check_answer(mac, options, self.wanted(name, wanted[0]))

    @staticmethod
    def wanted(name, file):
        """A proxy cannot tell a partial iPXE from one that it has loaded."""
        partial = {"full iPXE that lacks HTTP": FULL_BIOS, "full iPXE that lacks menus, 7": FULL_EFI}
        return partial.get(name, (file,))[0]

    def check_answer(self, mac, options, file):
        offer = self.server.reply(mac, {53: bytes([DISCOVER]), **options}, OFFER)
        vendor = options[60][:10] if options[60].startswith(b"HTTP") else b"PXEClient"
        is_efi = options[93][:2] >= b"\0\6"
        self.check(offer, file, {60: vendor} if is_efi else {43: self.menu, 60: vendor})
        if vendor == b"PXEClient":
            ack = self.server.reply(mac, {53: bytes([REQUEST]), **options}, ACK, self.address)
            self.check(ack, file, {43: self.menu, 60: vendor})

    def check(self, answer, file, options):
        kinds = BOOT_OPTIONS + (43,)
        sent = {code: value for code, value in answer["options"].items() if code in kinds}
        self.assertEqual((answer["address"], answer["file"], sent), (bytes(4), file, options))
        if file:  # iPXE ignores even a URL without a server
            self.assertEqual(answer["next-server"], TFTP_SERVER)

    def check_silence(self, mac, names):
        """Whatever is sent for them is sent before the next offer."""
        for name in names:
            self.server.socket.send(packet(mac, 0, {53: bytes([DISCOVER]), **CLIENTS[name][0]}))
        self.server.reply(MIRROR, {53: bytes([DISCOVER]), **rom(0)}, OFFER)
        for name in names:
            self.assertNotIn(mac.hex(":") + " proxy\n", self.server.read_log())

    def test_each_client_is_sent_what_it_can_boot(self):
        self.serve(self.text)
        for mac in MIRROR, IPXE, OTHER_SHIM:
            self.check_answers(mac, like=mac)

    def test_others_are_not_answered(self):
        self.serve(self.text)
        self.check_silence(UNLISTED, CLIENTS)
        self.check_silence(IPXE, self.silent)

    def test_sample_for_every_machine(self):
        self.serve(self.text.replace("\ntag-if=", "\ntag-if=set:mirror\ntag-if=", 1))
        self.check_answers(UNLISTED, like=MIRROR)

    def test_ipxe_for_every_machine(self):
        self.serve(self.text.replace("\ntag-if=", "\ntag-if=set:mirror\ntag-if=set:with-ipxe\ntag-if=", 1))
        self.check_answers(UNLISTED, like=IPXE)

    def test_other_shim_by_the_beginning_of_a_mac(self):
        line = re.search('"(dhcp-mac=.*)"', self.text)[1]
        self.serve(self.text.replace("\ntag-if=", f"\n{line}\ntag-if=set:mirror\ntag-if=", 1))
        self.check_answers(UNLISTED, like=OTHER_SHIM)

    def test_without_the_prompt_nobody_is_answered(self):
        self.serve(re.sub(r"(?m)^pxe-prompt=.*$", "", self.text))
        with self.assertRaisesRegex(AssertionError, "no answer"):
            self.server.reply(MIRROR, {53: bytes([DISCOVER]), **rom(0)}, OFFER, seconds=2)

    def test_every_file_is_tested_and_has_its_server(self):
        tested = {self.wanted(name, sent[0]) for mac in (MIRROR, IPXE, OTHER_SHIM) for name, _, sent in answers(mac)}
        self.assertEqual({file for file, _ in self.file_lines}, tested - {""})
        for file, server in self.file_lines:
            self.assertLessEqual(len(file), 127)
            self.assertEqual(server, "" if "/loaders/" in file else TFTP_SERVER, file)


def enter(needed):
    """Go on in namespaces of our own; needed: programs and their packages."""
    missing = [p for f, p in needed.items() if not shutil.which(f, path=SEARCH) and not os.path.exists(f)]
    if missing:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: apt-get install " + " ".join(missing))
    if "MIRRORBOOT_CHECK_INSIDE" not in os.environ:
        os.environ["MIRRORBOOT_CHECK_INSIDE"] = "1"
        # With this process everything inside ends too.
        spaces = ["--net", "--mount", "--pid", "--fork", "--kill-child"]
        if os.geteuid() != 0:
            spaces.append("--map-root-user")
        os.execvp("unshare", ["unshare", *spaces, sys.executable, *sys.argv])


def main():
    enter(NEEDED)
    for line in (
        "link add eth0 type veth peer name client0",
        f"address add {TFTP_SERVER}/24 dev eth0",
        "link set eth0 up",
        "link set client0 up",
    ):
        run_ip(line)
    unittest.main()


if __name__ == "__main__":
    main()
