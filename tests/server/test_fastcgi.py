#!/usr/bin/env python3
"""A FastCGI process takes no harm from what comes in on its socket."""

import os
import random
import struct
import time
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from fastcgi import (ABORT_REQUEST, AUTHORIZER, BEGIN_REQUEST, DATA,
                     END_REQUEST, FILTER, GET_VALUES, GET_VALUES_RESULT,
                     PARAMS, RESPONDER, STDERR, STDIN, STDOUT, UNKNOWN_TYPE,
                     Answer, Worker, begin, param, params, record, request)
from harness import BUILD, CATALOG, PAGES, PATIENCE, shell, wait_for

GET = param(b"REQUEST_METHOD", b"GET")
QUERY = param(b"QUERY_STRING", b"")
BODY = b"name=main&name=more"
REASON = (b"the web server asks for another FastCGI role: configure the "
          b"program as a responder\n")
NO_PAGE = (b"there is no such page; the pages are boot, menu, customermenu, "
           b"fromthemirror\n")


def asked(*parameters, role=RESPONDER):
    """A whole request with these parameters."""
    return begin(role) + params(b"".join(parameters)) + record(STDIN)


# What is no request: no answer is due. A peer can make a process die through
# libfcgi, so the socket belongs to the web server alone.
NONSENSE = {
    "nothing": b"",
    "a byte": b"\1",
    "zeroes": bytes(100),
    "HTTP": b"GET /boot/menu HTTP/1.1\r\nHost: x\r\n\r\n",
    "version 0": record(BEGIN_REQUEST, bytes((0, 1) + 6 * (0,)), version=0),
    "version 2": record(BEGIN_REQUEST, bytes((0, 1) + 6 * (0,)), version=2),
    "half a head": begin()[:5],
    "half a beginning": begin()[:12],
    "a beginning alone": begin(),
    "a beginning of 7 bytes": record(BEGIN_REQUEST, bytes(7)) + asked(QUERY),
    "a beginning of 9 bytes": record(BEGIN_REQUEST, bytes(9)) + asked(QUERY),
    "request 0": begin(request=0) + asked(GET, QUERY),
    "no role": asked(GET, QUERY, role=0),
    "a role of the future": asked(GET, QUERY, role=9),
    "parameters first": params(GET) + asked(GET, QUERY),
    "a body first": begin() + record(STDIN, BODY) + asked(GET, QUERY),
    "another stream first": begin() + record(DATA, BODY) + asked(GET),
    "the program's own stream": begin() + record(STDOUT, BODY) + asked(GET),
    "an end first": begin() + record(END_REQUEST, bytes(8)) + asked(GET),
    "an end of the peer's": begin() + record(ABORT_REQUEST) + asked(GET),
    "an end in parameters": begin() + record(PARAMS, GET)
                            + record(ABORT_REQUEST),
    "parameters never ended": begin() + record(PARAMS, GET),
    "a content that ends early": begin() + record(PARAMS, GET)[:-2],
    "a name longer than all": begin() + params(b"\x7f\0NAME"),
    "a value longer than all": begin() + params(b"\4\x7fNAMEvalue"),
    "a length cut off": begin() + params(b"\x80\0"),
    "a name of 2 GB": begin() + params(b"\xff\xff\xff\xff\0NAME"),
    "a sum past the integers": begin()
                               + params(b"\xff\xff\xff\xff" * 2 + 99 * b"x"),
}

# What is odd, but asks for the menu: the parameters, and what follows.
ODD = {
    "padding": begin() + record(PARAMS, GET + QUERY, padding=bytes(255))
               + record(PARAMS, padding=b"\xff" * 255) + record(STDIN),
    "a byte at a time": begin() + b"".join(
        record(PARAMS, bytes((byte,))) for byte in GET + QUERY)
        + record(PARAMS) + record(STDIN),
    "no body's end": begin() + params(GET + QUERY),
    "a body": begin() + params(GET + QUERY) + record(STDIN, BODY),
    "a long body": begin() + params(GET + QUERY)
                   + 16 * record(STDIN, 65535 * b"x"),
    "another request's records": begin() + record(STDIN, BODY, request=2)
                                 + params(GET + QUERY),
    "no parameter": asked(),
    "empty names": asked(GET, QUERY, 99 * param(b"", b""),
                         param(b"", b"x"), param(b"x", b"")),
    "10,000 headers": asked(GET, QUERY, *(
        param(b"HTTP_X_%d" % i, b"x") for i in range(10000))),
    "a header of 1 MB": asked(GET, QUERY, param(b"HTTP_X", (1 << 20) * b"x")),
    "settings": asked(GET, QUERY, param(b"MIRRORBOOT_CATALOG", b"/dev/null"),
                      param(b"MIRRORBOOT_TEMPLATES", b"/dev"),
                      param(b"MIRRORBOOT_BASE", b"http://evil.example/")),
    "a role of its own": asked(GET, QUERY, param(b"FCGI_ROLE", b"FILTER")),
}

