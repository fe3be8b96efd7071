#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/poll.sh [MAILS]: builds a release in build-bench/, finishes so
# many mails (3,000) in a sandbox, and prints how often a second one client can
# ask what the page asks: anew, and with what it knows, which has not changed
# (304).  Needs Postfix's smtp-source.  No pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/poll.py "$@"
