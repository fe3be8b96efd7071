/* SPDX-License-Identifier: MIT */
#include "providers/turn.h"

#define US     "GET https://api.mailgun.net/"
#define EU     "GET https://api.eu.mailgun.net/"
#define MG     "mg.example.com as key-of-mailgun"
#define DOMAIN US "v4/domains/" MG
#define SENDING                                                                \
	"POST https://api.mailgun.net/v3/mg.example.com/messages as "          \
	"key-of-mailgun --postferry-probe\r\nContent-Disposition: form-data; " \
	"name=\"o:testmode\"\r\n\r\nyes\r\n--postferry-probe--\r\n"
#define MISSING   "{\"message\":\"from parameter is missing\"}"
#define DOMAIN2   US "v4/domains/example.org as key-of-mailgun"
#define QUEUES    US "v3/domains/mg.example.com/sending_queues as key-of-mailgun"
#define QUEUES2   US "v3/domains/example.org/sending_queues as key-of-mailgun"
#define ACTIVE    "{\"domain\":{\"state\":\"active\",\"is_disabled\":false}}"
#define IDLE      "{\"regular\":{\"is_disabled\":false}}"
#define NOT_FOUND "{\"message\":\"Domain not found\"}"
#define TWO       "domain=from domains=mg.example.com,example.org"

#define MD      "POST https://mandrillapp.com/api/1.0/"
#define MD_KEY  ".json {\"key\":\"key-of-mandrill\"}"
#define PING    MD "users/ping2" MD_KEY
#define INFO    MD "users/info" MD_KEY
#define SENDERS MD "senders/domains" MD_KEY
#define PONG    "{\"PING\":\"PONG!\"}"
#define ACCOUNT(REPUTATION, QUOTA, BACKLOG)              \
	"{\"username\":\"u\",\"reputation\":" REPUTATION \
	",\"hourly_quota\":" QUOTA ",\"backlog\":" BACKLOG "}"
#define SIGNING(DOMAIN, SIGNS) \
	"{\"domain\":\"" DOMAIN "\",\"valid_signing\":" SIGNS "}"

struct row {
	const char *type, *settings;
	struct turn turns[5];
	enum health_state state;
	const char *text;   /* found in it */
	const char *advice; /* found in it; NULL: none */
};

