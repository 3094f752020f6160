"""Speaks FastCGI to one program, without a web server."""

import itertools
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from harness import BUILD, PATIENCE, find, is_listening, wait_for

(BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR,
 DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE) = range(1, 12)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3


def record(kind, content=b"", request=1, version=1, padding=b""):
    return struct.pack("!BBHHBx", version, kind, request, len(content),
                       len(padding)) + content + padding


def begin(role=RESPONDER, request=1):
    return record(BEGIN_REQUEST, struct.pack("!HB5x", role, 0), request)


def length(number):
    return bytes((number,)) if number < 128 else \
        struct.pack("!I", number | 1 << 31)


def param(name, value):
    return length(len(name)) + length(len(value)) + name + value


def params(content):
    """A stream of parameters, in records of the greatest size."""
    pieces = [content[i:i + 65535] for i in range(0, len(content), 65535)]
    return b"".join(record(PARAMS, piece) for piece in pieces + [b""])


def request(query, role=RESPONDER, **more):
    """The records of a request: how it begins, what it asks, its end."""
    named = {"REQUEST_METHOD": b"GET", "QUERY_STRING": query, **more}
    return [begin(role),
            record(PARAMS, b"".join(param(name.encode(), value)
                                    for name, value in named.items())),
            record(PARAMS) + record(STDIN)]


class Answer:
    """What came back on a connection, which is then closed."""

    def __init__(self, client):
        self.records = []  # (kind, request, content)
        with client, client.makefile("rb") as stream:
            try:
                # libfcgi waits two seconds for a client to close its end.
                while not self.is_whole and len(head := stream.read(8)) == 8:
                    _, kind, number, size, padding, _ = struct.unpack(
                        "!BBHHBB", head)
                    content = stream.read(size + padding)[:size]
                    self.records.append((kind, number, content))
            except ConnectionError:
                pass  # the program may end it as it likes
        self.text = b"".join(content for kind, _, content in self.records
                             if kind == STDOUT)
        self.head, _, self.body = self.text.partition(b"\r\n\r\n")

    @property
    def is_whole(self):
        return bool(self.records) and self.records[-1][:2] == (END_REQUEST, 1)


class Worker:
    """A program on a socket, the menu unless told otherwise, for a with
    statement."""

    numbers = itertools.count()

    def __init__(self, directory, environ, program=(BUILD / "cgi" / "menu",),
                 stderr=subprocess.PIPE):
        self.path = directory / f"socket-{next(self.numbers)}"
        self.popen = subprocess.Popen(
            [find("spawn-fcgi", "spawn-fcgi"), "-n", "-s", self.path, "--",
             *program], env=environ, stderr=stderr)
        self.pid = self.popen.pid

    def __enter__(self):
        wait_for("the socket", lambda: is_listening(self.path))
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        if self.popen.stderr:
            self.popen.stderr.close()

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        try:
            client.connect(str(self.path))
        except OSError:
            client.close()
            raise
        return client

    def ask(self, query, **more):
        client = self.connect()
        client.sendall(b"".join(request(query, **more)))
        return Answer(client)

    def wait_until_waiting(self, call):
        """Wait until the worker sleeps in this function of the kernel."""
        wchan = Path(f"/proc/{self.pid}/wchan")
        wait_for(f"the worker to wait in {call}",
                 lambda: call in wchan.read_text())

    def terminate(self, number=signal.SIGTERM):
        """Give the signal the time in which the worker could go wrong."""
        self.popen.send_signal(number)
        time.sleep(0.1)
