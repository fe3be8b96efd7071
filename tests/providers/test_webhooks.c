/* SPDX-License-Identifier: MIT */
/*
 * What providers post to us: a folder for each type of provider, and in it for
 * each case
 *
 *   NN-what.webhook   the request: lines "SET key=value", its fields, an empty
 *                     line and its body;
 *   NN-what.events    what is made of it.
 *
 * Signed with KEY, and read at NOW.  REWRITE=1 in the environment writes
 * .events anew: read what has changed before it is kept.
 */
#include "providers/sample.h"

#include <stdlib.h>

#define NOW_MS INT64_C(1529702000000)
#define KEY    "key-of-webhooks"
#define URL    "https://user:pa%20ss@mail.example.com:8443/v1/events/mandrill?a=1"

static const char *const ends[] = {
	[WEBHOOK_GOOD] = "good",
	[WEBHOOK_FORGED] = "forged",
	[WEBHOOK_LATE] = "late",
	[WEBHOOK_UNREADABLE] = "unreadable",
};

static void
print_member(GString *out, const char *name, const char *value)
{
	if (value != NULL)
		g_string_append_printf(out, "  %s: %s\n", name, value);
}

static void
print_event(GString *out, const struct event *event)
{
	g_autofree char *tags =
	    event->tags != NULL ? g_strjoinv(" ", event->tags) : NULL;

	g_string_append_printf(out, "%s%s of %s at %" G_GINT64_FORMAT "\n",
	    event_kind_text(event->kind),
	    event->suppressed ? " (suppressed)" : "", event->recipient,
	    event->at_ms);
	assert_string_equal(event->provider, "t");
	print_member(out, "event", event->event_id);
	print_member(out, "mail", event->mail_id);
	print_member(out, "provider's", event->provider_id);
	print_member(out, "Message-ID", event->message_id);
	if (event->status != 0)
		g_string_append_printf(out, "  status: %u\n", event->status);
	print_member(out, "enhanced", event->enhanced);
	print_member(out, "text", event->text);
	print_member(out, "tags", tags);
}

/* Reads the lines before the body. */
static const char *
read_head(const char *text, GHashTable *settings, struct webhook *webhook)
{
	while (*text != '\n') {
		const char *end = strchr(text, '\n');
		g_autofree char *line = NULL;
		char *value;

		assert_non_null(end);
		line = g_strndup(text, (size_t)(end - text));
		text = end + 1;
		if (g_str_has_prefix(line, "SET ")) {
			value = strchr(line, '=');
			*value++ = '\0';
			g_hash_table_insert(
			    settings, g_strdup(line + 4), g_strdup(value));
			continue;
		}
		value = strstr(line, ": ") + 2;
		if (g_str_has_prefix(line, "Content-Type: "))
			webhook->type = g_intern_string(value);
		else if (g_str_has_prefix(line, "X-Mandrill-Signature: "))
			webhook->signature = g_intern_string(value);
		else
			fail_msg("not a line of a case: %s", line);
	}
	return text + 1;
}

static void
compare(const char *path, const GString *have)
{
	g_autofree char *want = NULL;

	if (g_getenv("REWRITE") != NULL) {
		assert_true(g_file_set_contents(
		    path, have->str, (gssize)have->len, NULL));
		return;
	}
	if (!g_file_get_contents(path, &want, NULL, NULL))
		fail_msg("%s is missing; what there is:\n%s", path, have->str);
	if (strcmp(want, have->str) != 0)
		fail_msg(
		    "%s says\n%s\nbut there is\n%s", path, want, have->str);
}

static GHashTable *
make_settings(const char *type)
{
	GHashTable *settings = sample_settings_new();

	g_hash_table_insert(settings, g_strdup("webhook_key"), g_strdup(KEY));
	if (strcmp(type, "mandrill") == 0)
		g_hash_table_insert(
		    settings, g_strdup("webhook_url"), g_strdup(URL));
	return settings;
}

static void
check_case(const char *type, const char *base)
{
	g_autofree char *request = g_strconcat(base, ".webhook", NULL);
	g_autofree char *events = g_strconcat(base, ".events", NULL);
	GHashTable *settings = make_settings(type);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	struct webhook webhook;

	assert_true(g_file_get_contents(request, &text, NULL, NULL));
	webhook_init(&webhook);
	webhook.body = read_head(text, settings, &webhook);
	webhook.length = strlen(webhook.body);
	webhook.now_ms = NOW_MS;
	struct provider *provider = sample_provider(type, settings, &error);
	if (provider == NULL)
		fail_msg("%s: %s", request, error->message);
	enum webhook_end end = provider->translator->hear(provider, &webhook);
	g_string_append_printf(
	    out, "%s%s\n", ends[end], webhook.token != NULL ? ", once" : "");
	for (unsigned i = 0; i < webhook.events->len; i++)
		print_event(out, webhook.events->pdata[i]);
	compare(events, out);
	webhook_clear(&webhook);
	provider_unref(provider);
	g_hash_table_unref(settings);
}

