#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/fuzz.sh [SECONDS [TARGET...]]: builds the fuzz targets with libFuzzer,
# ASan and UBSan in build-fuzz/ and runs each for so long (60).  What it finds is
# left in build-fuzz/, and seen again by `build-fuzz/tests/fuzz_NOUN FILE`.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- address data from parts payload proxy road sasl session

sh etc/install.sh build try test fuzz
cmake -S . -B build-fuzz -G Ninja -DFUZZ=ON -DTESTS=ON \
	-DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
for noun in "$@"; do
	ninja -C build-fuzz "fuzz_$noun" >build-fuzz/build.log 2>&1 ||
		{ cat build-fuzz/build.log >&2; exit 1; }
	mkdir -p "build-fuzz/corpus/$noun"
	seeds=
	[ "$noun" != road ] || for folder in tests/corpus tests/providers/mailgun; do
		[ ! -d $folder ] || seeds="$seeds $folder"
	done
	echo "== $noun, $seconds s"
	"build-fuzz/tests/fuzz_$noun" -max_total_time="$seconds" -timeout=10 \
		-max_len=8192 -print_final_stats=1 \
		-artifact_prefix="build-fuzz/$noun-" "build-fuzz/corpus/$noun" \
		$seeds >"build-fuzz/$noun.log" 2>&1 ||
		{ tail -40 "build-fuzz/$noun.log" >&2; exit 1; }
	grep -E 'number_of_executed_units|peak_rss_mb' "build-fuzz/$noun.log"
done
