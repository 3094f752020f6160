#!/usr/bin/env python3
"""A complete edit shows at the next request; a broken one never does."""

import json
import os
import time
import unittest

from harness import CATALOG, Clients, LighttpdFastcgi, shell, wait_for

RELEASE = "arch=amd64&distro=debian&version=bookworm"
TARGETS = (("menu", "name=big"), ("fromthemirror", RELEASE), ("boot", ""))


def catalogue(word):
    """A catalogue of several hundred lines, with the word in all of them."""
    catalog = json.loads(CATALOG)
    catalog["site"]["vesamenu"] = f"vesamenu-{word}.c32"
    catalog["mirrors"]["debian"] = [f"http://{word}.example.net/debian/"]
    catalog["menus"]["big"] = {"title": f"Big {word}", "entries": [
        {"distro": "debian", "version": "bookworm", "arch": "amd64",
         "id": f"{word}-{i}", "title": f"Entry {i} {word}"}
        for i in range(200)]}
    return json.dumps(catalog, indent=1)


def replace(path, text):
    """Like editors and configuration management."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.rename(path)


def rewrite(path, text):
    """Like cp and the shell's >: in several steps."""
    with open(path, "w") as file:
        for start in range(0, len(text), 4096):
            file.write(text[start:start + 4096])
            file.flush()


