"""A network with our servers, mirrors and machines that boot from them.

Everything is inside namespaces of the process's own: enter() first, then a Lab
for each test. The servers run with the sample configurations of conf/, and
names as those of the samples and of conf/catalog.json lead to the lab.
"""

import contextlib
import functools
import json
import os
import pathlib
import re
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from suites import BUILD, SEARCH, SUITES, TOP

HERE = TOP / "tests/boot"
IMAGES = pathlib.Path("/usr/lib/debian-installer/images/12")
AAVMF = pathlib.Path("/usr/share/AAVMF")
OVMF = pathlib.Path("usr/share/OVMF")
NEEDED = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-system-aarch64": "qemu-system-arm",
    "dhcpd": "isc-dhcp-server",
    "kea-dhcp6": "kea-dhcp6-server",
    "radvd": "radvd",
    "dnsmasq": "dnsmasq-base",
    "in.tftpd": "tftpd-hpa",
    "lighttpd": "lighttpd",
    "nginx": "nginx-light",
    "spawn-fcgi": "spawn-fcgi",
    "mformat": "mtools",
    "openssl": "openssl",
    "/usr/lib/python3/dist-packages/cryptography": "python3-cryptography",
    "ip": "iproute2",
    f"/{OVMF}/OVMF_CODE_4M.fd": "ovmf",
    f"{AAVMF}/AAVMF_CODE.fd": "qemu-efi-aarch64",
    f"{IMAGES}/amd64": "debian-installer-12-netboot-amd64",
    f"{IMAGES}/i386": "debian-installer-12-netboot-i386",
    "/usr/lib/ipxe/undionly.kpxe": "ipxe",
    "/usr/lib/PXELINUX/lpxelinux.0": "pxelinux",
    "/usr/lib/syslinux/modules/bios/ldlinux.c32": "syslinux-common",
    "/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi": "syslinux-efi",
    "/usr/lib/shim/shimx64.efi.signed": "shim-signed",
    "/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed": "grub-efi-amd64-signed",
    "/usr/lib/grub/x86_64-efi/http.mod": "grub-efi-amd64-bin",
}

SERVER = "192.0.2.5"
ROUTER = "192.0.2.1"
# At the first address nobody is; at the second no port is open.
DOWN = "192.0.2.30"
CLOSED = "192.0.2.31"
MIRRORS = {"ftp.nl.debian.org": "192.0.2.21", "mirrors.kernel.org": "192.0.2.22"}
# Where the program of conf/nginx-hosts.conf runs, and its port.
HOSTS = ("192.0.2.11", "192.0.2.12", "192.0.2.13")
PORT = "9000"
# The web servers of the lab listen at this port too.
OTHER_PORT = 8081
NAMES = {"boot.example.org": SERVER, **MIRRORS}
# The same where machines have IPv6 alone.
SERVER6 = "2001:db8::5"
ROUTER6 = "2001:db8::1"
CLOSED6 = "2001:db8::31"
MIRRORS6 = {"ftp.nl.debian.org": "2001:db8::21", "mirrors.kernel.org": "2001:db8::22"}
NAMES6 = {"boot.example.org": SERVER6, **MIRRORS6}
# The machines of conf/dhcpd.conf.
IPXE = "02:23:45:67:89:05"
SYSLINUX = "02:23:45:67:89:06"
SECURE = "02:23:45:67:89:07"
# That of conf/kea-dhcp6.conf.
IPV6 = "00:00:5e:00:53:05"

NETBOOT = "debian/dists/bookworm/main/installer-{arch}/current/images/netboot"
INITRD_SIZE = 256 * 1024


def run(*command):
    """Run a short command to its end; its words are split at spaces."""
    words = [word for part in command for word in str(part).split()]
    words[0] = shutil.which(words[0], path=SEARCH) or words[0]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")


def what_to_install(missing):
    """What to do about packages that are not there. The lab's mirror and its DHCP
    server are those of Debian 12, and later releases do not have them."""
    command = ["sh", "-euc", '. "$0/scripts/packages.sh"; packages_there_are "$@"', TOP, *missing]
    known = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    unknown = sorted(missing.difference(known))
    if unknown:
        return f"apt knows no {', '.join(unknown)}: machines boot on Debian 12 alone, after apt-get update"
    return "apt-get install " + " ".join(sorted(missing))


def enter(suites=()):
    """Go on in namespaces of our own, with all that the lab needs, and those
    releases unpacked."""
    missing = {p for f, p in NEEDED.items() if not shutil.which(f, path=SEARCH) and not os.path.exists(f)}
    if missing:
        sys.exit(what_to_install(missing))
    if not (BUILD / "cgi/boot").exists():
        sys.exit(f"no programs in {BUILD}: build first, or set MIRRORBOOT_BUILD")
    if os.geteuid() != 0:
        sys.exit("root is needed, for network namespaces")
    if os.environ.get("MIRRORBOOT_LAB") != str(os.getppid()):
        os.environ["MIRRORBOOT_LAB"] = "0"
        for suite in suites:
            suite.unpack()
        # With this process everything inside ends too.
        spaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        os.execvp("unshare", ["unshare", *spaces, sys.executable, *sys.argv])
    set_up_network()
    set_up_directories()


def set_up_network():
    run("ip link set lo up")
    run("ip link add br0 type bridge forward_delay 0")
    for address in SERVER, ROUTER, CLOSED, *HOSTS, *NAMES.values():
        run(f"ip address replace {address}/24 dev br0")
    for address in ROUTER6, CLOSED6, *NAMES6.values():
        run(f"ip address replace {address}/64 dev br0 nodad")
    run("ip link set br0 up")
    # Without a cable a bridge has no link and so no address of IPv6's own. The
    # far end must not answer ARP: it would for the bridge's addresses too.
    run("ip link add cable0 type veth peer name cable1")
    run("ip link set cable0 master br0 up")
    run("ip link set cable1 arp off up")


