/* SPDX-License-Identifier: MIT */
#include "orders.h"

#include "configured.h"

#define LISTENERS                                                \
	"[listener in]\n[listener yes]\ncontrol_headers = yes\n" \
	"[listener no]\ncontrol_headers = no\n"                  \
	"[listener none]\nallow = none\n"                        \
	"[listener wide]\nallow = 192.0.2.0/24, 2001:db8::/32\n"

static const struct {
	const char *listener, *peer;
	bool report, obey, name;
} rows[] = {
	{ "in", "127.0.0.1", false, true, true },
	{ "in", "::1", false, true, true },
	{ "in", "unix", false, true, true },
	{ "in", "192.0.2.1", false, true, false },
	{ "in", "2001:db8::1", false, true, false },
	{ "in", "", false, true, false },
	{ "in", "127.0.0.1", true, false, true },
	{ "yes", "127.0.0.1", false, true, true },
	{ "yes", "192.0.2.1", false, true, true },
	{ "no", "127.0.0.1", false, false, true },
	{ "no", "192.0.2.1", false, false, false },
	{ "none", "127.0.0.1", false, true, false },
	{ "none", "unix", false, true, true },
	{ "wide", "192.0.2.1", false, true, true },
	{ "wide", "2001:db8::1", false, true, true },
	{ "wide", "127.0.0.1", false, true, false },
	/* it is not there any more, or it was none */
	{ "gone", "192.0.2.1", false, true, true },
	{ NULL, "", false, true, true },
};

static void
test_rows(void **state)
{
	struct config *config = configured_read(LISTENERS);
	struct orders *orders = orders_new(config);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct submission submission = {
			.listener = rows[i].listener,
			.report = rows[i].report,
		};

		g_strlcpy(
		    submission.peer, rows[i].peer, sizeof(submission.peer));
		if (orders_obey(orders, &submission) != rows[i].obey ||
		    orders_may_name(orders, &submission) != rows[i].name)
			fail_msg("row %zu", i);
	}
	orders_free(orders);
	config_unref(config);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
