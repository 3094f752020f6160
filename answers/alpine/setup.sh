#!/bin/sh
# Answers for Alpine's setup-alpine, which a person starts, as root on the
# booted machine; the URL is that of this file, on the kernel's command line:
#	setup-alpine -ef URL
# Not installed: the file has been read by a shell alone.
# mirrorboot-answers(5) lists the values.
keyboard={{#keyboard}}{{.}}{{/keyboard}}{{^keyboard}}us{{/keyboard}}
KEYMAPOPTS="$keyboard $keyboard"
hostname={{#hostname}}{{.}}{{/hostname}}{{^hostname}}alpine{{/hostname}}
HOSTNAMEOPTS="$hostname"
DEVDOPTS=mdev
INTERFACESOPTS="auto lo
iface lo inet loopback

auto eth0
iface eth0 inet dhcp
"
TIMEZONEOPTS={{#timezone}}{{.}}{{/timezone}}{{^timezone}}UTC{{/timezone}}
PROXYOPTS={{#proxy}}{{.}}{{/proxy}}{{^proxy}}none{{/proxy}}
mirror={{mirror}}
version={{version}}
APKREPOSOPTS="$mirror$version/main $mirror$version/community"
USEROPTS=none
SSHDOPTS=openssh
NTPOPTS=openntpd
disk={{#disk}}{{.}}{{/disk}}{{^disk}}/dev/sda{{/disk}}
DISKOPTS="-m sys $disk"
