#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/through.sh [MAILS]: builds a release in build-bench/ and prints
# how many mails a second cross to the Mailgun simulator, and how much memory
# postferry holds while 20 mails of 25 MB cross at once.  No pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/through.py \
	"$@"
