"""mirrorboot-export: its files are the pages, and are replaced as a whole."""

import hashlib
import html
import json
import os
import posixpath
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

from harness import (BASE, BUILD, PATIENCE, ROOT, ApacheFastcgi, LighttpdFastcgi,
                     NginxFastcgi, find, wait_for)

EXPORT = BUILD / "tools/mirrorboot-export"
DIALECTS = ("gpxe", "pxelinux", "ipxe", "syslinux", "grub", "html")
FIRST = {"boot": "gpxe", "menu": "pxelinux", "customermenu": "gpxe",
         "fromthemirror": "gpxe"}  # the dialect that URLs leave out
# Where the loader adds its machine: the text of a file, and of a page.
MACHINE = {
    "ipxe": ("${machine_platform}-${machine_arch}.ipxe",
             "&arch=${machine_arch}&platform=${machine_platform}"),
    "grub": ("'\"$machine_platform-$machine_arch.grub\"",
             "'\"&arch=$machine_arch&platform=$machine_platform\""),
}
SMALL = {
    "site": {"base": BASE, "menu": "main"},
    "mirrors": {"debian": ["http://one.example.org/debian/",
                           "http://two.example.org/debian/"]},
    "distros": {"debian": {
        "title": "Debian {{version}} {{arch}}", "mirror": "debian",
        "kernel": "{{mirror}}{{version}}/{{arch}}/linux",
        "initrds": ["{{mirror}}{{version}}/{{arch}}/initrd.gz"],
        "arches": {"amd64": {}, "i386": {}},
        "versions": {"trixie": {"arches": ["amd64", "i386"]},
                     "forky": {"arches": ["amd64"]}},
    }},
    "menus": {
        "main": {"entries": [{"distro": "debian", "version": "trixie"},
                             {"menu": "more"}, {"local": True}]},
        "more": {"entries": [{"distro": "debian", "version": "forky"}]},
    },
}


def small(**sections):
    return {**SMALL, **sections}


def page_of(path):
    """The page that a file has, and its parameters."""
    name, dialect = path.rsplit(".", 1)
    kind, *rest = name.split("/")
    params = {"dialect": dialect}
    plain = [re.sub("~(.)", lambda m: m[1].upper(), part) for part in rest]
    if kind == "release":
        names = ("distro", "version", "arch", "variant")
        return "fromthemirror", {**params, **dict(zip(names, plain))}
    machine = rest[-1]
    if machine != "any":
        params["platform"], _, arch = machine.partition("-")
        if arch:
            params["arch"] = arch
    if kind == "customer":
        return "customermenu", {**params, "customer": plain[0]}
    if len(rest) == 3:
        params["from"] = rest[1].removeprefix("from-").replace("~~", "~")
    params["menu" if kind == "boot" else "name"] = plain[0]
    return kind, params


def url_of(path, main, whole=False):
    """The page's URL, as pages write it."""
    page, params = page_of(path)
    if params.get("menu", params.get("name")) == main:
        params.pop("menu", None)
        params.pop("name", None)
    if not whole and params["dialect"] == FIRST[page]:
        del params["dialect"]
    query = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return BASE + page + ("?" + query if query else "")


def in_grub(url):
    return re.sub("^http://([^/]*)", r"(http,\1)", url)


class Export:
    """An export in a directory of its own, for a with statement."""

    def __init__(self, sections, memory=False):
        self.sections = sections
        self.is_in_memory = memory and os.access("/dev/shm", os.W_OK)

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(
            prefix="mirrorboot-", dir="/dev/shm" if self.is_in_memory else None)
        self.top = Path(self.temporary.name)
        self.catalog = self.top / "catalog.json"
        self.dir = self.top / "www"
        self.write(self.sections)
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def write(self, sections):
        self.catalog.write_text(json.dumps(sections))

    def command(self, *args):
        if "--base" not in args:
            args = ("--base", BASE, *args)
        return [EXPORT, *args, self.dir]

    def environ(self):
        return {"PATH": os.environ["PATH"],
                "MIRRORBOOT_CATALOG": str(self.catalog)}

    def run(self, *args, status=0, **environ):
        """What it prints on standard output; on standard error where the
        status says that it fails."""
        done = subprocess.run(self.command(*args), capture_output=True,
                              env={**self.environ(), **environ}, text=True,
                              timeout=PATIENCE, check=False)
        if done.returncode != status:
            raise AssertionError(f"status {done.returncode}: {done}")
        return done.stderr if status == 2 else done.stdout

    def files(self):
        """The names of all files, and the text of each."""
        return {str(path.relative_to(self.dir)): path.read_text()
                for path in self.dir.glob("**/*") if path.is_file()}

    def texts(self):
        files = self.files()
        sums = files.pop("SHA256SUMS")
        listed = dict(line.split("  ")[::-1] for line in sums.splitlines())
        found = {path: hashlib.sha256(text.encode()).hexdigest()
                 for path, text in files.items()}
        if listed != found:
            raise AssertionError("SHA256SUMS is not that of the files")
        return files


