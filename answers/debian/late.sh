#!/bin/sh
# Debian's installer runs this when the new system is in /target. If it fails,
# the installer shows an error and waits, and the machine is not installed
# again: it boots from its disk until somebody arms it.
set -eu
umask 022

{{#hostname}}
hostname={{hostname}}
printf '%s\n' "$hostname" >/target/etc/hostname
sed -i '/^127\.0\.1\.1[[:space:]]/d' /target/etc/hosts
printf '127.0.1.1\t%s %s\n' "$hostname" "${hostname%%.*}" >>/target/etc/hosts
{{/hostname}}

# The keys of administrators: the user's, or root's.
{{#ssh_keys}}
{{#first}}
user={{#user}}{{.}}{{/user}}{{^user}}root{{/user}}
home=$(chroot /target getent passwd "$user" | cut -d : -f 6)
[ -n "$home" ] || { echo "late.sh: there is no user $user" >&2; exit 1; }
mkdir -p -m 700 "/target$home/.ssh"
: >"/target$home/.ssh/authorized_keys"
{{/first}}
printf '%s\n' {{value}} >>"/target$home/.ssh/authorized_keys"
{{/ssh_keys}}
{{#ssh_keys}}
{{#first}}
chmod 600 "/target$home/.ssh/authorized_keys"
chroot /target chown -R "$user:" "$home/.ssh"
{{/first}}
{{/ssh_keys}}
{{#user}}

apt-install sudo || :
{{^password_hash}}
# Without a password, sudo must ask for none.
user={{user}}
mkdir -p -m 750 /target/etc/sudoers.d
printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\n' "$user" >/target/etc/sudoers.d/installer
chmod 440 /target/etc/sudoers.d/installer
{{/password_hash}}
{{/user}}

# The last step: from now on this machine boots from its disk.
wget -O /dev/null {{done}}
