#!/bin/sh
# SPDX-License-Identifier: MIT
# sh etc/try.sh: installs what is missing, builds in build/, runs the sandbox:
# postferry with simulated providers, to send mail to and to play with.
set -eu
cd "$(dirname "$0")/.."

quietly() {
	"$@" >build/try.log 2>&1 && return
	cat build/try.log >&2
	echo "try: $1 failed, see above" >&2
	exit 1
}

sh etc/install.sh build try
echo "== building in build/"
mkdir -p build
quietly cmake -S . -B build -G Ninja -DTESTS=OFF
quietly cmake --build build
echo "== build/postferry sandbox (end it with Ctrl-C)"
exec build/postferry sandbox "$@"
