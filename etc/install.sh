#!/bin/sh
# SPDX-License-Identifier: MIT
# sh etc/install.sh WHO...: installs those packages of etc/packages that WHO
# (build, package, try, test, page, fuzz) needs and that are missing.  Needs root or sudo only when
# one is missing.  Starts no daemon and asks nothing.
set -eu
cd "$(dirname "$0")/.."

fail() {
	echo "install: $*" >&2
	exit 1
}

wanted() {
	for who; do
		awk -v who="$who" '$1 !~ /^#/ && $2 == who { print $1 }' \
			etc/packages
	done
}

missing() {
	for name; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$name" \
			2>/dev/null) || state=none
		[ "$state" = installed ] || printf '%s ' "$name"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# While this file stands a package may not start its daemon (Postfix would).
hold_daemons() {
	policy=/usr/sbin/policy-rc.d
	[ -e $policy ] && return
	trap 'as_root rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
	as_root chmod 755 $policy
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" \
		>"$log" 2>&1 </dev/null && return
	cat "$log" >&2
	fail "apt-get $1 failed, see above"
}

command -v dpkg-query >/dev/null ||
	fail "this is not Debian: install what etc/packages lists yourself"
# shellcheck disable=SC2046 # names hold no spaces
lacking=$(missing $(wanted "$@"))
[ -n "$lacking" ] || exit 0

[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
	fail "these packages are missing, and neither root nor sudo is" \
		"at hand: $lacking"
echo "== installing $lacking"
log=$(mktemp)
hold_daemons
apt update
# shellcheck disable=SC2086
apt install --no-install-recommends $lacking
rm -f "$log"
