#!/bin/bash
# dnsmasq 2.90 (Debian 12) writes DHCPv6 option 16, the vendor class, without the
# enterprise number that RFC 8415 (section 21.16) puts first: it writes words only,
# each behind its length. So of option6:16,HTTPClient, without which UEFI HTTP Boot
# over IPv6 takes no URL, a client reads the number 000a4854, which is the length
# and "HT". Nor can one write the number: 343 becomes a word, and the bytes in
# hexadecimal, which other options take, are sent as the text of their digits. A
# first word of two bytes puts four bytes in the number's place, though not 343.
#
# dnsmasq 2.90-4~deb12u2 of Debian 12, amd64. Seen, in this order: 000a and the
# word; 0003, "343", 000a, the word; 0011 and the digits with their colons; 0002,
# "XX", 000a, the word.
#
# Usage: dnsmasq-dhcp6-vendor-class.sh (as root; the machine's own package source
# must have Debian 12). Exits with 1 when the behaviour differs.
set -euo pipefail

version=2.90-4~deb12u2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# Debian 12's packages from where the machine has its own, in lists apart.
fetch() {
	local uri apt names
	# shellcheck disable=SC2016 # a variable of apt
	uri=$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' | head -n 1)
	mkdir -p "$root"/{lists/partial,cache/archives/partial,debs,tree}
	touch "$root/status"
	echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri bookworm main" \
		>"$root/sources.list"
	apt=(-qq -o "Dir::State::Lists=$root/lists" -o "Dir::Cache=$root/cache"
		-o "Dir::State::status=$root/status"
		-o "Dir::Etc::SourceList=$root/sources.list"
		-o Dir::Etc::SourceParts=- -o APT::Sandbox::User=root
		-o APT::Architecture=amd64 -o APT::Install-Recommends=false)
	apt-get "${apt[@]}" update
	apt-get "${apt[@]}" install --download-only -y \
		"dnsmasq-base=$version" >/dev/null
	for names in "$root"/cache/archives/*.deb; do
		dpkg -x "$names" "$root/tree"
	done
}

# Prints the option 16 that a client gets, in hexadecimal, if dnsmasq is told to
# send these words in it.
vendor_class() {
	unshare --net --mount --pid --fork --kill-child bash -eus "$1" "$root/tree" <<'END'
		ip link add server type veth peer name client
		sysctl -qw net.ipv6.conf.{server,client}.accept_dad=0
		ip link set lo up
		ip link set server up
		ip link set client up
		ip address add 2001:db8::1/64 dev server nodad
		mkdir -p "$2/dev"
		mount --bind /dev "$2/dev" # random numbers
		mkdir -p "$2/etc"
		echo root:x:0:0::/:/bin/sh >"$2/etc/passwd"
		echo root:x:0: >"$2/etc/group"
		touch "$2/empty"
		chroot "$2" /usr/sbin/dnsmasq --keep-in-foreground --port=0 \
			--conf-file=/empty --user=root --group=root --pid-file= --leasefile-ro \
			--interface=server \
			--dhcp-range=2001:db8::1000,2001:db8::1fff,64 \
			--dhcp-option-force="option6:16,$1" 2>/dev/null &
		python3 - <<'PYTHON'
import socket
import struct

def option(code, data):
    return struct.pack(">HH", code, len(data)) + data

client = socket.if_nametoindex("client")
duid = struct.pack(">H", 4) + bytes(range(16))  # by UUID, as UEFI's is
solicit = (bytes((1, 1, 2, 3)) + option(1, duid) + option(8, bytes(2))
           + option(3, struct.pack(">III", 1, 0, 0)))
asking = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
asking.bind(("::", 546, 0, client))
asking.settimeout(1)
for _ in range(20):
    asking.sendto(solicit, ("ff02::1:2", 547, 0, client))
    try:
        answer = asking.recv(2048)[4:]
    except TimeoutError:
        continue
    while answer:
        code, length = struct.unpack(">HH", answer[:4])
        if code == 16:
            print(answer[4:4 + length].hex())
        answer = answer[4 + length:]
    break
PYTHON
END
}

# The words as the option's tuples: each behind its length.
tuples() {
	local word
	for word; do
		printf '%04x' ${#word}
		printf %s "$word" | od -An -v -tx1 | tr -d ' \n'
	done
}

fetch
differs=0
for words in HTTPClient 343,HTTPClient 00:00:01:57:00:01 XX,HTTPClient; do
	sent=$(vendor_class "$words")
	echo "dnsmasq $version: option6:16,$words is sent as $sent"
	# shellcheck disable=SC2086 # each a word
	[ "$sent" = "$(tuples ${words//,/ })" ] || differs=1
done
exit $differs