# A query, and the status of its refusal.
REFUSED = (
    (b"name=" + 65536 * b"x", 404),
    (b"name=" + (1 << 20) * b"x", 404),
    (b"&".join(b"p%d=1" % i for i in range(10000)), 400),
    (b"name=" + bytes(range(1, 38)) + bytes(range(39, 256)), 400),
    (b"name=${net0/mac}\n#!ipxe\nreboot", 400),
)


QUERIES = {page: b"" for page in PAGES} | {
    "fromthemirror": b"arch=amd64&distro=debian&version=bookworm"}


class AnyPageTest(unittest.TestCase):
    """Each program answers every page; the web server says which."""

    def setUp(self):
        self.dir = Path(self.enterContext(TemporaryDirectory()))
        catalog = self.dir / "catalog.json"
        catalog.write_text(CATALOG)
        self.environ = {"MIRRORBOOT_CATALOG": str(catalog)}
        self.texts = {page: shell(page, query.decode(), **self.environ).stdout
                      for page, query in QUERIES.items()}

    def start(self, program, **environ):
        return self.enterContext(Worker(self.dir, self.environ | environ,
                                        (BUILD / "cgi" / program,)))

    def test_program_answers_the_page_of_the_name(self):
        for program in PAGES:
            worker = self.start(program)
            for page, query in QUERIES.items():
                for name in (f"/boot/{page}", f"/{page}.php", f"/x/y/{page}.cgi"):
                    with self.subTest(program=program, name=name):
                        answer = worker.ask(query, SCRIPT_NAME=name.encode())
                        self.assertEqual(answer.body, self.texts[page])

    def test_program_answers_its_own_page_without_a_name(self):
        for program in PAGES:
            worker = self.start(program)
            for more in {}, {"SCRIPT_NAME": b""}:
                with self.subTest(program=program, more=more):
                    answer = worker.ask(QUERIES[program], **more)
                    self.assertEqual(answer.body, self.texts[program])

    def test_there_is_no_other_page(self):
        for program in PAGES:
            worker = self.start(program)
            for name, path in (
                    (b"/boot/nosuch", b""), (b"/boot/menuback.txt", b""),
                    (b"/boot/", b""), (b"/boot/menu/", b""),
                    (b"/boot/menu", b"/x"), (b"/boot/boot", b"/menu"),
                    (b"/boot/MENU", b""), (b"/boot/menu.php5", b""),
                    (b"EVIL\nmenu.", b"")):
                with self.subTest(program=program, name=name, path=path):
                    answer = worker.ask(b"", SCRIPT_NAME=name, PATH_INFO=path)
                    self.assertTrue(
                        answer.head.startswith(b"Status: 404 Not Found\r\n"))
                    self.assertEqual(answer.body, NO_PAGE)

    def test_log_names_the_page_that_was_asked(self):
        rows = [(b"/boot/" + page.encode(), query, page, "200")
                for page, query in QUERIES.items()]
        rows.append((b"/boot/EVIL", b"", "-", "404"))
        for program in PAGES:
            worker = self.start(program, MIRRORBOOT_LOG="1")
            for name, query, _, _ in rows:
                worker.ask(query, SCRIPT_NAME=name, REMOTE_ADDR=b"192.0.2.7")
            worker.popen.terminate()
            self.assertEqual(worker.popen.wait(PATIENCE), 0)
            said = worker.popen.stderr.read().decode().splitlines()
            self.assertEqual(len(said), len(rows))
            for line, (_, _, page, status) in zip(said, rows):
                self.assertRegex(
                    line, rf"^client=192\.0\.2\.7 page={page} dialect=\S+ "
                    rf"distro=\S+ version=\S+ arch=\S+ status={status} "
                    r"us=\d+$")


class FastcgiTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(TemporaryDirectory()))
        catalog = self.dir / "catalog.json"
        catalog.write_text(CATALOG)
        # Leaks in libfcgi itself are not looked for here.
        self.environ = {"MIRRORBOOT_CATALOG": str(catalog),
                        "ASAN_OPTIONS": "detect_leaks=0"}
        self.expected = shell("menu", "", **self.environ).stdout
        self.worker = self.enterContext(Worker(self.dir, self.environ))

    def tearDown(self):
        """The process that began still answers, and had nothing to say."""
        self.check_goes_on()
        self.worker.popen.terminate()
        self.assertEqual(self.worker.popen.wait(), 0)
        self.assertEqual(self.worker.popen.stderr.read(), b"")

    def check_goes_on(self):
        self.assertEqual(self.worker.ask(b"").body, self.expected)

    def send(self, data):
        """The answer to this, after which nothing more is sent."""
        client = self.worker.connect()
        try:
            client.sendall(data)
            client.shutdown(1)
        except BrokenPipeError:
            pass  # refused before the end
        return Answer(client)

    def test_nonsense_has_no_answer(self):
        for name, data in NONSENSE.items():
            with self.subTest(name):
                answer = self.send(data)
                self.assertEqual(answer.text, b"")
                self.assertFalse(answer.is_whole)
                self.check_goes_on()

    def test_odd_requests_are_answered(self):
        for name, data in ODD.items():
            with self.subTest(name):
                answer = self.send(data)
                self.assertTrue(answer.is_whole)
                self.assertEqual(answer.body, self.expected)

    def test_refusals_repeat_nothing(self):
        for query, status in REFUSED:
            with self.subTest(query=query[:20]):
                answer = self.send(asked(GET, param(b"QUERY_STRING", query)))
                self.assertTrue(answer.head.startswith(b"Status: %d " % status))
                self.assertLess(len(answer.text), 300)
                self.assertNotIn(b"reboot", answer.text)
                self.assertNotIn(b"xxx", answer.text)

    def test_connections_are_not_kept(self):
        """A process would be that of the one who has the connection."""
        keep = record(BEGIN_REQUEST, struct.pack("!HB5x", RESPONDER, 1))
        with self.worker.connect() as client:
            client.sendall(keep + params(GET + QUERY))
            data = b""
            while piece := client.recv(65536):
                data += piece
        self.assertIn(self.expected, data)
        self.check_goes_on()

    def test_other_roles_are_refused(self):
        """For an authorizer 200 would mean that the client may come in."""
        for role in (AUTHORIZER, FILTER):
            with self.subTest(role=role):
                answer = self.send(b"".join(request(b"", role)))
                self.assertTrue(answer.head.startswith(b"Status: 500 "))
                self.assertEqual(answer.body, REASON)

    def test_second_beginning_is_refused_and_the_first_answered(self):
        answer = self.send(begin() + begin(request=2) + params(GET + QUERY))
        cannot_multiplex = struct.pack("!IB3x", 0, 1)
        self.assertEqual(answer.records[0], (END_REQUEST, 2, cannot_multiplex))
        self.assertEqual(answer.body, self.expected)

    def test_management_records_are_answered(self):
        names = (b"FCGI_MAX_CONNS", b"FCGI_MAX_REQS", b"FCGI_MPXS_CONNS")
        for kind, content, result in (
                (GET_VALUES, b"".join(param(name, b"") for name in names),
                 (GET_VALUES_RESULT, 0, b"".join(
                     param(*pair) for pair in zip(names, (b"1", b"1", b"0"))))),
                (GET_VALUES, 100 * param(b"NOSUCH", b""),
                 (GET_VALUES_RESULT, 0, b"")),
                (STDERR + 99, b"", (UNKNOWN_TYPE, 0, bytes((106,)) + bytes(7)))):
            with self.subTest(kind=kind):
                answer = self.send(record(kind, content, request=0)
                                   + asked(GET, QUERY))
                self.assertEqual(answer.records[0], result)
                self.assertEqual(answer.body, self.expected)

    def test_request_with_any_bytes_changed_does_no_harm(self):
        chance = random.Random(2009)
        whole = asked(GET, QUERY)
        for _ in range(300):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            with self.subTest(data=bytes(data)):
                self.send(bytes(data))
        self.check_goes_on()

    def test_peers_that_leave_before_their_answer_do_no_harm(self):
        for _ in range(100):
            client = self.worker.connect()
            client.sendall(asked(GET, QUERY))
            client.close()
        self.check_goes_on()
        files = os.listdir(f"/proc/{self.worker.pid}/fd")
        self.assertLessEqual(len(files), 6, files)

    def test_answer_does_not_wait_for_the_end_of_the_request(self):
        client = self.enterContext(self.worker.connect())
        client.settimeout(5)  # less than the process waits for that end
        client.sendall(begin() + params(GET + QUERY))
        self.assertEqual(Answer(client).body, self.expected)

    def test_connection_with_more_to_read_is_not_reset(self):
        client = self.enterContext(self.worker.connect())
        client.sendall(begin() + params(GET + QUERY)
                       + record(DATA, 20000 * b"x"))
        with client.makefile("rb") as stream:
            self.assertIn(self.expected[:100], stream.read())

    def test_peer_holds_the_process_for_so_long_only(self):
        """One peer sends half of a request, to a process that is to end; one
        has its answer, but goes on sending. Both at a time, because the
        process is patient."""
        ending = self.enterContext(Worker(self.dir, self.environ))
        half = self.enterContext(ending.connect())
        half.sendall(b"".join(request(b"")[:2]))
        ending.wait_until_waiting("unix_stream")
        ending.terminate()
        endless = self.enterContext(self.worker.connect())
        endless.sendall(asked(GET, QUERY))
        self.assertTrue(endless.recv(8))
        wait_for("the endless one to be cut off",
                 lambda: not self.can_send(endless))
        self.assertEqual(half.recv(1), b"")
        self.assertEqual(ending.popen.wait(PATIENCE), 0)
        self.assertEqual(ending.popen.stderr.read(), b"")

    def can_send(self, client):
        time.sleep(0.2)
        try:
            client.sendall(record(STDIN, b"x"))
        except BrokenPipeError:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
