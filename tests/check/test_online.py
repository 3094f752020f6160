#!/usr/bin/env python3
"""Runs mirrorboot-check --online against mirrors on loopback, which serve the
tree of Debian's own netboot package, and one fault at a time."""

import collections
import gzip
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
import installer
import webserver
from webserver import Failed, expect

BUILD = pathlib.Path(os.environ.get("MIRRORBOOT_BUILD", HERE.parent.parent / "build"))
CHECK = BUILD / "tools" / "mirrorboot-check"
TREE = installer.tree("amd64")
NB = "/debian/dists/bookworm/main/installer-amd64/current/images/netboot/"
DI = NB + "debian-installer/amd64/"
TIMEOUT = 3


def length(path):
    file = TREE / path
    return file.stat().st_size if file.exists() else 0


INITRD_LENGTH = length("debian-installer/amd64/initrd.gz")
LOADER_LENGTH = length("pxelinux.0")

LISTING = (b"<!DOCTYPE HTML>\n<html><head><title>Index of /debian</title>"
           b"</head><body><h1>Index of /debian</h1></body></html>\n")
ERROR_PAGE = (b"\n<html><head><title>Oops</title></head>"
              b"<body>File not found</body></html>\n")


class Handler(webserver.Handler):
    """Serves the tree below NB, except for the paths of the mirror's faults."""

    def answer(self, is_head):
        mirror = self.server.mirror
        with mirror.lock:
            mirror.asked[(self.command, self.path)] += 1
            mirror.now += 1
            mirror.most = max(mirror.most, mirror.now)
        try:
            fault = mirror.faults.get(self.path)
            if fault is None or not fault(self, is_head):
                self.serve(is_head)
        finally:
            with mirror.lock:
                mirror.now -= 1

    def serve(self, is_head, ranges=True):
        """The file of the tree."""
        file = TREE / self.path[len(NB):]
        if not self.path.startswith(NB) or not file.is_file():
            return self.send(404, b"not found\n", is_head)
        # Of a large file only the length is needed.
        size = file.stat().st_size
        with file.open("rb") as f:
            match = re.match(r"bytes=0-(\d+)$", self.headers.get("Range", ""))
            if match and ranges:
                part = f.read(int(match.group(1)) + 1)
                return self.send(206, part, is_head, {
                    "Content-Range": f"bytes 0-{len(part) - 1}/{size}"})
            return self.send(200, f.read() if not is_head else b"", is_head,
                             {"Content-Length": str(size)})


class Mirror(webserver.Mirror):

    def __init__(self):
        self.lock = threading.Lock()
        self.reset({})
        super().__init__(Handler)
        self.base = f"http://{self.host}/debian/"

    def reset(self, faults):
        self.faults = faults
        self.asked = collections.Counter()
        self.now = self.most = 0


# What can be wrong with a file: each returns True when it has answered.

def status(code):
    return lambda h, is_head: h.send(code, b"no\n", is_head)


def moved(location, code=302):
    return lambda h, is_head: h.send(
        code, b"", is_head,
        {"Location": location.replace("HOST", h.server.mirror.host)})


def content(body):
    return lambda h, is_head: h.send(200, body, is_head)


def from_file(path, length=None):
    """Another file of the tree, or the beginning of it."""
    return lambda h, is_head: h.send(
        200, (TREE / path).read_bytes()[:length], is_head)


def refuses_head(h, is_head):
    return is_head and h.send(405, b"", is_head)


def ignores_range(h, is_head):
    return h.serve(is_head, ranges=False)


def lies_to_head(h, is_head):
    return is_head and h.send(200, b"", True, {"Content-Length": "1234"})


def breaks_off(h, is_head):
    """Sends less than Content-Length says."""
    if is_head:
        return False
    h.close_connection = True
    h.send(200, b"\x1f\x8b only this much", False,
           {"Content-Length": str(INITRD_LENGTH)})
    return True


def drops(h, is_head):
    h.close_connection = True
    h.connection.shutdown(socket.SHUT_RDWR)
    return True


def is_silent(h, is_head):
    time.sleep(TIMEOUT * 3)
    return drops(h, is_head)


def is_slow(h, is_head):
    time.sleep(TIMEOUT * 0.6 if is_head else 0)
    return False


def for_arm64():
    """The kernel, with another machine in its PE header."""
    try:
        kernel = bytearray((TREE / "debian-installer/amd64/linux").read_bytes())
    except OSError:
        return b""  # which main() says
    header = int.from_bytes(kernel[0x3c:0x40], "little")
    assert kernel[header:header + 6] == b"PE\0\0\x64\x86"
    kernel[header + 4:header + 6] = b"\x64\xaa"
    return bytes(kernel)


class Busy:
    """Too busy for the first two requests of all."""

    def __init__(self):
        self.left = 2

    def __call__(self, h, is_head):
        self.left -= 1
        return self.left >= 0 and h.send(503, b"", is_head)


