#!/usr/bin/env python3
"""What the system lacks or breaks costs no answer but what it must."""

import resource
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from fastcgi import Answer, Worker, request
from harness import BUILD, CATALOG, PATIENCE

EDITED = CATALOG.replace("Local disk", "Edited")
BROKEN = CATALOG[:-3]


class ShortageTest(unittest.TestCase):
    """One process, without files or without a log."""

    def setUp(self):
        self.dir = Path(self.enterContext(TemporaryDirectory()))
        self.catalog = self.dir / "catalog.json"
        self.catalog.write_text(CATALOG)

    def start(self, **how):
        environ = {"MIRRORBOOT_CATALOG": str(self.catalog)}
        worker = self.enterContext(Worker(self.dir, environ, **how))
        self.check_title(worker, "Local disk")
        return worker

    def check_title(self, worker, title):
        self.assertIn(f"\nmenu label ^l {title}\n".encode(),
                      worker.ask(b"").body)

    def limit_files(self, worker, limit):
        _, most = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (limit, most))

    def seconds(self, worker):
        """The processor's time that it took."""
        stat = Path(f"/proc/{worker.pid}/stat").read_text()
        return sum(map(int, stat.rsplit(")", 1)[1].split()[11:13])) / 100

    def check_end(self, worker, said):
        worker.popen.terminate()
        self.assertEqual(worker.popen.wait(), 0)
        self.assertEqual(worker.popen.stderr.read().decode(), said)

    def test_catalogue_that_cannot_be_opened_is_the_one_before(self):
        worker = self.start()
        self.limit_files(worker, 4)  # the standard files and a connection
        self.catalog.write_text(EDITED)
        for _ in range(3):
            self.check_title(worker, "Local disk")
        self.limit_files(worker, 64)
        self.check_title(worker, "Edited")
        self.check_end(worker, "menu: catalog.json: cannot be read: Too many "
                               "open files; the last good state stays in "
                               "use\n")

    def test_connection_that_cannot_be_accepted_waits(self):
        worker = self.start()
        self.limit_files(worker, 3)
        client = worker.connect()
        client.sendall(b"".join(request(b"")))
        before = self.seconds(worker)
        client.settimeout(1)
        self.assertRaises(TimeoutError, client.recv, 1)
        self.assertLess(self.seconds(worker) - before, 0.1)
        self.limit_files(worker, 64)
        client.settimeout(PATIENCE)
        self.assertTrue(Answer(client).is_whole)
        self.check_end(worker, "")

    def check_broken_edit(self, worker):
        """What is to be logged cannot be; answers go on."""
        self.catalog.write_text(BROKEN)
        for _ in range(3):
            self.check_title(worker, "Local disk")
        self.catalog.write_text(EDITED)
        self.check_title(worker, "Edited")

    def test_full_disk_for_the_log_costs_no_answer(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            self.check_broken_edit(self.start(stderr=full))

    def test_log_that_nobody_reads_costs_no_answer(self):
        worker = self.start()
        worker.popen.stderr.close()
        self.check_broken_edit(worker)

    def test_closed_standard_files_cost_no_answer(self):
        """A connection must not become the log."""
        for files in ("2>&-", ">&-", ">&- 2>&-"):
            with self.subTest(files):
                self.catalog.write_text(CATALOG)
                self.check_broken_edit(self.start(program=(
                    "/bin/sh", "-c", f'exec "$0" {files}', BUILD / "cgi/menu")))


if __name__ == "__main__":
    unittest.main()
