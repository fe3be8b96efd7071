#!/bin/sh
# SPDX-License-Identifier: MIT
# sh tests/bench/http.sh [--runs N] [--seconds S] [DIRECTORY]: builds a release in
# build-bench/ and prints how many mails of 5 KB a second are accepted durably by
# the HTTP door, handed in by wrk as JSON, as a form, as form data and whole,
# beside the SMTP door's in the same run on the same disk (that of DIRECTORY,
# /var/tmp if none is named).  No pass, no fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
POSTFERRY=build-bench/postferry exec /usr/bin/python3 tests/bench/submit.py "$@"
