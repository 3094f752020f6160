#!/usr/bin/env python3
"""Takes the pictures of docs/: the shipped menus on real loaders, and the page
for people. Needs root, and what the boot tests need."""

import pathlib
import shutil
import subprocess
import sys
import time

import lab

DOCS = lab.TOP / "docs"
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--blink-settings=preferredColorScheme=0",  # dark
            "--host-resolver-rules=MAP boot.example.org 192.0.2.5",
            "--window-size=900,1000"]


def screen(boot, name, ready, **options):
    """Start a machine, wait until it shows its menu, and keep its screen."""
    pc = boot.machine(**options)
    ready(pc)
    time.sleep(5)
    pc.take_picture()
    shutil.copy(boot.dir / f"{pc.name}.png", DOCS / name)


def main():
    lab.enter([lab.SUITES["trixie"]])
    # Debian 12's iPXE has no picture.
    with lab.Lab("pictures", {}, suite="trixie") as boot:
        screen(boot, "menu.png", lambda pc: pc.expect_request(
            "pictures/lake.png", 240), efi=True)
    with lab.Lab("pictures", {}) as boot:
        screen(boot, "menu-syslinux.png", lambda pc: pc.expect_request(
            "pictures/lake.png", 240), mac=lab.SYSLINUX)
    with lab.Lab("pictures", {}) as boot:
        shutil.copy(lab.TOP / "conf/grub.cfg", "/srv/tftp/grub/grub.cfg")
        screen(boot, "menu-grub.png", lambda pc: pc.expect_request(
            "pictures/lake.png", 240), mac=lab.SECURE, efi=True)
        subprocess.run([*CHROMIUM, f"--user-data-dir={boot.dir}/chromium",
                        f"--screenshot={DOCS}/menu-html.png",
                        "http://boot.example.org/boot/menu?arch=amd64&dialect=html&name=debian&platform=efi"],
                       check=True, timeout=60, capture_output=True)


sys.exit(main())
