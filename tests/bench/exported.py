"""The measurements of an export, and of as many clients as can come at once."""

import contextlib
import ctypes
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from parts import STEPS, load, say, storm, summarize, turned
from servers import (EXPORT, OURS, PHP, SAME, STATIC, TARGETS, Fault, Lighttpd,
                     harness)

PROGRAM = harness.BUILD / "tools/mirrorboot-export"
CROWD = 10000
CLONE_NEWNET = 0x40000000

# The files of an export for the steps of a machine.
FILES = ("boot.gpxe", "menu/main/bios.pxelinux",
         "release/distro0003/2.0/amd64.gpxe")


def run_export(catalog, directory):
    """Seconds that an export took, and seconds of CPU time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(
        [PROGRAM, "--quiet", directory], text=True, capture_output=True,
        check=False, env={"MIRRORBOOT_CATALOG": str(catalog)})
    took = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise Fault(f"mirrorboot-export: {done.stderr}")
    return {"seconds": took,
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime
            - before.ru_stime, "said": done.stdout.strip()}


class Exported(Lighttpd):
    """With the export of its catalogue, served as the sample says, and with
    the same bytes as plain files."""

    fds = 2 * CROWD
    backlog = CROWD

    def read(self, sample):
        own = (harness.ROOT / "conf/lighttpd-export.conf").read_text()
        return own.replace("/var/lib/mirrorboot-export",
                           str(self.dir / "exported")) + super().read(sample)

    def start(self):
        (self.dir / "exported").mkdir()
        super().start()
        run_export(self.catalog, self.dir / "exported/www")
        for file in FILES:
            copy = self.dir / "www/static/exported" / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.dir / "exported/www" / file, copy)


def exported_targets(file):
    return {SAME: f"/static/exported/{file}", EXPORT: f"/boot/export/{file}"}


def measure_exported(options):
    """The menu of an export, and the same bytes as a plain static file."""
    targets = exported_targets(FILES[1])
    rows = [{"server": "lighttpd", "text": "menu", "mode": mode, "who": who,
             "runs": []} for mode in ("close", "keep-alive") for who in targets]
    with Exported(options.entries) as server:
        for number in range(options.rounds):
            say(f"exported: round {number + 1}")
            for row in turned(rows, number):
                row["runs"].append(load(server, targets[row["who"]],
                                        row["mode"], options.seconds))
    return [summarize(row) for row in rows]


@contextlib.contextmanager
def own_network():
    """A network that has a loopback device alone, and whose kernel lets as many
    connections wait as there are clients. It takes root: others have the
    machine's network with the limit that it has."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", encoding="ascii") as before:
        if libc.unshare(CLONE_NEWNET) < 0:
            yield
            return
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            Path("/proc/sys/net/core/somaxconn").write_text(str(2 * CROWD))
            yield
        finally:
            if libc.setns(before.fileno(), CLONE_NEWNET) < 0:
                raise Fault(os.strerror(ctypes.get_errno()))


def measure_crowd(options):
    """Everybody in turn, with so many clients that the backlogs of the servers
    and of the kernel matter."""
    cases = {who: [TARGETS[step][who] for step in STEPS]
             for who in (STATIC, OURS, PHP)}
    for file in FILES:
        for who, target in exported_targets(file).items():
            cases.setdefault(who, []).append(target)
    rows = [{"server": "lighttpd", "who": who, "runs": []} for who in cases]
    with own_network(), Exported(options.entries) as server:
        server.start_php()
        server.compare()
        for number in range(options.rounds):
            say(f"crowd: round {number + 1}")
            for row in turned(rows, number):
                row["runs"].append(storm(server, cases[row["who"]],
                                         options.crowd))
    return rows


KEPT = 65535  # requests of one connection: lighttpd counts them in 16 bits


class OneConnection(Lighttpd):
    """Which is kept for as many pages as it can be."""

    more = Lighttpd.more + f"server.max-keep-alive-requests = {KEPT}\n"


def machine_parameters(name):
    """Those of the machine that a file is for: any, bios, efi-amd64."""
    platform, _, arch = name.partition("-")
    if platform == "any":
        return []
    return [f"platform={platform}"] + ([f"arch={arch}"] if arch else [])


def page_of(file):
    """The page, with its parameters, that the file of an export is; None: it
    is another name of one, or the list of the sums."""
    parts = file.split("/")
    name, _, dialect = parts.pop().partition(".")
    if len(parts) == 3 and parts[0] == "release":
        return "fromthemirror?" + "&".join(
            [f"arch={name}", f"dialect={dialect}", f"distro={parts[1]}",
             f"version={parts[2]}"])
    if len(parts) == 2 and parts[0] in ("boot", "menu"):
        key = {"boot": "menu", "menu": "name"}[parts[0]]
        return f"{parts[0]}?" + "&".join(
            [f"dialect={dialect}", f"{key}={parts[1]}",
             *machine_parameters(name)])
    return None


def fetch(server, pages, directory):
    """The seconds that curl took for all the pages, each into a file, over one
    connection, or two where they are more than one can have."""
    config = directory / "curl.conf"
    config.write_text("".join(
        f'url = "http://127.0.0.1:{server.port}/boot/{page}"\n'
        f'output = "{directory}/{number}"\n'
        for number, page in enumerate(pages)))
    begin = time.monotonic()
    done = subprocess.run(
        [harness.find("curl", "curl"), "--silent", "--show-error", "--config",
         config, "--write-out", "%{http_code} %{num_connects}\n"],
        text=True, capture_output=True, check=False)
    took = time.monotonic() - begin
    answers = done.stdout.splitlines()
    expected = {"200 1": 1 + len(pages) // KEPT}
    expected["200 0"] = len(pages) - expected["200 1"]
    if done.returncode or Counter(answers) != expected:
        raise Fault(f"curl: {done.stderr or Counter(answers)}")
    return {"seconds": took}


def edited(text):
    """The catalogue with another title of one distro."""
    return text.replace('"title": "Distro0003 ', '"title": "Edited ', 1)


def export_round(server):
    """One first export, one after an edit, one with nothing to do, and the
    same pages by curl; in memory, so that no disk is measured."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        scratch = Path(name)
        (scratch / "fetched").mkdir()
        text = server.catalog.read_text()
        catalog = scratch / "catalog.json"
        catalog.write_text(text)
        run = {"first": run_export(catalog, scratch / "www")}
        files = [str(path.relative_to(scratch / "www"))
                 for path in (scratch / "www/").glob("**/*") if path.is_file()]
        pages = sorted(filter(None, map(page_of, files)))
        run |= {"files": len(files), "pages": len(pages),
                "same": run_export(catalog, scratch / "www")}
        catalog.write_text(edited(text))
        run["edit"] = run_export(catalog, scratch / "www")
        run["curl"] = fetch(server, pages, scratch / "fetched")
        return run


def measure_export(options):
    """The time to write all pages of a large catalogue as files, and to fetch
    them instead."""
    runs = []
    with OneConnection(options.exported) as server:
        for number in range(options.exports):
            say(f"export: {options.exported} entries, round {number + 1}")
            # Every worker has read the catalogue, and has no page cached.
            server.catalog.write_text(server.catalog.read_text())
            for _ in range(4 * len(server.workers())):
                server.ask("/boot/menu?name=none")
            runs.append(export_round(server))
    return {"entries": options.exported, "runs": runs}


PARTS = {
    "exported": measure_exported,
    "crowd": measure_crowd,
    "export": measure_export,
}
