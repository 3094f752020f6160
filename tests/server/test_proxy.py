#!/usr/bin/env python3
"""Behind the proxies that the samples name, the machine's address counts."""

import re
import unittest

from harness import (ROOT, ApacheCgi, ApacheFastcgi, LighttpdCgi,
                     LighttpdFastcgi, NginxCache, NginxFastcgi)

PROXY, SECOND_PROXY = "127.0.0.10", "127.0.0.11"
SAMPLE = {"192.0.2.10": PROXY, "192.0.2.11": SECOND_PROXY}
OFFICE, DESK, NOBODY = "127.0.0.2", "127.0.1.7", "127.0.0.99"

# What the proxy sends, and the customer's menu. The proxy has added what is
# on the right; all else the machine may have made up.
FORWARDED = (
    ([OFFICE], "office"),
    ([DESK], "desk"),
    (["2001:db8::1"], "office"),
    ([NOBODY], "guests"),
    ([f"{OFFICE}, {SECOND_PROXY}"], "office"),
    ([OFFICE, SECOND_PROXY], "office"),
    ([f"{OFFICE}, {NOBODY}"], "guests"),
    ([OFFICE, NOBODY], "guests"),
    ([f"{OFFICE}, {NOBODY}, {SECOND_PROXY}"], "guests"),
    ([f"{DESK}, {OFFICE}, {SECOND_PROXY}"], "office"),
    ([f"{DESK}, {PROXY}, {OFFICE}"], "office"),
    ([f"evil, {OFFICE}"], "office"),
    ([f"{OFFICE}, " * 300 + NOBODY], "guests"),
    ([f"{NOBODY}, " * 300 + OFFICE], "office"),
)

# What no proxy sends: its own address counts then, or no address at all.
GARBAGE = (
    [], [""], [","], [" "], ["evil"], ["unknown"], ["localhost"],
    [f"{OFFICE}, evil"], [f"{OFFICE}, 999.0.0.1"], [f"{OFFICE}, _hidden"],
    [f"{OFFICE} {NOBODY}"], [f"{OFFICE};{NOBODY}"], [f"{OFFICE}/8"],
    [f"{OFFICE}%00"], ["${net0/ip}"], ["x" * 4000],
    [f"{OFFICE}, " * 300 + "evil"], [PROXY], [f"{PROXY}, {SECOND_PROXY}"],
)

# Other headers in which proxies, or those who play one, name addresses.
OTHERS = ("Forwarded: for=%s", "X-Real-IP: %s", "Client-IP: %s",
          "X-Client-IP: %s", "True-Client-IP: %s", "Forwarded-For: %s",
          "X_Forwarded_For: %s", "X-Forwarded-For-Original: %s",
          "Remote-Addr: %s")


class Proxied:
    """A server with the sample for proxies, whose addresses are here's."""

    def configure(self, text):
        sample = (ROOT / "conf" / self.proxies).read_text()
        for shipped, ours in SAMPLE.items():
            if shipped not in sample:
                raise AssertionError(f"{self.proxies}: no {shipped}")
            sample = sample.replace(shipped, ours)
        (self.dir / "trusted-proxy.conf").write_text(sample)
        if self.place not in text:
            raise AssertionError(f"{self.place} is not in {text}")
        return super().configure(text.replace(
            self.place, self.include + self.place, 1))


class ProxiedLighttpd(Proxied):
    proxies = "trusted-proxy-lighttpd.conf"
    include = 'include "{dir}/trusted-proxy.conf"\n'
    place = 'include "{dir}/mirrorboot.conf"'


class ProxiedNginx(Proxied):
    proxies = "trusted-proxy-nginx.conf"
    include = "include {dir}/trusted-proxy.conf;\n"
    place = "\tinclude {dir}/site.conf;"


