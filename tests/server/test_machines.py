#!/usr/bin/env python3
"""Each machine gets what its host file says, behind every server, and nobody
gets it from a cache."""

import json
import re
import shutil
import time
import unittest

from harness import (CATALOG, ApacheCgi, ApacheFastcgi, LighttpdCgi,
                     LighttpdFastcgi, NginxCache, NginxFastcgi, wait_for)

MAC = "52-54-00-12-34-56"
UNKNOWN = "52-54-00-00-00-01"
COOKIE = [f"Cookie: _Syslinux_ip=192.0.2.9;_Syslinux_BOOTIF=01-{MAC};"]
SYSLINUX = "/boot/boot?dialect=syslinux&platform=bios"
INSTALL = {"boot": {"distro": "debian", "version": "bookworm",
                    "arch": "amd64"}}
FROM = b"fromthemirror?arch=amd64&dialect=ipxe&distro=debian&version=bookworm"
# The sample for Apache has these lines as a comment.
REWRITE = re.compile(r"(?m)^#\t(Rewrite)")


def put(server, name, text):
    """A host file that appears whole."""
    directory = server.dir / "hosts"
    directory.mkdir(exist_ok=True)
    new = directory / "new"
    new.write_text(text if isinstance(text, str) else json.dumps(text))
    new.rename(directory / f"{name}.json")


class Rewriting:
    def read(self, sample):
        return REWRITE.sub(r"\1", super().read(sample))


class RewritingApache(Rewriting, ApacheCgi):
    modules = (*ApacheCgi.modules, "rewrite")


class RewritingApacheFastcgi(Rewriting, ApacheFastcgi):
    modules = (*ApacheFastcgi.modules, "rewrite")


class EveryServer(unittest.TestCase):

    def check(self, kind):
        with kind() as server:
            put(server, MAC, {"menu": "local"})
            for target, headers in (
                    (f"{SYSLINUX}&mac={MAC}", []),
                    (f"{SYSLINUX}&mac=52:54:00:12:34:56", []),
                    (f"{SYSLINUX}&mac=52%3A54%3A00%3A12%3A34%3A56", []),
                    (SYSLINUX, COOKIE),
                    (f"/boot/syslinux/6.04/bios/pxelinux.cfg/01-{MAC}", []),
                    (f"/boot/syslinux/6.04/efi64/pxelinux.cfg/01-{MAC}", [])):
                with self.subTest(target=target):
                    answer = server.ask(target, headers=headers)
                    self.assertEqual(answer.status, 200, answer.raw)
                    self.assertIn(b"localboot 0", answer.body)
                    self.assertNotIn(b"timeout", answer.body)
                    self.assertEqual(answer.header("Cache-Control"),
                                     "no-store")
            for name in f"01-{UNKNOWN[:-1]}", f"02-{MAC}", "C0000209":
                path = f"/boot/syslinux/6.04/bios/pxelinux.cfg/{name}"
                self.assertEqual(server.ask(path).status, 404, path)

    def test_lighttpd(self):
        self.check(LighttpdFastcgi)

    def test_lighttpd_cgi(self):
        self.check(LighttpdCgi)

    def test_nginx(self):
        self.check(NginxFastcgi)

    def test_nginx_cache(self):
        self.check(NginxCache)

    def test_apache(self):
        self.check(RewritingApache)

    def test_apache_fastcgi(self):
        self.check(RewritingApacheFastcgi)


