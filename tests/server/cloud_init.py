#!/usr/bin/python3
"""cloud-init takes its files from the answers of a real server.

Usage: cloud_init.py SUITE...

Outside of CI, for a release of Debian: bookworm, trixie or forky. Its cloud-init
is unpacked into a temporary directory, not installed, because it would
configure this machine at its next start. The web server, the program answer and
the host file are real. cloud-init gets the kernel's command line from what boot
sends to iPXE, and a start of it asks for the files that an installer's does.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
import test_once
from harness import ROOT
from test_once import ASK, MAC

PACKAGES = ("cloud-init python3-configobj python3-jinja2 python3-json-pointer "
            "python3-jsonpatch python3-markupsafe python3-netifaces "
            "python3-oauthlib python3-requests python3-six python3-urllib3 "
            "python3-idna python3-certifi python3-chardet "
            "python3-charset-normalizer").split()

# What cloud-init does at a start, with its own words for the command line. The
# arguments: its packages, a directory for it, and a URL in place of the command
# line's, which is asked for once.
READER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from cloudinit import helpers, util, version
from cloudinit.sources import DataSourceNoCloud
if len(sys.argv) > 3:
    util.read_seeded(sys.argv[3], retries=0)
paths = helpers.Paths({"cloud_dir": sys.argv[2], "run_dir": sys.argv[2]})
source = DataSourceNoCloud.DataSourceNoCloudNet(
    {"datasource": {"NoCloud": {"fs_label": None}}}, None, paths)
print(json.dumps([version.version_string(), source._get_data(),
                  source.metadata, util.decode_binary(source.userdata_raw),
                  util.decode_binary(source.vendordata_raw),
                  source._network_config]))
"""


class Server(test_once.Lighttpd):
    """Whose base is where it listens: cloud-init asks there."""

    def own_base(self):
        return f"http://127.0.0.1:{self.port}/boot/"

    def adapt(self, sample):
        return super().adapt(sample).replace(harness.BASE, self.own_base())

    def start(self):
        self.environ["MIRRORBOOT_BASE"] = self.own_base()
        super().start()
        (self.dir / "hosts" / f"{MAC}.json").write_text(json.dumps({
            **test_once.ANSWERED,
            "boot": {"distro": "ubuntu", "version": "26.04", "arch": "amd64"},
            "answers": "ubuntu", "values": {"hostname": "a: \"b\" #'c"}}))


class CloudInit(unittest.TestCase):
    suites = []

    def read(self, modules, cmdline, *url):
        with tempfile.TemporaryDirectory() as directory:
            return subprocess.run(
                [sys.executable, "-W", "ignore", "-c", READER, modules,
                 directory, *url],
                env={**os.environ, "DEBUG_PROC_CMDLINE": cmdline},
                capture_output=True, text=True, timeout=60, check=False)

    def cmdline(self, server):
        """That of the kernel, as boot sends it; None: it sends no kernel."""
        text = server.ask(ASK.format("ipxe", MAC)).body.decode()
        found = re.search(r"^kernel \S+ (.* ds=nocloud.*)$", text, re.MULTILINE)
        return found and found[1]

    def state(self, server):
        state = json.loads((server.state / f"{MAC}.json").read_text())
        return {machine: mark["state"]
                for machine, mark in state["machines"].items()}

    def arm(self, server):
        done = server.install("arm", MAC)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def check(self, modules):
        server = self.enterContext(Server())
        self.assertIsNone(self.cmdline(server))
        self.arm(server)
        self.assertEqual(self.state(server), {})
        cmdline = self.cmdline(server)
        seed = re.search(r"ds=nocloud;s=(\S+)", cmdline)[1]
        done = self.read(modules, cmdline)
        self.assertEqual(done.returncode, 0, done.stderr)
        version, found, meta, user, vendor, network = json.loads(done.stdout)
        self.assertTrue(found)
        self.assertEqual(meta["instance-id"], "installation")
        self.assertIn('hostname: "a: \\"b\\" #\'c"\n', user)
        self.assertIn(seed + "done", user)
        self.assertEqual(vendor, "")
        self.assertIn(network, (None, {}))
        self.assertEqual(self.state(server), {f"{MAC}.json": "begun"})
        self.assertIsNone(self.cmdline(server))
        asked = re.findall(r"host=52-54-00-12-34-56.json file=(\S+) ",
                           server.log.read_text())
        self.arm(server)  # with another token
        self.assertNotIn(seed, self.cmdline(server))
        done = self.read(modules, cmdline, seed)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("403", done.stderr.strip().split("\n")[-1])
        self.assertEqual(self.state(server), {})
        return f"{version} read {', '.join(asked)}"

    def test_cloud_init_reads_its_answers(self):
        for suite in self.suites:
            with self.subTest(suite=suite), \
                    tempfile.TemporaryDirectory() as directory:
                subprocess.run([ROOT / "scripts" / "unpack", suite, directory,
                                *PACKAGES], check=True,
                               stdout=subprocess.DEVNULL)
                modules = Path(directory) / "usr/lib/python3/dist-packages"
                print(f"{suite}: cloud-init", self.check(modules))


if __name__ == "__main__":
    CloudInit.suites = sys.argv[1:]
    if not CloudInit.suites or CloudInit.suites[0].startswith("-"):
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1])
