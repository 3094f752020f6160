#!/bin/bash
# U-Boot 2025.01 (Debian 13) asks DHCP as two clients within one network boot, and
# spells the architecture of the second in hexadecimal. `bootflow scan -lb', which
# U-Boot for QEMU runs by itself, first asks as architecture 22 (U-Boot) with vendor
# class "U-Boot.armv8", then as 11 (EFI) with "PXEClient:Arch:0000b:UNDI:003000".
# The PXE specification has five digits from 0 to 65535 there: EDK2 on the same
# machine, which is architecture 11 too, sends "PXEClient:Arch:00011:UNDI:003000".
# A DHCP server that knows ARM by "PXEClient:Arch:00011" (option 60) misses U-Boot;
# option 93 has the same number, 11, from both.
# The scan also leaves its variables bootp_arch and bootp_vci: the command `dhcp',
# which asks as architecture 22 before a scan, asks as the EFI client after it.
#
# u-boot-qemu 2025.01-3+deb13u1 (qemu_arm64) of Debian 13; qemu
# 1:7.2+dfsg-7+deb12u18+b3, whose own DHCP server answers, and qemu-efi-aarch64
# 2022.11-6+deb12u2 of Debian 12. Seen, of each DHCPDISCOVER, options 93 and 60:
#   U-Boot, dhcp: 22 U-Boot.armv8
#   U-Boot, bootflow scan -lb, dhcp: 22 U-Boot.armv8,
#     11 PXEClient:Arch:0000b:UNDI:003000, 11 PXEClient:Arch:0000b:UNDI:003000
#   EDK2: 11 PXEClient:Arch:00011:UNDI:003000
#
# Usage: uboot-two-client-architectures.sh (as root; the machine's own package
# source must have Debian 12 and 13). Exits with 1 when the behaviour differs.
set -euo pipefail
shopt -s inherit_errexit

qemu=1:7.2+dfsg-7+deb12u18+b3
edk2=2022.11-6+deb12u2
uboot=2025.01-3+deb13u1
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

cat >"$root/boot.py" <<'END'
"""Boots this firmware from the network, U-Boot by lines typed at its prompt. Prints
options 93 and 60 of each DHCPDISCOVER."""
import os
import re
import select
import struct
import subprocess
import sys
import time

tree, firmware, *lines = sys.argv[1:]
machine = subprocess.Popen(
    ["chroot", tree, "qemu-system-aarch64", "-accel", "tcg", "-machine", "virt",
     "-cpu", "cortex-a57", "-m", "512", "-display", "none", "-monitor", "none",
     "-serial", "stdio", "-bios", firmware,
     "-device", "virtio-net-pci,netdev=wire,romfile=",
     "-netdev", "user,id=wire,restrict=on,tftp=/tftp,bootfile=none.efi",
     "-object", "filter-dump,id=dump,netdev=wire,file=/wire.pcap"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)

def wait(text, seconds=120):
    """Until the machine says this."""
    said = b""
    end = time.monotonic() + seconds
    while not re.search(text, said):
        if time.monotonic() > end:
            sys.exit(f"{firmware} does not say {text}")
        if select.select([machine.stdout], [], [], 1)[0]:
            said += os.read(machine.stdout.fileno(), 4096)

def write(text):
    machine.stdin.write(text)
    machine.stdin.flush()

def payloads(port):
    """The UDP packets to this port, as dumped."""
    with open(f"{tree}/wire.pcap", "rb") as file:
        dump = file.read()[24:]
    while dump:
        size = struct.unpack("<I", dump[8:12])[0]
        frame, dump = dump[16:16 + size], dump[16 + size:]
        if frame[12:14] == b"\x08\x00" and frame[23] == 17 \
                and struct.unpack(">H", frame[36:38])[0] == port:
            yield frame[42:]

def options(request):
    """The options of a DHCP request, by number."""
    found = {}
    rest = request[240:]
    while rest[0] != 255:
        found[rest[0]] = rest[2:2 + rest[1]]
        rest = rest[2 + rest[1]:]
    return found

try:
    if lines:
        wait(b"autoboot")
        write(b" ")
        wait(b"\n=> ")
        for line in lines:
            write(line.encode() + b"\r")
            wait(b"\n=> ")
    else:
        wait(b"NBP filename")
    print(", ".join(
        f"{int.from_bytes(asked[93], 'big')} {asked[60].decode()}"
        for asked in map(options, payloads(67)) if asked[53] == b"\1"))
finally:
    machine.kill()
    machine.wait()
END

fetch bookworm "$root/machine" "qemu-system-arm=$qemu" "qemu-efi-aarch64=$edk2"
fetch trixie "$root/loaders" "u-boot-qemu=$uboot"
mkdir -p "$root"/machine/{dev,tftp}
mknod -m 666 "$root/machine/dev/null" c 1 3
cp "$root/loaders/usr/lib/u-boot/qemu_arm64/u-boot.bin" "$root/machine"
rc=0

# check RESULT FIRMWARE [LINE...]
check() {
	local seen result=$1
	shift
	seen=$(python3 "$root/boot.py" "$root/machine" "$@")
	printf '%s\n' "$@"
	echo "=> $seen"
	[ "$seen" = "$result" ] || rc=1
}

own="22 U-Boot.armv8"
efi="11 PXEClient:Arch:0000b:UNDI:003000"
check "$own" /u-boot.bin "setenv autoload no" dhcp
check "$own, $efi, $efi" /u-boot.bin "bootflow scan -lb" "setenv autoload no" dhcp
check "11 PXEClient:Arch:00011:UNDI:003000" /usr/share/qemu-efi-aarch64/QEMU_EFI.fd
exit $rc
