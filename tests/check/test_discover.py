#!/usr/bin/env python3
"""Runs mirrorboot-check --discover against lists of releases on loopback: each
form that web servers write, and lists that lie."""

import datetime
import fcntl
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
import webserver
from webserver import Failed, expect

BUILD = pathlib.Path(os.environ.get("MIRRORBOOT_BUILD", HERE.parent.parent / "build"))
CHECK = BUILD / "tools" / "mirrorboot-check"
TODAY = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")


class Handler(webserver.Handler):
    """files: path -> body, or a status with headers."""

    def answer(self, is_head):
        found = self.server.mirror.files.get(self.path, (404, {}))
        if isinstance(found, tuple):
            status, headers = found
            return self.send(status, b"", is_head, {
                name: value.replace("HOST", self.server.mirror.host)
                for name, value in headers.items()})
        if isinstance(found, str):
            found = found.encode()
        return self.send(200, found, is_head)


class Mirror(webserver.Mirror):

    def __init__(self):
        self.files = {}
        super().__init__(Handler)
        self.base = f"http://{self.host}/"


def releases(*names, arches=("amd64",)):
    """The files of releases, as the catalogue below names them."""
    return {f"/r/{name}/{arch}.ipxe": "#!ipxe\n"
            for name in names for arch in arches}


# Indexes, each with the directories named, as its web server writes them.

def nginx(names):
    return ("<html>\r\n<head><title>Index of /r/</title></head>\r\n<body>\r\n"
            '<h1>Index of /r/</h1><hr><pre><a href="../">../</a>\r\n' +
            "".join(f'<a href="{n}/">{n}/</a>      20-Nov-2026 10:00       -\r\n'
                    for n in names) + "</pre><hr></body>\r\n</html>\r\n")


def apache(names):
    return ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n'
            " <body>\n<h1>Index of /r</h1>\n  <table>\n"
            '   <tr><th valign="top"><img src="/icons/blank.gif" alt="[ICO]"></th>'
            '<th><a href="?C=N;O=D">Name</a></th></tr>\n'
            '<tr><td><a href="/">Parent Directory</a></td></tr>\n' +
            "".join('<tr><td valign="top"><img src="/icons/folder.gif" alt="[DIR]">'
                    f'</td><td><a href="{n}/">{n}/</a></td></tr>\n'
                    for n in names) + "</table>\n</body></html>\n")


def lighttpd(names):
    return ('<?xml version="1.0" encoding="utf-8"?>\n<html><body><table><tbody>'
            '<tr class="d"><td class="n"><a href="../">..</a>/</td></tr>\n' +
            "".join(f"<TR class='d'><td class='n'><A\n class=x HREF = '{n}/'>{n}</A>"
                    "/</td></tr>\n" for n in names) + "</tbody></table>\n")


def absolute(names):
    return "".join(f'<li><a title="a > b" href="/r/{n}/">{n}</a>' for n in names)


def unquoted(names):
    return "".join(f"<a href=./{n}/ >{n}</a>" for n in names)


def escaped(names):
    return "".join(f'<a href="&#x{ord(n[0]):x};%{ord(n[1]):02x}{n[2:]}&#47;">{n}</a>'
                   for n in names)


def bucket(names):
    return ('<?xml version="1.0"?><ListBucketResult><Name>b</Name>'
            "<Prefix>r/</Prefix><Delimiter>/</Delimiter>" +
            "".join(f"<CommonPrefixes><Prefix>r/{n}/</Prefix></CommonPrefixes>"
                    for n in names) +
            "<Contents><Key>r/README</Key></Contents></ListBucketResult>")


INDEXES = (nginx, apache, lighttpd, absolute, unquoted, escaped, bucket)


