#!/usr/bin/env python3
"""Walks the whole chain behind scripts/serve, as a client does: from the first
page to the installer's kernel, with nothing known but what the texts say."""

import os
import re
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit

sys.path.append(str(Path(__file__).resolve().parents[1]))
import installer
from harness import (BUILD, PATIENCE, ROOT, Process, ask, processes,
                     reserve_port, wait_for)

SERVE = ROOT / "scripts" / "serve"
PACKAGES = ("build-essential cmake pkg-config libfcgi-dev libjansson-dev "
            "libcurl4-openssl-dev libgcrypt20-dev libhiredis-dev lighttpd "
            "curl debian-installer-13-netboot-amd64")
LOCAL_RELEASE = f"dists/{installer.suite('amd64')}/main/installer-amd64/"
URL = re.compile(r"https?://[a-z0-9.:-]+/[A-Za-z0-9._~/+-]*"
                 r"(\?[a-z]+=[A-Za-z0-9._~-]+(&[a-z]+=[A-Za-z0-9._~-]+)*)?")


class Walk:
    """One client, and what it has been sent."""

    def __init__(self, test, port, version):
        self.test = test
        self.port = port
        self.version = version

    def is_local(self, url):
        return urlsplit(url).netloc == f"127.0.0.1:{self.port}"

    def get(self, url, missing_ok=False):
        parts = urlsplit(url)
        self.test.assertTrue(self.is_local(url), url)
        answer = ask(self.port, parts.path +
                     (f"?{parts.query}" if parts.query else ""),
                     version=self.version)
        if missing_ok and answer.status == 404:
            return b""
        self.test.assertEqual(answer.status, 200, url)
        self.test.assertEqual(answer.header("Content-Length"),
                              str(len(answer.body)), url)
        return answer.body

    def get_text(self, url):
        text = self.get(url).decode("ascii")
        for word in text.split():
            if word.startswith("http"):
                self.test.assertIsNotNone(URL.fullmatch(word), word)
                self.test.assertLessEqual(len(word), 250)
        return text

    def one(self, pattern, text):
        found = re.findall(pattern, text, re.MULTILINE)
        self.test.assertEqual(len(found), 1, f"{pattern} in\n{text}")
        return found[0]

    def script(self, url):
        """Run a #!gpxe script; return the menus and releases it leads to."""
        text = self.get_text(url)
        self.test.assertTrue(text.startswith("#!gpxe\n"), text)
        if "\nset 209:string " in text:
            return [], [self.release(text)]
        if "\nkernel " in text:
            return [], [self.kernel(text)]
        lines = text.split("\n")
        if "exit 0" in lines or lines[1].endswith(", which gPXE cannot reach"):
            return [], []
        program = re.findall(r"^chain (\S+)$", text, re.MULTILINE)
        if program:
            return [], program
        vesamenu, menu = self.one(r"^chain (\S+) (\S+)$", text)
        self.get(vesamenu)
        return [menu], []

    def menu(self, url):
        """The URLs of a menu's entries."""
        text = self.get_text(url)
        self.one(r"^menu title (.+)$", text)
        self.test.assertRegex(text, r"(?m)^label \S+$")
        return re.findall(r"^kernel (\S+)$", text, re.MULTILINE)

    def release(self, script):
        """Start the installer that a script sets up; its pxelinux.0."""
        configfile = self.one(r"^set 209:string (\S+)$", script)
        prefix = self.one(r"^set 210:string (\S+/)$", script)
        loader = self.one(r"^chain (\S+)$", script)
        for url in (prefix, loader, urljoin(prefix, configfile)):
            self.test.assertIsNotNone(URL.fullmatch(url), url)
        if self.is_local(prefix) and LOCAL_RELEASE in prefix:
            self.boot(prefix, configfile, loader)
        return loader

    def kernel(self, script):
        """Start the kernel that a script names; its URL."""
        kernel = self.one(r"^kernel (\S+)", script)
        initrds = re.findall(r"^initrd (\S+)$", script, re.MULTILINE)
        self.test.assertTrue(initrds, script)
        if self.is_local(kernel) and LOCAL_RELEASE in kernel:
            self.check_kernel(kernel)
            for url in initrds:
                self.check_initrd(url)
        return kernel

    def check_kernel(self, url):
        self.test.assertEqual(self.get(url)[0x202:0x206], b"HdrS", url)

    def check_initrd(self, url):
        self.test.assertEqual(self.get(url)[:2], b"\x1f\x8b", url)

    def boot(self, prefix, configfile, loader):
        """What a mirror's own PXELinux 6 fetches; all of it from prefix."""
        self.get(loader)
        self.get(prefix + "ldlinux.c32")
        config = self.config(prefix, configfile)
        modules = self.one(r"^path (\S+/)$", config)
        for module in ("vesamenu.c32", "libcom32.c32", "libutil.c32"):
            self.get(prefix + modules + module)
        kernels = set(re.findall(r"^\s*kernel (\S*/linux)$", config,
                                 re.MULTILINE))
        initrds = set(re.findall(r"\binitrd=(\S+)", config))
        self.test.assertTrue(kernels and initrds, config)
        for path in kernels:
            self.check_kernel(prefix + path)
        for path in initrds:
            self.check_initrd(prefix + path)

    def config(self, prefix, name, missing_ok=False):
        """A configuration with its includes in their places. Debian's names
        files that only its graphical installer has."""
        text = self.get(prefix + name, missing_ok).decode()
        return re.sub(r"^\s*include (\S+)$",
                      lambda include: self.config(prefix, include[1], True),
                      text, flags=re.MULTILINE)

    def everything(self, url):
        """From the first script through all menus to all releases."""
        menus, releases = self.script(url)
        seen = {url, *menus}
        while menus:
            for entry in self.menu(menus.pop()):
                if entry in seen:
                    continue
                seen.add(entry)
                more, loaders = self.script(entry)
                menus += [menu for menu in more if menu not in seen]
                seen.update(more)
                releases += loaders
        return releases


class ServeTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        directory = cls.enterClassContext(TemporaryDirectory())
        holder = cls.enterClassContext(reserve_port())
        cls.port = holder.getsockname()[1]
        cls.log = Path(directory) / "log"
        vesamenu = BUILD / "serve/www/boot/syslinux/3.86/vesamenu.c32"
        if not vesamenu.exists():
            vesamenu.parent.mkdir(parents=True, exist_ok=True)
            vesamenu.write_bytes(b"in place of the one put there by hand\n")
            cls.addClassCleanup(vesamenu.unlink)
        cls.serve = Process([SERVE, "--no-install", "--build", BUILD,
                             "--port", str(cls.port)], cls.log, os.environ)
        cls.addClassCleanup(cls.end)
        wait_for("the first page", cls.has_shown_the_first_page, patience=120)

    @classmethod
    def has_shown_the_first_page(cls):
        if cls.serve.popen.poll() is not None:
            raise AssertionError(cls.log.read_text())
        return "\n#!gpxe\n" in cls.log.read_text()

    @classmethod
    def end(cls):
        """As a terminal's Ctrl-C does it, which also must end everything."""
        started = cls.descendants(cls.serve.pid)
        os.killpg(cls.serve.pid, signal.SIGINT)
        try:
            status = cls.serve.popen.wait(PATIENCE)
        finally:
            left = [p for p in processes() if p[0] in started]
            for process in left:
                os.kill(process[0], signal.SIGKILL)
        if len(started) < 5 or status != 0 or left:
            raise AssertionError(f"serve ended with {status}, left {left} of "
                                 f"{started}")

    @classmethod
    def descendants(cls, pid):
        found = {pid}
        for process in sorted(processes()):
            if process[1] in found:
                found.add(process[0])
        return found - {pid}

    def test_the_first_page_is_shown_with_its_url(self):
        log = self.log.read_text()
        urls = re.findall(r"curl '(\S+)'", log)
        self.assertGreaterEqual(len(urls), 3)
        walk = Walk(self, self.port, "1.1")
        self.assertTrue(log.endswith(walk.get_text(urls[0])))
        for url in urls:
            walk.get_text(url)

    def test_chain_leads_to_kernels(self):
        for version in ("1.0", "1.1"):
            with self.subTest(version=version):
                walk = Walk(self, self.port, version)
                loaders = walk.everything(
                    f"http://127.0.0.1:{self.port}/boot/boot")
                here = [url for url in loaders if walk.is_local(url)
                        and LOCAL_RELEASE in url]
                self.assertGreaterEqual(len(here), 1)
                self.assertGreater(len(set(loaders)), len(set(here)))

    def test_files_that_the_mirror_lacks_are_not_found(self):
        base = f"/debian/{LOCAL_RELEASE}current/images/"
        for path in ("netboot/pxelinux.cfg/01-52-54-00-12-34-56",
                     "netboot/nosuch", "netboot/", "", "netboot/../../x"):
            with self.subTest(path=path):
                self.assertIn(ask(self.port, base + path).status, (403, 404))

    def test_old_names_of_pages_are_served(self):
        self.assertEqual(ask(self.port, "/boot/menu.php").body,
                         ask(self.port, "/boot/menu").body)


