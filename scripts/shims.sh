# shellcheck shell=sh
# Other vendors' shims for loaders: what puts them below shims/NAME, and what
# checks them there. Of loaders it uses the variables tftp, www and temporary,
# and put, fail and complain.
# shellcheck disable=SC2154 # loaders sets them

# number FILE OFFSET BYTES: an unsigned number; nothing after the end of the file.
number() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" 2>/dev/null | tr -d ' '
}

# efi_problem FILE ARCH: what is wrong with a signed program for UEFI. In its
# header are the machine and, in the directory's entry 4, where the signatures
# are and how long, which is the end of the file.
efi_problem() {
	case $2 in
	x64) machine=34404 ;;
	aa64) machine=43620 ;;
	esac
	header=$(number "$1" 60 4)
	header=${header:-0}
	signatures=$(number "$1" $((header + 168)) 4)
	length=$(number "$1" $((header + 172)) 4)
	if [ "$(number "$1" 0 2)" != 23117 ] ||
		[ "$(number "$1" "$header" 4)" != 17744 ]; then
		echo "is no program for UEFI"
	elif [ "$(number "$1" $((header + 4)) 2)" != "$machine" ]; then
		echo "is not for $2"
	elif [ "${length:-0}" = 0 ]; then
		echo "has no signature: it does not start with Secure Boot on"
	elif [ $((signatures + length)) -gt "$(wc -c <"$1")" ]; then
		echo "is cut short: fetch it again"
	fi
}

# shim_loads SHIM: the name by which a shim asks for GRUB, such as grubx64.efi.
# SUSE's asks for grub.efi.
shim_loads() {
	tr -d '\000' <"$1" | grep -aio 'grub[a-z0-9]*\.efi' | head -n 1
}

# grub_prefix GRUB: the directory of its grub.cfg, from its last object of type 3.
# Nothing if that leads out of the TFTP directory.
grub_prefix() {
	LC_ALL=C grep -aoP '\x03\x00{3}[\x0c-\xff]\x00{3}\K[/(][ -~]*(?=\x00)' "$1" |
		tr -d '\000' | tail -n 1 | sed 's/^([^)]*)//; /\.\./d'
}

# grub_problem FILE ARCH
grub_problem() {
	problem=$(efi_problem "$1" "$2")
	if [ -n "$problem" ]; then
		echo "$problem"
	elif [ -z "$(grub_prefix "$1")" ]; then
		echo "is no GRUB: no directory of a grub.cfg is in it"
	elif ! grep -aq 'HTTP/1.1' "$1"; then
		echo "has no HTTP: it cannot open the pages"
	fi
}

# shim_problem FILE ARCH
shim_problem() {
	problem=$(efi_problem "$1" "$2")
	if [ -n "$problem" ]; then
		echo "$problem"
	elif [ -z "$(shim_loads "$1")" ]; then
		echo "is no shim: it names no GRUB"
	fi
}

# In the sample grub.cfg, the line that finds the shim's name.
finds_name='^if regexp --set=1:name .*fw_path'

# named_shim NAME CONFIGURATION: a grub.cfg of the site's that says this shim.
named_shim() {
	sed "/$finds_name/d; s/^set shim=\$/set shim=\"\\&shim=$1\"/" "$2"
}

# configurations_of NAME GRUB: prints "text file" lines: each grub.cfg that this
# GRUB may ask for, and whether its text is "named", for this shim alone, or
# "common", the site's, which finds the name in fw_path.
configurations_of() {
	text=named
	! grep -aq fw_path "$2" || text=common
	echo "named shims/$1/grub.cfg"
	echo "$text $(grub_prefix "$2")/grub.cfg" | sed 's|//*|/|g; s| /| |'
}

# says NAME TEXT: what the lines of such a grub.cfg have.
says() {
	case $2 in
	named) echo "^set shim=\"&shim=$1\"\$" ;;
	common) echo "$finds_name" ;;
	esac
}

# first_of DIR NAME...: the first of these files, in whatever letters. Where there
# are several of the name, they are the same file, or nobody can say which is
# meant.
first_of() {
	below=$1
	shift
	for wanted; do
		found=$(find -L "$below" -type f -iname "$wanted" | sort)
		[ -z "$found" ] || break
	done
	first=$(echo "$found" | head -n 1)
	echo "$found" | while IFS= read -r other; do
		[ -z "$other" ] || cmp -s "$first" "$other" || fail \
			"$(readlink -f "$first") and $(readlink -f "$other") differ: name a directory with one of them"
	done || exit 1
	echo "$first"
}