class Site:
    """A catalogue with one distro, whose versions are given."""

    def __init__(self, directory, mirror, discover, versions=("43", "44"),
                 site={}, distro={}, include=None):
        self.directory = pathlib.Path(directory)
        self.mirror = mirror
        self.catalog = self.directory / "catalog.json"
        (self.directory / "catalog.d").mkdir(exist_ok=True)
        if not isinstance(versions, dict):
            versions = {id: {"arches": ["amd64"]} for id in versions}
        self.catalog.write_text(json.dumps({
            "include": ["catalog.d/*.json"],
            "site": {"base": "http://boot.example.com/", **site},
            "mirrors": {"m": [mirror.base]},
            "distros": {"d": {
                "title": "D {{name}} {{arch}}", "mirror": "m",
                "script": "{{mirror}}r/{{name}}/{{arch}}.ipxe",
                "versions": versions, "discover": discover, **distro}},
            "menus": {"main": {"title": "M", "entries": [{"distro": "d"}]}}}))

    def start(self, *arguments):
        return subprocess.Popen(
            [CHECK, "--discover", "--timeout", "3", *arguments, self.catalog],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "http_proxy": "", "no_proxy": "*"})

    def run(self, *arguments):
        with self.start(*arguments) as popen:
            output = popen.communicate()
            return subprocess.CompletedProcess(popen.args, popen.returncode,
                                               *output)

    def findings(self, *arguments, others=()):
        """Of what the lists are about, as "check pointer reason"."""
        checks = {"new", "incomplete", "gone", "eol", "arch", "name", "list",
                  "plain", *others}
        result = self.run("--json", *arguments)
        if result.returncode == 2:
            raise Failed(f"it says {result.stderr}")
        return [f"{f['check']} {f['pointer']}: {f['reason']}"
                for f in json.loads(result.stdout)["findings"]
                if f["check"] in checks]


INDEX = {"version": "[0-9]+",
         "lists": [{"index": "{{mirror}}r/", "item": "{{version}}/"}]}
NEW = "new /distros/d: there is a new version: 45, for amd64"


def test_each_form_of_index(directory, mirror):
    for form in INDEXES:
        mirror.files = {**releases("43", "44", "45"),
                        "/r/": form(["43", "44", "45"])}
        expect(form.__name__, Site(directory, mirror, INDEX).findings(), [NEW])


def test_nothing_is_new(directory, mirror):
    mirror.files = {**releases("43", "44"), "/r/": nginx(["7", "43", "44"])}
    expect("old ones", Site(directory, mirror, INDEX).findings(), [])


def test_a_thousand_entries(directory, mirror):
    names = [str(n) for n in range(1000)]
    mirror.files = {**releases(*names), "/r/": nginx(names)}
    expect("findings", Site(directory, mirror, INDEX).findings(),
           ["list /distros/d: the lists have 951 more new versions than one "
            "run proposes: has their form changed?"] +
           [f"new /distros/d: there is a new version: {n}, for amd64"
            for n in (999, 998, 997, 996)])


def test_a_list_that_lies(directory, mirror):
    """What is listed and is not there, and what no version is."""
    lies = ["45", "46x", "..", "../45", "%2e%2e", "45%00", "45%0a", "/45",
            "http://other.example.com/47", "//other/48", "50/os", "javascript:51",
            "9" * 3000, "52&#10;", "53\x01", "&#0;54", "%zz55", "&bogus;56"]
    mirror.files = {**releases("43", "44"),
                    "/r/": nginx(lies + ["43", "44"]) + '<a href="57'}
    expect("findings", Site(directory, mirror, INDEX).findings(),
           ["incomplete /distros/d: a list has a new version, 45, but the "
            "mirrors do not have all of it yet: amd64: script is missing: "
            "status 404"])


def test_a_list_that_cannot_be_read(directory, mirror):
    site = Site(directory, mirror, INDEX)
    cases = {
        "is missing": (404, {}),
        "is refused": (403, {}),
        "is redirected without end": (302, {"Location": "http://HOST/r/"}),
        "is longer than 4 MiB": b"<a href='45/'>" * 400000,
        "has too many entries": nginx(range(20001)),
        "has nothing that matches item": "<html>Under maintenance</html>",
    }
    for reason, answer in cases.items():
        mirror.files = {**releases("43", "44"), "/r/": answer}
        expect(reason, site.findings(),
               [f"list /distros/d: a list of releases {reason}"])
    mirror.files = {**releases("43", "44"), "/r/list": b"{"}
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"json": "{{mirror}}r/list", "item": "/v {{version}}"}]})
    expect("no JSON", site.findings(),
           ["list /distros/d: a list of releases is not JSON"])