V = "/distros/debian/versions/bookworm: "
LINUX, INITRD = DI + "linux", DI + "initrd.gz"
LOADER, LDLINUX = NB + "pxelinux.0", NB + "ldlinux.c32"
CONFIG = NB + "pxelinux.cfg/default"
SCREENS = DI + "boot-screens/"


def line(severity, text, path, named_by=None):
    by = f" (named by http://SECOND{named_by})" if named_by else ""
    return f"{severity}: catalog.json: {V}{text}{by}: http://SECOND{path}"


# A fault of the second mirror, and all its findings.
ROWS = [
    ("nothing", {}, []),
    ("404 of a kernel", {LINUX: status(404)},
     [line("error", "kernel is missing: status 404", LINUX)]),
    ("410 of an initrd", {INITRD: status(410)},
     [line("error", "initrd is missing: status 410", INITRD)]),
    ("403", {LINUX: status(403)},
     [line("error", "kernel is refused: status 403", LINUX)]),
    ("500", {LINUX: status(500)},
     [line("error", "kernel is refused: status 500", LINUX)]),
    ("503 for a moment", {LINUX: Busy()}, []),
    ("moved within http", {LINUX: moved("http://HOST" + DI + "linux?2")},
     [line("warning", "kernel has moved (status 302), and not all clients "
           f"follow: http://SECOND{DI}linux?...", LINUX),
      line("error", "kernel is missing: status 404", DI + "linux?...", LINUX)]),
    ("moved to https", {LINUX: moved("https://HOST" + LINUX, 301)},
     [line("error", "kernel has moved to https, where clients without TLS "
           f"cannot follow: https://SECOND{LINUX}", LINUX)]),
    ("moved to a name that loaders cut",
     {LINUX: moved("http://HOST/" + "x" * 250)},
     [line("error", "kernel has moved to http://SECOND/" + "x" * 250 +
           ", a URL that is longer than 250 bytes, where loaders cut it",
          LINUX),
      line("error", "kernel is missing: status 404", "/" + "x" * 250,
           LINUX)]),
    ("moved in a circle", {LINUX: moved(NB + "a"), NB + "a": moved(LINUX)},
     [line("error", "kernel is redirected without end", NB + "a", LINUX),
      line("error", "kernel is redirected without end", LINUX)]),
    ("a directory listing for a kernel", {LINUX: content(LISTING)},
     [line("error", "kernel is a directory listing", LINUX)]),
    ("an error page for a kernel", {LINUX: content(ERROR_PAGE)},
     [line("error", "kernel is a page of HTML, maybe an error page", LINUX)]),
    ("an error page for a configuration", {CONFIG: content(ERROR_PAGE)},
     [line("error", "configuration is a page of HTML, maybe an error page",
           CONFIG)]),
    ("an error page for pxelinux.0", {LOADER: content(ERROR_PAGE)},
     [line("error", "loader is a page of HTML, maybe an error page", LOADER)]),
    ("plain text for an initrd", {INITRD: content(b"no such file\n")},
     [line("error", "initrd is plain text, maybe an error message", INITRD)]),
    ("an empty initrd", {INITRD: content(b"")},
     [line("error", "initrd is empty", INITRD)]),
    ("a script for a kernel", {LINUX: content(b"#!ipxe\n")},
     [line("error", "kernel is plain text, maybe an error message", LINUX)]),
    ("an initrd of ASCII alone", {INITRD: content(b"070701" + b"0" * 94)},
     [line("warning", "initrd differs between mirrors: 100 bytes, but "
           f"{INITRD_LENGTH} at http://FIRST{INITRD}", INITRD)]),
    ("an empty include", {SCREENS + "txt.cfg": content(b"")},
     [line("warning", "configuration differs between mirrors: 0 bytes, but "
           f"139 at http://FIRST{SCREENS}txt.cfg", SCREENS + "txt.cfg",
           SCREENS + "menu.cfg")]),
    ("a program for a kernel", {LINUX: from_file("pxelinux.0")},
     [line("error", "kernel is not a Linux kernel", LINUX)]),
    ("a kernel for an initrd",
     {INITRD: from_file("debian-installer/amd64/linux")},
     [line("warning", "initrd begins with unknown bytes", INITRD)]),
    ("a kernel for a module",
     {LDLINUX: from_file("debian-installer/amd64/linux")},
     [line("error", "module is not a SYSLINUX module", LDLINUX, LOADER)]),
    ("a kernel for pxelinux.0",
     {LOADER: from_file("debian-installer/amd64/linux", 4096)},
     [line("warning", "loader is not PXELINUX", LOADER)]),
    ("bytes for a configuration", {CONFIG: content(b"default\0vesamenu\n")},
     [line("error", "configuration is not text", CONFIG)]),
    ("a kernel for arm64", {LINUX: content(for_arm64())},
     [line("error", "kernel is for another architecture", LINUX)]),
    ("a kernel that is cut short",
     {LINUX: from_file("debian-installer/amd64/linux", 100000)},
     [line("error", "kernel is cut short: its header says that it is longer",
           LINUX)]),
    ("an initrd of another length", {INITRD: content(b"\x1f\x8b" + b"\0" * 9)},
     [line("warning", "initrd differs between mirrors: 11 bytes, but "
           f"{INITRD_LENGTH} at http://FIRST{INITRD}", INITRD)]),
    ("a length for HEAD that is wrong", {INITRD: lies_to_head},
     [line("error", f"initrd has 1234 bytes for HEAD, but {INITRD_LENGTH} for GET",
           INITRD)]),
    ("a length that is never reached", {INITRD: breaks_off},
     [line("error", "initrd cannot be fetched: the connection broke before the end of the file", INITRD)]),
    ("a dropped connection", {LINUX: drops},
     [line("error", "kernel cannot be fetched: the connection broke before an answer", LINUX)]),
    ("silence", {LINUX: is_silent},
     [line("error", "kernel cannot be fetched: no answer before the timeout", LINUX)]),
    ("a slow answer", {LINUX: is_slow},
     [line("warning", "kernel is slow: the answer began after more than half "
           f"of the timeout of {TIMEOUT} seconds", LINUX)]),
    ("HEAD refused, GET not", {LINUX: refuses_head}, []),
    ("ranges ignored", {INITRD: ignores_range}, []),
    ("ldlinux.c32 missing", {LDLINUX: status(404)},
     [line("error", "module is missing: status 404", LDLINUX, LOADER)]),
    ("a library of the menu missing", {SCREENS + "libutil.c32": status(404)},
     [line("error", "module is missing: status 404", SCREENS + "libutil.c32",
           CONFIG)]),
    ("the menu program missing", {SCREENS + "vesamenu.c32": status(404)},
     [line("error", "module is missing: status 404", SCREENS + "vesamenu.c32",
           CONFIG)]),
    ("an include missing", {SCREENS + "txt.cfg": status(404)}, []),
    ("a kernel that an include names missing",
     {SCREENS + "txt.cfg": content(b"label x\nkernel other\n"
                                   b"append initrd=a.gz,b.gz quiet\n"),
      NB + "a.gz": content(b"\x1f\x8bgz")},
     [line("error", "initrd is missing: status 404", NB + "b.gz",
           SCREENS + "txt.cfg"),
      line("warning", "configuration differs between mirrors: 51 bytes, but "
           f"139 at http://FIRST{SCREENS}txt.cfg", SCREENS + "txt.cfg",
           SCREENS + "menu.cfg"),
      line("error", "kernel is missing: status 404", NB + "other",
           SCREENS + "txt.cfg")]),
    ("modules that are on the path, or nowhere",
     {CONFIG: content(b"PATH debian-installer/amd64/boot-screens\n"
                      b"ui vesamenu.c32\nlabel a\n\tmenu label A\n"
                      b"\ttext help\n kernel in-a-text\nendtext\n"
                      b"\tkernel chain.c32\nlabel b\n\tkernel memdisk.bin\n")},
     [line("error", "module is missing: status 404", SCREENS + "chain.c32",
           CONFIG),
      line("warning", "configuration differs between mirrors: 162 bytes, but "
           f"265 at http://FIRST{CONFIG}", CONFIG)]),
    ("a PXELINUX that needs no ldlinux.c32",
     {LOADER: content(b"kernel other\nPXELINUX 3.83 " + b"\0" * 88),
      LDLINUX: status(404)},
     [line("warning", f"loader differs between mirrors: 115 bytes, but {LOADER_LENGTH} "
           f"at http://FIRST{LOADER}", LOADER)]),
]


