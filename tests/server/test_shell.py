#!/usr/bin/env python3
"""The programs from a shell, and as CGI programs without a server."""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import BUILD, PAGES, PATIENCE, ROOT, shell

CATALOG = str(ROOT / "tests/server/catalog.json")
RELEASE = "arch=amd64&distro=debian&version=bookworm"
NO_FILE = "no such file: create it, or name another catalogue in " \
          "MIRRORBOOT_CATALOG"


def run(page, *args, **environ):
    return subprocess.run([BUILD / "cgi" / page, *args], env=environ,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)


class ShellTest(unittest.TestCase):

    def check_failure(self, done, message):
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, "", message))

    def test_pages_print_their_bodies_alone(self):
        for page, query, start in (
                ("boot", "", "#!gpxe\n"),
                ("menu", "name=main", "menu "),
                ("customermenu", "", "#!gpxe\n"),
                ("fromthemirror", RELEASE, "#!gpxe\n")):
            with self.subTest(page=page):
                done = run(page, query, MIRRORBOOT_CATALOG=CATALOG)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith(start), done.stdout)

    def test_no_argument_is_no_parameter(self):
        self.assertEqual(run("boot").stdout, run("boot", "").stdout)

    def test_environment_is_not_needed(self):
        self.assertEqual(run("boot").returncode, 0)
        self.assertIn("http://boot.example.org/boot/menu", run("boot").stdout)

    def test_empty_environment_is_as_good_as_none(self):
        self.assertEqual(run("boot", MIRRORBOOT_CATALOG="",
                             MIRRORBOOT_TEMPLATES="",
                             MIRRORBOOT_BASE="").stdout, run("boot").stdout)

    def test_base_comes_from_the_environment(self):
        done = run("boot", MIRRORBOOT_BASE="http://192.0.2.1:8080/x/")
        self.assertIn("http://192.0.2.1:8080/x/menu", done.stdout)

    def test_help_names_what_there_is(self):
        for page in PAGES:
            done = run(page, "--help")
            with self.subTest(page=page):
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith(f"Usage: {page} "))
                self.assertIn("dialect", done.stdout)
                self.assertIn("MIRRORBOOT_CATALOG", done.stdout)

    def test_log_is_for_requests_of_a_web_server(self):
        done = run("menu", MIRRORBOOT_CATALOG=CATALOG, MIRRORBOOT_LOG="1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("  MIRRORBOOT_LOG        not empty: a line on standard "
                      "error for each\n"
                      "                        request of a web server\n",
                      run("menu", "--help").stdout)

    def test_version_is_one_line(self):
        for page in PAGES:
            with self.subTest(page=page):
                done = run(page, "--version")
                self.assertEqual(done.returncode, 0)
                self.assertRegex(
                    done.stdout,
                    rf"\A{page} \(mirrorboot\) [0-9]+\.[0-9]+\.[0-9]+\n\Z")

    def test_failures_say_why_on_standard_error(self):
        for page, query, message in (
                ("menu", "name=nosuch",
                 "that menu is not in the catalogue: see boot with dialect=html"),
                ("menu", "name=office",
                 "this menu is shown to its customer's networks only, and "
                 "this address is in none of them"),
                ("menu", "x",
                 "a parameter is written name=value, with '&' between two"),
                ("menu", "--nosuch",
                 "unknown option: --help lists what there is"),
                ("menu", "-h", "unknown option: --help lists what there is"),
                ("fromthemirror", "",
                 "the query lacks a distro, a version and an arch: distro, "
                 "version and arch together name a release")):
            with self.subTest(page=page, query=query):
                done = run(page, query, MIRRORBOOT_CATALOG=CATALOG)
                self.check_failure(done, f"{page}: {message}\n")

    def test_more_than_one_argument_is_refused(self):
        self.check_failure(run("menu", "name=main", "x"),
                           "menu: one argument at most: a query, in quotes\n")

    def test_broken_catalogue_is_named_once(self):
        self.check_failure(run("menu", MIRRORBOOT_CATALOG="/nosuch/c.json"),
                           f"menu: c.json: {NO_FILE}\n")

    def test_body_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(
                [BUILD / "cgi/menu"], env={}, stdin=subprocess.DEVNULL,
                stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE,
                check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, b"menu: standard output: No space left on device\n")

    def test_socket_that_does_not_listen_is_a_failure(self):
        with socket.socket(socket.AF_UNIX) as stdin:
            done = subprocess.run(
                [BUILD / "cgi/menu"], env={"MIRRORBOOT_CATALOG": CATALOG},
                stdin=stdin, capture_output=True, text=True, timeout=PATIENCE,
                check=False)
        self.check_failure(
            done, "menu: standard input must be a FastCGI socket that "
            "listens: Invalid argument\n")

    def test_base_of_the_environment_is_named(self):
        done = run("menu", "dialect=grub", MIRRORBOOT_CATALOG=CATALOG,
                   MIRRORBOOT_BASE="https://boot.example.org/boot/")
        self.check_failure(done, "menu: MIRRORBOOT_BASE needs https, which "
                           "this loader does not have\n")

    def test_address_of_the_client_can_be_given(self):
        environ = {"MIRRORBOOT_CATALOG": CATALOG}
        for address, menu in (("127.0.0.2", "office"), ("127.0.0.9", "guests"),
                              ("::ffff:127.0.0.2", "office"),
                              ("2001:db8::1", "office"), ("::1", "guests"),
                              ("nosuch", "guests")):
            with self.subTest(address=address):
                self.assertIn(f"menu?name={menu}\n".encode(), shell(
                    "customermenu", "", REMOTE_ADDR=address, **environ).stdout)


