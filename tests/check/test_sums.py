#!/usr/bin/env python3
"""Runs mirrorboot-check --verify and --pin against mirrors on loopback, whose
lists are signed by keys that are made here, with one fault at a time."""

import email.utils
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("MIRRORBOOT_BUILD", HERE.parent.parent / "build"))
CHECK = BUILD / "tools" / "mirrorboot-check"

sys.path.insert(0, str(HERE.parent))
import installer
import webserver
from webserver import Failed, expect

TREE = installer.tree("amd64")

OLD, NEW = "2024-05-01T08:00:00Z", "2024-06-01T08:00:00Z"
LATER = "2024-06-02T09:00:00Z"
SUITE = "dists/bookworm/"
IMAGES = SUITE + "main/installer-amd64/current/images/"
LINUX, INITRD = IMAGES + "netboot/linux", IMAGES + "netboot/initrd.gz"
V = "/distros/debian/versions/bookworm: "


def bzimage(text):
    """What passes for a kernel."""
    kernel = bytearray(1024 + 16)
    kernel[0x1f1] = 1
    kernel[0x1f4:0x1f8] = (1).to_bytes(4, "little")
    kernel[0x202:0x206] = b"HdrS"
    return bytes(kernel) + text


KERNEL, OTHER_KERNEL = bzimage(b"a kernel"), bzimage(b"a KERNEL")
RAMDISK, OTHER_RAMDISK = b"\x1f\x8ba disk", b"\x1f\x8ba disc"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Keys:
    """Keys in a home of their own, and the keyring of those that are trusted."""

    def __init__(self, directory):
        self.home = pathlib.Path(directory) / "gnupg"
        self.home.mkdir(mode=0o700)
        self.keyring = pathlib.Path(directory) / "keyring.gpg"
        for name, until in (("good", "0"), ("other", "0"), ("revoked", "0"),
                            ("expired", "2024-07-01")):
            self.gpg("--faked-system-time", "20240101T000000", "--passphrase", "",
                     "--quick-gen-key", name, "ed25519", "sign", until)
        self.trust("good", "revoked", "expired")

    def gpg(self, *args, content=b""):
        return subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", "--yes",
             "--pinentry-mode", "loopback", *args],
            input=content, capture_output=True, check=True).stdout

    def trust(self, *names):
        self.keyring.write_bytes(self.gpg("--export", *names))

    def sign(self, how, content, date, names, *options):
        when = re.sub("[-:Z]", "", date)
        users = [o for name in names for o in ("--local-user", name)]
        return self.gpg("--faked-system-time", when + "!", *users, *options, how,
                        content=content)

    def clearsign(self, content, date=NEW, names=("good",), options=()):
        return self.sign("--clearsign", content, date, names, *options)

    def detach(self, content, date=NEW, names=("good",)):
        return self.sign("--detach-sign", content, date, names, "--armor")

    def revoke(self, name):
        fingerprint = re.search(rb"^fpr:+([0-9A-F]+):", self.gpg(
            "--with-colons", "--list-keys", name), re.M)[1].decode()
        file = self.home / "openpgp-revocs.d" / f"{fingerprint}.rev"
        self.gpg("--import", content=file.read_bytes().replace(b":-----", b"-----"))

    def stop(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"],
                       check=False, capture_output=True)


class Handler(webserver.Handler):

    def answer(self, is_head):
        mirror = self.server.mirror
        content = mirror.files.get(self.path.removeprefix("/debian/"))
        headers = {}
        if not is_head and "Range" not in self.headers:
            mirror.whole.append(self.path.removeprefix("/debian/"))
            if callable(content):
                return content(self)
        if callable(content):
            content = RAMDISK
        status = 200 if content is not None else 404
        if isinstance(content, str):
            status, headers["Location"], content = 302, content, b""
        headers["Last-Modified"] = email.utils.formatdate(
            seconds_of(mirror.modified), usegmt=True)
        content = content or b""
        if m := re.match(r"bytes=0-(\d+)$", self.headers.get("Range", "")):
            headers["Content-Range"] = f"bytes 0-{m[1]}/{len(content)}"
            content, status = content[:int(m[1]) + 1], 206 if status == 200 else status
        self.send(status, content, is_head, headers)