def catalog(directory, bases):
    """A catalogue of one release on these mirrors."""
    path = pathlib.Path(directory) / "catalog.json"
    path.write_text(json.dumps({
        "site": {"base": "http://boot.test/boot/"},
        "mirrors": {"debian": bases},
        "distros": {"debian": {
            "title": "Debian", "mirror": "debian",
            "root": "{{mirror}}" + NB[len("/debian/"):].replace(
                "bookworm", "{{version}}"),
            "pxelinux": {"loader": "{{root}}pxelinux.0",
                         "config": "pxelinux.cfg/default"},
            "kernel": "{{root}}debian-installer/{{distro_arch}}/linux",
            "initrds": ["{{root}}debian-installer/{{distro_arch}}/initrd.gz"],
            "variants": {"rescue": {"title": "rescue",
                                    "args": "rescue/enable=true"}},
            "versions": {"bookworm": {"arches": ["amd64"]}}}},
        "menus": {"main": {"entries": [
            {"distro": "debian"},
            {"distro": "debian", "variant": "rescue"}]}}}))
    return path


def check(path, mirrors, *options):
    """Exit status, lines with names in place of the mirrors' hosts, standard
    error."""
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("MIRRORBOOT_") and
                   not k.lower().endswith("_proxy")}
    result = subprocess.run(
        [CHECK, "--online", "--timeout", str(TIMEOUT), *options, path],
        env=environment, capture_output=True, text=True, timeout=50)
    out = result.stdout
    for name, mirror in zip(("FIRST", "SECOND"), mirrors):
        out = out.replace(mirror.host, name)
    return result.returncode, out.splitlines(), result.stderr


