/* SPDX-License-Identifier: MIT */
#include "rule.h"

#include "configured.h"
#include "fixture.h"

#define SECTION                           \
	"[provider one]\ntype = fake\n"   \
	"[listener in]\n[listener out]\n" \
	"[route x]\nproviders = one\n"

static struct rule
read_rule(const char *conditions, GPtrArray *errors)
{
	g_autofree char *text = g_strconcat(SECTION, conditions, "\n", NULL);
	struct config *config = configured_read(text);
	struct rule rule;

	rule_read(&rule, config, "route x", errors);
	config_unref(config);
	return rule;
}

#define CLASS(value) "X-Class: " value "\n" FIXTURE_TEXT

/* Mail from app@example.com, From ann@example.com, by "in". */
static const struct {
	const char *name, *conditions, *text;
	bool fits;
} rows[] = {
	{ "From's domain", "sender_domains = a.example, example.com",
	    FIXTURE_TEXT, true },
	{ "neither domain", "sender_domains = a.example", FIXTURE_TEXT, false },
	{ "the envelope's domain alone", "sender_domains = example.com",
	    "From: a@b.example\n\nText\n", true },
	{ "From's domain alone", "sender_domains = b.example",
	    "From: a@b.example\n\nText\n", true },
	{ "the second From", "sender_domains = c.example",
	    "From: a@b.example, a@c.example\n\nText\n", true },
	{ "below a domain", "sender_domains = .example",
	    "From: a@b.example\n\nText\n", true },
	{ "the listener", "listeners = out, in", FIXTURE_TEXT, true },
	{ "another listener", "listeners = out", FIXTURE_TEXT, false },
	{ "the user", "user = ann, joe", FIXTURE_TEXT, true },
	{ "another user", "user = Joe", FIXTURE_TEXT, false },
	{ "user and listener", "user = joe\nlisteners = out", FIXTURE_TEXT,
	    false },
	{ "a field", "header = x-class", CLASS("otp"), true },
	{ "no such field", "header = X-Class", FIXTURE_TEXT, false },
	{ "an empty field is one", "header = X-Class", CLASS(""), true },
	{ "its value", "header = X-Class: otp", CLASS("OTP"), true },
	{ "another value", "header = X-Class: otp", CLASS("otps"), false },
	{ "no value", "header = X-Class: otp", CLASS(""), false },
	{ "how it begins", "header = X-Class: otp*", CLASS("Otp-2"), true },
	{ "not how it begins", "header = X-Class: otp*", CLASS("ot"), false },
	{ "a value with a colon", "header = X-Class:a:b", CLASS("a:b"), true },
	{ "an encoded value", "header = X-Class: gr\xc3\xbc\xc3\x9f",
	    CLASS("=?utf-8?q?gr=C3=BC=C3=9F?="), true },
	{ "the second field", "header = X-Class: otp",
	    "X-Class: a\n" CLASS("otp"), true },
	{ "all hold",
	    "listeners = in\nsender_domains = example.com\n"
	    "header = X-Class",
	    CLASS("otp"), true },
	{ "one does not",
	    "listeners = in\nsender_domains = example.com\n"
	    "header = X-Class",
	    FIXTURE_TEXT, false },
	{ "of the recipient", "recipient_domains = a.example", FIXTURE_TEXT,
	    true },
};

static void
test_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) errors = g_ptr_array_new();
		struct message *message = fixture_message(rows[i].text, 1);
		struct rule rule = read_rule(rows[i].conditions, errors);

		message->submission->listener = "in";
		message->submission->user = g_strdup("joe");
		assert_int_equal(errors->len, 0);
		assert_false(rule_is_empty(&rule));
		if (rule_fits_mail(&rule, message) != rows[i].fits)
			fail_msg("%s", rows[i].name);
		rule_clear(&rule);
		assert_true(rule_is_empty(&rule));
		message_unref(message);
	}
}

static void
test_recipient(void **state)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new();
	struct rule rule =
	    read_rule("recipient_domains = a.example, .b.example", errors);
	struct address *a = sample_address("x@a.example"),
		       *b = sample_address("x@b.example"),
		       *below = sample_address("x@y.b.example");

	(void)state;
	assert_true(rule_fits_recipient(&rule, a));
	assert_false(rule_fits_recipient(&rule, b));
	assert_true(rule_fits_recipient(&rule, below));
	rule_clear(&rule);
	assert_true(rule_fits_recipient(&rule, b));
	address_free(a);
	address_free(b);
	address_free(below);
}

/* The null sender, mail without From, mail of no listener. */
static void
test_nobody(void **state)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new();
	struct message *message = fixture_message("Subject: a\n\nText\n", 1);
	struct submission *submission = message->submission;
	struct rule sender =
	    read_rule("sender_domains = mail.example.com", errors);
	struct rule listener = read_rule("listeners = in", errors);
	struct rule user = read_rule("user = joe", errors);

	(void)state;
	assert_false(rule_fits_mail(&sender, message));
	assert_false(rule_fits_mail(&listener, message));
	assert_false(rule_fits_mail(&user, message));
	g_clear_pointer(&submission->envelope->sender, address_free);
	assert_false(rule_fits_mail(&sender, message));
	rule_clear(&sender);
	rule_clear(&listener);
	rule_clear(&user);
	message_unref(message);
}

static const struct {
	const char *conditions, *error[3];
} faults[] = {
	{ "sender_domains = a..b",
	    { ":7: [route x] sender_domains", "a..b", "example.com" } },
	{ "recipient_domains = ann@a.example",
	    { "[route x] recipient_domains", "ann@a.example", "example.com" } },
	{ "listeners = in, ni",
	    { ":7: [route x] listeners", "\"ni\"", "there are: in, out" } },
	{ "header = \"X-Class: otp\"",
	    { ":7: [route x] header", "\"X-Class: otp\"", "without quotes" } },
	{ "header = X Class",
	    { "[route x] header", "X Class", "X-Class: otp" } },
	{ "header = : otp", { "[route x] header", ": otp" } },
	{ "header = X-Class:", { "[route x] header", "X-Class:" } },
};

static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		struct rule rule = read_rule(faults[i].conditions, errors);

		rule_clear(&rule);
		if (errors->len != 1)
			fail_msg(
			    "%s: %u errors", faults[i].conditions, errors->len);
		for (size_t k = 0; k < 3 && faults[i].error[k]; k++)
			if (!strstr(errors->pdata[0], faults[i].error[k]))
				fail_msg("\"%s\" lacks %s",
				    (char *)errors->pdata[0],
				    faults[i].error[k]);
	}
}

static int
start_parser(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_recipient),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