def test_places_that_are_not_fetched(directory, mirror):
    """And a redirect that they do not have to be kept from."""
    site = Site(directory, mirror, INDEX)
    for location, reason in (
            ("file:///etc/passwd", "leads to a URL that begins neither with "
                                   "http:// nor with https://"),
            ("ftp://HOST/r/", "leads to a URL that begins neither with http:// "
                              "nor with https://"),
            ("http://me:word@HOST/r/", "has a user name or a password in its "
                                       "URL: leave it out"),
            ("http://127.0.0.1:9/", "cannot be fetched: no connection to the "
                                    "host")):
        mirror.files = {**releases("43", "44"), "/r/": (302, {"Location": location})}
        expect(location, site.findings(),
               [f"list /distros/d: a list of releases {reason}"])
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": (302, {"Location": "http://HOST/a%20b/?x=%2F"}),
                    "/a%20b/?x=%2F": nginx(["43", "44", "45"])}
    expect("percent", site.findings(), [NEW])


def test_a_redirect(directory, mirror):
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": (301, {"Location": "http://HOST/elsewhere/"}),
                    "/elsewhere/": nginx(["43", "44", "45"])}
    expect("moved", Site(directory, mirror, INDEX).findings(), [NEW])


TEXTS = {
    "meta-release": ("Dist: n\nVersion: 45.1 LTS\nSupported: 1\n\n"
                     "Dist: m\nVersion: 44.2 LTS\n",
                     "Version: {{version}}.* LTS"),
    "yaml": ("---\n-\n  branch: x\n  version: 45\n  arch: x86_64\n-\n"
             "  version: 44\n", "version: {{version}}"),
    "treeinfo": ("[release]\r\nname = D\r\nversion = 45\r\n",
                 "version = {{version}}"),
    "version.txt": ("D_BUILD=1\nD_VERSION=45\n", "D_VERSION={{version}}"),
}


def test_each_form_of_text(directory, mirror):
    for form, (text, item) in TEXTS.items():
        mirror.files = {**releases("44", "45"), "/r/list": text}
        site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
            {"text": "{{mirror}}r/list", "item": item}]}, versions=["44"])
        expect(form, [f for f in site.findings() if f.startswith("new")], [NEW])


def test_json(directory, mirror):
    mirror.files = {**releases("44", "45"), "/r/list": json.dumps(
        [{"version": "45", "arch": "x86_64"}, {"version": 44, "eol": None}])}
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"json": "{{mirror}}r/list", "item": "/*/version {{version}}"}]},
        versions=["44"])
    expect("json", site.findings(), [NEW])
    # A '/' or a '~' in a key is written as in every JSON Pointer.
    mirror.files["/r/list"] = json.dumps({"a/b~c": {"v": "45"}, "d": "44"})
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"json": "{{mirror}}r/list", "item": "/a~1b~0c/v {{version}}"}]},
        versions=["44"])
    expect("pointer", [f for f in site.findings() if f.startswith("new")], [NEW])


def test_offline_lists(directory, mirror):
    """Those of distro-info-data, and a directory as osinfo-db has."""
    csv = pathlib.Path(directory) / "d.csv"
    csv.write_text("version,codename,series,created,release,eol,eol-lts\n"
                   "12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-06-10,2020-06-30\n"
                   "13,Trixie,trixie,2023-06-10,2025-08-09,2028-08-09,2030-06-30\n"
                   "14,Forky,forky,2025-08-09,2027-08-09,2030-08-09,2032-06-30\n"
                   "15,Duke,duke,2027-08-09\n")
    mirror.files = releases("bookworm", "trixie", "forky")
    versions = {"bookworm": {"arches": ["amd64"]},
                "trixie": {"arches": ["amd64"], "eol": "2028-08-09"}}
    site = Site(directory, mirror, {"version": "[a-z]+", "lists": [
        {"text": str(csv), "item": "*,*,{{version}},*,*,*,{{eol}}"}]},
        versions=versions)
    expect("csv", site.findings(), [
        "eol /distros/d/versions/bookworm: reached its end of life on 2020-06-30",
        "eol /distros/d/versions/trixie: ends on 2030-06-30, and not on "
        "2028-08-09",
        "new /distros/d: there is a new version: forky, for amd64"])
    names = pathlib.Path(directory) / "d.example.com"
    names.mkdir()
    for name in ("d-43.xml", "d-44.xml", "d-45.xml", "d-unknown.xml"):
        (names / name).write_text("")
    mirror.files = releases("43", "44", "45")
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"index": f"{names}/", "item": "d-{{version}}.xml"}]})
    expect("directory", site.findings(), [NEW])