def test_row(path, mirrors, name, faults, lines):
    mirrors[0].reset({})
    mirrors[1].reset(faults)
    code, found, errors = check(path, mirrors)
    errors_first = sorted(lines, key=lambda line: line.startswith("warning"))
    expect(f"{name}: findings", found, errors_first)
    expect(f"{name}: exit status", code,
           int(any(line.startswith("error: ") for line in lines)))
    expect(f"{name}: standard error", errors, "")


def test_each_url_is_asked_once(path, mirrors):
    for mirror in mirrors:
        mirror.reset({})
    check(path, mirrors)
    for mirror in mirrors:
        often = [k for k, n in mirror.asked.items() if n > 1]
        expect("asked more than once", often, [])
        for file in (LINUX, INITRD, LOADER, LDLINUX, CONFIG,
                     SCREENS + "libcom32.c32", SCREENS + "adtxt.cfg"):
            expect(f"asked {file}", mirror.asked[("GET", file)], 1)


def test_host_is_asked_so_many_at_a_time(path, mirrors):
    def lingers(h, is_head):
        time.sleep(0.05)
        return False

    files = [LINUX, INITRD, LOADER, LDLINUX, CONFIG] + [
        SCREENS + f.name for f in
        (TREE / "debian-installer/amd64/boot-screens").iterdir()]
    for limit in (1, 3):
        mirrors[0].reset({})
        mirrors[1].reset({f: lingers for f in files})
        check(path, mirrors, "--per-host", str(limit))
        expect(f"--per-host {limit}: most at a time", mirrors[1].most, limit)


def test_dead_host_is_said_once(mirrors):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        with tempfile.TemporaryDirectory() as directory:
            path = catalog(directory,
                           [mirrors[0].base, f"http://{host}/debian/"])
            mirrors[0].reset({})
            code, found, _ = check(path, mirrors)
            expect("dead host", [f.replace(host, "SECOND") for f in found],
                   [line("error", "initrd cannot be fetched: no connection to "
                         "the host; this concerns all 4 files of SECOND", INITRD)])
            expect("dead host: exit status", code, 1)
            path = catalog(directory, [f"http://{host}/a/",
                                       f"http://{host}/b/"])
            code, found, errors = check(path, mirrors)
            expect("no network: exit status", code, 2)
            expect("no network: message", errors,
                   "mirrorboot-check: no mirror answered at all: is there a "
                   "network?\n")


def test_unknown_host_is_said_once(mirrors):
    """A name this long is invalid, so no name server is asked."""
    host = "x" * 64 + ".invalid"
    with tempfile.TemporaryDirectory() as directory:
        path = catalog(directory, [mirrors[0].base, f"http://{host}/debian/"])
        mirrors[0].reset({})
        code, found, _ = check(path, mirrors)
        expect("unknown host", [f.replace(host, "SECOND") for f in found],
               [line("error", "initrd cannot be fetched: the host name is "
                     "unknown; this concerns all 4 files of SECOND", INITRD)])
        expect("unknown host: exit status", code, 1)


def test_reason_stands_for_what_is_not_asked(mirrors):
    """A dead host is not asked for the remaining files, and one of them comes
    first in the findings."""
    with socket.socket() as closed, \
            tempfile.TemporaryDirectory() as directory:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        path = catalog(directory, [mirrors[0].base])
        data = json.loads(path.read_text())
        data["menus"]["main"]["entries"].pop()
        data["distros"]["debian"] = {
            "title": "Other", "kernel": f"http://{host}/d",
            "initrds": [f"http://{host}/{name}" for name in "cba"],
            "versions": {"bookworm": {"arches": ["amd64"]}}}
        data["mirrors"] = {}
        path.write_text(json.dumps(data))
        code, found, _ = check(path, mirrors, "--per-host", "1")
        expect("not asked", [f.replace(host, "SECOND") for f in found],
               [line("error", "initrd cannot be fetched: no connection to "
                     "the host; this concerns all 4 files of SECOND", "/a")])


def test_refused_catalogue_is_not_checked_online(mirrors):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "catalog.json"
        path.write_text("{")
        code, found, errors = check(path, mirrors)
        expect("refused: exit status", code, 1)
        expect("refused: standard error", errors,
               "mirrorboot-check: the mirrors are not checked, because the "
               "catalogue is refused\n")


