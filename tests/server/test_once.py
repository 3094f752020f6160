"""A machine installs itself once: through real web servers."""

import json
import re
import shutil
import subprocess
import unittest

import harness
from harness import BUILD, PATIENCE, ROOT

MAC = "52-54-00-12-34-56"
OTHER = "52-54-00-12-34-57"
GROUPED = "52-54-00-00-00-01"
BOOT = {"distro": "debian", "version": "trixie", "arch": "amd64"}
ANSWERED = {"boot": BOOT, "answers": "once", "networks": ["127.0.0.0/31"]}
ASK = "/boot/boot?dialect={}&mac={}&platform=bios&arch=amd64"


class Once:
    """The site of the tests, for a server of the harness."""

    answer_sample = None

    def start(self):
        shutil.copytree(ROOT / "conf" / "catalog.d", self.dir / "catalog.d")
        catalog = json.loads((ROOT / "conf" / "catalog.json").read_text())
        catalog["groups"] = {"room": {**ANSWERED,
                                      "networks": ["127.0.0.4"]}}
        self.catalog.write_text(json.dumps(catalog))
        for path, text in (
                (f"hosts/{MAC}.json", json.dumps(ANSWERED)),
                ("answers/once/preseed.cfg",
                 "d-i preseed/late_command string wget {{done}}\n"),
                ("answers/once/late.sh", "#!/bin/sh\necho {{mirror}}\n"),
                ("answers/once/broken.sh", "#!/bin/sh\necho {{nosuch}}\n")):
            (self.dir / path).parent.mkdir(parents=True, exist_ok=True)
            (self.dir / path).write_text(text)
        self.state = self.dir / "state"
        self.state.mkdir()
        self.environ["MIRRORBOOT_STATE"] = str(self.state)
        super().start()

    def install(self, *args):
        return subprocess.run([BUILD / "tools" / "mirrorboot-install", *args],
                              env=self.environ, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)

    def adapt(self, sample):
        text = super().adapt(sample)
        if sample != self.sample:
            return text
        return text.replace(
            '"MIRRORBOOT_CATALOG"',
            f'"MIRRORBOOT_STATE" => "{self.state}", "MIRRORBOOT_CATALOG"') + \
            super().adapt(self.answer_sample)


class AnswerSocket:
    """For lighttpd, which starts the pages itself, and not the answers."""

    def start(self):
        pages, self.sockets = self.sockets, {"answer": "answer"}
        self.run_pages()
        self.sockets = pages
        super().start()


class Lighttpd(Once, AnswerSocket, harness.LighttpdFastcgi):
    answer_sample = "lighttpd-answer.conf"


class Nginx(Once, harness.NginxFastcgi):
    answer_sample = "nginx-answer.conf"
    sockets = {"pages": "boot", "answer": "answer"}


class Apache(Once, harness.ApacheFastcgi):
    answer_sample = "apache-answer.conf"
    sockets = {"pages": "boot", "answer": "answer"}


