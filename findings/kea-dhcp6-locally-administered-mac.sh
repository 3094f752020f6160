#!/bin/bash
# Kea 2.2.0 (Debian 12) with "mac-sources": [ "ipv6-link-local" ] finds the
# reservation of a machine by its hw-address when the address was given by a
# manufacturer, and passes over it when the address is locally administered, as
# 52:54:00:... is, which QEMU and libvirt give to every virtual machine. Both
# clients below have the link-local address that EUI-64 makes of their MAC; they
# differ in nothing else. The first gets an address of the pool, and no message
# says why; the second gets its own.
#
# Kea 2.2.0-6 of Debian 12, amd64. Seen: 2001:db8::1000 and 2001:db8::5.
#
# Usage: kea-dhcp6-locally-administered-mac.sh (as root; the machine's own
# package source must have Debian 12). Exits with 1 when the behaviour differs.
set -euo pipefail

version=2.2.0-6
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
		"kea-dhcp6-server=$version" dash >/dev/null
	for names in "$root"/cache/archives/*.deb; do
		dpkg -x "$names" "$root/tree"
	done
}

# Prints the address that a client with this MAC gets.
ask() {
	local tree=$root/tree
	rm -rf "$tree/tmp" # the PID file of the server before
	mkdir -p "$tree"/{var/lib/kea,tmp}
	cat >"$tree/kea.json" <<-END
		{"Dhcp6": {
		  "interfaces-config": {"interfaces": ["server"]},
		  "lease-database": {"type": "memfile", "persist": false},
		  "mac-sources": ["ipv6-link-local"],
		  "host-reservation-identifiers": ["hw-address"],
		  "subnet6": [{
		    "id": 1, "subnet": "2001:db8::/64", "interface": "server",
		    "pools": [{"pool": "2001:db8::1000-2001:db8::1fff"}],
		    "reservations": [{"hw-address": "$1",
		                      "ip-addresses": ["2001:db8::5"]}]}]}}
	END
	unshare --net --pid --fork --kill-child bash -eus "$1" "$tree" <<'END'
		ip link add server type veth peer name client address "$1"
		sysctl -qw net.ipv6.conf.{server,client}.accept_dad=0
		ip link set lo up
		ip link set server up
		ip link set client up
		KEA_PIDFILE_DIR=/tmp KEA_LOCKFILE_DIR=/tmp chroot "$2" \
			/usr/sbin/kea-dhcp6 -c /kea.json >/dev/null 2>&1 &
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
        if code == 3:  # IA_NA, and in it an IAADDR
            print(socket.inet_ntop(socket.AF_INET6, answer[20:36]))
        answer = answer[4 + length:]
    break
PYTHON
END
}

fetch
local_mac=$(ask 52:54:00:12:34:56)
universal_mac=$(ask 00:16:3e:12:34:56)
echo "kea $version: 52:54:00:12:34:56 gets $local_mac, 00:16:3e:12:34:56 gets $universal_mac"
[ "$local_mac" = 2001:db8::1000 ] && [ "$universal_mac" = 2001:db8::5 ]
