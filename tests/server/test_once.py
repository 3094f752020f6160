"""A machine installs itself once: through real web servers."""

import json
import re
import shutil
import subprocess
import time
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
        self.check(server, path + "lost.cfg", 404)
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
        self.assertIn("answer: host=52-54-00-12-34-56.json: client=127.0.0.1 "
                      "asks for a file that answers/once does not have\n", log)
        self.assertNotIn("lost.cfg", log)
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

    def test_live_system_is_sent_its_answers_at_each_start(self):
        server = self.start(Nginx)
        host = server.dir / "hosts" / f"{MAC}.json"
        live = {**ANSWERED, "boot": {"distro": "coreos", "version": "stable",
                                     "arch": "amd64"}, "answers": "ignition"}
        host.write_text(json.dumps({**live, "install": "once"}))
        done = server.install("arm", MAC)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr),
            (1, "", f"mirrorboot-install: {MAC}: {MAC}.json: /install: the "
             "release is a live system, which installs nothing: leave install "
             "out; or, if the args of a variant make it install, write "
             "\"live\": false in that variant\n"))
        host.write_text(json.dumps(live))
        done = server.install("arm", "--retries", "1", MAC)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr),
            (1, "", f"mirrorboot-install: {MAC}: gets its answers at each "
             "start: --retries is for what installs once\n"))
        self.assertIsNone(self.token(server))
        self.arm(server, MAC)
        path = self.token(server)
        for _ in range(3):
            self.assertEqual(self.token(server), path)
            self.check(server, path + "config.ign", 200)
        server.install("disarm", MAC)
        self.assertIsNone(self.token(server))
        self.check(server, path + "config.ign", 403)

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

    def test_guesses_at_a_broken_state_fill_no_log(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        path = self.token(server)
        (server.state / f"{MAC}.json").write_text("{")
        begin = time.monotonic()
        for _ in range(50):
            self.check(server, path + "preseed.cfg", 403,
                       b"this address is not open\n")
        lines = [line for line in server.log.read_text().split("\n")
                 if "answer: " in line]
        self.assertLessEqual(len(lines), 2 + time.monotonic() - begin)
        self.assertRegex(lines[0],
                         r"answer: refused 1, the last for client=127\.0\.0\.1: "
                         rf"the state of {MAC}\.json cannot be read: ")

    def test_guesses_slow_no_boot_and_fill_no_log(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        state = (server.state / f"{MAC}.json").read_text()
        for number in range(1000):  # each guess may have to look at these
            (server.state / f"02-00-00-00-{number // 100:02}-"
             f"{number % 100:02}.json").write_text(state)
        good = self.token(server)
        wrong = good[:-2] + ("0/" if good[-2] != "0" else "1/")
        targets = [wrong + "preseed.cfg",
                   "/boot/answer/" + "0" * 48 + "/preseed.cfg"] * 100
        before = time.monotonic()
        with harness.Clients(server, [("boot", f"dialect=ipxe&mac={MAC}")],
                             count=1) as clients:
            for _ in range(10):
                answers = harness.ask_at_once(server.port, targets)
                self.assertEqual({(a.status, a.body) for a in answers},
                                 {(403, b"this address is not open\n")})
        took = time.monotonic() - before
        self.assertLess(took, 10)  # 2000 guesses
        self.assertEqual({a.status for _, a in clients.answers}, {200})
        self.assertLess(took / len(clients.answers), 0.2)
        refused = [int(n) for n in re.findall(
            r"answer: refused (\d+), the last for client=127.0.0.1\n",
            server.log.read_text())]
        self.assertLessEqual(len(refused), took + 2)
        self.assertGreater(sum(refused), 0)
        self.assertEqual(server.log.read_text().count("answer: "),
                         len(refused))

    def test_expired_token_opens_nothing(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        path = self.token(server)
        file = server.state / f"{MAC}.json"
        state = json.loads(file.read_text())
        for armed, expires in (("2020-01-01T00:00:00Z",
                                "2020-01-01T02:00:00Z"),
                               ("2999-01-01T00:00:00Z",  # a clock set back
                                "2999-01-01T02:00:00Z")):
            with self.subTest(armed=armed):
                file.write_text(json.dumps(
                    {**state, "armed": armed, "expires": expires}))
                for method in "GET", "HEAD":
                    for name in "preseed.cfg", "done", "nosuch":
                        self.check(server, path + name, 403, b"" if method ==
                                   "HEAD" else b"this address is not open\n",
                                   method=method)
                self.assertIsNone(self.token(server))

    def views(self, server):
        """All that the pages show of the machine and its group, and the log."""
        shown = b""
        for who in MAC, GROUPED, OTHER:
            for query in ("dialect=ipxe", "dialect=gpxe", "dialect=grub",
                          "dialect=syslinux", "dialect=html",
                          "dialect=json&view=ipxe", "dialect=json&view=grub",
                          "dialect=html&find=debian", "dialect=ipxe&explain=1",
                          "dialect=html&explain=1", "dialect=grub&explain=1"):
                for method in "GET", "HEAD":
                    shown += server.ask(
                        f"/boot/boot?{query}&mac={who}&arch=amd64",
                        source="127.0.0.4" if who == GROUPED else "127.0.0.1",
                        method=method, headers=["If-None-Match: *"]).raw
        for query in ("menu?dialect=html", "menu?dialect=json",
                      "customermenu?dialect=json", "menu?explain=1",
                      "fromthemirror?arch=amd64&distro=debian&explain=1"
                      "&version=trixie", "answer", "answer/x/y"):
            shown += server.ask(f"/boot/{query}").raw
        return shown + server.log.read_bytes()

    def check_silent(self, server):
        checked = subprocess.run([BUILD / "tools" / "mirrorboot-check"],
                                 env=server.environ, capture_output=True,
                                 timeout=PATIENCE, check=False)
        listed = server.install("list")
        for name, text in (("pages and log", self.views(server)),
                           ("checker", checked.stdout + checked.stderr),
                           ("list", (listed.stdout + listed.stderr).encode())):
            self.assertNotIn(b"canary", text.lower(), name)

    def test_values_are_in_answers_and_nowhere_else(self):
        """Those of the site, a group and a host; also where one cannot be
        written in its file's language."""
        server = self.start(Nginx)
        values = {name: f"Canary {name} \"'$(`%&]]>: #{{}}"
                  for name in ("hostname", "secret", "password_hash")}
        catalog = json.loads(server.catalog.read_text())
        catalog["site"] = {**catalog.get("site", {}), "values": {
            "of_site": "Canary of the site"}}
        catalog["groups"]["room"]["values"] = values
        server.catalog.write_text(json.dumps(catalog))
        host = server.dir / "hosts" / f"{MAC}.json"
        host.write_text(json.dumps({**ANSWERED, "values": {
            **values, "list": ["Canary", "Canary 2"], "lines": "Canary\nx"}}))
        (server.dir / "answers/once/preseed.cfg").write_text(
            "d-i a/b string {{hostname}}{{secret}}{{of_site}}\n")
        (server.dir / "answers/once/lines.cfg").write_text("x {{lines}}\n")
        (server.dir / "answers/once/lines.preseed").write_text(
            "d-i a/b string {{lines}}\n")
        self.check_silent(server)
        self.arm(server, MAC)
        self.arm(server, "--max", "5", "room")
        self.check_silent(server)
        path = self.token(server)
        self.check(server, path + "lines.preseed", 500,
                   b"the answer cannot be given: the log of the server says "
                   b"why\n")
        self.assertNotIn(b"Canary", server.ask(path + "nosuch").raw)
        answer = self.check(server, path + "preseed.cfg", 200,
                            headers=["If-None-Match: *"])
        self.assertIn(b"Canary hostname", answer.body)
        self.assertIn(b"Canary of the site", answer.body)
        self.check_silent(server)
        server.ask(path + "done")
        self.check_silent(server)

    def test_what_stands_in_a_wrong_key_is_not_repeated(self):
        server = self.start(Nginx)
        host = server.dir / "hosts" / f"{MAC}.json"
        canary = "Canary \"'$(`%&]]>: #{}"
        for key in ("menu", "boot", "group", "networks", "answers", "values",
                    "install", "otherwise", canary):
            for value in canary, {canary: 1}:
                with self.subTest(key=key, value=value):
                    host.write_text(json.dumps({**ANSWERED, key: value}))
                    self.check_silent(server)
        for key in BOOT:
            with self.subTest(key=key):
                host.write_text(json.dumps(
                    {**ANSWERED, "boot": {**BOOT, key: canary}}))
                self.check_silent(server)
        host.write_text(f'{{"menu": "main", {canary}')
        self.check_silent(server)

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

    def test_what_does_not_start_ends_in_the_menu(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        text = server.ask(ASK.format("ipxe", MAC)).body
        self.assertIn(b" did not start: the menu follows", text)
        self.assertIn(b"problem=release", text)
        self.assertNotIn(b"exit", text[:text.index(b"\n:open\n")])

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
        self.assertIn(b"All installations that its group was armed for have begun",
                      server.ask(ASK.format("ipxe", OTHER),
                                 source="127.0.0.4").body)
        self.assertIsNone(self.token(server, mac="", source="127.0.0.4"))

    def test_networks_removed_after_arming_close_the_answers(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        path = self.token(server)
        without = {k: v for k, v in ANSWERED.items() if k != "networks"}
        (server.dir / "hosts" / f"{MAC}.json").write_text(json.dumps(without))
        self.assertIn(b"no networks are named for it",
                      server.ask(ASK.format("ipxe", MAC)).body)
        self.assertIsNone(self.token(server))
        self.check(server, path + "preseed.cfg", 403)
        (server.dir / "hosts" / f"{MAC}.json").write_text(json.dumps(ANSWERED))
        self.check(server, path + "preseed.cfg", 200)

    def test_tool_has_the_settings_of_the_programs(self):
        """systemd gives them to the programs, and nobody to a shell."""
        server = self.start(Nginx)
        file = server.dir / "environment"
        elsewhere = server.dir / "else where"
        elsewhere.mkdir()
        del server.environ["MIRRORBOOT_STATE"]
        for line in (f"MIRRORBOOT_STATE={elsewhere}",
                     f"  MIRRORBOOT_STATE= {elsewhere} \n",
                     f"MIRRORBOOT_STATE=\"{elsewhere}\"",
                     f"MIRRORBOOT_STATE='{elsewhere}'\r\n"):
            with self.subTest(line=line):
                file.write_text("# MIRRORBOOT_STATE=/nosuch\n\nWORKERS=\"3\\\"\n"
                                "MIRRORBOOT_CATALOG=/nosuch\n" + line)
                self.arm(server, MAC)
                self.assertRegex(server.install("list").stdout,
                                 rf"^{MAC}.json armed")
                (elsewhere / f"{MAC}.json").unlink()
        server.environ["MIRRORBOOT_STATE"] = str(server.state)
        self.assertEqual(server.install("list").stdout, "")
        self.arm(server, MAC)
        self.assertIsNotNone(self.token(server))
        for value in ('"a', "a'", "a\\", '"a"b"'):
            with self.subTest(value=value):
                file.write_text(f"\nMIRRORBOOT_STATE={value}\n")
                done = server.install("list")
                self.assertEqual(
                    (done.returncode, done.stdout, done.stderr),
                    (1, "", "mirrorboot-install: nothing is done: environment"
                     ":2: a backslash, or a quote inside of the value: write "
                     "it without\n"))
        file.unlink()
        file.mkdir()
        self.assertEqual(server.install("list").stderr,
                         "mirrorboot-install: nothing is done: environment: "
                         "is a directory, not a file\n")

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
                 "networks, so anybody could get its answers: write them, as "
                 '"networks": ["192.0.2.0/24"]'),
                (["arm", "nosuch"], "nosuch: there is no host file and no "
                 "group of that name"),
                (["arm", "rom"], "rom: there is no host file and no group "
                 "of that name; did you mean 'room'?"),
                (["disarm", "rom"], "rom: there is no host file and no group "
                 "of that name; did you mean 'room'?"),
                (["list", "rom"], "rom: there is no host file and no group "
                 "of that name; did you mean 'room'?"),
                (["disarm", "52:54:00:00:00:AB"], "52:54:00:00:00:AB: there "
                 "is no host file and no group of that name; did you mean "
                 "'52-54-00-00-00-ab.json'?"),
                (["disarm", GROUPED],
                 f"{GROUPED}: there is no host file of that name"),
                (["list", GROUPED],
                 f"{GROUPED}: there is no host file of that name"),
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
                         rf"^{MAC}.json closed, its time is until \S+Z, 1 of "
                         r"1 machines begun, retries 1\n"
                         rf"  {MAC}.json begun \S+Z, tries 1, sent to "
                         r"127.0.0.1\n$")
        self.assertEqual(server.install("disarm", MAC).stdout,
                         f"{MAC} is disarmed\n")
        self.assertEqual(server.install("disarm", MAC).stdout,
                         f"{MAC} was not armed\n")
        self.assertEqual(server.install("list", MAC).stdout,
                         f"{MAC}.json unarmed\n")
        self.check(server, path + "late.sh", 403)

    def test_tool_follows_the_link_of_a_second_card(self):
        server = self.start(Nginx)
        (server.dir / "hosts" / f"{GROUPED}.json").symlink_to(f"{MAC}.json")
        self.arm(server, GROUPED)
        path = self.token(server)
        self.assertRegex(server.install("list", GROUPED).stdout,
                         rf"^{MAC}.json armed ")
        self.assertEqual(server.install("disarm", GROUPED).stdout,
                         f"{GROUPED} is disarmed\n")
        self.check(server, path + "preseed.cfg", 403)
        self.assertEqual(server.install("list", GROUPED).stdout,
                         f"{MAC}.json unarmed\n")

    def test_tool_disarms_what_has_no_host_file_any_more(self):
        server = self.start(Nginx)
        self.arm(server, MAC)
        (server.dir / "hosts" / f"{MAC}.json").unlink()
        self.assertEqual(server.install("disarm", MAC).stdout,
                         f"{MAC} is disarmed\n")
        done = server.install("disarm", MAC)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr),
            (1, "", f"mirrorboot-install: {MAC}: there is no host file of "
             "that name\n"))

    def test_tool_lists_a_group_by_the_name_that_it_is_armed_by(self):
        server = self.start(Nginx)
        self.arm(server, "--max", "1", "room")
        self.assertRegex(server.install("list").stdout, "^room armed until ")
        self.assertEqual(server.install("disarm", "room").stdout,
                         "room is disarmed\n")
        self.assertEqual(server.install("list", "room").stdout,
                         "room unarmed\n")


if __name__ == "__main__":
    unittest.main()