def test_files_that_cannot_be_read(directory, mirror):
    mirror.files = releases("44")
    large = pathlib.Path(directory) / "large"
    large.write_bytes(b"45\n" * 2000000)
    absent = ("is not on this machine: install the package that has it")
    for kind, place, reason in (
            ("text", f"{directory}/none.csv", absent),
            ("index", f"{directory}/none/", absent),
            ("text", large, "cannot be read: it is too long, or not for this "
                            "user")):
        site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
            {kind: str(place), "item": "{{version}}"}]}, versions=["44"])
        expect(reason, site.findings(),
               [f"list /distros/d: a list of releases {reason}"])


def test_a_version_that_the_catalogue_cannot_have(directory, mirror):
    """It makes a title too long; others are found all the same."""
    long = "4" * 32
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45", long])}
    site = Site(directory, mirror, INDEX,
                distro={"title": "{{version}} " * 6 + "{{version}}"})
    expect("findings", site.findings(), [
        f"list /distros/d: a list has the version {long}, with which the "
        "catalogue would be refused: catalog.json: /distros/d/title: is longer "
        "than 200 bytes or 20 words: shorten it", NEW])


def test_a_directory_for_trials_that_is_none(directory, mirror):
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX)
    result = subprocess.run(
        [CHECK, "--discover", site.catalog], capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "TMPDIR": f"{directory}/none"})
    expect("status", result.returncode, 2)
    expect("message", result.stderr,
           "mirrorboot-check: nothing is discovered: a temporary directory cannot "
           "be made: No such file or directory: let TMPDIR name one that this "
           "user may write to\n")


def test_what_has_gone(directory, mirror):
    mirror.files = {**releases("44"), "/r/": nginx(["44"])}
    expect("gone", Site(directory, mirror, INDEX).findings(), [
        "gone /distros/d/versions/43: is on no list any more, and does not "
        "boot: script is missing: status 404"])
    mirror.files = {**releases("43", "44"), "/r/": nginx(["44"])}
    expect("archived", Site(directory, mirror, INDEX).findings(), [
        "gone /distros/d/versions/43: is on no list any more, but its files "
        "are still there"])


def test_a_mirror_that_is_silent(directory, mirror):
    """What it has nobody knows, so nothing is proposed."""
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX)
    catalog = json.loads(site.catalog.read_text())
    catalog["mirrors"]["m"].append("http://127.0.0.1:9/")
    site.catalog.write_text(json.dumps(catalog))
    found = site.findings()
    expect("findings", len(found), 1)
    expect("reason", re.match(
        "incomplete /distros/d: a list has a new version, 45, but the mirrors "
        "do not have all of it yet: amd64: (script cannot be fetched: no "
        "connection to the host|one of its mirrors does not answer)",
        found[0]) is not None, True)


def test_architectures(directory, mirror):
    """One that has appeared, and a new version that lacks one."""
    mirror.files = {**releases("43", "44", arches=("amd64", "arm64")),
                    **releases("45", arches=("arm64",)),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX, versions={
        "43": {"arches": ["amd64", "arm64"]}, "44": {"arches": ["amd64"]}})
    expect("arches", site.findings(), [
        "new /distros/d: there is a new version: 45, for arm64",
        "arch /distros/d/versions/44: exists for arm64 too"])


STREAM = {"version": "stable", "lists": [
    {"json": "{{mirror}}{{version}}.json", "item": "/x86_64/release {{name}}"}]}


def test_names(directory, mirror):
    """The build of a stream, and a point release that no mirror has yet."""
    versions = {"stable": {"arches": ["amd64"], "name": "44.1"}}
    stream = {"/stable.json": '{"x86_64": {"release": "44.10"}, "a": "44.11"}'}
    mirror.files = {**releases("44.1", "44.10"), **stream}
    site = Site(directory, mirror, STREAM, versions=versions)
    expect("stream", site.findings(),
           ["name /distros/d/versions/stable: its name is 44.10 now"])
    mirror.files = {**releases("44.1"), **stream}
    expect("too early", site.findings(), [
        "incomplete /distros/d/versions/stable: a list has the new name 44.10, "
        "but the mirrors do not have all of it: amd64: script is missing: "
        "status 404"])


def found(site):
    return json.loads((site.directory / "catalog.d/80-found.json").read_text())


def test_a_day_that_is_none(directory, mirror):
    """An end of life that the catalogue would refuse stops nothing."""
    mirror.files = {**releases("43", "44", "45"), "/r/list":
                    "43 0000-00-00\n44 9999-99-99\n45 2026-13-45\n45 x\n"}
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"text": "{{mirror}}r/list", "item": "{{version}} {{eol}}"},
        {"text": "{{mirror}}r/list", "item": "{{version}} x"}]},
        site={"trust_http_lists": True})
    file = site.directory / "catalog.d/80-found.json"
    expect("findings", [f for f in site.findings("--write", file)
                        if not f.startswith("gone")], [NEW])
    expect("keys", sorted(found(site)["distros"]["d"]["versions"]["45"]),
           ["$comment", "arches"])


