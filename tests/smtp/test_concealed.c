/* SPDX-License-Identifier: MIT */
/*
 * What is left of a password when the session is over: nothing, in whatever way
 * it was said.  The authority is the test's own.
 */
#include "wiped.h"

#include "authority.h"
#include "rig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* "ann", the password alone, and both as PLAIN has them; from the tenth octet
 * on, that is what is looked for, the two are the same. */
#define PASSWORD "canary-of-a-password"
#define NAME_64  "YW5u"
#define ALONE_64 "Y2FuYXJ5LW9mLWEtcGFzc3dvcmQ="
#define PLAIN_64 "AGFubgBjYW5hcnktb2YtYS1wYXNzd29yZA=="

void
authority_ask_post(struct authority *authority, struct authority_ask *ask)
{
	(void)authority;
	assert_string_equal(ask->password, PASSWORD);
	explicit_bzero(ask->password, strlen(ask->password));
	authority_ask_free(ask);
}

void
authority_ask_free(struct authority_ask *ask)
{
	if (ask == NULL)
		return;
	g_free(ask->name);
	g_free(ask->password);
	g_free(ask);
}

static const struct {
	const char *name, *said;
	bool asks; /* the authority */
} rows[] = {
	{ "PLAIN at once", "AUTH PLAIN " PLAIN_64 "\r\n", true },
	{ "PLAIN", "AUTH PLAIN\r\n" PLAIN_64 "\r\n", true },
	{ "LOGIN", "AUTH LOGIN\r\n" NAME_64 "\r\n" ALONE_64 "\r\n", true },
	{ "cancelled behind it", "AUTH LOGIN\r\n" ALONE_64 "\r\n*\r\n", false },
	{ "no base64", "AUTH PLAIN\r\n" PLAIN_64 "!\r\n", false },
	{ "gone before the end", "AUTH PLAIN\r\n" PLAIN_64, false },
	{ "no such mechanism", "AUTH X " PLAIN_64 "\r\n", false },
};

/* Each line is an answer to what was heard. */
static void
say_lines(struct rig *rig, const char *said)
{
	while (*said != '\0') {
		const char *end = strstr(said, "\r\n");
		size_t length =
		    end == NULL ? strlen(said) : (size_t)(end + 2 - said);

		rig_say(rig, said, length);
		said += length;
	}
}

static void
test_rows(void **state)
{
	(void)state;
	wiped_secrets[0] = "canary-of-a";
	wiped_secrets[1] = "Y2FuYXJ5LW9mLWEt";
	wiped_secrets[2] = "BjYW5hcnktb2YtYS";
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rig rig;

		rig_open(&rig, "auth = users\nauth_plaintext = yes\n"
			       "[server]\nusers = /dev/null\n");
		rig_connect(&rig);
		say_lines(&rig, "EHLO c\r\n");
		say_lines(&rig, rows[i].said);
		if (rows[i].asks != (dialogue_session(rig.dialogue)->state ==
					SESSION_CREDENTIALS))
			fail_msg("%s: %s", rows[i].name, rig.heard->str);
		rig_close(&rig);
		if (wiped_found > 0)
			fail_msg("%s: %u", rows[i].name, wiped_found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
