#!/usr/bin/env python3
"""What the system lacks or breaks costs no answer but what it must."""

import os
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from fastcgi import Answer, Worker, request
from harness import (BUILD, CATALOG, PATIENCE, ROOT, Clients, LighttpdFastcgi,
                     NginxFastcgi, find, processes, wait_for)

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

    def is_asleep(self, worker):
        stat = Path(f"/proc/{worker.pid}/stat").read_text()
        return stat.rsplit(")", 1)[1].split()[0] == "S"

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
        self.limit_files(worker, 6)  # with the connection of a request
        self.catalog.write_text(EDITED)
        for _ in range(3):
            self.check_title(worker, "Local disk")
        self.limit_files(worker, 64)
        self.check_title(worker, "Edited")
        self.check_end(worker, "mirrorboot: catalog.json: cannot be read: Too "
                               "many open files; the last valid state stays "
                               "in use\nmirrorboot: everything is valid "
                               "again; the newest state is in use\n")

    def test_connection_that_cannot_be_accepted_waits(self):
        worker = self.start()
        self.limit_files(worker, 5)
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

    def test_connection_that_cannot_be_accepted_outlasts_a_signal(self):
        worker = self.start()
        self.limit_files(worker, 5)
        clients = [worker.connect() for _ in range(3)]
        for client in clients:
            client.sendall(b"".join(request(b"")))
        worker.terminate()
        self.limit_files(worker, 64)
        for client in clients:
            self.assertTrue(Answer(client).is_whole)
        self.assertEqual(worker.popen.wait(PATIENCE), 0)

    def test_worker_without_files_keeps_no_connection_from_another(self):
        """A connection wakes one of the two: the other looks by itself."""
        path = self.dir / "socket"
        listener = self.enterContext(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen()
        environ = {"MIRRORBOOT_CATALOG": str(self.catalog)}
        workers = [self.enterContext(subprocess.Popen(
            [BUILD / "cgi" / "menu"], env=environ, stdin=listener))
            for _ in range(2)]
        for worker in workers:
            self.addCleanup(worker.kill)
        for worker in workers * 3:
            wait_for("the workers to sleep", lambda: all(map(self.is_asleep, workers)))
            self.limit_files(worker, 5)
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(PATIENCE)
                client.connect(str(path))
                client.sendall(b"".join(request(b"")))
                self.assertTrue(Answer(client).is_whole)
            self.limit_files(worker, 64)

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


class SharedSocket(NginxFastcgi):
    """The program as multiwatch runs it: several processes, one socket."""

    def command(self, program):
        return [find("multiwatch", "multiwatch"), "-f", "3", "-r", "99", "--",
                *super().command(program)]

    def workers(self):
        sessions = [process.pid for process in self.started]
        return [pid for pid, _, session, name in processes()
                if name in self.sockets.values() and session in sessions]


class Lighttpd(LighttpdFastcgi):
    """As Debian runs it: not as root, in a directory of its own."""

    config = LighttpdFastcgi.config + """
server.username = "www-data"
server.groupname = "www-data"
"""

    def start(self):
        self.log.touch()
        for path in (self.dir, self.dir / "run", self.log):
            shutil.chown(path, "www-data", "www-data")
        super().start()


class SocketTest(unittest.TestCase):
    """Nobody but the web server may connect to a page."""

    def setUp(self):
        if os.getuid() != 0:
            self.fail("connects as other users: run this as root")

    def may_connect(self, path, user):
        account = pwd.getpwnam(user)
        with socket.socket(socket.AF_UNIX) as client:
            os.setegid(account.pw_gid)
            os.seteuid(account.pw_uid)
            try:
                client.connect(str(path))
            except PermissionError:
                return False
            finally:
                os.seteuid(0)
                os.setegid(0)
        return True

    def check_sockets(self, server):
        sockets = list((server.dir / "run").iterdir())
        self.assertGreaterEqual(len(sockets), 1)
        for path in sockets:
            with self.subTest(path=path.name):
                self.assertEqual(path.owner(), "www-data")
                # To connect takes leave to write.
                self.assertEqual(path.stat().st_mode & 0o022, 0)
                self.assertFalse(self.may_connect(path, "nobody"))
                self.assertTrue(self.may_connect(path, "www-data"))

    def test_sockets_of_lighttpd_are_its_own(self):
        self.check_sockets(self.enterContext(Lighttpd()))

    def test_sockets_of_spawn_fcgi_are_the_web_servers(self):
        """With the options that nginx.conf says."""
        server = self.enterContext(NginxFastcgi())
        self.check_sockets(server)
        self.assertIn("-M 0600 -U www-data",
                      (ROOT / "conf/nginx.conf").read_text())


class LocaleTest(unittest.TestCase):

    def test_locale_changes_no_byte(self):
        directory = self.enterContext(TemporaryDirectory())
        locales = {"C": "C", "POSIX": "POSIX", "C.UTF-8": "C.UTF-8"}
        for name in ("tr_TR", "de_DE"):  # I is not i; 1.000 is not 1,000
            subprocess.run([find("localedef", "libc-bin"), "-i", name, "-f",
                            "UTF-8", f"{directory}/{name}.UTF-8"], check=True,
                           capture_output=True, timeout=60)
            locales[name] = f"{name}.UTF-8"
        for page, query in (("boot", ""), ("menu", ""), ("menu", "name=I"),
                            ("menu", "dialect=grub"),
                            ("fromthemirror", "arch=amd64&distro=debian"
                             "&explain=1&version=bookworm")):
            answers = {name: self.cgi(page, query, LC_ALL=locale,
                                      LANG=locale, LOCPATH=directory)
                       for name, locale in locales.items()}
            with self.subTest(page=page, query=query):
                self.assertEqual(set(answers.values()), {answers["C"]})

    def cgi(self, page, query, **environ):
        done = subprocess.run(
            [BUILD / "cgi" / page], env={
                "GATEWAY_INTERFACE": "CGI/1.1", "QUERY_STRING": query,
                "MIRRORBOOT_CATALOG": str(ROOT / "tests/server/catalog.json"),
                **environ}, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PATIENCE, check=True)
        return done.stdout, done.stderr


def holds(pid, number):
    """Whether a process has come so far as to take a signal when it likes."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16)
    return mask >> (number - 1) & 1


class LoadTest(unittest.TestCase):
    """Processes end while 40 clients ask; who has a process ended by force
    loses what that one had, and nothing after it."""

    def check_losses(self, server, most, disturb, count=40):
        """At most so many requests get anything but the whole text."""
        expected = server.ask("/boot/menu").body
        with Clients(server, [("menu", "")], count) as clients:
            disturb()
        failures = [getattr(answer, "raw", answer)
                    for _, answer in clients.answers
                    if getattr(answer, "body", None) != expected]
        self.assertLessEqual(len(failures), most, failures[:3])
        self.assertGreater(len(clients.answers), count)
        for _ in range(20):
            self.assertEqual(server.ask("/boot/menu").body, expected)

    def replace(self, server, number, times=3):
        """Signal one process after the other; each has a successor."""
        for _ in range(times):
            before = server.workers()
            wait_for(f"{before[0]} to begin",
                     lambda: holds(before[0], signal.SIGTERM))
            os.kill(before[0], number)
            wait_for(f"{before[0]} to be replaced", lambda: (
                before[0] not in (now := server.workers())
                and len(now) == len(before)))

    def test_processes_of_lighttpd_that_are_told_to_end_lose_no_request(self):
        server = self.enterContext(LighttpdFastcgi())
        self.check_losses(server, 0,
                          lambda: self.replace(server, signal.SIGTERM))

    def test_processes_of_lighttpd_that_are_killed_lose_what_they_had(self):
        """Each has a socket of its own, where a quarter of the clients wait."""
        server = self.enterContext(LighttpdFastcgi())
        self.check_losses(server, 3 * 40,
                          lambda: self.replace(server, signal.SIGKILL))

    def test_processes_on_one_socket_that_are_told_to_end_lose_nothing(self):
        server = self.enterContext(SharedSocket())
        self.check_losses(server, 0,
                          lambda: self.replace(server, signal.SIGTERM))

    def test_processes_on_one_socket_that_are_killed_lose_what_they_had(self):
        server = self.enterContext(SharedSocket())
        self.check_losses(server, 3,
                          lambda: self.replace(server, signal.SIGKILL))

    def test_graceful_restart_of_lighttpd_loses_no_request(self):
        server = self.enterContext(LighttpdFastcgi())

        def workers():
            return set(server.workers())

        def restart():
            for _ in range(3):
                before = workers()
                os.kill(server.lighttpd.pid, signal.SIGUSR1)
                wait_for("other processes",
                         lambda: len(workers() - before) == len(before))
                # lighttpd's own handler takes a signal that comes before the
                # program has begun, and lighttpd then waits for ever.
                wait_for("them to begin", lambda: all(
                    holds(pid, signal.SIGTERM) for pid in workers()))

        self.check_losses(server, 0, restart)


if __name__ == "__main__":
    unittest.main()
