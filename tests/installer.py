"""The installer that Debian's newest debian-installer-N-netboot-ARCH has."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
ALL = pathlib.Path("/usr/lib/debian-installer/images")


def newest(arch):
    """The N of the newest package that is installed; "N" if there is none."""
    found = [int(path.parent.name) for path in ALL.glob(f"[0-9]*/{arch}")]
    return str(max(found, default="N"))


def package(arch):
    return f"debian-installer-{newest(arch)}-netboot-{arch}"


def tree(arch):
    """The mirror's directory netboot."""
    return ALL / newest(arch) / arch / "text"


def suite(arch):
    """What the mirror and the shipped catalogue call that release."""
    catalog = json.loads((ROOT / "conf/catalog.d/10-debian.json").read_text())
    for name, version in catalog["distros"]["debian"]["versions"].items():
        if version.get("name", "").startswith(f"{newest(arch)} "):
            return name
    raise AssertionError(f"{package(arch)} is missing, or the catalogue lacks "
                         "its release")
