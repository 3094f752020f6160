#!/usr/bin/env python3
"""The same request has the same answer behind every web server."""

import re
import unittest

from harness import (ApacheCgi, ApacheFastcgi, LighttpdCgi, LighttpdFastcgi,
                     NginxCache, NginxFastcgi)

RELEASE = "arch=amd64&distro=debian&version=bookworm"

# page, query: answered with a text
GOOD = (
    ("boot", ""),
    ("boot", "menu=local"),
    ("boot", "menu=more"),
    ("boot", "dialect=gpxe"),
    ("boot", "arch=i386&platform=bios"),
    ("menu", ""),
    ("menu", "name=more"),
    ("menu", "arch=amd64&name=main"),
    ("menu", "%6eame=%6dor%65"),
    ("customermenu", ""),
    ("customermenu", "customer=guests"),
    ("fromthemirror", RELEASE),
    ("fromthemirror", RELEASE + "&variant=rescue"),
    ("fromthemirror", RELEASE.replace("amd64", "i386")),
    ("fromthemirror", "version=bookworm&distro=debian&arch=amd64"),
)

# page, query, status: refused by the page
BAD = (
    ("menu", "nosuch=1", 400),
    ("menu", "name=main&name=main", 400),
    ("menu", "name=main&%6eame=more", 400),
    ("menu", "NAME=main", 400),
    ("menu", "name", 400),
    ("menu", "name=", 400),
    ("menu", "=main", 400),
    ("menu", "=", 400),
    ("menu", "&", 400),
    ("menu", "&name=main", 400),
    ("menu", "name=main&", 400),
    ("menu", "arch=amd64&&name=main", 400),
    ("menu", "arch=amd64;name=main", 400),
    ("menu", "name=main=more", 400),
    ("menu", "name[]=main", 400),
    ("menu", "name=main?name=more", 400),
    ("menu", "name=../main", 400),
    ("menu", "name=a+b", 400),
    ("menu", "name=a%2bb", 400),
    ("menu", "name=a%20b", 400),
    ("menu", "name=a%26b", 400),
    ("menu", "name=%3cscript%3e", 400),
    ("menu", 'name="<>|^`{}', 400),
    ("menu", "name=$(reboot)", 400),
    ("menu", "name=%24%7bnet0/mac%7d", 400),
    ("menu", "name=%e2%82%ac", 400),
    ("menu", "--version", 400),
    ("menu", "--help", 400),
    ("menu", "name=" + "x" * 4096, 404),
    ("menu", "&".join(f"p{i}=1" for i in range(17)), 400),
    ("menu", "platform=x", 400),
    ("menu", "arch=x", 400),
    ("menu", "name=nosuch", 404),
    ("menu", "name=Main", 404),
    ("menu", "dialect=nosuch", 404),
    ("menu", "name=office", 403),
    ("boot", "menu=nosuch", 404),
    ("boot", "menu=office", 403),
    ("boot", "name=main", 400),
    ("customermenu", "customer=nosuch", 404),
    ("customermenu", "customer=office", 403),
    ("fromthemirror", "", 400),
    ("fromthemirror", "arch=amd64&distro=debian", 400),
    ("fromthemirror", RELEASE + "&platform=bios", 400),
    ("fromthemirror", RELEASE.replace("amd64", "arm64"), 404),
    ("fromthemirror", RELEASE.replace("bookworm", "nosuch"), 404),
    ("fromthemirror", RELEASE + "&variant=nosuch", 404),
)

# Query strings that lighttpd, nginx or Apache may refuse before the page does:
# each in its own words and with its own status, but none with an answer.
REFUSED = (
    b"name=%00", b"name=main%00", b"name=%0a", b"name=%0d%0aX-Evil:%201",
    b"name=%", b"name=%4", b"name=%zz", b"name=%7f", b"name=%c0%ae",
    b"name=%ff",
    b"name=a b", b"name=a\tb", b"name=a\x01b", b"name=a\x00b", b"name=a\x7fb",
    b"name=\xff\xfe", b"name=\xe2\x82\xac",
    b"name=" + b"x" * 20000,
)

# Not pages, though they look like some.
NO_PAGE = (
    "/boot/menuback.txt", "/boot/menux", "/boot/xmenu", "/boot/MENU",
    "/boot/menu/", "/boot/menu/x", "/boot/menu.php/", "/boot/menu.php/x",
    "/boot/menu/x?name=main", "/boot/menu%2fx", "/boot/menu/../menu/x",
    "/boot/menu.php5", "/boot/menu.phpx", "/boot/menu.", "/boot/menu.php.cgi",
    "/boot/menu;x", "/boot/menu%20", "/boot/menu%0a", "/boot/menu.php%00",
    "/boot/boot/menu", "/boot/menu/menu", "/menu", "/boot/nosuch.c32",
)