static const struct row rows[] = {
	/* ---- Mailgun ---- */
	{ "mailgun", "", { { DOMAIN, 200, ACTIVE }, { QUEUES, 200, IDLE } },
	    HEALTH_GOOD, "domain mg.example.com is active", NULL },
	{ "mailgun", "lookup_key=other",
	    { { US "v4/domains/mg.example.com as other", 200, ACTIVE },
		{ US "v3/domains/mg.example.com/sending_queues as other", 404,
		    "{}" },
		{ SENDING, 400, MISSING } },
	    HEALTH_GOOD, "is active", NULL },
	{ "mailgun", "lookup_key=other",
	    { { US "v4/domains/mg.example.com as other", 200, ACTIVE },
		{ US "v3/domains/mg.example.com/sending_queues as other", 200,
		    IDLE },
		{ SENDING, 401, "Forbidden" } },
	    HEALTH_BAD, "api_key is refused (HTTP 401: Forbidden)",
	    "set api_key" },
	{ "mailgun", "",
	    { { DOMAIN, 200, "{\"domain\":{\"state\":\"unverified\"}}" },
		{ QUEUES, 200, IDLE } },
	    HEALTH_BAD, "domain mg.example.com is unverified at Mailgun",
	    "DNS records" },
	{ "mailgun", "",
	    { { DOMAIN, 200,
		  "{\"domain\":{\"state\":\"active\",\"is_disabled\":true,"
		  "\"disabled\":{\"reason\":\"too many bounces\",\"until\":"
		  "\"Sat, 01 Jan 2033 00:00:00 GMT\"}}}" },
		{ QUEUES, 200, IDLE } },
	    HEALTH_BAD,
	    "mg.example.com is disabled until Sat, 01 Jan 2033 00:00:00 GMT: "
	    "too many bounces",
	    "control panel" },
	{ "mailgun", "",
	    { { DOMAIN, 200,
		  "{\"domain\":{\"state\":\"active\"},\"sending_dns_records\":"
		  "[{\"record_type\":\"TXT\",\"name\":\"a\",\"valid\":"
		  "\"valid\"},{\"record_type\":\"TXT\",\"name\":"
		  "\"k._domainkey.mg.example.com\",\"valid\":\"invalid\"}]}" },
		{ QUEUES, 200, IDLE } },
	    HEALTH_DOUBTFUL, "its DNS record TXT k._domainkey.mg.example.com",
	    "as Mailgun's control panel shows" },
	{ "mailgun", "",
	    { { DOMAIN, 200, ACTIVE },
		{ QUEUES, 200,
		    "{\"regular\":{\"is_disabled\":true,\"disabled\":{"
		    "\"until\":\"Mon, 02 Jan 2033 15:04:05 GMT\",\"reason\":"
		    "\"You have too many messages in queue\"}}}" } },
	    HEALTH_BAD,
	    "takes no mail until Mon, 02 Jan 2033 15:04:05 GMT: You have too "
	    "many messages in queue",
	    "next provider" },
	/* the queue says nothing against the domain by being silent */
	{ "mailgun", "", { { DOMAIN, 200, ACTIVE }, { QUEUES, 0, "reset" } },
	    HEALTH_GOOD, "is active", NULL },
	/* a sending key, and a lookup key that is wrong */
	{ "mailgun", "",
	    { { DOMAIN, 401, "Forbidden" }, { SENDING, 400, MISSING } },
	    HEALTH_UNKNOWN, "api_key may send, but not look",
	    "set lookup_key" },
	{ "mailgun", "lookup_key=other",
	    { { US "v4/domains/mg.example.com as other", 401,
		  "{\"message\":\"Invalid private key\"}" },
		{ SENDING, 400, MISSING } },
	    HEALTH_DOUBTFUL, "lookup_key is refused (HTTP 401: Invalid",
	    "another lookup_key" },
	/* a key that is wrong, or may not send, or nobody says so */
	{ "mailgun", "",
	    { { DOMAIN, 401, "Forbidden" }, { SENDING, 401, "Forbidden" } },
	    HEALTH_BAD, "api_key is refused (HTTP 401: Forbidden)",
	    "set api_key" },
	{ "mailgun", "",
	    { { DOMAIN, 401, "Forbidden" },
		{ SENDING, 400,
		    "{\"message\":\"Domain mg.example.com is not allowed to "
		    "send: The domain is unverified\"}" } },
	    HEALTH_BAD, "no mail may be sent by domain mg.example.com",
	    "control panel" },
	{ "mailgun", "",
	    { { DOMAIN, 403, "no" },
		{ SENDING, 404, "{\"message\":\"Domain not found\"}" } },
	    HEALTH_BAD, "cannot be sent by domain mg.example.com", "region" },
	{ "mailgun", "", { { DOMAIN, 401, "Forbidden" }, { SENDING, 503, "" } },
	    HEALTH_UNKNOWN, "never may, or the key is wrong",
	    "look at api_key" },
	{ "mailgun", "",
	    { { DOMAIN, 401, "Forbidden" }, { SENDING, 0, "reset" } },
	    HEALTH_UNKNOWN, "never may, or the key is wrong",
	    "look at api_key" },
	{ "mailgun", "",
	    { { DOMAIN, 401, "Forbidden" },
		{ SENDING, 429, "{\"message\":\"slowly\"}" } },
	    HEALTH_UNKNOWN, "never may, or the key is wrong",
	    "look at api_key" },
	/* the region */
	{ "mailgun", "",
	    { { DOMAIN, 404, NOT_FOUND },
		{ EU "v4/domains/" MG, 200, ACTIVE } },
	    HEALTH_BAD, "domain mg.example.com lives in the EU region",
	    "set region = eu in [provider t]" },
	{ "mailgun", "region=eu",
	    { { EU "v4/domains/" MG, 404, NOT_FOUND },
		{ DOMAIN, 200, ACTIVE } },
	    HEALTH_BAD, "lives in the US region", "set region = us" },
	{ "mailgun", "",
	    { { DOMAIN, 404, NOT_FOUND },
		{ EU "v4/domains/" MG, 404, NOT_FOUND } },
	    HEALTH_BAD, "is not in this Mailgun account", "spelling" },
	{ "mailgun", "",
	    { { DOMAIN, 404, NOT_FOUND },
		{ EU "v4/domains/" MG, 0, "refused" } },
	    HEALTH_BAD, "the other one could not be asked", "region" },
	{ "mailgun",
	    "base_url=http://127.0.0.1:81 region_url=http://127.0.0.1:82",
	    { { "GET http://127.0.0.1:81/v4/domains/" MG, 404, NOT_FOUND },
		{ "GET http://127.0.0.1:82/v4/domains/" MG, 200, ACTIVE } },
	    HEALTH_BAD, "EU region", "region = eu" },
	{ "mailgun", "base_url=http://127.0.0.1:81",
	    { { "GET http://127.0.0.1:81/v4/domains/" MG, 404, NOT_FOUND } },
	    HEALTH_BAD, "is not in this Mailgun account", "region" },
	/* whoever answers is not Mailgun, or is not well */
	{ "mailgun", "", { { DOMAIN, 200, "Mailgun Magnificent API" } },
	    HEALTH_BAD, "HTTP 200: Mailgun Magnificent API", "base_url" },
	{ "mailgun", "", { { DOMAIN, 302, "" } }, HEALTH_BAD, "HTTP 302",
	    "proxy" },
	{ "mailgun", "", { { DOMAIN, 429, "{\"message\":\"slowly\"}" } },
	    HEALTH_UNKNOWN, "not checked: HTTP 429: slowly", NULL },
	{ "mailgun", "", { { DOMAIN, 503, "" } }, HEALTH_UNREACHABLE,
	    "HTTP 503", "status page" },
	{ "mailgun", "", { { DOMAIN, 0, "connection refused" } },
	    HEALTH_UNREACHABLE, "connection refused", "firewall" },
	/* several domains */
	{ "mailgun", TWO,
	    { { DOMAIN, 200, ACTIVE }, { QUEUES, 200, IDLE },
		{ DOMAIN2, 200, ACTIVE }, { QUEUES2, 200, IDLE } },
	    HEALTH_GOOD, "all 2 domains are active", NULL },
	{ "mailgun", TWO,
	    { { DOMAIN, 200, ACTIVE }, { QUEUES, 200, IDLE },
		{ DOMAIN2, 200, "{\"domain\":{\"state\":\"unverified\"}}" },
		{ QUEUES2, 200, IDLE } },
	    HEALTH_DOUBTFUL, "domain example.org is unverified", "DNS" },
	{ "mailgun", TWO,
	    { { DOMAIN, 404, NOT_FOUND },
		{ EU "v4/domains/" MG, 404, NOT_FOUND },
		{ DOMAIN2, 200, ACTIVE }, { QUEUES2, 200, IDLE } },
	    HEALTH_DOUBTFUL, "domain mg.example.com is not in this Mailgun",
	    "spelling" },

	/* ---- Mandrill ---- */
	{ "mandrill", "",
	    { { PING, 200, PONG }, { INFO, 200, ACCOUNT("90", "250", "3") },
		{ SENDERS, 200,
		    "[" SIGNING("example.com", "true") "," SIGNING(
			"example.org", "false") "]" } },
	    HEALTH_GOOD,
	    "the key is good, reputation 90, 250 mails an hour, 3 waiting "
	    "there; mail of 1 of 2 sending domains is signed",
	    NULL },
	{ "mandrill", "",
	    { { PING, 200, PONG }, { INFO, 404, "" }, { SENDERS, 502, "" } },
	    HEALTH_GOOD, "the key is good", NULL },
	{ "mandrill", "",
	    { { PING, 200, PONG }, { INFO, 200, ACCOUNT("90", "250", "251") },
		{ SENDERS, 200, "[]" } },
	    HEALTH_DOUBTFUL, "251 mails wait at Mandrill, which sends 250",
	    "quota_hour" },
	{ "mandrill", "",
	    { { PING, 200, PONG }, { INFO, 200, ACCOUNT("7", "250", "0") },
		{ SENDERS, 200, "[]" } },
	    HEALTH_DOUBTFUL, "reputation is 7 of 100", "complaints" },
	{ "mandrill", "domains=example.com,mail.example.org",
	    { { PING, 200, PONG }, { INFO, 200, ACCOUNT("90", "250", "0") },
		{ SENDERS, 200,
		    "[" SIGNING("EXAMPLE.com", "true") "," SIGNING(
			"example.org", "true") "]" } },
	    HEALTH_GOOD, "mail of 2 of 2 sending domains is signed", NULL },
	{ "mandrill", "domains=example.com,example.org",
	    { { PING, 200, PONG }, { INFO, 200, ACCOUNT("90", "250", "0") },
		{ SENDERS, 200, "[" SIGNING("example.com", "true") "]" } },
	    HEALTH_DOUBTFUL, "domain example.org is not a sending domain there",
	    "verify" },
	{ "mandrill", "domains=example.com,example.org",
	    { { PING, 200, PONG }, { INFO, 200, ACCOUNT("90", "250", "0") },
		{ SENDERS, 200,
		    "[{\"domain\":\"example.com\",\"valid_signing\":false,"
		    "\"dkim\":{\"valid\":false,\"error\":\"no record\"}}]" } },
	    HEALTH_BAD,
	    "mail of domain example.com is not signed there: no record, and "
	    "so are others",
	    "DNS" },
	{ "mandrill", "",
	    { { PING, 500,
		"{\"status\":\"error\",\"name\":\"Invalid_Key\",\"message\":"
		"\"Invalid API key\"}" } },
	    HEALTH_BAD,
	    "api_key is refused (HTTP 500: Invalid_Key: Invalid API key)",
	    "active key" },
	{ "mandrill", "", { { PING, 401, "no" } }, HEALTH_BAD,
	    "api_key is refused", "active key" },
	{ "mandrill", "",
	    { { PING, 503,
		"{\"name\":\"ServiceUnavailable\",\"message\":\"down\"}" } },
	    HEALTH_UNREACHABLE, "ServiceUnavailable: down", "status page" },
	{ "mandrill", "", { { PING, 200, "hello" } }, HEALTH_BAD,
	    "HTTP 200: hello", "base_url" },
	{ "mandrill", "",
	    { { PING, 429,
		"{\"name\":\"RequestLimitExceeded\",\"message\":\"x\"}" } },
	    HEALTH_UNKNOWN, "not checked", NULL },
	{ "mandrill", "", { { PING, 0, "no address for it" } },
	    HEALTH_UNREACHABLE, "no address for it", "DNS" },
};

