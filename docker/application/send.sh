#!/bin/sh
# SPDX-License-Identifier: MIT
# Stands for an old application: a mail every few seconds (PAUSE), MAILS of
# them or no end of it, to SMTP_SERVER, HOST:PORT.
set -u

number=0
while [ "$number" != "${MAILS:-}" ]; do
	number=$((number + 1))
	swaks --silent 2 --server "$SMTP_SERVER" --helo shop.example.com \
		--from shop@example.com --to "customer$number@example.net" \
		--header "Subject: Your order $number" \
		--body "It is on its way." || exit
	sleep "${PAUSE:-5}"
done
