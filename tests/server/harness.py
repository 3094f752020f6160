"""Starts web servers with the shipped configurations, and asks them."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MIRRORBOOT_BUILD", ROOT / "build")).resolve()
PAGES = re.search(r"set\(pages ([^)]*)\)",
                  (ROOT / "CMakeLists.txt").read_text())[1].split()
CATALOG = (Path(__file__).parent / "catalog.json").read_text()
BASE = "http://boot.example.org/boot/"  # the samples' MIRRORBOOT_BASE
PATIENCE = 60  # seconds that nothing here takes, on a busy machine either


def find(program, package):
    """The program's path; without it the test fails, and says why."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        raise AssertionError(
            f"{program} is missing: apt-get install {package}")
    return path


def wait_for(what, condition, patience=PATIENCE):
    """Poll until condition() is true, and return what it returned."""
    end = time.monotonic() + patience
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s for {what}")
        time.sleep(0.01)
    return result


def reserve_port():
    """A socket that holds a port of 127.0.0.1 for as long as it is open.

    It is bound but does not listen. Linux gives such a port to nobody who
    asks for any port, but lets whoever names it and sets SO_REUSEADDR, as
    lighttpd, nginx and Apache do, bind it a second time and listen. So there
    is no moment at which the port is anybody's.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def is_listening(path):
    """Whether somebody listens on a UNIX socket: some time after bind().

    The kernel's list has flags in the fourth column, 00010000 for listening,
    and the path in the last.
    """
    sockets = Path("/proc/net/unix").read_text().splitlines()
    return any(line.split()[3] == "00010000" and line.endswith(f" {path}")
               for line in sockets)


class Answer:
    """What a server sent: as bytes, and taken apart."""

    def __init__(self, raw):
        self.raw = raw
        head, found, self.body = raw.partition(b"\r\n\r\n")
        if not found:
            raise AssertionError(f"not an HTTP answer: {raw!r}")
        status, *lines = head.decode("latin-1").split("\r\n")
        self.version, code, self.reason = status.split(" ", 2)
        self.status = int(code)
        self.headers = [tuple(line.split(": ", 1)) for line in lines]

    def header(self, name):
        """The only value of a header; None where it is missing."""
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        if len(values) > 1:
            raise AssertionError(f"{name} is there {len(values)} times")
        return values[0] if values else None


def ask(port, target, method="GET", version="1.1", headers=(), body=b"",
        source="127.0.0.1"):
    """Send one request, byte for byte as given, and read the answer.

    version "1.0" sends no Host, as the oldest clients do. source "::1" asks by
    IPv6.
    """
    if isinstance(target, str):
        target = target.encode("latin-1")
    lines = [method.encode() + b" " + target + b" HTTP/" + version.encode()]
    if version == "1.1":
        if not any(line.lower().startswith("host:") for line in headers):
            lines.append(b"Host: 127.0.0.1:%d" % port)
        lines.append(b"Connection: close")
    if body or method in ("POST", "PUT"):
        lines.append(b"Content-Length: %d" % len(body))
    lines += [line.encode("latin-1") for line in headers]
    request = b"\r\n".join(lines) + b"\r\n\r\n" + body
    raw = bytearray()
    server = "::1" if ":" in source else "127.0.0.1"
    with socket.create_connection((server, port), PATIENCE,
                                  (source, 0)) as connection:
        connection.sendall(request)
        while piece := connection.recv(65536):
            raw += piece
    return Answer(bytes(raw))


def ask_at_once(port, targets, address="127.0.0.1"):
    """The answers to as many GETs at the same time as there are targets."""
    async def ask_one(target, connected):
        reader, writer = await asyncio.open_connection(address, port)
        await connected.wait()
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {address}\r\n"
                     "Connection: close\r\n\r\n".encode())
        answer = Answer(await reader.read())
        writer.close()
        return answer

    async def ask_all():
        connected = asyncio.Barrier(len(targets))
        async with asyncio.timeout(PATIENCE):
            return await asyncio.gather(
                *(ask_one(target, connected) for target in targets))

    return asyncio.run(ask_all())


def shell(page, query, **environ):
    """Run a page from a shell, with no environment but this."""
    return subprocess.run([BUILD / "cgi" / page, query], env=environ,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=PATIENCE, check=False)


def processes():
    """(pid, parent, session, program) of every process that has not ended."""
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            program, rest = (directory / "stat").read_text().rsplit(")", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent, _, session = rest.split()[:4]
        if state not in "ZX":
            found.append((int(directory.name), int(parent), int(session),
                          program.split("(", 1)[1]))
    return found


class Process:
    """A program in a session of its own; stop() ends all of it."""

    def __init__(self, args, log, environ, stdin=subprocess.DEVNULL):
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                args, stdin=stdin, stdout=output, stderr=output, env=environ,
                start_new_session=True)
        self.pid = self.popen.pid

    def members(self):
        return [p[0] for p in processes() if p[2] == self.pid]

    def stop(self):
        """End it as its administrator would; what then stays is an error."""
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(PATIENCE)
            wait_for(f"{self.popen.args} to end", lambda: not self.members())
        finally:
            for pid in self.members():
                os.kill(pid, signal.SIGKILL)
            self.popen.wait()


class Server:
    """A web server in a directory of its own, for a with statement."""

    sample = None  # in conf/
    sockets = {"pages": "boot"}  # in run/, and the program that listens there
    base = "/boot/"  # of the pages

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="mirrorboot-")
        self.dir = Path(self.temporary.name)
        self.dir.chmod(0o755)
        for name in ("run", "templates", "www", "static"):
            (self.dir / name).mkdir()
        self.catalog = self.dir / "catalog.json"
        self.catalog.write_text(CATALOG)
        self.log = self.dir / "error.log"
        self.environ = {
            "MIRRORBOOT_CATALOG": str(self.catalog),
            "MIRRORBOOT_TEMPLATES": str(self.dir / "templates"),
            "MIRRORBOOT_BASE": BASE,
        }
        self.started = []
        self.holder = reserve_port()
        self.port = self.holder.getsockname()[1]
        try:
            self.start()
            wait_for(f"{type(self).__name__} to listen", self.is_listening)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            for process in reversed(self.started):
                process.stop()
        finally:
            self.holder.close()
            self.temporary.cleanup()

    def run(self, *args, stdin=subprocess.DEVNULL, **environ):
        # No locale: Apache is told what its messages are.
        environ = {"PATH": os.environ["PATH"], **environ}
        self.started.append(Process(args, self.log, environ, stdin))
        return self.started[-1]

    def check_running(self):
        for process in self.started:
            if process.popen.poll() is not None:
                raise AssertionError(f"{process.popen.args} ended:\n"
                                     + self.log.read_text())

    def is_listening(self):
        self.check_running()
        try:
            answer = ask(self.port, self.base + "boot")
        except ConnectionRefusedError:
            return False
        if answer.status != 200:
            raise AssertionError(answer.raw)
        return True

    def adapt(self, sample):
        """The text of a sample, with the paths of the test."""
        sample = self.read(sample)
        for shipped, ours in (
                ("/usr/local/libexec/mirrorboot", BUILD / "cgi"),
                ("/run/mirrorboot", self.dir / "run"),
                ("/run/lighttpd", self.dir / "run"),
                ("/srv/www/boot", self.dir / "static"),
                ("/etc/mirrorboot", self.dir)):
            sample = sample.replace(shipped, str(ours))
        # The settings that are there to be uncommented
        return re.sub(r'^#(\t+(?:"bin-env|"MIRROR|setenv|SetEnv|\)))',
                      r"\1", sample, flags=re.MULTILINE)

    def read(self, sample):
        return (ROOT / "conf" / sample).read_text()

    def configure(self, text):
        """Write the server's configuration, which includes the sample."""
        (self.dir / "mirrorboot.conf").write_text(self.adapt(self.sample))
        path = self.dir / "server.conf"
        path.write_text(text.format(dir=self.dir, port=self.port))
        return path

    def run_pages(self):
        """Start the programs on UNIX sockets, as nginx.conf has it."""
        owner = ["-U", "www-data"] if os.getuid() == 0 else []
        for name, program in self.sockets.items():
            path = self.dir / "run" / f"{name}.socket"
            path.unlink(missing_ok=True)
            self.run(find("spawn-fcgi", "spawn-fcgi"), "-n", "-s", path,
                     "-M", "0600", *owner, "-b", "1024", "--",
                     *self.command(program), **self.environ)
            wait_for(path, lambda: is_listening(path))

    def command(self, program):
        """What run_pages() starts on a program's socket."""
        return [BUILD / "cgi" / program]

    def programs(self):
        """The processes that run_pages() started last."""
        return [p for p in self.started if Path(p.popen.args[0]).name ==
                "spawn-fcgi"][-len(self.sockets):]

    def ask(self, target, **how):
        return ask(self.port, target, **how)

    def has_lost(self, answer):
        """Whether the server failed to pass a long request on to a page."""
        return False

    def shell(self, page, query="", **environ):
        return shell(page, query, **self.environ, **environ)


