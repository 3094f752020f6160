#!/usr/bin/env python3
"""Runs mirrorboot-check on each faults/CASE/catalog.json, with the site's own
templates in faults/CASE/templates if there are any, and compares all that it
prints with faults/CASE/findings.  @TODAY+N@ in a catalogue is the day N days
ahead.  UPDATE=1 writes the findings instead: read them before they are
committed."""

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("MIRRORBOOT_BUILD", HERE.parent.parent / "build"))
CHECK = BUILD / "tools" / "mirrorboot-check"
CASES_MIN = 60


def day_ahead(days):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=int(days))).strftime("%Y-%m-%d")


def check(catalog, *options, **how):
    """The exit status, and what is printed."""
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("MIRRORBOOT_")}
    result = subprocess.run([CHECK, *options, catalog], env=environment,
                            capture_output=True, text=True, timeout=60, **how)
    if result.stderr:
        return result.returncode, f"{result.stdout}(error){result.stderr}"
    return result.returncode, result.stdout


def run(case):
    """The findings of a copy of the case; @TODAY+N@ is a date only for the
    checker."""
    days = {}
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory) / "case"
        shutil.copytree(case, copy, symlinks=True)
        catalog = copy / "catalog.json"
        text = catalog.read_text()
        for name, ahead in re.findall(r"(@TODAY\+(\d+)@)", text):
            days[name] = day_ahead(ahead)
            text = text.replace(name, days[name])
        catalog.write_text(text)
        options = ["--templates", copy / "templates"] \
            if (copy / "templates").is_dir() else []
        status, found = check(catalog, *options)
    for name, day in days.items():
        found = found.replace(day, name)
    return status, found


def fault_of(case):
    """Why a case failed; None if it did not."""
    expected = case / "findings"
    status, found = run(case)
    if os.environ.get("UPDATE"):
        expected.write_text(found)
    wanted = expected.read_text() if expected.exists() else ""
    if found != wanted:
        return f"expected:\n{wanted}got:\n{found}"
    if status != ("error: " in found):
        return f"exit status {status}"
    return None


def check_json():
    """--json prints the same findings as the text."""
    case = HERE / "faults" / "many-faults-at-once"
    _, found = check(case / "catalog.json", "--json")
    lines = []
    for f in json.loads(found)["findings"]:
        parts = [f[key] for key in
                 ("severity", "file", "pointer", "reason", "url") if key in f]
        lines.append(": ".join(parts) +
                     (f"; {f['instead']}" if "instead" in f else "") + "\n")
    if "".join(lines) != (case / "findings").read_text():
        return "--json differs from the text:\n" + found
    return None


def check_strict():
    """Warnings count as errors only with --strict."""
    good = HERE / "good" / "catalog.json"
    warned = next(case for case in sorted((HERE / "faults").iterdir())
                  if "error: " not in (case / "findings").read_text() and
                  not (case / "templates").exists())
    for catalog, options, wanted in ((good, [], 0), (good, ["--strict"], 0),
                                     (warned / "catalog.json", [], 0),
                                     (warned / "catalog.json", ["--strict"], 1)):
        status, found = check(catalog, *options)
        if status != wanted:
            return f"{catalog} {options}: exit status {status}\n{found}"
    return None