def as_page(path, text, main, files):
    """The text of a file, with the URLs of pages."""
    dialect = path.rsplit(".", 1)[1]
    directory = posixpath.dirname(path)
    is_relative = dialect in ("ipxe", "html")

    def whole(name):
        return (posixpath.normpath(posixpath.join(directory, name))
                if is_relative else name)

    def page(match):
        target = whole(match["name"])
        if target not in files:
            return match[0]
        url = ("http://boot.example.org/boot/boot?dialect=html"
               if target == "index.html" else url_of(target, main))
        return match["before"] + (html.escape(url) if dialect == "html" else
                                  in_grub(url) if dialect == "grub" else url)

    def menu(match):
        target = whole(match["name"] + "any." + dialect)
        url = url_of(target, main)
        return match["before"] + (in_grub(url) if dialect == "grub" else url) + \
            MACHINE[dialect][1]

    base = "" if is_relative else re.escape(
        in_grub(BASE) if dialect == "grub" else BASE)
    if dialect in MACHINE:
        text = re.sub(rf"(?P<before>(?<=[ ']))(?:{base})(?P<name>[A-Za-z0-9._~/-]*/)"
                      + re.escape(MACHINE[dialect][0]), menu, text)
    return re.sub(rf"(?P<before>(?<=[ '\"]))(?:{base})(?P<name>[A-Za-z0-9._~/-]+\.(?:"
                  + "|".join(DIALECTS) + r"))(?![A-Za-z0-9])", page, text)


class Texts(unittest.TestCase):
    def compare(self, sections, main):
        with LighttpdFastcgi() as server, Export(sections) as export:
            server.catalog.write_text(json.dumps(sections))
            export.run("--pages")
            files = export.texts()
            for path, text in files.items():
                if "/" not in path:
                    continue
                url = url_of(path, main, whole=True)
                answer = server.ask(url.removeprefix("http://boot.example.org"))
                self.assertEqual(answer.status, 200, path)
                body = answer.body.decode()
                body = re.sub("<p>Read .* UTC from ", "<p>From ", body)
                # A variant that closed menus alone offer.
                body = re.sub('<li><a href="[^"]*variant=expert&amp;version=trixie">.*\n', "",
                              body)
                body = body.replace(
                    '<h2 id="variants">Variants</h2>\n<ul>\n</ul>',
                    '<h2 id="variants">Variants</h2>\n<ul>\n<li>None.</li>\n</ul>')
                self.assertTrue(as_page(path, text, main, files) == body, path)
            return files

    def test_are_those_of_the_pages(self):
        everything = json.loads((ROOT / "tests/golden/everything.json").read_text())
        files = self.compare(everything, "top")
        self.assertIn("menu/old/efi-amd64.ipxe", files)
        self.assertNotIn("boot.ipxe", files)
        self.assertEqual([f for f in files if "uwp" in f or "lab" in f], [])
        self.assertNotIn("192.0.2.", "".join(files.values()))

    def test_first_files_are_those_of_the_main_menu(self):
        with Export(SMALL) as export:
            said = export.run()
            files = export.texts()
            self.assertEqual(said, f"{export.dir}: {len(files)} files, "
                                   f"{len(files)} written, 0 removed\n")
            for name in ("boot.ipxe", "autoexec.ipxe"):
                self.assertEqual(
                    files[name],
                    files["boot/main/any.ipxe"].replace("../../", ""))
            for name in ("boot.grub", "grub.cfg"):
                self.assertEqual(files[name], files["boot/main/any.grub"])
            self.assertEqual(files["index.html"],
                             files["boot/main/any.html"].replace("../../", "")
                             .replace('"any.html', '"boot/main/any.html')
                             .replace('"any.', '"boot/main/any.'))
            self.assertEqual(files["boot.gpxe"], files["boot/main/any.gpxe"])
            for machine in ("bios", "bios-amd64", "efi-amd64"):
                self.assertEqual(files[f"boot-{machine}.syslinux"],
                                 files[f"boot/main/{machine}.syslinux"])