class LighttpdFastcgi(Server):
    sample = "lighttpd.conf"
    count = 4  # processes: max-procs of each socket
    config = """
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}/www"
server.upload-dirs = ( "{dir}" )
server.errorlog = "{dir}/error.log"
server.modules = ( "mod_alias", "mod_setenv" )
include "{dir}/mirrorboot.conf"
"""

    def start(self):
        config = self.configure(self.config)
        self.lighttpd = self.run(find("lighttpd", "lighttpd"), "-D", "-f",
                                 config)

    def is_listening(self):
        """Not before each process has started its program: until then it has
        lighttpd's handlers, where a SIGTERM would get lost."""
        return super().is_listening() and len(self.workers()) == self.count

    def workers(self):
        """The process ids of the programs."""
        return [pid for pid, parent, _, name in processes()
                if parent == self.lighttpd.pid
                and name in self.sockets.values()]


class LighttpdCgi(LighttpdFastcgi):
    sample = "lighttpd-cgi.conf"
    count = 0


class NginxFastcgi(Server):
    sample = "nginx.conf"
    config = """
daemon off;
user root;
pid {dir}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
	access_log off;
	client_body_temp_path {dir}/body;
	proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	include {dir}/site.conf;
}}
"""

    def site(self):
        """What is to be in sites-enabled."""
        return (f"server {{ listen 127.0.0.1:{self.port} backlog=1024;"
                f"root {self.dir}/www; include {self.dir}/mirrorboot.conf; }}")

    def start(self):
        self.run_pages()
        self.run_nginx()

    def run_nginx(self):
        (self.dir / "site.conf").write_text(self.site())
        config = self.configure(self.config)
        self.run(find("nginx", "nginx-light"), "-e", self.log, "-c", config)


