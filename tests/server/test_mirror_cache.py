#!/usr/bin/env python3
"""nginx fetches a mirror's files once, and keeps no others than whole ones."""

import asyncio
import contextlib
import email.utils
import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import unittest
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import (BUILD, PATIENCE, ROOT, NginxFastcgi, ask, reserve_port,
                     shell)

NETBOOT = "/debian/dists/bookworm/main/installer-amd64/current/images/netboot/"
INITRD = NETBOOT + "debian-installer/amd64/initrd.gz"
PACKAGE = "/debian/pool/main/b/base-files/base-files_12_amd64.deb"
SAMPLE = (ROOT / "conf/nginx-mirror-cache.conf").read_text()
MEGABYTE = bytes(range(256)) * 4096
NOW = int(time.time())
TWO = MEGABYTE * 2


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.mirror.answer(self)


class Mirror:
    """A mirror on loopback, which notes what it is asked and may be ill."""

    def __init__(self):
        self.files = {}
        self.asked = []  # (path, status)
        self.told = set()  # names of headers
        self.faults = set()
        self.healthy = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.mirror = self
        self.name = "127.0.0.1:%d" % self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.05,))
        self.thread.start()

    def close(self):
        """It is switched off: nothing listens any more."""
        self.healthy.set()
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()

    def put(self, path, data, age=3600):
        self.files[path] = (data, NOW - age)

    def answer(self, client):
        status, data, headers = self.find(client)
        self.asked.append((client.path, status))
        self.told.update(client.headers)
        if "hangs" in self.faults:
            self.healthy.wait(PATIENCE)
        client.close_connection = True
        client.send_response(status)
        for header in headers.items():
            client.send_header(*header)
        client.end_headers()
        self.send(client.wfile, data)

    def find(self, client):
        data, changed = self.files.get(client.path, (None, 0))
        tag = f'"{self.name}"'
        known = client.headers["If-None-Match"]
        since = client.headers["If-Modified-Since"]
        if "overloaded" in self.faults or client.headers["Host"] != self.name:
            return 503, b"", {"Content-Length": 0}
        if data is None:
            return 404, b"none", {"Content-Length": 4}
        headers = {"Last-Modified": email.utils.formatdate(changed,
                                                           usegmt=True),
                   "ETag": tag, "Cache-Control": "no-store",
                   "Vary": "Accept-Encoding"}
        if known == tag or known is None and since and (
                email.utils.parsedate_to_datetime(since).timestamp()
                >= changed):
            return 304, b"", headers
        if "unsized" not in self.faults:
            headers["Content-Length"] = len(data)
        return 200, data, headers

    def send(self, stream, data):
        if "dies" in self.faults:
            data = data[:len(data) // 2]
        for start in range(0, len(data), len(MEGABYTE)):
            if "slow" in self.faults:
                time.sleep(0.1)
            with contextlib.suppress(ConnectionError):
                stream.write(data[start:start + len(MEGABYTE)])

    def count(self, path, status=200):
        return self.asked.count((path, status))


class Proxy(NginxFastcgi):
    """The sample before two mirrors, with two seconds where it has ten."""

    def __init__(self, first, second):
        self.mirrors = {"8081": first, "8082": second}

    def site(self):
        text, found = re.subn(r"(cache_valid \d+) 10s;", r"\1 2s;", SAMPLE)
        assert found == 3
        for port, mirror in self.mirrors.items():
            holder = reserve_port()
            self.holders.append(holder)
            ours = str(holder.getsockname()[1])
            text = re.sub(rf"\b{port} [a-z.]+org;", f"{ours} {mirror.name};",
                          text).replace(port, ours)
        for shipped, ours in (
                ("listen 80;", f"listen 127.0.0.1:{self.port};"),
                ("listen [::]:80;", f"listen [::1]:{self.port};"),
                ("/var/cache/mirrorboot-mirror", f"{self.dir}/cache")):
            text = text.replace(shipped, ours)
        return text

    def start(self):
        self.holders = []
        self.run_nginx()

    def __exit__(self, *args):
        super().__exit__(*args)
        for holder in self.holders:
            holder.close()

    def is_listening(self):
        self.check_running()
        try:
            return ask(self.port, "/").status == 404
        except ConnectionRefusedError:
            return False


def fetch_at_once(port, path, count):
    """What as many clients at the same time are sent: the status, and the
    sum of the body, or None where it is not whole."""
    async def fetch():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        left = int(re.search(r"Content-Length: (\d+)", head)[1])
        checksum = 0
        while piece := await reader.read(1 << 18):
            left -= len(piece)
            checksum = zlib.crc32(piece, checksum)
        writer.close()
        return int(head.split()[1]), checksum if left == 0 else None

    async def fetch_all():
        async with asyncio.timeout(60):
            return await asyncio.gather(*(fetch() for _ in range(count)))

    return asyncio.run(fetch_all())


class MirrorCacheTest(unittest.TestCase):

    def setUp(self):
        self.first, self.second = Mirror(), Mirror()
        for mirror in self.first, self.second:
            self.addCleanup(mirror.close)
            for path in INITRD, PACKAGE:
                mirror.put(path, TWO)
        self.second.put(NETBOOT + "linux", b"linux")
        self.proxy = self.enterContext(Proxy(self.first, self.second))

    def get(self, path, status=200, **how):
        answer = self.proxy.ask(path, **how)
        self.assertEqual(answer.status, status, answer.raw[:500])
        return answer.body

    def check_whole(self, path, data=TWO, mirror=None):
        """The file is sent, by this mirror if one is given."""
        before = mirror and mirror.count(path)
        self.assertTrue(self.get(path) == data)
        if mirror:
            self.assertEqual(mirror.count(path), before + 1)

    def test_answers_by_ipv6(self):
        self.assertTrue(self.get(INITRD, source="::1") == TWO)

    def test_100_clients_fetch_a_file_once(self):
        data = MEGABYTE * 12
        self.first.put(INITRD, data)
        self.first.faults = {"slow"}
        self.assertEqual(fetch_at_once(self.proxy.port, INITRD, 100),
                         [(200, zlib.crc32(data))] * 100)
        self.assertEqual(self.first.asked, [(INITRD, 200)])
        self.assertEqual(self.second.asked, [])

    def test_package_is_never_asked_for_again_and_an_image_if_it_changed(self):
        new = MEGABYTE + b"new"
        for path in INITRD, PACKAGE:
            self.check_whole(path)
        self.first.asked.clear()
        time.sleep(3)
        for path in INITRD, PACKAGE, INITRD:
            self.check_whole(path)
        self.assertEqual(self.first.asked, [(INITRD, 304)])
        for path in INITRD, PACKAGE:
            self.first.put(path, new, age=60)
        self.get("/debian/late", 404)
        self.first.put("/debian/late", b"here")
        time.sleep(3)
        self.check_whole(INITRD, new)
        self.check_whole(PACKAGE)
        self.check_whole("/debian/late", b"here")

    def test_file_that_has_changed_keeps_nobody_waiting(self):
        new = MEGABYTE * 5
        self.check_whole(INITRD)
        self.first.put(INITRD, new, age=60)
        self.first.faults = {"slow"}
        time.sleep(3)
        answers = fetch_at_once(self.proxy.port, INITRD, 20)
        self.assertEqual(answers.count((200, zlib.crc32(new))), 1)
        self.assertEqual(answers.count((200, zlib.crc32(TWO))), 19)
        self.assertEqual(self.first.count(INITRD), 2)
        self.check_whole(INITRD, new)

    def test_file_that_ended_too_early_is_not_kept(self):
        for path, faults in ((INITRD, {"dies"}), (PACKAGE, {"dies"}),
                             (INITRD + "2", {"dies", "unsized"})):
            with self.subTest(path=path):
                self.first.put(path, TWO)
                self.first.faults = faults
                answer = self.proxy.ask(path)
                self.assertLess(len(answer.body), len(TWO))
                if "unsized" not in faults:
                    self.assertEqual(answer.header("Content-Length"),
                                     str(len(TWO)))
                self.first.faults = set()
                self.check_whole(path, mirror=self.first)
                self.check_whole(path)
                self.assertEqual(self.first.count(path), 2)

    def test_nobody_takes_half_a_file_for_a_whole_one(self):
        self.first.faults = {"dies", "slow"}
        for status, checksum in fetch_at_once(self.proxy.port, INITRD, 20):
            self.assertEqual((status, checksum), (200, None))

    def test_second_mirror_is_asked_while_the_first_is_ill(self):
        for fault in "overloaded", "hangs":
            with self.subTest(fault=fault):
                first, second = Mirror(), Mirror()
                self.addCleanup(first.close)
                self.addCleanup(second.close)
                first.faults = {fault}
                for path in INITRD, PACKAGE:
                    second.put(path, TWO)
                with Proxy(first, second) as self.proxy:
                    start = time.monotonic()
                    for path in INITRD, PACKAGE:
                        self.check_whole(path, mirror=second)
                    self.assertLess(time.monotonic() - start, 9)
                self.assertEqual(len(first.asked), 1)
                first.close()

    def test_what_is_kept_outlives_the_mirrors(self):
        self.check_whole(INITRD)
        self.check_whole(PACKAGE)
        self.first.close()
        self.check_whole(NETBOOT + "linux", b"linux", mirror=self.second)
        time.sleep(3)
        self.check_whole(INITRD)
        self.assertEqual(self.second.count(INITRD, 304), 1)
        self.second.close()
        time.sleep(3)
        for path in INITRD, PACKAGE:
            self.check_whole(path)
        self.get(NETBOOT + "other", 502)

    def test_parts_are_cut_from_the_whole_file(self):
        for path in INITRD, PACKAGE:
            for part, expected in (("100-199", TWO[100:200]),
                                   ("2000000-", TWO[2000000:]),
                                   ("-10", TWO[-10:])):
                with self.subTest(path=path, part=part):
                    answer = self.proxy.ask(path,
                                            headers=[f"Range: bytes={part}"])
                    self.assertEqual(answer.status, 206)
                    self.assertTrue(answer.body == expected)
            self.check_whole(path)
            self.assertEqual(self.first.count(path), 1)

    def test_part_asked_for_beforehand_brings_the_whole_file(self):
        self.first.put(INITRD, MEGABYTE * 8)
        self.first.faults = {"slow"}
        answer = self.proxy.ask(INITRD, headers=["Range: bytes=0-1023"])
        self.assertEqual(answer.body, MEGABYTE[:1024])
        self.check_whole(INITRD, MEGABYTE * 8)
        self.assertEqual(self.first.count(INITRD), 1)

    def test_head_is_get_without_the_body(self):
        for path in INITRD, PACKAGE:
            for _ in range(2):
                answer = self.proxy.ask(path, method="HEAD")
                self.assertEqual((answer.status, answer.body), (200, b""))
                self.assertEqual(answer.header("Content-Length"),
                                 str(len(TWO)))
            self.check_whole(path)
            self.assertEqual(self.first.count(path), 1)

    def test_nothing_but_files_of_the_mirrors_is_passed_on(self):
        for target, status in (("/", 404), ("/x", 404),
                               (INITRD + "?x", 404), ("/debian/../x", 404),
                               ("/debian/%2e%2e/x", 404),
                               ("http://evil.example/x", 404)):
            with self.subTest(target=target):
                self.get(target, status)
        for method in "POST", "PUT", "DELETE", "OPTIONS":
            with self.subTest(method=method):
                self.get(INITRD, 405, method=method)
        answer = self.proxy.ask("evil.example:80", method="CONNECT")
        self.assertIn(answer.status, (400, 405))
        self.assertEqual(self.first.asked + self.second.asked, [])
        # Whatever host is named, it is the mirror that is asked.
        for target in INITRD, "http://evil.example" + PACKAGE:
            self.assertTrue(self.get(target, headers=["Host: evil.example"])
                            == TWO)
        self.assertEqual(self.first.asked, [(INITRD, 200), (PACKAGE, 200)])

    def test_mirror_is_told_nothing_of_who_asks(self):
        """It might give a browser another answer, which all would get."""
        self.assertTrue(self.get(INITRD, headers=[
            "User-Agent: Mozilla/5.0", "Accept: text/html", "Cookie: a=b",
            "Authorization: Basic eDp5", "X-Forwarded-Host: evil.example"])
            == TWO)
        # nginx before 1.29.7 says that it closes the connection.
        self.assertEqual(self.first.told - {"Connection"}, {"Host"})

    def test_other_spelling_of_a_name_harms_nobody(self):
        self.get(INITRD.replace("/main/", "%2fmain/"), 404)
        self.check_whole(INITRD)

    def test_directory_is_for_nginx_alone(self):
        mode = (self.proxy.dir / "cache").stat().st_mode
        self.assertEqual(mode & 0o777, 0o700)


class CatalogueTest(unittest.TestCase):
    """The catalogue that the sample shows, beside what is shipped."""

    def findings(self, catalog):
        done = subprocess.run([BUILD / "tools/mirrorboot-check", catalog],
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertNotIn("error:", done.stdout)
        return done.stdout

    def test_proxy_is_the_first_mirror_and_a_real_one_the_second(self):
        text = re.search(r"(?ms)^#\t\{$.*?^#\t\}$", SAMPLE)[0]
        local = json.loads(text.replace("#\t", ""))
        name = re.search(r"server_name (.*);", SAMPLE)[1]
        path = re.search(r"location (/debian/) ", SAMPLE)[1]
        self.assertEqual(local["mirrors"]["debian"][0],
                         f"http://{name}{path}")
        with TemporaryDirectory() as directory:
            catalog = Path(directory, "catalog.json")
            shutil.copytree(ROOT / "conf/catalog.d", f"{directory}/catalog.d")
            shutil.copy(ROOT / "conf/catalog.json", catalog)
            shipped = self.findings(catalog)
            Path(directory, "catalog.d/90-local.json").write_text(
                json.dumps(local))
            self.assertEqual(self.findings(catalog), shipped)
            script = shell("fromthemirror", "arch=amd64&dialect=ipxe&"
                           "distro=debian&version=bookworm",
                           MIRRORBOOT_CATALOG=str(catalog)).stdout.decode()
        first, second = (script.index(mirror)
                         for mirror in local["mirrors"]["debian"])
        self.assertLess(first, second)


if __name__ == "__main__":
    unittest.main()
