#!/usr/bin/env python3
"""Boots Debian's installer the old way, all by TFTP, and straight from the
mirror, side by side over links with and without delay and loss: see
docs/claim.md. Takes long; needs root, and what the boot tests need."""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import struct
import sys
import time

import lab
import matrix

TFTP = pathlib.Path("/srv/tftp")
MIRROR = next(iter(lab.MIRRORS))
IMAGES = lab.IMAGES / "amd64/text/debian-installer/amd64"
INSTALLER = sum((IMAGES / name).stat().st_size for name in ("linux", "initrd.gz"))
FIRST_WORDS = "Linux version"
# The kernel's argument to say them on the serial port.
SPEAK = "console=ttyS0"
SYN = 2
ETH_P_ALL = 3


class Transfer:
    """A file that is asked for by TFTP, block after block."""

    def __init__(self, name):
        self.name = name
        self.blocks = self.bytes = 0

    def data(self, block, size):
        if block == (self.blocks + 1) % 65536:
            self.blocks += 1
            self.bytes += size


class Connection:
    """Requests by HTTP, and what has come of their answers."""

    def __init__(self, first):
        self.first = first
        self.bytes = 0
        self.requests = set()

    def data(self, sequence, size):
        ahead = (sequence - self.first) % (1 << 32)
        if ahead < 1 << 31:
            self.bytes = max(self.bytes, ahead + size)


class Tally:
    """Counts what a machine asks for and gets: everything once, however often
    it is sent, and of a file that never comes whole too."""

    def __init__(self):
        self.transfers, self.connections = [], []
        self.open = {}  # both, by the machine's port

    def look(self, packet):
        """A packet of IPv4, to the machine or from it."""
        start = (packet[0] & 15) * 4
        packet = packet[: int.from_bytes(packet[2:4], "big")]
        source, target = struct.unpack_from(">HH", packet, start)
        if packet[9] == socket.IPPROTO_UDP:
            self.look_at_tftp(source, target, packet[start + 8 :])
        elif packet[9] == socket.IPPROTO_TCP and 80 in (source, target):
            self.look_at_http(source, target, packet[start:])

    def look_at_tftp(self, source, target, data):
        transfer = self.open.get(source if target == 69 else target)
        if target == 69 and data.startswith(b"\0\1"):
            name = data[2:].split(b"\0")[0].decode(errors="replace")
            if transfer is None or transfer.name != name or transfer.blocks:
                self.open[source] = Transfer(name)
                self.transfers.append(self.open[source])
        elif isinstance(transfer, Transfer) and data.startswith(b"\0\3"):
            transfer.data(int.from_bytes(data[2:4], "big"), len(data) - 4)

    def look_at_http(self, source, target, segment):
        sequence, _, offset, flags = struct.unpack_from(">IIBB", segment, 4)
        data = segment[(offset >> 4) * 4 :]
        connection = self.open.get(source if target == 80 else target)
        if source == 80 and flags & SYN:
            is_again = isinstance(connection, Connection) and connection.first == sequence + 1
            if not is_again:
                self.open[target] = Connection(sequence + 1)
                self.connections.append(self.open[target])
        elif source == 80 and connection is not None:
            connection.data(sequence, len(data))
        elif connection is not None and data.startswith((b"GET ", b"HEAD ")):
            connection.requests.add(sequence)

    def counts(self):
        return {
            "tftp_files": len({t.name for t in self.transfers if t.bytes}),
            "tftp_requests": len(self.transfers),
            "tftp_bytes": sum(t.bytes for t in self.transfers),
            "http_requests": sum(len(c.requests) for c in self.connections),
            "http_bytes": sum(c.bytes for c in self.connections),
        }


class Meter(lab.Listener):
    """A tally of what passes at a machine's network card."""

    def __init__(self, device):
        self.tally = Tally()
        super().__init__(lab.frames(device, ETH_P_ALL))

    def take(self, frame, _):
        if frame[12:14] == b"\x08\0":
            self.tally.look(frame[14:])


def netboot(boot):
    return boot.dir / MIRROR / lab.NETBOOT.format(arch="amd64")


def hurry(root):
    """Let Debian's own menu choose its first entry after a second."""
    screens = root / "debian-installer/amd64/boot-screens"
    text = (screens / "txt.cfg").read_text()
    lab.replace(screens / "txt.cfg", re.sub("vga=788|quiet", SPEAK, text).encode())
    text = (screens / "syslinux.cfg").read_text()
    (root / "pxelinux.cfg").unlink()
    (root / "pxelinux.cfg").mkdir()
    (root / "pxelinux.cfg/default").write_text(text.replace("timeout 0", "timeout 10"))


