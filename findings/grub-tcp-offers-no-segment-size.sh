#!/bin/bash
# GRUB's own TCP offers no segment size and a window of 8192 bytes at most. So any
# server sends it segments of 536 bytes (RFC 9293, section 3.7.1), a third of what fits
# into a frame, and no more than 8 KiB in each round trip: 400 kB a second at 20 ms,
# two minutes for a kernel and an initrd of 49 MB, however fast the line. Started by
# UEFI HTTP Boot, the same GRUB takes the firmware's TCP: segments of 1460 bytes, and a
# window several times as large.
#
# Debian's signed images for network boot, grub-efi-amd64-signed 1+2.12+9+deb13u4
# (Debian 13) and 1+2.14+4 (forky); ovmf 2025.02-8+deb13u1 of Debian 13; qemu
# 1:7.2+dfsg-7+deb12u18+b3 and dnsmasq 2.90-4~deb12u2 of Debian 12. Seen with both:
# `by_pxe' and `by_http_boot' below.
#
# Usage: grub-tcp-offers-no-segment-size.sh (as root; about 6 minutes; the machine's
# own package source must have Debian 12, 13 and forky). Exits with 1 when the
# behaviour differs.
set -euo pipefail
shopt -s inherit_errexit

qemu=1:7.2+dfsg-7+deb12u18+b3
ovmf=2025.02-8+deb13u1
dnsmasq=2.90-4~deb12u2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

by_pxe='segments of 536 bytes, a window of 8192 at most'
by_http_boot='segments of 1460 bytes, a window of more than 8192'

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

cat >"$root/serve.py" <<'END'
"""An HTTP server of the files here. It says what the client's TCP takes: while the
file is sent, the size of a segment and the largest window that the kernel knows
(tcpi_snd_wnd, at 228 of struct tcp_info)."""
import http.server
import socket
import struct

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def copyfile(self, source, output):
        window = 0
        while piece := source.read(16384):
            output.write(piece)
            info = self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
            window = max(window, struct.unpack_from("I", info, 228)[0])
        size = self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        limit = "8192 at most" if window <= 8192 else "more than 8192"
        if self.path == "/comments":
            print(f"segments of {size} bytes, a window of {limit}", flush=True)

http.server.ThreadingHTTPServer(("", 80), Handler).serve_forever()
END

# boot SUITE PXE: boots this suite's GRUB, by PXE if PXE is "y", and prints what the
# server says of its TCP.
boot() {
	local machine=$root/machine
	cp "$root/$1/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed" \
		"$machine/files/grub.efi"
	cp "$root/trixie/usr/share/OVMF/OVMF_VARS_4M.fd" "$machine"
	: >"$machine/serial"
	unshare --net --mount --pid --fork --kill-child bash -eus "$root" "$2" <<'END'
		root=$1 machine=$1/machine pxe=$2
		mount --bind /dev "$machine/dev"
		ip link set lo up
		ip tuntap add wire mode tap
		ip link set wire up
		ip address add 192.0.2.5/24 dev wire
		chroot "$machine" /usr/sbin/dnsmasq --keep-in-foreground \
			--conf-file=/empty --user=root --group=root --pid-file= \
			--leasefile-ro --interface=wire --bind-dynamic --no-resolv \
			--no-hosts --dhcp-range=192.0.2.100,192.0.2.199 \
			--enable-tftp --tftp-root=/files --dhcp-boot=grub.efi \
			--dhcp-vendorclass=set:http,HTTPClient \
			--dhcp-option-force=tag:http,60,HTTPClient \
			--dhcp-boot=tag:http,http://192.0.2.5/grub.efi 2>/dev/null &
		cd "$machine/files"
		python3 "$root/serve.py" >"$root/tcp" 2>/dev/null &
		chroot "$machine" qemu-system-x86_64 -accel tcg -cpu max \
			-m 512 -machine q35 -display none -no-reboot \
			-fw_cfg "name=opt/org.tianocore/IPv4PXESupport,string=$pxe" \
			-fw_cfg name=opt/org.tianocore/IPv6PXESupport,string=n \
			-drive if=pflash,format=raw,readonly=on,file=/OVMF_CODE_4M.fd \
			-drive if=pflash,format=raw,file=/OVMF_VARS_4M.fd \
			-netdev tap,id=wire,ifname=wire,script=no,downscript=no \
			-device virtio-net-pci,netdev=wire,mac=00:00:5e:00:53:05,romfile= \
			-serial file:/serial </dev/null &
		for ((second = 0; second < 300; second++)); do
			! grep -qa "= end" "$machine/serial" || break
			sleep 1
		done
END
	cat "$root/tcp"
}

declare -A grub=([trixie]=1+2.12+9+deb13u4 [forky]=1+2.14+4)
fetch bookworm "$root/machine" "qemu-system-x86=$qemu" "dnsmasq-base=$dnsmasq"
fetch trixie "$root/trixie" "ovmf=$ovmf" "grub-efi-amd64-signed=${grub[trixie]}"
fetch forky "$root/forky" "grub-efi-amd64-signed=${grub[forky]}"
mkdir -p "$root"/machine/{dev,etc,tmp,files/grub}
cp "$root/trixie/usr/share/OVMF/OVMF_CODE_4M.fd" "$root/machine"
echo root:x:0:0::/:/bin/sh >"$root/machine/etc/passwd"
echo root:x:0: >"$root/machine/etc/group"
touch "$root/machine/empty"
{
	echo serial
	echo terminal_output serial
	echo "source '(http,192.0.2.5)/comments'"
	echo "echo '= end'"
} >"$root/machine/files/grub/grub.cfg"
yes "# $(printf '%063d' 0)" | head -c 1M >"$root/machine/files/comments" || :
rc=0
for suite in trixie forky; do
	for pxe in n y; do
		seen=$(boot "$suite" $pxe)
		expected=$by_http_boot how='HTTP Boot'
		[ $pxe = n ] || expected=$by_pxe how=PXE
		printf 'GRUB %s by %s: %s\n' "${grub[$suite]}" "$how" "$seen"
		[ "$seen" = "$expected" ] || rc=1
	done
done
exit $rc
