#!/usr/bin/env python3
"""Checks parts of lab.py that the boots use by chance only. Takes the
arguments of unittest."""

import pathlib
import socket
import tempfile
import threading
import time
import unittest

import lab


class Running:
    """Of a process, what Monitor asks."""

    @staticmethod
    def poll():
        return None


class MonitorTest(unittest.TestCase):
    def answer_late(self, path):
        """QEMU on a slow day, a step after the other."""
        with socket.socket(socket.AF_UNIX) as server:
            time.sleep(0.2)
            server.bind(str(path))
            time.sleep(0.2)
            server.listen()
            with server.accept()[0] as client:
                client.sendall(b'{"QMP": {}}\n')
                client.recv(1000)
                client.sendall(b'{"return": {}}\n')

    def test_waits_until_it_is_heard(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "monitor"
            threading.Thread(target=self.answer_late, args=[path], daemon=True).start()
            lab.Monitor(path, Running).close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
