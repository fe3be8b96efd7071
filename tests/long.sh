#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/long.sh [--address | --thread]: every test there is, those that take
# long too; under ASan and UBSan with --address, under TSan with --thread.
set -eu
cd "$(dirname "$0")/.."

case ${1:-} in
--address | --thread)
	kind=${1#--}
	BUILD=build-$kind LABELS=. exec sh tests/run.sh "-DSANITIZE=$kind"
	;;
'')
	LABELS=. exec sh tests/run.sh
	;;
*)
	echo "usage: sh tests/long.sh [--address | --thread]" >&2
	exit 64
	;;
esac
