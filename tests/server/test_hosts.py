#!/usr/bin/env python3
"""Programs on several hosts behind nginx: when some are ill, nobody notices.

Runs in a network of its own, with the addresses of the sample."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

import fastcgi
import test_names
from harness import (BUILD, PAGES, PATIENCE, Answer, NginxFastcgi, find,
                     wait_for)

WEB_SERVER = "192.0.2.5"
HOSTS = ("192.0.2.11", "192.0.2.12", "192.0.2.13")
STRANGER = "192.0.2.66"
CLIENTS = 1000
LOADERS_PATIENCE = 10


def setUpModule():
    """Go on in a network of our own. All hosts are this one, but that the
    web server has an address of its own to come from."""
    if os.environ.get("MIRRORBOOT_NAMESPACE") != str(os.getpid()):
        os.environ["MIRRORBOOT_NAMESPACE"] = str(os.getpid())
        unshare = [find("unshare", "util-linux"), "--net"]
        if os.getuid() != 0:
            unshare.append("--map-root-user")
        os.execv(unshare[0], [*unshare, *sys.orig_argv])
    ip = find("ip", "iproute2")
    for line in ("link set lo up",
                 *(f"address add {address}/32 dev lo"
                   for address in (WEB_SERVER, STRANGER, *HOSTS)),
                 *(f"route replace local {host} dev lo src {WEB_SERVER} "
                   "table local" for host in HOSTS)):
        subprocess.run([ip, *line.split()], check=True)


def is_open(address):
    try:
        socket.create_connection(address, PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


class Hosts(NginxFastcgi):
    """The sample, and the program on each host as it says."""

    ports = {"boot": 9000}

    def site(self):
        text = self.adapt("nginx-hosts.conf")
        log = f"access_log {self.dir}/tried.log tried;"
        return ('log_format tried "$upstream_addr - $upstream_status";'
                + text.replace("server {\n\tlisten",
                               "server {" + log + "\n\tlisten"))

    def start(self):
        self.port = 80
        self.hosts = {host: [self.run_program(host, *program)
                             for program in self.ports.items()]
                      for host in HOSTS}
        for host in HOSTS:
            for port in self.ports.values():
                wait_for(f"{host}:{port}", lambda address=(host, port):
                         is_open(address))
        self.run_nginx()

    def run_program(self, host, program, port):
        return self.run(find("spawn-fcgi", "spawn-fcgi"), "-n", "-a", host,
                        "-p", str(port), "-b", "1024", "--",
                        BUILD / "cgi" / program, **self.environ,
                        FCGI_WEB_SERVER_ADDRS=WEB_SERVER)

    def signal(self, host, number):
        for process in self.hosts[host]:
            process.popen.send_signal(number)

    def tries(self):
        """The hosts tried for each request, with the status of each."""
        tries = []
        for line in (self.dir / "tried.log").read_text().splitlines():
            addresses, statuses = line.split(" - ")
            hosts = re.sub(r":\d+", "", addresses).split(", ")
            tries.append(list(zip(hosts, statuses.split(", "))))
        return tries


class OldHosts(test_names.Old, Hosts):
    """The sample of version 0.1.0, with a port for each page."""

    ports = {page: port for port, page in enumerate(PAGES, 9001)}


class Storm:
    """Machines that boot, as many at a time as there are slots."""

    def __init__(self, expected, slots):
        self.expected = expected
        self.slots = asyncio.Semaphore(slots)
        self.faults = []
        self.done = 0
        self.slowest = 0

    async def get(self, target):
        start = time.monotonic()
        reader, writer = await asyncio.open_connection(WEB_SERVER, 80)
        writer.write(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        answer = Answer(await reader.read())
        writer.close()
        self.slowest = max(self.slowest, time.monotonic() - start)
        if answer.status != 200 or answer.body != self.expected[target]:
            self.faults.append((target, answer.raw))

    async def boot(self):
        async with self.slots:
            for target in self.expected:
                await self.get(target)
        self.done += 1

    async def run(self, count, events):
        """Boot count machines; events are what happens when so many have."""
        machines = asyncio.gather(*(self.boot() for _ in range(count)))
        for after, event in events:
            while self.done < after:
                await asyncio.sleep(0.01)
            event()
        await machines


class HostsTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(Hosts())

    def chain(self):
        """What a machine asks for one after the other, and is to be sent."""
        expected = {}
        target = "/boot/boot"
        for pattern in (r"/boot/menu\b\S*", r"/boot/fromthemirror\?\S*", None):
            page, _, query = target.rpartition("/")[2].partition("?")
            text = self.server.shell(page, query).stdout
            expected[target] = text
            if pattern is not None:
                target = re.search(pattern, text.decode())[0]
        return expected

    def test_storm_outlives_a_dead_host_and_one_that_hangs(self):
        dead, hanging, healthy = HOSTS
        storm = Storm(self.chain(), slots=100)
        asyncio.run(storm.run(CLIENTS, (
            (CLIENTS // 3, lambda: self.server.signal(dead, signal.SIGKILL)),
            (CLIENTS // 2, lambda: self.server.signal(hanging,
                                                      signal.SIGSTOP)))))
        self.addCleanup(self.server.signal, hanging, signal.SIGCONT)
        self.assertEqual(storm.faults, [])
        self.assertEqual(storm.done, CLIENTS)
        self.assertLess(storm.slowest, LOADERS_PATIENCE)
        tries = self.server.tries()
        # Before: all three answered. After: one did, and for the others too.
        for host in HOSTS:
            self.assertGreater(tries.count([(host, "200")]), CLIENTS // 10)
        for host, status in (dead, "502"), (hanging, "504"):
            self.assertTrue([t for t in tries if (host, status) in t[:-1]])
        self.assertTrue(all(t[-1][1] == "200" for t in tries))
        self.server.signal(hanging, signal.SIGCONT)
        wait_for(f"{hanging} to be tried again", lambda:
                 self.server.ask("/boot/menu").status == 200
                 and self.server.tries()[-1] == [(hanging, "200")])

    def test_answers_by_ipv6(self):
        answer = self.server.ask("/boot/menu", source="::1")
        self.assertEqual(answer.body, self.server.shell("menu").stdout)

    def test_customers_are_known_through_all_hosts(self):
        for source, menu in (("127.0.0.2", b"office"), ("127.0.0.3",
                                                        b"guests")) * 3:
            answer = self.server.ask("/boot/customermenu", source=source)
            self.assertIn(b"menu?name=" + menu, answer.body)
        self.assertEqual({t[0][0] for t in self.server.tries()}, set(HOSTS))

    def test_nobody_but_the_web_server_is_answered(self):
        forged = b"".join(fastcgi.request(b"name=office",
                                          REMOTE_ADDR=b"127.0.0.2"))
        for source, is_answered in (WEB_SERVER, True), (STRANGER, False):
            with self.subTest(source=source):
                client = socket.create_connection(
                    (HOSTS[0], self.server.ports["boot"]), PATIENCE, (source, 0))
                client.sendall(forged)
                self.assertEqual(fastcgi.Answer(client).is_whole, is_answered)


class OldSampleTest(test_names.NamesTest):

    def test_hosts(self):
        self.check(OldHosts)


if __name__ == "__main__":
    unittest.main()
