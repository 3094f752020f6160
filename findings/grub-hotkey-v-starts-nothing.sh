#!/bin/bash
# GRUB's menu starts the entry of `menuentry --hotkey=KEY' when the key is
# pressed. c and e are the menu's own, as its screen says. v is too, and nothing
# says so: it moves the bar down, as the arrow does, so an entry with this hotkey
# never starts, and Enter then starts the entry below the one meant. Here v is
# pressed three times, then w: w starts its entry, v none.
#
# GRUB 2.06-13+deb12u2 of Debian 12 and 2.12-9+deb13u4 of Debian 13, for PCs with
# BIOS; qemu 1:7.2+dfsg-7+deb12u18+b3. Seen with both: "started w" alone.
#
# Usage: grub-hotkey-v-starts-nothing.sh (as root; the machine's own package
# source must have Debian 12 and 13). Exits with 1 when the behaviour differs.
set -euo pipefail
shopt -s inherit_errexit

qemu=1:7.2+dfsg-7+deb12u18+b3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# fetch SUITE DIRECTORY PACKAGE=VERSION...: unpacks them and what they need from
# where the machine has its own packages, with lists apart.
fetch() {
	local uri apt deb suite=$1 tree=$2 lists=$root/apt-$1
	shift 2
	# shellcheck disable=SC2016 # a variable of apt
	uri=$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' | head -n 1)
	mkdir -p "$lists"/{lists/partial,cache/archives/partial} "$tree"
	touch "$lists/status"
	echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
		>"$lists/sources.list"
	apt=(-qq -o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists/cache"
		-o "Dir::State::status=$lists/status"
		-o "Dir::Etc::SourceList=$lists/sources.list"
		-o Dir::Etc::SourceParts=- -o APT::Sandbox::User=root
		-o APT::Architecture=amd64 -o APT::Install-Recommends=false)
	apt-get "${apt[@]}" update
	apt-get "${apt[@]}" install --download-only -y "$@" >/dev/null
	for deb in "$lists"/cache/archives/*.deb; do
		dpkg -x "$deb" "$tree"
	done
	[ -e "$tree/lib64" ] || ln -s usr/lib usr/lib64 "$tree"
}

cat >"$root/press.py" <<'END'
"""Boots the file of GRUB, presses v, v, v and w, and prints what started."""
import re
import subprocess
import sys
import time

tree, serial = sys.argv[1:]
machine = subprocess.Popen(
    ["chroot", tree, "qemu-system-x86_64", "-accel", "tcg", "-m", "128",
     "-display", "none", "-nic", "none", "-kernel", "/grub", "-serial",
     "file:/serial", "-monitor", "stdio"],
    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

def said():
    with open(serial, "rb") as file:
        return file.read()

def wait(text, seconds):
    end = time.monotonic() + seconds
    while text not in said() and time.monotonic() < end:
        time.sleep(0.2)

try:
    wait(b"Menu is shown", 60)
    for key in 10 * "vvvw":  # the menu may not hear the first ones
        machine.stdin.write(f"sendkey {key}\n".encode())
        machine.stdin.flush()
        time.sleep(2)
        if b"started w" in said():
            break
    print(*re.findall("started [vw]", said().decode()), sep=", ")
finally:
    machine.kill()
    machine.wait()
END

# started SUITE VERSION: what was started by the keys in this version of GRUB.
started() {
	local suite=$1 version=$2 tree=$root/$1
	fetch "$suite" "$tree" "grub-pc-bin=$version" "grub-common=$version"
	cat >"$tree/grub.cfg" <<-'END'
		serial
		set timeout=-1
		menuentry first { echo first }
		menuentry v --hotkey=v {
			terminal_output serial
			echo started v
			terminal_output console
		}
		menuentry w --hotkey=w {
			terminal_output serial
			echo started w
			terminal_output console
		}
		terminal_output serial
		echo Menu is shown
		terminal_output console
	END
	mkdir -p "$tree/tmp"
	chroot "$tree" grub-mkstandalone -O i386-pc -o /core.img \
		--modules=biosdisk --install-modules="normal serial terminal echo test" \
		--locales= --fonts= --themes= boot/grub/grub.cfg=/grub.cfg
	cat "$tree/usr/lib/grub/i386-pc/lnxboot.img" "$tree/core.img" \
		>"$root/machine/grub"
	: >"$root/machine/serial"
	python3 "$root/press.py" "$root/machine" "$root/machine/serial"
}

fetch bookworm "$root/machine" "qemu-system-x86=$qemu"
mkdir -p "$root/machine/dev"
mknod -m 666 "$root/machine/dev/null" c 1 3
rc=0
for grub in "bookworm 2.06-13+deb12u2" "trixie 2.12-9+deb13u4"; do
	# shellcheck disable=SC2086 # two words
	keys=$(started $grub)
	echo "GRUB of $grub: $keys"
	[ "$keys" = "started w" ] || rc=1
done
exit $rc