# Headers that would lead a careless program to other URLs or customers.
GAMES = (
    ["Host: evil.example"],
    ["Host: evil.example:1"],
    ["X-Forwarded-Host: evil.example"],
    ["X_Forwarded_Host: evil.example"],
    ["X-Forwarded-Proto: https", "X-Forwarded-Port: 1"],
    ["X-Forwarded-For: 127.0.0.2", "X-Real-IP: 127.0.0.2"],
    ["Client-IP: 127.0.0.2", "Remote-Addr: 127.0.0.2"],
    ["Forwarded: for=127.0.0.2;host=evil.example;proto=https"],
    ["Proxy: http://evil.example/"],
    ["Mirrorboot-Base: http://evil.example/", "Mirrorboot-Catalog: /dev/null"],
    ["Query-String: name=more", "Script-Name: /evil", "Path-Info: /evil"],
    ["Cookie: dialect=html; _Syslinux_ip=127.0.0.2"],
    ["Accept: text/html", "Accept-Language: nl", "Accept-Encoding: gzip"],
    ["If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"],
    ["If-None-Match: \"evil\""],
    ["If-Match: \"evil\""],
    ["User-Agent: gPXE/1.0.1"],
    ["User-Agent: Mozilla/5.0"],
)

PAGE_HEADERS = ("Content-Type", "Content-Length", "Cache-Control", "Vary",
                "Allow")