class NginxCache(NginxFastcgi):

    def site(self):
        text = self.adapt("nginx-cache.conf")
        for shipped, ours in (
                ("listen 80 default_server", f"listen 127.0.0.1:{self.port}"),
                ("[::]:80 default_server", f"[::1]:{self.port}"),
                ("/var/www/html", self.dir / "www"),
                ("/var/cache/mirrorboot-pages", self.dir / "cache"),
                ("snippets/", f"{self.dir}/")):
            text = text.replace(shipped, str(ours))
        return text


class ApacheCgi(Server):
    sample = "apache.conf"
    modules = ("alias", "env", "cgid")
    config = """
ServerRoot /usr/lib/apache2
ServerName localhost
DefaultRuntimeDir {dir}
PidFile {dir}/apache.pid
ErrorLog {dir}/error.log
Listen 127.0.0.1:{port}
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
User www-data
Group www-data
DocumentRoot {dir}/www
TraceEnable Off
"""

    def start(self):
        apache = find("apache2", "apache2")
        config = self.config
        for module in self.modules:
            config += f"LoadModule {module}_module modules/mod_{module}.so\n"
        if "cgid" in self.modules:
            config += "ScriptSock {dir}/cgid.socket\n"
        config = self.configure(config + "Include {dir}/mirrorboot.conf\n")
        self.run(apache, "-f", config, "-DFOREGROUND")

    def has_lost(self, answer):
        """mod_cgid of Apache 2.4.69 passes on about 4 kB, and answers with an
        error of its own to more. 2.4.70 is mended."""
        return ("cgid" in self.modules and answer.status in (500, 503)
                and answer.header("Server").startswith("Apache/2.4.69 "))


class ApacheFastcgi(ApacheCgi):
    sample = "apache-fcgi.conf"
    modules = ("alias", "env", "proxy", "proxy_fcgi")

    def start(self):
        self.run_pages()
        super().start()


class Clients:
    """Threads that ask for targets until the with statement ends."""

    def __init__(self, server, targets, count=4):
        self.server = server
        self.targets = targets
        self.answers = []  # (page, query), and an Answer or what went wrong
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(i,))
                        for i in range(count)]

    def ask(self, number):
        while not self.is_over.is_set():
            page, query = target = self.targets[number % len(self.targets)]
            try:
                answer = self.server.ask(f"/boot/{page}?{query}")
            except Exception as error:  # for the test to show
                answer = error
            self.answers.append((target, answer))
            number += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
