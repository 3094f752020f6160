#!/usr/bin/env python3
"""Hostile requests get a refusal that repeats nothing, and hold nobody up."""

import contextlib
import json
import re
import socket
import time
import unittest

from harness import (CATALOG, PATIENCE, Answer, ApacheCgi, ApacheFastcgi,
                     LighttpdCgi, LighttpdFastcgi, NginxCache, NginxFastcgi)

CLOSE = "Host: 192.0.2.1\r\nConnection: close\r\n"
EVIL = "evil.example"

# What may reach the output: none of it does. Every request has one in it.
MARKS = (EVIL, "reboot", "#!ipxe", "X-Evil", "xxxxxxxx", "p777")

# What no log of a server has at the end, whatever was asked.
ODD = re.compile(r"(?i)segfault|signal|core dump|assert|sanitizer|runtime error"
                 r"|premature|unexpected|child .*(died|exit)|backend died"
                 r"|script not found|malformed header|Bad file desc")

# Names and values that are one of a loader's commands, in every spelling.
VALUES = (
    "evil.example", "reboot", "x" * 4000, "%65vil.example", "reboot~-_.reboot",
    "x\r\nX-Evil: 1", "x%0d%0aX-Evil:%201", "x%0aX-Evil:%201",
    "x%250d%250aX-Evil:%201", "x%25250aX-Evil", "x%u000aX-Evil",
    "x%c0%8aX-Evil", "x%e0%80%8aX-Evil", "x%f0%80%80%8aX-Evil",
    "x%c4%8aX-Evil", "x%e5%98%8a%e5%98%8dX-Evil", "x%00X-Evil",
    "main%00X-Evil", "x%2500X-Evil", "%0a#!ipxe%0areboot", "%23!ipxe%0areboot",
    "x\n#!ipxe\nreboot", "${reboot}", "$%7breboot}", "%24%7breboot%7d",
    "%2524%257breboot%257d", "{{&reboot}}", "%7b%7b%26reboot%7d%7d",
    "main;reboot", "main|reboot", "main%20reboot", "main+reboot", "main`reboot`",
    "%22;reboot;%22", "%27;reboot;%27", "../../reboot", "..%2f..%2freboot",
    "..%5c..%5creboot", "/etc/reboot", "http://evil.example/",
    "%3cscript%3ereboot%3c/script%3e", "x" * 8192, "x" * 65536,
)
PARAMETERS = (
    "&".join(f"p{i}=1" for i in range(1000)),
    "&".join(f"p{i}=1" for i in range(10000)),
    "name=main&name=evil.example", "name=evil.example&name=main",
    "name=main&name%00=evil.example", "name=main&%6eame=evil.example",
    "name[0]=evil.example", "name.x=evil.example", "_method=reboot",
    "dialect=evil.example", "explain=reboot", "explain=1&explain=reboot",
    "platform=evil.example", "arch=evil.example", "menu=evil.example",
    "customer=evil.example", "MIRRORBOOT_BASE=http://evil.example/",
    "name=" + "x" * 1000000,
)

# Paths that lead to a page on no server, or to the page of that name.
PATHS = (
    "/boot/../reboot", "/boot/%2e%2e/reboot", "/boot/..%2freboot",
    "/../../../../etc/passwd?reboot", "/boot/../../../../etc/passwd?reboot",
    "/boot/%2e%2e/%2e%2e/%2e%2e/etc/passwd?reboot",
    "/boot/..%252f..%252fetc/passwd?reboot", "/boot/..%c0%af../etc/passwd?reboot",
    "/boot/....//....//etc/passwd?reboot", "/boot/..;/..;/etc/passwd?reboot",
    "/boot/..%5c..%5cetc%5cpasswd?reboot", "/boot/menu/../../etc/passwd?reboot",
    "/boot/menu%2f..%2f..%2fetc%2fpasswd?reboot", "//evil.example/boot/menu",
    "/boot//menu//?reboot", "/boot/menu/reboot", "/boot/menu/reboot?name=main",
    "/boot/menu;reboot", "/boot/menu%3freboot", "/boot/menu%23reboot",
    "/boot/menu%00reboot", "/boot/menu%0areboot", "/boot/menu%0d%0aX-Evil:%201",
    "/boot/menu.php/reboot", "/boot/reboot.php", "/boot/.%00reboot",
    "/boot/%", "/boot/%zzreboot", "*reboot", "boot/menureboot", "?reboot",
    "http://evil.example", "http://evil.example:99999/boot/reboot",
    "gopher://evil.example/boot/reboot", "/boot/" + "x" * 65536,
    "/boot/" + "../" * 2000 + "reboot", "/boot/" + "%2e%2e/" * 500 + "reboot",
)

