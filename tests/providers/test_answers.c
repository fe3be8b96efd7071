/* SPDX-License-Identifier: MIT */
/*
 * Answers as they were seen or are documented, through the translators as they
 * are opened: the whole way from bytes to a verdict.  What is said of several
 * recipients, or by SMTP, is among the golden cases.
 */
#include "providers/sample.h"

/* What the carrier made of Retry-After, where there is one. */
#define WAIT_MS 30000

struct said {
	const char *type;
	unsigned status;
	const char *body;
	enum verdict_class class;
	int64_t retry_ms;
	bool unlikely, unknown;
};

#define D           "{\"message\":\"Domain mg.example.com is not allowed to send"
#define MG(message) "{\"message\":\"" message "\"}"
#define MD(code, name, message)                                    \
	"{\"status\":\"error\",\"code\":" code ",\"name\":\"" name \
	"\",\"message\":\"" message "\"}"
#define PAGE(title) "<html><head><title>" title "</title></head></html>"

static const struct said answers[] = {
	/* Mailgun: the mail */
	{ "mailgun", 400, MG("from parameter is missing"), VERDICT_PAYLOAD, 0,
	    false, false },
	{ "mailgun", 400, MG("to parameter is missing"), VERDICT_PAYLOAD, 0,
	    false, false },
	{ "mailgun", 400, MG("message parameter is missing"), VERDICT_PAYLOAD,
	    0, false, false },
	{ "mailgun", 400, MG("'message' parameter is not a file"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400,
	    MG("Need at least one of 'text' or 'html' parameters specified"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400,
	    MG("Need at least one of 'text', 'html', 'amp-html' or 'template' "
	       "parameters specified"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400,
	    MG("Only one parameters 'html' or 'template' is allowed"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400,
	    MG("Send options (parameters starting with o:, h:, or v:) are "
	       "limited to 16 kB total"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400, MG("Too many recipients, max is 1000"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400, MG("Header name must be pure ASCII: X-\xc3\xa9"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400, MG("soon is not an RFC-2822 compliant date"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400,
	    MG("'recipient-variables' parameter is not a valid JSON"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400,
	    MG("Invalid request content type. Expecting 'multipart/form-data' "
	       "but got 'text/plain'"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400, MG("malformed multipart/form-data request"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400, MG("unable to parse request: invalid URL escape"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mailgun", 400,
	    MG("to parameter is not a valid address. please check "
	       "documentation"),
	    VERDICT_RECIPIENT, 0, false, false },
	{ "mailgun", 400, MG("A moon is missing"), VERDICT_PAYLOAD, 0, false,
	    true },
	{ "mailgun", 415, "", VERDICT_PAYLOAD, 0, false, false },

	/* its upload */
	{ "mailgun", 400, MG("unable to parse request: unexpected EOF"),
	    VERDICT_OUTAGE, 0, false, false },

	/* the account */
	{ "mailgun", 400,
	    D ": Sandbox subdomains are for test purposes only. Please add "
	      "your own domain or add the address to authorized recipients in "
	      "Account Settings.\"}",
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 400,
	    D ": Free accounts are for test purposes only. Please upgrade or "
	      "add the address to authorized recipients.\"}",
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 400,
	    D ": The domain is unverified and requires DNS configuration.\"}",
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 400,
	    D ": Please activate your Mailgun account. Check your inbox.\"}",
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 400, MG("x is not a valid secondary dkim domain name"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 401, "Forbidden", VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 401, MG("Invalid private key"), VERDICT_ACCOUNT, 0, false,
	    false },
	{ "mailgun", 403,
	    MG("Rejected: IP 192.0.2.1 can't be used to send the message"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 403, D " large batches yet\"}", VERDICT_ACCOUNT, 0, false,
	    false },
	{ "mailgun", 404, MG("Domain not found: mg.example.com"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mailgun", 405, "", VERDICT_ACCOUNT, 0, false, false },

	/* not now */
	{ "mailgun", 400,
	    D ": You are sending too fast. Your account is on probation and "
	      "the account has been temporarily disabled.\"}",
	    VERDICT_THROTTLE, 0, false, false },
	{ "mailgun", 400,
	    MG("Your account is on probation and domains are limited to 100 "
	       "messages / hour. Account will be enabled in 341 seconds"),
	    VERDICT_THROTTLE, 341000, false, false },
	{ "mailgun", 400,
	    D ": recipient limit exceeded, try again after 5 minutes\"}",
	    VERDICT_THROTTLE, 300000, false, false },
	{ "mailgun", 420,
	    D ": recipient limit exceeded, try again after Sun, 23 Mar 2025 "
	      "10:01:34 UTC\"}",
	    VERDICT_THROTTLE, 0, false, false },
	{ "mailgun", 429,
	    D ": bytes limit exceeded, try again after Thu, 20 Dec 2199 "
	      "20:33:21 UTC\"}",
	    VERDICT_THROTTLE, 3600000, false, false },
	{ "mailgun", 429,
	    D ": account-requests-per-sec limit exceeded, try again after 120 "
	      "seconds\"}",
	    VERDICT_THROTTLE, 120000, false, false },
	{ "mailgun", 403, MG("You have too many messages in queue"),
	    VERDICT_THROTTLE, 0, false, false },

	/* Mailgun itself */
	{ "mailgun", 500, MG("Internal Server Error"), VERDICT_DOUBT, 0, true,
	    false },
	{ "mailgun", 503, MG("Back in 2 minutes"), VERDICT_OUTAGE, 120000,
	    false, false },
	{ "mailgun", 520, PAGE("520: Web server returns an unknown error"),
	    VERDICT_DOUBT, 0, true, false },

	/* Mandrill: the old statuses, then those of 1.1 */
	{ "mandrill", 500, MD("-1", "Invalid_Key", "Invalid API key"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mandrill", 401, MD("401", "Invalid_Key", "Invalid API key"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mandrill", 500,
	    MD("-1", "ValidationError", "You must specify a key value"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mandrill", 422,
	    MD("-2", "ValidationError", "Validation error: no recipients"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mandrill", 400,
	    MD("400", "MC_Exception_ValidationError", "Validation error"),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mandrill", 500,
	    MD("-100", "GeneralError",
		"An unknown error occurred processing your request."),
	    VERDICT_DOUBT, 0, true, false },
	{ "mandrill", 402, MD("10", "PaymentRequired", "Please pay"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mandrill", 500,
	    MD("10", "MC_Exception_PaymentRequired",
		"Email scheduling is only available for accounts with a "
		"positive balance."),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mandrill", 404,
	    MD("12", "Unknown_Subaccount",
		"No subaccount exists with the id customer-123"),
	    VERDICT_ACCOUNT, 0, false, false },
	{ "mandrill", 404,
	    MD("5", "Unknown_Template", "No such template \\\"x\\\""),
	    VERDICT_PAYLOAD, 0, false, false },
	{ "mandrill", 500,
	    MD("-2", "ServiceUnavailable",
		"The subsystem providing this API call is down for "
		"maintenance."),
	    VERDICT_OUTAGE, 0, false, false },
	{ "mandrill", 503,
	    MD("-2", "ServiceUnavailable", "Service Temporarily Unavailable"),
	    VERDICT_OUTAGE, 0, false, false },
	{ "mandrill", 429,
	    MD("429", "RequestLimitExceeded",
		"Too Many Requests attempted recently"),
	    VERDICT_THROTTLE, 0, false, false },
	{ "mandrill", 404, MD("11", "Unknown_Message", "No message exists"),
	    VERDICT_PAYLOAD, 0, false, true },
	{ "mandrill", 400, MD("99", "Invalid_Moon", "Wrong phase"),
	    VERDICT_PAYLOAD, 0, false, true },
	{ "mandrill", 500, MD("99", "Invalid_Moon", "Wrong phase"),
	    VERDICT_OUTAGE, 0, false, true },
	{ "mandrill", 502, PAGE("502 Bad Gateway"), VERDICT_DOUBT, 0, true,
	    false },
	{ "mandrill", 200, "", VERDICT_DOUBT, 0, false, false },
	{ "mandrill", 418, "", VERDICT_PAYLOAD, 0, false, true },
};

/* Every status alone: N14 has each with a time to come back and without. */
static const struct {
	unsigned status;
	enum verdict_class class;
	bool unlikely, waits;
} statuses[] = {
	{ 400, VERDICT_PAYLOAD, false, false },
	{ 401, VERDICT_ACCOUNT, false, false },
	{ 402, VERDICT_ACCOUNT, false, false },
	{ 403, VERDICT_ACCOUNT, false, false },
	{ 404, VERDICT_ACCOUNT, false, false },
	{ 408, VERDICT_DOUBT, true, false },
	{ 413, VERDICT_PAYLOAD, false, false },
	{ 420, VERDICT_THROTTLE, false, true },
	{ 422, VERDICT_PAYLOAD, false, false },
	{ 429, VERDICT_THROTTLE, false, true },
	{ 500, VERDICT_DOUBT, true, false },
	{ 502, VERDICT_DOUBT, true, false },
	{ 503, VERDICT_OUTAGE, false, true },
	{ 504, VERDICT_DOUBT, true, false },
	{ 520, VERDICT_DOUBT, true, false },
};

/* A mail to one, and the exchange that carried it. */
struct scene {
	struct provider *provider;
	struct delivery *delivery;
	struct message *message;
	struct exchange *exchange;
	struct outcome *outcome;
};

static void
open_scene(struct scene *scene, const char *type)
{
	const unsigned first = 0;
	GHashTable *settings = sample_settings_new();

	scene->provider = sample_provider(type, settings, NULL);
	assert_non_null(scene->provider);
	g_hash_table_unref(settings);
	scene->message = sample_message("From: a@example.com\n"
					"To: b@example.net\n\nhello\n");
	scene->delivery = delivery_new(scene->message, &first, 1);
	scene->exchange = exchange_new(EXCHANGE_HTTP,
	    &scene->provider->endpoint, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	scene->exchange->end = EXCHANGE_ANSWERED;
	scene->outcome = outcome_new(1);
}

static void
close_scene(struct scene *scene)
{
	outcome_free(scene->outcome);
	exchange_free(scene->exchange);
	delivery_free(scene->delivery);
	message_unref(scene->message);
	provider_unref(scene->provider);
}

static const struct verdict *
decode(struct scene *scene, unsigned status, const char *body)
{
	struct exchange *exchange = scene->exchange;

	exchange->http_response.status = status;
	g_string_assign(exchange->http_response.body, body);
	scene->provider->translator->decode(
	    scene->provider, scene->delivery, exchange, scene->outcome);
	return &scene->outcome->verdicts[0];
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		const struct said *answer = &answers[i];
		const struct verdict *verdict;
		struct scene scene;

		open_scene(&scene, answer->type);
		verdict = decode(&scene, answer->status, answer->body);
		if (verdict->class != answer->class ||
		    verdict->unlikely != answer->unlikely ||
		    scene.outcome->unknown != answer->unknown ||
		    scene.outcome->retry_ms != answer->retry_ms)
			fail_msg("%s %u %s: %s%s%s, %" G_GINT64_FORMAT " ms",
			    answer->type, answer->status, answer->body,
			    verdict_class_text(verdict->class),
			    verdict->unlikely ? " unlikely" : "",
			    scene.outcome->unknown ? " unknown" : "",
			    scene.outcome->retry_ms);
		assert_int_equal(verdict->status, answer->status);
		close_scene(&scene);
	}
}

static void
check_status(const char *type, size_t row, int64_t retry_ms)
{
	const struct verdict *verdict;
	struct scene scene;

	open_scene(&scene, type);
	scene.exchange->http_response.retry_ms = retry_ms;
	verdict = decode(&scene, statuses[row].status, "");
	if (verdict->class != statuses[row].class)
		fail_msg("%s %u: %s", type, statuses[row].status,
		    verdict_class_text(verdict->class));
	assert_int_equal(verdict->unlikely, statuses[row].unlikely);
	assert_int_equal(
	    scene.outcome->retry_ms, statuses[row].waits ? retry_ms : 0);
	assert_non_null(verdict->text);
	close_scene(&scene);
}

static void
test_statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
		check_status("mailgun", i, 0);
		check_status("mailgun", i, WAIT_MS);
		check_status("mandrill", i, 0);
		check_status("mandrill", i, WAIT_MS);
	}
}

/* Whatever comes has a class, and what nobody knows is said to be so. */
static void
test_any_status(void **state)
{
	static const char *const types[] = { "mailgun", "mandrill" };

	(void)state;
	for (unsigned status = 200; status <= 599; status++)
		for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
			const struct verdict *verdict;
			struct scene scene;

			open_scene(&scene, types[i]);
			verdict = decode(&scene, status, "\x01 what");
			assert_int_not_equal(verdict->class, VERDICT_NONE);
			assert_int_not_equal(verdict->class, VERDICT_ACCEPTED);
			if (status == 451 || status == 599)
				assert_true(scene.outcome->unknown);
			close_scene(&scene);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_any_status),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