def targets(path, text, base=BASE):
    """The file to which each link of the text leads, and each page of the
    web server's."""
    dialect = path.rsplit(".", 1)[1].replace("cfg", "grub")
    here = BASE + path
    if dialect == "html":
        found = [html.unescape(url) for url in re.findall('(?:href|action)="([^"]*)"', text)]
    elif dialect == "ipxe":
        found = re.findall(r"^chain .* ([^ ]+\.ipxe)\b", text, re.M)
    else:
        base = in_grub(base) if dialect == "grub" else base
        found = re.findall(re.escape(base) + r"[^ '\n]*(?:'\"[^\"]*\")?", text)
        found = [BASE + url.removeprefix(base).replace("'\"", "").replace('"', "")
                 for url in found]
    for url in found:
        whole = urllib.parse.urljoin(here, url)
        if not whole.startswith(BASE):
            continue
        whole = whole.removeprefix(BASE).replace("(http,", "")
        for machine in (("efi", "amd64"), ("efi", "arm64"), ("bios", "i386")):
            yield (whole.replace("{", "").replace("}", "")
                   .replace("$machine_platform", machine[0])
                   .replace("$machine_arch", machine[1]))


class Links(unittest.TestCase):
    def check(self, sections, *args):
        """Every link leads to a file, or to what is no page."""
        pages = set()
        with Export(sections) as export:
            export.run(*args)
            files = export.texts()
            for path, text in files.items():
                for target in targets(path, text):
                    if re.match("(boot|menu|customermenu|fromthemirror)([?]|$)", target):
                        pages.add(target)
                    elif target.rsplit(".")[-1] in DIALECTS or target.endswith("/"):
                        self.assertTrue(target in files, f"{path}: {target}")
        return files, pages

    def test_all_lead_to_files_without_the_pages(self):
        for sections in (json.loads((ROOT / "tests/golden/everything.json").read_text()),
                         SMALL):
            files, pages = self.check(sections)
            self.assertEqual(pages, set())
            self.assertGreater(len(files), 200)

    def test_an_entry_that_has_no_file_is_left_out(self):
        everything = json.loads((ROOT / "tests/golden/everything.json").read_text())
        files, _ = self.check(everything)
        self.assertNotIn("Your own menu", files["menu/top/efi-amd64.ipxe"])
        self.assertIn("<li>Your own menu: it is not among the exported files</li>",
                      files["menu/top/efi-amd64.html"])
        files, pages = self.check(everything, "--pages")
        self.assertIn("chain --replace --autofree --timeout 30000 "
                      "http://boot.example.org/boot/customermenu?"
                      "arch=amd64&dialect=ipxe&platform=efi ||",
                      files["menu/top/efi-amd64.ipxe"])
        self.assertTrue(pages)

    def test_base_is_that_of_the_files(self):
        with Export(SMALL) as export:
            subprocess.run([EXPORT, export.dir], env=export.environ(), check=True,
                           stdout=subprocess.DEVNULL)
            self.assertIn("'(http,boot.example.org)/boot/export/menu/main/'",
                          export.texts()["grub.cfg"])
            export.run("--base", "http://cdn.example.net/a/")
            files = export.texts()
        self.assertIn("'(http,cdn.example.net)/a/menu/main/'", files["grub.cfg"])
        self.assertNotIn("boot.example.org", "".join(
            text for path, text in files.items()
            if not path.endswith(("html", "gpxe"))))  # these have vesamenu


