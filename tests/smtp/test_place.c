/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *peer, *place;
	bool loopback;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", false },
	{ "127.0.0.1", "127.0.0.1", true },
	{ "127.9.9.9", "127.9.9.9", true },
	{ "128.0.0.1", "128.0.0.1", false },
	{ "::1", "::1", true },
	{ "::2", "::", false },
	{ "2001:db8::1", "2001:db8::", false },
	{ "2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::", false },
	{ "2001:db8:0:1::1", "2001:db8:0:1::", false },
	{ "fe80::1", "fe80::", false },
	{ "unix", "unix", false },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		char place[NETWORK_PEER_LENGTH];

		place_print(rows[i].peer, place);
		if (strcmp(place, rows[i].place) != 0 ||
		    place_is_loopback(rows[i].peer) != rows[i].loopback ||
		    place_is_counted(rows[i].peer) ==
			(rows[i].loopback || strcmp(place, "unix") == 0))
			fail_msg("%s: %s", rows[i].peer, place);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
