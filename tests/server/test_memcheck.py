#!/usr/bin/env python3
"""FastCGI processes under Valgrind: through edits, mistakes and some hundred
requests they use no memory that is not theirs and lose none of it."""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from fastcgi import Worker
from harness import BUILD, CATALOG, PAGES, PATIENCE, find

SUPPRESSIONS = Path(__file__).resolve().parents[1] / "valgrind.supp"
EDITED = CATALOG.replace("Local disk", "Edited")
BROKEN = "[]"
DIALECTS = ("", "dialect=gpxe", "dialect=pxelinux", "dialect=ipxe",
            "dialect=syslinux&platform=bios", "dialect=grub&platform=efi",
            "dialect=html", "explain=1", "dialect=none")
WHAT = {
    "boot": ("", "menu=more", "menu=local", "menu=none", "%"),
    "menu": ("", "name=more", "name=%6dain", "name=office", "name=none"),
    "customermenu": ("", "customer=guests", "customer=desk", "customer=none"),
    "fromthemirror": [f"arch={arch}&distro=debian&version=bookworm{more}"
                      for arch in ("amd64", "i386", "arm64")
                      for more in ("", "&variant=rescue", "&variant=none")]}


class MemcheckTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(TemporaryDirectory()))
        self.catalog = self.dir / "catalog.json"

    def start(self, *program):
        self.catalog.write_text(CATALOG)
        return self.enterContext(Worker(
            self.dir, {"MIRRORBOOT_CATALOG": str(self.catalog)},
            (find("valgrind", "valgrind"), "-q", "--error-exitcode=99",
             "--leak-check=full", f"--suppressions={SUPPRESSIONS}", *program)))

    def end(self, worker):
        """How it ended, and what it said."""
        worker.popen.terminate()
        status = worker.popen.wait(PATIENCE)
        return status, worker.popen.stderr.read().decode()

    def ask_all(self, worker, page):
        """Every request three times, for an answer may be kept; returns how
        many there were of each status."""
        counts = {}
        for query in 3 * [f"{what}&{dialect}".strip("&")
                          for what in WHAT[page] for dialect in DIALECTS]:
            answer = worker.ask(query.encode())
            self.assertTrue(answer.is_whole, query)
            status = int(answer.head.split()[1])
            counts[status] = counts.get(status, 0) + 1
        return counts

    def check_page(self, page):
        worker = self.start(BUILD / "cgi" / page)
        before = self.ask_all(worker, page)
        self.assertGreater(before[200], 30, before)
        for text in (EDITED, BROKEN, CATALOG):
            self.catalog.write_text(text)
            self.assertEqual(self.ask_all(worker, page), before)
        status, said = self.end(worker)
        self.assertEqual((status, said), (
            0, "mirrorboot: catalog.json:1: must be an object, in { }; the "
            "last valid state stays in use\nmirrorboot: everything is valid "
            "again; the newest state is in use\n"))

    def test_pages(self):
        for page in PAGES:
            with self.subTest(page=page):
                self.check_page(page)


if __name__ == "__main__":
    unittest.main()