PASSWORD = {"staff": {"syslinux": "$6$saltsalt$X1ULXTB62fbNVA04XxNi9nKwL5xxRu.KPUxa22ZntOv."
                                  "HoRlHymjznAdH4Faavk8vbENLiT2AQWj9jYGGxSxc."}}


class Withheld(unittest.TestCase):
    def lines(self, said):
        return [line for line in said.splitlines() if line.startswith("no file: ")]

    def test_closed_menu_loses_its_files_at_the_switch(self):
        with Export(SMALL) as export:
            export.run()
            before = export.texts()
            self.assertIn("menu/more/any.ipxe", before)
            main = {"entries": SMALL["menus"]["main"]["entries"][::2]}
            export.write(small(
                menus={**SMALL["menus"], "main": main},
                customers={"vip": {"menu": "more", "networks": ["192.0.2.0/24"]}}))
            said = export.run("--pages")
            closed = "is for the networks of its customer only"
            self.assertEqual(self.lines(said), [
                "no file: boot: comes from the pages where customers have networks",
                f"no file: menu more: {closed}",
                f"no file: customer vip: {closed}",
                f"no file: release debian forky amd64: {closed}"])
            after = export.texts()
        self.assertEqual([path for path in after if "more" in path or "forky" in path], [])
        self.assertFalse(any("forky" in text for text in after.values()))

    def test_what_asks_for_a_password(self):
        entries = [*SMALL["menus"]["main"]["entries"],
                   {"distro": "debian", "version": "forky", "password": "staff"}]
        locked = {"entries": [{"distro": "debian", "version": "forky"}], "password": "staff"}
        sections = small(passwords=PASSWORD,
                         menus={"main": {"entries": entries}, "more": locked})
        with Export(sections) as export:
            said = export.run("--pages")
            files = export.texts()
            self.assertEqual(self.lines(said), [
                "no file: boot: asks for a password",
                "no file: menu main: asks for a password",
                "no file: menu more: can be reached by a password only",
                "no file: release debian forky amd64: can be reached by a password only"])
        self.assertFalse(any("saltsalt" in text for text in files.values()))
        self.assertIn("index.html", files)
        self.assertNotIn("menu/more/any.html", files)

    def test_release_whose_image_has_a_query(self):
        for site, url in ({}, "{{mirror}}a.iso?token=SECRET"), ({"memdisk": "memdisk?token=SECRET"}, "{{mirror}}a.iso"):
            distro = {**SMALL["distros"]["debian"], "kernel": None, "initrds": None, "image": {"bios": url}}
            sections = small(distros={"debian": distro})
            sections["site"] = {**sections.get("site", {}), **site}
            with Export(sections) as export:
                said = export.run("--pages")
                files = export.texts()
            self.assertIn("no file: release debian trixie amd64: has a URL with a query, "
                          "which may be a token", self.lines(said))
            self.assertFalse(any("SECRET" in text for text in files.values()))

    def test_release_whose_module_has_a_query(self):
        for module in "{{mirror}}m?token=SECRET", {"file": "{{mirror}}m", "args": "a=http://h/?token=SECRET"}:
            distro = {**SMALL["distros"]["debian"], "initrds": None, "multiboot": [module]}
            with Export(small(distros={"debian": distro})) as export:
                said = export.run("--pages")
                files = export.texts()
            self.assertIn("no file: release debian trixie amd64: has a URL with a query, "
                          "which may be a token", self.lines(said))
            self.assertFalse(any("SECRET" in text for text in files.values()))

    def test_release_whose_url_has_a_query(self):
        distro = {**SMALL["distros"]["debian"],
                  "initrds": ["{{mirror}}initrd.gz?token=SECRET"]}
        with Export(small(distros={"debian": distro})) as export:
            said = export.run("--pages")
            self.assertIn("no file: release debian trixie amd64: has a URL with a query, "
                          "which may be a token", self.lines(said))
            self.assertIn("no file: menu main: has a URL with a query, which may be a token",
                          self.lines(said))
            files = export.texts()
            self.assertFalse(any("SECRET" in text for text in files.values()))
            self.assertIn("menu/main/any.ipxe", files)
            self.assertNotIn("menu/main/any.syslinux", files)
            export.run()
            files = export.texts()
        self.assertFalse(any("SECRET" in text for text in files.values()))
        self.assertNotIn("Debian", files["menu/main/any.syslinux"])

    def test_boot_where_groups_or_hosts_are(self):
        reason = "no file: boot: is another text for a machine with a host file or a group"
        group = {"lab": {"networks": ["192.0.2.0/24"], "menu": "more"}}
        with Export(small(groups=group)) as export:
            self.assertEqual(self.lines(export.run()), [reason])
            self.assertNotIn("boot.ipxe", export.texts())
            export.write(SMALL)
            export.run()
            self.assertIn("boot.ipxe", export.texts())
            (export.top / "hosts").mkdir()
            (export.top / "hosts/52-54-00-12-34-56.json").write_text('{"menu": "more"}')
            self.assertEqual(self.lines(export.run()), [reason])
            self.assertNotIn("boot.ipxe", export.texts())

    def test_names_do_not_differ_by_case_alone(self):
        distros = {"Debian": SMALL["distros"]["debian"], "debian": SMALL["distros"]["debian"]}
        with Export(small(distros=distros)) as export:
            export.run()
            files = export.texts()
        self.assertIn("release/~debian/trixie/amd64.ipxe", files)
        self.assertEqual(len({path.lower() for path in files}), len(files))