def copy_to_tftp(boot):
    """What everybody did: the mirror's tree is the TFTP server's root."""
    shutil.copytree(netboot(boot), TFTP, dirs_exist_ok=True)


def kernel_beside_grub(_):
    text = (lab.TOP / "conf/grub-secureboot.cfg").read_text()
    text = text.replace("timeout=30", "timeout=1").replace("/linux\n", f"/linux {SPEAK}\n")
    (TFTP / "grub/grub.cfg").write_text(text)
    (TFTP / "debian").mkdir(exist_ok=True)
    for name in "linux", "initrd.gz":
        shutil.copy(IMAGES / name, TFTP / "debian")


def pages_for_grub(_):
    shutil.copy(lab.TOP / "conf/grub.cfg", TFTP / "grub/grub.cfg")


def rom_gets_pxelinux(text):
    return lab.by_tftp(text).replace('"undionly.kpxe"', '"pxelinux.0"')


class Way:
    """How a machine boots: what is said of it, and what differs."""

    def __init__(self, title, prepare=None, dhcpd=lab.by_tftp, mirrors_own=False, **machine):
        self.title, self.prepare, self.dhcpd = title, prepare, dhcpd
        self.mirrors_own, self.machine = mirrors_own, machine

    def catalog(self):
        entry = {**matrix.AMD64, "id": "installer"}
        sections = matrix.catalog([entry], not self.mirrors_own, default="installer", timeout=1) | matrix.PICTURE
        if not self.mirrors_own:
            sections["distros"]["debian"]["args"] = SPEAK
        return sections


HTTP_BOOT = ["-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n"]
WAYS = {
    "tftp": Way("**old**: pxelinux.0, all by TFTP", copy_to_tftp, rom_gets_pxelinux),
    "lpxelinux": Way("lpxelinux.0", mac=lab.SYSLINUX),
    "ipxe": Way("iPXE"),
    "ipxe-pxelinux": Way("iPXE, then the mirror's own pxelinux.0", mirrors_own=True),
    "efi-tftp": Way("**old**: UEFI, GRUB, all by TFTP", kernel_beside_grub, efi=True, mac=lab.SECURE),
    "efi-grub": Way("UEFI, GRUB", pages_for_grub, efi=True, mac=lab.SECURE),
    "efi-ipxe": Way("UEFI, iPXE", efi=True),
    "efi-http": Way("UEFI HTTP Boot, iPXE", efi=True, options=HTTP_BOOT),
}


class Link:
    """What lies between machine and servers: delay in ms and loss in per cent,
    each way."""

    def __init__(self, title, delay, loss):
        self.title, self.delay, self.loss = title, delay, loss

    def plug(self, boot, seed):
        if not self.delay and not self.loss:
            return
        words = [str(word) for word in ("near", "far", self.delay, self.loss, seed)]
        boot.start("link", sys.executable, lab.HERE / "link.py", *words)
        end = time.monotonic() + 20
        while not queue_drops().keys() >= {"near", "far"}:
            if time.monotonic() > end:
                raise RuntimeError("link.py made no devices")
            time.sleep(0.05)
        lab.run("ip link set near master br1 up")
        lab.run("ip link set far master br0 up")
        boot.bridge = "br1"


def queue_drops():
    """Frames by device that nobody took from its queue in time."""
    lines = pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]
    return {name.strip(): int(values.split()[11]) for name, _, values in (line.partition(":") for line in lines)}


def links(wanted):
    rtt = f"{2 * wanted.delay:g} ms"
    every = {
        "near": Link("no delay", 0, 0),
        "far": Link(f"{rtt} round trip", wanted.delay, 0),
        "lossy": Link(f"{rtt}, {wanted.loss:g} % lost", wanted.delay, wanted.loss),
    }
    return {name: every[name] for name in wanted.links}


def set_up_network():
    # A bridge without an address of its own has none at all while nothing is
    # plugged in, and dhcpd would send from that.
    lab.run("ip link set br0 address 02:00:00:00:00:01")
    # Beyond the link, machines have a bridge of their own. It has to keep
    # silent: by itself Linux answers for the servers' addresses there too.
    lab.run("ip link add br1 type bridge forward_delay 0")
    pathlib.Path("/proc/sys/net/ipv4/conf/br1/arp_ignore").write_text("1")
    lab.run("ip link set br1 up")
    # Every kernel lets a namespace have Reno, which loss hurts more than what
    # mirrors have today. Nothing learnt in one boot is for the next.
    for name, value in ("tcp_congestion_control", "reno"), ("tcp_no_metrics_save", "1"):
        pathlib.Path(f"/proc/sys/net/ipv4/{name}").write_text(value)