class SettingsTest(unittest.TestCase):
    """The file whose settings systemd gives the programs, and nobody a shell."""

    BASE = "http://192.0.2.1/settings/"
    BROKEN = 'environment:2: a backslash, or a quote inside of the value: ' \
             'write it without\n'

    def setUp(self):
        self.dir = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="mirrorboot-")))
        self.catalog = self.dir / "catalog.json"
        shutil.copy(CATALOG, self.catalog)
        self.environment = self.dir / "environment"

    def write(self, **settings):
        self.environment.write_text("# Settings\n" + "".join(
            f'{name}="{value}"\n' for name, value in settings.items()))

    def tool(self, name, *args, **environ):
        environ = {"MIRRORBOOT_CATALOG": str(self.catalog)} | environ
        return subprocess.run([BUILD / "tools" / f"mirrorboot-{name}", *args],
                              env=environ, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def base_of_export(self, **environ):
        done = self.tool("export", "--quiet", self.dir / "export", **environ)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        texts = [path.read_bytes() for path in
                 (self.dir / "export").rglob("*") if path.is_file()]
        return [base for base in (self.BASE, "http://boot.example.net/")
                if any(base.encode() in text for text in texts)]

    def test_pages_have_them(self):
        self.write(MIRRORBOOT_BASE=self.BASE)
        environ = {"MIRRORBOOT_CATALOG": str(self.catalog)}
        self.assertIn(self.BASE + "menu", run("boot", **environ).stdout)
        self.assertIn("http://192.0.2.9/menu", run(
            "boot", MIRRORBOOT_BASE="http://192.0.2.9/", **environ).stdout)

    def test_answer_has_them(self):
        hosts = self.dir / "elsewhere"
        hosts.mkdir()
        (hosts / "52-54-00-12-34-56.json").write_text(
            '{"answers": "debian", "networks": ["192.0.2.0/24"], "boot": '
            '{"distro": "debian", "version": "trixie", "arch": "amd64"}}')
        query = "host=52-54-00-12-34-56&file=preseed.cfg"
        environ = {"MIRRORBOOT_ENVIRONMENT": str(self.environment)}
        self.assertEqual(run("answer", query, **environ).returncode, 1)
        self.write(MIRRORBOOT_HOSTS=hosts)
        done = run("answer", query, **environ)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("#_preseed_V1\n"))

    def test_checker_has_them(self):
        self.assertNotIn("nosuch", self.tool("check").stdout)
        self.write(MIRRORBOOT_TEMPLATES=self.dir / "nosuch")
        self.assertIn("nosuch: there is no such directory",
                      self.tool("check").stdout)
        self.assertNotIn("nosuch", self.tool(
            "check", "--templates", self.dir).stdout)

    def test_export_has_them(self):
        self.assertEqual(self.base_of_export(), ["http://boot.example.net/"])
        self.write(MIRRORBOOT_BASE=self.BASE)
        self.assertEqual(self.base_of_export(), [self.BASE])

    def test_last_line_of_a_name_counts(self):
        self.environment.write_text("MIRRORBOOT_BASE=http://192.0.2.9/\n"
                                    f"MIRRORBOOT_BASE={self.BASE}\n")
        self.assertEqual(self.base_of_export(), [self.BASE])

    def test_empty_file(self):
        self.environment.write_text("")
        self.assertEqual(self.base_of_export(), ["http://boot.example.net/"])

    def test_file_can_be_another_or_none(self):
        self.write(MIRRORBOOT_BASE=self.BASE)
        self.assertEqual(self.base_of_export(MIRRORBOOT_ENVIRONMENT="none"),
                         ["http://boot.example.net/"])
        other = self.dir / "other"
        other.write_text(f"MIRRORBOOT_CATALOG={self.catalog}\n"
                         f"MIRRORBOOT_TEMPLATES={self.dir}/nosuch\n")
        done = self.tool("check", MIRRORBOOT_CATALOG="",
                         MIRRORBOOT_ENVIRONMENT=str(other))
        self.assertIn("nosuch: there is no such directory", done.stdout)

    def test_catalogue_in_the_file_is_that_of_the_programs(self):
        other = self.dir / "other"
        other.write_text(f"MIRRORBOOT_CATALOG={self.dir}/gone.json\n")
        environ = {"MIRRORBOOT_ENVIRONMENT": str(other)}
        self.assertEqual(run("menu", **environ).stderr,
                         f"menu: gone.json: {NO_FILE}\n")
        done = self.tool("check", MIRRORBOOT_CATALOG="", **environ)
        self.assertEqual((done.returncode, done.stderr),
                         (2, f"mirrorboot-check: {self.dir}/gone.json: "
                          "No such file or directory\n"))

    def test_web_server_has_its_own(self):
        self.write(MIRRORBOOT_BASE=self.BASE)
        done = run("boot", GATEWAY_INTERFACE="CGI/1.1", REQUEST_METHOD="GET",
                   MIRRORBOOT_CATALOG=str(self.catalog))
        self.assertTrue(done.stdout.startswith("Status: 200 OK\n"))
        self.assertNotIn(self.BASE, done.stdout)
        self.environment.write_text("\nMIRRORBOOT_BASE=\\\n")
        done = run("boot", GATEWAY_INTERFACE="CGI/1.1", REQUEST_METHOD="GET",
                   MIRRORBOOT_CATALOG=str(self.catalog))
        self.assertEqual((done.stdout.split("\n")[0], done.stderr),
                         ("Status: 200 OK", ""))

    def test_broken_file_is_a_failure(self):
        self.environment.write_text("\nMIRRORBOOT_BASE='a'b'\n")
        environ = {"MIRRORBOOT_CATALOG": str(self.catalog)}
        for page in ("boot", "answer"):
            done = run(page, "host=a", **environ)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (1, "", f"{page}: {self.BROKEN}"))
        for tool, args in (("check", []), ("export", [self.dir / "export"])):
            done = self.tool(tool, *args)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (2, "", f"mirrorboot-{tool}: {self.BROKEN}"))
            self.assertEqual(self.tool(tool, "--help").returncode, 0)
        self.assertFalse((self.dir / "export").exists())
        self.assertEqual(run("boot", "--version", **environ).returncode, 0)


