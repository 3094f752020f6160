#!/usr/bin/env python3
"""A link with a delay and a loss of its own, between two TAP devices.

link.py NEAR FAR DELAY LOSS SEED makes both devices and carries Ethernet frames
from each to the other, every one DELAY milliseconds later and LOSS per cent of
them never, until it is ended. It reads no frame: whatever is plugged into
either end sees one long cable. tc's netem does the same, but is a module that
not every kernel has.
"""

import collections
import errno
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 2, 0x1000
LONGEST = 65536  # more than a frame of either device
AT_ONCE = 64  # frames of one end, before the other has its turn


def tap(name):
    """Make a device, which lives as long as its file is open."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


class Way:
    """One direction. The delay is the same for all, so the frame that came
    first is due first."""

    def __init__(self, source, target, delay, loss, luck):
        self.source, self.target = source, target
        self.delay, self.loss, self.luck = delay, loss, luck
        self.waiting = collections.deque()

    def take(self):
        due = time.monotonic() + self.delay
        for _ in range(AT_ONCE):
            try:
                frame = os.read(self.source, LONGEST)
            except BlockingIOError:
                return
            if self.luck.random() >= self.loss:
                self.waiting.append((due, frame))

    def give(self):
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            self.put(self.waiting.popleft()[1])

    def put(self, frame):
        try:
            os.write(self.target, frame)
        except OSError as error:
            if error.errno != errno.EIO:  # the device is down
                raise


def carry(near, far, delay, loss, seed):
    """Delay in seconds each way, loss from 0 to 1 each way."""
    luck = random.Random(seed)
    ways = {
        near: Way(near, far, delay, loss, luck),
        far: Way(far, near, delay, loss, luck),
    }
    while True:
        dues = [way.waiting[0][0] for way in ways.values() if way.waiting]
        patience = max(0, min(dues) - time.monotonic()) if dues else None
        for source in select.select(ways, [], [], patience)[0]:
            ways[source].take()
        for way in ways.values():
            way.give()


def main():
    near, far, delay, loss, seed = sys.argv[1:]
    carry(tap(near), tap(far), float(delay) / 1000, float(loss) / 100, int(seed))


if __name__ == "__main__":
    main()
