/* SPDX-License-Identifier: MIT */
#include "bound.h"

#include "smtp/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct rules rules = {
	.limits = { .mail_bytes = 25000000,
	    .recipients = 1000,
	    .peer_connections = 50,
	    .peer_connection_rate = 30,
	    .peer_mail_rate = 60,
	    .session_mails = 200 },
	.limiter = { .header_bytes = 262144,
	    .header_fields = 1000,
	    .field_bytes = 65536 },
};

/* What the client is told, and the settings that the log names. */
static const struct {
	enum reply_name name;
	const char *said, *told, *settings;
} rows[] = {
	{ REPLY_OK, NULL, NULL, NULL },
	{ REPLY_ARGUMENT, "SIZE=octets", "SIZE=octets", NULL },
	{ REPLY_SIZE, NULL, "at most 25000000 bytes", "max_size" },
	{ REPLY_RECIPIENTS, NULL, "at most 1000 in one mail", "recipients" },
	{ REPLY_PEER_CROWDED, NULL, "at most 50 at the same time",
	    "peer_connections allow" },
	{ REPLY_PEER_OFTEN, NULL, "at most 30 in a minute",
	    "peer_connection_rate allow" },
	{ REPLY_PEER_MAILS, NULL, "at most 60 in a minute",
	    "peer_mail_rate allow" },
	{ REPLY_SESSION_MAILS, NULL, "at most 200 mails in one session",
	    "session_mails allow" },
	{ REPLY_SESSION_TIME, NULL, NULL, "session_time allow" },
	{ REPLY_HEADER_SIZE, "header too large",
	    "header too large, at most 262144 bytes", "header_size" },
	{ REPLY_HEADER_FIELDS, NULL, "at most 1000 fields", "header_fields" },
	{ REPLY_FIELD_SIZE, NULL, "at most 65536 bytes", "field_size" },
	{ REPLY_ERRORS, NULL, NULL, "errors_hard" },
	{ REPLY_LINE_ENDLESS, NULL, NULL, "command_size" },
	{ REPLY_AUTH_OFTEN, NULL, NULL, "auth_tries auth_failures" },
	{ REPLY_HOPS, "a loop", "a loop", "hops own_hops" },
	/* of our own room a stranger hears nothing */
	{ REPLY_CROWDED, NULL, NULL, "connections connections_reserved" },
	{ REPLY_NO_MEMORY, NULL, NULL, "memory_budget connections" },
	{ REPLY_OVERLOAD, NULL, NULL, "memory_budget connections" },
	{ REPLY_SPOOL_MEMORY, NULL, NULL, "memory_budget connections" },
	{ REPLY_TLS_LATER, NULL, NULL, "memory_budget" },
	{ REPLY_DISK_FULL, NULL, NULL,
	    "min_free min_free_inodes max_messages max_bytes" },
	{ REPLY_SPOOL_FULL, NULL, NULL, "min_free" },
};

static void
test_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *told =
		    bound_tell(&rules, rows[i].name, rows[i].said);

		if (g_strcmp0(told, rows[i].told) != 0)
			fail_msg("row %zu: \"%s\"", i, told);
	}
}

/* True when there is such a setting. */
static bool
is_setting(const char *key)
{
	static const char others[] =
	    " memory_budget min_free min_free_inodes max_messages max_bytes ";
	g_autofree char *word = g_strdup_printf(" %s ", key);

	for (const struct setting *const *table = server_tables; *table != NULL;
	     table++)
		for (const struct setting *row = *table; row->section != NULL;
		     row++)
			if (strcmp(row->key, key) == 0)
				return true;
	return strstr(others, word) != NULL;
}

static void
test_advised(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *advice = bound_advise(rows[i].name);
		g_auto(GStrv) settings = g_strsplit(
		    rows[i].settings != NULL ? rows[i].settings : "", " ", -1);

		if ((advice != NULL) != (rows[i].settings != NULL))
			fail_msg("row %zu: %s", i, advice);
		for (char **setting = settings; *setting != NULL; setting++)
			if (!is_setting(*setting) ||
			    strstr(advice, *setting) == NULL)
				fail_msg("row %zu: %s", i, *setting);
	}
}

/* Whatever gives us too much, is told to wait or has too much itself. */
static void
test_whole(void **state)
{
	(void)state;
	for (unsigned name = 1; name < REPLY_NAMES; name++) {
		unsigned code = reply_find(name)->code;
		/* the one is no bound, the other is told by what is waited for
		 */
		bool here = name == REPLY_STOPPING || name == REPLY_TIMEOUT;

		if (code != 421 && code != 452 && code != 552)
			continue;
		if (!here && bound_advise(name) == NULL)
			fail_msg("%s", reply_find(name)->text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_advised),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