class Mirror(webserver.Mirror):

    def __init__(self):
        self.set({})
        super().__init__(Handler)

    def set(self, files, modified=OLD):
        self.files, self.modified = files, modified
        self.whole = []  # what was fetched whole


def seconds_of(date):
    import calendar
    return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ"))


class Site:
    """A catalogue of one release, its mirrors and what they are signed by."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.keys = Keys(directory)
        self.mirrors = [Mirror(), Mirror()]
        self.path = self.directory / "catalog.json"
        self.pins = self.directory / "pins" / "pins.json"
        self.pins.parent.mkdir()

    def sums(self):
        return {"lists": ["{{mirror}}" + SUITE + "InRelease",
                          "{{mirror}}" + IMAGES + "SHA256SUMS"],
                "keyring": str(self.keys.keyring)}

    def write(self, sums=None, include=(), count=2, **distro):
        self.path.write_text(json.dumps({
            "site": {"base": "http://boot.test/boot/"},
            "include": list(include),
            "mirrors": {"debian": [f"http://{m.host}/debian/"
                                   for m in self.mirrors[:count]]},
            "distros": {"debian": {
                "title": "Debian", "mirror": "debian",
                "kernel": "{{mirror}}" + LINUX,
                "initrds": ["{{mirror}}" + INITRD],
                "sums": sums or self.sums(),
                "versions": {"bookworm": {"arches": ["amd64"]}}, **distro}},
            "menus": {"main": {"entries": [{"distro": "debian"}]}}}))

    def tree(self, kernel=KERNEL, initrd=RAMDISK, date=NEW, head="", suite="stable",
             codename="bookworm", **sign):
        """The files of a Debian archive; sign: as of Keys.clearsign()."""
        sums = (f"{sha256(kernel)}  ./netboot/linux\n"
                f"{sha256(initrd)}  ./netboot/initrd.gz\n").encode()
        name = IMAGES.removeprefix(SUITE) + "SHA256SUMS"
        release = (f"Suite: {suite}\nCodename: {codename}\n{head}MD5Sum:\n"
                   f" {hashlib.md5(sums).hexdigest()} {len(sums):8} {name}\n"
                   f"SHA256:\n {sha256(sums)} {len(sums):8} {name}\n").encode()
        return {SUITE + "InRelease": self.keys.clearsign(release, date, **sign),
                SUITE + "Release": release,
                IMAGES + "SHA256SUMS": sums, LINUX: kernel, INITRD: initrd}

    def check(self, *options, environment={}):
        """Exit status, lines with names in place of the mirrors' hosts,
        standard error."""
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("MIRRORBOOT_") and
               not k.lower().endswith("_proxy")}
        result = subprocess.run(
            [CHECK, "--timeout", "20", *(options or ["--verify"]), self.path],
            env={**env, "TMPDIR": str(self.directory), **environment},
            capture_output=True, text=True, timeout=120)
        out = result.stdout
        for name, mirror in zip(("FIRST", "SECOND"), self.mirrors):
            out = out.replace(mirror.host, name)
        out = out.replace(str(self.directory), "DIR")
        expect("left behind", list(self.directory.glob("mirrorboot-check.*")), [])
        return (result.returncode, out.splitlines(),
                result.stderr.replace(str(self.directory), "DIR"))


def line(text, path=SUITE + "InRelease", severity="error", mirror="SECOND"):
    return f"{severity}: catalog.json: {V}{text}: http://{mirror}/debian/{path}"


def at(path):
    return f"http://SECOND/debian/{path}"


def wrong(name, content, path, lists=IMAGES + "SHA256SUMS"):
    return line(f"{name} is not the one of the list of sums: its SHA-256 is "
                f"{sha256(content)} ({at(lists)})", path)


def changed(text):
    return text.replace(b"Suite: stable", b"Suite: STABLE")


# What the second mirror has in place of what it should, and all findings.
ROWS = [
    ("nothing", lambda s: s.tree(), []),
    ("a flipped byte in the kernel",
     lambda s: {**s.tree(), LINUX: OTHER_KERNEL},
     [wrong("kernel", OTHER_KERNEL, LINUX)]),
    ("a flipped byte in the initrd",
     lambda s: {**s.tree(), INITRD: OTHER_RAMDISK},
     [wrong("initrd", OTHER_RAMDISK, INITRD)]),
    ("a flipped byte in the second list",
     lambda s: {**s.tree(), IMAGES + "SHA256SUMS": b"0" * 64 + b"  ./netboot/linux\n"},
     [wrong("further list of sums", b"0" * 64 + b"  ./netboot/linux\n",
            IMAGES + "SHA256SUMS", SUITE + "InRelease")]),
    ("a list that is not signed",
     lambda s: {**s.tree(), SUITE + "InRelease": s.tree()[SUITE + "Release"]},
     [line("list of sums is not signed")]),
    ("a list that has changed",
     lambda s: {**s.tree(), SUITE + "InRelease": changed(s.tree()[SUITE + "InRelease"])},
     [line("list of sums has changed since it was signed")]),
    ("a signature that is none",
     lambda s: {**s.tree(), SUITE + "InRelease": s.tree()[SUITE + "InRelease"].replace(
         b"-----BEGIN PGP SIGNATURE-----\n", b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n")},
     [line("list of sums is not signed")]),
    ("two signed texts in a file",
     lambda s: {**s.tree(), SUITE + "InRelease": 2 * s.tree()[SUITE + "InRelease"]},
     [line("list of sums has a signature that gpgv cannot read")]),
    ("another key", lambda s: s.tree(names=("other",)),
     [line("list of sums is signed by another key than those of "
           "DIR/keyring.gpg: OTHER")]),
    ("another key and a good one", lambda s: s.tree(names=("other", "good")), []),
    ("a key that has been revoked", lambda s: s.tree(names=("revoked",)),
     [line("list of sums is signed by a key that has been revoked")]),
    ("a key that has expired", lambda s: s.tree(names=("expired",)),
     [line("list of sums is signed by a key that has expired")]),
    ("a signature that has expired",
     lambda s: s.tree(options=("--default-sig-expire", "1d")),
     [line("list of sums has a signature that has expired")]),
    ("a list that has expired",
     lambda s: s.tree(head="Valid-Until: Sat, 8 Jun 2024 08:08:01 UTC\n"),
     [line("list of sums was valid until 2024-06-08T08:08:01Z only")]),
    ("a list that is valid",
     lambda s: s.tree(head="Valid-Until: Sat, 08 Jun 2099 8:08:01 UTC\n"), []),
    ("a date that is none", lambda s: s.tree(head="Valid-Until: tomorrow\n"),
     [line("list of sums has a Valid-Until that is not a date")]),
    ("a list that is signed tomorrow",
     lambda s: s.tree(date="2099-01-01T00:00:00Z"),
     [line("list of sums was signed 2099-01-01T00:00:00Z, which is still to come: "
           "compare this machine's clock")]),
    ("the list and the files of another release",
     lambda s: s.tree(OTHER_KERNEL, OTHER_RAMDISK, LATER, suite="oldstable",
                      codename="bullseye"),
     [line("list of sums is of another release than bookworm: that is neither its "
           "Suite nor its Codename")]),
    ("a list that does not say of which release it is",
     lambda s: s.tree(suite="", codename="bookworm-updates"),
     [line("list of sums is of another release than bookworm: that is neither its "
           "Suite nor its Codename")]),
    ("a suite that has the name", lambda s: s.tree(suite="bookworm", codename="x"), []),
    ("a list that is redirected without end",
     lambda s: {**s.tree(), SUITE + "InRelease": "/debian/" + SUITE + "InRelease"},
     [line("list of sums cannot be fetched: it is redirected without end")]),
    ("a list that is redirected elsewhere",
     lambda s: {**s.tree(), SUITE + "InRelease": "file:///etc/hostname"},
     [line("list of sums cannot be fetched: it is redirected to what is neither "
           "http nor https")]),
    ("no list", lambda s: {LINUX: KERNEL, INITRD: RAMDISK},
     [line("list of sums is missing: status 404")]),
    ("no second list",
     lambda s: {k: v for k, v in s.tree().items() if k != IMAGES + "SHA256SUMS"},
     [line("further list of sums is missing: status 404", IMAGES + "SHA256SUMS")]),
    ("a list that is too long",
     lambda s: {**s.tree(), SUITE + "InRelease": b"x" * (16 * 1024 * 1024 + 1)},
     [line("list of sums is longer than 16777216 bytes")]),
    ("a kernel elsewhere",
     lambda s: {**s.tree(), LINUX: "/debian/moved", "moved": KERNEL},
     [line("kernel has moved (status 302), and not all clients follow: "
           + at("moved"), LINUX, "warning")]),
    ("no kernel", lambda s: {k: v for k, v in s.tree().items() if k != LINUX},
     [line("kernel is missing: status 404", LINUX)]),
]


def test_row(site, name, tree, lines):
    site.write()
    site.mirrors[0].set(site.tree())
    site.mirrors[1].set(tree(site))
    code, found, errors = site.check()
    found = [re.sub("keyring.gpg: [0-9A-F]{16}", "keyring.gpg: OTHER", f) for f in found]
    expect("findings", found, lines)
    expect("exit status", code, int(any(f.startswith("error") for f in lines)))
    expect("standard error", errors, "")


def test_list_older_than_the_file(site):
    site.write()
    site.mirrors[0].set(site.tree())
    site.mirrors[1].set({**site.tree(), LINUX: OTHER_KERNEL}, LATER)
    expect("findings", site.check()[1],
           [line("kernel is not the one of the list of sums, which is older: "
                 f"signed {NEW}, and the file is of {LATER}: the mirror is being "
                 f"updated, or its list stays behind ({at(IMAGES)}SHA256SUMS)", LINUX)])


def drip(handler):
    """A file that never ends: 4 KiB a second."""
    handler.close_connection = True
    handler.send_response(200)
    handler.end_headers()
    try:
        while handler.server.mirror.files[INITRD] is drip:
            handler.wfile.write(b"x" * 1024)
            time.sleep(0.25)
    except OSError:
        pass


def test_file_without_end(site):
    site.write()
    site.mirrors[0].set(site.tree())
    site.mirrors[1].set({**site.tree(), INITRD: drip})
    began = time.monotonic()
    found = site.check("--verify", "--timeout", "2", "--max-time", "4")[1]
    site.mirrors[1].set({})
    expect("findings", found,
           [line("initrd cannot be fetched: it took longer than --max-time", INITRD)])
    expect("4 to 7 seconds", 4 <= time.monotonic() - began <= 7, True)


def test_what_is_too_long_is_fetched_once(site):
    site.write()
    site.mirrors[0].set(site.tree())
    site.mirrors[1].set({**site.tree(), SUITE + "InRelease": b"x" * (17 << 20)})
    expect("exit status", site.check()[0], 1)
    expect("asked", site.mirrors[1].whole.count(SUITE + "InRelease"), 1)


def test_mirror_that_lags(site):
    site.write()
    site.mirrors[0].set(site.tree(kernel=OTHER_KERNEL))
    site.mirrors[1].set(site.tree(date=OLD))
    expect("findings", site.check()[1],
           [line(f"mirror lags behind: its list of sums was signed {OLD}, and "
                 f"another {NEW} (http://FIRST/debian/{SUITE}InRelease)",
                 severity="warning")])
    for date, lags in (("2024-05-30T09:00:00Z", 0), ("2024-05-30T07:00:00Z", 1)):
        site.mirrors[0].set(site.tree())
        site.mirrors[1].set(site.tree(date=date))
        expect(f"list of {date} with the same files", len(site.check()[1]), lags)


def test_mirrors_that_differ(site):
    site.write()
    site.mirrors[0].set(site.tree(names=("other",)))
    site.mirrors[1].set(site.tree(kernel=OTHER_KERNEL, names=("other",)))
    found = [f for f in site.check()[1] if f.startswith("warning")]
    expect("findings", found,
           [line("kernel differs between mirrors, and no list says which is "
                 f"right: compared with http://FIRST/debian/{LINUX}", LINUX, "warning")])


def listed(listing, name=SUITE + "InRelease"):
    return (f"error: catalog.json: {V}kernel has {listing} in the list of sums "
            f"(http://FIRST/debian/LIST): http://FIRST/debian/{LINUX}")


# Lists in the forms of distributions; sums of {k} and {i}, lengths 64 or 128.
FORMS = [
    ("SHA256SUMS", "{k}  {kn}\n{i} *{in_}\n", None),
    ("CHECKSUMS, with other files", "# a line\n{k}  ./{kn}\n{i}  {in_}\n"
     "{i}  {kn}.old\n{i}  other/{kn}\n", None),
    ("Release", "SHA256:\n {k}  1048 {kn}\n {i} 8 {in_}\n", None),
    ("CHECKSUM", "# Fedora: 8 bytes\nSHA256 ({kn}) = {k}\nSHA256 ({in_}) = {i}\n", None),
    (".treeinfo", "[checksums]\n{kn} = sha256:{k}\n{in_} = sha256:{i}\n"
     "[general]\nname = {kn}\n", None),
    ("DIGESTS", "# MD5 HASH\n0123456789abcdef0123456789abcdef  {kn}\n"
     "# SHA512 HASH\n{k5}  {kn}\n{i5}  {in_}\n", None),
    ("capitals", "{K}  {kn}\r\n{I}  {in_}\r\n", None),
    ("the same sum twice", "{k}  {kn}\n{k} 1048 {kn}\n{i}  {in_}\n", None),
    ("no sum", "{i}  {in_}\n", "no SHA-256 or SHA-512"),
    ("a sum of another kind", "0123456789abcdef0123456789abcdef  {kn}\n{i}  {in_}\n",
     "no SHA-256 or SHA-512"),
    ("a sum that is cut", "0123  {kn}\n{i}  {in_}\n", "no SHA-256 or SHA-512"),
    ("a sum with other letters", "x{k}  {kn}\n{i}  {in_}\n", "no SHA-256 or SHA-512"),
    ("two different sums", "{k}  {kn}\n{i}  {kn}\n{i}  {in_}\n", "two different sums"),
]


def test_form(site, text, fault):
    names = {"kn": LINUX, "in_": INITRD, "k": sha256(KERNEL), "i": sha256(RAMDISK),
             "K": sha256(KERNEL).upper(), "I": sha256(RAMDISK).upper(),
             "k5": hashlib.sha512(KERNEL).hexdigest(),
             "i5": hashlib.sha512(RAMDISK).hexdigest()}
    content = text.format(**names).encode()
    site.write(count=1, sums={"lists": ["{{mirror}}LIST"],
                              "signature": "{{mirror}}LIST.asc",
                              "keyring": str(site.keys.keyring)})
    files = {"LIST": content, "LIST.asc": site.keys.detach(content),
             LINUX: KERNEL, INITRD: RAMDISK}
    site.mirrors[0].set(files)
    code, found, errors = site.check()
    found = [f for f in found if "no second mirror" not in f]
    expect("findings", found, [listed(fault)] if fault else [])
    expect("standard error", errors, "")
    if fault:
        return
    for path in (LINUX, INITRD):
        site.mirrors[0].set({**files, path: files[path][:-1] + b"X"})
        expect("flipped: exit status", site.check()[0], 1)


def test_detached_signature(site):
    content = f"{sha256(KERNEL)}  {LINUX}\n{sha256(RAMDISK)}  {INITRD}\n".encode()
    site.write(count=1, sums={"lists": ["{{mirror}}LIST"],
                              "signature": "{{mirror}}LIST.asc",
                              "keyring": str(site.keys.keyring)})
    files = {"LIST": content, LINUX: KERNEL, INITRD: RAMDISK}
    other = site.keys.detach(content, names=("other",))
    for signature, text, path in (
            (None, "is not signed: its signature is missing, status 404", "LIST.asc"),
            (b"", "is not signed", "LIST"),
            (b"not a signature\n", "is not signed", "LIST"),
            (site.keys.detach(content + b"x"), "has changed since it was signed", "LIST"),
            # A text that signs itself says nothing about the list.
            (site.keys.clearsign(content), "is not signed", "LIST"),
            (other, "is signed by another key than those of DIR/keyring.gpg: OTHER",
             "LIST")):
        site.mirrors[0].set({**files, **({"LIST.asc": signature}
                                         if signature is not None else {})})
        found = [re.sub("gpg: [0-9A-F]{16}", "gpg: OTHER", f) for f in site.check()[1]
                 if "no second mirror" not in f]
        expect("findings", found,
               [line(f"list of sums {text}", path, mirror="FIRST")])


def test_list_of_each_file(site):
    def digests(content, name):
        return site.keys.clearsign(
            f"# SHA512 HASH\n{hashlib.sha512(content).hexdigest()}  {name}\n".encode())

    site.write(count=1, sums={"lists": ["{{file}}.DIGESTS.asc"],
                              "keyring": str(site.keys.keyring)})
    files = {LINUX: KERNEL, INITRD: RAMDISK,
             LINUX + ".DIGESTS.asc": digests(KERNEL, "linux"),
             INITRD + ".DIGESTS.asc": digests(RAMDISK, "initrd.gz")}
    site.mirrors[0].set(files)
    expect("exit status", site.check()[0], 0)
    site.mirrors[0].set({**files, INITRD: OTHER_RAMDISK})
    expect("findings", site.check()[1][:1],
           [wrong("initrd", OTHER_RAMDISK, INITRD, INITRD + ".DIGESTS.asc")
            .replace("SECOND", "FIRST")])


def test_keyring(site):
    sums = {"lists": ["{{mirror}}" + SUITE + "InRelease"]}
    empty, armoured = site.directory / "empty.gpg", site.directory / "keys.asc"
    empty.write_bytes(b"")
    armoured.write_bytes(site.keys.gpg("--armor", "--export", "good"))
    page = site.directory / "page.gpg"
    page.write_text("<!DOCTYPE html>\n<title>Not here</title>\n")
    for file, why in (
            (site.directory / "gnupg", "it is not a regular file"),
            (page, "it has no keys: gpg --export writes such a file"),
            (site.directory / "none.gpg", "No such file or directory"),
            (empty, "it is empty"),
            (armoured, "it is text, which gpgv does not read: convert it with "
             "gpg --dearmor")):
        site.write(count=1, sums={**sums, "keyring": str(file)})
        site.mirrors[0].set(site.tree())
        expect("findings", site.check()[1][:1],
               [line("list of sums cannot be verified: keyring "
                     f"DIR/{file.name}: {why}", mirror="FIRST")])
    for keyring in (site.keys.gpg("--export-options", "backup", "--export", "good"),
                    (site.keys.home / "pubring.kbx").read_bytes()):
        site.keys.keyring.with_name("kept.gpg").write_bytes(keyring)
        site.write(count=1, sums={**site.sums(), "keyring": str(
            site.keys.keyring.with_name("kept.gpg"))})
        expect("exit status", site.check()[0], 0)


def test_file_beside_its_list(site):
    site.write(count=1, initrds=None,
               sums={"lists": ["{{mirror}}" + IMAGES + "netboot/a/LIST"],
                              "keyring": str(site.keys.keyring)})
    site.mirrors[0].set({LINUX: KERNEL, INITRD: RAMDISK,
                         IMAGES + "netboot/a/LIST": site.keys.clearsign(
                             f"{sha256(KERNEL)}  ../linux\n".encode())})
    expect("findings", site.check()[1][:1],
           [listed("no SHA-256 or SHA-512").replace(
               "LIST", IMAGES + "netboot/a/LIST")])


def test_no_gpgv(site):
    site.write()
    for mirror in site.mirrors:
        mirror.set(site.tree())
    code, found, errors = site.check("--pin", site.pins,
                                     environment={"PATH": str(site.directory)})
    expect("exit status", code, 2)
    expect("standard error", errors,
           "mirrorboot-check: gpgv, which verifies signatures, cannot be run: "
           "No such file or directory\n")
    expect("pins", site.pins.exists(), False)


def test_nothing_to_verify(site):
    site.write(kernel=None, initrds=None, chain={"efi": "{{mirror}}" + LINUX}, sums={
        "lists": ["{{mirror}}a"], "keyring": "/k"})
    for mirror in site.mirrors:
        mirror.set({LINUX: b"MZ\0"})
    code, found, errors = site.check()
    expect("standard error", errors,
           "mirrorboot-check: nothing is verified: no release has sums\n")
    expect("exit status", code, 0)


def test_pins_of_other_distros_stay(site):
    site.write()
    for mirror in site.mirrors:
        mirror.set(site.tree())
    site.check("--pin", site.pins)
    before = site.pins.read_text()
    expect("pinned", LINUX in before, True)
    data = json.loads(site.path.read_text())
    data["distros"]["other"] = {"title": "Other", "kernel": f"http://{site.mirrors[0].host}/debian/other",
                                "versions": {"1": {"arches": ["amd64"]}}}
    site.path.write_text(json.dumps(data))
    _, _, errors = site.check("--pin", site.pins, "--distro", "other")
    expect("standard error", errors.splitlines()[-1],
           "mirrorboot-check: nothing is verified: no release of --distro has sums")
    expect("pins", site.pins.read_text(), before)


def pinned(kernel=KERNEL, initrd=RAMDISK, date=NEW):
    return {"$comment": "Written by mirrorboot-check --pin.", "pins": {"debian": {
        LINUX: {"sha256": sha256(kernel), "date": date},
        INITRD: {"sha256": sha256(initrd), "date": date}}}}


def pin(site, *trees):
    for mirror, tree in zip(site.mirrors, trees):
        mirror.set(tree)
    return site.check("--pin", site.pins)


def test_pins(site):
    """Only what is verified, never by an older list, whole, and once."""
    site.pins.unlink(missing_ok=True)
    site.write(include=["pins/*.json"])
    pin(site, site.tree(date=OLD), site.tree(date=OLD))
    expect("first", json.loads(site.pins.read_text()), pinned(date=OLD))
    expect("mode", stat.S_IMODE(site.pins.stat().st_mode), 0o644)
    before = site.pins.stat()
    pin(site, site.tree(date=OLD), site.tree(date=OLD))
    expect("unchanged", site.pins.stat().st_ino, before.st_ino)
    # One mirror has the next point release.
    pin(site, site.tree(kernel=OTHER_KERNEL), site.tree(date=OLD))
    expect("newest", json.loads(site.pins.read_text()), pinned(OTHER_KERNEL))
    # All mirrors go back.
    code, found, _ = pin(site, site.tree(date=OLD), site.tree(date=OLD))
    expect("older", json.loads(site.pins.read_text()), pinned(OTHER_KERNEL))
    expect("older: findings", [f for f in found if "FIRST" in f],
           [line(f"kernel stays pinned by the later list of {NEW}: this one was "
                 f"signed {OLD}", severity="warning", mirror="FIRST")])
    # Nobody's list is good.
    pin(site, site.tree(names=("other",)), site.tree(names=("other",)))
    expect("kept", json.loads(site.pins.read_text()), pinned(OTHER_KERNEL))
    # A changed file is not pinned.
    pin(site, {**site.tree(date=LATER), INITRD: OTHER_RAMDISK},
        {**site.tree(date=LATER), INITRD: OTHER_RAMDISK})
    wanted = pinned(OTHER_KERNEL)
    wanted["pins"]["debian"][LINUX] = {"sha256": sha256(KERNEL), "date": LATER}
    expect("changed", json.loads(site.pins.read_text()), wanted)
    # A file that no release boots any more.
    site.write(include=["pins/*.json"], initrds=None)
    pin(site, site.tree(date=LATER), site.tree(date=LATER))
    del wanted["pins"]["debian"][INITRD]
    expect("dropped", json.loads(site.pins.read_text()), wanted)
    expect("directory", sorted(f.name for f in site.pins.parent.iterdir()), ["pins.json"])


def test_pins_of_a_run_that_ended_first(site):
    """They stay where they are later, whatever this run has read before."""
    site.write(count=1)
    site.pins.write_text(json.dumps({"pins": {}}))
    later = pinned(OTHER_KERNEL, date=LATER)
    del later["pins"]["debian"][INITRD]

    def other_run(handler):
        site.pins.write_text(json.dumps(later))
        handler.send(200, RAMDISK, False)

    code, found, errors = pin(site, {**site.tree(), INITRD: other_run})
    expect("exit status and standard error", (code, errors), (0, ""))
    wanted = pinned(OTHER_KERNEL, date=LATER)
    wanted["pins"]["debian"][INITRD]["date"] = NEW
    expect("pins", json.loads(site.pins.read_text()), wanted)
    site.pins.write_text("{}")

    def bad_run(handler):
        site.pins.write_text("not JSON\n")
        handler.send(200, RAMDISK, False)

    code, found, errors = pin(site, {**site.tree(), INITRD: bad_run})
    expect("exit status", code, 2)
    expect("file", site.pins.read_text(), "not JSON\n")
    site.pins.unlink()


def test_pins_have_no_other_file(site):
    """A name that was mistyped does not cost a file."""
    site.write()
    for text, why in (
            ('{"menus": {"main": {"entries": [{"local": true}]}}}',
             "/menus: unknown key; here are pins, include"),
            ("not JSON\n", None),
            ('{"pins": {"debian": {"a": {"sha256": "1"}}}}',
             "/pins/debian/a/sha256: must be a SHA-256, 64 of 0-9 and a-f")):
        site.pins.write_text(text)
        code, _, errors = pin(site, site.tree(), site.tree())
        expect("exit status", code, 2)
        expect("file", site.pins.read_text(), text)
        start = "mirrorboot-check: nothing is pinned: pins.json: "
        expect("message", errors if why else errors.startswith(
            "mirrorboot-check: nothing is pinned: pins.json:1: "),
            f"{start}{why}\n" if why else True)
    site.pins.unlink()


def test_pins_that_cannot_be_written(site):
    site.write()
    for mirror in site.mirrors:
        mirror.set(site.tree())
    code, _, errors = site.check("--pin", site.directory / "none/pins.json")
    expect("exit status", code, 2)
    expect("message", errors,
           "mirrorboot-check: nothing is pinned: pins.json: cannot be written: "
           "No such file or directory\n")


def test_files_outside_the_mirror_are_not_pinned(site):
    site.pins.unlink(missing_ok=True)
    second = f"http://{site.mirrors[1].host}/debian/"
    site.write(count=1, initrds=[second + INITRD], sums={
        "lists": [second + SUITE + "InRelease", second + IMAGES + "SHA256SUMS"],
        "keyring": str(site.keys.keyring)})
    site.mirrors[0].set({LINUX: KERNEL})
    site.mirrors[1].set(site.tree())
    code, found, _ = site.check("--pin", site.pins)
    expect("findings", [f for f in found if "pinned" in f],
           [line("initrd is not pinned: it is not below a mirror", INITRD, "warning")])
    expect("pins", json.loads(site.pins.read_text())["pins"], {})


def test_files_with_a_query_are_not_pinned(site):
    site.pins.unlink(missing_ok=True)
    site.write(count=1, kernel="{{mirror}}" + LINUX + "?token=secret", initrds=None)
    site.mirrors[0].set({**site.tree(), LINUX + "?token=secret": KERNEL})
    code, found, _ = site.check("--pin", site.pins)
    expect("findings", [f for f in found if "second mirror" not in f],
           [line("kernel is not pinned: its URL has a query", LINUX + "?...",
                 "warning", "FIRST")])
    expect("pins", json.loads(site.pins.read_text())["pins"], {})


def test_debian(site):
    """The files of Debian's own package, in the form of its archive."""
    linux, initrd = (TREE / "debian-installer/amd64" / name
                     for name in ("linux", "initrd.gz"))
    site.pins.unlink(missing_ok=True)
    site.write()
    tree = site.tree(linux.read_bytes(), initrd.read_bytes())
    code, found, errors = pin(site, tree, tree)
    expect("findings", (code, found, errors), (0, [], ""))
    expect("pins", json.loads(site.pins.read_text()),
           pinned(linux.read_bytes(), initrd.read_bytes()))


