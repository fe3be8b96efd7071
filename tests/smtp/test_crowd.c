/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MOST     12
#define RESERVED 2

static struct budget *budget;
static const struct rules rules = {
	.limits = { .peer_connections = 100 },
};

static struct session_peer
make_peer(unsigned number, bool proxied, bool allowed)
{
	struct session_peer peer = { .proxied = proxied, .allowed = allowed };

	g_snprintf(peer.text, sizeof(peer.text), "192.0.2.%u", number);
	return peer;
}

static struct crowd *
make_crowd(void)
{
	return crowd_new(&(struct crowd_limits){
	    .most = MOST,
	    .reserved = RESERVED,
	    .remembered = 100,
	    .budget = budget,
	});
}

/* As many by a proxy as without, whether they come one by one or at once. */
static void
test_proxied(void **state)
{
	struct crowd *crowd = make_crowd();
	struct session_peer proxy = make_peer(1, true, true);
	unsigned taken = 0, came = MOST - 1;

	(void)state;
	for (unsigned i = 0; i < came; i++)
		assert_int_equal(
		    crowd_enter(crowd, &rules, &proxy), REPLY_NONE);
	for (unsigned i = 0; i < came; i++) {
		struct session_peer peer = make_peer(10 + i, false, false);
		enum reply_name refused = crowd_admit(crowd, &rules, &peer);

		taken += refused == REPLY_NONE;
		if (refused != REPLY_NONE)
			assert_int_equal(refused, REPLY_CROWDED);
	}
	assert_int_equal(taken, MOST - RESERVED);
	/* the one refused is there until it closes */
	assert_int_equal(crowd_total(crowd), came);
	crowd_leave(crowd, &proxy);
	for (unsigned i = 0; i < taken; i++) {
		struct session_peer peer = make_peer(10 + i, false, false);

		crowd_leave(crowd, &peer);
	}
	assert_int_equal(crowd_total(crowd), 0);
	crowd_free(crowd);
}

static void
test_direct(void **state)
{
	struct crowd *crowd = make_crowd();
	struct session_peer stranger = make_peer(1, false, false);
	struct session_peer friend = make_peer(2, false, true);

	(void)state;
	for (unsigned i = 0; i < MOST - RESERVED; i++)
		assert_int_equal(
		    crowd_enter(crowd, &rules, &stranger), REPLY_NONE);
	assert_int_equal(crowd_enter(crowd, &rules, &stranger), REPLY_CROWDED);
	for (unsigned i = 0; i < RESERVED; i++)
		assert_int_equal(
		    crowd_enter(crowd, &rules, &friend), REPLY_NONE);
	assert_int_equal(crowd_enter(crowd, &rules, &friend), REPLY_CROWDED);
	crowd_leave(crowd, &stranger);
	assert_int_equal(crowd_enter(crowd, &rules, &friend), REPLY_NONE);
	crowd_free(crowd);
}

static int
set_up(void **state)
{
	(void)state;
	budget = budget_new(1 << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	budget_free(budget);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_proxied),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