def check_statuses():
    """2 with a reason if nothing could be checked."""
    rows = [
        (["/no/such/catalog.json"],
         "mirrorboot-check: /no/such/catalog.json: No such file or directory\n"),
        (["http://me:word@h/?t=word"],
         "mirrorboot-check: http://...@h/?...: No such file or directory\n"),
        *((["http://me:" + word + "@h/a?t=a b"],
           "mirrorboot-check: http://...@h/a?...: No such file or directory\n")
          for word in ("wo rd", "wo'rd", "wo' rd", 'wo"rd', "wo/rd", "wo@rd",
                       "wo?rd", "wo\nrd", "wo#rd")),
        (["me:wo rd@h:/srv/x"],
         "mirrorboot-check: ...@h:/srv/x: No such file or directory\n"),
        (["/srv/a@b/x y.json"],
         "mirrorboot-check: /srv/a@b/x y.json: No such file or directory\n"),
        (["--timeout", "0", "x"], "mirrorboot-check: --timeout takes a whole "
         "number from 1 to 3600\n"),
        (["--timeout", "3601", "x"], "mirrorboot-check: --timeout takes a whole "
         "number from 1 to 3600\n"),
        (["--max-time", "604801", "x"], "mirrorboot-check: --max-time takes a "
         "whole number from 1 to 604800\n"),
        *(([option, "", "x"],
           f"mirrorboot-check: {option} needs a file's name\n")
          for option in ("--pin", "--write", "--rank")),
        (["--per-host", "many", "x"], "mirrorboot-check: --per-host takes a "
         "whole number from 1 to 64\n"),
        *(([option, *value, "--distro", "debian", "x"],
           "mirrorboot-check: --discover and --rank are for all distros: "
           "leave --distro out\n")
          for option, *value in (["--discover"], ["--rank", "y"])),
        (["a", "b"],
         "mirrorboot-check: b: is a second catalogue: check one at a time\n"),
        (["--offline"], "mirrorboot-check: there is no option --offline; did "
         "you mean --online?\n"),
        (["--pins=/secret", "x"], "mirrorboot-check: there is no option "
         "--pins; did you mean --pin?\n"),
        (["--frobnicate"], "mirrorboot-check: there is no option --frobnicate; "
         "--help lists the options\n"),
        # The beginning of a name is none: it may become ambiguous.
        (["--onlin"], "mirrorboot-check: there is no option --onlin; did you "
         "mean --online?\n"),
        (["x", "--js"], "mirrorboot-check: there is no option --js; did you "
         "mean --json?\n"),
        (["--timeout", "--online", "--ver"], "mirrorboot-check: there is no "
         "option --ver; did you mean --verify?\n"),
        (["--json=yes", "x"], f"{CHECK}: option '--json' doesn't allow an "
         "argument\nmirrorboot-check: --help lists the options\n"),
        (["-x"], f"{CHECK}: invalid option -- 'x'\n"
         "mirrorboot-check: --help lists the options\n"),
        (["--", "--online"],
         "mirrorboot-check: --online: No such file or directory\n"),
    ]
    for arguments, reason in rows:
        result = subprocess.run([CHECK, *arguments], capture_output=True,
                                text=True, timeout=60)
        if result.returncode != 2 or reason != result.stderr or \
                result.stdout:
            return f"{arguments}: {result}"
    return None


HELP = """\
Usage: mirrorboot-check [--online] [--verify] [--pin FILE] [--distro ID]
                        [--discover] [--write FILE] [--diff] [--rank FILE]
                        [--copy NAME] [--json] [--strict] [--templates DIR]
                        [--timeout S] [--max-time S] [--per-host N] [FILE]
Check a catalogue and the pages made from it.

  --online         also check on every mirror what boots would fetch
  --verify         also compare kernels and initrds with signed lists
  --pin FILE       also write their sums to FILE, for the catalogue
  --distro ID      ask for that distro alone; may be repeated
  --discover       also compare with the lists of releases
  --write FILE     also write what is new to FILE, for the catalogue
  --diff           show what --write would change, and write nothing
  --rank FILE      also write the best order of mirrors to FILE
  --copy NAME      print the script that makes the site's own copy, and
                   check nothing: mint, rhel/10/amd64
  --json           print JSON
  --strict         count warnings as errors
  --templates DIR  the site's own templates; may be repeated
  --timeout S      seconds that a request may take (10)
  --max-time S     seconds that a whole kernel or initrd may take (3600)
  --per-host N     requests at a time to one host (4)

FILE is the catalogue; without it MIRRORBOOT_CATALOG, or
@CATALOG@.
Exit status: 0 no errors, 1 errors, 2 could not check.
"""


def check_help():
    """What --help and --version print; nothing is checked then."""
    top = HERE.parents[1]
    version = re.search(r"project\(mirrorboot VERSION (\S+)",
                        (top / "CMakeLists.txt").read_text())[1]
    catalog = str(top / "conf" / "catalog.json")
    for option, wanted in (
            ("--help", HELP.replace("@CATALOG@", catalog)),
            ("--version", f"mirrorboot-check (mirrorboot) {version}\n")):
        found = check("x", option)
        if found != (0, wanted):
            return f"{option}: {found}"
    return None


NO_DIRECTORY = ("there is no such directory: correct --templates or "
                "MIRRORBOOT_TEMPLATES")


