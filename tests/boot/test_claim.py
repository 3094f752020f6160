#!/usr/bin/env python3
"""Checks what claim.py counts, with packets made by hand. Takes the arguments
of unittest."""

import contextlib
import io
import re
import socket
import struct
import unittest

import claim

SYN, ACK = 2, 16
MACHINE, SERVER = (socket.inet_aton(address) for address in ("192.0.2.14", "192.0.2.5"))


def ipv4(source, target, protocol, data):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, 64, protocol, 0)
    return head + source + target + data + b"padding"


def udp(*ports, data):
    """The machine's ports are those above 1999."""
    ends = (MACHINE, SERVER) if ports[0] >= 2000 else (SERVER, MACHINE)
    return ipv4(*ends, 17, struct.pack(">HHHH", *ports, 8 + len(data), 0) + data)


def tcp(*ports, sequence, flags=ACK, data=b""):
    ends = (MACHINE, SERVER) if ports[0] >= 2000 else (SERVER, MACHINE)
    head = struct.pack(">HHIIBBHHH", *ports, sequence, 1, 5 << 4, flags, 0, 0, 0)
    return ipv4(*ends, 6, head + data)


def request(port, name):
    return udp(port, 69, data=b"\0\1" + name.encode() + b"\0octet\0tsize\0000\0")


def block(port, number, size=512):
    return udp(1042, port, data=b"\0\3" + struct.pack(">H", number % 65536) + bytes(size))


def get(port, sequence=1, method="GET"):
    return tcp(port, 80, sequence=sequence, data=method.encode() + b" / HTTP/1.0\r\n\r\n")


def answer(port, sequence, size, flags=ACK):
    return tcp(80, port, sequence=sequence % 2**32, flags=flags, data=bytes(size))


class TallyTest(unittest.TestCase):
    def check(self, *packets, **expected):
        tally = claim.Tally()
        for packet in packets:
            tally.look(packet)
        counts = tally.counts()
        self.assertEqual({key: counts[key] for key in expected}, expected)

    def test_file_by_tftp(self):
        packets = request(2000, "/kernel"), block(2000, 1, 1408), block(2000, 2, 192)
        self.check(*packets, tftp_files=1, tftp_requests=1, tftp_bytes=1600, http_requests=0)

    def test_block_numbers_start_over(self):
        blocks = (block(2000, number, 4) for number in range(1, 70001))
        self.check(request(2000, "initrd"), *blocks, tftp_bytes=280000)

    def test_what_is_sent_again_by_tftp_counts_once(self):
        again = request(2000, "kernel"), request(2000, "kernel")
        blocks = (block(2000, number) for number in (1, 1, 2, 1, 2, 3))
        self.check(*again, *blocks, tftp_files=1, tftp_requests=1, tftp_bytes=1536)

    def test_file_that_is_not_there_is_a_request(self):
        error = udp(1042, 2000, data=b"\0\5\0\1File not found\0")
        self.check(request(2000, "none"), error, request(2001, "none"), error,
                   tftp_files=0, tftp_requests=2, tftp_bytes=0)

    def test_same_file_twice_is_one_file(self):
        packets = [f(port) for port in (2000, 2001) for f in (lambda p: request(p, "kernel"), lambda p: block(p, 1))]
        self.check(*packets, tftp_files=1, tftp_requests=2, tftp_bytes=1024)

    def test_port_is_used_again(self):
        packets = request(2000, "a"), block(2000, 1), request(2000, "a"), block(2000, 1)
        self.check(*packets, tftp_files=1, tftp_requests=2, tftp_bytes=1024)

    def test_answer_by_http(self):
        packets = answer(3000, 500, 0, SYN), get(3000), answer(3000, 501, 1000), answer(3000, 1501, 10)
        self.check(*packets, http_requests=1, http_bytes=1010, tftp_requests=0)

    def test_what_is_sent_again_by_http_counts_once(self):
        start = answer(3000, 500, 0, SYN), get(3000)
        more = answer(3000, 1501, 500), answer(3000, 501, 1000)
        self.check(*start, *start, *more, *more, http_requests=1, http_bytes=1500)

    def test_two_requests_on_a_connection(self):
        packets = answer(3000, 500, 0, SYN), get(3000, 1, "HEAD"), get(3000, 90)
        self.check(*packets, http_requests=2)

    def test_sequence_numbers_start_over(self):
        packets = answer(3000, -101, 0, SYN), answer(3000, -100, 100), answer(3000, 0, 100)
        self.check(*packets, http_bytes=200)

    def test_connections_add_up(self):
        packets = []
        for port, first in (3000, 10), (3001, 10), (3000, 20):
            packets += answer(port, first, 0, SYN), get(port), answer(port, first + 1, 10)
        self.check(*packets, http_requests=3, http_bytes=30)


