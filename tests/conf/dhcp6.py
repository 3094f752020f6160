#!/usr/bin/env python3
"""Checks the samples for DHCPv6 servers, Kea and dnsmasq, and for radvd.

Starts the servers with the samples in namespaces of its own, asks them as each
kind of client does, and compares what they send. Takes the arguments of
unittest. Needs no root where users may make namespaces.
"""

import ipaddress
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import unittest

import dhcp
from dhcp import BOOT, TOP, run_ip

SERVER = "2001:db8::5"
TFTP = f"tftp://[{SERVER}]/"

# The example hosts of the samples, and a machine that is in none: MAC and UUID.
MIRROR = (bytes.fromhex("00005e005305"), bytes(16))
BY_UUID = (bytes.fromhex("022345678905"), bytes.fromhex("123456789abcdef01122334455667788"))
BY_UUID_OF_UEFI = (BY_UUID[0], bytes.fromhex("78563412bc9af0de1122334455667788"))
OTHER_SHIM = (bytes.fromhex("00005e005306"), bytes(16))
UNLISTED = (bytes.fromhex("00005e0053ff"), bytes(16))

SOLICIT, ADVERTISE, REQUEST, REPLY = 1, 2, 3, 7
# Of DHCPv6.
CLIENT_ID, SERVER_ID, IA_NA, WANTED = 1, 2, 3, 6
USER_CLASS, VENDOR_CLASS, DNS, URL, PARAM, ARCH, NII = 15, 16, 23, 59, 60, 61, 62
INTEL = struct.pack(">I", 343)


def tuples(*words):
    """Words with their lengths, as in options 15 and 16."""
    return b"".join(struct.pack(">H", len(word)) + word for word in words)


def uefi(*archs, vendor="PXEClient:Arch:{:05}:UNDI:003016"):
    """The options that UEFI sends, with these architectures."""
    sent = {WANTED: struct.pack(">4H", URL, PARAM, DNS, VENDOR_CLASS), NII: b"\1\3\x10"}
    sent[VENDOR_CLASS] = INTEL + tuples(vendor.format(*archs).encode())
    if archs:
        sent[ARCH] = struct.pack(f">{len(archs)}H", *archs)
    return sent


def http_boot(arch, vendor_arch=None):
    return uefi(arch, vendor=f"HTTPClient:Arch:{vendor_arch or arch:05}:UNDI:003001")


def ipxe(arch, *user_classes):
    return uefi(arch) | {USER_CLASS: tuples(*(user_classes or (b"iPXE",)))}


# What is sent: the URL, and the vendor class.
NOTHING = (None, None)
PAGE = (BOOT + "boot?dialect=ipxe", None)
SNPONLY = (TFTP + "snponly.efi", None)
IPXE_ARM64 = (TFTP + "ipxe-arm64.efi", None)
IPXE_RISCV64 = (TFTP + "ipxe-riscv64.efi", None)
IPXE_LOONG64 = (TFTP + "ipxe-loong64.efi", None)
HTTP = b"HTTPClient"
HTTP_NOTHING = (None, HTTP)
HTTP_SNPONLY = (BOOT + "loaders/snponly.efi", HTTP)
HTTP_IPXE_ARM64 = (BOOT + "loaders/ipxe-arm64.efi", HTTP)
HTTP_IPXE_RISCV64 = (BOOT + "loaders/ipxe-riscv64.efi", HTTP)
HTTP_IPXE_LOONG64 = (BOOT + "loaders/ipxe-loong64.efi", HTTP)

