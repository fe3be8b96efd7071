#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/peers.sh [MAILS]: builds a release in build-bench/, fetches the
# peers from the npm registry into build-bench/peers, and prints how many mails
# a second each takes through to the Mailgun simulator, in turns, and the
# ratios.  Needs node 20 and npm.  No pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
rm -rf build-bench/peers
cp -r tests/bench/peers build-bench/peers
# a dependency's newest version may not be in the registry yet: as of that day
(cd build-bench/peers && npm install --no-audit --no-fund --ignore-scripts \
	--omit=optional --before=2026-09-10 --loglevel=error)
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/peers.py \
	"$@"