static void
check_health(const struct health *health, enum health_state state,
    const char *text, const char *advice)
{
	if (health->state != state || strstr(health->text, text) == NULL)
		fail_msg("%s: %s; but there is %s: %s",
		    health_state_text(state), text,
		    health_state_text(health->state), health->text);
	if ((advice == NULL) != (health->advice == NULL) ||
	    (advice != NULL && strstr(health->advice, advice) == NULL))
		fail_msg(
		    "%s: %s; but there is %s", text, advice, health->advice);
}

static void
check_row(const struct row *row)
{
	struct provider *provider = turn_provider(row->type, row->settings);
	const struct translator *translator = provider->translator;
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, "");
	const struct turn *turn = row->turns;
	struct health health = { 0 };
	bool more = true;

	/* what was found before is forgotten */
	health_set(&health, HEALTH_BAD, "before", "before");
	assert_true(translator->probe(provider, exchange));
	for (; more; turn++) {
		turn_answer(turn, exchange);
		more = translator->probed(provider, exchange, &health);
	}
	assert_null(turn->request);
	check_health(&health, row->state, row->text, row->advice);
	health_clear(&health);
	exchange_free(exchange);
	provider_unref(provider);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* A certificate that is not acceptable, to HTTP and SMTP. */
static void
test_tls(void **state)
{
	static const char *const types[] = { "mailgun", "mandrill", "smtp" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		struct provider *provider = turn_provider(types[i], "");
		struct exchange *exchange = exchange_new(
		    provider->translator->kind, &provider->endpoint, "");
		struct health health = { 0 };

		assert_true(provider->translator->probe(provider, exchange));
		exchange->end = EXCHANGE_REFUSED_TLS;
		exchange->error = g_strdup("the certificate has expired");
		assert_false(
		    provider->translator->probed(provider, exchange, &health));
		check_health(&health, HEALTH_BAD, "has expired", "ca_file");
		health_clear(&health);
		exchange_free(exchange);
		provider_unref(provider);
	}
}