# In a package, grubx64.efi.signed is for disks.
find_shim() {
	first_of "$1" "shim$2.efi.signed" "shim$2.efi.signed.latest" \
		"shim$2.efi" "bootnet$2.efi" "boot$2.efi"
}

find_grub() {
	first_of "$1" "grubnet$2.efi.signed" "grubnet$2.efi" "grub$2.efi" grub.efi
}

# gather_shim NAME=SOURCE DIR: a package's files, or those of a directory, below
# DIR/NAME.
gather_shim() {
	name=${1%%=*}
	source=${1#*=}
	case $1 in
	*=?*) ;;
	*) name= ;;
	esac
	case $name in
	'' | *[!a-z0-9-]*)
		fail "--shim needs NAME=DIRECTORY-OR-DEB; NAME has lower case letters, digits and -"
		;;
	esac
	mkdir -p "$2/$name"
	case $source in
	*.deb)
		[ -e "$source" ] || fail "$source does not exist"
		dpkg-deb -x "$source" "$2/$name" 2>/dev/null ||
			fail "$source is no package of Debian's kind"
		;;
	*)
		[ -d "$source" ] ||
			fail "$source is no directory and no .deb"
		ln -s "$(cd "$source" && pwd)" "$(mktemp -u "$2/$name/XXXXXX")"
		;;
	esac
}

# configuration_problem NAME TEXT FILE: why such a grub.cfg cannot be written. One
# that is there may be the site's own, or another shim's.
configuration_problem() {
	if [ "$3" = grub/grub.cfg ]; then
		[ "$2" = common ] ||
			echo "this GRUB knows no fw_path and asks for grub/grub.cfg, as the site's own does"
	elif [ "$3" != "shims/$1/grub.cfg" ] && [ -e "$tftp/$3" ] &&
		! grep -q "$(says "$1" "$2")" "$tftp/$3"; then
		echo "its GRUB asks for $3, and there is another one: move it away, or do without this shim"
	fi
}

# put_configuration NAME TEXT FILE: writes a grub.cfg. The site's own is not
# written, but has to find the shim's name.
put_configuration() {
	if [ "$2" = named ]; then
		named_shim "$1" "$tftp/grub/grub.cfg" >"$temporary/grub.cfg"
		put "$temporary/grub.cfg" "$tftp/$3"
	elif [ "$3" != grub/grub.cfg ]; then
		put "$tftp/grub/grub.cfg" "$tftp/$3"
	fi
}

# put_shim NAME ARCH SHIM GRUB
put_shim() {
	for directory in "$tftp/shims/$1" "$www/loaders/shims/$1"; do
		put "$3" "$directory/shim$2.efi"
		put "$4" "$directory/$(shim_loads "$3")"
	done
	while read -r text file; do
		put_configuration "$1" "$text" "$file"
	done <<END
$(configurations_of "$1" "$4")
END
	put "$tftp/shims/$1/grub.cfg" "$www/loaders/shims/$1/grub.cfg"
}

# check_source NAME ARCH SHIM GRUB: fails if these cannot be put in place.
check_source() {
	problem=$(shim_problem "$3" "$2")
	[ -z "$problem" ] || fail "shims/$1: ${3##*/} $problem"
	[ -n "$4" ] ||
		fail "shims/$1: no signed GRUB for the network beside the shim for $2: name its package too, by --shim $1=FILE"
	problem=$(grub_problem "$4" "$2")
	[ -z "$problem" ] || fail "shims/$1: ${4##*/} $problem"
	while read -r text file; do
		problem=$(configuration_problem "$1" "$text" "$file")
		[ -z "$problem" ] || fail "shims/$1: $problem"
	done <<END
$(configurations_of "$1" "$4")
END
}

