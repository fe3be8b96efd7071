#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/corpus.sh DIR: sends the mails of DIR/mail by every form, and says
# what of DIR/expected arrived.  POSTFERRY: the program (build-check/postferry).
set -eu
[ $# -eq 1 ] || {
	echo "usage: sh tests/corpus.sh DIR" >&2
	exit 64
}
CORPUS=$(cd "$1" && pwd)
POSTFERRY=$(realpath "${POSTFERRY:-$(dirname "$0")/../build-check/postferry}")
export CORPUS POSTFERRY
exec /usr/bin/python3 "$(dirname "$0")/scenario/P5-foreign.py"