# Whole requests, of which a part is a lie. None is a request for two.
REQUESTS = {
    "no version": "GET /boot/reboot\r\n\r\n",
    "version 9.9": f"GET /boot/reboot HTTP/9.9\r\n{CLOSE}\r\n",
    "HTTP/2 spoken at once": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\0\1\0\1\xfc\x03\x03" + "\0" * 50 + "\r\n\r\n",
    "zeroes": "\0" * 1000 + "\r\n\r\n",
    "an end of the line alone": "\r\n" * 3 + f"GET /boot/reboot HTTP/1.1\r\n"
                                f"{CLOSE}\r\n",
    "a space too many": f"GET  /boot/reboot  HTTP/1.1\r\n{CLOSE}\r\n",
    "no Host": "GET /boot/reboot HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two Hosts": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}Host: {EVIL}\r\n\r\n",
    "NUL": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}X-Evil: \0\r\n\r\n",
    "CR alone": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}X-A: a\rX-Evil: b\r\n\r\n",
    "a header of several lines": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}"
                                 f"User-Agent: iPXE/1\r\n X-Evil: b\r\n\r\n",
    "no colon": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}X-Evil\r\n\r\n",
    "a header of 1 MB": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}"
                        f"User-Agent: {'x' * (1 << 20)}\r\n\r\n",
    "2,000 headers": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}" + "".join(
        f"X-Evil-{i}: x\r\n" for i in range(2000)) + "\r\n",
    "50,000 headers": f"GET /boot/reboot HTTP/1.1\r\n{CLOSE}" + "".join(
        f"X-Evil-{i}: x\r\n" for i in range(50000)) + "\r\n",
    "a short length": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                      "Content-Length: 2\r\n\r\nname=reboot",
    "a negative length": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                         "Content-Length: -1\r\n\r\nname=reboot",
    "a length of no number": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                             "Content-Length: reboot\r\n\r\nname=reboot",
    "a length with a sign": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                            "Content-Length: +11\r\n\r\nname=reboot",
    "a length past all numbers": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                                 f"Content-Length: {10 ** 30}\r\n\r\nreboot",
    "two lengths": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}Content-Length: 11\r\n"
                   "Content-Length: 4\r\n\r\nname=reboot",
    "a length and chunks": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                           "Content-Length: 5\r\nTransfer-Encoding: chunked"
                           "\r\n\r\n0\r\n\r\nreboot",
    "chunks": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}Transfer-Encoding: chunked"
              "\r\n\r\nb\r\nname=reboot\r\n0\r\n\r\n",
    "chunks of no number": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                           "Transfer-Encoding: chunked\r\n\r\nreboot\r\n\r\n",
    "an encoding of no name": f"POST /boot/menu HTTP/1.1\r\n{CLOSE}"
                              "Transfer-Encoding: reboot\r\n\r\nx",
    "CONNECT": f"CONNECT {EVIL}:80 HTTP/1.1\r\n{CLOSE}\r\n",
    "CONNECT to a page": f"CONNECT /boot/menu HTTP/1.1\r\n{CLOSE}\r\n",
    "TRACE": f"TRACE /boot/menu HTTP/1.1\r\n{CLOSE}X-Evil: reboot\r\n\r\n",
    "OPTIONS": f"OPTIONS /boot/menu HTTP/1.1\r\n{CLOSE}X-Evil: x\r\n\r\n",
    "a method of 4 kB": f"{'x' * 4096} /boot/menu HTTP/1.1\r\n{CLOSE}\r\n",
    "a method of bytes": f"\xff\xfe /boot/reboot HTTP/1.1\r\n{CLOSE}\r\n",
}