# Each kind of client: what it asks, what it is sent, and why.
CLIENTS = {
    "UEFI x86-64, 7": (
        uefi(7), SNPONLY,
        "iPXE that uses the firmware's driver",
    ),
    "UEFI x86-64, 9": (
        uefi(9), SNPONLY,
        "some firmware sends 9 for x86-64",
    ),
    "UEFI x86-64, 7 and 11": (
        uefi(7, 11), SNPONLY,
        "the first architecture counts",
    ),
    "UEFI IA32": (
        uefi(6), NOTHING,
        "it runs no x86-64 program",
    ),
    "UEFI arm64": (
        uefi(11), IPXE_ARM64,
        "it runs no x86-64 program",
    ),
    "HTTP Boot x86-64": (
        http_boot(16), HTTP_SNPONLY,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "HTTP Boot, but 7": (
        http_boot(7, vendor_arch=16), HTTP_SNPONLY,
        "7 is x86-64 too, and the firmware takes no tftp: here",
    ),
    "HTTP Boot IA32": (
        http_boot(15), HTTP_NOTHING,
        "it runs no x86-64 program",
    ),
    "HTTP Boot arm64": (
        http_boot(19), HTTP_IPXE_ARM64,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "UEFI RISC-V 64": (
        uefi(27), IPXE_RISCV64,
        "it runs no x86-64 program",
    ),
    "HTTP Boot RISC-V 64": (
        http_boot(28), HTTP_IPXE_RISCV64,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "UEFI LoongArch 64": (
        uefi(39), IPXE_LOONG64,
        "it runs no x86-64 program",
    ),
    "HTTP Boot LoongArch 64": (
        http_boot(40), HTTP_IPXE_LOONG64,
        "the firmware wants a URL, and its own vendor class back",
    ),
    "iPXE, x86-64": (
        ipxe(7), PAGE,
        "it has fetched itself already",
    ),
    "iPXE, IA32": (
        ipxe(6), PAGE,
        "a page is no program: it serves every architecture",
    ),
    "iPXE, arm64": (
        ipxe(11), PAGE,
        "a page is no program: it serves every architecture",
    ),
    "ROM with a user class": (
        ipxe(7, b"FlexBoot"), SNPONLY,
        "its name is no iPXE's, so it loads one, as any ROM does",
    ),
    "UEFI without architecture": (
        uefi(vendor="PXEClient"), NOTHING,
        "no program is known to run on it",
    ),
    "installed system": (
        {WANTED: struct.pack(">H", DNS)}, NOTHING,
        "it does not boot",
    ),
}


# What the host with another shim is sent instead.
INSTEAD = {
    SNPONLY: (TFTP + "shims/fedora/shimx64.efi", None),
    IPXE_ARM64: (TFTP + "shims/fedora/shimaa64.efi", None),
    HTTP_SNPONLY: (BOOT + "loaders/shims/fedora/shimx64.efi", HTTP),
    HTTP_IPXE_ARM64: (BOOT + "loaders/shims/fedora/shimaa64.efi", HTTP),
}


def link_local(mac):
    """The address that UEFI and iPXE make of their MAC."""
    return ipaddress.IPv6Address(
        bytes.fromhex("fe80000000000000") + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:])


def pack(options):
    return b"".join(struct.pack(">2H", code, len(value)) + value for code, value in options.items())


def unpack(data):
    options = {}
    while data:
        code, length = struct.unpack(">2H", data[:4])
        options[code] = data[4 : 4 + length]
        data = data[4 + length :]
    return options


def packet(mac, kind, xid, options):
    """An Ethernet frame with a DHCPv6 message to all servers of the link."""
    message = bytes([kind]) + xid.to_bytes(3, "big") + pack(options)
    udp = struct.pack(">4H", 546, 547, 8 + len(message), 0)
    ends = link_local(mac).packed + socket.inet_pton(socket.AF_INET6, "ff02::1:2")
    summed = ends + struct.pack(">2I", len(udp) + len(message), 17) + udp + message + bytes(len(message) % 2)
    total = sum(struct.unpack(f">{len(summed) // 2}H", summed))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    udp = udp[:6] + struct.pack(">H", 0xFFFF - total or 0xFFFF)
    ip = struct.pack(">IHBB", 6 << 28, len(udp) + len(message), 17, 1) + ends
    return b"\x33\x33\0\1\0\2" + mac + b"\x86\xdd" + ip + udp + message


def parse(frame, xid):
    """The type and the options of a reply, or None."""
    if frame[20] != 17 or frame[56:58] != struct.pack(">H", 546):
        return None
    if frame[63:66] != xid.to_bytes(3, "big"):
        return None
    return {"type": frame[62], "options": unpack(frame[66:])}


class Server(dhcp.Server):
    """A DHCPv6 server on eth0, and a socket on the other end of its cable."""

    ethertype = 0x86DD

    def message(self, machine, options):
        mac, uuid = machine
        kind = REQUEST if SERVER_ID in options else SOLICIT
        return packet(mac, kind, self.xid, {CLIENT_ID: b"\0\4" + uuid, **options})

    def parse(self, frame):
        return parse(frame, self.xid)

    def lease(self, machine, options):
        """What a client is sent at the end, and what it was offered before."""
        mac = machine[0]
        run_ip(f"neighbour replace {link_local(mac)} lladdr {mac.hex(':')} dev eth0")
        offer = self.reply(machine, {IA_NA: mac[2:] + bytes(8), **options}, ADVERTISE)
        chosen = {code: offer["options"][code] for code in (SERVER_ID, IA_NA)}
        return self.reply(machine, {**chosen, **options}, REPLY), offer


def boot_part(answer):
    options = answer["options"]
    url = options[URL].decode() if URL in options else None
    if VENDOR_CLASS not in options:
        return url, None
    # EDK2 looks for the name behind the number and the length.
    length, name = options[VENDOR_CLASS][4:6], options[VENDOR_CLASS][6:]
    return url, name if length == struct.pack(">H", len(name)) else options[VENDOR_CLASS]


class Ipv6Sample(dhcp.Sample):
    """The tests of a sample for IPv6."""

    Server = Server

    def check_answer(self, machine, options, wanted):
        for answer in self.server.lease(machine, options):
            self.assertEqual(boot_part(answer), wanted)
            self.assertEqual(answer["options"][DNS], ipaddress.IPv6Address("2001:db8::1").packed)
            address = answer["options"][IA_NA][16:32]
            self.assertIn(ipaddress.IPv6Address(address), ipaddress.IPv6Network("2001:db8::1:0/112"))

    def check_answers(self, machine, instead=()):
        for name, (options, wanted, why) in CLIENTS.items():
            with self.subTest(client=name, why=why):
                self.check_answer(machine, options, dict(instead).get(wanted, wanted))

    def test_every_url_and_architecture_named_is_tested(self):
        self.assertEqual(set(re.findall(r'\w+://[^"\s]+(?=["\n])', self.text)),
                         {url for url, _ in [*(sent for _, sent, _ in CLIENTS.values()), *INSTEAD.values()]} - {None})
        found = {int(arch, 16) for arch in re.findall(self.architecture, self.text)}
        tested = {struct.unpack(">H", o[ARCH][:2])[0] for o, _, _ in CLIENTS.values() if ARCH in o}
        self.assertLessEqual(found, tested)

    def test_each_client_is_sent_what_it_can_boot(self):
        self.serve(self.text)
        self.check_answers(MIRROR)
        self.check_answers(OTHER_SHIM, INSTEAD)

    def test_unlisted_machine_is_sent_no_url(self):
        self.serve(self.text)
        for name, (options, _, _) in CLIENTS.items():
            with self.subTest(client=name):
                self.check_answer(UNLISTED, options, NOTHING)

    def test_sample_for_every_machine(self):
        self.serve(self.for_everyone())
        self.check_answers(UNLISTED)


class Kea(Ipv6Sample, unittest.TestCase):
    program = "kea-dhcp6"
    conf = "kea-dhcp6.conf"
    architecture = r"option\[61\]\.hex, 0, 2\) == 0x00(\w\w)"

    def test_machine_is_known_by_its_uuid(self):
        self.serve(self.text)
        self.check_answers(BY_UUID)
        self.check_answers(BY_UUID_OF_UEFI)

    def test_mac_of_a_virtual_machine_is_not_seen_as_the_sample_says(self):
        mac = BY_UUID[0]
        self.serve(self.text.replace(MIRROR[0].hex(":"), mac.hex(":")))
        self.check_answer((mac, bytes(16)), CLIENTS["UEFI x86-64, 7"][0], NOTHING)

    def for_everyone(self):
        """The sample with the line that it says itself."""
        line = re.search(r'"test": "member\(\'ALL\'\)",', self.text)[0]
        return self.text.replace('"name": "boot-mirror"\n', f'{line} "name": "boot-mirror"\n')


class Dnsmasq(Ipv6Sample, unittest.TestCase):
    program = "dnsmasq"
    conf = "dnsmasq-ipv6.conf"
    architecture = r"(?m),option6:61,00:(\w\w)$"

    def for_everyone(self):
        return self.text.replace("\ntag-if=", "\ntag-if=set:mirror\ntag-if=", 1)

    def test_sample_works_beside_the_one_for_ipv4(self):
        text, count = re.subn("(?s)\n# Beside dnsmasq.conf, delete.*# The end of the block.\n", "", self.text)
        self.assertEqual(count, 1)
        self.serve((TOP / "conf/dnsmasq.conf").read_text() + text)
        self.check_answers(MIRROR)


class Radvd(unittest.TestCase):
    def test_sample_is_accepted(self):
        done = subprocess.run([shutil.which("radvd", path=dhcp.SEARCH), "--configtest", "-C", TOP / "conf/radvd.conf"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("warning", done.stderr)


def main():
    dhcp.enter(dhcp.NEEDED | {"mount": "mount", "kea-dhcp6": "kea-dhcp6-server", "radvd": "radvd"})
    # Kea 2.2 writes its identity there, whatever its environment says.
    subprocess.run(["mount", "-t", "tmpfs", "none", "/var/lib"], check=True)
    pathlib.Path("/var/lib/kea").mkdir()
    for line in (
        "link add eth0 type veth peer name client0",
        f"address add {SERVER}/64 dev eth0 nodad",
        f"address add {dhcp.TFTP_SERVER}/24 dev eth0",
        "link set eth0 up",
        "link set client0 up",
    ):
        run_ip(line)
    unittest.main()


if __name__ == "__main__":
    main()