def test_nothing_has_gone_while_a_list_is_missing(directory, mirror):
    mirror.files = {**releases("43", "44"), "/r/": nginx(["44"])}
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"index": "{{mirror}}r/", "item": "{{version}}/"},
        {"index": "{{mirror}}archive/", "item": "{{version}}/"}]})
    expect("findings", site.findings(),
           ["list /distros/d: a list of releases is missing"])


def test_a_list_is_whole_by_the_second_mirror(directory, mirror):
    mirror.files = {**releases("43", "44"), "/r/": nginx(["44"])}
    site = Site(directory, mirror, INDEX)
    catalog = json.loads(site.catalog.read_text())
    catalog["mirrors"]["m"].insert(0, "http://127.0.0.1:9/")
    site.catalog.write_text(json.dumps(catalog))
    found = [finding.split(":")[0] for finding in site.findings()]
    expect("findings", found, ["list /distros/d", "gone /distros/d/versions/43"])


def test_directories_of_this_machine(directory, mirror):
    """They end in '/', as in an index of a web server."""
    mirror.files = releases("43", "44", "45")
    names = pathlib.Path(directory) / "names"
    for name in ("43", "44", "45"):
        (names / name).mkdir(parents=True)
    (names / "46").write_text("")
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"index": f"{names}/", "item": "{{version}}/"}]})
    expect("directories", site.findings(), [NEW])


def test_a_version_that_was_taken_back(directory, mirror):
    """null in a later file is an answer: it is not offered again."""
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX, site={"trust_http_lists": True})
    file = site.directory / "catalog.d/80-found.json"
    expect("first", site.findings("--write", file), [NEW])
    (site.directory / "catalog.d/90-local.json").write_text(
        '{"distros": {"d": {"versions": {"45": null}}}}')
    expect("second", site.findings("--write", file), [])


def test_write(directory, mirror):
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX, site={"trust_http_lists": True})
    file = site.directory / "catalog.d/80-found.json"
    wanted = {"$comment": "Written by mirrorboot-check --write.", "distros": {
        "d": {"versions": {"45": {
            "$comment": f"Found on {TODAY} in {mirror.base}r/",
            "arches": ["amd64"]}}}}}

    result = site.run("--write", file, "--diff")
    expect("exists after --diff", file.exists(), False)
    added = "".join(f"+{line}\n" for line in json.dumps(
        wanted, indent=1, sort_keys=True).splitlines())
    expect("diff", result.stdout[:len(added) + 17], f"@@ -0,0 +1,15 @@\n{added}")

    expect("first", site.findings("--write", file), [NEW])
    expect("file", found(site), wanted)
    expect("mode", file.stat().st_mode & 0o777, 0o644)
    # It is a part of the catalogue now, and nothing is new.
    before = file.stat()
    expect("second", site.findings("--write", file), [])
    expect("inode", file.stat().st_ino, before.st_ino)
    # What is there stays.
    mirror.files.update(releases("46"))
    mirror.files["/r/"] = nginx(["43", "44", "45", "46"])
    site.findings("--write", file)
    expect("both", sorted(found(site)["distros"]["d"]["versions"]), ["45", "46"])
    expect("files", sorted(os.listdir(file.parent)), ["80-found.json"])


