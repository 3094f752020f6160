#!/bin/bash
# U-Boot 2025.01 (Debian 13) does not start the EFI program that DHCP names, unless
# two variables about the device tree are set. `bootflow scan -lb' is what U-Boot
# for QEMU runs by itself. It asks DHCP as an EFI client (architecture 11), fetches
# the program whole, and ends with "(0 bootflows, 0 valid)". No line says why.
# `bootflow scan -lae', which lists the failures, says "No media/partition found,
# err=-22". With fdt_addr_r and fdtfile set, the same scan starts the program, even
# if the device tree that fdtfile names does not exist. Either of them alone changes
# nothing. Nor is a device tree missing: after the scan that ends so,
# `bootefi 40400000' starts the program, which is in memory at that address.
#
# u-boot-qemu 2025.01-3+deb13u1 (qemu_arm64) and, as the program, ipxe
# 1.21.1+git20250501.dad20602+dfsg-1, both of Debian 13; qemu
# 1:7.2+dfsg-7+deb12u18+b3 of Debian 12, whose own DHCP and TFTP server answers.
# Seen: each scan asks as architecture 11 and fetches all 1011712 bytes; "iPXE
# initialising devices" comes with both variables, and after bootefi.
#
# Usage: uboot-bootflow-drops-efi-program.sh (as root; the machine's own package
# source must have Debian 12 and 13). Exits with 1 when the behaviour differs.
set -euo pipefail
shopt -s inherit_errexit

qemu=1:7.2+dfsg-7+deb12u18+b3
uboot=2025.01-3+deb13u1
ipxe=1.21.1+git20250501.dad20602+dfsg-1
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

cat >"$root/type.py" <<'END'
"""Types lines at U-Boot's prompt. Prints the architecture of the last request to
DHCP, the bytes fetched by the last line, and how it ended."""
import os
import re
import select
import struct
import subprocess
import sys
import time

tree, *lines = sys.argv[1:]
machine = subprocess.Popen(
    ["chroot", tree, "qemu-system-aarch64", "-accel", "tcg", "-machine", "virt",
     "-cpu", "cortex-a57", "-m", "512", "-display", "none", "-monitor", "none",
     "-serial", "stdio", "-bios", "/u-boot.bin",
     "-device", "virtio-net-pci,netdev=wire,romfile=",
     "-netdev", "user,id=wire,restrict=on,tftp=/tftp,bootfile=ipxe-arm64.efi",
     "-object", "filter-dump,id=dump,netdev=wire,file=/wire.pcap"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)

def wait(text, seconds=120):
    """What the machine says until this, or in this time."""
    said = b""
    end = time.monotonic() + seconds
    while not re.search(text, said) and time.monotonic() < end:
        if select.select([machine.stdout], [], [], 1)[0]:
            said += os.read(machine.stdout.fileno(), 4096)
    return said.decode(errors="replace")

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

def architecture(request):
    """Option 93 of a DHCP request."""
    options = request[240:]
    while options[0] != 255:
        if options[0] == 93:
            return int.from_bytes(options[2:2 + options[1]], "big")
        options = options[2 + options[1]:]
    return None

try:
    wait(b"autoboot")
    write(b" ")
    wait(b"\n=> ")
    for line in lines:
        write(line.encode() + b"\r")
        said = wait(b"\n=> |iPXE initialising devices")
    *_, asked = map(architecture, payloads(67))
    print(f"architecture {asked}", *re.findall(
        r"\d+(?= \(\w+ hex\))"  # bytes
        r"|(?<=ipxe-arm64\.efi\r\n     \*\* ).*err=-\d+"
        r"|\(\d+ bootflows, \d+ valid\)|iPXE initialising devices", said), sep=", ")
finally:
    machine.kill()
    machine.wait()
END

fetch bookworm "$root/machine" "qemu-system-arm=$qemu"
fetch trixie "$root/loaders" "u-boot-qemu=$uboot" "ipxe=$ipxe"
mkdir -p "$root"/machine/{dev,tftp}
mknod -m 666 "$root/machine/dev/null" c 1 3
cp "$root/loaders/usr/lib/u-boot/qemu_arm64/u-boot.bin" "$root/machine"
program=$root/machine/tftp/ipxe-arm64.efi
cp "$root/loaders/usr/lib/ipxe/ipxe-arm64.efi" "$program"
rc=0

# check RESULT LINE...: types the lines.
check() {
	local seen result=$1
	shift
	seen=$(python3 "$root/type.py" "$root/machine" "$@")
	printf '=> %s\n' "$@"
	echo "U-Boot $uboot: $seen"
	[ "$seen" = "$result" ] || rc=1
}

address="setenv fdt_addr_r 48000000"
file="setenv fdtfile none.dtb"
scan="bootflow scan -lb"
fetched="architecture 11, $(stat -c %s "$program")"
check "$fetched, (0 bootflows, 0 valid)" "$scan"
check "$fetched, No media/partition found, err=-22, (11 bootflows, 0 valid)" \
	"bootflow scan -lae"
check "$fetched, (0 bootflows, 0 valid)" "$address" "$scan"
check "$fetched, (0 bootflows, 0 valid)" "$file" "$scan"
check "$fetched, iPXE initialising devices" "$address" "$file" "$scan"
check "architecture 11, iPXE initialising devices" "$scan" "bootefi 40400000"
exit $rc
