#!/bin/sh
# SPDX-License-Identifier: MIT
# sh docker/files.sh PROGRAM ROOT: puts into the new folder ROOT all that
# PROGRAM needs to run with nothing else around it: as ROOT/usr/sbin/postferry
# itself, its libraries, what those open by name when they run, and an account.
# To be run on the Debian that PROGRAM was built on.
set -eu

fail() {
	echo "files: $*" >&2
	exit 1
}

# Files and folders under their own path; what is behind a link under the
# link's name.
place() {
	(cd / && cp -rL --parents "$@" "$root/") || fail "see above"
}

# The libraries that the files are linked with, and theirs.
libraries() {
	found=$(ldd "$@")
	case $found in
	*'not found'*) fail "ldd $*: a library is missing" ;;
	esac
	echo "$found" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }
		$1 ~ /^\/.*\/ld-/ { print $1 }' | sort -u
}

# Scanners read in status.d which packages, in which version, the files are of.
note_packages() {
	# dpkg knows some files by their path before usr/ was merged
	# shellcheck disable=SC2046 # names hold no spaces
	packages=$(dpkg-query -S "$@" $(printf '/usr%s ' "$@") 2>/dev/null |
		sed 's/:.*//' | sort -u)
	[ -n "$packages" ] || fail "dpkg knows none of $*"
	mkdir -p "$root/var/lib/dpkg/status.d"
	# shellcheck disable=SC2086
	dpkg-query -s $packages |
		awk -v folder="$root/var/lib/dpkg/status.d/" '
			/^Package: / { file = folder $2 }
			/./ { print > file }'
	for package in $packages; do
		place "/usr/share/doc/$package/copyright"
	done
	install -D -m 644 "$licence" "$root/usr/share/doc/postferry/copyright"
}

[ $# = 2 ] || fail "usage: sh docker/files.sh PROGRAM ROOT"
program=$1
root=$2
licence=$(dirname "$0")/../LICENSE
[ -x "$program" ] || fail "$program is no program"
umask 022
mkdir "$root" || fail "$root has to be new"
root=$(cd "$root" && pwd)

cd "$root"
mkdir -p usr/lib/ssl usr/lib64 usr/sbin etc dev proc sys run
ln -s usr/lib lib
ln -s usr/lib64 lib64
cd "$OLDPWD"
install -m 755 "$program" "$root/usr/sbin/postferry"

lib=/usr/lib/$(gcc -dumpmachine)
# iconv's character sets, and the ways in which libESMTP logs in
linked=$(libraries "$program" "$lib"/esmtp-plugins-*/*.so)
# shellcheck disable=SC2086
place $linked "$lib/gconv" "$lib"/esmtp-plugins-*
# Names of hosts: the C library has both of these built in.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
# Whom curl and OpenSSL believe; each looks for it under a name of its own.
place /etc/ssl/certs/ca-certificates.crt
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"

echo 'postferry:x:65532:65532::/nonexistent:/usr/sbin/nologin' \
	>"$root/etc/passwd"
echo 'postferry:x:65532:' >"$root/etc/group"
mkdir -p "$root/var/lib/postferry"
chmod 700 "$root/var/lib/postferry"
# shellcheck disable=SC2086
note_packages $linked
