"""mirrorboot-export: after an edit, each file is that of a new export."""

import json
import shutil
import unittest

from harness import ROOT
from test_export import PASSWORD, SMALL, Export

# Settings of a catalogue in which each thing that a text is made from occurs.
WIDE = {
    "site": {**SMALL["site"], "timeout": 30, "title": "Site", "vesamenu": "vesamenu.c32",
             "background": "tux.png", "syslinux": "syslinux/{{firmware}}/", "modules": "6.04",
             "customer": "guest", "keyboard": "nl", "trusts": ["debian"], "shims": {"other": ["ubuntu"]}},
    "mirrors": SMALL["mirrors"],
    "installers": {"own": {"keyboard": "keys={{keyboard}}"}},
    "passwords": PASSWORD,
    "distros": {
        "debian": {**SMALL["distros"]["debian"], "memory": 512,
                   "signed_by": "debian", "eol": "2030-01-01", "installer": "own",
                   "args": "quiet", "variants": {"expert": {"title": "expert", "args": "priority=low"}},
                   "versions": {"13": {"arches": ["amd64", "i386"]},
                                "12": {"arches": ["amd64"]}}},
        "tiny": {"title": "Tiny {{version}}", "kernel": "http://tiny.example.org/{{version}}",
                 "versions": {"1": {"arches": ["amd64"]}, "2": {"arches": ["amd64"]}}},
        "efi": {"title": "Shell", "chain": {"efi": "http://efi.example.org/shell.efi"},
                "versions": {"1": {"arches": ["amd64"]}}},
    },
    "menus": {
        "main": {"entries": [{"distro": "debian", "version": "latest", "arch": "amd64",
                              "title": "Newest"}, {"menu": "more"}, {"menu": "tools"}, {"customermenu": True},
                             {"local": True}]},
        "more": {"title": "More", "timeout": 5, "entries": [
            {"distro": "tiny"}, {"distro": "debian", "variant": "expert"},
            {"menu": "deep", "hotkey": "d"}]},
        "tools": {"entries": [{"heading": "Tools"}, {"distro": "efi"}, {"menu": "deep"}]},
        "deep": {"entries": [{"distro": "debian", "version": "12"}]},
        "guest": {"entries": [{"distro": "tiny", "version": "2"}]},
        "vip": {"entries": [{"menu": "deep"},
                            {"distro": "tiny", "version": "1", "password": "staff"},
                            {"distro": "debian", "version": "13", "variant": "expert"}]},
    },
    "customers": {"guest": {"menu": "guest"},
                  "vip": {"menu": "vip", "networks": ["192.0.2.0/24"]}},
}


def changed(path, value=None):
    """WIDE with another value at the path, or none."""
    whole = json.loads(json.dumps(WIDE))
    at = whole
    *above, last = path.split("/")
    for key in above:
        at = at[int(key) if isinstance(at, list) else key]
    if isinstance(at, list) and last == "+":
        at.append(value)
    elif isinstance(at, list):
        at[int(last):int(last) + 1] = [] if value is None else [value]
    elif value is None:
        del at[last]
    else:
        at[last] = value
    return whole


