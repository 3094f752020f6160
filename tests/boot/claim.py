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


def rom_gets(name):
    """dhcpd.conf with another first file for a BIOS."""
    return lambda text: lab.by_tftp(text).replace('"undionly.kpxe"', f'"{name}"')


def native_ipxe(boot):
    shutil.copy(boot.suite.root / "usr/lib/ipxe/ipxe.pxe", TFTP)


class Way:
    """How a machine boots: what is said of it, and what differs. suites: the
    Debian releases whose loaders differ on it."""

    def __init__(self, title, prepare=None, kind=lab.Lab, suites=("bookworm", "trixie"), mirrors_own=False,
                 lab_options=None, **machine):
        self.title, self.prepare, self.kind, self.suites = title, prepare, kind, suites
        self.mirrors_own, self.lab_options, self.machine = mirrors_own, lab_options or {}, machine

    def catalog(self):
        entry = {**matrix.AMD64, "id": "installer"}
        sections = matrix.catalog([entry], not self.mirrors_own, default="installer", timeout=1) | matrix.PICTURE
        if not self.mirrors_own:
            sections["distros"]["debian"]["args"] = SPEAK
        return sections


SYSLINUX = ["bookworm"]  # is the same in all releases
GRUB_WITH_HTTP = ["trixie"]  # in its signed image
WAYS = {
    "tftp": Way("**old**: pxelinux.0, all by TFTP", copy_to_tftp, suites=SYSLINUX,
                lab_options={"dhcpd": rom_gets("pxelinux.0")}),
    "lpxelinux": Way("lpxelinux.0", suites=SYSLINUX, mac=lab.SYSLINUX),
    "ipxe": Way("iPXE"),
    "ipxe-native": Way("iPXE with its own drivers", native_ipxe, lab_options={"dhcpd": rom_gets("ipxe.pxe")}),
    "ipxe-export": Way("iPXE, files of an export", kind=lab.ExportLab),
    "ipxe-pxelinux": Way("iPXE, then the mirror's own pxelinux.0", mirrors_own=True),
    "efi-tftp": Way("**old**: UEFI, GRUB, all by TFTP", kernel_beside_grub, efi=True, mac=lab.SECURE),
    "efi-grub": Way("UEFI, GRUB", pages_for_grub, efi=True, mac=lab.SECURE),
    "efi-ipxe": Way("UEFI, iPXE", efi=True),
    "efi-export": Way("UEFI, iPXE, files of an export", kind=lab.ExportLab, efi=True),
    "efi-http": Way("UEFI HTTP Boot, iPXE", efi=True, options=matrix.NO_PXE),
    "efi-http-grub": Way("UEFI HTTP Boot, shim, GRUB", lab.Lab.put_grub_cfg_at_root, suites=GRUB_WITH_HTTP,
                         efi=True, mac=lab.SECURE, options=matrix.NO_PXE),
}
RELEASES = ["bookworm", "trixie"]
LINKS = "near", "far", "distant", "lossy"  # none is slower than those behind it


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
        "distant": Link(f"{8 * wanted.delay:g} ms round trip", 4 * wanted.delay, 0),
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


def measure(way, suite, link, seed, limit):
    with way.kind("claim", way.catalog(), suite=suite, real_kernel=True, **way.lab_options) as boot:
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
    if not results:
        return "not tried"
    late = [arrived(result) for result in results if result["seconds"] is None]
    too_late = f"not in {limit} s: {', '.join(late)} had come"
    times = [result["seconds"] for result in results if result["seconds"] is not None]
    if not times:
        return too_late
    middle = f"{statistics.median(times):.0f} s"
    if len(times) > 1:
        middle += f" ({min(times):.0f}-{max(times):.0f})"
    return f"{middle}; {len(late)} of {len(results)} {too_late}" if late else middle


def ways(wanted):
    """Those that are wanted, with each release whose loaders differ."""
    return [(name, suite) for name in wanted.ways for suite in WAYS[name].suites if suite in wanted.suites]


def of(results, *values):
    """The results of a way, of a release, over a link."""
    return [result for result in results
            if values == tuple(result[key] for key in ("way", "suite", "link")[:len(values)])]