def until_first_words(pc, limit):
    """Seconds since power-on; None if the limit comes first."""
    start = time.monotonic()
    while FIRST_WORDS not in pc.serial():
        if time.monotonic() - start > limit:
            return None
        if pc.has_ended():
            raise AssertionError(f"the machine has ended: {pc.state()}")
        time.sleep(0.1)
    return time.monotonic() - start


def total(result):
    return result["tftp_bytes"] + result["http_bytes"]


def measure(way, link, seed, limit):
    with lab.Lab("claim", way.catalog(), dhcpd=way.dhcpd, real_kernel=True) as boot:
        hurry(netboot(boot))
        if way.prepare is not None:
            way.prepare(boot)
        link.plug(boot, seed)
        load = os.getloadavg()[0]
        pc = boot.machine(**way.machine)
        meter = Meter(pc.tap)
        try:
            seconds = until_first_words(pc, limit)
        finally:
            meter.stop()
        counts = meter.tally.counts()
        drops = queue_drops()
        if seconds is not None and total(counts) < INSTALLER:
            raise AssertionError(f"a kernel spoke, but only this has come: {counts}")
        return {"seconds": seconds, **counts, "load": load,
                "queue_drops": drops.get("near", 0) + drops.get("far", 0)}


def megabytes(count):
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def arrived(result):
    return megabytes(total(result))


def share(count, noun, size):
    return f"{count} {noun}{'s' if count > 1 else ''}, {megabytes(size)}" if count else "nothing"


def brief(results, limit):
    """One way over one link: the median, and the least and the most."""
    late = [arrived(result) for result in results if result["seconds"] is None]
    too_late = f"not in {limit} s: {', '.join(late)} had come"
    times = [result["seconds"] for result in results if result["seconds"] is not None]
    if not times:
        return too_late
    middle = f"{statistics.median(times):.0f} s"
    if len(times) > 1:
        middle += f" ({min(times):.0f}-{max(times):.0f})"
    return f"{middle}; {len(late)} of {len(results)} {too_late}" if late else middle


def table(results, wanted):
    """In Markdown, as docs/claim.md has it."""
    chosen = links(wanted)
    lines = ["| way | by TFTP | by HTTP | " + " | ".join(link.title for link in chosen.values()) + " |"]
    lines.append("|---|---|---|" + "---|" * len(chosen))
    for name in wanted.ways:
        mine = [result for result in results if result["way"] == name]
        most = max(mine, key=total)
        cells = [
            WAYS[name].title,
            share(most["tftp_files"], "file", most["tftp_bytes"]),
            share(most["http_requests"], "request", most["http_bytes"]),
        ]
        for link in chosen:
            cells.append(brief([result for result in mine if result["link"] == link], wanted.limit))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def words_of(known):
    """An argument that is a list of known words."""
    def split(text):
        words = text.split(",")
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(known)}")
        return words
    return split


def arguments():
    parser = argparse.ArgumentParser(prog="bench-boot", description=__doc__.partition(":")[0])
    names = "near", "far", "lossy"
    parser.add_argument("--delay", type=float, default=10, metavar="MS", help="each way (10)")
    parser.add_argument("--loss", type=float, default=0.5, metavar="PERCENT", help="each way (0.5)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often (3)")
    parser.add_argument("--limit", type=int, default=300, metavar="S", help="seconds a boot may take (300)")
    parser.add_argument("--ways", type=words_of(WAYS), default=list(WAYS), metavar="WAY,...", help=", ".join(WAYS))
    parser.add_argument("--links", type=words_of(names), default=names, metavar="LINK,...", help=", ".join(names))
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="where each boot's figures go")
    return parser.parse_args()


def tell(result):
    seconds = "too late" if result["seconds"] is None else f"{result['seconds']:.1f} s"
    fields = ", ".join(f"{key} {value}" for key, value in result.items() if key not in ("way", "link", "seconds"))
    print(f"{result['way']} {result['link']}: {seconds}; {fields}", flush=True)


def main():
    wanted = arguments()
    lab.enter()
    set_up_network()
    results, hopeless = [], set()
    for number in range(1, wanted.rounds + 1):
        for link_name, link in links(wanted).items():
            for name in (n for n in wanted.ways if (n, link_name) not in hopeless):
                result = {"way": name, "link": link_name, "round": number,
                          **measure(WAYS[name], link, number, wanted.limit)}
                tell(result)
                results.append(result)
                if result["seconds"] is None and total(result) < INSTALLER / 2:
                    hopeless.add((name, link_name))
                if wanted.json:
                    wanted.json.write_text(json.dumps(results, indent=1))
    print(table(results, wanted))


if __name__ == "__main__":
    main()
