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

sh etc/install.sh build try test || fail "packages are missing, see above"
mkdir -p "$build" || fail "cannot write to $build"

echo "== building in $build${*:+ with $*}"
launcher=
command -v ccache >/dev/null && launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
quietly cmake -S . -B "$build" -G Ninja -DWERROR=ON -DTESTS=ON $launcher "$@"
quietly cmake --build "$build" -j "$jobs"

echo "== testing, labels $labels"
ctest --test-dir "$build" -L "$labels" -j "$jobs" --output-on-failure \
	--no-tests=error >"$build/tests.log" 2>&1
result=$?
# Names and results as they stand in the log, the summary's one line last.
sed -n '/^Test project/d; /^Label Time/,/^Total/d; /tests passed/d; /./p' \
	"$build/tests.log"
grep 'tests passed' "$build/tests.log" ||
	fail "ctest did not get to its end, see above"
exit $result
