/* SPDX-License-Identifier: MIT */
/* A session that is open takes new rules with its next mail. */
#include "rig.h"

#include "session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAIL   "MAIL FROM:<a@example.com>\r\n"
#define RCPT   "RCPT TO:<b@example.net>\r\n"
#define SECOND "RCPT TO:<c@example.net>\r\n"

/* What the last command was told. */
static unsigned
say(struct rig *rig, const char *words)
{
	g_string_truncate(rig->heard, 0);
	rig_say(rig, words, strlen(words));
	return (unsigned)atoi(rig->heard->str);
}

/* The listener's settings are these from now on. */
static void
renew(struct rig *rig, const char *settings)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config = rig_read_config(settings);
	struct rules *rules = rules_new(config, "l", errors);

	assert_int_equal(errors->len, 0);
	dialogue_renew(rig->dialogue, rules);
	rules_free(rules);
	config_unref(config);
}

/* What happens between two mails, and how the recipients of a mail are
 * answered before, in the mail under way, and in the next. */
static const struct {
	const char *name, *before, *after;
	unsigned first, second;           /* before, and in the one under way */
	unsigned next_first, next_second; /* after */
} rows[] = {
	{ "fewer recipients", "", "recipients = 1\n", 250, 250, 250, 452 },
	{ "more recipients", "recipients = 1\n", "", 250, 452, 250, 250 },
	{ "another network", "", "allow = 192.0.2.0/24\n", 250, 250, 554, 554 },
	{ "as it was", "", "", 250, 250, 250, 250 },
	{ "other things were agreed on", "",
	    "protocol = lmtp\nrecipients = 1\n", 250, 250, 250, 250 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rig rig;

		print_message("%s\n", rows[i].name);
		rig_open(&rig, rows[i].before);
		rig_connect(&rig);
		say(&rig, "EHLO client.example.com\r\n");
		assert_int_equal(say(&rig, MAIL), 250);
		assert_int_equal(say(&rig, RCPT), rows[i].first);
		renew(&rig, rows[i].after);
		assert_int_equal(say(&rig, SECOND), rows[i].second);
		say(&rig, "RSET\r\n");
		assert_int_equal(say(&rig, MAIL), 250);
		assert_int_equal(say(&rig, RCPT), rows[i].next_first);
		assert_int_equal(say(&rig, SECOND), rows[i].next_second);
		rig_close(&rig);
	}
}

/* The last ones count; those of a session that ends are freed. */
static void
test_several(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "");
	rig_connect(&rig);
	say(&rig, "EHLO client.example.com\r\n");
	renew(&rig, "recipients = 1\n");
	renew(&rig, "recipients = 2\n");
	say(&rig, MAIL RCPT);
	assert_int_equal(say(&rig, SECOND), 250);
	renew(&rig, "recipients = 1\n");
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
