#!/usr/bin/env python3
"""nginx keeps what all may see for as long as the pages say, and no longer
but where nothing else is left to send."""

import json
import os
import shutil
import signal
import threading
import time
import unittest

from harness import CATALOG, Clients, NginxCache, ask_at_once, wait_for

OFFICE, VISITOR = "127.0.0.2", "127.0.0.3"
GPXE = ["User-Agent: gPXE/1.0.1"]
IPXE = ["User-Agent: iPXE/1.0.0+"]


class CountingCache(NginxCache):
    """Writes a line for each request that the programs are asked."""

    def site(self):
        log = f"access_log {self.dir}/asked.log asked if=$asked;"
        return ('map $upstream_connect_time $asked { default 1; "" 0; }'
                'log_format asked "$uri $upstream_connect_time";'
                + super().site().replace("server {", "server {" + log))


def titled(title):
    """A catalogue whose main menu has this title."""
    catalog = json.loads(CATALOG)
    catalog["menus"]["main"]["title"] = title
    return json.dumps(catalog)


class CacheTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(CountingCache())
        self.counted = 0
        self.count()

    def count(self):
        """How often the programs were asked since the last call."""
        lines = (self.server.dir / "asked.log").read_text().splitlines()
        before, self.counted = self.counted, len(lines)
        return self.counted - before

    def get(self, target, status=200, **how):
        answer = self.server.ask(target, **how)
        self.assertEqual(answer.status, status, answer.raw)
        return answer.body

    def edit(self, text):
        new = self.server.dir / "new.json"
        new.write_text(text)
        new.rename(self.server.catalog)

    def stop_programs(self):
        """As a fault would that no signal handler sees."""
        for process in self.server.programs():
            os.kill(process.pid, signal.SIGSTOP)
        self.addCleanup(self.resume_programs)

    def resume_programs(self):
        for process in self.server.programs():
            os.kill(process.pid, signal.SIGCONT)

    def hold_programs(self, seconds):
        """From now on, while the test goes on."""
        self.stop_programs()
        resume = threading.Timer(seconds, self.resume_programs)
        resume.start()
        self.addCleanup(resume.join)

    def kill_programs(self):
        for process in self.server.programs():
            process.popen.kill()
            process.popen.wait()

    def ask_at_once(self, count, target, expected):
        answers = ask_at_once(self.server.port, [target] * count)
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual({answer.body for answer in answers}, {expected})

    def test_answers_by_ipv6(self):
        self.assertEqual(self.get("/boot/menu", source="::1"),
                         self.server.shell("menu").stdout)

    def test_new_page_is_asked_for_once_though_500_want_it(self):
        expected = self.server.shell("menu", "dialect=ipxe").stdout
        self.hold_programs(0.2)
        self.ask_at_once(500, "/boot/menu?dialect=ipxe", expected)
        self.assertEqual(self.count(), 1)

    def test_few_requests_of_a_storm_reach_the_programs(self):
        self.get("/boot/menu")
        with Clients(self.server, [("menu", "")], count=8) as clients:
            wait_for("2000 answers", lambda: len(clients.answers) >= 2000)
        expected = self.server.shell("menu").stdout
        self.assertEqual({answer.body for _, answer in clients.answers},
                         {expected})
        self.assertLess(self.count(), 200)

    def test_nobody_gets_the_page_of_yesterday_while_todays_is_made(self):
        before = self.get("/boot/menu")
        self.edit(titled("Today"))
        expected = self.server.shell("menu").stdout
        self.assertNotEqual(expected, before)
        time.sleep(2)
        self.hold_programs(0.5)
        self.ask_at_once(20, "/boot/menu", expected)

    def test_edit_shows_within_two_seconds(self):
        """nginx counts whole seconds: what it asked for at the beginning of
        one, it keeps until that of the next but one. An edit right behind it
        takes all of the two, with no time left for this machine; so edits are
        made in the middle of a second."""
        with Clients(self.server, [("menu", "")]):
            for title in ("One", "Two", "Three"):
                time.sleep((0.5 - time.time()) % 1)
                self.edit(titled(title))
                wait_for(title, lambda: f"menu title {title}\n".encode()
                         in self.get("/boot/menu"), patience=2)

    def test_what_a_page_depends_on_is_told_apart(self):
        answers = set()
        for target, headers in (("/boot/boot", GPXE), ("/boot/boot", IPXE),
                                ("/boot/boot?menu=more", IPXE),
                                ("/boot/menu", IPXE),
                                ("/boot/menu?name=more", IPXE),
                                ("/boot/customermenu?customer=guests", IPXE)):
            first = self.get(target, headers=headers)
            for _ in range(9):
                self.assertEqual(self.get(target, headers=headers), first)
            answers.add(first)
        self.assertEqual(len(answers), 6)
        self.assertLess(self.count(), 30)

    def test_answer_to_head_is_no_page(self):
        expected = self.server.shell("menu").stdout
        for method in ("HEAD", "GET", "HEAD"):
            answer = self.server.ask("/boot/menu", method=method)
            self.assertEqual(answer.header("Content-Length"),
                             str(len(expected)))
        self.assertEqual(self.get("/boot/menu"), expected)

    def test_answer_to_who_has_the_text_is_no_page(self):
        expected = self.server.shell("menu").stdout
        tag = self.server.ask("/boot/menu").header("ETag")
        time.sleep(2)
        for target in "/boot/menu", "/boot/menu.php":
            for status in 304, 200, 304:
                headers = [f"If-None-Match: {tag}"] if status == 304 else []
                with self.subTest(target=target, status=status):
                    answer = self.server.ask(target, headers=headers)
                    self.assertEqual(answer.status, status, answer.raw)
                    self.assertEqual(answer.header("ETag"), tag)
                    self.assertEqual(answer.body,
                                     expected if status == 200 else b"")

    def check_never_kept(self, target, status=200, **how):
        self.count()
        for _ in range(3):
            answer = self.server.ask(target, **how)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.header("Cache-Control"), "no-store")
        self.assertEqual(self.count(), 3)

    def test_page_of_a_customer_is_never_kept(self):
        for address, name in ((OFFICE, b"office"), (VISITOR, b"guests")) * 2:
            with self.subTest(address=address):
                self.assertIn(b"menu?name=" + name, self.get(
                    "/boot/customermenu", source=address))
                self.check_never_kept("/boot/customermenu", source=address)
                status = 200 if address == OFFICE else 403
                self.check_never_kept("/boot/menu?name=office", status,
                                      source=address)

    def test_errors_and_what_people_read_are_never_kept(self):
        for target, status in (("/boot/menu?name=nosuch", 404),
                               ("/boot/menu?x", 400),
                               ("/boot/menu?dialect=html", 200),
                               ("/boot/menu?explain=1", 200)):
            with self.subTest(target=target):
                self.check_never_kept(target, status)

    def check_last_pages(self, before):
        """No program answers: what all were sent is sent, no more."""
        self.assertEqual(self.get("/boot/menu"), before)
        for target, address in (("/boot/menu?name=guests", VISITOR),
                                ("/boot/menu?name=office", OFFICE),
                                ("/boot/customermenu", OFFICE),
                                ("/boot/customermenu", VISITOR)):
            answer = self.server.ask(target, source=address)
            self.assertIn(answer.status, (500, 502, 504), answer.raw)

    def ask_for_pages(self):
        self.get("/boot/menu?name=office", source=OFFICE)
        self.get("/boot/customermenu", source=OFFICE)
        before = self.get("/boot/menu")
        self.edit(titled("New"))
        time.sleep(2)
        return before

    def test_dead_programs_leave_their_last_pages(self):
        before = self.ask_for_pages()
        self.kill_programs()
        self.check_last_pages(before)

    def test_programs_that_hang_leave_their_last_pages(self):
        before = self.ask_for_pages()
        self.stop_programs()
        start = time.monotonic()
        self.assertEqual(self.get("/boot/menu"), before)
        self.assertLess(time.monotonic() - start, 5)

    def test_programs_without_a_catalogue_leave_their_last_pages(self):
        before = self.ask_for_pages()
        self.edit("{")
        self.kill_programs()
        self.server.run_pages()
        self.assertIn(b"catalog.json", self.get("/boot/menu?name=more", 500))
        self.check_last_pages(before)
        self.edit(titled("Mended"))
        self.assertIn(b"menu title Mended\n", self.get("/boot/menu"))

    def test_menu_that_is_closed_leaves_when_the_directory_is_emptied(self):
        self.get("/boot/menu?name=more", source=VISITOR)
        closed = json.loads(CATALOG)
        closed["customers"]["office"]["menu"] = "more"
        closed["menus"]["main"]["entries"].pop(3)
        self.edit(json.dumps(closed))
        time.sleep(2)
        self.check_never_kept("/boot/menu?name=more", source=OFFICE)
        self.check_never_kept("/boot/menu?name=more", 403, source=VISITOR)
        self.kill_programs()
        self.get("/boot/menu?name=more", source=VISITOR)
        for directory in (self.server.dir / "cache").iterdir():
            shutil.rmtree(directory)
        self.get("/boot/menu?name=more", 502, source=VISITOR)

    def test_directory_is_for_nginx_alone(self):
        mode = (self.server.dir / "cache").stat().st_mode
        self.assertEqual(mode & 0o777, 0o700)


if __name__ == "__main__":
    unittest.main()
