#!/usr/bin/env python3
"""Sends frames over link.py, and checks what arrives and when: the claim's
benchmark rests on its delay and its loss. Takes the arguments of unittest.
Needs root."""

import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
IP = shutil.which("ip", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
KIND = 0x88B5  # the type of local experiments
HEAD = b"\xff" * 6 + b"\2\0\0\0\0\1" + KIND.to_bytes(2, "big")
SIZE = 1514


def frame(number):
    return (HEAD + number.to_bytes(4, "big")).ljust(SIZE, b"x")


def number_of(data):
    return int.from_bytes(data[len(HEAD) : len(HEAD) + 4], "big")


class Link:
    """The program, and a socket at each end."""

    def __init__(self, delay, loss, seed=1):
        command = [sys.executable, HERE / "link.py", "near", "far", delay, loss, seed]
        self.process = subprocess.Popen([str(word) for word in command])
        self.ends = []
        try:
            for name in "near", "far":
                self.ends.append(self.plug(name))
        except BaseException:
            self.__exit__()
            raise

    def plug(self, name):
        end = time.monotonic() + 20
        while not os.path.exists(f"/proc/sys/net/ipv4/conf/{name}"):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"link.py made no device {name}")
            time.sleep(0.01)
        subprocess.run([IP, "link", "set", name, "up"], check=True)
        plug = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(KIND))
        plug.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        plug.bind((name, KIND))
        plug.settimeout(0.2)
        return plug

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        for end in self.ends:
            end.close()

    def ways(self):
        """Both directions: (source, target)."""
        near, far = self.ends
        return (near, far), (far, near)


def send(source, target, count):
    """Send frames, some at a time; the numbers of those that arrived."""
    came = []
    for first in range(0, count, 500):
        for number in range(first, first + 500):
            source.send(frame(number))
        try:
            while len(came) < count:
                came.append(number_of(target.recv(SIZE)))
        except TimeoutError:
            pass
    return came


class LinkTest(unittest.TestCase):
    def test_frame_arrives_whole_and_late(self):
        with Link(delay=30, loss=0) as link:
            for source, target in link.ways():
                seconds = []
                for number in range(30):
                    sent = time.monotonic()
                    source.send(frame(number))
                    self.assertEqual(target.recv(SIZE + 1), frame(number))
                    seconds.append(time.monotonic() - sent)
                self.assertGreaterEqual(min(seconds), 0.030)
                self.assertLess(statistics.median(seconds), 0.040)

    def test_many_frames_are_under_way_together(self):
        with Link(delay=500, loss=0) as link:
            for source, target in link.ways():
                sent = time.monotonic()
                for number in range(400):
                    source.send(frame(number))
                target.settimeout(2)
                came = [number_of(target.recv(SIZE)) for _ in range(400)]
                self.assertEqual(came, list(range(400)))
                self.assertLess(time.monotonic() - sent, 1)

    def test_loss_is_what_was_asked(self):
        with Link(delay=1, loss=5) as link:
            for source, target in link.ways():
                came = send(source, target, 2000)
                self.assertEqual(came, sorted(set(came)))
                # Of 2000 frames 5 % are 100; 49 is five standard deviations.
                self.assertAlmostEqual(2000 - len(came), 100, delta=49)

    def test_without_loss_all_arrive(self):
        with Link(delay=0, loss=0) as link:
            for source, target in link.ways():
                self.assertEqual(send(source, target, 2000), list(range(2000)))

    def test_seed_decides_what_is_lost(self):
        came = []
        for seed in 1, 1, 2:
            with Link(delay=1, loss=5, seed=seed) as link:
                came.append(send(*link.ways()[0], 500))
        self.assertEqual(came[0], came[1])
        self.assertNotEqual(came[0], came[2])

    def test_end_that_is_down_loses_frames_only(self):
        with Link(delay=1, loss=0) as link:
            subprocess.run([IP, "link", "set", "far", "down"], check=True)
            (near, far), _ = link.ways()
            near.send(frame(1))
            time.sleep(0.1)
            subprocess.run([IP, "link", "set", "far", "up"], check=True)
            near.send(frame(2))
            time.sleep(0.1)
            with self.assertRaises(OSError):  # the socket tells, once
                far.recv(SIZE)
            self.assertEqual(number_of(far.recv(SIZE)), 2)


def enter():
    """Go on in a network of our own, where nobody else speaks."""
    if os.geteuid() != 0:
        sys.exit("this test needs root, for a network namespace")
    if os.environ.get("MIRRORBOOT_LINK") != str(os.getpid()):
        os.environ["MIRRORBOOT_LINK"] = str(os.getpid())
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    for which in "all", "default":
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("1")


if __name__ == "__main__":
    enter()
    unittest.main(verbosity=2)
