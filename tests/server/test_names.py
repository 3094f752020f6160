#!/usr/bin/env python3
"""The name in the URL decides which page answers: behind every server, under
any base, and with the samples of version 0.1.0, which had a socket for each
page."""

import unittest
from pathlib import Path

from harness import (BASE, PAGES, ApacheCgi, ApacheFastcgi, LighttpdCgi,
                     LighttpdFastcgi, NginxCache, NginxFastcgi)

QUERIES = {page: "" for page in PAGES} | {
    "fromthemirror": "arch=amd64&distro=debian&version=bookworm"}
NO_PAGE = ("menu/", "menu/x", "menu.php/x", "menuback.txt", "menux", "nosuch",
           "boot/menu", "menu/menu", "menu.php.cgi", "%6denu/x")


class NamesTest(unittest.TestCase):

    def check(self, kind, base="/boot/"):
        """Each page has its own text under each of its names, and nothing
        else is a page."""
        with kind() as server:
            for page, query in QUERIES.items():
                expected = server.shell(page, query,
                                        REMOTE_ADDR="127.0.0.1").stdout
                for suffix in "", ".php", ".cgi":
                    with self.subTest(page=page, suffix=suffix):
                        answer = server.ask(f"{base}{page}{suffix}?{query}")
                        self.assertEqual((answer.status, answer.body),
                                         (200, expected))
            for name in NO_PAGE:
                with self.subTest(name=name):
                    self.assertEqual(server.ask(base + name).status, 404)


class BaseTest(NamesTest):
    """The samples with another base in place of /boot/."""

    def check_bases(self, kind):
        for base in "/", "/net/boot/":
            with self.subTest(base=base):
                class Moved(kind):
                    def adapt(self, sample):
                        moved = super().adapt(sample).replace("/boot/", base)
                        return moved.replace(BASE.replace("/boot/", base),
                                             BASE)

                Moved.base = base
                self.check(Moved, base)

    def test_lighttpd(self):
        self.check_bases(LighttpdFastcgi)

    def test_lighttpd_cgi(self):
        self.check_bases(LighttpdCgi)

    def test_nginx(self):
        self.check_bases(NginxFastcgi)

    def test_nginx_cache(self):
        self.check_bases(NginxCache)

    def test_apache(self):
        self.check_bases(ApacheFastcgi)

    def test_apache_cgi(self):
        self.check_bases(ApacheCgi)


class Old:
    """A server with the sample of 0.1.0, and the programs as it has them."""

    sockets = {page: page for page in PAGES}

    def read(self, sample):
        return (Path(__file__).parent / "0.1.0" / sample).read_text()


class OldLighttpd(Old, LighttpdFastcgi):
    count = 8


class OldNginx(Old, NginxFastcgi):
    pass


class OldApache(Old, ApacheFastcgi):
    pass


class Linked(Old):
    """The programs as they are now: the old sockets are links."""

    sockets = NginxFastcgi.sockets

    def run_pages(self):
        super().run_pages()
        for page in PAGES:
            (self.dir / "run" / f"{page}.socket").symlink_to("pages.socket")


class LinkedNginx(Linked, NginxFastcgi):
    pass


class LinkedApache(Linked, ApacheFastcgi):
    pass


class OldSampleTest(NamesTest):

    def test_lighttpd(self):
        self.check(OldLighttpd)

    def test_nginx(self):
        self.check(OldNginx)

    def test_apache(self):
        self.check(OldApache)

    def test_nginx_with_one_socket(self):
        self.check(LinkedNginx)

    def test_apache_with_one_socket(self):
        self.check(LinkedApache)


if __name__ == "__main__":
    unittest.main()