def test_two_who_write(directory, mirror):
    """What another run has written meanwhile stays."""
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX, site={"trust_http_lists": True})
    file = site.directory / "catalog.d/80-found.json"
    lock = os.open(file.parent, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    run = site.start("--write", file)
    waits = pathlib.Path(f"/proc/{run.pid}/wchan")
    while run.poll() is None and "lock_inode_wait" not in waits.read_text():
        time.sleep(0.01)
    file.write_text(json.dumps({
        "$comment": "Written by mirrorboot-check --write.",
        "distros": {"d": {"versions": {"42": {"arches": ["amd64"]}}}}}))
    os.close(lock)
    expect("errors", run.communicate()[1], "")
    expect("both", sorted(found(site)["distros"]["d"]["versions"]), ["42", "45"])


def test_plain_http_is_not_written(directory, mirror):
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX)
    included = site.directory / "catalog.d/80-found.json"
    expect("included", site.findings("--write", included), [
        NEW, "plain /distros/d: 45 is not written, because its list came by http, "
        "where anybody on the way can change it: list it by https, write to a "
        "directory that the catalogue does not read, or set trust_http_lists "
        "of the site"])
    expect("nothing is written", included.exists(), False)
    result = site.run("--write", included, "--diff")
    expect("no difference", "@@" in result.stdout, False)
    with tempfile.TemporaryDirectory() as elsewhere:
        file = pathlib.Path(elsewhere) / "found.json"
        expect("elsewhere", site.findings("--write", file), [NEW])
        expect("written", "45" in file.read_text(), True)
    # A file of this machine is no list of strangers.
    names = site.directory / "names"
    names.mkdir()
    (names / "45").touch()
    (names / "44").touch()
    site = Site(directory, mirror, {"version": "[0-9]+", "lists": [
        {"index": f"{names}/", "item": "{{version}}"}]}, versions=["44"])
    expect("local", site.findings("--write", included), [NEW])
    expect("written", included.exists(), True)


def test_plain_http_reaches_no_place_that_is_included(directory, mirror):
    """Neither by an included file that includes others, nor by a link."""
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX)
    empty = '{"$comment": "Written by mirrorboot-check --write.", "distros": {}}'
    with tempfile.TemporaryDirectory() as elsewhere:
        file = pathlib.Path(elsewhere) / "found.json"
        other = site.directory / "catalog.d/50-other.json"
        for name in (f"{elsewhere}/*.json", f"{elsewhere}/third.json"):
            other.write_text(json.dumps({"include": [name]}))
            (pathlib.Path(elsewhere) / "third.json").write_text("{}")
            expect(name, [f[:5] for f in site.findings("--write", file)],
                   ["new /", "plain"])
        other.unlink()
        expect("nothing is written", file.exists(), False)
        file.write_text(empty)
        (site.directory / "catalog.d/80-found.json").symlink_to(file)
        expect("link", [f[:5] for f in site.findings("--write", file)],
               ["new /", "plain"])
        expect("nothing is written", file.read_text(), empty)


def test_end_of_life_from_plain_http_is_not_written(directory, mirror):
    """The versions are from a file of this machine, in either order."""
    names = pathlib.Path(directory) / "versions"
    names.write_text("43\n44\n45\n")
    mirror.files = {**releases("43", "44", "45"), "/r/list": "45 2099-01-01\n"}
    lists = [{"text": str(names), "item": "{{version}}"},
             {"text": "{{mirror}}r/list", "item": "{{version}} {{eol}}"}]
    file = pathlib.Path(directory) / "catalog.d/80-found.json"
    for order in (lists, lists[::-1]):
        site = Site(directory, mirror, {"version": "[0-9]+", "lists": order})
        expect("findings", [f[:36] for f in site.findings("--write", file)
                            if not f.startswith("gone")],
               [NEW[:36], "plain /distros/d: 45 is not written,"])
        expect("nothing is written", file.exists(), False)


def test_where_it_was_found(directory, mirror):
    """The comment of a new name, and no secret of a URL."""
    mirror.files = {**releases("44.1", "44.10"),
                    "/stable.json?token=s3cret": '{"x86_64": {"release": "44.10"}}'}
    site = Site(directory, mirror, {"version": "stable", "lists": [
        {"json": "{{mirror}}{{version}}.json?token=s3cret",
         "item": "/x86_64/release {{name}}"}]},
        versions={"stable": {"arches": ["amd64"], "name": "44.1"}},
        site={"trust_http_lists": True})
    site.findings("--write", site.directory / "catalog.d/80-found.json")
    expect("written", found(site)["distros"]["d"]["versions"]["stable"],
           {"$comment": f"Found on {TODAY} in {mirror.base}stable.json?...",
            "name": "44.10"})


def test_an_architecture_that_no_list_has(directory, mirror):
    """The mirrors have it, of a version that the lists have dropped."""
    mirror.files = {**releases("43", "44", arches=("amd64", "arm64")),
                    "/r/": nginx(["44"])}
    site = Site(directory, mirror, INDEX, site={"trust_http_lists": True},
                versions={"43": {"arches": ["amd64"]},
                          "44": {"arches": ["amd64", "arm64"]}})
    site.findings("--write", site.directory / "catalog.d/80-found.json")
    expect("written", found(site)["distros"]["d"]["versions"], {"43": {
        "$comment": f"Found on {TODAY} in the mirrors",
        "arches": ["amd64", "arm64"]}})