def set_up_directories():
    """Where the samples and scripts/loaders put things: empty, and ours."""
    run("mount -t tmpfs none /srv")


def frames(device, kind):
    """A socket with a copy of each frame of that kind at a network device."""
    copies = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind))
    copies.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    copies.bind((device, kind))
    return copies


class Listener:
    """Gives what comes to a socket to take(), in a thread, until stop()."""

    def __init__(self, listening):
        self.socket = listening
        self.socket.settimeout(0.2)
        self.is_ending = False
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def stop(self):
        self.is_ending = True
        self.thread.join()
        self.socket.close()

    def listen(self):
        while not self.is_ending:
            try:
                data, sender = self.socket.recvfrom(2048)
            except TimeoutError:
                continue
            self.take(data, sender)


class Wire(Listener):
    """What is asked on the network: (server, "GET /path") and TFTP's
    (server, "RRQ file"), in the order of arrival. The server has its port
    where that is not 80."""

    def __init__(self, kind=0x800):
        self.requests = []
        super().__init__(frames("br0", kind))

    def take(self, frame, sender):
        if sender[2] != socket.PACKET_OUTGOING:
            self.look(frame[14:])

    def look(self, packet):
        if packet[0] >> 4 == 6:
            header, protocol = 40, packet[6]
            server = socket.inet_ntop(socket.AF_INET6, packet[24:40])
        else:
            header, protocol = (packet[0] & 15) * 4, packet[9]
            server = socket.inet_ntoa(packet[16:20])
        port = packet[header + 2 : header + 4]
        if protocol == 6:
            data = packet[header + (packet[header + 12] >> 4) * 4 :]
            if port != b"\0P":
                server += f":{int.from_bytes(port, 'big')}"
            # apt sends several at once.
            for line in re.findall(rb"(?m)^((?:GET|HEAD) [^\r\n]*) HTTP/", data):
                self.requests.append((server, line.decode(errors="replace")))
        elif protocol == 17 and port == b"\0E" and packet[header + 8 : header + 10] == b"\0\1":
            name = packet[header + 10 :].split(b"\0")[0]
            self.requests.append((server, "RRQ " + name.decode(errors="replace")))


class NameServer(Listener):
    """Answers for the names it is given; all others do not exist."""

    def __init__(self, address, names):
        self.names = names
        self.asked = []
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listening = socket.socket(self.family, socket.SOCK_DGRAM)
        listening.bind((address, 53))
        super().__init__(listening)

    def take(self, query, client):
        self.socket.sendto(self.answer(query), client)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12 : at + 5]
        self.asked.append(".".join(labels))
        address = self.names.get(".".join(labels).lower())
        kind = b"\0\x1c" if self.family == socket.AF_INET6 else b"\0\1"
        found = address is not None and question[-4:-2] == kind
        head = query[:2] + struct.pack(">5H", 0x8180 if address else 0x8183, 1, found, 0, 0)
        if not found:
            return head + question
        data = socket.inet_pton(self.family, address)
        return head + question + b"\xc0\x0c" + kind + b"\0\1" + struct.pack(">IH", 60, len(data)) + data


