#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/latency.sh [COUNT]: builds a release in build-bench/ and prints
# the time from DATA's dot to the last byte of the request, the median of COUNT
# mails, for each form and three sizes.  No pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/latency.py \
	"$@"