def test_one_distro_is_asked_for(mirrors):
    with tempfile.TemporaryDirectory() as directory:
        path = catalog(directory, [m.base for m in mirrors])
        data = json.loads(path.read_text())
        for name in "other", "third":
            data["distros"][name] = {
                "title": name, "mirror": "debian", "kernel": "{{mirror}}" + name,
                "versions": {"1": {"arches": ["amd64"]}}}
            data["menus"]["main"]["entries"].append({"distro": name})
        path.write_text(json.dumps(data))
        for options, names in ((["other"], ["other"]), (["other", "third"], ["other", "third"])):
            for mirror in mirrors:
                mirror.reset({})
            code, found, errors = check(path, mirrors, *(word for name in options for word in ("--distro", name)))
            expect(f"{options}: asked", sorted(path for _, path in mirrors[0].asked), [f"/debian/{n}" for n in names])
            expect(f"{options}: findings", len([f for f in found if "is missing: status 404" in f]), 2 * len(names))
            expect(f"{options}: exit status", (code, errors), (1, ""))
        for mirror in mirrors:
            mirror.reset({})
        code, _, errors = check(path, mirrors, "--distro", "other", "--distro", "debain")
        expect("no such distro", (code, errors),
               (2, "mirrorboot-check: --distro: no release is of 'debain'; did you mean 'debian'?\n"))
        expect("no such distro: asked", mirrors[0].asked, {})


def grub_for(machine):
    """GRUB's beginning, with that machine in its PE header."""
    grub = bytearray((TREE / "debian-installer/amd64/grubx64.efi").read_bytes()[:4096])
    header = int.from_bytes(grub[0x3c:0x40], "little")
    grub[header + 4:header + 6] = machine.to_bytes(2, "little")
    return bytes(grub)


def test_programs_to_chain(mirrors):
    foreign = "is for another architecture"
    rows = [
        (grub_for(0x5064), "riscv64", None),
        (grub_for(0x5064), "loong64", foreign),
        (grub_for(0x1c2), "armhf", None),
        (grub_for(0x1c2), "arm64", foreign),
        (grub_for(0x6264), "loong64", None),
        (grub_for(0x6264), "armhf", foreign),
        (b"\x7fELF\0", "amd64", "is not an EFI program"),
        (b"not found", "amd64", "is plain text, maybe an error message"),
        ((TREE / "debian-installer/amd64/grubx64.efi").read_bytes()[:4096],
         "amd64", None),
        ((TREE / "debian-installer/amd64/grubx64.efi").read_bytes()[:4096],
         "arm64", foreign),
    ]
    for body, arch, fault in rows:
        mirrors[0].reset({"/debian/efi": content(body),
                          "/debian/bios": content(b"\xea\0")})
        with tempfile.TemporaryDirectory() as directory:
            path = catalog(directory, [mirrors[0].base])
            data = json.loads(path.read_text())
            data["menus"]["main"]["entries"].pop()
            data["distros"]["debian"] = {
                "title": "Other", "mirror": "debian",
                "chain": {"bios": "{{mirror}}bios", "efi": "{{mirror}}efi"},
                "versions": {"1": {"arches": [arch]}}}
            path.write_text(json.dumps(data))
            _, found, _ = check(path, mirrors)
        wanted = [f"error: catalog.json: /distros/debian/versions/1: program "
                  f"{fault}: http://FIRST/debian/efi"] if fault else []
        expect(f"{body[:9]} for {arch}",
               [f for f in found if "no second mirror" not in f], wanted)


def test_a_program_with_arguments_and_its_shim(mirrors):
    grub = (TREE / "debian-installer/amd64/grubx64.efi").read_bytes()[:4096]
    mirrors[0].reset({"/debian/uki.efi": content(grub),
                      "/debian/shim.efi": content(b"\x7fELF\0")})
    with tempfile.TemporaryDirectory() as directory:
        path = catalog(directory, [mirrors[0].base])
        data = json.loads(path.read_text())
        data["menus"]["main"]["entries"].pop()
        data["distros"]["debian"] = {
            "title": "Image", "mirror": "debian", "args": "quiet",
            "chain": {"efi": "{{mirror}}uki.efi"},
            "shim": "{{mirror}}shim.efi",
            "variants": {"rescue": {"title": "rescue", "args": "rescue"}},
            "versions": {"1": {"arches": ["amd64"]}}}
        path.write_text(json.dumps(data))
        _, found, _ = check(path, mirrors)
    expect("a program and its shim",
           [f for f in found if f.startswith("error")],
           ["error: catalog.json: /distros/debian/versions/1: shim is not an "
            "EFI program: http://FIRST/debian/shim.efi"])


