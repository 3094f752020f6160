#!/usr/bin/env python3
"""What the programs have to say is written where the samples say it is."""

import os
import re
import socket
import unittest

from harness import (CATALOG, ApacheCgi, LighttpdCgi, LighttpdFastcgi,
                     NginxFastcgi, find, wait_for)

LINE = re.compile(r"\b(mirrorboot|menu): catalog\.json:\d+: column 3: "
                  "the file ends here, but a '}' is missing")


class Breakage:
    """lighttpd with the setting that is there to be uncommented."""

    said = "breakage.log"

    def adapt(self, sample):
        path = 'server.breakagelog = "/var/log/lighttpd/'
        before, after = super().adapt(sample).split("#" + path)
        return before + path.replace("/var/log/lighttpd", str(self.dir)) + after


class LighttpdFastcgiBreakage(Breakage, LighttpdFastcgi):
    pass


class LighttpdCgiBreakage(Breakage, LighttpdCgi):
    pass


class ApacheCgiLog(ApacheCgi):
    said = "apache.log"
    config = ApacheCgi.config.replace("error.log", said)


class NginxSpawned(NginxFastcgi):
    """The program started by the command of nginx.conf, but as this user, who
    may read the build, and without setsid, so that the test can end it."""

    said = "mirrorboot.log"

    def run_pages(self):
        find("multiwatch", "multiwatch")
        command = re.search(r"^#\tsetsid -f ((?:.*\\\n#\t+)+.*)$",
                            self.adapt(self.sample), re.M)[1]
        command = command.replace("\\\n#", "").replace("-u nobody", "")
        command = command.replace("/var/log", str(self.dir))
        if os.getuid() != 0:
            command = command.replace("-U www-data", "").replace(
                "unshare", "unshare --user")
        self.run("/bin/sh", "-c", f"exec {command}", **self.environ)
        wait_for("the socket", self.is_open)

    def is_open(self):
        """The kernel's list of sockets has none of another network."""
        with socket.socket(socket.AF_UNIX) as client:
            path = self.dir / "run/pages.socket"
            return client.connect_ex(str(path)) == 0


class LogTest(unittest.TestCase):

    def check(self, kind):
        with kind() as server:
            log = server.dir / server.said
            self.assertEqual(server.ask("/boot/menu").status, 200)
            self.assertFalse(log.exists() and LINE.search(log.read_text()))
            server.catalog.write_text(CATALOG[:-3])
            server.ask("/boot/menu")
            wait_for("the log", lambda: LINE.search(log.read_text()))
            self.assertNotRegex(server.log.read_text(), LINE)

    def test_lighttpd(self):
        self.check(LighttpdFastcgiBreakage)

    def test_lighttpd_cgi(self):
        self.check(LighttpdCgiBreakage)

    def test_apache_cgi(self):
        self.check(ApacheCgiLog)

    def test_nginx(self):
        self.check(NginxSpawned)


if __name__ == "__main__":
    unittest.main()
