#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/run.sh [CMAKE ARGUMENTS]: installs what is missing, builds with
# warnings as errors, runs the tests of every run.  From the environment:
# BUILD, the build folder (build-check), and LABELS, a regular expression for
# the labels of the tests to run (quick or every).
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build-check}
labels=${LABELS:-'^(quick|every)$'}
jobs=$(nproc)

fail() {
	echo "run: $*" >&2
	exit 1
}

quietly() {
	"$@" >"$build/run.log" 2>&1 && return
	cat "$build/run.log" >&2
	fail "$1 failed, see above"
}

sh etc/install.sh build package try test || fail "packages are missing, see above"
mkdir -p "$build" || fail "cannot write to $build"

echo "== building in $build${*:+ with $*}"
launcher=
command -v ccache >/dev/null && launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
quietly cmake -S . -B "$build" -G Ninja -DWERROR=ON -DTESTS=ON $launcher "$@"
quietly cmake --build "$build" -j "$jobs"

echo "== testing, labels $labels"
rm -f "$build/result"
{
	# one more than there are cores: the longest ones mostly wait
	ctest --test-dir "$build" -L "$labels" -j $((jobs + 1)) --no-tests=error \
		--output-on-failure 2>&1
	echo $? >"$build/result"
} | tee "$build/tests.log" |
	sed -u '/^ *Start /d; /^Test project/d; /^Label Time/,/^Total/d
		/tests passed/d; /./!d'
# The one line that sums it up comes last.
grep 'tests passed' "$build/tests.log" ||
	fail "ctest did not get to its end, see above"
exit "$(cat "$build/result")"