def test_copies_on_the_sites_own_server(mirrors):
    """Only one that the site names has to be there."""
    v = "/distros/debian/versions/copy: "
    missing = [f"error: catalog.json: {v}{name} is missing: status 404: "
               f"http://FIRST/debian/copies/{name}"
               for name in ("file", "initrd", "kernel")]
    with tempfile.TemporaryDirectory() as directory:
        path = catalog(directory, [mirrors[0].base])
        data = json.loads(path.read_text())
        data["site"]["base"] = mirrors[0].base
        data["menus"]["main"]["entries"].pop()
        data["mirrors"] = {}
        data["distros"]["debian"] = {
            "title": "Copy", "root": "{{base}}copies/",
            "copy": {"from": "http://h.test/", "files": {"kernel": "k", "file": "f", "live/": "live/"}},
            "kernel": "{{root}}kernel", "initrds": ["{{root}}initrd"],
            "versions": {"copy": {"arches": ["amd64"]}}}
        for copies, wanted, lines in (([], 0, []), (["debian"], 1, missing)):
            data["site"]["copies"] = copies
            path.write_text(json.dumps(data))
            mirrors[0].reset({})
            code, found, _ = check(path, mirrors)
            expect(f"copies: {copies}", found, lines)
            expect(f"copies: {copies}: exit status", code, wanted)
        data["site"]["copies"] = []
        path.write_text(json.dumps(data))
        code, _, errors = check(path, mirrors, "--distro", "debian")
        expect("copies: a distro that has none", (code, errors),
               (0, "mirrorboot-check: --distro: nothing is asked, because the site has no copy of what these "
                "distros start\n"))


def check_other(mirrors, **keys):
    """What is found of a distro of the first mirror that has a kernel, and
    these keys."""
    with tempfile.TemporaryDirectory() as directory:
        path = catalog(directory, [mirrors[0].base])
        data = json.loads(path.read_text())
        data["menus"]["main"]["entries"].pop()
        data["distros"]["debian"] = {
            "title": "Other", "mirror": "debian", "kernel": "{{mirror}}linux",
            **keys, "versions": {"1": {"arches": ["amd64"]}}}
        path.write_text(json.dumps(data))
        return check(path, mirrors)[1]


def test_shim(mirrors):
    """What vouches for the kernel is asked for too."""
    program = (TREE / "debian-installer/amd64/bootnetx64.efi").read_bytes()
    rows = [
        ({"/debian/shim": content(program[:4096])}, None),
        ({"/debian/shim": content(b"not found")}, "shim is plain text, maybe an error message"),
        ({}, "shim is missing: status 404"),
    ]
    for pages, fault in rows:
        mirrors[0].reset({"/debian/linux": content((TREE / "debian-installer/amd64/linux").read_bytes()), **pages})
        found = check_other(mirrors, shim="{{mirror}}shim")
        wanted = [f"error: catalog.json: /distros/debian/versions/1: {fault}: http://FIRST/debian/shim"] if fault else []
        expect(f"shim {fault}", [f for f in found if "no second mirror" not in f], wanted)


def test_multiboot(mirrors):
    """The kernel has a header of multiboot, or is compressed as its name says;
    a module may be any file."""
    first = b"\x7fELF" + b"\0" * 4092 + b"\x02\xb0\xad\x1b" + b"\0" * 9000
    second = b"\x7fELF" + b"\0" * 20476 + b"\xd6\x50\x52\xe8" + b"\0" * 9000
    packed = gzip.compress(first)
    rows = [
        ("xen", content(first), "m", content(b"any text\n"), None),
        ("xen", content(second), "m", content(b"\0\1" * 999), None),
        ("xen.gz", content(packed), "m", content(b"a"), None),
        ("xen", content(packed), "m", content(b"a"),
         "kernel is compressed, and its name does not end in .gz, by which iPXE is kept from it"),
        ("xen.gz", content(first), "m", content(b"a"), "kernel is not compressed by gzip, as its name says"),
        ("xen", content(b"\x7fELF" + b"\0" * 4090 + first), "m", content(b"a"), "kernel is not a multiboot kernel"),
        ("xen", content(first), "m", content(ERROR_PAGE), "file is a page of HTML, maybe an error page"),
        ("xen", content(first), "m", status(404), "file is missing: status 404"),
    ]
    for kernel, page, module, other, fault in rows:
        mirrors[0].reset({f"/debian/{kernel}": page, f"/debian/{module}": other})
        found = check_other(mirrors, kernel="{{mirror}}" + kernel, multiboot=[{"file": "{{mirror}}" + module, "args": "a"}])
        name = module if fault and fault.startswith("file") else kernel
        wanted = [f"error: catalog.json: /distros/debian/versions/1: {fault}: http://FIRST/debian/{name}"] if fault else []
        found = [f for f in found if "no second mirror" not in f and "compressed kernel, which" not in f]
        expect(f"multiboot {kernel} {fault}", found, wanted)