class Edits(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(LighttpdFastcgi())

    def get(self, target):
        answer = self.server.ask(target)
        self.assertEqual(answer.status, 200, answer.raw)
        return answer.body

    def test_first_host_file_makes_loaders_say_who_they_are(self):
        target = "/boot/boot?dialect=ipxe"
        self.assertNotIn(b"mac=", self.get(target))
        put(self.server, MAC, INSTALL)
        for _ in range(20):  # whichever process answers
            self.assertIn(b"&mac=${netX/mac:hexhyp}&", self.get(target))

    def test_every_edit_shows_at_once(self):
        target = f"/boot/boot?dialect=ipxe&mac={MAC}"
        put(self.server, UNKNOWN, INSTALL)
        for _ in range(5):
            self.assertNotIn(FROM, self.get(target))
            put(self.server, MAC, INSTALL)
            self.assertIn(FROM, self.get(target))
            put(self.server, MAC, {"menu": "more"})
            self.assertIn(b"name=more", self.get(target))
            (self.server.dir / f"hosts/{MAC}.json").unlink()

    def test_file_that_is_being_written_is_read_again(self):
        target = f"/boot/boot?dialect=ipxe&mac={MAC}"
        put(self.server, UNKNOWN, INSTALL)
        path = self.server.dir / f"hosts/{MAC}.json"
        text = json.dumps(INSTALL)
        for _ in range(10):
            with open(path, "w", encoding="ascii") as file:
                for start in range(0, len(text), 20):
                    file.write(text[start:start + 20])
                    file.flush()
            self.assertIn(FROM, self.get(target))

    def test_broken_file_is_one_machines_trouble(self):
        put(self.server, MAC, '{"menu": "no-such-menu"}')
        put(self.server, UNKNOWN, INSTALL)
        shown = f"is broken: {MAC}.json: /menu\n".encode()
        self.assertIn(shown,
                      self.get(f"/boot/boot?dialect=ipxe&mac={MAC}"))
        self.assertIn(FROM,
                      self.get(f"/boot/boot?dialect=ipxe&mac={UNKNOWN}"))
        line = f"boot: {MAC}.json: /menu: there is no menu 'no-such-menu'\n"
        wait_for(line, lambda: line in self.server.log.read_text())


class Cache(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(NginxCache())
        catalog = json.loads(CATALOG)
        catalog["groups"] = {"room": {"networks": ["127.0.0.2"],
                                      "menu": "more"}}
        self.before = self.server.ask(SYSLINUX).body  # a menu of all
        self.server.catalog.write_text(json.dumps(catalog))
        put(self.server, MAC, INSTALL)
        time.sleep(2)  # nginx counts whole seconds

    def check_never_kept(self, target, piece, **how):
        for _ in range(3):
            answer = self.server.ask(target, **how)
            self.assertEqual((answer.status, answer.header("Cache-Control")),
                             (200, "no-store"), answer.raw)
            self.assertIn(piece, answer.body)

    def test_what_is_for_one_machine_is_in_no_cache(self):
        room = {"source": "127.0.0.2"}
        asked = [
            (f"/boot/boot?dialect=ipxe&mac={MAC}", FROM, {}),
            (f"/boot/boot?dialect=ipxe&mac={UNKNOWN}", b"menu?", {}),
            (f"/boot/boot?dialect=ipxe&mac={UNKNOWN}", b"name=more", room),
            (SYSLINUX, b"default install", {"headers": COOKIE}),
            (SYSLINUX, b"menu title More", room),
            ("/boot/boot?platform=bios", b"default install",
             {"headers": [*COOKIE, "User-Agent: Syslinux/6.04"]}),
        ]
        for target, piece, how in asked:
            with self.subTest(target=target, how=how):
                self.check_never_kept(target, piece, **how)
        ask = self.server.ask("/boot/boot?dialect=ipxe").body
        self.assertIn(b"&mac=", ask)
        for process in self.server.programs():
            process.popen.kill()
            process.popen.wait()
        # What all may have is still there, be it old; what is for one is not.
        self.assertEqual(self.server.ask("/boot/boot?dialect=ipxe").body, ask)
        for target, piece, how in asked:
            with self.subTest(target=target, how=how, programs="dead"):
                answer = self.server.ask(target, **how)
                if how is room and target == SYSLINUX:
                    self.assertEqual(answer.body, self.before)
                    continue
                self.assertEqual(answer.status, 502, answer.raw)
                self.assertNotIn(piece, answer.body)


if __name__ == "__main__":
    unittest.main()
