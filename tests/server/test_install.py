#!/usr/bin/env python3
"""What cmake --install puts where, and that it runs from there."""

import os
import re
import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import PAGES, ROOT

CONF = ROOT / "conf"


class InstallTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(cls.enterClassContext(TemporaryDirectory()))

    def run_quietly(self, *args, **environ):
        done = subprocess.run(args, env={**os.environ, **environ},
                              capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def build(self, *options):
        """Each time from the same directory: little is compiled again."""
        self.run_quietly("cmake", "-S", ROOT, "-B", self.dir / "build",
                         "-DBUILD_TESTING=OFF", "-U", "CMAKE_INSTALL_*",
                         *options)
        self.run_quietly("cmake", "--build", self.dir / "build",
                         "-j", str(os.cpu_count()))

    def install(self, name):
        """Install for a package; returns the root of its files."""
        self.run_quietly("cmake", "--install", self.dir / "build",
                         DESTDIR=str(self.dir / name))
        return self.dir / name

    def check_files(self, root, prefix, etc):
        """The samples that were installed name what is there; so do the
        programs."""
        libexec = f"{prefix}/libexec/mirrorboot"
        for page in [*PAGES, "answer"]:
            self.assertTrue(os.access(f"{root}{libexec}/{page}", os.X_OK),
                            page)
        shipped = f"{root}{prefix}/share/mirrorboot/answers"
        self.assertEqual(
            {path.relative_to(shipped) for path in Path(shipped).rglob("*")},
            {path.relative_to(ROOT / "answers")
             for path in (ROOT / "answers").rglob("*")})
        for path in (f"{etc}/mirrorboot/catalog.json",
                     f"{prefix}/share/mirrorboot/answers/debian/preseed.cfg",
                     f"{prefix}/share/mirrorboot/templates/boot.gpxe",
                     f"{prefix}/share/mirrorboot/lake.png"):
            self.assertEqual(os.stat(root + path).st_mode & 0o777, 0o644, path)
        loaders = Path(f"{root}{libexec}/loaders")
        self.assertTrue(os.access(loaders, os.X_OK))
        self.assertTrue(os.access(loaders.with_name("unpack"), os.X_OK))
        self.assertIn(f"picture={prefix}/share/mirrorboot/lake.png\n",
                      loaders.read_text())
        samples = Path(f"{root}{prefix}/share/doc/mirrorboot/examples")
        self.assertLessEqual({"lighttpd.conf", "nginx.conf", "apache.conf"},
                             {sample.name for sample in samples.iterdir()})
        units = Path(f"{root}{prefix}/lib/systemd/system")
        self.assertEqual({unit.name for unit in units.iterdir()},
                         {"mirrorboot.service", "mirrorboot.socket",
                          "mirrorboot-answer.service",
                          "mirrorboot-answer.socket",
                          "mirrorboot-check.service",
                          "mirrorboot-check.timer",
                          "mirrorboot-export.path",
                          "mirrorboot-export.service"})
        unit = (units / "mirrorboot.service").read_text()
        for line in (f" -- {libexec}/boot\n",
                     f"\nBindReadOnlyPaths={libexec}\n",
                     f"\nBindReadOnlyPaths={prefix}/share/mirrorboot\n",
                     f"\nBindReadOnlyPaths={etc}/mirrorboot\n",
                     f"\nEnvironmentFile=-{etc}/mirrorboot/environment\n"):
            self.assertIn(line, unit)
        for name in "check", "export":
            self.assertIn(f"\nEnvironmentFile=-{etc}/mirrorboot/environment\n"
                          "# systemd has read it, so the user need not.\n"
                          "Environment=MIRRORBOOT_ENVIRONMENT=none\n",
                          (units / f"mirrorboot-{name}.service").read_text())
        for sample in samples.iterdir():
            named = re.findall(r"/[a-z/]*/libexec/mirrorboot(?=/)",
                               sample.read_text())
            self.assertLessEqual(set(named), {libexec}, sample.name)
        done = subprocess.run([f"{root}{libexec}/menu", "--help"], env={},
                              capture_output=True, text=True, check=False)
        self.assertIn(f"({etc}/mirrorboot/catalog.json)", done.stdout)

    def test_package_has_its_files_where_the_samples_expect_them(self):
        for options, prefix, etc in (
                ([], "/usr/local", "/usr/local/etc"),
                (["-DCMAKE_INSTALL_PREFIX=/usr",
                  "-DCMAKE_INSTALL_SYSCONFDIR=/etc"], "/usr", "/etc"),
                (["-DCMAKE_INSTALL_PREFIX=/usr"], "/usr", "/etc")):
            with self.subTest(options=options):
                self.build(*options)
                root = self.install(f"root{len(options)}")
                self.check_files(str(root), prefix, etc)

    def test_installed_program_needs_no_environment(self):
        prefix = self.dir / "prefix"
        self.build(f"-DCMAKE_INSTALL_PREFIX={prefix}")
        self.run_quietly("cmake", "--install", self.dir / "build")
        for page, query in (("boot", ""), ("menu", "name=debian"),
                            ("fromthemirror",
                             "arch=amd64&distro=debian&version=bookworm")):
            with self.subTest(page=page):
                done = subprocess.run(
                    [prefix / "libexec/mirrorboot" / page, query], env={},
                    capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("http://", done.stdout)
        host = prefix / "etc/mirrorboot/hosts/52-54-00-12-34-56.json"
        host.write_text('{"answers": "debian", "boot": {"distro": "debian",'
                        ' "version": "trixie", "arch": "amd64"}}')
        done = subprocess.run(
            [prefix / "libexec/mirrorboot/answer",
             "host=52-54-00-12-34-56&file=preseed.cfg"], env={},
            capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("#_preseed_V1\n"))
        host.unlink()
        theme = prefix / "etc/mirrorboot/templates/theme.pxelinux"
        theme.write_text("menu rows 5\n")
        done = subprocess.run([prefix / "libexec/mirrorboot/menu"], env={},
                              capture_output=True, text=True, check=False)
        self.assertIn("\nmenu rows 5\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
