#!/usr/bin/env python3
"""A FastCGI process that is told to end finishes the request at hand."""

import collections
import contextlib
import json
import os
import signal
import time
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from fastcgi import Answer, Worker, request
from harness import CATALOG, PATIENCE, shell


class WorkerTest(unittest.TestCase):
    """Speaks FastCGI itself, to stop in the middle of it."""

    signal = signal.SIGTERM

    def setUp(self):
        self.dir = Path(self.enterContext(TemporaryDirectory()))
        catalog = self.dir / "catalog.json"
        text = json.loads(CATALOG)
        # A text of more than a socket holds
        text["menus"]["big"] = {"title": "Big", "entries": [
            {"distro": "debian", "version": "bookworm", "arch": "amd64",
             "id": f"entry-{i}", "title": f"Entry {i}"} for i in range(8000)]}
        catalog.write_text(json.dumps(text))
        self.environ = {"MIRRORBOOT_CATALOG": str(catalog)}

    def connect(self, worker):
        return self.enterContext(worker.connect())

    def read(self, client):
        """The body of the answer, which has to be whole."""
        answer = Answer(client)
        self.assertTrue(answer.is_whole, f"cut off after {len(answer.text)}")
        return answer.body

    def check_end(self, worker):
        self.assertEqual(worker.popen.wait(PATIENCE), 0)
        self.assertEqual(worker.popen.stderr.read(), b"")

    def test_answers_are_logged_when_asked_for(self):
        nobody = "client=- page=menu dialect=- distro=- version=- arch=-"
        rows = (
            (b"", {"REMOTE_ADDR": b"192.0.2.7"}, "client=192.0.2.7 page=menu "
             "dialect=pxelinux distro=- version=- arch=- status=200"),
            (b"", {"REMOTE_ADDR": b"::FFFF:192.0.2.8"}, "client=192.0.2.8 "
             "page=menu dialect=pxelinux distro=- version=- arch=- "
             "status=200"),
            (b"", {"HTTP_IF_NONE_MATCH": b"*"}, "client=- page=menu "
             "dialect=pxelinux distro=- version=- arch=- status=304"),
            (b"dialect=ipxe&arch=amd64", {"REMOTE_ADDR": b"2001:DB8:0::7"},
             "client=2001:db8::7 page=menu dialect=ipxe distro=- version=- "
             "arch=amd64 status=200"),
            (b"name=EVIL", {"REMOTE_ADDR": b"EVIL\nstatus=200"}, "client=- "
             "page=menu dialect=pxelinux distro=- version=- arch=- "
             "status=404"),
            (b"EVIL", {"HTTP_USER_AGENT": b"EVIL"}, nobody + " status=400"),
            (b"", {"REQUEST_METHOD": b"EVIL"}, nobody + " status=405"),
        )
        environ = {**self.environ, "MIRRORBOOT_LOG": "1"}
        with Worker(self.dir, environ) as worker:
            for query, more, _ in rows:
                client = self.connect(worker)
                client.sendall(b"".join(request(query, **more)))
                self.read(client)
            worker.terminate(self.signal)
            self.assertEqual(worker.popen.wait(PATIENCE), 0)
            lines = worker.popen.stderr.read().decode().splitlines()
        self.assertEqual(len(lines), len(rows), lines)
        for line, (_, _, expected) in zip(lines, rows):
            said, _, elapsed = line.rpartition(" us=")
            self.assertEqual(said, expected)
            self.assertRegex(elapsed, "^[0-9]{1,7}$")

    def test_idle_worker_ends_at_once(self):
        with Worker(self.dir, self.environ) as worker:
            client = self.connect(worker)
            client.sendall(b"".join(request(b"")))
            self.read(client)
            start = time.monotonic()
            worker.popen.send_signal(self.signal)
            self.check_end(worker)
            self.assertLess(time.monotonic() - start, 1)

    def test_request_that_is_still_coming_in_is_answered(self):
        expected = shell("menu", "", **self.environ).stdout
        begin, params, end = request(b"")
        for before, after in ((begin[:4], begin[4:] + params + end),
                              (begin, params + end),
                              (begin + params, end)):
            with (self.subTest(before=len(before)),
                  Worker(self.dir, self.environ) as worker):
                client = self.connect(worker)
                client.sendall(before)
                worker.wait_until_waiting("unix_stream")
                worker.terminate(self.signal)
                client.sendall(after)
                self.assertEqual(self.read(client), expected)
                self.check_end(worker)

    def test_answer_that_is_still_going_out_is_whole(self):
        expected = shell("menu", "name=big", **self.environ).stdout
        self.assertGreater(len(expected), 500000)
        with Worker(self.dir, self.environ) as worker:
            client = self.connect(worker)
            client.sendall(b"".join(request(b"name=big")))
            worker.wait_until_waiting("sock_alloc_send")
            worker.terminate(self.signal)
            self.assertEqual(self.read(client), expected)
            self.check_end(worker)

    def test_requests_that_wait_for_their_turn_are_answered(self):
        expected = shell("menu", "", **self.environ).stdout
        with Worker(self.dir, self.environ) as worker:
            clients = [self.connect(worker) for _ in range(20)]
            clients[0].sendall(request(b"")[0])
            worker.wait_until_waiting("unix_stream")
            for client in clients[1:]:
                client.sendall(b"".join(request(b"")))
            worker.terminate(self.signal)
            clients[0].sendall(b"".join(request(b"")[1:]))
            for client in clients:
                self.assertEqual(self.read(client), expected)
            self.check_end(worker)

    def test_endless_requests_do_not_keep_it_from_ending(self):
        """A hundred wait for their turn at any time."""
        clients = collections.deque()
        with Worker(self.dir, self.environ) as worker:
            worker.ask(b"")  # it has begun, and catches signals
            with contextlib.suppress(ConnectionError):
                end = time.monotonic() + PATIENCE
                while worker.popen.poll() is None and time.monotonic() < end:
                    while len(clients) < 100:
                        clients.append(self.connect(worker))
                        clients[-1].sendall(b"".join(request(b"")))
                    worker.popen.send_signal(self.signal)
                    Answer(clients.popleft())
            self.check_end(worker)


class MultiwatchTest(WorkerTest):
    """What multiwatch sends when it gets SIGTERM."""

    signal = signal.SIGUSR1


if __name__ == "__main__":
    unittest.main()
