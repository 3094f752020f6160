#!/usr/bin/env python3
"""What the programs have to say is written where the samples say it is."""

import os
import re
import unittest

from harness import (CATALOG, PAGES, ROOT, ApacheCgi, LighttpdCgi,
                     LighttpdFastcgi, NginxFastcgi, find, wait_for)

LINE = re.compile(r"\bmenu: catalog\.json:\d+: column 3: '}' expected near")


class Breakage:
    """lighttpd with the setting that is there to be uncommented."""

    def adapt(self, sample):
        path = 'server.breakagelog = "/var/log/lighttpd/'
        before, after = super().adapt(sample).split("#" + path)
        return before + path.replace("/var/log/lighttpd", str(self.dir)) + after


class LighttpdFastcgiBreakage(Breakage, LighttpdFastcgi):
    said = "breakage.log"


class LighttpdCgiBreakage(Breakage, LighttpdCgi):
    said = "breakage.log"


class ApacheCgiLog(ApacheCgi):
    said = "apache.log"
    config = ApacheCgi.config.replace("error.log", said)


class NginxSpawned(NginxFastcgi):
    """The pages started by the command of nginx.conf, but by this user, who
    may read the build, and without setsid, so that the test can end them."""

    said = "mirrorboot.log"

    def run_pages(self):
        find("multiwatch", "multiwatch")
        text = (ROOT / "conf" / self.sample).read_text()
        command = re.search(
            r"^#\tsetsid -f ((?:.*\\\n#\t+)+.*)$", text, re.M)[1]
        command = command.replace("\\\n#", "").replace("-u nobody", "")
        command = command.replace("/var/log", str(self.dir))
        if os.getuid() != 0:
            command = command.replace("-U www-data", "").replace(
                "unshare", "unshare --user")
        (self.dir / "command").write_text(command)
        command = super().adapt(self.dir / "command")
        for page in PAGES:
            self.run("/bin/sh", "-c", "exec " + re.sub(r"\bmenu\b", page, command),
                     **self.environ)
            wait_for(page, (self.dir / "run" / f"{page}.socket").exists)


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