def main():
    for program in ("gpg", "gpgv"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: install gnupg and gpgv")
    if not (TREE / "pxelinux.0").exists():
        sys.exit(f"{TREE} is missing: install {installer.package('amd64')}")
    began = time.monotonic()
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        site = Site(directory)
        tests = [(n, lambda row=(n, t, l): test_row(site, *row)) for n, t, l in ROWS]
        tests += [(n, lambda row=(t, f): test_form(site, *row)) for n, t, f in FORMS]
        tests += [(name.removeprefix("test_").replace("_", " "), lambda t=test: t(site))
                  for name, test in globals().items()
                  if name.startswith("test_") and name not in ("test_row", "test_form")]
        # What is signed by it has been signed before.
        revoked = [t for t in tests if t[0] == "a key that has been revoked"][0]
        tests.remove(revoked)
        try:
            for name, test in tests + [revoked]:
                if name == revoked[0]:
                    tree = site.tree(names=("revoked",))
                    good = site.tree()
                    site.tree = lambda names=("good",): tree if "revoked" in names else good
                    site.keys.revoke("revoked")
                    site.keys.trust("good", "revoked")
                try:
                    test()
                    print(f"ok {name}")
                except Failed as fault:
                    failed += 1
                    print(f"not ok {name}\n  {fault}")
        finally:
            site.keys.stop()
    print(f"{len(tests) + 1} tests, {failed} failed, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


sys.exit(main())