def expect_unreadable(site, option, word, directory):
    """What is no file of JSON; a FIFO that nobody writes to is not waited for."""
    broken, empty, fifo = [pathlib.Path(directory) / name
                           for name in ("broken", "empty", "fifo")]
    broken.write_text("{")
    empty.write_text("")
    os.mkfifo(fifo)
    for file, reason in (
            (broken, "broken:1: column 1: the file ends here, but a '}' is missing"),
            (empty, "empty:1: column 1: a file begins with '{'"),
            (fifo, "fifo: is not a regular file"),
            (pathlib.Path(directory),
             f"{pathlib.Path(directory).name}: is a directory, not a file")):
        result = site.run(option, file)
        expect(reason, (result.returncode, result.stderr), (
            2, f"mirrorboot-check: nothing is {word}: {reason}\n"))


def test_files_of_others_stay(directory, mirror):
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    site = Site(directory, mirror, INDEX, site={"trust_http_lists": True})
    refused = ("mirrorboot-check: nothing is written: other.json: was not written "
               "by mirrorboot-check --write, or has been edited: name another "
               "file\n")
    with tempfile.TemporaryDirectory() as elsewhere:
        file = pathlib.Path(elsewhere) / "other.json"
        for text in ('{"site": {}}', "{}",
                     '{"$comment": "Written by mirrorboot-check --write.", '
                     '"distros": {"d": {"title": "T"}}}',
                     '{"$comment": "Written by mirrorboot-check --write.", '
                     '"distros": {}, "menus": {}}'):
            file.write_text(text)
            result = site.run("--write", file)
            expect(text, (result.returncode, result.stderr, file.read_text()),
                   (2, refused, text))
        expect_unreadable(site, "--write", "written", elsewhere)
        result = site.run("--write", pathlib.Path(elsewhere) / "no" / "f.json")
        expect("no directory", result.returncode, 2)


def test_the_drop_in_of_the_timer(directory, mirror):
    """It leaves the file in its own directory, whatever the list came by."""
    mirror.files = {**releases("43", "44", "45"),
                    "/r/": nginx(["43", "44", "45"])}
    sample = (HERE.parent.parent / "conf/mirrorboot-check-discover.conf").read_text()
    options, = re.findall('(?m)^Environment="CHECK_DISCOVER=(.*)"$', sample)
    with tempfile.TemporaryDirectory() as state:
        words = ["--online", *options.replace("%S/mirrorboot-found", state).split()]
        expect("finds", Site(directory, mirror, INDEX).findings(*words), [NEW])
        expect("file", "45" in (pathlib.Path(state) / "found.json").read_text(), True)


def test_diff_needs_a_file(directory, mirror):
    result = Site(directory, mirror, INDEX).run("--diff")
    expect("--diff", (result.returncode, result.stderr),
           (2, "mirrorboot-check: --diff needs --write FILE\n"))


class SlowHandler(Handler):
    def answer(self, is_head):
        time.sleep(self.server.mirror.delay)
        super().answer(is_head)


class SlowMirror(Mirror):
    delay = 0.0

    def __init__(self, delay=0.0, files=()):
        self.files = dict(files)
        self.delay = delay
        webserver.Mirror.__init__(self, SlowHandler)
        self.base = f"http://{self.host}/"


def rank(directory, mirrors, *arguments):
    """The order of the mirrors' places, and the findings of --rank."""
    site = Site(directory, mirrors[0], {"version": "[0-9]+"})
    catalog = json.loads(site.catalog.read_text())
    catalog["mirrors"]["m"] = [m.base for m in mirrors]
    catalog["mirrors"]["unused"] = ["http://a.example.com/", "http://b.example.com/"]
    site.catalog.write_text(json.dumps(catalog))
    file = site.directory / "rank.json"
    result = site.run("--rank", file, "--json")
    if result.returncode == 2:
        raise Failed(result.stderr)
    found = json.loads(file.read_text())
    expect("comment", found.pop("$comment"), "Written by mirrorboot-check --rank.")
    expect("mirrors", sorted(found["mirrors"]), ["m"])
    bases = [m.base for m in mirrors]
    reasons = [re.sub(r" \d+\.\d", " N", f["reason"])
               for f in json.loads(result.stdout)["findings"] if f["check"] == "rank"]
    return [bases.index(url) for url in found["mirrors"]["m"]], reasons