# choose_shim NAME DIR: checks what is in DIR for each architecture that is there,
# and links to it from chosen/NAME/ARCH.
choose_shim() {
	taken=false
	for arch in x64 aa64; do
		shim_file=$(find_shim "$2" $arch)
		[ -n "$shim_file" ] || continue
		grub_file=$(find_grub "$2" $arch)
		check_source "$1" $arch "$shim_file" "$grub_file"
		taken=true
		chosen=$temporary/chosen/$1/$arch
		mkdir -p "$chosen"
		ln -s "$shim_file" "$chosen/shim"
		ln -s "$grub_file" "$chosen/grub"
	done
	$taken ||
		fail "shims/$1: no shim: looked for shimx64.efi, bootnetx64.efi, bootx64.efi, and aa64"
}

# put_shims LIST: each line is NAME=SOURCE; lines of one NAME belong together.
put_shims() {
	[ "$(grep -cx -e 'set shim=' -e "$finds_name.*" "$tftp/grub/grub.cfg" 2>/dev/null)" = 2 ] ||
		fail "copy the sample grub.cfg to $tftp/grub/grub.cfg, with your web server's name in it: another shim gets the same, with its name"
	while read -r one; do
		gather_shim "$one" "$temporary/shims"
	done <<END
${1%?}
END
	for directory in "$temporary"/shims/*; do
		choose_shim "${directory##*/}" "$directory"
	done
	for chosen in "$temporary"/chosen/*/*; do
		name=${chosen%/*}
		put_shim "${name##*/}" "${chosen##*/}" "$chosen/shim" "$chosen/grub"
	done
}

# placed_shims: lines of "name file", as tftp_files has them. No loader asks for a
# name with a blank.
placed_shims() {
	[ -d "$tftp/shims" ] || return 0
	(cd "$tftp" && find shims -mindepth 2 -maxdepth 2 -type f ! -name '* *') | sort |
		while read -r file; do
			echo "$file $tftp/$file"
		done
}

# pages_of CONFIGURATION: the address that it opens.
pages_of() {
	sed -n 's/^ *configfile \([^"]*\).*/\1/p' "$1"
}

# check_configuration NAME TEXT FILE
check_configuration() {
	if [ ! -e "$tftp/$3" ]; then
		complain "shims/$1: its GRUB asks for $3, which is missing: place it by --shim"
	elif ! grep -q "$(says "$1" "$2")" "$tftp/$3"; then
		complain "shims/$1: $3 does not give the pages shim=$1: place it by --shim"
	elif [ "$(pages_of "$tftp/$3")" != "$(pages_of "$tftp/grub/grub.cfg")" ]; then
		complain "shims/$1: $3 opens other pages than grub/grub.cfg: $(pages_of "$tftp/$3")"
	fi
}

# check_efi NAME FILE ARCH PROBLEM: complains of a program; PROBLEM is what finds
# what is wrong with it. Fails if nothing can be said of what it loads.
check_efi() {
	if [ ! -e "$tftp/shims/$1/$2" ]; then
		complain "shims/$1: $2 is missing"
		return 1
	fi
	found=$("$4" "$tftp/shims/$1/$2" "$3")
	if [ -n "$found" ]; then
		complain "shims/$1: $2 $found"
		return 1
	fi
	cmp -s "$tftp/shims/$1/$2" "$www/loaders/shims/$1/$2" || complain \
		"shims/$1: $2 is not the same for HTTP Boot, in $www/loaders/shims/$1"
}

# check_shim NAME ARCH
check_shim() {
	directory=$tftp/shims/$1
	check_efi "$1" "shim$2.efi" "$2" shim_problem || return 0
	grub_name=$(shim_loads "$directory/shim$2.efi")
	check_efi "$1" "$grub_name" "$2" grub_problem || return 0
	configurations=$(configurations_of "$1" "$directory/$grub_name")
	while read -r text file; do
		check_configuration "$1" "$text" "$file"
	done <<END
$configurations
END
}

check_shims() {
	for shim_dir in "$tftp"/shims/*; do
		[ -d "$shim_dir" ] || continue
		shim_name=${shim_dir##*/}
		case $shim_name in
		*[!a-z0-9-]*)
			complain "shims/$shim_name: the name of a shim has lower case letters, digits and -"
			;;
		esac
		[ ! -e "$shim_dir/shimaa64.efi" ] || check_shim "$shim_name" aa64
		if [ -e "$shim_dir/shimx64.efi" ] || [ ! -e "$shim_dir/shimaa64.efi" ]; then
			check_shim "$shim_name" x64
		fi
	done
}