def apt_cache(*numbers, unknown=""):
    """What apt-cache says: it knows these installers, and shows any package
    but one."""
    lines = "".join(f"debian-installer-{number}-netboot-amd64 - x\n"
                    for number in numbers)
    return (f'case "$*" in "show {unknown}") ;; show*) echo Package ;; '
            f"*) printf '{lines}' ;; esac")


class ServeRefusalTest(unittest.TestCase):

    def serve(self, *args, **environ):
        return subprocess.run([SERVE, *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60,
                              env={**os.environ, **environ}, check=False)

    def serve_with(self, *args, **programs):
        """Where these programs are shell scripts of one line."""
        temp = Path(self.enterContext(TemporaryDirectory()))
        for name, script in programs.items():
            path = temp / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        return self.serve(*args, PATH=f"{temp}:{os.environ['PATH']}")

    def serve_without_packages(self, *args, apt_cache=apt_cache(9, 13, 12)):
        """Where nothing is installed and apt-get only says what it is to do
        and fails."""
        build = Path(self.enterContext(TemporaryDirectory())) / "build"
        done = self.serve_with(
            "--build", build, *args, dpkg_query="exit 1", sudo='exec "$@"',
            systemctl="exit 0", apt_cache=apt_cache,
            apt_get='echo apt-get "$@"; [ "$1" = update ]')
        self.assertFalse(build.exists())
        return done

    def check_refusal(self, done, message):
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, message)

    def test_port_in_use_is_one_line_before_anything_is_built(self):
        for address in ("127.0.0.1", "0.0.0.0", "::"):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with (self.subTest(address=address), TemporaryDirectory() as temp,
                  socket.socket(family) as other):
                other.bind((address, 0))
                other.listen()
                port = other.getsockname()[1]
                build = Path(temp) / "build"
                self.check_refusal(
                    self.serve("--port", str(port), "--build", build),
                    f"serve: port {port} is in use: end what listens there, "
                    "or --port N\n")
                self.assertFalse(build.exists())

    def test_bad_port_is_refused(self):
        for port in ("0", "-1", "x", "65536", "08080", "123456"):
            with self.subTest(port=port):
                self.check_refusal(
                    self.serve("--port", port),
                    "serve: --port needs a number from 1 to 65535\n")

    def test_missing_packages_are_named(self):
        self.check_refusal(self.serve_without_packages("--no-install"),
                           f"serve: missing packages: {PACKAGES} (apt-get "
                           "install them)\n")

    def test_missing_packages_are_installed(self):
        done = self.serve_without_packages()
        self.assertEqual(done.stdout, "apt-get update\napt-get install -y "
                         f"--no-install-recommends {PACKAGES}\n")
        self.assertEqual(done.stderr,
                         f"serve: could not install: {PACKAGES}\n")
        self.assertEqual(done.returncode, 1)

    def test_package_that_apt_does_not_know_is_named(self):
        for name, numbers in (("lighttpd", (12,)),
                              ("debian-installer-*-netboot-amd64", ())):
            with self.subTest(name=name):
                done = self.serve_without_packages(
                    apt_cache=apt_cache(*numbers, unknown=name))
                self.assertEqual((done.returncode, done.stdout, done.stderr), (
                    1, "apt-get update\n",
                    f"serve: apt knows no package {name}: it needs the "
                    "archive main of Debian 12 or later\n"))

    def test_installer_of_an_unknown_release_is_named(self):
        done = self.serve_with(
            "--build", BUILD,
            dpkg_query="case $3 in *Package*) echo installed debian-installer-"
                       "99-netboot-amd64 ;; *) printf installed ;; esac")
        self.assertEqual((done.returncode, done.stderr), (
            1, "serve: no version of debian in conf/ has a name that begins "
            'with "99 ", for debian-installer-99-netboot-amd64\n'))

    def test_unknown_option_prints_the_usage(self):
        done = self.serve("--nosuch")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertTrue(done.stderr.startswith("Usage: serve "))

    def test_help_names_the_options(self):
        done = self.serve("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for option in ("--port", "--build", "--no-install"):
            self.assertIn(option, done.stdout)


if __name__ == "__main__":
    unittest.main()
