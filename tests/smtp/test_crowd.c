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

/* A host of an IPv6 network is no other one by another address. */
static void
test_places(void **state)
{
	static const struct rules few = {
		.limits = { .peer_connections = 2, .peer_mail_rate = 2 },
	};
	static const struct {
		const char *peer;
		enum reply_name entered, permitted;
	} peers[] = {
		{ "2001:db8::1", REPLY_NONE, REPLY_NONE },
		{ "2001:db8::2", REPLY_NONE, REPLY_NONE },
		{ "2001:db8::f:0:0:3", REPLY_PEER_CROWDED, REPLY_PEER_MAILS },
		{ "2001:db8:0:1::1", REPLY_NONE, REPLY_NONE },
		{ "192.0.2.1", REPLY_NONE, REPLY_NONE },
	};
	struct crowd *crowd = make_crowd();
	struct session_peer first = { .text = "2001:db8::ffff" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(peers); i++) {
		struct session_peer peer = { 0 };

		g_strlcpy(peer.text, peers[i].peer, sizeof(peer.text));
		if (crowd_enter(crowd, &few, &peer) != peers[i].entered ||
		    crowd_permit(crowd, &few, &peer) != peers[i].permitted)
			fail_msg("%s", peers[i].peer);
	}
	/* any of them makes room when it leaves */
	crowd_leave(crowd, &first);
	assert_int_equal(crowd_enter(crowd, &few, &first), REPLY_NONE);
	crowd_free(crowd);
}

/* As often by any address of the network. */
static void
test_visits(void **state)
{
	static const struct rules rare = {
		.limits = { .peer_connections = 9, .peer_connection_rate = 1 },
	};
	struct crowd *crowd = make_crowd();
	struct session_peer one = { .text = "2001:db8::1" },
			    other = { .text = "2001:db8::2" };

	(void)state;
	assert_int_equal(crowd_enter(crowd, &rare, &one), REPLY_NONE);
	assert_int_equal(crowd_enter(crowd, &rare, &other), REPLY_PEER_OFTEN);
	crowd_free(crowd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_proxied),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_visits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
