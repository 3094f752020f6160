#!/usr/bin/env python3
"""Runs mirrorboot-check --online against mirrors on loopback that have IPv4,
IPv6 or both, in namespaces of its own. Takes the arguments of unittest. Needs
no root where users may make namespaces."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("MIRRORBOOT_BUILD", HERE.parent.parent / "build"))
CHECK = BUILD / "tools" / "mirrorboot-check"
# Not 127.0.0.1 and ::1, which the C library takes for each other here.
IPV4, IPV6 = "192.0.2.7", "2001:db8::7"
HOSTS = f"{IPV4} both.test four.test half.test\n{IPV6} both.test six.test half.test\n"
# Nobody listens at the second by IPv6.
PORT, HALF_PORT = 80, 81
KERNEL = bytes(0x1f1) + b"\1\0\0\1\0\0\0" + bytes(10) + b"HdrS" + bytes(2000)
ALONE4 = "a machine with IPv4 alone cannot use it"
ALONE6 = "a machine with IPv6 alone cannot use it"


def run(*words):
    subprocess.run(" ".join(words).split(), check=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(KERNEL)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(KERNEL)

    do_HEAD = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, port):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


class Families(unittest.TestCase):
    def check(self, *bases, **variables):
        """The findings about mirrors, and standard error."""
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "catalog.json"
            path.write_text(json.dumps({
                "site": {"base": "http://boot.test/boot/"},
                "mirrors": {"other": list(bases)},
                "distros": {"other": {
                    "title": "Other", "mirror": "other", "kernel": "{{mirror}}linux",
                    "versions": {"1": {"arches": ["amd64"]}}}},
                "menus": {"main": {"entries": [{"distro": "other"}]}}}))
            environment = {k: v for k, v in os.environ.items()
                           if not k.startswith("MIRRORBOOT_") and not k.lower().endswith("_proxy")}
            done = subprocess.run([CHECK, "--online", "--timeout", "5", path], env=environment | variables,
                                  capture_output=True, text=True, timeout=50)
        lines = [line for line in done.stdout.splitlines() if " no second mirror " not in line]
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return lines, done.stderr

    @staticmethod
    def warning(place, text):
        return f"warning: catalog.json: /mirrors/other/{place}: {text}"

    def test_both(self):
        self.assertEqual(self.check("http://both.test/a/", "http://both.test/b/"), ([], ""))

    def test_address_has_one_family(self):
        self.assertEqual(self.check(f"http://{IPV4}/a/"), ([], ""))

    def test_no_ipv6_address(self):
        found, errors = self.check("http://both.test/a/", "http://four.test/a/", "http://four.test/b/")
        self.assertEqual(found, [self.warning(1, f"four.test has no IPv6 address: {ALONE6}")])
        self.assertEqual(errors, "")

    def test_proxy_alone_knows_the_address(self):
        proxy = {"http_proxy": f"http://{IPV4}:{PORT}/"}
        self.assertEqual(self.check("http://both.test/a/", "http://four.test/a/", **proxy), ([], ""))

    def test_no_ipv4_address(self):
        found, errors = self.check("http://six.test/a/", "http://both.test/a/")
        self.assertIn(self.warning(0, f"six.test has no IPv4 address: {ALONE4}"), found)
        self.assertEqual((len(found), errors), (1, ""))

    def test_no_answer_by_ipv6(self):
        found, errors = self.check("http://both.test/a/", f"http://half.test:{HALF_PORT}/a/")
        self.assertEqual(found, [self.warning(
            1, f"half.test:{HALF_PORT} does not answer by IPv6, no connection to the host: {ALONE6}")])
        self.assertEqual(errors, "")

    def test_machine_without_ipv6(self):
        """Its mirrors are not to blame; one without an address is."""
        run("ip address delete", IPV6, "dev lo")
        self.addCleanup(run, "ip address add", IPV6, "dev lo nodad")
        found, errors = self.check("http://both.test/a/", f"http://half.test:{HALF_PORT}/a/", "http://four.test/a/")
        self.assertEqual(found, [self.warning(2, f"four.test has no IPv6 address: {ALONE6}")])
        self.assertEqual(errors, "mirrorboot-check: this machine has no IPv6: mirrors were not asked by it\n")


def enter():
    """Go on in namespaces of our own, with names of our own."""
    if "MIRRORBOOT_CHECK_INSIDE" not in os.environ:
        os.environ["MIRRORBOOT_CHECK_INSIDE"] = "1"
        root = [] if os.geteuid() == 0 else ["--map-root-user"]
        os.execvp("unshare", ["unshare", "--net", "--mount", *root, sys.executable, *sys.argv])
    run("ip link set lo up")
    for address in IPV4, IPV6:
        run("ip address add", address, "dev lo", "nodad" if ":" in address else "")
    with tempfile.NamedTemporaryFile("w", prefix="hosts.") as hosts:
        hosts.write(HOSTS)
        hosts.flush()
        run("mount --bind", hosts.name, "/etc/hosts")


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    enter()
    servers = [Server(IPV4, PORT), Server(IPV6, PORT), Server(IPV4, HALF_PORT)]
    unittest.main()
