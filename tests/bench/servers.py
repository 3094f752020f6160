"""The web servers of the tests with everything beside the pages that they are
measured against: files, and PHP pages that say the same."""

import difflib
import os
import shutil
import socket
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "server"))
import harness

import catalogs

# Callgrind takes its time to read 10,000 entries, and so do eight processes
# at once on a busy machine.
harness.PATIENCE = 300

WORKERS = 4  # as conf/lighttpd.conf has it
SERVERS = ("lighttpd", "nginx")
RELEASE = "arch=amd64&distro=distro0003&version=2.0"

# Who answers, by the target of each text.
STATIC = "static file"
OURS = "mirrorboot"
APCU = "PHP-FPM, page in APCu"
PHP = "PHP-FPM, json_decode"
EXPORT = "exported file"
SAME = "the same bytes as a plain file"
TARGETS = {
    "boot": {
        STATIC: "/static/boot",
        OURS: "/boot/boot",
        PHP: "/php/boot.php",
    },
    "menu": {
        STATIC: "/static/menu",
        OURS: "/boot/menu",
        APCU: "/php/cached.php",
        PHP: "/php/menu.php",
    },
    "fromthemirror": {
        STATIC: "/static/fromthemirror",
        OURS: "/boot/fromthemirror?" + RELEASE,
        PHP: "/php/fromthemirror.php?" + RELEASE,
    },
}

FPM = """
[global]
daemonize = no
error_log = {dir}/error.log
[www]
{user}
listen = {dir}/run/php.socket
listen.backlog = {backlog}
pm = static
pm.max_children = {workers}
env[MIRRORBOOT_CATALOG] = {dir}/catalog.json
"""


class Fault(Exception):
    """What makes figures worthless."""


class Bench:
    """What both servers have in common; entries is the catalogue's size."""

    fds = 4096
    backlog = 1024  # of each socket

    def __init__(self, entries):
        self.entries = entries

    def start(self):
        self.catalog.write_text(catalogs.text(self.entries))
        (self.dir / "www" / "static").mkdir()
        shutil.copytree(HERE / "php", self.dir / "www" / "php")
        super().start()

    def start_php(self):
        """PHP as Debian sets it up, but that it loads nothing that the pages
        do not use."""
        owner = "user = root\ngroup = root" if os.getuid() == 0 else ""
        path = self.dir / "fpm.conf"
        path.write_text(FPM.format(dir=self.dir, user=owner, workers=WORKERS,
                                   backlog=self.backlog))
        fpm = max(map(str, Path("/usr/sbin").glob("php-fpm[0-9]*")),
                  default="php-fpm")
        self.run(harness.find(fpm, "php-fpm"), "-n", "-R",
                 "-d", "zend_extension=opcache", "-d", "extension=apcu",
                 "-y", path)
        harness.wait_for("PHP-FPM to listen",
                         lambda: is_open(self.dir / "run" / "php.socket"))

    def start_workers(self, name, count, *command, **environ):
        """Start processes on a socket that the server finds in run/."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.dir / "run" / f"{name}.socket"))
            listener.listen(self.backlog)
            return [self.run(*command, stdin=listener, **self.environ,
                             **environ)
                    for _ in range(count)]

    def members(self):
        """(pid, program) of all that was started here."""
        sessions = {process.pid for process in self.started}
        return {(pid, name) for pid, _, session, name in harness.processes()
                if session in sessions}

    def cpu(self):
        """Microseconds that the server and what it asks have run."""
        used = Counter(server=0, workers=0)
        for pid, name in self.members():
            schedstat = Path(f"/proc/{pid}/schedstat").read_text()
            who = "server" if name in SERVERS else "workers"
            used[who] += int(schedstat.split()[0]) / 1000
        return used

    def body(self, target):
        answer = self.ask(target)
        if answer.status != 200:
            raise Fault(f"{target}: {answer.raw[:200]!r}\n"
                        + self.log.read_text())
        return answer.body

    def compare(self):
        """Write the files, then see that everybody says the same."""
        for text, targets in TARGETS.items():
            ours = self.body(targets[OURS])
            (self.dir / "www" / "static" / text).write_bytes(ours)
            for who, target in targets.items():
                theirs = self.body(target)
                if theirs != ours:
                    raise Fault(f"{target} ({who}) differs from "
                                f"{targets[OURS]}:\n"
                                + difference(ours, theirs))


def is_open(path):
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def difference(ours, theirs):
    lines = [text.decode("latin-1").splitlines() for text in (ours, theirs)]
    return "\n".join(list(difflib.unified_diff(*lines, lineterm=""))[:12])


class Lighttpd(Bench, harness.LighttpdFastcgi):
    name = "lighttpd"
    more = """
server.max-fds = %d
server.listen-backlog = %d
mimetype.assign = ( "" => "text/plain" )
fastcgi.server = (
	"/php/" => ((
		"socket" => "{dir}/run/php.socket",
		"check-local" => "disable",
	)),
	"/counted/" => ((
		"socket" => "{dir}/run/counted.socket",
		"check-local" => "disable",
	)),
)
"""

    @property
    def config(self):
        return super().config + self.more % (self.fds, self.backlog)

    def read(self, sample):
        return super().read(sample).replace(
            '"listen-backlog" => 1024', f'"listen-backlog" => {self.backlog}')


class Nginx(Bench, harness.NginxFastcgi):
    name = "nginx"

    def site(self):
        return super().site().replace("include", f"""
default_type text/plain;
location /php/ {{
	fastcgi_pass unix:{self.dir}/run/php.socket;
	fastcgi_param SCRIPT_FILENAME $document_root$uri;
	fastcgi_param QUERY_STRING $query_string;
	fastcgi_param REQUEST_METHOD $request_method;
}}
include""")

    def run_pages(self):
        for name, program in self.sockets.items():
            self.start_workers(name, WORKERS, *self.command(program))