class Switch(unittest.TestCase):
    EDITED = small(menus={**SMALL["menus"], "more": {
        "title": "Edited", "entries": [{"distro": "debian", "version": "trixie"}]}})

    def check_whole(self, export, states):
        """The export is one of the states, with nothing beside it."""
        self.assertIn(export.texts(), states)
        beside = sorted(path.name for path in export.top.iterdir())
        self.assertEqual(beside, ["catalog.json", "www", os.readlink(export.dir),
                                  "www.lock", "www.record"])

    def test_second_run_touches_what_changed(self):
        with Export(SMALL) as export:
            export.run()
            first, link = export.texts(), os.readlink(export.dir)
            inodes = {path: (export.dir / path).stat().st_ino for path in first}
            self.assertEqual(export.run(), f"{export.dir}: {len(first)} files, "
                                           "0 written, 0 removed\n")
            self.assertEqual(os.readlink(export.dir), link)
            export.write(self.EDITED)
            said = export.run("--quiet")
            second = export.texts()
            changed = {path for path in second if second[path] != first.get(path)}
            self.assertTrue(0 < len(changed) < len(second) / 2)
            self.assertEqual(said, f"{export.dir}: {len(second)} files, "
                                   f"{len(changed)} written, 0 removed\n")
            for path in second:
                self.assertEqual((export.dir / path).stat().st_ino == inodes[path],
                                 path not in changed, path)
            self.check_whole(export, [second])
            self.assertEqual((export.dir / "boot.ipxe").stat().st_mode & 0o777, 0o644)

    def test_damaged_and_strange_files_are_found_and_mended(self):
        with Export(SMALL) as export:
            export.run()
            first = export.texts()
            self.assertEqual(export.run("--check"), "")
            boot = export.dir / "boot.ipxe"
            boot.write_text("#!ipxe\n")
            (export.dir / "grub.cfg").unlink()
            (export.dir / "menu/strange").write_text("")
            self.assertEqual(export.run("--check", status=1),
                             "boot.ipxe: differs\ngrub.cfg: is missing\n"
                             "menu/strange: is not of the export\n")
            export.run()
            self.check_whole(export, [first])

    def test_refused_catalogue_leaves_the_export(self):
        with Export(SMALL) as export:
            export.run()
            first = export.texts()
            export.write(small(menus={"main": {"entries": [{"menu": "none"}]}}))
            self.assertIn("none", export.run(status=2))
            self.check_whole(export, [first])

    def test_kill_at_any_moment(self):
        with Export(SMALL) as export:
            export.run()
            first = export.texts()
            export.write(self.EDITED)
            start = time.monotonic()
            export.run()
            length = 1.5 * (time.monotonic() - start)
            second = export.texts()
            states = set()
            i = 0
            while i < 40 or states != {True, False}:
                self.assertLess(i, 400, states)
                export.write((SMALL, self.EDITED)[i // 4 % 2])
                run = subprocess.Popen(export.command("--quiet"), env=export.environ(),
                                       stdout=subprocess.DEVNULL)
                time.sleep(random.uniform(0, length))
                run.send_signal(signal.SIGKILL)
                run.wait(PATIENCE)
                states.add(export.texts() == second)
                self.assertIn(export.texts(), (first, second))
                i += 1
                if i % 40 == 0:
                    length *= 2  # a busy machine is slower now
            export.write(SMALL)
            export.run()
            self.check_whole(export, [first])

    def test_two_at_once(self):
        with Export(SMALL) as export:
            runs = [subprocess.Popen(export.command("--quiet"), env=export.environ(),
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for _ in range(4)]
            said = [run.communicate(timeout=PATIENCE) for run in runs]
            self.assertEqual([run.returncode for run in runs], [0] * 4, said)
            self.assertEqual(sum(b" 0 written, 0 removed" in out for out, _ in said), 3)
            self.check_whole(export, [export.texts()])

    def test_full_disk(self):
        with Export(SMALL) as export:
            export.run()
            size = sum(path.stat().st_blocks * 512 for path in export.dir.glob("**/*"))
            unshare = [find("unshare", "util-linux"), "--mount", "--map-root-user"]
            disk = export.top / "disk"
            disk.mkdir()
            script = (f"mount -t tmpfs -o size={size + 65536} none {disk} && "
                      f"{EXPORT} --quiet --base {BASE} {disk}/www && cp $EDITED $MIRRORBOOT_CATALOG && "
                      f"{EXPORT} --quiet --base http://other.example.org/ {disk}/www; "
                      f"echo status $?; ls {disk}; "
                      f"cd {disk}/www && sha256sum --quiet -c SHA256SUMS && echo whole")
            edited = export.top / "edited.json"
            edited.write_text(json.dumps(self.EDITED))
            done = subprocess.run([*unshare, "sh", "-c", script], text=True, check=False,
                                  env={**export.environ(), "EDITED": str(edited)},
                                  capture_output=True, timeout=PATIENCE)
        self.assertRegex(done.stderr, "^mirrorboot-export: .*: No space left on device\n$")
        self.assertRegex(done.stdout, r"written, 0 removed\nstatus 2\nwww\nwww.1\nwww.lock\nwww.record\nwhole\n$")


class Served:
    """A web server that has both samples, that of an export and the pages'."""

    export_sample = None
    where = "/var/lib/mirrorboot-export"

    def read(self, sample):
        own = (ROOT / "conf" / self.export_sample).read_text()
        return own.replace(self.where, str(self.dir / "exported")) + super().read(sample)

    def export(self, sections):
        (self.dir / "exported").mkdir(exist_ok=True)
        self.catalog.write_text(json.dumps(sections))
        subprocess.run([EXPORT, "--pages", "--quiet", self.dir / "exported/www"],
                       env=self.environ, check=True, stdout=subprocess.DEVNULL)


class LighttpdExport(Served, LighttpdFastcgi):
    export_sample = "lighttpd-export.conf"


class NginxExport(Served, NginxFastcgi):
    export_sample = "nginx-export.conf"


class ApacheExport(Served, ApacheFastcgi):
    export_sample = "apache-export.conf"
    modules = (*ApacheFastcgi.modules, "headers", "dir")


class Samples(unittest.TestCase):
    GROUPS = small(groups={"lab": {"networks": ["192.0.2.0/24"], "menu": "more"}})
    FIRST = {"boot.ipxe": "dialect=ipxe", "autoexec.ipxe": "dialect=ipxe",
             "grub.cfg": "dialect=grub", "boot.gpxe": "dialect=gpxe",
             "boot-bios.syslinux": "dialect=syslinux&platform=bios",
             "boot-efi-amd64.syslinux": "arch=amd64&dialect=syslinux&platform=efi"}

    def check(self, server, has_fallback=True):
        server.export(SMALL)
        url = "/boot/export/"
        for name, content in (("menu/main/efi-amd64.ipxe", "text/plain"),
                              ("grub.cfg", "text/plain"),
                              ("index.html", "text/html; charset=utf-8"),
                              ("", "text/html; charset=utf-8")):
            answer = server.ask(url + name)
            text = (server.dir / "exported/www" / (name or "index.html")).read_bytes()
            self.assertEqual((answer.status, answer.body), (200, text), name)
            self.assertEqual(answer.header("Content-Type"), content, name)
            self.assertEqual(answer.header("Cache-Control"), "max-age=10")
            self.assertEqual(answer.header("Content-Length"), str(len(text)))
            self.assertTrue(answer.header("Last-Modified"))
        self.assertEqual(server.ask("/boot/boot?dialect=ipxe").status, 200)
        self.assertEqual(server.ask(url + "menu/none/any.ipxe").status, 404)
        server.export(self.GROUPS)
        for name, query in self.FIRST.items() if has_fallback else ():
            page = server.ask("/boot/boot?" + query)
            self.assertEqual(page.status, 200)
            # lighttpd looks for a file that it has sent once a second.
            wait_for(f"the page in place of {name}",
                     lambda: server.ask(url + name).body == page.body, 5)

    def test_lighttpd(self):
        with LighttpdExport() as server:
            self.check(server)

    def test_nginx(self):
        with NginxExport() as server:
            self.check(server)

    def test_apache(self):
        with ApacheExport() as server:
            self.check(server, has_fallback=False)  # it is in a comment


class Errors(unittest.TestCase):
    def error(self, export, *args, **environ):
        return export.run(*args, status=2, **environ).replace(str(export.top), "TOP")

    def test_of_what_is_in_the_way(self):
        with Export(SMALL) as export:
            in_the_way = ("mirrorboot-export: TOP/www: is there and is no export: remove it, "
                          "or name one that is not there, which becomes a symbolic link\n")
            self.assertEqual(self.error(export, "--check"),
                             "mirrorboot-export: TOP/www: there is no export\n")
            export.dir.mkdir()
            self.assertEqual(self.error(export), in_the_way)
            export.dir.rmdir()
            export.dir.symlink_to("elsewhere.1x")
            self.assertEqual(self.error(export), in_the_way)
            export.dir.unlink()
            (export.top / "www.7").mkdir()  # somebody's own
            export.run()
            self.assertTrue((export.top / "www.7").is_dir())
            export.dir = export.top / "none/www"
            self.assertEqual(self.error(export),
                             "mirrorboot-export: TOP/none/: No such file or directory\n")
            export.dir = Path("/")
            self.assertEqual(self.error(export),
                             "mirrorboot-export: /: is no name for an export: name a "
                             "directory that is not there\n")

    def test_of_arguments(self):
        how = ": write it as in http://boot.example.org/export/\n"
        with Export(SMALL) as export:
            for base, reason in (("http://a.example.org/x", "does not end in '/'"),
                                 ("http://a.example.org/?x/", "has a query")):
                self.assertEqual(self.error(export, "--base", base),
                                 f"mirrorboot-export: --base {reason}{how}")
            self.assertEqual(self.error(export, "one"),
                             "mirrorboot-export: name one directory only\n")
            self.assertIn("mirrorboot-export: --help lists the options\n",
                          self.error(export, "--nonsense"))
            done = subprocess.run([EXPORT], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (
                2, "mirrorboot-export: name the directory to write: mirrorboot-export DIR\n"))
            self.assertIn("Usage: mirrorboot-export ", export.run("--help"))
            self.assertIn("mirrorboot-export (mirrorboot) ", export.run("--version"))

    def test_of_templates(self):
        with Export(SMALL) as export:
            templates = export.top / "templates"
            templates.mkdir()
            own = {"MIRRORBOOT_TEMPLATES": str(templates)}
            (templates / "open.ipxe").write_text("chain {{menu}}&arch=${buildarch}\n")
            self.assertEqual(
                self.error(export, **own),
                "mirrorboot-export: boot.ipxe: adds parameters to the name of a file: copy the "
                "sections named menu_is_file from the shipped templates\n")
            (templates / "open.ipxe").write_text("chain http://a.example.org/?token=1\n")
            self.assertEqual(
                self.error(export, **own),
                "mirrorboot-export: boot.ipxe: has a URL with a query or a user, which may be "
                "secret: take it out of the site's settings or templates\n")
            (templates / "open.ipxe").write_text("{{none}}\n")
            self.assertIn("none", self.error(export, **own))


if __name__ == "__main__":
    unittest.main()