/* Of very many domains the first are asked for. */
static void
test_many_domains(void **state)
{
	g_autoptr(GString) settings = g_string_new("domain=from domains=");
	struct health health = { 0 };
	struct provider *provider;
	struct exchange *exchange;
	bool more = true;

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		g_string_append_printf(
		    settings, "%sd%u.example", i > 0 ? "," : "", i);
	provider = turn_provider("mailgun", settings->str);
	exchange = exchange_new(EXCHANGE_HTTP, &provider->endpoint, "");
	assert_true(provider->translator->probe(provider, exchange));
	while (more) {
		exchange->end = EXCHANGE_ANSWERED;
		exchange->http_response.status = 200;
		g_string_assign(exchange->http_response.body, ACTIVE);
		more =
		    provider->translator->probed(provider, exchange, &health);
	}
	assert_int_equal(exchange->renewed, 19);
	check_health(
	    &health, HEALTH_GOOD, "the first 10 domains are active", NULL);
	health_clear(&health);
	exchange_free(exchange);
	provider_unref(provider);
}

struct session {
	const char *settings;
	enum exchange_end end;
	const char *error;
	struct smtp_response response;
	enum health_state state;
	const char *text, *advice;
};

static const struct session sessions[] = {
	{ "", EXCHANGE_ANSWERED, NULL, { .tls_missing = false }, HEALTH_GOOD,
	    "smtp.example.net:587 greets us, over TLS", NULL },
	{ "host=127.0.0.1 tls=off username=u password=p", EXCHANGE_ANSWERED,
	    NULL, { .greeting = { 235, NULL, (char *)"ok" } }, HEALTH_GOOD,
	    "127.0.0.1:587 greets us, in clear, and takes the login", NULL },
	{ "", EXCHANGE_ANSWERED, NULL,
	    { .greeting = { 220, NULL, (char *)"OURS ESMTP" } },
	    HEALTH_DOUBTFUL, "smtp.example.net:587 calls itself", "circle" },
	{ "", EXCHANGE_ANSWERED, NULL,
	    { .greeting = { 220, NULL, (char *)"ours.example.net ESMTP" } },
	    HEALTH_GOOD, "greets us", NULL },
	{ "", EXCHANGE_ANSWERED, NULL,
	    { .greeting = { 535, (char *)"5.7.8", (char *)"wrong" },
		.auth_failed = true },
	    HEALTH_BAD, "the login is refused: 535 5.7.8 wrong", "password" },
	{ "", EXCHANGE_ANSWERED, NULL, { .tls_missing = true }, HEALTH_BAD,
	    "does not offer STARTTLS", "tls = off" },
	{ "", EXCHANGE_ANSWERED, NULL,
	    { .greeting = { 554, NULL, (char *)"go away" } }, HEALTH_BAD,
	    "the server refuses us: 554 go away", "let this host in" },
	{ "", EXCHANGE_ANSWERED, NULL,
	    { .greeting = { 421, (char *)"4.3.2", (char *)"busy" } },
	    HEALTH_UNREACHABLE, "puts us off: 421 4.3.2 busy", "busy" },
	{ "", EXCHANGE_ANSWERED, NULL,
	    { .greeting = { 0, NULL, (char *)"AUTH is not offered" } },
	    HEALTH_BAD, "not offered: AUTH is not offered", "username" },
	{ "", EXCHANGE_UNSENT, "connection refused", { .tls_missing = false },
	    HEALTH_UNREACHABLE, "connection refused", "firewall" },
	{ "", EXCHANGE_LOST, NULL, { .tls_missing = false }, HEALTH_UNREACHABLE,
	    "the session broke off", "host and port" },
};

static void
test_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sessions); i++) {
		const struct session *session = &sessions[i];
		const struct smtp_response *response = &session->response;
		struct provider *provider =
		    turn_provider("smtp", session->settings);
		struct exchange *exchange =
		    exchange_new(EXCHANGE_SMTP, &provider->endpoint, "");
		struct health health = { 0 };

		provider->endpoint.hostname = "ours";
		assert_true(provider->translator->probe(provider, exchange));
		assert_true(exchange->smtp.probe);
		assert_int_equal(exchange->smtp.recipients->len, 0);
		exchange->end = session->end;
		exchange->error = g_strdup(session->error);
		exchange->smtp_response = *response;
		exchange->smtp_response.greeting = (struct smtp_reply){ 0 };
		smtp_reply_set(&exchange->smtp_response.greeting,
		    response->greeting.code, response->greeting.enhanced,
		    response->greeting.text);
		assert_false(
		    provider->translator->probed(provider, exchange, &health));
		check_health(
		    &health, session->state, session->text, session->advice);
		health_clear(&health);
		exchange_free(exchange);
		provider_unref(provider);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_many_domains),
		cmocka_unit_test(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
