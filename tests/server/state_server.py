"""Valkey or Redis, whichever this machine has, for the states of
installations."""

import os
import shutil
import signal
import socket
import subprocess

from harness import PATIENCE, wait_for


def program():
    """The server's; without one a test fails, and says why."""
    for name in "valkey-server", "redis-server":
        if path := shutil.which(name):
            return path
    raise AssertionError("no server of states: apt-get install valkey-server "
                         "or redis-server")


class StateServer:
    """One on a UNIX socket in a directory, for a with statement. What it stores
    is on the disk before it says so, unless options say otherwise."""

    def __init__(self, directory, *options):
        self.dir = directory
        self.socket = directory / "states.sock"
        self.place = f"redis://{self.socket}"
        self.options = options or ("--appendonly", "yes",
                                   "--appendfsync", "always")

    def start(self):
        self.popen = subprocess.Popen(
            [program(), "--port", "0", "--unixsocket", self.socket,
             "--unixsocketperm", "777", "--dir", self.dir, "--save", "",
             *self.options], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("the server of states", self.is_ready)

    def is_ready(self):
        try:
            return not self.ask("PING").startswith(b"-LOADING")
        except OSError:
            return False

    def kill(self):
        """As a power cut would."""
        self.popen.kill()
        self.popen.wait()

    def ask(self, *words):
        """The raw reply to one command, which fits into a segment."""
        request = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            request += b"$%d\r\n%s\r\n" % (len(word), word)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.socket))
            connection.sendall(request)
            return connection.recv(1024 * 1024)

    def strings(self, *words):
        """The strings of a reply that has an array of them, none with lines."""
        lines = self.ask(*words).decode().split("\r\n")
        return lines[2::2]

    def key(self):
        """That of the only state."""
        keys = self.strings("KEYS", "*")
        assert len(keys) == 1, keys
        return keys[0]

    def fields(self):
        """Those of the only state."""
        words = self.strings("HGETALL", self.key())
        return dict(zip(words[::2], words[1::2]))

    def pause(self):
        os.kill(self.popen.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.popen.pid, signal.SIGCONT)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.kill()