class CgiTest(unittest.TestCase):
    """With GATEWAY_INTERFACE set, the arguments are the network's."""

    def run_cgi(self, *args, **environ):
        return run("menu", *args, **{
            "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET",
            "MIRRORBOOT_CATALOG": CATALOG, **environ})

    def test_arguments_are_ignored(self):
        expected = self.run_cgi(QUERY_STRING="name=more").stdout
        self.assertTrue(expected.startswith("Status: 200 OK\n"))
        for args in (["--version"], ["--help"], ["name=main"], ["a", "b"]):
            with self.subTest(args=args):
                done = self.run_cgi(*args, QUERY_STRING="name=more")
                self.assertEqual((done.returncode, done.stdout, done.stderr),
                                 (0, expected, ""))

    def test_refusal_is_an_answer_and_no_failure(self):
        done = self.run_cgi(QUERY_STRING="name=nosuch")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("Status: 404 Not Found\n"))

    def test_answers_are_logged_when_asked_for(self):
        done = run("fromthemirror", GATEWAY_INTERFACE="CGI/1.1",
                   QUERY_STRING="arch=i386&distro=debian&version=bookworm",
                   REMOTE_ADDR="192.0.2.7", MIRRORBOOT_CATALOG=CATALOG,
                   MIRRORBOOT_LOG="1")
        self.assertRegex(done.stderr, r"\Aclient=192\.0\.2\.7 "
                         "page=fromthemirror dialect=gpxe distro=debian "
                         r"version=bookworm arch=i386 status=200 us=\d+\n\Z")

    def test_head_is_get_without_the_body(self):
        get = self.run_cgi(QUERY_STRING="name=more").stdout
        head = self.run_cgi(QUERY_STRING="name=more",
                            REQUEST_METHOD="HEAD").stdout
        self.assertEqual(head, get.partition("\n\n")[0] + "\n\n")

    def test_body_that_is_not_wanted_does_not_cost_the_answer(self):
        # Apache's mod_cgid gives a program one socket for both directions.
        # To close that with bytes unread breaks the connection.
        server, program = socket.socketpair()
        with server, program:
            server.sendall(b"name=main")
            server.shutdown(socket.SHUT_WR)
            subprocess.run([BUILD / "cgi/menu"], stdin=program, stdout=program,
                           env={"GATEWAY_INTERFACE": "CGI/1.1",
                                "REQUEST_METHOD": "POST"},
                           timeout=PATIENCE, check=True)
            program.close()
            with server.makefile("rb") as stream:
                self.assertTrue(stream.read().endswith(
                    b"\r\n\r\nonly GET and HEAD are answered here\n"))

    def test_names_and_paths_that_are_no_page_are_not_found(self):
        for script, path, status in (
                ("/boot/menu", "", 200), ("/boot/menu.php", "", 200),
                ("/boot/menu.cgi", "", 200), ("/cgi-bin/x/menu", "", 200),
                ("", "", 200), ("/boot/menu", "/", 404),
                ("/boot/menu.php", "/x", 404), ("/boot/menuback.txt", "", 404),
                ("/boot/menu/", "", 404), ("/boot/nosuch", "", 404),
                ("/boot/boot", "", 200), ("/boot/boot", "/menu", 404)):
            with self.subTest(script=script, path=path):
                done = self.run_cgi(SCRIPT_NAME=script, PATH_INFO=path)
                self.assertTrue(done.stdout.startswith(f"Status: {status} "),
                                done.stdout)

    def test_broken_catalogue_is_an_answer_without_its_path(self):
        done = run("menu", GATEWAY_INTERFACE="CGI/1.1",
                   MIRRORBOOT_CATALOG="/nosuch/c.json")
        self.assertTrue(done.stdout.startswith("Status: 500 "), done.stdout)
        self.assertTrue(done.stdout.endswith(f"\n\nc.json: {NO_FILE}\n"))
        self.assertEqual(done.stderr, f"menu: c.json: {NO_FILE}\n")


if __name__ == "__main__":
    unittest.main()