static void
check_folder(const char *type, unsigned least)
{
	g_autofree char *path = g_strdup_printf("providers/%s-events", type);
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;
	unsigned count = 0;

	assert_non_null(folder);
	while ((name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *base = NULL;

		if (!g_str_has_suffix(name, ".webhook"))
			continue;
		name = g_intern_string(name);
		base = g_strdup_printf("%s/%.*s", path,
		    (int)(strlen(name) - strlen(".webhook")), name);
		check_case(type, base);
		count++;
	}
	assert_true(count >= least);
}

static void
test_mailgun(void **state)
{
	(void)state;
	check_folder("mailgun", 35);
}

static void
test_mandrill(void **state)
{
	(void)state;
	check_folder("mandrill", 12);
}

/* The same event has the same id, in whatever request it comes; another day it
 * is another one. */
static void
test_id(void **state)
{
	static const char form[] =
	    "{\"signature\":{\"timestamp\":\"%s\",\"token\":\"%s\","
	    "\"signature\":\"%s\"},\"event-data\":{\"event\":\"delivered\","
	    "\"id\":\"e1\",\"timestamp\":%s,\"recipient\":\"a@b.c\"}}";
	static const struct {
		const char *token, *at, *id;
	} rows[] = {
		{ "t1", "1529692199.626182", "e1@17704" },
		{ "t2", "1529692199.626182", "e1@17704" },
		{ "t1", "1529778599.626182", "e1@17705" },
	};
	GHashTable *settings = make_settings("mailgun");
	struct provider *provider = sample_provider("mailgun", settings, NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *message =
		    g_strconcat("1529702000", rows[i].token, NULL);
		g_autofree char *signature =
		    g_compute_hmac_for_string(G_CHECKSUM_SHA256,
			(const guchar *)KEY, strlen(KEY), message, -1);
		g_autofree char *body = g_strdup_printf(
		    form, "1529702000", rows[i].token, signature, rows[i].at);
		struct webhook webhook;

		webhook_init(&webhook);
		webhook.body = body;
		webhook.length = strlen(body);
		webhook.now_ms = NOW_MS;
		assert_int_equal(provider->translator->hear(provider, &webhook),
		    WEBHOOK_GOOD);
		assert_int_equal(webhook.events->len, 1);
		assert_string_equal(webhook.token, rows[i].token);
		assert_string_equal(
		    ((struct event *)webhook.events->pdata[0])->event_id,
		    rows[i].id);
		webhook_clear(&webhook);
	}
	provider_unref(provider);
	g_hash_table_unref(settings);
}

/* Whose it is stands within: no more is read for anybody. */
static void
test_large(void **state)
{
	static const struct {
		size_t length;
		enum webhook_end end;
	} rows[] = {
		{ 256 * 1024, WEBHOOK_GOOD },
		{ 256 * 1024 + 1, WEBHOOK_FORGED },
	};
	GHashTable *settings = make_settings("mailgun");
	struct provider *provider = sample_provider("mailgun", settings, NULL);
	g_autofree char *signature =
	    g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)KEY,
		strlen(KEY), "1529702000t", -1);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *body = g_strdup_printf(
		    "{\"signature\":{\"timestamp\":\"1529702000\","
		    "\"token\":\"t\",\"signature\":\"%s\"},"
		    "\"event-data\":{}%*s",
		    signature, 300000, "}");
		struct webhook webhook;

		webhook_init(&webhook);
		body[rows[i].length - 1] = '}';
		webhook.body = body;
		webhook.length = rows[i].length;
		webhook.now_ms = NOW_MS;
		assert_int_equal(provider->translator->hear(provider, &webhook),
		    rows[i].end);
		webhook_clear(&webhook);
	}
	provider_unref(provider);
	g_hash_table_unref(settings);
}

/* What is set wrong is said at the start. */
static void
test_settings(void **state)
{
	static const struct {
		const char *type, *key, *value;
		enum provider_telling telling;
		const char *error; /* NULL: none */
	} rows[] = {
		{ "mailgun", "region", "us", PROVIDER_MUTE, NULL },
		{ "mailgun", "webhook_key", "k", PROVIDER_POSTS, NULL },
		{ "mailgun", "events", "poll", PROVIDER_POLLED, NULL },
		{ "mailgun", "events", "off", PROVIDER_MUTE, NULL },
		{ "mailgun", "events", "webhook", PROVIDER_MUTE,
		    "webhook_key is missing" },
		{ "mandrill", "lookup", "on", PROVIDER_MUTE, NULL },
		{ "mandrill", "events", "poll", PROVIDER_POLLED, NULL },
		{ "mandrill", "events", "webhook", PROVIDER_MUTE,
		    "webhook_key is missing" },
		{ "mandrill", "webhook_key", "k", PROVIDER_MUTE,
		    "webhook_url is missing" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		GHashTable *settings = sample_settings_new();
		g_autoptr(GError) error = NULL;
		struct provider *provider;

		g_hash_table_insert(
		    settings, g_strdup(rows[i].key), g_strdup(rows[i].value));
		provider = sample_provider(rows[i].type, settings, &error);
		assert_int_equal(provider == NULL, rows[i].error != NULL);
		if (provider != NULL)
			assert_int_equal(
			    provider->events.telling, rows[i].telling);
		else if (strstr(error->message, rows[i].error) == NULL)
			fail_msg("%s", error->message);
		provider_unref(provider);
		g_hash_table_unref(settings);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailgun),
		cmocka_unit_test(test_mandrill),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
