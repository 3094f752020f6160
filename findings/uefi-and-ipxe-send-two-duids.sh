#!/bin/bash
# One machine asks by DHCPv6 under two names. UEFI (OVMF of Debian 12) and iPXE
# both make their DUID of the machine's UUID (RFC 6355, type 4). iPXE writes the
# UUID's bytes in the order in which people write them, UEFI as SMBIOS stores
# them, with the first three parts turned around. So a reservation by DUID holds
# for the firmware or for the iPXE that it starts, and not for both; a pool gives
# the machine two addresses within a minute.
#
# Debian 12, amd64: ovmf 2022.11-6+deb12u2, ipxe 1.0.0+git-20190125.36a4c85-5.1,
# qemu 1:7.2+dfsg-7+deb12u18+b3. Seen of 12345678-9abc-def0-1122-334455667788:
# UEFI sends 0004 78563412 bc9a f0de 1122 334455667788, iPXE sends 0004 and the
# UUID as it stands.
#
# Usage: uefi-and-ipxe-send-two-duids.sh (as root; about 2 minutes; the machine's
# own package source must have Debian 12). Exits with 1 when the behaviour
# differs.
set -euo pipefail

qemu=1:7.2+dfsg-7+deb12u18+b3
ovmf=2022.11-6+deb12u2
ipxe=1.0.0+git-20190125.36a4c85-5.1
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
		"qemu-system-x86=$qemu" "ovmf=$ovmf" "ipxe=$ipxe" >/dev/null
	for names in "$root"/cache/archives/*.deb; do
		dpkg -x "$names" "$root/tree"
	done
}

# Prints the DUID that a machine of these QEMU options asks with.
duid() {
	python3 "$root/duid.py" chroot "$root/tree" qemu-system-x86_64 -accel tcg \
		-m 256 -display none -uuid 12345678-9abc-def0-1122-334455667788 \
		-device virtio-net-pci,netdev=wire,romfile= "$@"
}

cat >"$root/duid.py" <<'END'
import select, socket, struct, subprocess, sys, time

def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

ROUTER_MAC = bytes.fromhex("00005e005301")
ROUTER = socket.inet_pton(socket.AF_INET6, "fe80::1")
ALL = socket.inet_pton(socket.AF_INET6, "ff02::1")

def advertisement():
    """From the router: addresses are to be had by DHCPv6."""
    body = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0xc0, 1800, 0, 0) + b"\x01\x01" + ROUTER_MAC
    pseudo = ROUTER + ALL + struct.pack(">II", len(body), 58)
    body = body[:2] + struct.pack(">H", checksum(pseudo + body)) + body[4:]
    return (bytes.fromhex("333300000001") + ROUTER_MAC + b"\x86\xdd"
            + struct.pack(">IHBB", 6 << 28, len(body), 58, 255) + ROUTER + ALL + body)

def duid_of(frame):
    """The client's identifier of a DHCPv6 message; None of other frames."""
    if frame[12:14] != b"\x86\xdd" or frame[20] != 17 or frame[56:58] != b"\x02\x23":
        return None
    options = frame[66:]
    while len(options) >= 4:
        code, length = struct.unpack(">HH", options[:4])
        if code == 1:
            return options[4:4 + length].hex()
        options = options[4 + length:]
    return None

def first_duid(qemu, seconds=400):
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind(("127.0.0.1", 0))
    port = wire.getsockname()[1]
    spare = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    spare.bind(("127.0.0.1", 0))
    other = spare.getsockname()[1]
    spare.close()
    machine = subprocess.Popen(qemu + ["-netdev", f"socket,id=wire,udp=127.0.0.1:{port},localaddr=127.0.0.1:{other}"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            wire.settimeout(1)
            try:
                frame = wire.recv(2048)
            except TimeoutError:
                continue
            if frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 133:
                wire.sendto(advertisement(), ("127.0.0.1", other))
            duid = duid_of(frame)
            if duid:
                return duid
        return "nothing"
    finally:
        machine.kill()
        machine.wait()

if __name__ == "__main__":
    print(first_duid(sys.argv[1:]))
END

fetch
mkdir -p "$root/tree/dev"
mknod -m 666 "$root/tree/dev/null" c 1 3
cp "$root/tree/usr/share/OVMF/OVMF_VARS_4M.fd" "$root/tree/vars.fd"
printf '#!ipxe\nifconf --configurator ipv6 net0\n' >"$root/tree/ask.ipxe"
by_ipxe=$(duid -kernel /usr/lib/ipxe/ipxe.lkrn -initrd /ask.ipxe)
by_uefi=$(duid -machine q35 \
	-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
	-drive if=pflash,format=raw,file=/vars.fd)
echo "ovmf $ovmf sends $by_uefi, ipxe $ipxe sends $by_ipxe"
[ "$by_ipxe" = 0004123456789abcdef01122334455667788 ] &&
	[ "$by_uefi" = 000478563412bc9af0de1122334455667788 ]
