#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/page.sh [FILE ...]: the tests of the page in a real browser, all or
# those of tests/page/FILE.mjs; needs node 20 and npm.  Installs Debian's
# chromium where there is none, and what drives it from the npm registry into
# the build folder.  From the environment: POSTFERRY, the program, and BUILD,
# the build folder (build-check); pictures are in $BUILD/page/shots.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build-check}
POSTFERRY=$(realpath "${POSTFERRY:-$build/postferry}")
folder=$build/page

skip() {
	echo "page: skipped: $*" >&2
	exit 77
}

command -v node >/dev/null && command -v npm >/dev/null ||
	skip "node and npm are not there"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] ||
	skip "node $(node --version) is older than 20"
CHROMIUM=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$CHROMIUM" ]; then
	sh etc/install.sh page
	CHROMIUM=$(command -v chromium)
fi

mkdir -p "$folder"
cp tests/page/* "$folder/"
# a dependency's newest version may not be in the registry yet: as of that day
[ "$folder/node_modules/.package-lock.json" -nt tests/page/package.json ] ||
	(cd "$folder" && npm install --no-audit --no-fund --ignore-scripts \
		--omit=optional --before=2026-09-10 --loglevel=error)

[ $# -gt 0 ] || set -- $(cd tests/page && ls ./*.mjs | sed '/harness/d; s/\.mjs$//')
rm -rf "$folder/shots"
PAGE_SHOTS=$(realpath "$folder")/shots
export POSTFERRY CHROMIUM PAGE_SHOTS
cd "$folder"
# shellcheck disable=SC2046
exec node --test --test-concurrency=1 --test-reporter=spec $(printf '%s.mjs ' "$@")
