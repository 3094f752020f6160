#!/usr/bin/env python3
"""Memory that runs out ends a process with a message, and never with half an
answer: each of its allocations fails once, alone, and once with all that come
after it."""

import concurrent.futures
import os
import signal
import socket
import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from fastcgi import Answer, request
from harness import BUILD, CATALOG, PAGES, PATIENCE

SHIM = BUILD / "tests" / "failing.so"
MESSAGE = b"mirrorboot: out of memory\n"
EX_OSERR = 71
QUERIES = {page: "" for page in PAGES} | {
    "fromthemirror": "arch=amd64&distro=debian&version=bookworm"}
LEAST = 500  # allocations that a page takes


class Outcome:
    """How a program ended that had an allocation fail."""

    def __init__(self, culprit, status, answers, errors):
        self.culprit = culprit  # the file that asked for it; "": none failed
        self.status = status
        self.answers = answers
        self.errors = errors

    def fault(self, whole):
        """What is wrong with it, or None. whole: the answers as they are."""
        if self.status == 0 and self.answers == whole:
            return None  # who asked can do without
        if all(got in (b"", answer) for got, answer in zip(self.answers, whole)):
            if self.status == EX_OSERR and self.errors == MESSAGE:
                return None
            # libfcgi says an assertion, and aborts (fcgiapp.c, Malloc).
            if (self.culprit.startswith("libfcgi") and self.errors
                    and self.status == -signal.SIGABRT):
                return None
        return (f"for {self.culprit}: status {self.status}, {self.errors!r}, "
                f"{self.answers!r}")


class MemoryTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(TemporaryDirectory()))
        catalog = self.dir / "catalog.json"
        catalog.write_text(CATALOG)
        for i in range(3):
            path = self.dir / "catalog.d" / f"{i}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text("{}")
        self.environ = {"MIRRORBOOT_CATALOG": str(catalog)}

    def start(self, page, number, environ, arguments=(), **files):
        """The program, with an allocation that fails, and what tells whose it
        was."""
        ours, theirs = os.pipe()
        popen = subprocess.Popen(
            [BUILD / "cgi" / page, *arguments], pass_fds=[theirs], **files,
            stderr=subprocess.PIPE,
            env={**self.environ, **environ, "LD_PRELOAD": str(SHIM),
                 "FAIL_REPORT": str(theirs), "FAIL_AT": str(number)})
        os.close(theirs)
        return popen, ours

    def finish(self, popen, ours, answers=None):
        output, errors = popen.communicate(timeout=PATIENCE)
        with open(ours, "rb") as report:
            culprit = Path(report.read().decode()).name
        return Outcome(culprit, popen.returncode,
                       [output] if answers is None else answers, errors)

    def run_once(self, page, number, environ, arguments=()):
        return self.finish(*self.start(
            page, number, environ, arguments, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE))

    def run_worker(self, page, number, environ):
        """Two requests: the second finds an answer that was kept."""
        path = self.dir / f"{number}.socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            popen, ours = self.start(page, number, environ, stdin=listener)
        # The worker alone has it now: once that is gone, nobody waits for it.
        answers = [self.ask(path, QUERIES[page]) for _ in range(2)]
        path.unlink()
        popen.terminate()
        return self.finish(popen, ours, answers)

    def ask(self, path, query):
        """What is answered, whole or not."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            try:
                client.connect(str(path))
                client.sendall(b"".join(request(query.encode())))
            except ConnectionError:
                return b""
            return Answer(client).text

    def check(self, run, page, *more, **environ):
        """run() with each allocation failing, until there is none of that
        number."""
        whole = run(page, 0, environ, *more).answers
        self.assertGreater(len(whole[0]), 50)
        done = 0
        is_over = False
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            while not is_over:
                numbers = range(done + 1, done + 51)
                for number, outcome in zip(numbers, pool.map(
                        lambda n: run(page, n, environ, *more), numbers)):
                    with self.subTest(page=page, number=number, **environ):
                        self.assertIsNone(outcome.fault(whole))
                    is_over = not outcome.culprit
                done += len(numbers)
        self.assertGreater(done, LEAST)

    def test_shell(self):
        self.check(self.run_once, "fromthemirror", [QUERIES["fromthemirror"]])

    def test_cgi(self):
        for page in PAGES:
            self.check(self.run_once, page, GATEWAY_INTERFACE="CGI/1.1",
                       QUERY_STRING=QUERIES[page])

    def test_cgi_with_nothing_left(self):
        self.check(self.run_once, "menu", GATEWAY_INTERFACE="CGI/1.1",
                   QUERY_STRING="", FAIL_ALL="1")

    def test_worker(self):
        self.check(self.run_worker, "menu")

    def test_worker_with_nothing_left(self):
        self.check(self.run_worker, "menu", FAIL_ALL="1")


if __name__ == "__main__":
    unittest.main()
