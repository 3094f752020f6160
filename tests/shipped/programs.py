"""Runs the built programs, and reads catalogues as they do."""

import glob
import json
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MIRRORBOOT_BUILD", TOP / "build"))


def run(page, query, catalog, **variables):
    """What the page prints, and the reason for which it fails."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MIRRORBOOT_")}
    environment["MIRRORBOOT_CATALOG"] = str(catalog)
    environment.update(variables)
    done = subprocess.run(
        [BUILD / "cgi" / page, query], env=environment, capture_output=True, timeout=60
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{page} '{query}' ended with status {done.returncode}")
    reason = done.stderr.decode(errors="replace").strip()
    return done.stdout.decode(), reason or ("fails without a reason" if done.returncode else "")


def text(page, query, catalog):
    body, reason = run(page, query, catalog)
    if reason:
        raise AssertionError(f"{page} '{query}': {reason}")
    return body


def load_reason(catalog):
    """Why the programs refuse the catalogue; "" if they take it."""
    reason = run("boot", "dialect=html", catalog)[1]
    return reason.removeprefix("boot: ")


def parse(path):
    """A file's JSON; ValueError for what is none, as for the programs."""

    def once(pairs):
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("duplicate key")
        return dict(pairs)

    def refuse(constant):
        raise ValueError(constant)

    try:
        data = pathlib.Path(path).read_bytes().decode()
        return json.loads(data, object_pairs_hook=once, parse_constant=refuse)
    except RecursionError:
        raise ValueError("too deep")


def files(path):
    """The file and those that it includes, in order."""
    path = pathlib.Path(path)
    found = [path]
    for name in parse(path).get("include", []):
        full = str(path.parent / name)
        for match in sorted(glob.glob(full)) if glob.has_magic(name) else [full]:
            found += files(match)
    return found


def flatten(path):
    """What the file and its includes say together, as one catalogue."""
    whole = {}
    for file in files(path):
        for section, values in parse(file).items():
            if section in ("include", "$schema"):
                continue
            for key, value in values.items():
                whole.setdefault(section, {})[key] = value
                if value is None:
                    del whole[section][key]
    return whole


def releases(catalog):
    """(distro, version, arch, variant or None) of a flattened catalogue."""
    for distro, d in catalog.get("distros", {}).items():
        for version, v in d["versions"].items():
            for arch in v["arches"]:
                yield distro, version, arch, None
                levels = d, d.get("arches", {}).get(arch, {}), v
                variants = {}
                for level in levels:
                    variants.update(level.get("variants", {}))
                for variant, value in variants.items():
                    if value is not None:
                        yield distro, version, arch, variant


def check_programs():
    if not (BUILD / "cgi" / "menu").exists():
        sys.exit(f"check: no programs in {BUILD}/cgi; build first, or set MIRRORBOOT_BUILD")