class BrokenMirror:
    """A mirror that takes requests and never answers, or sends only half of
    each initrd and of pxelinux.0."""

    def __init__(self, address, directory, fault):
        self.directory = directory
        self.is_silent = fault == "silent"
        self.socket = socket.create_server((address, 80))
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.socket, selectors.EVENT_READ)
        self.is_ending = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.is_ending = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()

    def serve(self):
        while not self.is_ending:
            for key, _ in self.selector.select(0.2):
                if key.fileobj is self.socket:
                    self.selector.register(self.socket.accept()[0], selectors.EVENT_READ)
                else:
                    self.answer(key.fileobj)

    def answer(self, client):
        request = client.recv(65536)
        if request and self.is_silent:
            return
        if request:
            self.send(client, request.split()[1].decode().lstrip("/"))
        self.selector.unregister(client)
        client.close()

    def send(self, client, path):
        data = (self.directory / path).read_bytes()
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data))
        client.sendall(data[: len(data) // 2] if re.search(r"initrd|pxelinux\.0$", path) else data)


def link_tree(source, target):
    """A copy of a directory, made of links to its files."""
    for path in source.rglob("*"):
        copy = target / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(path.resolve())


def replace(path, data):
    path.unlink()
    path.write_bytes(data)


def initrd(name):
    """A mirror's initrd, unlike any other mirror's."""
    return (name.encode() + b" ").ljust(INITRD_SIZE, name[:1].encode())


def archive(path, data):
    """A cpio archive of one file, as initrds are."""
    fields = (0, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0)
    head = (b"070701" + b"".join(b"%08x" % field for field in fields) + path.encode() + b"\0")
    padded = [part.ljust(-len(part) % 4 + len(part), b"\0") for part in (head, data)]
    return b"".join(padded)


def make_tree(directory, name, probe):
    """The files of a mirror: Debian's own, but for kernel and initrd if there
    is a probe to take the kernel's place."""
    for arch in "amd64", "i386":
        root = directory / NETBOOT.format(arch=arch)
        link_tree(IMAGES / arch / "text", root)
        if probe is not None:
            replace(root / f"debian-installer/{arch}/linux", probe.read_bytes())
            replace(root / f"debian-installer/{arch}/initrd.gz", initrd(f"{name} {arch}"))
    (directory / "debian/dists/stable").symlink_to("bookworm")


def without_signature(program):
    """A program for UEFI without its signatures, which are at its end."""
    header = struct.unpack_from("<I", program, 0x3C)[0]
    entry = header + 24 + 112 + 4 * 8  # of the certificates, in the directory
    start, size = struct.unpack_from("<II", program, entry)
    if size == 0:
        return program
    return program[:entry] + bytes(8) + program[entry + 8 : start]


def with_vendor(shim, certificate):
    """A shim with another certificate of its vendor, which is at 16 bytes from
    the start of its table: four numbers, the first its length."""
    old = re.search(rb"(?s)..\0\0..\0\0\x10\0\0\0..\0\0(?=\x30\x82)", shim)
    length, = struct.unpack_from("<I", shim, old.start())
    assert len(certificate) <= length
    start = old.end()
    return (shim[: old.start()] + struct.pack("<I", len(certificate)) + shim[old.start() + 4 : start]
            + certificate + shim[start + len(certificate) :])


def added_sections(program, *sections):
    """objcopy's words for more sections in a program for UEFI, each (name,
    file), behind its own."""
    header = struct.unpack_from("<I", program, 0x3C)[0]
    count, size = struct.unpack_from("<6xH12xH", program, header)
    base, = struct.unpack_from("<Q", program, header + 24 + 24)
    places = [struct.unpack_from("<8xII", program, header + 24 + size + 40 * i) for i in range(count)]
    place = base + max(start + length for length, start in places)
    words = []
    for name, path in sections:
        place = (place + 0xFFF) & ~0xFFF
        words += ["--add-section", f"{name}={path}", "--change-section-vma", f"{name}={place:#x}",
                  "--set-section-flags", f"{name}=data"]
        place += path.stat().st_size
    return words


def build_probe(directory):
    probe = directory / "probe"
    run(HERE / "build-probe", probe)
    return probe


def by_tftp(text):
    """dhcpd.conf for QEMU, whose network ROM is an iPXE: it is given a file
    by TFTP as any other ROM. It asks for unicast, undionly.kpxe does not."""
    is_no_rom = "(packet (10, 1) = 80 or not (option pxe-system-type = 00:00))"
    return re.sub(r'suffix \(option user-class, \d\) = "\w+"', rf"(\g<0> and {is_no_rom})", text)


class Lab:
    """The servers, as a context. If it is left by an error, all that tells
    why is in the build directory's boot/NAME."""

    server, router, mirrors = SERVER, ROUTER, MIRRORS
    ethertype = 0x800
    without_pxe = "IPv6"  # for which UEFI does not ask by PXE

    def __init__(self, name, catalog, suite="bookworm", names=None, faults=None, dhcpd=by_tftp,
                 real_kernel=False, hosts=None):
        """catalog: what a site would put into catalog.d beside what is
        shipped; suite: the Debian release of
        loaders and firmware; names: host names and addresses that differ from NAMES;
        faults: what is wrong with a mirror (silent, half, missing); dhcpd: a
        function that changes the text of dhcpd.conf; hosts: the texts of host
        files by their names, without .json."""
        self.kept = BUILD / "boot" / name
        self.names = {"boot.example.org": self.server} | self.mirrors | (names or {})
        self.catalog = catalog
        self.suite = SUITES[suite]
        self.faults = faults or {}
        self.dhcpd = dhcpd
        self.real_kernel = real_kernel
        self.hosts = hosts or {}
        self.bridge = "br0"  # where machines are plugged in
        self.running = []
        self.machines = []

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mirrorboot-lab."))
        self.dir.chmod(0o755)
        self.root = self.dir / "root"
        self.root.mkdir()
        try:
            self.start_servers()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, error, *_):
        for machine in self.machines:
            if error is not None:
                machine.take_picture()
            machine.stop()
        for thing in reversed(self.running):
            thing.stop()
        if error is not None:
            self.keep()
        shutil.rmtree(self.dir)

    def keep(self):
        shutil.rmtree(self.kept, ignore_errors=True)
        self.kept.mkdir(parents=True)
        for pattern in "*.log", "*.png", "*.conf", "catalog.d/99-lab.json":
            for path in self.dir.glob(pattern):
                shutil.copy(path, self.kept)
        lines = [f"{server} {request}\n" for server, request in self.wire.requests]
        (self.kept / "requests.log").write_text("".join(lines))

    def start_servers(self):
        self.suite.loaders()
        self.probe = build_probe(self.dir)
        self.wire = self.add(Wire(self.ethertype))
        self.name_server = self.add(NameServer(self.router, self.names))
        self.start_dhcpd()
        self.start_tftpd()
        self.write_catalog()
        self.start_lighttpd()
        for name in MIRRORS:
            self.start_mirror(name)

    def add(self, thing):
        self.running.append(thing)
        return thing

    def start(self, name, *command, **options):
        command = [shutil.which(command[0], path=SEARCH), *command[1:]]
        return self.add(Process(command, self.dir / f"{name}.log", **options))

    def start_dhcpd(self):
        conf, leases = self.dir / "dhcpd.conf", self.dir / "leases"
        conf.write_text(self.dhcpd((TOP / "conf/dhcpd.conf").read_text()))
        leases.touch()
        # A copy, because AppArmor lets those in /usr/sbin read their own
        # directories only.
        copy = shutil.copy(shutil.which("dhcpd", path=SEARCH), self.dir)
        self.start("dhcpd", copy, "-d", "-f", "--no-pid", "-cf", conf, "-lf", leases, "br0")

    def start_kea(self, *command):
        environment = {f"KEA_{name}_DIR": str(self.dir) for name in ("DHCP_DATA", "PIDFILE", "LOCKFILE")}
        return self.start("kea", *command, environment=environment | {"KEA_LOGGER_DESTINATION": "stderr"})

    def write_sample(self, name):
        conf = self.dir / name
        text = self.dhcpd((TOP / "conf" / name).read_text())
        conf.write_text(text.replace("eth0", "br0").replace("/var/lib/kea/", f"{self.dir}/"))
        return conf

    def start_tftpd(self):
        sets = dict(re.findall(r'(?m)^(\w+)="(.*)"$', (TOP / "conf/tftpd-hpa").read_text()))
        options = sets["TFTP_OPTIONS"].split()
        user, address = sets["TFTP_USERNAME"], sets["TFTP_ADDRESS"]
        command = ["in.tftpd", "--foreground", "--user", user, "--address", address]
        self.start("tftpd", *command, *options, sets["TFTP_DIRECTORY"])

    def start_lighttpd(self):
        sample = (TOP / "conf/lighttpd.conf").read_text()
        text = sample.replace("/usr/local/libexec/mirrorboot/", f"{BUILD}/cgi/")
        text = text.replace("/run/lighttpd/", f"{self.dir}/")
        answers = (TOP / "conf/lighttpd-answer.conf").read_text()
        text += answers.replace("/run/mirrorboot/", f"{self.dir}/")
        conf = self.dir / "lighttpd.conf"
        conf.write_text(self.lighttpd_base("boot", self.server, self.root) + text)
        self.lighttpd = self.start("lighttpd", "lighttpd", "-D", "-f", conf, environment=self.environment())
        wait_for_port(self.server)

    def environment(self):
        """Of the programs."""
        return {"MIRRORBOOT_CATALOG": str(self.dir / "catalog.json"), "MIRRORBOOT_STATE": str(self.dir / "state")}

    def arm(self, name):
        """Let a machine install itself, and answer it."""
        (self.dir / "state").mkdir()
        self.start("answer", "spawn-fcgi", "-n", "-s", self.dir / "answer.socket", "--", BUILD / "cgi/answer",
                   environment=self.environment())
        self.install("arm", name)

    def armed(self):
        return self.install("list")

    def install(self, *words):
        return subprocess.run([BUILD / "tools/mirrorboot-install", *words], check=True, timeout=60, text=True,
                              env=os.environ | self.environment(), capture_output=True).stdout

    def stop_lighttpd(self):
        self.running.remove(self.lighttpd)
        self.lighttpd.stop()

    def restart_lighttpd(self):
        self.stop_lighttpd()
        self.start_lighttpd()

    def lighttpd_base(self, name, address, directory):
        """What a lighttpd needs that the sample leaves to Debian's own."""
        address = f"[{address}]" if ":" in address else address
        return (
            f'server.bind = "{address}"\n'
            f'server.document-root = "{directory}"\n'
            'server.modules = ( "mod_accesslog" )\n'
            f'accesslog.filename = "{self.dir}/{name}-access.log"\n'
            f'$SERVER["socket"] == "{address}:{OTHER_PORT}" {{ }}\n'
        )

    def write_catalog(self):
        shutil.copytree(TOP / "conf/catalog.d", self.dir / "catalog.d")
        shutil.copy(TOP / "conf/catalog.json", self.dir)
        (self.dir / "catalog.d/99-lab.json").write_text(json.dumps(self.catalog, indent=2))
        (self.dir / "hosts").mkdir()
        for name, text in self.hosts.items():
            (self.dir / f"hosts/{name}.json").write_text(text)
        shutil.copytree(TOP / "answers", self.dir / "answers")

    def start_mirror(self, name):
        address, directory = self.mirrors[name], self.dir / name
        make_tree(directory, name, None if self.real_kernel else self.probe)
        if self.faults.get(name) in ("silent", "half"):
            self.add(BrokenMirror(address, directory, self.faults[name]))
            return
        if self.faults.get(name) == "missing":
            directory = self.root
        conf = self.dir / f"{name}.conf"
        conf.write_text(self.lighttpd_base(name, address, directory))
        self.start(name, "lighttpd", "-D", "-f", conf)
        wait_for_port(address)

    @property
    def multiboot(self):
        """A multiboot kernel that is a probe."""
        return self.probe.with_name("probe.multiboot")

    def uki(self, pair=None, initrd=None):
        """A unified kernel image of systemd's stub and the probe, which is of
        a version that the stub starts as a program for UEFI; pair: the key that
        signs that kernel."""
        stub = SUITES["trixie"].root / "usr/lib/systemd/boot/efi/linuxx64.efi.stub"
        kernel = bytearray(self.probe.read_bytes())
        struct.pack_into("<H", kernel, struct.unpack_from("<I", kernel, 0x3C)[0] + 24 + 44, 1)
        (self.dir / "linux").write_bytes(kernel)
        if pair is not None:
            self.sign(self.dir / "linux", pair)
        sections = [(".linux", self.dir / "linux")]
        if initrd is not None:
            (self.dir / "initrd").write_bytes(initrd)
            sections.append((".initrd", self.dir / "initrd"))
        words = added_sections(stub.read_bytes(), *sections)
        run("objcopy", *words, stub, self.dir / "uki.efi")
        return (self.dir / "uki.efi").read_bytes()

    def bios_disk(self):
        disk = self.dir / "bios.img"
        disk.write_bytes(self.probe.read_bytes().ljust(1 << 20, b"\0"))
        return disk

    def efi_disk(self):
        disk = self.dir / "efi.img"
        run(f"mformat -C -i {disk} -T 16384 ::")
        run(f"mmd -i {disk} ::EFI ::EFI/BOOT")
        run(f"mcopy -i {disk} {self.probe} ::EFI/BOOT/BOOTX64.EFI")
        return disk

    def put_grub_cfg_at_root(self):
        """Where a GRUB looks that UEFI HTTP Boot has started."""
        (self.root / "grub").mkdir()
        shutil.copy(TOP / "conf/grub.cfg", self.root / "grub/grub.cfg")

    def make_key(self, name):
        """A key that no shim knows, and its certificate."""
        key, certificate = self.dir / f"{name}.key", self.dir / f"{name}.pem"
        run(f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN={name} -days 9 -keyout {key} -out {certificate}")
        return key, certificate

    @functools.cached_property
    def own_key(self):
        return self.make_key("own")

    @functools.cached_property
    def vendor_key(self):
        """That of another distribution, which only its own shim knows."""
        return self.make_key("vendor")

    def sign(self, program, pair=None):
        """Sign it by our own key or that pair's, and by no other."""
        key, certificate = pair or self.own_key
        tools = SUITES["trixie"].root / "usr/bin"
        (self.dir / "unsigned").write_bytes(without_signature(pathlib.Path(program).read_bytes()))
        run(f"{tools}/sbsign --key {key} --cert {certificate} --output {self.dir}/signed {self.dir}/unsigned")
        shutil.copyfile(self.dir / "signed", program)

    def make_vendor(self, directory):
        """The shim and the GRUB of another distribution: the release's own, with
        our vendor's certificate in the shim."""
        run(f"openssl x509 -in {self.vendor_key[1]} -outform DER -out {self.dir}/vendor.der")
        directory.mkdir()
        shim = (self.suite.root / "usr/lib/shim/shimx64.efi.signed").read_bytes()
        shim = with_vendor(shim, (self.dir / "vendor.der").read_bytes())
        (directory / "shimx64.efi").write_bytes(shim)
        self.sign(directory / "shimx64.efi")
        shutil.copy(self.suite.root / "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed", directory / "grubx64.efi")
        self.sign(directory / "grubx64.efi", self.vendor_key)

    def add_shim(self, name):
        """Another distribution's shim and GRUB, as loaders puts them."""
        self.make_vendor(self.dir / name)
        run(f"{TOP}/scripts/loaders --shim {name}={self.dir / name}")

    def enroll(self, variables):
        """A copy of the firmware's variables with our own key beside
        Microsoft's."""
        tools = SUITES["trixie"].root / "usr"
        enrolled = self.dir / "enrolled.fd"
        run(f"env PYTHONPATH={tools}/lib/python3/dist-packages /usr/bin/python3 {tools}/bin/virt-fw-vars --input {variables}"
            f" --output {enrolled} --add-db 11111111-2222-3333-4444-555555555555 {self.own_key[1]}")
        return enrolled

    def signed_disk(self):
        """A disk with Debian's shim, and its signed GRUB that is for disks."""
        disk = self.efi_disk()
        run(f"mdel -i {disk} ::EFI/BOOT/BOOTX64.EFI")
        signed = self.suite.root / "usr/lib"
        conf = self.dir / "grub-of-the-disk.cfg"
        conf.write_text('echo "the disk is locked down: $lockdown"\nsleep 100\n')
        run(f"mmd -i {disk} ::EFI/debian")
        for path, name in (
            (signed / "shim/shimx64.efi.signed", "shimx64.efi"),
            (signed / "grub/x86_64-efi-signed/grubx64.efi.signed", "grubx64.efi"),
            (conf, "grub.cfg"),
        ):
            run(f"mcopy -i {disk} {path} ::EFI/debian/{name}")
        return disk

    def machine(self, **options):
        machine = Machine(self, f"machine{len(self.machines)}", **options)
        self.machines.append(machine)
        return machine

    def add_autoexec(self):
        command = [TOP / "scripts/loaders", "--root", self.suite.root, "--autoexec", "http://boot.example.org/boot/boot"]
        subprocess.run(command, check=True, timeout=60, capture_output=True)

    def loaded(self):
        """The files that were asked for by TFTP, without the script that iPXE
        has looked for beside itself since 2021."""
        return [line[4:] for line in self.asked("^RRQ ") if not line.endswith("autoexec.ipxe")]

    def asked(self, request, server=None):
        """The requests so far that match."""
        return [
            line for address, line in self.wire.requests
            if re.search(request, line) and server in (None, address)
        ]


class ExportLab(Lab):
    """The pages as files, and no program that would answer for them."""

    url = "http://boot.example.org/boot/export/"

    def __init__(self, *args, **options):
        super().__init__(*args, dhcpd=self.sends_files, **options)

    def sends_files(self, text):
        for page, name in (("dialect=ipxe", "boot.ipxe"),
                           ("dialect=syslinux&platform=bios", "boot-bios.syslinux"),
                           ("arch=amd64&dialect=syslinux&platform=efi", "boot-efi-amd64.syslinux")):
            text = text.replace(f"http://boot.example.org/boot/boot?{page}", self.url + name)
        return by_tftp(text)

    def start_lighttpd(self):
        catalog = {"MIRRORBOOT_CATALOG": str(self.dir / "catalog.json")}
        files = self.dir / "www"
        command = [BUILD / "tools/mirrorboot-export", files]
        subprocess.run(command, check=True, timeout=60, env=catalog, stdout=subprocess.DEVNULL)
        conf = self.dir / "lighttpd.conf"
        sample = (TOP / "conf/lighttpd-export.conf").read_text()
        conf.write_text(self.lighttpd_base("boot", self.server, self.root)
                        + sample.replace("/var/lib/mirrorboot-export/www", str(files))
                        + 'alias.url += ( "/boot/" => "/srv/www/boot/" )\n')
        self.lighttpd = self.start("lighttpd", "lighttpd", "-D", "-f", conf)
        wait_for_port(self.server)


class HostsLab(Lab):
    """The pages are behind nginx and come from three hosts."""

    def start_lighttpd(self):
        catalog = {"MIRRORBOOT_CATALOG": str(self.dir / "catalog.json")}
        self.hosts = {
            host: self.start(f"boot-{host}", "spawn-fcgi", "-n", "-a", host, "-p", PORT,
                             "--", BUILD / "cgi/boot", environment=catalog)
            for host in HOSTS
        }
        sample = (TOP / "conf/nginx-hosts.conf").read_text()
        sample = sample.replace("listen 80 ", f"listen {SERVER}:80 ")
        conf = self.dir / "nginx.conf"
        conf.write_text(
            f"daemon off; user root; pid {self.dir}/nginx.pid; events {{ }}\n"
            "http {\n"
            'log_format tries "$uri $upstream_addr";\n'
            f"access_log {self.dir}/nginx-access.log tries;\n"
            f"{sample}}}\n"
        )
        self.start("nginx", "nginx", "-e", self.dir / "nginx.log", "-c", conf)
        wait_for_port(SERVER)

    def signal_host(self, host, number):
        self.hosts[host].process.send_signal(number)

    def tried(self):
        """Each page that was asked for, with the hosts that were tried."""
        lines = (self.dir / "nginx-access.log").read_text().splitlines()
        tried = [re.sub(r":\d+,?", "", line).split() for line in lines]
        return [(uri, *hosts) for uri, *hosts in tried if hosts != ["-"]]


def as_any_rom(text):
    """dnsmasq.conf or kea-dhcp4.conf for QEMU's network ROM, which is an iPXE:
    it is given a file by TFTP as any other ROM, and so is each iPXE."""
    return re.sub(r"(?m)(^dhcp-userclass=set:[\w-]+,|, all\) == ')iPXE\b", r"\1none", text)


DNSMASQ = "--keep-in-foreground", "--log-facility=-", "--user=root", "--no-ping", "--pid-file="


class DnsmasqLab(Lab):
    """dnsmasq of the suite is the DHCP and the TFTP server: 2.90 of bookworm, 2.91
    of trixie, 2.93 of forky."""

    sample = "dnsmasq.conf"

    def start_dhcpd(self):
        text = self.dhcpd((TOP / "conf" / self.sample).read_text())
        conf = self.dir / "dnsmasq.conf"
        conf.write_text(text.replace("interface=eth0", "interface=br0"))
        self.dnsmasq = self.start_dnsmasq("dnsmasq", *self.suite.server("dnsmasq"), f"--conf-file={conf}")

    def start_tftpd(self):
        """dnsmasq is it."""

    def start_dnsmasq(self, name, *command):
        return self.start(name, *command, *DNSMASQ, f"--dhcp-leasefile={self.dir}/{name}.leases")

    def recognize_ipxe(self, machine, loader):
        """From when the ROM has its loader on, undo as_any_rom."""
        log = self.dir / "dnsmasq.log"
        machine.wait(lambda: f"{loader} to " in log.read_text(), 60, loader)
        self.running.remove(self.dnsmasq)
        self.dnsmasq.stop()
        self.dhcpd = by_tftp  # which changes nothing here
        DnsmasqLab.start_dhcpd(self)


class ProxyLab(DnsmasqLab):
    """dnsmasq is beside a router, which gives addresses and knows no boot."""

    sample = "dnsmasq-proxy.conf"

    def start_dhcpd(self):
        self.add(Router())
        self.start_dnsmasq(
            "router", "ip", "netns", "exec", "router", shutil.which("dnsmasq", path=SEARCH),
            "--conf-file=/dev/null", "--port=0", "--dhcp-range=192.0.2.100,192.0.2.199",
            f"--dhcp-option=option:router,{ROUTER}", f"--dhcp-option=option:dns-server,{ROUTER}",
        )
        super().start_dhcpd()


class Ipv6Lab(Lab):
    """Machines have IPv6 alone, from the router radvd and the DHCP server Kea.
    Each server has an address of IPv6 only."""

    server, router, mirrors = SERVER6, ROUTER6, MIRRORS6
    ethertype = 0x86DD
    without_pxe = "IPv4"

    def start_dhcpd(self):
        conf = self.write_sample("radvd.conf")
        self.start("radvd", "radvd", "--nodaemon", "--config", conf, "--pidfile", self.dir / "radvd.pid",
                   "--logmethod", "stderr")
        conf = self.write_sample("kea-dhcp6.conf")
        conf.write_text(conf.read_text().replace('"Dhcp6": {', f'"Dhcp6": {{ "data-directory": "{self.dir}",', 1))
        # A copy, for AppArmor, as that of dhcpd.
        copy = shutil.copy(shutil.which("kea-dhcp6", path=SEARCH), self.dir)
        self.start_kea(copy, "-c", conf)

    def machine(self, **options):
        return super().machine(**{"mac": IPV6, "efi": True} | options)


class DnsmasqIpv6Lab(Ipv6Lab):
    """dnsmasq is the router, the DHCP and the TFTP server."""

    def start_dhcpd(self):
        conf = self.write_sample("dnsmasq-ipv6.conf")
        self.start("dnsmasq", *self.suite.server("dnsmasq"), f"--conf-file={conf}", *DNSMASQ,
                   f"--dhcp-leasefile={self.dir}/leases")

    def start_tftpd(self):
        """dnsmasq is it."""


class KeaLab(Lab):
    """Kea of the suite is the DHCP server: 2.2 of bookworm, 2.6 of trixie, 3.0
    of forky."""

    def start_dhcpd(self):
        command = self.suite.server("kea-dhcp4")
        # The last word is the program. A copy, for AppArmor, as that of dhcpd.
        command[-1] = shutil.copy(command[-1], self.dir)
        self.kea = self.start_kea(*command, "-c", self.write_sample("kea-dhcp4.conf"))

    def recognize_ipxe(self, machine, loader):
        """From when the ROM asks for its loader on, undo as_any_rom."""
        machine.wait(lambda: loader in self.loaded(), 60, loader)
        self.running.remove(self.kea)
        self.kea.stop()
        self.dhcpd = by_tftp  # which changes nothing here
        self.start_dhcpd()


class SocketTftpLab(Lab):
    """tftpd-hpa 7.2 of forky, by the command of its unit with the sample drop-in.
    It has its socket from systemd, and is the user tftp."""

    def start_tftpd(self):
        drop_in = (TOP / "conf/tftpd-hpa-drop-in.conf").read_text()
        sets = dict(re.findall(r'(?m)^Environment="?(\w+)=([^"\n]*)', drop_in))
        unit = (self.suite.root / "servers/usr/lib/systemd/system/tftpd-hpa.service").read_text()
        words = re.search(r"(?m)^ExecStart=/usr/sbin/in\.tftpd (.*)$", unit)[1]
        words = re.sub(r"\$\{?(\w+)\}?", lambda name: sets[name[1]], words).split()
        self.start("tftpd", "systemd-socket-activate", "--datagram", "--listen=0.0.0.0:69",
                   "setpriv", "--reuid=tftp", "--regid=tftp", "--clear-groups",
                   "--no-new-privs", *self.suite.server("in.tftpd"), *words)


class Router:
    """A network namespace with a cable to the bridge."""

    def __init__(self):
        run("mkdir -p /run/netns")
        run("mount -t tmpfs none /run/netns")
        run("ip netns add router")
        run("ip link add router0 type veth peer name eth0 netns router")
        run("ip link set router0 master br0 up")
        run("ip -n router address add 192.0.2.2/24 dev eth0")
        run("ip -n router link set eth0 up")

    def stop(self):
        run("ip link delete router0")
        run("ip netns delete router")
        run("umount /run/netns")


class Process:
    def __init__(self, command, log, environment=None, terminal=False):
        """terminal: the program has the user's terminal."""
        self.log = open(log, "a")
        files = {} if terminal else {"stdin": subprocess.DEVNULL, "stdout": self.log}
        environment = os.environ | (environment or {})
        self.process = subprocess.Popen(command, stderr=self.log, env=environment, **files)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def wait_for_port(address):
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((address, 80), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Clock:
    """The seconds that a process could use. Those in which it waited for a
    processor, because the host has more to do, do not count."""

    def __init__(self, pid):
        self.tasks = pathlib.Path(f"/proc/{pid}/task")
        self.waited = 0

    def now(self):
        for path in self.tasks.glob("*/schedstat"):
            with contextlib.suppress(OSError):  # the thread has ended
                self.waited = max(self.waited, int(path.read_text().split()[1]))
        return time.monotonic() - self.waited / 1e9


def flash(file):
    return ["-drive", f"if=pflash,format=raw,snapshot=on,file={file}"]


KEYBOARD = "-device", "qemu-xhci", "-device", "usb-kbd"
ARM64 = "qemu-system-aarch64", "-accel", "tcg", "-machine", "virt", "-cpu", "cortex-a72", "-m", "1024", *KEYBOARD


class Machine:
    """A PC, or another board. It ends by itself when the probe has spoken."""

    def __init__(self, lab, name, mac=IPXE, efi=False, secure=False, board="pc", cpu="max", disk=None,
                 display="none", options=()):
        """secure: Secure Boot is on, with Microsoft's keys; "own": and with the
        lab's own. board: pc, arm64 or uboot, which is arm64 too."""
        self.lab = lab
        self.name = name
        self.efi = efi or board != "pc"
        self.serial_log = lab.dir / f"{name}-serial.log"
        self.monitor_path = lab.dir / f"{name}.qmp"
        self.tap = f"tap{len(lab.machines)}"
        boards = {"arm64": self.arm64_board, "uboot": self.uboot_board}
        program = self.pc_board(secure, cpu) if board == "pc" else boards[board]()
        command = ["nice", "-n", "5", *program, *self.devices(mac, disk), "-display", display]
        with contextlib.ExitStack() as stack:
            run(f"ip tuntap add {self.tap} mode tap")
            stack.callback(run, f"ip link delete {self.tap}")
            run(f"ip link set {self.tap} master {lab.bridge} up")
            self.process = lab.start(name, *command, *options, terminal=display == "curses")
            stack.callback(self.process.stop)
            self.monitor = Monitor(self.monitor_path, self.process.process)
            stack.callback(self.monitor.close)
            self.opened = stack.pop_all()
        self.clock = Clock(self.process.process.pid)

    def stop(self):
        self.opened.close()

    def pc_board(self, secure, cpu):
        board = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", cpu, "-m", "1024", "-vga", "std"]
        board += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if not self.efi:
            return [*board, "-machine", "pc", "-boot", "strict=on"]
        code, start = ("CODE_4M.secboot", "VARS_4M.ms") if secure else ("CODE_4M", "VARS_4M")
        ovmf = self.lab.suite.root / OVMF
        variables = ovmf / f"OVMF_{start}.fd"
        if secure == "own":
            variables = self.lab.enroll(variables)
        return [
            *board,
            "-machine", "q35,smm=on" if secure else "q35",
            "-global", f"driver=cfi.pflash01,property=secure,value={'on' if secure else 'off'}",
            *flash(ovmf / f"OVMF_{code}.fd"),
            *flash(variables),
            "-fw_cfg", f"name=opt/org.tianocore/{self.lab.without_pxe}PXESupport,string=n",
        ]

    def arm64_board(self):
        return [
            *ARM64,
            *flash(AAVMF / "AAVMF_CODE.fd"),
            *flash(AAVMF / "AAVMF_VARS.fd"),
            "-device", "ramfb",
        ]

    def uboot_board(self):
        """U-Boot of the suite, as boards have it in place of UEFI."""
        return [*ARM64, "-bios", self.lab.suite.root / "usr/lib/u-boot/qemu_arm64/u-boot.bin"]

    def devices(self, mac, disk):
        # UEFI has drivers of its own; a BIOS needs the card's.
        rom = ",romfile=" if self.efi else ""
        devices = [
            "-no-reboot",
            "-serial", f"file:{self.serial_log}",
            "-qmp", f"unix:{self.monitor_path},server=on,wait=off",
            "-netdev", f"tap,id=net0,ifname={self.tap},script=no,downscript=no",
            "-device", f"virtio-net-pci,netdev=net0,mac={mac},bootindex=0{rom}",
        ]
        if disk is not None:
            devices += [
                "-drive", f"if=none,id=disk0,format=raw,snapshot=on,file={disk}",
                "-device", "ide-hd,drive=disk0,bootindex=1",
            ]
        return devices

    def serial(self):
        """The serial log, without what moves the cursor."""
        text = self.serial_log.read_bytes().decode(errors="replace") if self.serial_log.exists() else ""
        return re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]|\r", "", text)

    def screen(self):
        """The text that a BIOS machine shows, a line a row."""
        path = self.lab.dir / f"{self.name}.screen"
        self.monitor.ask("pmemsave", val=0xB8000, size=4000, filename=str(path))
        text = path.read_bytes()[::2].decode("cp437")
        return "\n".join(text[i : i + 80].rstrip() for i in range(0, 2000, 80))

    def text(self):
        """What the machine has told: on UEFI the screen is copied to the
        serial port."""
        if self.efi:
            return self.serial()
        try:
            return self.screen() + "\n" + self.serial()
        except MachineEnded:
            return self.serial()

    def has_ended(self):
        return self.process.process.poll() is not None

    def expect(self, pattern, seconds):
        """Wait until the machine tells something."""
        self.wait(lambda: re.search(pattern, self.text()), seconds, f"text {pattern!r}")

    def pause(self, seconds):
        """Let the machine go on for a while."""
        end = self.clock.now() + seconds
        while self.clock.now() < end and not self.has_ended():
            time.sleep(0.1)

    def expect_request(self, request, seconds, server=None, times=1):
        """Wait until so many requests match."""
        def is_there():
            return len(self.lab.asked(request, server)) >= times
        self.wait(is_there, seconds, f"{times} requests {request!r} to {server or 'any'}")

    def wait(self, is_there, seconds, what):
        """Wait by the machine's clock, until a function says so."""
        end = self.clock.now() + seconds
        while not is_there():
            if self.clock.now() > end:
                raise AssertionError(f"expected {what} in {seconds} s; came: {self.state()}")
            if self.has_ended() and not is_there():
                raise AssertionError(f"expected {what}; came the end of the machine: {self.state()}")
            time.sleep(0.2)

    def state(self):
        """The last words and the last request, in a line."""
        words = [line.strip() for line in self.text().splitlines() if line.strip()]
        requests = self.lab.wire.requests
        return f"{' | '.join(words[-3:])[-300:]!r} after {requests[-1] if requests else 'no request'}"

    def press(self, *keys):
        """Press keys, named as QEMU names them."""
        for key in keys:
            try:
                self.monitor.ask("send-key", keys=[{"type": "qcode", "data": key}])
            except MachineEnded:
                raise AssertionError(f"expected to press {key}; came the end: {self.state()}") from None
            time.sleep(0.3)

    def probe_lines(self, seconds):
        """What the probe told: (firmware, command line, [(size, crc), ...])."""
        self.expect(r"(?m)^probe: command line: .*\n", seconds)
        self.wait(self.has_ended, 30, "the probe's end")
        text = self.serial()
        found = re.search(r"(?m)^probe: (bios|efi)\nprobe: command line: (.*)\n", text)
        initrds = re.findall(r"(?m)^probe: initrd: size (\w+) crc (\w+)$", text)
        return found[1], found[2], [(int(s, 16), int(c, 16)) for s, c in initrds]

    def multiboot_lines(self, seconds):
        """What the multiboot probe told: (version, command line, [(size, crc, arguments), ...])."""
        self.expect(r"(?m)^probe: command line: .*\n", seconds)
        self.wait(self.has_ended, 30, "the probe's end")
        text = self.serial()
        found = re.search(r"(?m)^probe: (multiboot2?)\nprobe: command line: (.*)\n", text)
        modules = re.findall(r"(?m)^probe: module: size (\w+) crc (\w+) (.*)$", text)
        return found[1], found[2].strip(), [(int(s, 16), int(c, 16), args.strip()) for s, c, args in modules]

    def named_files(self):
        """What the probe found in its initrds: {path: (size, crc, executable)}."""
        found = re.findall(r"(?m)^probe: file (\S+) mode (\w+) size (\w+) crc (\w+)$", self.serial())
        return {path: (int(s, 16), int(c, 16), bool(int(mode, 16) & 0o111)) for path, mode, s, c in found}

    def pixels(self):
        """The screen as rows of bytes, three a pixel."""
        path = self.lab.dir / f"{self.name}.ppm"
        self.monitor.ask("screendump", filename=str(path))
        _, size, _, data = path.read_bytes().split(b"\n", 3)
        stride = int(size.split()[0]) * 3
        return [data[at : at + stride] for at in range(0, len(data), stride)]

    def take_picture(self):
        path = str(self.lab.dir / f"{self.name}.png")
        with contextlib.suppress(MachineEnded):
            self.monitor.ask("screendump", filename=path, format="png")


class MachineEnded(Exception):
    pass


class Monitor:
    """QEMU's machine protocol."""

    def __init__(self, path, process):
        self.socket = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + 120
        # There is a moment when the socket is there and nobody listens yet.
        while self.socket.connect_ex(str(path)) != 0:
            if process.poll() is not None or time.monotonic() > end:
                self.socket.close()
                raise RuntimeError("QEMU did not start")
            time.sleep(0.05)
        self.socket.settimeout(120)
        self.file = self.socket.makefile("r")
        self.file.readline()
        self.ask("qmp_capabilities")

    def close(self):
        self.file.close()
        self.socket.close()

    def ask(self, command, **arguments):
        try:
            self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
            return self.answer(command)
        except (ConnectionError, EOFError):
            raise MachineEnded from None

    def answer(self, command):
        while line := self.file.readline():
            message = json.loads(line)
            if "error" in message:
                raise RuntimeError(f"{command}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]
        raise EOFError
