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

from harness import BASE, BUILD, PATIENCE, ROOT, LighttpdFastcgi, find

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

    def __init__(self, sections, hosts=None):
        self.sections = sections
        self.has_hosts = hosts

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="mirrorboot-")
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
            export.run("--base", "http://cdn.example.net/a/")
            files = export.texts()
        self.assertIn("'(http,cdn.example.net)/a/menu/main/'", files["grub.cfg"])
        self.assertNotIn("boot.example.org", "".join(
            text for path, text in files.items()
            if not path.endswith(("html", "gpxe"))))  # these have vesamenu


if __name__ == "__main__":
    unittest.main()
