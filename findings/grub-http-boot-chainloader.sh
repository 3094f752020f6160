#!/bin/bash
# GRUB that was started by UEFI HTTP Boot cannot chainload a program for UEFI by
# HTTP. chainloader fetches the whole file by the firmware's network, and then
# fails, because it looks for the server in $root by GRUB's own network, which this
# boot has not set up: "no DNS servers configured" where $root has a name, though
# DHCP named a name server and the firmware has just used it, and "destination
# unreachable" where $root has an address. cat reads a file of the same server.
#
# Debian's signed images for network boot, grub-efi-amd64-signed 1+2.12+9+deb13u4
# (Debian 13) and 1+2.14+4 (forky); ovmf 2025.02-8+deb13u1 of Debian 13; qemu
# 1:7.2+dfsg-7+deb12u18+b3 and dnsmasq 2.90-4~deb12u2 of Debian 12. Seen with
# both: `expected' below, GRUB's lines and then the requests.
#
# Usage: grub-http-boot-chainloader.sh (as root; about 4 minutes; the machine's own
# package source must have Debian 12, 13 and forky). Exits with 1 when the behaviour
# differs.
set -euo pipefail
shopt -s inherit_errexit

qemu=1:7.2+dfsg-7+deb12u18+b3
ovmf=2025.02-8+deb13u1
dnsmasq=2.90-4~deb12u2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

expected="= root http,boot.example.org
fetched
error: no DNS servers configured.
= root http,192.0.2.5
fetched
error: destination unreachable.
= end
GET /text
GET /program.efi
GET /text
GET /program.efi"

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
"""An HTTP server of the files here; the requests are its output."""
import http.server

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code="-", size="-"):
        print(self.command, self.path, flush=True)

http.server.ThreadingHTTPServer(("", 80), Handler).serve_forever()
END

# boot SUITE: boots this suite's GRUB, and prints what it says from the first "=" to
# "= end", and the files that it gets by HTTP.
boot() {
	local machine=$root/machine
	cp "$root/$1/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed" \
		"$machine/files/grub.efi"
	cp "$root/trixie/usr/share/OVMF/OVMF_VARS_4M.fd" "$machine"
	: >"$machine/serial"
	unshare --net --mount --pid --fork --kill-child bash -eus "$root" <<'END'
		root=$1 machine=$1/machine
		mount --bind /dev "$machine/dev"
		ip link set lo up
		ip tuntap add wire mode tap
		ip link set wire up
		ip address add 192.0.2.5/24 dev wire
		chroot "$machine" /usr/sbin/dnsmasq --keep-in-foreground \
			--conf-file=/empty --user=root --group=root --pid-file= \
			--leasefile-ro --interface=wire --bind-dynamic --no-resolv \
			--no-hosts --no-ping --address=/boot.example.org/192.0.2.5 \
			--dhcp-range=192.0.2.100,192.0.2.199 \
			--dhcp-vendorclass=set:http,HTTPClient \
			--dhcp-option-force=tag:http,60,HTTPClient \
			--dhcp-boot=http://boot.example.org/grub.efi \
			2>/dev/null &
		cd "$machine/files"
		python3 "$root/serve.py" >"$root/requests" 2>/dev/null &
		chroot "$machine" qemu-system-x86_64 -accel tcg -cpu max \
			-m 512 -machine q35 -display none -no-reboot \
			-fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=n \
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
	tr -d '\r' <"$machine/serial" | sed -n 's/^.*= root/= root/
		/^= root/,/^= end/ { /^\.*$/!p; /^= end/q; }'
	sed -n '/^GET/ { /grub\.\(efi\|cfg\)$/!p; }' "$root/requests"
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
# Any program for UEFI.
cp "$root/trixie/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed" \
	"$root/machine/files/program.efi"
echo fetched >"$root/machine/files/text"
cat >"$root/machine/files/grub/grub.cfg" <<'END'
serial
terminal_output serial
echo "= root $root"
cat (http,boot.example.org)/text
chainloader (http,boot.example.org)/program.efi
set root=http,192.0.2.5
echo "= root $root"
cat (http,192.0.2.5)/text
chainloader (http,boot.example.org)/program.efi
echo "= end"
END
rc=0
for suite in trixie forky; do
	seen=$(boot "$suite")
	printf 'GRUB %s:\n%s\n' "${grub[$suite]}" "$seen"
	[ "$seen" = "$expected" ] || rc=1
done
exit $rc
