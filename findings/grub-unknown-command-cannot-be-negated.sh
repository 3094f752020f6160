#!/bin/bash
# GRUB's script language takes a command that it does not know for a success: it
# prints "can't find command", and $? is 0. And `!', of which the manual says that
# it gives the logical negation of the exit status, has no effect on such a
# command. So `if unknown' and `if ! unknown' both run what follows `then'. The
# status of a function that ends with the same command is negated as usual.
#
# For comparison: `insmod' of a missing module prints "not found" and is a success
# as well, but `!' makes a failure of it. A command that command.lst names fails if
# its module is missing, and so does `cat' of a missing file.
#
# GRUB 2.06-13+deb12u2 of Debian 12 and 2.12-9+deb13u4 of Debian 13, for PCs with
# BIOS; qemu 1:7.2+dfsg-7+deb12u18+b3. Seen with both: the lines of `expected'
# below. The last four give $? after the command.
#
# Usage: grub-unknown-command-cannot-be-negated.sh (as root; the machine's own
# package source must have Debian 12 and 13). Exits with 1 when the behaviour
# differs.
set -euo pipefail
shopt -s inherit_errexit

qemu=1:7.2+dfsg-7+deb12u18+b3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

expected="if unknown: then
if ! unknown: then
if wrapped: then
if ! wrapped: else
if insmod absent: then
if ! insmod absent: else
if hello: else
if ! hello: then
if cat /absent: else
if ! cat /absent: then
unknown: 0
! unknown: 0
insmod absent: 0
cat /absent: 5"

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

# The grub.cfg whose output is compared: the lines with an equals sign. There is no
# absent.mod and no hello.mod; command.lst names the command hello.
script() {
	local command condition
	echo serial
	echo terminal_output serial
	echo 'function wrapped { unknown; }'
	for command in unknown wrapped 'insmod absent' hello 'cat /absent'; do
		for condition in "$command" "! $command"; do
			echo "if $condition; then echo '= if $condition: then'"
			echo "else echo '= if $condition: else'; fi"
		done
	done
	for command in unknown '! unknown' 'insmod absent' 'cat /absent'; do
		echo "$command"
		echo "echo '= $command:' \$?"
	done
	echo halt
}

# seen SUITE VERSION: what this version of GRUB prints.
seen() {
	local suite=$1 version=$2 tree=$root/$1
	fetch "$suite" "$tree" "grub-pc-bin=$version" "grub-common=$version"
	script >"$tree/grub.cfg"
	mkdir -p "$tree/tmp"
	chroot "$tree" grub-mkstandalone -O i386-pc -o /core.img \
		--modules=biosdisk \
		--install-modules="normal serial terminal echo cat halt" \
		--locales= --fonts= --themes= boot/grub/grub.cfg=/grub.cfg
	cat "$tree/usr/lib/grub/i386-pc/lnxboot.img" "$tree/core.img" \
		>"$root/machine/grub"
	: >"$root/machine/serial"
	timeout 120 chroot "$root/machine" qemu-system-x86_64 -accel tcg -m 128 \
		-display none -nic none -kernel /grub -serial file:/serial </dev/null
	tr -d '\r' <"$root/machine/serial" | sed -n 's/.*= //p'
}

fetch bookworm "$root/machine" "qemu-system-x86=$qemu"
mkdir -p "$root/machine/dev"
mknod -m 666 "$root/machine/dev/null" c 1 3
rc=0
for grub in "bookworm 2.06-13+deb12u2" "trixie 2.12-9+deb13u4"; do
	# shellcheck disable=SC2086 # two words
	lines=$(seen $grub)
	printf 'GRUB of %s:\n%s\n' "$grub" "$lines"
	[ "$lines" = "$expected" ] || rc=1
done
exit $rc