class Requests:
    """What holds behind every server; the classes below say which."""

    games = GAMES

    bodies = (b"", b"name=main", b"x" * 100000)  # that get to a page

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(cls.way())
        (cls.server.dir / "static/here.c32").write_bytes(b"\0a file\n")

    def check_text(self, answer, expected):
        """A 200 answer that every loader understands."""
        self.assertEqual(answer.status, 200, answer.raw)
        self.assertEqual(answer.reason, "OK")
        self.assertEqual(answer.body, expected)
        self.assertEqual(answer.header("Content-Length"), str(len(expected)))
        self.assertIsNone(answer.header("Transfer-Encoding"))
        self.assertRegex(answer.header("Content-Type"), "^text/plain")
        self.assertIsNone(answer.header("Location"))
        self.assertIsNone(answer.header("Retry-After"))
        for header in answer.headers:
            self.assertEqual(len(header), 2, header)
            self.assertNotEqual(header[1].strip(), "", header)

    def check_refusal(self, answer, page, query):
        """The page's own words, and none of the client's."""
        # From a shell, --version is an option; here it is a bad parameter.
        reason = self.server.shell(page, query.removeprefix("--")).stderr
        self.assertEqual(answer.body,
                         reason.removeprefix(f"{page}: ".encode()))
        self.assertLess(len(answer.body), 200)
        self.assertRegex(answer.body, rb"\A[ -~]+\n\Z")
        self.assertEqual(answer.header("Content-Length"),
                         str(len(answer.body)))
        self.assertRegex(answer.header("Content-Type"), "^text/plain")
        self.assertEqual(answer.header("Cache-Control"), "no-store")

    def test_pages_are_the_same_as_from_a_shell(self):
        for page, query in GOOD:
            expected = self.server.shell(page, query, REMOTE_ADDR="127.0.0.1")
            self.assertEqual(expected.returncode, 0, expected.stderr)
            for suffix in ("", ".php", ".cgi"):
                for version in ("1.0", "1.1"):
                    target = f"/boot/{page}{suffix}?{query}"
                    with self.subTest(target=target, version=version):
                        answer = self.server.ask(target, version=version)
                        self.check_text(answer, expected.stdout)

    def test_caches_are_told_what_an_answer_depends_on(self):
        for target, cache, vary in (
                ("/boot/boot", "max-age=1", "User-Agent"),
                ("/boot/boot?menu=local", "max-age=1", "User-Agent"),
                ("/boot/boot?dialect=gpxe", "max-age=1", None),
                ("/boot/menu", "max-age=1", None),
                ("/boot/fromthemirror?" + RELEASE, "max-age=1", None),
                ("/boot/customermenu?customer=guests", "max-age=1", None),
                ("/boot/customermenu", "no-store", None)):
            with self.subTest(target=target):
                answer = self.server.ask(target)
                self.assertEqual(answer.header("Cache-Control"), cache)
                self.assertEqual(answer.header("Vary"), vary)

    def test_who_has_the_text_is_not_sent_it_again(self):
        for target in ("/boot/boot", "/boot/menu?name=more",
                       "/boot/fromthemirror?" + RELEASE):
            first = self.server.ask(target)
            tag = first.header("ETag")
            self.assertRegex(tag, '^"[0-9a-f]{16}"$')
            for version in ("1.0", "1.1"):
                for known in (tag, f"W/{tag}", f'"x", {tag}'):
                    with self.subTest(target=target, known=known):
                        answer = self.server.ask(
                            target, version=version,
                            headers=[f"If-None-Match: {known}"])
                        self.assertEqual(answer.status, 304, answer.raw)
                        self.assertEqual(answer.body, b"")
                        for name in ("ETag", "Cache-Control", "Vary"):
                            self.assertEqual(answer.header(name),
                                             first.header(name))
            self.check_text(self.server.ask(
                target, headers=['If-None-Match: "0123456789abcdef"']),
                first.body)

    def test_what_is_not_for_caches_has_no_tag(self):
        for target in ("/boot/customermenu", "/boot/menu?dialect=html",
                       "/boot/menu?explain=1", "/boot/menu?name=nosuch"):
            with self.subTest(target=target):
                plain = self.server.ask(target)
                answer = self.server.ask(target,
                                         headers=["If-None-Match: *"])
                self.assertIsNone(plain.header("ETag"))
                self.assertEqual(answer.status, plain.status)
                # html says when its process read the catalogue.
                self.assertEqual(*(re.sub(rb"Read \S+ \S+ UTC", b"", body)
                                   for body in (answer.body, plain.body)))

    def test_bad_parameters_are_refused_without_an_echo(self):
        for page, query, status in BAD:
            for version in ("1.0", "1.1"):
                with self.subTest(page=page, query=query, version=version):
                    answer = self.server.ask(f"/boot/{page}?{query}",
                                             version=version)
                    if len(query) > 4000 and self.server.has_lost(answer):
                        self.assertNotIn(query.encode(), answer.raw)
                        continue
                    self.assertEqual(answer.status, status, answer.raw)
                    self.check_refusal(answer, page, query)

    def test_bytes_that_no_url_has_are_refused(self):
        for query in REFUSED:
            with self.subTest(query=query):
                answer = self.server.ask(b"/boot/menu?" + query, version="1.0")
                self.assertIn(answer.status // 100, (4, 5), answer.raw)
                self.assertNotEqual(answer.status, 500, answer.raw)
                self.assertNotIn(b"X-Evil", answer.raw)

    def test_what_is_not_a_page_is_not_found(self):
        for target in NO_PAGE:
            with self.subTest(target=target):
                answer = self.server.ask(target)
                # %00 in a path is too much for some servers.
                expected = (400, 404) if "%0" in target else (404,)
                self.assertIn(answer.status, expected, answer.raw)

    def test_other_files_are_served_as_they_are(self):
        answer = self.server.ask("/boot/here.c32")
        self.assertEqual((answer.status, answer.body), (200, b"\0a file\n"))

    def test_paths_may_be_written_in_other_ways(self):
        expected = self.server.ask("/boot/menu").body
        for target in ("/boot/%6denu", "/boot/./menu", "/boot/x/../menu",
                       "/boot/menu?"):
            with self.subTest(target=target):
                self.check_text(self.server.ask(target), expected)

    def test_other_methods_are_refused(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            for body in self.bodies:
                with self.subTest(method=method, body=body[:9]):
                    answer = self.server.ask("/boot/menu", method=method,
                                             body=body)
                    self.assertEqual(answer.status, 405, answer.raw)
                    self.assertEqual(answer.header("Allow"), "GET, HEAD")
                    self.assertEqual(answer.header("Cache-Control"),
                                     "no-store")
                    self.assertEqual(
                        answer.body, b"only GET and HEAD are answered here\n")

    def test_methods_that_servers_do_not_know_have_no_answer(self):
        for method in ("TRACE", "BREW", "get", "PROPFIND"):
            with self.subTest(method=method):
                answer = self.server.ask("/boot/menu", method=method)
                self.assertIn(answer.status, (400, 405, 501), answer.raw)

    def test_head_is_get_without_the_body(self):
        for target in ("/boot/boot", "/boot/menu?name=more", "/boot/menu?x",
                       "/boot/menu?name=nosuch", "/boot/customermenu",
                       "/boot/fromthemirror?" + RELEASE):
            for version in ("1.0", "1.1"):
                with self.subTest(target=target, version=version):
                    get = self.server.ask(target, version=version)
                    head = self.server.ask(target, method="HEAD",
                                           version=version)
                    self.assertEqual(head.status, get.status)
                    self.assertEqual(head.body, b"")
                    for name in PAGE_HEADERS:
                        self.assertEqual(head.header(name), get.header(name))

    def test_grub_after_http_boot_learns_each_length(self):
        """Its firmware sends HEAD, then GET. Where HEAD has no length GRUB 2.12
        and 2.14 take the file for empty, without an error."""
        headers = ["User-Agent: UefiHttpBoot/1.0", "Accept: */*"]
        for target in ("boot?dialect=grub",
                       "menu?dialect=grub&arch=amd64&platform=efi",
                       "menu?dialect=grub&name=nosuch",
                       "customermenu?dialect=grub",
                       f"fromthemirror?dialect=grub&{RELEASE}"):
            with self.subTest(target=target):
                head, get = (self.server.ask(f"/boot/{target}", method=method,
                                             headers=headers)
                             for method in ("HEAD", "GET"))
                self.assertEqual(head.status, get.status)
                self.assertIsNone(head.header("Transfer-Encoding"))
                self.assertIsNone(get.header("Transfer-Encoding"))
                self.assertTrue(get.body)
                for answer in head, get:
                    self.assertEqual(answer.header("Content-Length"),
                                     str(len(get.body)))

    def test_headers_of_a_request_change_no_byte(self):
        for page in ("boot", "menu", "customermenu"):
            expected = self.server.ask(f"/boot/{page}").body
            for headers in self.games:
                with self.subTest(page=page, headers=headers):
                    answer = self.server.ask(f"/boot/{page}", headers=headers)
                    self.check_text(answer, expected)

    def test_a_foreign_url_on_the_request_line_changes_no_byte(self):
        expected = self.server.ask("/boot/boot").body
        answer = self.server.ask("http://evil.example/boot/boot",
                                 headers=["Host: evil.example"])
        self.check_text(answer, expected)

    def test_customers_are_known_by_their_address(self):
        for address, menu in (("127.0.0.1", "guests"), ("127.0.0.3", "guests"),
                              ("127.0.0.2", "office"), ("127.0.1.1", "office"),
                              ("127.0.1.7", "desk")):
            with self.subTest(address=address):
                answer = self.server.ask("/boot/customermenu", source=address)
                self.check_text(answer, self.server.shell(
                    "customermenu", REMOTE_ADDR=address).stdout)
                self.assertIn(f"menu?name={menu}\n".encode(), answer.body)
                self.assertEqual(answer.header("Cache-Control"), "no-store")

    def test_closed_menus_open_for_their_customers_alone(self):
        for address, name, status in (("127.0.0.2", "office", 200),
                                      ("127.0.1.7", "desk", 200),
                                      ("127.0.0.1", "office", 403),
                                      ("127.0.0.2", "desk", 403),
                                      ("127.0.0.2", "guests", 200),
                                      ("127.0.0.1", "office", 403)):
            with self.subTest(address=address, name=name):
                answer = self.server.ask(f"/boot/menu?name={name}",
                                         source=address)
                self.assertEqual(answer.status, status)


class LighttpdFastcgiTest(Requests, unittest.TestCase):
    way = LighttpdFastcgi


class LighttpdCgiTest(Requests, unittest.TestCase):
    way = LighttpdCgi


class NginxFastcgiTest(Requests, unittest.TestCase):
    way = NginxFastcgi


class NginxCacheTest(Requests, unittest.TestCase):
    way = NginxCache
    # To If-Match a cache answers itself, with 412 (RFC 9110 13.1.1).
    games = [game for game in GAMES if not game[0].startswith("If-Match")]


class ApacheCgiTest(Requests, unittest.TestCase):
    way = ApacheCgi


class ApacheFastcgiTest(Requests, unittest.TestCase):
    way = ApacheFastcgi
    bodies = (b"",)

    def test_bodies_are_refused_whatever_the_method(self):
        for method in ("GET", "POST", "PUT", "OPTIONS"):
            for body in (b"x", b"x" * 100000):
                with self.subTest(method=method, body=body[:9]):
                    answer = self.server.ask("/boot/menu", method=method,
                                             body=body)
                    self.assertEqual(answer.status, 413, answer.raw)
        for headers in ([], ["Content-Length: 0"]):
            self.assertEqual(self.server.ask(
                "/boot/menu", headers=headers).status, 200)


if __name__ == "__main__":
    unittest.main()