def alternate(seconds, pause=0.05):
    """Alternate "new" and "old" for that time, as fast as a busy editor."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for word in ("new", "old"):
            yield word
            time.sleep(pause)


class ReloadTest(unittest.TestCase):

    def setUp(self):
        self.server = self.enterContext(LighttpdFastcgi())
        self.catalog = self.server.catalog
        self.templates = self.server.dir / "templates"

    def get(self, target):
        answer = self.server.ask(target)
        self.assertEqual(answer.status, 200, answer.raw)
        return answer.body.decode()

    def texts(self, word):
        """Each target's text with catalogue(word)."""
        path = self.server.dir / f"{word}.json"
        path.write_text(catalogue(word))
        environ = {**self.server.environ, "MIRRORBOOT_CATALOG": str(path)}
        return {(page, query): shell(page, query, **environ).stdout
                for page, query in TARGETS}

    def complaints(self, name):
        return [line for line in self.server.log.read_text().splitlines()
                if name in line]

    def check_edits_under_load(self, edit):
        old, new = self.texts("old"), self.texts("new")
        self.assertEqual(len(set(old.values()) | set(new.values())), 6)
        edit(self.catalog, catalogue("old"))
        # A worker that never had a valid catalogue has no last valid state.
        self.use_all_workers(TARGETS)
        with Clients(self.server, TARGETS) as clients:
            # With a hundred edits a second, none settles before a slow program.
            for word in alternate(seconds=5, pause=0.01):
                edit(self.catalog, catalogue(word))
            for word in alternate(seconds=3, pause=0.5):
                edit(self.catalog, catalogue(word))
        seen = set()
        for target, answer in clients.answers:
            self.assertEqual(getattr(answer, "status", answer), 200, answer)
            self.assertIn(answer.body, (old[target], new[target]))
            seen.add(answer.body)
        self.assertEqual(len(seen), 6)
        self.assertGreater(len(clients.answers), 100)

    def test_catalogue_replaced_under_load_is_old_or_new(self):
        self.check_edits_under_load(replace)
        self.assertEqual(self.complaints("catalog.json"), [])

    def test_catalogue_rewritten_under_load_is_old_or_new(self):
        self.check_edits_under_load(rewrite)

    def test_edit_shows_at_the_next_request(self):
        for edit in (replace, rewrite):
            for i in range(20):
                word = f"{edit.__name__}{i}"
                with self.subTest(word=word):
                    edit(self.catalog, catalogue(word))
                    self.assertIn(f"menu title Big {word}\n",
                                  self.get("/boot/menu?name=big"))

    def test_quick_edits_of_the_same_size_are_seen(self):
        """The times of files advance in steps of 4 ms on older kernels."""
        place = CATALOG.index("Local disk")
        with open(self.catalog, "r+b", buffering=0) as file:
            for i in range(50):
                os.pwrite(file.fileno(), b"%010d" % i, place)
                self.assertIn(f"menu label ^l {i:010}\n",
                              self.get("/boot/menu"))

    def use_all_workers(self, targets=(("menu", ""),)):
        """Eight clients at a time reach every worker."""
        with Clients(self.server, targets, 8) as clients:
            wait_for("answers", lambda: len(clients.answers) > 500)
        return {getattr(answer, "body", answer)
                for _, answer in clients.answers}

    def check_broken_edit(self, path, broken, complaint):
        """Every worker prints it once, and goes on."""
        before = self.use_all_workers()
        workers = self.server.workers()
        replace(path, broken)
        self.assertEqual(self.use_all_workers(), before)
        self.assertEqual(self.complaints(complaint), len(workers) * [
            f"mirrorboot: {complaint}; the last valid state stays in use"])
        self.assertEqual(self.server.workers(), workers)

    def test_broken_catalogue_is_named_once_and_not_used(self):
        before = self.get("/boot/menu")
        for broken, complaint in (
                (CATALOG[:-3],
                 f"catalog.json:{CATALOG.count(chr(10)) - 1}: column 3: "
                 "the file ends here, but a '}' is missing"),
                (CATALOG.replace('"menu": "main"', '"menu": "nosuch"'),
                 "catalog.json: /site/menu: there is no menu 'nosuch'")):
            with self.subTest(complaint=complaint):
                self.check_broken_edit(self.catalog, broken, complaint)
                replace(self.catalog, CATALOG.replace("Local disk", "Mended"))
                self.assertEqual(self.get("/boot/menu"),
                                 before.replace("Local disk", "Mended"))

    def test_missing_catalogue_is_not_used(self):
        before = self.get("/boot/menu")
        self.catalog.unlink()
        self.assertEqual(self.get("/boot/menu"), before)
        self.assertRegex(self.complaints("catalog.json")[0],
                         "^mirrorboot: catalog.json: no such file: create it, "
                         "or name another catalogue in MIRRORBOOT_CATALOG; ")
        self.catalog.write_text(CATALOG)
        self.assertEqual(self.get("/boot/menu"), before)

    def test_new_template_is_seen_and_its_edits(self):
        before = self.get("/boot/menu")
        theme = self.templates / "theme.pxelinux"
        for text in ("menu rows 5\n", "menu rows 6\n"):
            with self.subTest(text=text):
                replace(theme, text)
                self.assertIn("\n" + text, self.get("/boot/menu"))
        os.truncate(theme, 0)
        self.assertNotIn("menu rows", self.get("/boot/menu"))
        theme.unlink()
        self.assertEqual(self.get("/boot/menu"), before)

    def test_broken_template_is_named_once_and_not_used(self):
        theme = self.templates / "theme.pxelinux"
        self.check_broken_edit(
            theme, "menu rows 5\n{{#x}}\n",
            "theme.pxelinux:2: section 'x' is never closed with {{/x}}")
        replace(theme, "menu rows 5\n")
        self.assertIn("menu rows 5\n", self.get("/boot/menu"))

    def test_template_replaced_under_load_is_old_or_new(self):
        theme = self.templates / "theme.pxelinux"
        replace(self.catalog, catalogue("old"))
        texts = []
        for word in ("old", "new"):
            replace(theme, f"# {word}\n")
            texts.append(self.get("/boot/menu?name=big").encode())
        with Clients(self.server, TARGETS) as clients:
            for word in alternate(seconds=1):
                replace(theme, f"# {word}\n")
        menus = [answer for target, answer in clients.answers
                 if target[0] == "menu"]
        self.assertEqual({answer.body for answer in menus}, set(texts))

    def test_file_added_to_an_included_directory_is_seen(self):
        more = self.server.dir / "catalog.d"
        title = {"menus": {"more": {
            "title": "Added", "entries": [{"distro": "debian"}]}}}
        before = self.get("/boot/menu?name=more")
        for stage in ("with its directory", "in a directory that was there"):
            with self.subTest(stage=stage):
                more.mkdir(exist_ok=True)
                replace(more / "10-site.json", json.dumps(title))
                self.assertIn("menu title Added\n",
                              self.get("/boot/menu?name=more"))
                (more / "10-site.json").unlink()
                self.assertEqual(self.get("/boot/menu?name=more"), before)


if __name__ == "__main__":
    unittest.main()