def result(way, link, round_, seconds=40, size=claim.INSTALLER, suite="bookworm"):
    return {"way": way, "suite": suite, "link": link, "round": round_, "seconds": seconds,
            "tftp_files": 1, "tftp_bytes": 0, "http_requests": 1, "http_bytes": size}


class PlanTest(unittest.TestCase):
    def plan(self, options, *results):
        return list(claim.plan(claim.arguments(options.split()), list(results)))

    def test_ways_take_turns_over_each_link(self):
        self.assertEqual(
            self.plan("--ways ipxe,lpxelinux --links near,lossy --rounds 2 --suites bookworm,trixie"),
            [(way, suite, link, number) for number in (1, 2) for link in ("near", "lossy")
             for way, suite in (("ipxe", "bookworm"), ("ipxe", "trixie"), ("lpxelinux", "bookworm"))])

    def test_what_has_a_result_is_not_booted_again(self):
        self.assertEqual(
            self.plan("--ways ipxe --links near,far --rounds 2", result("ipxe", "near", 1), result("ipxe", "far", 2),
                      result("ipxe", "near", 2, suite="trixie")),
            [("ipxe", "bookworm", "far", 1), ("ipxe", "bookworm", "near", 2)])

    def test_way_that_did_not_get_halfway_is_left_out(self):
        slow = result("ipxe", "far", 1, None, claim.INSTALLER // 3)
        late = result("tftp", "far", 1, None, claim.INSTALLER - 1)
        self.assertEqual(self.plan("--ways ipxe,tftp --links near,far,distant --rounds 1", slow, late),
                         [("ipxe", "bookworm", "near", 1), ("tftp", "bookworm", "near", 1),
                          ("tftp", "bookworm", "distant", 1)])

    def test_result_that_comes_meanwhile_counts(self):
        results = []
        plan = claim.plan(claim.arguments("--ways tftp --links far,distant --rounds 2".split()), results)
        results.append(result(*next(plan)[::2], 1, None, 0))
        self.assertEqual(list(plan), [])

    def test_way_without_loaders_of_the_release_is_an_error(self):
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit):
            claim.arguments("--ways efi-http-grub --suites bookworm".split())
        self.assertIn("none of these ways has loaders of these releases", said.getvalue())

    def test_no_boot_begins_that_may_end_too_late(self):
        wanted = claim.arguments("--minutes 4 --limit 300 --ways ipxe --links near,far --rounds 3".split())
        self.assertEqual(claim.boot_all(wanted, []), 6)

    def test_export_and_both_releases_have_rows(self):
        wanted = claim.arguments("--suites bookworm,trixie --ways ipxe-export,tftp --links near,distant".split())
        results = [result("ipxe-export", "near", 1), result("ipxe-export", "near", 1, suite="trixie"),
                   result("tftp", "near", 1, None, 5)]
        rows = claim.table(results, wanted).splitlines()
        self.assertEqual([row.split(" | ")[0] for row in rows[2:]],
                         ["| iPXE, files of an export", "| iPXE, files of an export, trixie",
                          "| **old**: pxelinux.0, all by TFTP"])
        self.assertTrue(rows[0].endswith("| no delay | 80 ms round trip |"), rows[0])
        self.assertTrue(rows[2].endswith("| 40 s | not tried |"), rows[2])


class WaitsTest(unittest.TestCase):
    """docs/claim.md lists every wait of the shipped templates and samples."""

    FILES = [*(claim.lab.TOP / "templates").iterdir(), *(claim.lab.TOP / "conf").glob("grub*.cfg"),
             claim.lab.TOP / "scripts/loaders"]

    def waits(self, text):
        """In seconds."""
        for number in re.findall(r"(?m)\bsleep (?:--interruptible )?(\d+)|^set timeout=(\d+)", text):
            yield int("".join(number))
        for number in re.findall(r"--timeout (\d+)", text):
            yield int(number) // 1000
        for number in re.findall(r"(?m)^timeout (\d+)", text):
            yield int(number) // 10

    def test_manual_lists_every_wait(self):
        manual = (claim.lab.TOP / "docs/claim.md").read_text()
        rows = re.findall(r"(?m)^\| (\d+) s[^|]*\|([^|]*)\|", manual)
        listed = {(name, int(seconds)) for seconds, names in rows for name in re.findall("`([^`]+)`", names)}
        found = {(path.name, wait) for path in self.FILES for wait in self.waits(path.read_text()) if wait}
        self.assertEqual(found, listed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