def check_directories():
    """A directory of templates may be missing, but not unreadable: for root
    every directory is readable, so an unprivileged user runs the checker."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} \
        if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        place.chmod(0o755)
        catalog = shutil.copy(HERE / "good" / "catalog.json", place)
        hidden = place / "hidden"
        rows = [("missing", 0, f"warning: {place / 'missing'}: {NO_DIRECTORY}\n"),
                ("catalog.json", 1, "error: catalog.json: is not a directory: "
                 "MIRRORBOOT_TEMPLATES names directories\n"),
                ("http://me:word@h/x", 0, f"warning: {NO_DIRECTORY}\n"),
                ("me:word@h", 0, f"warning: {NO_DIRECTORY}\n")]
        try:
            is_allowed = check(catalog, **nobody) == (0, "")
        except PermissionError:
            is_allowed = False
        if is_allowed:
            rows.append(
                ("hidden", 1, f"error: {hidden}: directory cannot be read: "
                 "Permission denied\n"))
        else:
            print("unreadable directory: left out, the tree is closed to "
                  "unprivileged users")
        hidden.mkdir()
        hidden.chmod(0o111)
        for name, *wanted in rows:
            templates = name if ":" in name else place / name
            found = check(catalog, "--templates", templates, **nobody)
            if list(found) != wanted:
                return f"{name}: {found}"
    return None


# What the script that makes a copy runs: it writes the names that it extracts
# into the files.
XORRISO = """#!/bin/sh
set -e
[ "$1 $2 $3" = '-osirrox on -indev' ] && [ -f "$4" ]
shift 4
while [ $# -gt 0 ]; do
	[ "$1" = -extract ]
	case $3 in
	*/) mkdir -p "$3"; echo "$2" > "$3file" ;;
	*) echo "$2" > "$3" ;;
	esac
	shift 3
