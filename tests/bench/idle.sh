#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/idle.sh [SESSIONS]: builds a release in build-bench/ and prints
# what so many idle clients (10,000) cost, plain and inside TLS: memory of each,
# how long a usual client waits meanwhile, what stays when they have left; and
# how long clients that drip bytes are borne in each phase of a session.
# Needs a limit of open files of twice as many (ulimit -n), or a root that may
# raise it.  No pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/idle.py "$@"