def test_faster_mirror_comes_first(directory, mirror):
    # What the speed of loopback is does not count beside the delays.
    whole = {path: "#!ipxe\n" + "#" * 100000
             for path in releases("43", "44")}
    mirrors = [SlowMirror(0.6, whole), SlowMirror(0.3, whole), SlowMirror(0, whole)]
    a, _, c = [m.base for m in mirrors]
    expect("order", rank(directory, mirrors), (
        [2, 1, 0], [f"{c} should come first: it sends 64 MiB in N seconds, and "
                    f"{a} in N"]))
    expect("again", rank(directory, mirrors[::-1]), ([0, 1, 2], []))


class DrippingHandler(Handler):
    """Sends the first bytes at once, and the rest slowly."""

    def send(self, status, body, is_head, headers={}):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for i in range(0, 0 if is_head else len(body), 20000):
            try:
                self.wfile.write(body[i:i + 20000])
            except OSError:
                self.close_connection = True  # the checker has seen enough
                break
            time.sleep(0.1)
        return True


class DrippingMirror(Mirror):
    def __init__(self, files):
        self.files = dict(files)
        webserver.Mirror.__init__(self, DrippingHandler)
        self.base = f"http://{self.host}/"


def test_speed_counts_and_not_latency_alone(directory, mirror):
    whole = {path: "#!ipxe\n" + "#" * 100000
             for path in releases("43", "44")}
    mirrors = [DrippingMirror(whole), SlowMirror(0.2, whole)]
    a, b = [m.base for m in mirrors]
    expect("order", rank(directory, mirrors), (
        [1, 0], [f"{b} should come first: it sends 64 MiB in N seconds, and "
                 f"{a} in N"]))


def test_mirror_that_lacks_a_file_comes_last(directory, mirror):
    whole = {path: "#!ipxe\n" + "#" * 100000
             for path in releases("43", "44")}
    part = {**whole, "/r/43/amd64.ipxe": (404, {})}
    elsewhere = {**whole, "/r/43/amd64.ipxe": (302, {"Location": "http://HOST/no"})}
    tls = {**whole, "/r/43/amd64.ipxe": (302, {"Location": "https://HOST/r"})}
    for files in (part, elsewhere, tls):
        mirrors = [SlowMirror(0, files), SlowMirror(0.3, whole)]
        a, b = [m.base for m in mirrors]
        expect("order", rank(directory, mirrors),
               ([1, 0], [f"{b} should come first: {a} lacks files"]))


def test_rank_is_read_before_the_list(directory, mirror):
    mirror.files = releases("43", "44")
    site = Site(directory, mirror, {"version": "[0-9]+"})
    own = site.directory / "catalog.d/90-own.json"
    own.write_text(json.dumps({"mirrors": {"m": [mirror.base, mirror.base + "./"]}}))
    for name, warned in (("80-rank.json", True), ("99-rank.json", False), ("../80-rank.json", False)):
        result = site.run("--rank", own.parent / name)
        expect(name, "90-own.json: /mirrors/m: replaces the order in 80-rank.json, which is read "
               "earlier: give that file a name that sorts after this one" in result.stdout, warned)
        (own.parent / name).unlink()


def test_rank_leaves_files_of_others(directory, mirror):
    mirror.files = releases("43", "44")
    site = Site(directory, mirror, {"version": "[0-9]+"})
    file = site.directory / "other.json"
    for text in ("{}", "[]", '{"mirrors": {}}'):
        file.write_text(text)
        result = site.run("--rank", file)
        expect(text, (result.returncode, result.stderr, file.read_text()), (
            2, "mirrorboot-check: nothing is ranked: other.json: was not written "
            "by mirrorboot-check --rank, or has been edited: name another file\n",
            text))
    with tempfile.TemporaryDirectory() as elsewhere:
        expect_unreadable(site, "--rank", "ranked", elsewhere)


def main():
    tests = [(name, test) for name, test in sorted(globals().items())
             if name.startswith("test_") and
             (len(sys.argv) < 2 or re.search(sys.argv[1], name))]
    failed = 0
    for name, test in tests:
        with tempfile.TemporaryDirectory() as directory:
            try:
                test(directory, Mirror())
            except Failed as e:
                print(f"{name}: {e}")
                failed += 1
    print(f"{len(tests)} tests, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