done
"""
CURL = """#!/bin/sh
[ "$1" = -fLo ] && echo "$3" > "$2"
"""
NOW_ADD = "Now add \"{}\" to \"copies\" of the catalogue's section \"site\".\n"
NO_XORRISO = "#!/bin/sh\nexit 5\n"

COPY_FILES = {
    "vmlinuz": "casper/it's vmlinuz", "sub/initrd": "casper/{{distro_arch}}.lz",
    "squashfs/": "live/", "mint.iso": ".",
    "hook": "http://h.test/{{version}}?a&b"}
COPIED = {
    "vmlinuz": "/casper/it's vmlinuz\n", "sub/initrd": "/casper/amd64.lz\n",
    "squashfs/file": "/live/\n", "mint.iso": "ISO",
    "hook": "http://h.test/22?a&b\n"}


def copies_of(directory, made=()):
    """A catalogue of one system with a copy, and one with two."""
    def distro(name, versions, files):
        return {"title": f"{name} {{{{arch}}}}",
                "root": f"{{{{base}}}}copies/{name}/{{{{version}}}}/",
                "kernel": "{{root}}vmlinuz",
                "copy": {"from": "http://h.test/download", "files": files},
                "variants": {"text": {"title": "text", "args": "text"}},
                "versions": {v: {"arches": ["amd64"]} for v in versions}}
    path = directory / "catalog.json"
    path.write_text(json.dumps({
        "site": {"base": "http://boot.test/", "copies": list(made)},
        "distros": {"mint": distro("mint", ["22"], COPY_FILES),
                    "rhel": distro("rhel", ["9", "10"], {"./": "./"}),
                    "hook": distro("hook", ["1"], {"vmlinuz": "http://h.test/k"})},
        "menus": {"main": {"entries": [{"local": True}, {"distro": "mint"},
                                       {"distro": "rhel"}, {"distro": "hook"}]}}}))
    return path


def files_below(directory):
    return {str(p.relative_to(directory)): p.read_text()
            for p in directory.rglob("*") if p.is_file()}


def check_copy_names():
    """--copy takes one copy, and names those that there are."""
    one = "mirrorboot-check: --copy takes one copy, and these are of that name:\n"
    none = ("mirrorboot-check: --copy takes a copy of the catalogue, one of "
            "these:\n")
    rhel = "  rhel/10/amd64\n  rhel/9/amd64\n"
    rows = [("rhel", one + rhel),
            *((name, none + "  mint/22/amd64\n" + rhel + "  hook/1/amd64\n")
              for name in ("rhe", "rhel/", "rhel/8", "mint/22/amd64/text", ""))]
    with tempfile.TemporaryDirectory() as directory:
        catalog = copies_of(pathlib.Path(directory))
        for name, wanted in rows:
            found = check(catalog, "--copy", name)
            if found != (2, "(error)" + wanted):
                return f"{name}: {found}"
        for name in ("rhel/10", "rhel/10/amd64", "mint", "hook"):
            status, found = check(catalog, "--copy", name)
            if status != 0 or not found.startswith("#!/bin/sh\n# Makes the copy of "):
                return f"{name}: {status}, {found}"
        catalog.write_text("{}")
        found = check(catalog, "--copy", "mint")
        if found[0] != 2 or not found[1].startswith(
                "(error)mirrorboot-check: catalog.json: /site: needs a base"):
            return f"{found}"
    return None


def check_copy_script():
    """The script makes the copy, and leaves the present one if it fails."""
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        catalog = copies_of(place)
        web = place / "the web"
        web.mkdir()
        iso = place / "the iso"
        iso.write_text("ISO")
        (place / "bin").mkdir()

        def tool(name, text):
            (place / "bin" / name).write_text(text)
            (place / "bin" / name).chmod(0o755)

        def make(*arguments, name="mint"):
            return subprocess.run(
                ["sh", "-s", "--", *arguments], text=True, capture_output=True,
                input=check(catalog, "--copy", name)[1], timeout=60,
                env={"PATH": f"{place / 'bin'}:{os.environ['PATH']}"})

        tool("xorriso", XORRISO)
        tool("curl", CURL)
        copy = {f"copies/mint/22/{name}": text for name, text in COPIED.items()}
        done = make(web, iso)
        if (done.returncode, done.stderr, done.stdout) != (0, "", NOW_ADD.format("mint")) or \
                files_below(web) != copy:
            return f"{done}, {files_below(web)}"
        tool("xorriso", NO_XORRISO)
        done = make(web, iso)
        left = {n: t for n, t in files_below(web).items() if ".new/" not in n}
        if done.returncode != 5 or left != copy:
            return f"after a failure: {done}, {left}"
        tool("xorriso", XORRISO)
        copies_of(place, ["mint"])
        iso.write_text("NEW")
        done = make(web, iso)
        old = {n.replace("/22/", "/22.old/"): t for n, t in copy.items()}
        copy["copies/mint/22/mint.iso"] = "NEW"
        if (done.returncode, done.stdout, done.stderr) != (0, "", "") or \
                files_below(web) != {**copy, **old}:
            return f"once more: {done}, {files_below(web)}"
        for name, arguments, wanted in (
                ("mint", [web], "usage: sh sh DIRECTORY ISO\n"),
                ("hook", [web, iso], "usage: sh sh DIRECTORY\n"),
                ("hook", [iso], f"{iso}: is no directory\n")):
            done = make(*arguments, name=name)
            if (done.returncode, done.stderr) != (2, wanted):
                return f"{name}: {done}"
        for made, said in ((["mint"], NOW_ADD.format("rhel/10/amd64")), (["rhel/9"], NOW_ADD.format("rhel/10/amd64")),
                           (["rhel/10"], ""), (["rhel/10/amd64"], ""), (["rhel"], "")):
            copies_of(place, made)
            done = make(web, iso, name="rhel/10")
            if (done.returncode, done.stdout) != (0, said) or \
                    (web / "copies/rhel/10/file").read_text() != "/\n":
                return f"rhel, {made}: {done}"
    return None


def check_base():
    """A warning of a base names what has set it."""
    environment = {"MIRRORBOOT_BASE": "http://boot.example.org:81/boot/"}
    result = subprocess.run([CHECK, HERE / "good" / "catalog.json"],
                            env=environment, capture_output=True, text=True,
                            timeout=60)
    if result.returncode != 0 or result.stderr or result.stdout != (
            "warning: MIRRORBOOT_BASE: 'boot.example.org:81' is an example: "
            "write the name of your own web server\n"):
        return f"{result}"
    return None


def check_hosts():
    """A directory that somebody has named has to be there."""
    for named, wanted in (("/nonexistent/hosts/", "error: hosts: directory is not there\n"), ("", "")):
        result = subprocess.run([CHECK, HERE / "good" / "catalog.json"], env={"MIRRORBOOT_HOSTS": named},
                                capture_output=True, text=True, timeout=60)
        if (result.returncode, result.stdout, result.stderr) != (int(bool(wanted)), wanted, ""):
            return f"{named}: {result}"
    return None


def main():
    cases = sorted(p for p in (HERE / "faults").iterdir() if p.is_dir())
    faults = [(c.name, fault_of(c)) for c in [HERE / "good", *cases]]
    faults += [("json", check_json()), ("statuses", check_statuses()),
               ("directories", check_directories()), ("help", check_help()),
               ("strict", check_strict()), ("base", check_base()),
               ("hosts", check_hosts()),
               ("names of copies", check_copy_names()),
               ("script of a copy", check_copy_script())]
    failed = [(name, fault) for name, fault in faults if fault]
    for name, fault in failed:
        print(f"not ok {name}\n{fault}")
    print(f"{len(cases)} cases, {len(failed)} failed")
    if len(cases) < CASES_MIN:
        print(f"not ok: fewer than {CASES_MIN} cases")
    return 1 if failed or len(cases) < CASES_MIN else 0


sys.exit(main())
