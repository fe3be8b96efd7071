#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/through.sh [MAILS]: builds a release in build-bench/ and prints
# how many mails a second cross to the Mailgun simulator, and how much memory
# postferry holds while 20 mails of 25 MB cross at once.  No pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
sh etc/install.sh build test
echo "== building in build-bench/"
mkdir -p build-bench
cmake -S . -B build-bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DTESTS=OFF \
	>build-bench/bench.log
cmake --build build-bench >build-bench/bench.log
echo "== measuring"
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/through.py \
	"$@"
