/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include "stand.h"

static struct config *
read_settings(const char *settings)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = g_strconcat(
	    "[listener l]\naddress = 127.0.0.1:0\n", settings, "\n", NULL);
	struct config *config = stand_config(text, errors);

	if (config == NULL)
		fail_msg("%s", (char *)errors->pdata[0]);
	return config;
}

static const struct {
	const char *name, *settings;
	const char *error; /* NULL: taken */
} rows[] = {
	{ "as shipped", "", NULL },
	{ "private", "allow = private", NULL },
	{ "a /8", "allow = 10.0.0.0/8", NULL },
	{ "a /7", "allow = 10.0.0.0/7", "open_relay" },
	{ "all of IPv4", "allow = 127.0.0.0/8, 0.0.0.0/0", "IPv4" },
	{ "all of IPv6", "allow = ::/0", "IPv6" },
	{ "a /32 of IPv6", "allow = 2001:db8::/32", NULL },
	{ "a /31 of IPv6", "allow = 2001:db8::/31", "/31" },
	{ "unique local", "allow = fc00::/7", NULL },
	{ "wider than unique local", "allow = fc00::/6", "/6" },
	{ "link-local", "allow = fe80::/10", NULL },
	{ "wider than link-local", "allow = fe80::/9", "/9" },
	{ "all, and I know",
	    "allow = 0.0.0.0/0\ni_know_this_is_an_open_relay = yes", NULL },
	{ "a domain", "domain = Example.COM", NULL },
	{ "sender domains", "sender_domains = a.example, B.example", NULL },
	{ "a sender domain that is none", "sender_domains = a..b", "a..b" },
};

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct config *config = read_settings(rows[i].settings);
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		bool good = server_check(config, errors);

		if (good != (rows[i].error == NULL) ||
		    (!good && strstr(errors->pdata[0], rows[i].error) == NULL))
			fail_msg("%s: %s", rows[i].name,
			    good ? "taken" : (char *)errors->pdata[0]);
		assert_int_equal(errors->len, good ? 0 : 1);
		config_unref(config);
	}
}

/* None at all is an error, and each that is wrong is told. */
static void
test_check_all(void **state)
{
	static const struct {
		const char *settings;
		const char *errors[10]; /* all, in their order */
	} cases[] = {
		{ "[server]\n", { "settings: there is no [listener NAME]" } },
		{ "[listener a]\naddress = 127.0.0.1:0\nallow = ::/0\n"
		  "[listener b]\naddress = 127.0.0.1:0\n"
		  "[listener c]\naddress = 127.0.0.1:0\nallow = ::/1\n",
		    { "[listener a] allow", "[listener c] allow" } },
		{ "[listener a]\naddress = 127.0.0.1:0\nallow = ::/0\n"
		  "sender_domains = x..y, z.example, -\n"
		  "tls_key = own.pem\nauth = users\nsocket_mode = 0660\n",
		    { "allow holds", "x..y", "sender_domains = -",
			"tls_key names own.pem", "tls_key is there without",
			"no file of users", "nobody could log in",
			"socket_mode is about" } },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		struct config *config = stand_config(cases[i].settings, errors);
		unsigned e = 0;

		assert_false(server_check(config, errors));
		for (; cases[i].errors[e] != NULL; e++)
			if (e >= errors->len ||
			    !strstr(errors->pdata[e], cases[i].errors[e]))
				fail_msg("%zu: %s: %s", i, cases[i].errors[e],
				    e < errors->len ? (char *)errors->pdata[e]
						    : "is not told");
		assert_int_equal(errors->len, e);
		config_unref(config);
	}
}

static void
test_defaults(void **state)
{
	struct config *config = read_settings("");
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct rules *rules = rules_new(config, "l", errors);
	const struct limiter_limits *limiter = &rules->limiter;

	(void)state;
	assert_string_equal(rules->hostname, g_get_host_name());
	assert_null(rules->domain);
	assert_int_equal(rules->limits.mail_bytes, 25000000);
	assert_int_equal(rules->limits.recipients, 1000);
	assert_int_equal(rules->limits.line_bytes, 2048);
	assert_int_equal(rules->limits.unsent_bytes, 8192);
	assert_int_equal(rules->limits.data_rate, 500);
	assert_int_equal(rules->limits.errors_soft, 10);
	assert_int_equal(rules->limits.errors_hard, 20);
	assert_int_equal(rules->times.command_ms, 300000);
	assert_int_equal(rules->times.data_ms, 180000);
	assert_int_equal(rules->times.progress_ms, 300000);
	assert_int_equal(rules->times.reply_ms, 60000);
	assert_int_equal(rules->times.discard_ms, 60000);
	assert_int_equal(rules->times.deadline_ms, 50000);
	assert_int_equal(rules->line_endings, RULES_FIX);
	/* The form's defaults are the limiter's own. */
	assert_int_equal(limiter->header_bytes, limiter_defaults.header_bytes);
	assert_int_equal(
	    limiter->header_fields, limiter_defaults.header_fields);
	assert_int_equal(limiter->field_bytes, limiter_defaults.field_bytes);
	assert_int_equal(limiter->received, limiter_defaults.received);
	assert_int_equal(limiter->parts, limiter_defaults.parts);
	assert_int_equal(limiter->depth, limiter_defaults.depth);
	assert_int_equal(
	    limiter->content_bytes, limiter_defaults.content_bytes);
	assert_int_equal(limiter->colons, limiter_defaults.colons);
	assert_int_equal(limiter->comparisons, limiter_defaults.comparisons);
	rules_free(rules);
	config_unref(config);
}