# A head, and what is sent of its body or of itself, a byte at a time.
SLOW = {
    "a head": ("GET /boot/menu HTTP/1.1\r\nHost: x\r\nX-Slow: ", "a"),
    "a body": ("POST /boot/menu HTTP/1.1\r\nHost: x\r\n"
               "Content-Length: 100000\r\n\r\n", "a"),
    "a body of GET": ("GET /boot/menu HTTP/1.1\r\nHost: x\r\n"
                      "Content-Length: 100000\r\n\r\n" + "a" * 20000, "a"),
    "chunks": ("POST /boot/menu HTTP/1.1\r\nHost: x\r\n"
               "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
}

# Every way to the office's menu but its own network's.
CLOSED = [f"{page}?{parameter}=office{more}"
          for page, parameter in (("boot", "menu"), ("menu", "name"),
                                  ("customermenu", "customer"))
          for more in ("", "&explain=1", "&dialect=html", "&dialect=ipxe",
                       "&dialect=grub", "&dialect=syslinux",
                       "&dialect=html&explain=1",
                       "&arch=amd64&dialect=ipxe&platform=efi")]

CLOSED_TO_ALL = (b"this menu is shown to its customer's networks only, "
                 b"and this address is in none of them\n")
# GRUB runs whatever it is sent.
CLOSED_TO_GRUB = (b"echo 'this menu is shown to its customer'\\''s networks "
                  b"only, and this address is in none of them'\n"
                  b"sleep --interruptible 10\n")

# Catalogue text that only the office may see.
SECRETS = (b"Behind closed doors", b"hush-hush")


def catalogue():
    """The harness's catalogue, with secrets behind a closed menu."""
    catalog = json.loads(CATALOG)
    catalog["menus"]["office"] = {
        "title": "Behind closed doors", "entries": [
            {"id": "hush-hush", "distro": "debian", "arch": "i386",
             "version": "bookworm", "title": "Behind closed doors"}]}
    return json.dumps(catalog)


class Attacks:
    """What holds behind every server; the classes below say which."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(cls.way())
        cls.server.catalog.write_text(catalogue())
        cls.expected = cls.server.ask("/boot/menu").body

    def setUp(self):
        self.logged = self.server.log.stat().st_size

    def tearDown(self):
        """The server still answers, and has nothing odd to tell."""
        answer = self.server.ask("/boot/menu")
        self.assertEqual((answer.status, answer.body), (200, self.expected))
        log = self.server.log.read_bytes()[self.logged:].decode("latin-1")
        self.assertIsNone(ODD.search(log), log)

    def send(self, request):
        """Whatever comes back for this, byte for byte."""
        raw = b""
        with socket.create_connection(("127.0.0.1", self.server.port),
                                      PATIENCE) as client:
            # A server may have heard enough, and close.
            with contextlib.suppress(ConnectionError):
                client.sendall(request)
            with contextlib.suppress(ConnectionError):
                client.shutdown(socket.SHUT_WR)
                while piece := client.recv(65536):
                    raw += piece
        return raw

    def check(self, request):
        """Nothing, or one refusal that repeats nothing."""
        raw = self.send(request.encode("latin-1"))
        for mark in MARKS:
            self.assertNotIn(mark.encode(), raw)
        if not raw.startswith(b"HTTP/"):
            # HTTP/0.9 has a body alone.
            self.assertNotIn(b"menu title", raw)
            self.assertLess(len(raw), 1000)
            return
        answer = Answer(raw)
        if not self.server.has_lost(answer):
            self.assertIn(answer.status, (400, 403, 404, 405, 408, 411, 413,
                                          414, 431, 501, 505), raw)
        self.assertEqual(raw.count(b"HTTP/1."), 1, raw)
        self.assertNotIn(b"menu title", answer.body)

    def check_target(self, target):
        for tail in (f" HTTP/1.1\r\n{CLOSE}\r\n", " HTTP/1.0\r\n\r\n"):
            with self.subTest(target=target[:60], tail=tail[:9]):
                self.check(f"GET {target}{tail}")

    def test_values_are_never_repeated(self):
        for value in VALUES:
            self.check_target(f"/boot/menu?name={value}")
            self.check_target(f"/boot/boot?menu={value}")
            self.check_target("/boot/fromthemirror?arch=amd64&distro=debian"
                              f"&version={value}")

    def test_names_and_their_number_are_never_repeated(self):
        for query in PARAMETERS:
            self.check_target(f"/boot/menu?{query}&{query}")
            self.check_target(f"/boot/customermenu?{query}&name=evil.example")

    def test_paths_lead_nowhere(self):
        for path in PATHS:
            self.check_target(path)

    def test_lies_about_the_request_are_refused(self):
        for name, request in REQUESTS.items():
            with self.subTest(name):
                self.check(request)

    def test_request_within_a_body_is_none(self):
        within = "GET /boot/menu?name=more HTTP/1.1\r\nHost: x\r\n\r\n"
        for head in (f"Content-Length: {len(within)}\r\n\r\n",
                     "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
                     f"{len(within):x}\r\n"):
            with self.subTest(head=head):
                raw = self.send(f"POST /boot/menu HTTP/1.1\r\n{CLOSE}{head}"
                                f"{within}\r\n0\r\n\r\n".encode())
                self.assertNotIn(b"menu title More", raw)

    def test_agents_and_hosts_never_reach_a_text(self):
        for headers in (
                f"User-Agent: iPXE/1 {EVIL}", "User-Agent: gPXE/${reboot}",
                f"Host: {EVIL}", f"X-Forwarded-Host: {EVIL}",
                f"Forwarded: for=127.0.0.2;host={EVIL}", f"Proxy: {EVIL}",
                f"Referer: http://{EVIL}/", "Cookie: menu=reboot",
                "Accept-Language: ${reboot}", f"X-Original-URL: /{EVIL}",
                "X-HTTP-Method-Override: POST", f"X-Rewrite-URL: /{EVIL}",
                f"Via: 1.1 {EVIL}", f"Location: http://{EVIL}/",
                "Range: bytes=0-999999", "If-None-Match: reboot"):
            for page in ("boot", "menu", "customermenu"):
                for query in ("", "dialect=html", "explain=1"):
                    with self.subTest(headers=headers, page=page, query=query):
                        answer = self.server.ask(f"/boot/{page}?{query}",
                                                 headers=[headers])
                        self.assertIn(answer.status, (200, 206))
                        self.assertNotRegex(answer.raw, b"evil|reboot")

    def test_closed_menu_is_closed_in_every_way(self):
        for target in CLOSED:
            for headers in ((), ("X-Forwarded-For: 127.0.0.2",),
                            ("Forwarded: for=127.0.0.2",),
                            ("X-Real-IP: 127.0.0.2", "Client-IP: 127.0.0.2")):
                with self.subTest(target=target, headers=headers):
                    answer = self.server.ask(f"/boot/{target}",
                                             headers=headers)
                    self.assertEqual(answer.status, 403, answer.raw)
                    self.assertEqual(answer.body, CLOSED_TO_GRUB if
                                     "grub" in target else CLOSED_TO_ALL)
                    self.assertEqual(answer.header("Cache-Control"),
                                     "no-store")

    def test_closed_menu_shows_nowhere_else(self):
        for target in ("boot", "menu", "menu?name=more", "customermenu",
                       "menu?name=guests", "fromthemirror?arch=i386"
                       "&distro=debian&version=bookworm"):
            for more in ("dialect=html", "explain=1", "dialect=ipxe"):
                with self.subTest(target=target, more=more):
                    joined = target + ("&" if "?" in target else "?") + more
                    office, other = (
                        self.server.ask(f"/boot/{joined}", source=source)
                        for source in ("127.0.0.2", "127.0.0.1"))
                    self.assertEqual(other.status, 200)
                    for secret in SECRETS:
                        self.assertNotIn(secret, other.body)
                    if target == "customermenu" and more == "dialect=html":
                        self.assertIn(SECRETS[0], office.body)

    def test_what_is_not_there_is_told_from_what_is_closed(self):
        """As documented: 403 says that there is such a menu."""
        for target, status in (("menu?name=office", 403),
                               ("menu?name=officex", 404),
                               ("customermenu?customer=office", 403),
                               ("customermenu?customer=officex", 404)):
            with self.subTest(target=target):
                answer = self.server.ask(f"/boot/{target}")
                self.assertEqual(answer.status, status)

    def test_slow_clients_hold_nobody_up(self):
        for name, (head, drop) in SLOW.items():
            with self.subTest(name), contextlib.ExitStack() as stack:
                clients = [stack.enter_context(socket.create_connection(
                    ("127.0.0.1", self.server.port))) for _ in range(50)]
                for client in clients:
                    client.sendall(head.encode())
                for _ in range(5):
                    for client in clients:
                        with contextlib.suppress(ConnectionError):
                            client.sendall(drop.encode())
                    start = time.monotonic()
                    answer = self.server.ask("/boot/menu")
                    self.assertEqual(answer.body, self.expected)
                    self.assertLess(time.monotonic() - start, PATIENCE / 2)
                    time.sleep(0.1)


class LighttpdFastcgiTest(Attacks, unittest.TestCase):
    way = LighttpdFastcgi


class LighttpdCgiTest(Attacks, unittest.TestCase):
    way = LighttpdCgi


class NginxFastcgiTest(Attacks, unittest.TestCase):
    way = NginxFastcgi


class NginxCacheTest(Attacks, unittest.TestCase):
    way = NginxCache


class ApacheCgiTest(Attacks, unittest.TestCase):
    way = ApacheCgi


class ApacheFastcgiTest(Attacks, unittest.TestCase):
    way = ApacheFastcgi


if __name__ == "__main__":
    unittest.main()