EDITS = [changed(*edit) for edit in (
    ("site/title", "Other"),
    ("site/timeout", 3),
    ("site/vesamenu", "other.c32"),
    ("site/background",),
    ("site/syslinux", "other/{{firmware}}/"),
    ("site/modules", "6.03"),
    ("site/menu", "guest"),
    ("site/customer",),
    ("site/trusts",),
    ("site/shims",),
    ("site/keyboard", "us"),
    ("mirrors/debian/+", "http://three.example.org/debian/"),
    ("mirrors/debian/0",),
    ("installers/own/keyboard", "other={{keyboard}}"),
    ("passwords/staff/grub", "grub.pbkdf2.sha512.10000." + 16 * "AB" + "." + 64 * "CD"),
    ("distros/debian/title", "Edited {{version}}"),
    ("distros/debian/order", ["12", "13"]),
    ("distros/debian/memory", 1024),
    ("distros/debian/signed_by", "ubuntu"),
    ("distros/debian/eol", "2020-01-01"),
    ("distros/debian/args", "verbose"),
    ("distros/debian/variants/expert/title", "edited"),
    ("distros/debian/variants/rescue", {"title": "rescue", "args": "rescue"}),
    ("distros/debian/versions/sid", {"arches": ["amd64"]}),
    ("distros/debian/versions/12/arches", ["amd64", "arm64"]),
    ("distros/tiny/kernel", "https://tiny.example.org/{{version}}"),
    ("distros/tiny/kernel", "http://tiny.example.org/{{version}}?token=1"),
    ("distros/tiny/versions/2/arches", ["arm64"]),
    ("distros/efi/chain", {"bios": "http://efi.example.org/shell.0"}),
    ("distros/new", SMALL["distros"]["debian"]),
    ("menus/main/title", "Edited"),
    ("menus/main/default", "local"),
    ("menus/main/entries/1", {"menu": "more", "title": "Less"}),
    ("menus/main/entries/1", {"menu": "more", "password": "staff"}),
    ("menus/main/entries/1",),
    ("menus/main/entries/+", {"menu": "deep", "title": "Deep"}),
    ("menus/main/entries/+", {"menu": "vip"}),
    ("menus/more/title", "Edited"),
    ("menus/more/timeout", 0),
    ("menus/more/password", "staff"),
    ("menus/more/entries/+", {"heading": "Nothing"}),
    ("menus/more/entries/+", {"local": True}),
    ("menus/more/entries/0", {"distro": "tiny", "version": "2"}),
    ("menus/more/entries/0",),
    ("menus/more/entries/1",),
    ("menus/more/entries/2", {"menu": "deep", "password": "staff"}),
    ("menus/more/entries/2",),
    ("menus/tools/password", "staff"),
    ("menus/tools/entries/2",),
    ("menus/deep/title", "Edited"),
    ("menus/deep/entries/0", {"distro": "efi"}),
    ("menus/deep/entries/0", {"distro": "tiny", "version": "1", "password": "staff"}),
    ("menus/deep/entries/+", {"menu": "guest"}),
    ("menus/new", {"entries": [{"menu": "deep"}, {"distro": "efi"}]}),
    ("menus/vip/entries/0",),
    ("menus/vip/entries/1", {"menu": "guest"}),
    ("customers/vip/networks",),
    ("customers/vip/menu", "more"),
    ("customers/vip",),
    ("customers/guest/menu", "deep"),
    ("customers/more", {"menu": "more", "networks": ["203.0.113.0/24"]}),
    ("groups", {"lab": {"networks": ["192.0.2.0/24"], "menu": "more"}}),
    ("pins", {"debian": {"13/amd64/linux": {
        "sha256": 64 * "a", "date": "2026-01-01T00:00:00Z"}}}),
)]


class Basis(unittest.TestCase):
    """A file is taken over only if its text would be the same."""

    def fresh(self, export, *args, **environ):
        """The files of a new export."""
        used, export.dir = export.dir, export.top / "fresh"
        export.run("--quiet", *args, **environ)
        files = export.files()
        for path in export.top.glob("fresh*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        export.dir = used
        return files

    def check(self, export, wanted, *args, **environ):
        """That the export becomes what a new one is."""
        export.run("--quiet", *args, **environ)
        files = export.files()
        self.assertEqual([path for path in sorted({*files, *wanted})
                          if files.get(path) != wanted.get(path)], [])

    def check_edits(self, *args):
        with Export(WIDE, memory=True) as export:
            before = self.fresh(export, *args)
            for edit in EDITS:
                with self.subTest(edit=[key for key in edit if edit[key] != WIDE.get(key)]):
                    export.write(WIDE)
                    self.check(export, before, *args)
                    export.write(edit)
                    self.check(export, self.fresh(export, *args), *args)

    def test_of_every_edit(self):
        self.check_edits()

    def test_of_every_edit_beside_the_pages(self):
        self.check_edits("--pages")

    def test_of_what_is_not_the_catalogue(self):
        with Export(WIDE, memory=True) as export:
            templates = export.top / "templates"
            templates.mkdir()
            own = {"MIRRORBOOT_TEMPLATES": str(templates)}
            shipped = (ROOT / "templates/open.ipxe").read_text()
            before = self.fresh(export)

            def check(*args, **environ):
                self.check(export, before)
                self.check(export, self.fresh(export, *args, **environ), *args, **environ)

            check("--pages")
            check("--base", "http://cdn.example.net/")
            check(MIRRORBOOT_BASE="http://other.example.org/")
            (templates / "open.ipxe").write_text(shipped + "# one\n")
            check(**own)
            (templates / "open.ipxe").write_text(shipped + "# two\n")
            self.check(export, self.fresh(export, **own), **own)
            self.check(export, before)
            (export.top / "hosts").mkdir()
            (export.top / "hosts/52-54-00-12-34-56.json").write_text('{"menu": "more"}')
            self.check(export, self.fresh(export))


if __name__ == "__main__":
    unittest.main()