def test_named_files(mirrors):
    """What a loader puts into the initrd may be any file but an error page."""
    rows = [
        (content(b"d-i debian-installer/locale string en_US\n"), None),
        (content(b"\0\1\2\3" * 1000), None),
        (content(b'<?xml version="1.0"?>\n<!DOCTYPE profile>\n<profile/>\n'), None),
        (content(b"<!-- by hand -->\n<profile/>\n"), None),
        (content(b'<?xml version="1.0"?>\n<!doctype html>\n'), "file is a page of HTML, maybe an error page"),
        (content(b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'),
         "file is a page of HTML, maybe an error page"),
        (content(ERROR_PAGE), "file is a page of HTML, maybe an error page"),
        (content(b""), "file is empty"),
        (status(404), "file is missing: status 404"),
    ]
    for page, fault in rows:
        mirrors[0].reset({"/debian/linux": content((TREE / "debian-installer/amd64/linux").read_bytes()),
                          "/debian/f": page})
        found = check_other(mirrors, initrds=[{"file": "{{mirror}}f", "name": "/preseed.cfg"}])
        wanted = [f"error: catalog.json: /distros/debian/versions/1: {fault}: http://FIRST/debian/f"] if fault else []
        expect(f"named file {fault}", [f for f in found if "no second mirror" not in f and "left out" not in f], wanted)


def test_images(mirrors):
    rows = [
        (content(b"\0" * 40000), None),
        (content(b"not found"), "image is plain text, maybe an error message"),
        (content("p\u00e1gina n\u00e3o encontrada".encode() * 100), "image is plain text, maybe an error message"),
        (content("p\u00e1gina".encode("latin-1")), None),
        (content(b"\xef\xbb\xbf" + ERROR_PAGE), "image is a page of HTML, maybe an error page"),
        (content(ERROR_PAGE), "image is a page of HTML, maybe an error page"),
        (status(404), "image is missing: status 404"),
    ]
    for page, fault in rows:
        mirrors[0].reset({"/debian/a.iso": content(b"\0" * 40000), "/debian/a.img": page})
        with tempfile.TemporaryDirectory() as directory:
            path = catalog(directory, [mirrors[0].base])
            data = json.loads(path.read_text())
            data["menus"]["main"]["entries"].pop()
            data["distros"]["debian"] = {
                "title": "Other", "mirror": "debian", "image": {"bios": "{{mirror}}a.iso", "efi": "{{mirror}}a.img"},
                "versions": {"1": {"arches": ["amd64"]}}}
            path.write_text(json.dumps(data))
            _, found, _ = check(path, mirrors)
        wanted = [f"error: catalog.json: /distros/debian/versions/1: {fault}: http://FIRST/debian/a.img"] if fault else []
        expect(f"image {fault}", [f for f in found if "no second mirror" not in f], wanted)


def test_scripts(mirrors):
    """A script is named in script, and nothing else is."""
    rows = [
        ("script", b"#!ipxe\nkernel a\n", None),
        ("script", b"#!gpxe\nkernel a\n", None),
        ("script", b"echo a\n", "script is not a script for iPXE: it does not "
         "begin with #!ipxe"),
        ("script", b"MZ\0\0", "script is not a script for iPXE: it does not "
         "begin with #!ipxe"),
        ("script", ERROR_PAGE, "script is a page of HTML, maybe an error page"),
        ("script", b"", "script is empty"),
        ("chain", b"#!ipxe\nkernel a\n", "program is a script, which only "
         "iPXE can run: write it as 'script', not in 'chain'"),
        ("chain", b"#!gpxe\nkernel a\n", "program is a script, which only "
         "iPXE can run: write it as 'script', not in 'chain'"),
    ]
    for key, body, fault in rows:
        mirrors[0].reset({"/debian/menu": content(body)})
        with tempfile.TemporaryDirectory() as directory:
            path = catalog(directory, [mirrors[0].base])
            data = json.loads(path.read_text())
            data["menus"]["main"]["entries"].pop()
            data["distros"]["debian"] = {
                "title": "Other", "mirror": "debian",
                key: "{{mirror}}menu" if key == "script" else
                {"bios": "{{mirror}}menu", "efi": "{{mirror}}menu"},
                "versions": {"1": {"arches": ["amd64"]}}}
            path.write_text(json.dumps(data))
            _, found, _ = check(path, mirrors)
        wanted = [f"error: catalog.json: /distros/debian/versions/1: {fault}: "
                  "http://FIRST/debian/menu"] if fault else []
        expect(f"{key}: {body[:9]}",
               [f for f in found if f.startswith("error")], wanted)


def bzimage(length, paragraphs):
    """So many bytes of a kernel whose header says 1024 and so many times 16."""
    kernel = bytearray(1024 + 16 * (paragraphs + 1))
    kernel[0x1f1] = 1
    kernel[0x1f4:0x1f8] = paragraphs.to_bytes(4, "little")
    kernel[0x202:0x206] = b"HdrS"
    return bytes(kernel[:length])


def test_a_kernel_ends_in_its_last_paragraph(mirrors):
    """Of 16 bytes: ipxe.lkrn and memtest86+ do not fill it."""
    short = "is cut short: its header says that it is longer"
    rows = [(1024, short), (1039, short), (1040, short), (1041, None),
            (1055, None), (1056, None), (1057, None), (1072, None)]
    for length, fault in rows:
        mirrors[0].reset({"/debian/linux": content(bzimage(length, 2))})
        with tempfile.TemporaryDirectory() as directory:
            path = catalog(directory, [mirrors[0].base])
            data = json.loads(path.read_text())
            data["menus"]["main"]["entries"].pop()
            data["distros"]["debian"] = {
                "title": "Other", "mirror": "debian",
                "kernel": "{{mirror}}linux",
                "versions": {"1": {"arches": ["amd64"]}}}
            path.write_text(json.dumps(data))
            _, found, _ = check(path, mirrors)
        wanted = [f"error: catalog.json: /distros/debian/versions/1: kernel "
                  f"{fault}: http://FIRST/debian/linux"] if fault else []
        expect(f"{length} bytes",
               [f for f in found if f.startswith("error")], wanted)


def read_to_end(terminal):
    """A read returns a few kilobytes at most, and fails at the end."""
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 1 << 16)
        except OSError:
            return shown.decode()