class OnceTest(unittest.TestCase):

    def start(self, kind):
        server = kind()
        self.enterContext(server)
        return server

    def arm(self, server, *args):
        done = server.install("arm", *args)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def token(self, server, dialect="ipxe", mac=MAC, **how):
        """The path of the answers that a machine is sent; None: it is sent to
        its disk."""
        answer = server.ask(ASK.format(dialect, mac), **how)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        found = re.search(rb"/boot/answer/[^/ ]+/", answer.body)
        return found[0].decode() if found else None

    def check(self, server, target, status, body=None, **how):
        answer = server.ask(target, **how)
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        if body is not None:
            self.assertEqual(answer.body, body)
        return answer

    def check_whole_installation(self, kind):
        server = self.start(kind)
        self.assertIsNone(self.token(server))
        self.arm(server, MAC)
        path = self.token(server)
        self.assertRegex(path, r"^/boot/answer/[0-9a-f]{48}/$")
        self.check(server, path + "nosuch", 404)
        self.check(server, path + "broken.sh", 500)
        self.check(server, path + "preseed.cfg", 200, b"", method="HEAD")
        self.assertEqual(self.token(server), path)  # nothing has begun
        self.check(server, path + "preseed.cfg", 403, source="127.0.0.2")
        answer = self.check(server, path + "preseed.cfg", 200)
        self.assertIn(f"wget http://boot.example.org{path}done\n".encode(),
                      answer.body)
        for dialect in "ipxe", "gpxe", "grub", "syslinux":
            with self.subTest(dialect=dialect):
                text = server.ask(ASK.format(dialect, MAC)).body
                self.assertIn(b"began and did not end", text)
                self.assertNotIn(b"vmlinuz", text)
                self.assertNotIn(b"answer/", text)
        self.check(server, path + "late.sh", 200)
        self.check(server, path + "done", 200, b"done\n")
        self.check(server, path + "done", 200, b"done\n")
        self.check(server, path + "preseed.cfg", 403,
                   b"this address is not open\n")
        self.assertIn(b"is installed",
                      server.ask(ASK.format("ipxe", MAC)).body)
        log = server.log.read_text()
        self.assertRegex(log, r"answer: time=\S+Z host=52-54-00-12-34-56.json "
                              r"file=preseed.cfg client=127.0.0.1\n")
        self.assertNotIn(path.split("/")[3], log)

    def test_lighttpd_installs_a_machine_once(self):
        self.check_whole_installation(Lighttpd)

    def test_nginx_installs_a_machine_once(self):
        self.check_whole_installation(Nginx)

    def test_apache_installs_a_machine_once(self):
        self.check_whole_installation(Apache)

    def test_storm_begins_one_installation(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        path = self.token(server)
        answers = harness.ask_at_once(server.port,
                                      [path + "preseed.cfg"] * 200)
        self.assertEqual({a.status for a in answers}, {200})
        state = json.loads((server.state / f"{MAC}.json").read_text())
        self.assertEqual(list(state["machines"]), [f"{MAC}.json"])
        mark = state["machines"][f"{MAC}.json"]
        self.assertEqual((mark["state"], mark["tries"], mark["addresses"]),
                         ("begun", 1, ["127.0.0.1"]))

    def test_every_dialect_gets_the_token_and_nobody_else(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        path = self.token(server)
        for dialect in "ipxe", "gpxe", "grub", "syslinux":
            self.assertEqual(self.token(server, dialect), path)
        secret = path.split("/")[3].encode()
        for query in ("&explain=1", "&dialect=html", "&dialect=json&view=ipxe"):
            target = ASK.format("ipxe", MAC) + query
            if "dialect" in query:
                target = target.replace("dialect=ipxe&", "", 1)
            answer = server.ask(target)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertNotIn(secret, answer.body)
            if "html" not in query:
                self.assertIn(b"answer/TOKEN/", answer.body)
        shell = server.shell("boot", ASK.format("ipxe", MAC).partition("?")[2],
                             REMOTE_ADDR="127.0.0.1").stdout
        self.assertIn(b"answer/TOKEN/", shell)
        self.assertNotIn(secret, shell)

    def test_wrong_tokens_are_refused_and_counted(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        good = self.token(server)
        for path in ("/boot/answer/", "/boot/answer/x/y",
                     "/boot/answer/TOKEN/preseed.cfg",
                     good[:-2] + "/preseed.cfg", good + "preseed.cfg?x=1",
                     good[:-1] + ".9/preseed.cfg", good[:-1] + "./done",
                     good.replace("answer/", "answer/f", 1) + "done"):
            with self.subTest(path=path):
                self.check(server, path, 403, b"this address is not open\n")
        self.assertEqual(server.ask("/boot/answer").status, 404)
        before = server.log.read_text().count("answer: refused")
        for _ in range(50):
            server.ask("/boot/answer/" + "0" * 48 + "/done")
        self.assertLess(server.log.read_text().count("answer: refused")
                        - before, 10)

    def test_answer_is_not_given_where_the_state_cannot_be_written(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        path = self.token(server)
        state = server.state / f"{MAC}.json"
        (server.state / ".new").mkdir()  # in the way of the next write
        self.check(server, path + "preseed.cfg", 500)
        self.assertEqual(json.loads(state.read_text())["machines"], {})
        (server.state / ".new").rmdir()
        state.write_text("{")
        self.assertIsNone(self.token(server))
        self.check(server, path + "preseed.cfg", 403)

    def test_group_installs_no_more_machines_than_it_may(self):
        server = self.start(Nginx)
        (server.dir / "hosts" / f"{MAC}.json").unlink()
        self.arm(server, "--max", "1", "room")
        one = self.token(server, mac=GROUPED, source="127.0.0.4")
        two = self.token(server, mac=OTHER, source="127.0.0.4")
        self.assertTrue(one.endswith(f"-{GROUPED}/"))
        self.check(server, one + "preseed.cfg", 403)
        self.check(server, one + "preseed.cfg", 200, source="127.0.0.4")
        self.check(server, two + "preseed.cfg", 403, source="127.0.0.4")
        self.assertIsNone(self.token(server, mac=OTHER, source="127.0.0.4"))
        self.assertIsNone(self.token(server, mac="", source="127.0.0.4"))

    def test_tool_says_what_it_did_and_why_not(self):
        server = self.start(Nginx)
        hosts = server.dir / "hosts"
        (hosts / f"{OTHER}.json").write_text(json.dumps({"boot": BOOT}))
        wide = {k: v for k, v in ANSWERED.items() if k != "networks"}
        (hosts / "uuid-12345678-1234-1234-1234-123456789abc.json").write_text(
            json.dumps(wide))
        for args, message in (
                (["arm", OTHER], f"{OTHER}: gets no answers, so nothing "
                 "installs it: give it boot and answers"),
                (["arm", "uuid-12345678-1234-1234-1234-123456789abc"],
                 "uuid-12345678-1234-1234-1234-123456789abc: names no "
                 "networks, so anybody could get its answers: write them"),
                (["arm", "nosuch"], "nosuch: there is no host file and no "
                 "group of that name"),
                (["arm", GROUPED],
                 f"{GROUPED}: there is no host file of that name"),
                (["arm", "room"], "room: is a group: say by --max how many of "
                 "its machines may be installed"),
                (["arm", "--max", "2", MAC],
                 f"{MAC}: is a host: --max is for groups"),
                (["arm", "--for", "2y", MAC], "--for: needs a number of "
                 "minutes, hours or days up to a year, as 30m, 2h or 3d"),
                (["arm", "--retries", "-1", MAC],
                 "--retries: needs a number from 0 to 20000"),
                (["arm", "--max", "0", MAC],
                 "--max: needs a number from 1 to 20000"),
                (["arm", "--nosuch", MAC],
                 "unknown option: --help lists what there is"),
                (["list", "--for", "2h"], "list: takes no options"),
                (["disarm", "a/b"],
                 "NAME: is no name of a host file or a group"),
                (["nosuch"], "unknown command: it is arm, disarm or list")):
            with self.subTest(args=args):
                done = server.install(*args)
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr,
                                 f"mirrorboot-install: {message}\n")
        self.arm(server, MAC, "--for", "30m", "--retries", "1")
        listed = server.install("list").stdout
        self.assertRegex(listed, rf"^{MAC}.json armed until \S+Z, 0 of 1 "
                                 r"machines begun, retries 1\n$")
        path = self.token(server)
        server.ask(path + "preseed.cfg")
        self.assertEqual(self.token(server), path)  # one more try
        self.assertRegex(server.install("list", MAC).stdout,
                         rf"  {MAC}.json begun \S+Z, tries 1, sent to "
                         r"127.0.0.1\n$")
        self.assertEqual(server.install("disarm", MAC).stdout,
                         f"{MAC} is disarmed\n")
        self.assertEqual(server.install("disarm", MAC).stdout,
                         f"{MAC} was not armed\n")
        self.assertEqual(server.install("list", MAC).stdout,
                         f"{MAC}.json unarmed\n")
        self.check(server, path + "late.sh", 403)


if __name__ == "__main__":
    unittest.main()
