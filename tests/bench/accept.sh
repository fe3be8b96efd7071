#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/accept.sh [--perf | --threshold] [--runs N] [DIRECTORY]: builds
# a release in build-bench/ and prints how many mails a second are accepted
# durably by postferry and by Postfix, one after the other on the same disk (that
# of DIRECTORY, /var/tmp if none is named), and how long the 250 takes; with
# --perf also the system calls.  With --threshold it prints instead how fast
# mails of several sizes are as rows of the database and as files of their own:
# what the default of inline_max is chosen by.  Needs root, as Postfix does.  No
# pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/accept.py \
	"$@"
