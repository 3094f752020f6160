"""The states of installations in Valkey or Redis."""

import json
import pathlib
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import BUILD, PATIENCE
from state_server import StateServer
import test_once
from test_once import ASK, MAC

STATE = f"{MAC}.json"
UNREACHABLE = "the server of MIRRORBOOT_STATE cannot be asked: "


class Stored(test_once.Nginx):
    """Whose states are in a server beside it."""

    options = ()

    def start(self):
        self.states = StateServer(self.dir, *self.options)
        self.states.start()
        super().start()

    def run_pages(self):
        self.environ["MIRRORBOOT_STATE"] = self.states.place
        super().run_pages()

    def __exit__(self, *how):
        self.states.__exit__()
        super().__exit__(*how)

    def command(self, program):
        """Two at a time, as two hosts would."""
        return [harness.find("multiwatch", "multiwatch"), "-f", "2", "--",
                *super().command(program)]


class WithPassword(Stored):
    options = ("--requirepass", "right canary")

    def start(self):
        self.password = self.dir / "password"
        self.password.write_text("right canary\n")
        self.environ["MIRRORBOOT_STATE_PASSWORD"] = str(self.password)
        super().start()


class States(unittest.TestCase):

    def start(self, kind=Stored):
        server = kind()
        self.enterContext(server)
        return server

    arm = test_once.OnceTest.arm
    token = test_once.OnceTest.token
    check = test_once.OnceTest.check

    def check_disk(self, server, notice=b"state of this machine cannot be read"):
        """The machine is told why, and starts its disk."""
        answer = server.ask(ASK.format("ipxe", MAC))
        self.assertEqual(answer.status, 200)
        self.assertIn(notice, answer.body)
        self.assertNotIn(b"vmlinuz", answer.body)
        self.assertNotIn(b"answer/", answer.body)

    def test_store_does_what_a_directory_does(self):
        with tempfile.TemporaryDirectory(prefix="mirrorboot-") as directory:
            with StateServer(pathlib.Path(directory)) as states:
                done = subprocess.run(
                    [BUILD / "tests" / "test_arming", states.place],
                    capture_output=True, text=True, timeout=PATIENCE,
                    check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("PASSED", done.stdout + done.stderr)
                self.assertNotEqual(
                    states.ask("INFO", "commandstats").find(b"cmdstat_exec"),
                    -1)

    def test_machine_is_installed_once(self):
        server = self.start()
        self.assertIsNone(self.token(server))
        self.arm(server, MAC)
        self.assertRegex(server.install("list").stdout,
                         rf"^{STATE} armed until \S+Z, 0 of 1 machines begun, "
                         r"retries 0\n$")
        path = self.token(server)
        self.check(server, path + "preseed.cfg", 403, source="127.0.0.2")
        self.check(server, path + "preseed.cfg", 200)
        self.check_disk(server, b"began and did not end")
        self.check(server, path + "late.sh", 200)
        self.check(server, path + "done", 200, b"done\n")
        self.check(server, path + "preseed.cfg", 403)
        self.assertRegex(server.install("list").stdout,
                         rf"  {STATE} done \S+Z, tries 1, sent to 127.0.0.1\n")
        self.assertEqual(server.install("disarm", MAC).stdout,
                         f"{MAC} is disarmed\n")
        self.assertEqual(server.install("list").stdout, "")

    def test_server_forgets_what_has_expired(self):
        server = self.start()
        self.arm(server, "--for", "30m", MAC)
        states = server.states
        self.assertIn(int(states.ask("TTL", states.key())[1:]),
                      range(30 * 60 + 270, 30 * 60 + 301))
        self.check(server, self.token(server) + "preseed.cfg", 200)
        self.assertGreater(int(states.ask("TTL", states.key())[1:]),
                           29 * 24 * 3600)

    def test_flush_disarms(self):
        server = self.start()
        self.arm(server, MAC)
        path = self.token(server)
        server.states.ask("FLUSHALL")
        self.check_disk(server, b"is not armed")
        self.check(server, path + "preseed.cfg", 403)
        self.assertEqual(server.states.ask("DBSIZE"), b":0\r\n")

    def test_odd_hash_counts_as_done(self):
        server = self.start()
        mark = {"state": "begun", "tries": 1, "first": "preseed.cfg",
                "began": "2026-11-29T08:00:00Z", "addresses": []}
        for field, value in (
                ("more", "1"), ("secret", "0"), ("secret", b"\xff"),
                ("armed", "now"), ("expires", ""), ("retries", "-1"),
                ("retries", "x"), ("retries", "\"1\""), ("max", "0"),
                ("max", "1.5"), ("max", ""), ("machines", "{}"),
                ("name", "52-54-00-12-34-57.json"), (b"\xff", "1"),
                (b"max\0", "2"), ("machine:x", ""), ("machine:x", "{}"),
                (b"machine:\xff", json.dumps(mark)),
                ("machine:x", json.dumps({**mark, "state": "armed"})),
                ("machine:x", json.dumps({**mark, "more": 1}))):
            with self.subTest(field=field, value=value):
                self.arm(server, MAC)
                path = self.token(server)
                self.assertIsNotNone(path)
                server.states.ask("HSET", server.states.key(), field, value)
                self.check_disk(server)
                self.check(server, path + "preseed.cfg", 403)
                self.assertIn(
                    f"the state of {STATE} cannot be read: it is not whole: it "
                    "counts as done; disarm it\n", server.log.read_text())
        for field in ("name", "secret", "armed", "expires", "retries", "max"):
            with self.subTest(without=field):
                self.arm(server, MAC)
                server.states.ask("HDEL", server.states.key(), field)
                self.check_disk(server)
        key = server.states.key()
        server.states.ask("SET", key, "x")
        self.check_disk(server)
        self.assertIn(UNREACHABLE + "it says WRONGTYPE: something else has the "
                      "key\n", server.log.read_text())

    def test_restart_disarms_what_has_not_begun(self):
        """Whatever the server's disk has lost, and even if that is nothing."""
        server = self.start()
        self.arm(server, MAC, "--retries", "3")
        path = self.token(server)
        server.states.kill()
        server.states.start()
        self.check_disk(server, b"was armed before the server of the states "
                                b"restarted: arm it")
        self.check(server, path + "preseed.cfg", 403)
        self.check(server, path + "done", 403)
        self.assertRegex(server.install("list").stdout,
                         ", retries 3, before the server restarted\n$")
        self.arm(server, MAC, "--retries", "3")
        path = self.token(server)
        self.check(server, path + "preseed.cfg", 200)
        self.assertEqual(self.token(server), path)  # one more try
        server.states.kill()
        server.states.start()
        self.assertIsNone(self.token(server))
        self.check(server, path + "late.sh", 200)  # what has begun goes on
        self.check(server, path + "done", 200)

    def test_restart_without_a_disk_is_a_flush(self):
        class Forgetful(Stored):
            options = ("--appendonly", "no")

        server = self.start(Forgetful)
        self.arm(server, MAC)
        server.states.kill()
        server.states.start()
        self.check_disk(server, b"is not armed")

    def test_storm_begins_one_installation_while_the_server_dies(self):
        server = self.start()
        for _ in range(3):
            self.arm(server, MAC)
            path = self.token(server)
            answers = []
            storm = threading.Thread(target=lambda: answers.extend(
                harness.ask_at_once(server.port, [path + "preseed.cfg"] * 200)))
            storm.start()
            time.sleep(0.02)
            server.states.kill()
            self.check_disk(server)
            server.states.start()
            storm.join()
            given = sum(a.status == 200 for a in answers)
            self.assertEqual({a.status for a in answers} - {200, 403, 500},
                             set())
            marks = [json.loads(value) for field, value in
                     server.states.fields().items()
                     if field.startswith("machine:")]
            self.assertLessEqual(len(marks), 1)
            if given:  # what was given had been written
                self.assertEqual([(m["state"], m["tries"]) for m in marks],
                                 [("begun", 1)])
            self.assertIsNone(self.token(server))
            self.assertIn(UNREACHABLE, server.log.read_text())

    def test_storm_of_a_group_begins_no_more_than_it_may(self):
        server = self.start()
        self.arm(server, "--max", "3", "room")
        paths = [self.token(server, mac=f"52-54-00-00-00-{i:02}",
                            source="127.0.0.4") for i in range(20)]
        # The address that asks is not the room's: the token is worthless.
        answers = harness.ask_at_once(
            server.port, [path + "preseed.cfg" for path in paths] * 10)
        self.assertEqual({a.status for a in answers}, {403})
        server.catalog.write_text(server.catalog.read_text().replace(
            "127.0.0.4", "127.0.0.0/8"))
        harness.wait_for("the new network", lambda: server.ask(
            paths[0] + "preseed.cfg").status == 200)
        answers = harness.ask_at_once(
            server.port, [path + "preseed.cfg" for path in paths] * 10)
        self.assertEqual(sum(a.status == 200 for a in answers), 30)
        self.assertEqual(sum(f.startswith("machine:")
                             for f in server.states.fields()), 3)

    def test_nobody_installs_while_the_server_hangs(self):
        server = self.start()
        self.arm(server, MAC)
        path = self.token(server)
        server.states.pause()
        try:
            before = time.monotonic()
            for _ in range(20):  # each of the two workers waits once
                self.check_disk(server)
            self.assertLess(time.monotonic() - before, 8)
            self.assertIn(UNREACHABLE + "it does not answer in time\n",
                          server.log.read_text())
            self.assertEqual(
                server.install("list").stderr,
                f"mirrorboot-install: nothing is listed: {UNREACHABLE}it does "
                "not answer in time\n")
            self.assertIn(server.ask(path + "preseed.cfg").status, (403, 500))
        finally:
            server.states.go_on()
        harness.wait_for("the pause to end", lambda: server.ask(
            path + "preseed.cfg").status == 200)

    def test_wrong_password_installs_nobody(self):
        server = self.start(WithPassword)
        self.arm(server, MAC)
        self.assertIsNotNone(self.token(server))
        for text, reason in (
                ("wrong canary\n", UNREACHABLE + "it says WRONGPASS: the user "
                 "or the password is wrong"),
                ("", "the file of MIRRORBOOT_STATE_PASSWORD needs one line, "
                 "the password"),
                ("canary\ncanary\n", "the file of MIRRORBOOT_STATE_PASSWORD "
                 "needs one line, the password")):
            with self.subTest(text=text):
                server.password.write_text(text)
                self.assertEqual(server.install("list").stderr,
                                 "mirrorboot-install: nothing is listed: "
                                 f"{reason}\n")
        server.states.kill()  # which ends the open connections
        server.states.start()
        self.check_disk(server)
        server.password.unlink()
        self.check_disk(server)
        del server.environ["MIRRORBOOT_STATE_PASSWORD"]
        self.assertEqual(
            server.install("disarm", MAC).stderr,
            f"mirrorboot-install: {MAC}: {UNREACHABLE}it says NOAUTH: "
            "MIRRORBOOT_STATE_PASSWORD has to name a file with its password\n")
        log = server.log.read_text()
        self.assertIn("the file of MIRRORBOOT_STATE_PASSWORD cannot be read: "
                      "No such file or directory\n", log)
        self.assertNotIn("canary", log)
        explained = server.ask(ASK.format("ipxe", MAC) + "&explain=1").body
        self.assertNotIn(b"canary", explained)
        self.assertIn(b"installation: done", explained)

    def test_user_may_do_no_more_than_boot_needs(self):
        """The commands that the manual names are enough."""
        server = self.start()
        server.states.ask("ACL", "SETUSER", "reader", "on", ">canary",
                          "~mirrorboot:*", "+hgetall", "+info")
        server.states.ask("ACL", "SETUSER", "writer", "on", ">canary",
                          "~mirrorboot:*", "+hgetall", "+hmget", "+hset",
                          "+del", "+expireat", "+watch", "+unwatch", "+multi",
                          "+exec", "+scan", "+info")
        password = server.dir / "password"
        password.write_text("canary")
        for user in "reader", "writer":
            server.environ.update(
                MIRRORBOOT_STATE_PASSWORD=str(password),
                MIRRORBOOT_STATE=f"redis://{user}@{server.states.socket}")
            done = server.install("arm", MAC)
            if user == "reader":
                self.assertEqual(
                    done.stderr, f"mirrorboot-install: {MAC}: {UNREACHABLE}it "
                    "says NOPERM: the user may not do what is needed\n")
                shown = server.shell(
                    "boot", ASK.format("ipxe", MAC).partition("?")[2],
                    REMOTE_ADDR="127.0.0.1")
                self.assertIn(b"is not armed", shown.stdout)
            else:
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("armed until", server.install("list").stdout)
        self.assertIsNotNone(self.token(server))

    def test_replica_writes_nothing(self):
        server = self.start()
        self.arm(server, MAC)
        path = self.token(server)
        server.states.ask("REPLICAOF", "127.0.0.1", "1")
        self.check(server, path + "preseed.cfg", 500)
        self.assertIn(UNREACHABLE + "it says READONLY: it is a replica\n",
                      server.log.read_text())
        server.states.ask("REPLICAOF", "NO", "ONE")  # it takes over
        self.check_disk(server, b"restarted: arm it")

    def test_pages_but_boot_ask_no_server(self):
        """Where a web server lets one of them answer for boot."""
        server = self.start()
        self.arm(server, MAC)
        query = ASK.format("ipxe", MAC).partition("?")[2]
        done = subprocess.run(
            [BUILD / "cgi" / "menu"], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=PATIENCE, check=False,
            env={**server.environ, "GATEWAY_INTERFACE": "CGI/1.1",
                 "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/boot/boot",
                 "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1"})
        self.assertIn(b"state of this machine cannot be read", done.stdout)
        self.assertNotIn(b"vmlinuz", done.stdout)
        self.assertEqual(
            done.stderr, b"boot: MIRRORBOOT_STATE names a server, which this "
            b"program cannot ask: see the manual mirrorboot-install(8)\n")


if __name__ == "__main__":
    unittest.main()
