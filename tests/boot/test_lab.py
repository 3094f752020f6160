#!/usr/bin/env python3
"""Checks parts of lab.py that the boots use by chance only. Takes the
arguments of unittest."""

import pathlib
import socket
import subprocess
import tempfile
import threading
import time
import types
import unittest
import unittest.mock

import lab


class EnterTest(unittest.TestCase):
    def test_says_what_is_missing(self):
        """One that apt knows, and one that only another release has."""
        for package, told in (
            ("coreutils", "apt-get install coreutils"),
            ("debian-installer-1-netboot-amd64", "apt knows no debian-installer-1-netboot-amd64: machines boot on "
                                                 "Debian 12 alone, after apt-get update"),
        ):
            with self.subTest(package=package), unittest.mock.patch.object(lab, "NEEDED", {"no-such-program": package}):
                with self.assertRaises(SystemExit) as ended:
                    lab.enter()
                self.assertEqual(ended.exception.code, told)


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


class MachineTest(unittest.TestCase):
    def test_without_qemu_leaves_no_network_device(self):
        """The next machine has a device of the same name."""
        commands = []
        with tempfile.TemporaryDirectory() as directory:
            here = types.SimpleNamespace(dir=pathlib.Path(directory), machines=[], bridge="br0", suite=lab.SUITES["bookworm"])
            here.start = lambda name, *command, **_: lab.Process(["false"], here.dir / "log")
            with unittest.mock.patch.object(lab, "run", commands.append):
                with self.assertRaisesRegex(RuntimeError, "^QEMU did not start$"):
                    lab.Machine(here, "machine0")
        self.assertEqual(commands, [
            "ip tuntap add tap0 mode tap", "ip link set tap0 master br0 up", "ip link delete tap0",
        ])


class WireTest(unittest.TestCase):
    def test_takes_each_request_of_a_packet(self):
        """apt sends several before it has an answer."""
        wire = lab.Wire.__new__(lab.Wire)
        wire.requests = []
        tcp = bytes(2) + (80).to_bytes(2, "big") + bytes(8) + b"\x50" + bytes(7)
        ip = b"\x45" + bytes(8) + b"\6" + bytes(6) + socket.inet_aton("192.0.2.21")
        wire.look(ip + tcp + b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\n\r\n")
        wire.look(ip + tcp.replace(b"\0P", b"\x1f\x91", 1) + b"GET http://x/ HTTP/1.0\r\n\r\n")
        wire.look(ip + tcp + b"POST /c HTTP/1.1\r\n\r\n")
        self.assertEqual(wire.requests, [("192.0.2.21", "GET /a"), ("192.0.2.21", "HEAD /b"),
                                         ("192.0.2.21:8081", "GET http://x/")])


class ClockTest(unittest.TestCase):
    def test_stands_while_another_process_has_the_processor(self):
        """Two processes that both want one processor have half of it each."""
        burn = ["taskset", "-c", "0", "sh", "-c", "while :; do :; done"]
        with subprocess.Popen(burn) as one, subprocess.Popen(burn) as other:
            clock = lab.Clock(one.pid)
            start, before = time.monotonic(), clock.now()
            time.sleep(2)
            elapsed, own = time.monotonic() - start, clock.now() - before
            one.kill()
            other.kill()
        self.assertLess(own, elapsed * 0.8)
        self.assertGreater(own, 0)

    def test_goes_on_while_a_process_sleeps(self):
        with subprocess.Popen(["sleep", "10"]) as idle:
            clock = lab.Clock(idle.pid)
            before = clock.now()
            time.sleep(1)
            own = clock.now() - before
            idle.kill()
        self.assertGreater(own, 0.8)


if __name__ == "__main__":
    unittest.main(verbosity=2)