def table(results, wanted):
    """In Markdown, as docs/claim.md has it."""
    chosen = links(wanted)
    lines = ["| way | by TFTP | by HTTP | " + " | ".join(link.title for link in chosen.values()) + " |"]
    lines.append("|---|---|---|" + "---|" * len(chosen))
    for name, suite in ways(wanted):
        mine = of(results, name, suite)
        if not mine:
            continue
        most = max(mine, key=total)
        cells = [
            WAYS[name].title + ("" if suite == wanted.suites[0] else f", {suite}"),
            share(most["tftp_files"], "file", most["tftp_bytes"]),
            share(most["http_requests"], "request", most["http_bytes"]),
        ]
        cells += [brief(of(mine, name, suite, link), wanted.limit) for link in chosen]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def is_hopeless(results, name, suite, link):
    """Whether a boot of this way did not get halfway over the link or a faster
    one."""
    return any(result["seconds"] is None and total(result) < INSTALLER / 2
               for faster in LINKS[: LINKS.index(link) + 1] for result in of(results, name, suite, faster))


def plan(wanted, results):
    """The boots that have no result yet, in their order: the ways take turns.
    results may grow meanwhile."""
    done = {(result["way"], result["suite"], result["link"], result["round"]) for result in results}
    for number in range(1, wanted.rounds + 1):
        for link in links(wanted):
            for name, suite in ways(wanted):
                if (name, suite, link, number) not in done and not is_hopeless(results, name, suite, link):
                    yield name, suite, link, number


def words_of(known):
    """An argument that is a list of known words."""
    def split(text):
        words = text.split(",")
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(known)}")
        return words
    return split


def arguments(words=None):
    parser = argparse.ArgumentParser(prog="bench-boot", description=__doc__.partition(":")[0])
    parser.add_argument("--delay", type=float, default=10, metavar="MS", help="each way (10)")
    parser.add_argument("--loss", type=float, default=0.5, metavar="PERCENT", help="each way (0.5)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often (3)")
    parser.add_argument("--limit", type=int, default=300, metavar="S", help="seconds a boot may take (300)")
    parser.add_argument("--ways", type=words_of(WAYS), default=list(WAYS), metavar="WAY,...", help=", ".join(WAYS))
    parser.add_argument("--links", type=words_of(LINKS), default=LINKS, metavar="LINK,...", help=", ".join(LINKS))
    parser.add_argument("--suites", type=words_of(RELEASES), default=RELEASES[:1], metavar="RELEASE,...",
                        help="whose loaders and firmware boot: " + ", ".join(RELEASES))
    parser.add_argument("--minutes", type=float, default=50, metavar="N",
                        help="begin no boot that may end later (50)")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="where each boot's figures go")
    parser.add_argument("--resume", action="store_true", help="boot only what has no figures in that file")
    wanted = parser.parse_args(words)
    if wanted.resume and not wanted.json:
        parser.error("--resume needs --json FILE")
    if not ways(wanted):
        parser.error("none of these ways has loaders of these releases: see --suites")
    return wanted


def tell(result):
    seconds = "too late" if result["seconds"] is None else f"{result['seconds']:.1f} s"
    fields = ", ".join(f"{key} {value}" for key, value in result.items() if key not in ("way", "suite", "link", "seconds"))
    print(f"{result['way']} {result['suite']} {result['link']}: {seconds}; {fields}", flush=True)


def boot_all(wanted, results):
    """Add a result for each boot, until the time is up. A boot that fails has
    none, and the next run tries it again. Returns how many have none."""
    end = time.monotonic() + wanted.minutes * 60
    left = 0
    for name, suite, link, number in plan(wanted, results):
        if time.monotonic() + wanted.limit > end:
            left += 1
            continue
        try:
            figures = measure(WAYS[name], suite, links(wanted)[link], number, wanted.limit)
        except (AssertionError, RuntimeError) as fault:
            print(f"{name} {suite} {link}: failed: {fault}", file=sys.stderr, flush=True)
            left += 1
            continue
        results.append({"way": name, "suite": suite, "link": link, "round": number, **figures})
        tell(results[-1])
        if wanted.json:
            wanted.json.write_text(json.dumps(results, indent=1))
    return left


def main():
    wanted = arguments()
    lab.enter([lab.SUITES[name] for name in wanted.suites])
    set_up_network()
    results = json.loads(wanted.json.read_text()) if wanted.resume and wanted.json.exists() else []
    left = boot_all(wanted, results)
    print(table(results, wanted))
    if left:
        sys.exit(f"{left} boots are left: give the same options again, with --resume")


if __name__ == "__main__":
    main()
