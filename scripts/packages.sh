# shellcheck shell=sh
# What the scripts here do with Debian's packages. With install=false nothing is
# installed: a message says what is missing.

# packages_named NAME...: prints the packages. debian-installer-*-netboot-ARCH
# is the newest one that is installed or, if none is, that apt knows. If apt
# knows none, the name stays as it is.
packages_named() {
	for package; do
		case $package in
		debian-installer-\*-*)
			release=$(installers "$package" | sort -V | tail -n 1)
			package=${release:-$package}
			;;
		esac
		printf '%s ' "$package"
	done
}

installers() {
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$1" \
		2>/dev/null | sed -n 's/^installed //p')
	[ -n "$installed" ] && echo "$installed" && return
	apt-cache --names-only search "^${1%%\**}[0-9]+${1##*\*}\$" | cut -d ' ' -f 1
}

packages_are_installed() {
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>&1)" = \
			installed ] || return 1
	done
}

# packages_missing NAME...: prints those that are not installed.
packages_missing() {
	for package in $(packages_named "$@"); do
		packages_are_installed "$package" || printf ' %s' "$package"
	done
}

# packages_there_are NAME...: prints those that are installed or that apt knows.
# apt-cache succeeds and shows nothing where others only depend on a name.
packages_there_are() {
	for package; do
		if packages_are_installed "$package" ||
			apt-cache show "$package" 2>/dev/null | grep -q .; then
			printf '%s ' "$package"
		fi
	done
}

# packages_install NAME...: installs those that are missing.
packages_install() {
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	${install:-true} || {
		echo "${0##*/}: missing packages:$missing (apt-get install them)" >&2
		return 1
	}
	sudo=
	[ "$(id -u)" -eq 0 ] || sudo=sudo
	$sudo apt-get update || return 1
	missing=$(packages_missing "$@")
	for package in $missing; do
		[ -n "$(packages_there_are "$package")" ] || {
			echo "${0##*/}: apt knows no package $package: it needs" \
				"the archive main of Debian 12 or later" >&2
			return 1
		}
	done

	# Debian starts a lighttpd on port 80 as soon as it is installed. This
	# mask keeps it from that, and is gone when the machine restarts at the
	# latest.
	mask=:
	case $missing in
	*lighttpd*) [ ! -d /run/systemd/system ] || mask="$sudo systemctl -q --runtime" ;;
	esac
	$mask mask lighttpd.service
	status=0
	# shellcheck disable=SC2086 # each word a package
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends $missing || status=1
	$mask unmask lighttpd.service
	[ $status = 0 ] || echo "${0##*/}: could not install:$missing" >&2
	return $status
}

# Prints the URL of Debian's mirror that apt uses here, whose name for the release
# in apt's sources may be stable or testing.
packages_mirror() {
	# shellcheck source=/dev/null
	suite_here=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt fills it in
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' "Codename: ${suite_here:-none}" 'Component: main' |
		head -n 1 | grep .
}
