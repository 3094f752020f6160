"""Catalogues of any size, the same ones every time."""

import json

MENU = 100  # entries of a menu: a bigger catalogue has more menus
ARCHES = ("amd64", "i386")
VERSIONS = 5  # of a distro

# What is in a title now and then that a careless page writes wrongly.
AWKWARD = " <rescue> & \"more\""


def distro(name):
    """A distro as conf/catalog.d/10-debian.json has them: two mirrors, which
    carry PXELinux and a kernel."""
    root = "{{mirror}}dists/{{version}}/main/installer-{{arch}}/current/images/netboot/"
    return {
        "title": name.capitalize() + " {{version}} {{arch}}",
        "mirror": "shared",
        "root": root,
        "pxelinux": {"loader": "{{root}}pxelinux.0", "config": "pxelinux.cfg/default"},
        "kernel": "{{root}}debian-installer/{{arch}}/linux",
        "initrds": ["{{root}}debian-installer/{{arch}}/initrd.gz"],
        "versions": {f"{v}.0": {"arches": list(ARCHES)} for v in range(1, VERSIONS + 1)},
    }


def entry(number):
    """One of a menu's: it says all of itself, so that a page in any language
    has no more to do than to write it."""
    name = f"distro{number // (VERSIONS * len(ARCHES)):04}"
    version = f"{number // len(ARCHES) % VERSIONS + 1}.0"
    arch = ARCHES[number % len(ARCHES)]
    title = f"{name.capitalize()} release {version} for {arch}"
    return {
        "id": f"entry{number:05}",
        "title": title + AWKWARD if number % 10 == 9 else title,
        "distro": name,
        "version": version,
        "arch": arch,
    }


def catalog(count):
    """A catalogue of that many releases, each an entry of one menu. The main
    menu is the same in all that have as many entries as a menu."""
    entries = [entry(number) for number in range(count)]
    menus = {}
    for first in range(0, count, MENU):
        menus["main" if first == 0 else f"menu{first // MENU:03}"] = {
            "title": f"Entries from {first} on",
            "entries": entries[first:first + MENU],
        }
    return {
        "site": {
            "title": "Network boot",
            "base": "http://boot.example.org/boot/",
            "vesamenu": "vesamenu.c32",
            "menu": "main",
        },
        "mirrors": {"shared": ["http://ftp.nl.debian.org/debian/",
                               "http://mirrors.kernel.org/debian/"]},
        "distros": {e["distro"]: distro(e["distro"]) for e in entries},
        "menus": menus,
    }


def text(count):
    return json.dumps(catalog(count), indent=1) + "\n"