class ProxiedApache(Proxied):
    proxies = "trusted-proxy-apache.conf"
    include = ("LoadModule remoteip_module modules/mod_remoteip.so\n"
               "Include {dir}/trusted-proxy.conf\n")
    place = "Include {dir}/mirrorboot.conf"


class Proxies:
    """What holds behind every server; the classes below say which."""

    @classmethod
    def setUpClass(cls):
        way = type("Server", (cls.proxied, cls.way), {})
        cls.server = cls.enterClassContext(way())

    def ask(self, source, forwarded, more=()):
        headers = [f"X-Forwarded-For: {value}" for value in forwarded]
        return self.server.ask("/boot/customermenu", source=source,
                               headers=headers + list(more))

    def menu(self, source, forwarded=(), more=()):
        """The menu that customermenu opens for the address."""
        answer = self.ask(source, forwarded, more)
        self.assertEqual(answer.status, 200, answer.raw)
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        return answer.body.decode().rpartition("name=")[2].strip()

    def test_proxy_says_whose_request_it_is(self):
        for forwarded, menu in FORWARDED:
            for proxy in (PROXY, SECOND_PROXY):
                with self.subTest(forwarded=forwarded, proxy=proxy):
                    self.assertEqual(self.menu(proxy, forwarded), menu)

    def test_closed_menus_open_for_their_customers_alone(self):
        for forwarded, name, status in (
                ([OFFICE], "office", 200), ([OFFICE], "desk", 403),
                ([DESK], "desk", 200), ([NOBODY], "office", 403),
                ([OFFICE, NOBODY], "office", 403), ([], "office", 403)):
            with self.subTest(forwarded=forwarded, name=name):
                answer = self.server.ask(
                    f"/boot/menu?name={name}", source=PROXY, headers=[
                        f"X-Forwarded-For: {value}" for value in forwarded])
                self.assertEqual(answer.status, status)

    def test_nobody_else_says_whose_request_it_is(self):
        for forwarded, _ in FORWARDED:
            for source, menu in ((NOBODY, "guests"), ("127.0.0.1", "guests"),
                                 (OFFICE, "office"), (DESK, "desk")):
                with self.subTest(forwarded=forwarded, source=source):
                    self.assertEqual(self.menu(source, forwarded), menu)

    def test_garbage_opens_nothing(self):
        for forwarded in GARBAGE:
            with self.subTest(forwarded=forwarded):
                self.assertEqual(self.menu(PROXY, forwarded), "guests")

    def test_other_headers_say_nothing(self):
        for header in OTHERS:
            for forwarded, menu in ([], "guests"), ([DESK], "desk"):
                with self.subTest(header=header, forwarded=forwarded):
                    more = [header % OFFICE]
                    if not ("_" in header and self.refuses(forwarded, more)):
                        self.assertEqual(
                            self.menu(PROXY, forwarded, more), menu)

    def refuses(self, forwarded, more):
        """lighttpd since 1.4.83 may refuse a name with an underscore."""
        answer = self.ask(PROXY, forwarded, more)
        version = re.match(r"lighttpd/1\.4\.(\d+)$",
                           answer.header("Server") or "")
        return answer.status == 400 and version and int(version[1]) >= 83


class LighttpdFastcgiTest(Proxies, unittest.TestCase):
    way, proxied = LighttpdFastcgi, ProxiedLighttpd


class LighttpdCgiTest(Proxies, unittest.TestCase):
    way, proxied = LighttpdCgi, ProxiedLighttpd


class NginxFastcgiTest(Proxies, unittest.TestCase):
    way, proxied = NginxFastcgi, ProxiedNginx


class NginxCacheTest(Proxies, unittest.TestCase):
    way, proxied = NginxCache, ProxiedNginx


class ApacheCgiTest(Proxies, unittest.TestCase):
    way, proxied = ApacheCgi, ProxiedApache


class ApacheFastcgiTest(Proxies, unittest.TestCase):
    way, proxied = ApacheFastcgi, ProxiedApache


if __name__ == "__main__":
    unittest.main()