static void
test_values(void **state)
{
	struct config *config = read_settings(
	    "domain = M\xc3\xbcnchen.de\nline_endings = reject\n"
	    "recipients = 7\nsender_domains = A.example\n"
	    "[server]\nhostname = mail.example.com\nmax_size = 5000\n"
	    "recipients = 9");
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct rules *rules = rules_new(config, "l", errors);

	(void)state;
	assert_string_equal(rules->hostname, "mail.example.com");
	assert_string_equal(rules->domain, "xn--mnchen-3ya.de");
	assert_int_equal(rules->limits.mail_bytes, 5000);
	assert_int_equal(rules->limits.recipients, 7);
	assert_int_equal(rules->line_endings, RULES_REJECT);
	assert_true(rules_take_sender(rules, "a.example"));
	assert_false(rules_take_sender(rules, "b.example"));
	rules_free(rules);
	config_unref(config);
}

#define TAKES(key, value, part, expected)                          \
	{                                                          \
#key, value, offsetof(struct rules, part),         \
		    sizeof(((struct rules *)NULL)->part), expected \
	}

/* Each limit and time of a listener can be set, and is the one that counts. */
static const struct {
	const char *key, *value;
	size_t offset, size;
	int64_t expected;
} taken[] = {
	TAKES(max_size, "2048", limits.mail_bytes, 2048),
	TAKES(recipients, "3", limits.recipients, 3),
	TAKES(command_size, "600", limits.line_bytes, 600),
	TAKES(unsent_replies, "700", limits.unsent_bytes, 700),
	TAKES(data_rate, "7", limits.data_rate, 7),
	TAKES(errors_soft, "8", limits.errors_soft, 8),
	TAKES(errors_hard, "9", limits.errors_hard, 9),
	TAKES(idle_commands, "11", limits.idle_commands, 11),
	TAKES(session_mails, "12", limits.session_mails, 12),
	TAKES(peer_connections, "13", limits.peer_connections, 13),
	TAKES(peer_connection_rate, "14", limits.peer_connection_rate, 14),
	TAKES(peer_mail_rate, "15", limits.peer_mail_rate, 15),
	TAKES(command_timeout, "16s", times.command_ms, 16000),
	TAKES(stress_timeout, "17s", times.stress_ms, 17000),
	TAKES(data_timeout, "18s", times.data_ms, 18000),
	TAKES(data_progress, "19s", times.progress_ms, 19000),
	TAKES(reply_timeout, "21s", times.reply_ms, 21000),
	TAKES(deadline, "22s", times.deadline_ms, 22000),
	TAKES(discard_timeout, "23s", times.discard_ms, 23000),
	TAKES(greet_pause, "24s", times.greet_ms, 24000),
	TAKES(session_time, "25s", times.session_ms, 25000),
	TAKES(error_delay, "26s", times.delay_ms, 26000),
	TAKES(linger_timeout, "27s", times.linger_ms, 27000),
	TAKES(header_size, "2000", limiter.header_bytes, 2000),
	TAKES(header_fields, "28", limiter.header_fields, 28),
	TAKES(field_size, "1029", limiter.field_bytes, 1029),
	TAKES(hops, "31", limiter.received, 31),
	TAKES(own_hops, "5", limiter.own_received, 5),
	TAKES(parts, "32", limiter.parts, 32),
	TAKES(part_depth, "6", limiter.depth, 6),
	TAKES(content_field_size, "1033", limiter.content_bytes, 1033),
	TAKES(address_colons, "34", limiter.colons, 34),
	TAKES(boundary_comparisons, "3500", limiter.comparisons, 3500),
	TAKES(tls_timeout, "36s", tls.handshake_ms, 36000),
	TAKES(auth_tries, "4", auth.tries, 4),
};

static int64_t
read_member(const struct rules *rules, size_t row)
{
	const char *at = (const char *)rules + taken[row].offset;
	uint32_t narrow;
	int64_t wide;

	memcpy(&narrow, at, sizeof(narrow));
	if (taken[row].size == sizeof(narrow))
		return narrow;
	assert_int_equal(taken[row].size, sizeof(wide));
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static void
test_taken(void **state)
{
	g_autoptr(GString) settings = g_string_new(NULL);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config;
	struct rules *rules;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(taken); i++)
		g_string_append_printf(
		    settings, "%s = %s\n", taken[i].key, taken[i].value);
	config = read_settings(settings->str);
	rules = rules_new(config, "l", errors);
	assert_non_null(rules);
	for (size_t i = 0; i < G_N_ELEMENTS(taken); i++)
		if (read_member(rules, i) != taken[i].expected)
			fail_msg(
			    "%s: %d", taken[i].key, (int)read_member(rules, i));
	rules_free(rules);
	config_unref(config);
}

/* Every form has a help text and, as a number, a range. */
static void
check_forms(const struct setting *form)
{
	for (; form->section != NULL; form++) {
		bool number = form->type == SETTING_NUMBER ||
			      form->type == SETTING_SIZE ||
			      form->type == SETTING_DURATION;

		if (form->help == NULL || !g_str_has_suffix(form->help, "."))
			fail_msg("%s: no help", form->key);
		if (number && form->max <= form->min)
			fail_msg("%s: no range", form->key);
	}
}

static void
test_forms(void **state)
{
	(void)state;
	for (unsigned i = 0; server_tables[i] != NULL; i++)
		check_forms(server_tables[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_all),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