def test_progress_is_for_terminals(path, mirrors):
    for mirror in mirrors:
        mirror.reset({})
    terminal, its_end = os.openpty()
    result = subprocess.run([CHECK, "--online", path], stdout=subprocess.PIPE,
                            stderr=its_end, text=True, timeout=50)
    os.close(its_end)
    shown = read_to_end(terminal)
    os.close(terminal)
    expect("progress: findings", result.stdout, "")
    last = re.findall(r"(\d+) of (\d+) requests", shown)[-1:]
    if not last or last[0][0] != last[0][1] or not shown.endswith("\r\n"):
        raise Failed(f"progress: {shown[-60:]!r}")


def test_json_has_the_url(path, mirrors):
    mirrors[0].reset({})
    mirrors[1].reset({LINUX: status(404)})
    code, found, _ = check(path, mirrors, "--json")
    expect("json", json.loads("\n".join(found)), {"findings": [{
        "severity": "error", "check": "missing", "file": "catalog.json",
        "pointer": V[:-2], "reason": "kernel is missing: status 404",
        "url": f"http://SECOND{LINUX}"}]})
    expect("json: exit status", code, 1)


def main():
    if not (TREE / "pxelinux.0").exists():
        sys.exit(f"{TREE} is missing: apt-get install {installer.package('amd64')}")
    began = time.monotonic()
    mirrors = [Mirror(), Mirror()]
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        path = catalog(directory, [m.base for m in mirrors])
        tests = [(n, lambda row=(n, f, l): test_row(path, mirrors, *row))
                 for n, f, l in ROWS]
        tests += [
            ("each URL is asked once",
             lambda: test_each_url_is_asked_once(path, mirrors)),
            ("a host is asked so many at a time",
             lambda: test_host_is_asked_so_many_at_a_time(path, mirrors)),
            ("a dead host is said once",
             lambda: test_dead_host_is_said_once(mirrors)),
            ("an unknown host is said once",
             lambda: test_unknown_host_is_said_once(mirrors)),
            ("a reason stands for what is not asked",
             lambda: test_reason_stands_for_what_is_not_asked(mirrors)),
            ("a refused catalogue is not checked online",
             lambda: test_refused_catalogue_is_not_checked_online(mirrors)),
            ("one distro is asked for",
             lambda: test_one_distro_is_asked_for(mirrors)),
            ("programs to chain", lambda: test_programs_to_chain(mirrors)),
            ("a program with arguments and its shim",
             lambda: test_a_program_with_arguments_and_its_shim(mirrors)),
            ("copies on the site's own server",
             lambda: test_copies_on_the_sites_own_server(mirrors)),
            ("shim", lambda: test_shim(mirrors)),
            ("named files", lambda: test_named_files(mirrors)),
            ("images", lambda: test_images(mirrors)),
            ("multiboot", lambda: test_multiboot(mirrors)),
            ("scripts", lambda: test_scripts(mirrors)),
            ("a kernel ends in its last paragraph",
             lambda: test_a_kernel_ends_in_its_last_paragraph(mirrors)),
            ("progress is for terminals",
             lambda: test_progress_is_for_terminals(path, mirrors)),
            ("--json", lambda: test_json_has_the_url(path, mirrors)),
        ]
        for name, test in tests:
            try:
                test()
                print(f"ok {name}")
            except Failed as fault:
                failed += 1
                print(f"not ok {name}\n  {fault}")
    print(f"{len(tests)} tests, {failed} failed, "
          f"{time.monotonic() - began:.0f} s")
    return 1 if failed else 0


sys.exit(main())
