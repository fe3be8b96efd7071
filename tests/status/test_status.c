/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "fake_store.h"
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json_pointer.h>

#define RECEIVED INT64_C(1795256640123) /* 2026-11-21T10:24:00.123Z */

static unsigned recipients_of_attempt[] = { 0, 2, 7 };

/* A mail that has seen everything. */
struct world {
	struct store store;
	struct store_mail mail;
	struct store_recipient recipients[3];
	struct journal_attempt attempts[2];
	struct store_act act;
	struct budget *budget;
	struct spool_place place;
	struct status_options options;
};

static char *refused_by[] = { (char *)"mandrill", NULL };

static void
make_mail(struct world *world)
{
	world->mail = (struct store_mail){
		.id = FAKE_ID,
		.place = STORE_WAITING,
		.received_ms = RECEIVED,
		.due_ms = RECEIVED + 60000,
		.finished_ms = RECEIVED + 1,
		.listener = (char *)"local",
		.peer = (char *)"192.0.2.1",
		.helo = (char *)"caf\xe9",
		.protocol = (char *)"ESMTPSA",
		.user = (char *)"app",
		.envid = (char *)"QQ1",
		.returned = ENVELOPE_RETURN_FULL,
		.sender = (char *)"",
		.size_bytes = 5200,
		.rounds = 2,
		.hold = (char *)"stale",
		.recipients = g_ptr_array_new(),
		.attempts = g_ptr_array_new(),
		.acts = g_ptr_array_new(),
		.events = g_ptr_array_new(),
	};
	world->recipients[0] =
	    (struct store_recipient){ (char *)"a@example.org",
		    { .state = RECIPIENT_ACCEPTED,
			.class = VERDICT_ACCEPTED,
			.status = 200,
			.provider = (char *)"mailgun",
			.id = (char *)"<1@mg.example.com>",
			.text = (char *)"Queued.",
			.told = true },
		    { ENVELOPE_NOTIFY_SUCCESS | ENVELOPE_NOTIFY_DELAY,
			(char *)"rfc822;A@example.org" } };
	world->recipients[1] =
	    (struct store_recipient){ (char *)"b@example.org",
		    { .state = RECIPIENT_WAITING }, { 0 } };
	world->recipients[2] =
	    (struct store_recipient){ (char *)"c@example.org",
		    { .state = RECIPIENT_DOUBT,
			.class = VERDICT_DOUBT,
			.provider = (char *)"mailgun",
			.suppressed = true,
			.refused_by = refused_by,
			.until_ms = RECEIVED + 120000,
			.since_ms = RECEIVED,
			.asks = 2,
			.absent_ms = RECEIVED + 60000,
			.doubts = 1 },
		    { .notify = ENVELOPE_NOTIFY_NEVER } };
	world->attempts[0] = (struct journal_attempt){ .number = 1,
		.provider = (char *)"mailgun",
		.form = DELIVERY_RAW,
		.recipients = recipients_of_attempt,
		.count = 3, /* one of them is no recipient: damage */
		.redirect = (char *)"staging@example.com",
		.begun_ms = RECEIVED,
		.ended_ms = RECEIVED + 350,
		.sent_bytes = 7000,
		.class = VERDICT_DOUBT,
		.status = 502,
		.text = (char *)"Bad Gateway" };
	world->attempts[1] = (struct journal_attempt){ .number = 2,
		.provider = (char *)"upstream",
		.begun_ms = RECEIVED + 400 };
	world->act = (struct store_act){ RECEIVED + 10, (char *)"retry",
		(char *)"uid 0" };
	for (unsigned i = 0; i < 3; i++)
		g_ptr_array_add(world->mail.recipients, &world->recipients[i]);
	for (unsigned i = 0; i < 2; i++)
		g_ptr_array_add(world->mail.attempts, &world->attempts[i]);
	g_ptr_array_add(world->mail.acts, &world->act);
}

static void
on_providers(void *object, GPtrArray *out)
{
	struct provider_standing *provider =
	    g_new0(struct provider_standing, 1);

	(void)object;
	provider->name = g_strdup("mailgun");
	provider->type = g_strdup("mailgun");
	provider->state = "throttled";
	provider->why = g_strdup("HTTP 429: slow \xff down");
	provider->since_ms = RECEIVED;
	provider->until_ms = 34000;
	provider->requests = 3;
	provider->limit = 8;
	provider->connections = 32;
	provider->waiting = 4;
	provider->doubts = 5;
	provider->hour_sent = 60;
	provider->hour_max = 100;
	provider->day_sent = 600;
	provider->accepted = 700;
	provider->failed = 9;
	provider->senders = g_strsplit("a.example b.example", " ", 0);
	provider->reserve = true;
	health_set(&provider->health, HEALTH_BAD, "the key is refused",
	    "look at api_key");
	provider->health.probed_ms = RECEIVED + 1;
	g_ptr_array_add(out, provider);
	provider = g_new0(struct provider_standing, 1);
	provider->name = g_strdup("upstream");
	provider->type = g_strdup("smtp");
	provider->state = "open";
	g_ptr_array_add(out, provider);
}

static void
make_world(struct world *world)
{
	*world = (struct world){ 0 };
	world->budget = budget_new(1 << 20);
	world->place.budget = world->budget;
	make_mail(world);
	world->store.mail = &world->mail;
	world->store.spool = make_spool(&world->place, "A: b\r\n\r\n", 8);
	world->store.changed = 1;
	world->store.counts = (struct store_counts){ .waiting = 5,
		.active = 2,
		.held = 1,
		.doubts = 3,
		.oldest_ms = RECEIVED,
		.bytes = 9000,
		.totals = { .accepted = 20,
		    .settled = 10,
		    .bounced = 2,
		    .dead = 1,
		    .waiting = 6,
		    .doubts = 8,
		    .resolved = 5,
		    .possible = 3,
		    .confirmed = 2 } };
	world->options = (struct status_options){ .store = &world->store,
		.started_ms = RECEIVED,
		.providers = on_providers };
}

static void
free_world(struct world *world)
{
	g_ptr_array_unref(world->mail.recipients);
	g_ptr_array_unref(world->mail.attempts);
	g_ptr_array_unref(world->mail.acts);
	g_ptr_array_unref(world->mail.events);
	spool_unref(world->store.spool);
	budget_free(world->budget);
}

static struct status_answer
request(struct world *world, const char *method, const char *target)
{
	struct status *status = status_new(&world->options);
	const struct request asked = {
		.method = method,
		.target = target,
		.who = "uid 7",
		.scopes = SCOPE_ALL,
	};
	struct status_answer answer;

	status_request(status, &asked, &answer);
	status_free(status);
	return answer;
}

#define MAILS "/v1/messages"

/* Which page answers what, and what the store is asked for it. */
static const struct {
	const char *name, *method, *target;
	unsigned code;
	int question; /* -1: the store is not asked */
	const char *id;
	int place;
	unsigned limit;
} pages[] = {
	{ "alive", "GET", "/livez", 200, -1, "", 0, 0 },
	{ "ready", "GET", "/readyz", 200, -1, "", 0, 0 },
	{ "status", "GET", "/status", 200, STORE_COUNTS, "", 0, 0 },
	{ "head", "HEAD", "/status", 200, STORE_COUNTS, "", 0, 0 },
	{ "list", "GET", MAILS, 200, STORE_LIST, "", -2, 100 },
	{ "list of a state", "GET", MAILS "?state=held", 200, STORE_LIST, "",
	    STORE_HELD, 100 },
	{ "list of finished", "GET", MAILS "?state=finished", 200, STORE_LIST,
	    "", STORE_FINISHED, 100 },
	{ "next page", "GET", MAILS "?limit=7&after=" FAKE_OTHER, 200,
	    STORE_LIST, FAKE_OTHER, -2, 7 },
	{ "list of a recipient", "GET", MAILS "?recipient=a%40example.org", 200,
	    STORE_LIST, "", -2, 100 },
	{ "what is not finished", "GET", MAILS "?state=unfinished", 200,
	    STORE_LIST, "", -1, 100 },
	{ "all by name", "GET", MAILS "?state=all", 200, STORE_LIST, "", -2,
	    100 },
	{ "empty query", "GET", MAILS "?", 200, STORE_LIST, "", -2, 100 },
	{ "most", "GET", MAILS "?limit=1000", 200, STORE_LIST, "", -2, 1000 },
	{ "one", "GET", MAILS "/" FAKE_ID, 200, STORE_MAIL, FAKE_ID, 0, 0 },
	{ "in small letters", "GET", MAILS "/01kakx3v5t8q2n7r4m6p9s1wab", 200,
	    STORE_MAIL, FAKE_ID, 0, 0 },
	{ "encoded", "GET", "/v1/messages/%301KAKX3V5T8Q2N7R4M6P9S1WAB", 200,
	    STORE_MAIL, FAKE_ID, 0, 0 },
	{ "raw", "GET", MAILS "/" FAKE_ID "/raw", 200, STORE_BODY, FAKE_ID, 0,
	    0 },
	{ "retry", "POST", MAILS "/" FAKE_ID "/retry", 200, STORE_RETRY,
	    FAKE_ID, -1, 0 },
	{ "hold", "POST", MAILS "/" FAKE_ID "/hold", 200, STORE_HOLD, FAKE_ID,
	    -1, 0 },
	{ "release", "POST", MAILS "/" FAKE_ID "/release", 200, STORE_RELEASE,
	    FAKE_ID, -1, 0 },
	{ "drop", "POST", MAILS "/" FAKE_ID "/drop", 200, STORE_DROP, FAKE_ID,
	    -1, 0 },
	{ "retry all", "POST", MAILS "/retry", 200, STORE_RETRY, "", -1, 0 },
	{ "hold waiting", "POST", MAILS "/hold?state=waiting", 200, STORE_HOLD,
	    "", STORE_WAITING, 0 },
	{ "release all", "POST", MAILS "/release", 200, STORE_RELEASE, "", -1,
	    0 },
	{ "drop held", "POST", MAILS "/drop?state=held", 200, STORE_DROP, "",
	    STORE_HELD, 0 },

	{ "unknown mail", "GET", MAILS "/" FAKE_OTHER, 404, STORE_MAIL,
	    FAKE_OTHER, 0, 0 },
};

static void
test_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
		struct world world;
		make_world(&world);
		struct status_answer answer =
		    request(&world, pages[i].method, pages[i].target);
		print_message("%s\n", pages[i].name);
		assert_int_equal(answer.code, pages[i].code);
		assert_int_equal(world.store.asked, pages[i].question >= 0);
		assert_string_equal(world.store.id, pages[i].id);
		assert_int_equal(world.store.place, pages[i].place);
		assert_string_equal(world.store.recipient,
		    strstr(pages[i].target, "recipient=") != NULL
			? "a@example.org"
			: "");
		assert_int_equal(world.store.limit, pages[i].limit);
		if (pages[i].question >= 0)
			assert_int_equal(
			    world.store.question, pages[i].question);
		if (strcmp(pages[i].method, "POST") == 0)
			assert_string_equal(world.store.who, "uid 7");
		status_answer_clear(&answer);
		free_world(&world);
	}
}

/* What is refused before the store is asked, and the words that say why. */
static const struct {
	const char *name, *method, *target;
	unsigned code;
	const char *detail, *allow;
} refusals[] = {
	{ "no page", "GET", "/v1", 404, "/v1/messages", NULL },
	{ "a slash behind", "GET", "/livez/", 404, "no such page", NULL },
	{ "deeper", "GET", MAILS "/" FAKE_ID "/raw/x", 404, "no such page",
	    NULL },
	{ "unknown act", "POST", MAILS "/" FAKE_ID "/send", 404, "no such page",
	    NULL },
	{ "a slash in a segment", "GET", "/v1%2Fmessages", 404, "no such page",
	    NULL },
	{ "POST of a GET", "POST", "/status", 405, "POST is not done here",
	    "GET, HEAD" },
	{ "GET of a POST", "GET", MAILS "/" FAKE_ID "/drop", 405,
	    "GET is not done here", "POST" },
	{ "HEAD of a POST", "HEAD", MAILS "/drop", 405, "HEAD", "POST" },
	{ "no method", "BREW", "/livez", 405, "BREW", "GET, HEAD" },
	{ "state", "GET", MAILS "?state=lost", 400,
	    "state = \"lost\": one of waiting, active, held, finished", NULL },
	{ "state of acts", "POST", MAILS "/drop?state=finished", 400,
	    "state = \"finished\": one of waiting, active, held is", NULL },
	{ "limit of none", "GET", MAILS "?limit=0", 400,
	    "limit = \"0\": a number from 1 to 1000", NULL },
	{ "limit too high", "GET", MAILS "?limit=1001", 400, "limit = \"1001\"",
	    NULL },
	{ "limit no number", "GET", MAILS "?limit=ten", 400, "limit = \"ten\"",
	    NULL },
	{ "after", "GET", MAILS "?after=x", 400, "after = \"x\"", NULL },
	{ "unknown parameter", "GET", MAILS "?stat=held", 400,
	    "parameter \"stat\" here; expected: state,after,limit", NULL },
	{ "parameter where none is", "GET", "/livez?x=1", 400,
	    "parameter \"x\" here; expected: none", NULL },
	{ "drop one, by state", "POST", MAILS "/" FAKE_ID "/drop?state=held",
	    400, "parameter \"state\"", NULL },
	{ "twice", "GET", MAILS "?limit=1&limit=2", 400, "twice", NULL },
	{ "no code", "GET", MAILS "?state=%zz", 400, "%", NULL },
	{ "NUL", "GET", "/livez%00", 400, "path", NULL },
	{ "no path", "GET", "http://x/livez", 400, "begins with /", NULL },
	{ "nothing", "GET", "", 400, "begins with /", NULL },
	{ "short id", "GET", MAILS "/01K", 404, "\"01K\" is no id", NULL },
	{ "a letter ids have not", "GET", MAILS "/U1KAKX3V5T8Q2N7R4M6P9S1WAB",
	    404, "is no id", NULL },
	{ "no id to drop", "POST", MAILS "//drop", 404, "\"\" is no id", NULL },
};

static void
check_problem(const struct status_answer *answer, const char *detail)
{
	struct json_object *object = json_tokener_parse(answer->body->str);
	struct json_object *value;

	assert_string_equal(answer->type, "application/problem+json");
	assert_non_null(object);
	json_object_object_get_ex(object, "type", &value);
	assert_string_equal(json_object_get_string(value), "about:blank");
	json_object_object_get_ex(object, "status", &value);
	assert_int_equal(json_object_get_int(value), answer->code);
	json_object_object_get_ex(object, "title", &value);
	assert_true(json_object_get_string_len(value) > 3);
	json_object_object_get_ex(object, "detail", &value);
	if (strstr(json_object_get_string(value), detail) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", detail,
		    json_object_get_string(value));
	json_object_put(object);
}

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		struct world world;
		make_world(&world);
		struct status_answer answer =
		    request(&world, refusals[i].method, refusals[i].target);
		print_message("%s\n", refusals[i].name);
		assert_int_equal(answer.code, refusals[i].code);
		check_problem(&answer, refusals[i].detail);
		assert_int_equal(world.store.asked, 0);
		if (refusals[i].allow != NULL)
			assert_string_equal(answer.allow, refusals[i].allow);
		else
			assert_null(answer.allow);
		status_answer_clear(&answer);
		free_world(&world);
	}
}

/* A value of an answer, by its JSON pointer (RFC 6901), as JSON. */
static const struct {
	const char *target, *pointer, *value;
} values[] = {
	{ MAILS, "/next", "null" },
	{ MAILS, "/messages/0/id", "\"" FAKE_ID "\"" },
	{ MAILS "?limit=1", "/next", "\"" FAKE_ID "\"" },
	{ MAILS "/" FAKE_ID, "/id", "\"" FAKE_ID "\"" },
	{ MAILS "/" FAKE_ID, "/state", "\"waiting\"" },
	{ MAILS "/" FAKE_ID, "/received", "\"2026-11-21T10:24:00.123Z\"" },
	{ MAILS "/" FAKE_ID, "/due", "\"2026-11-21T10:25:00.123Z\"" },
	{ MAILS "/" FAKE_ID, "/finished", "null" },
	{ MAILS "/" FAKE_ID, "/hold", "null" },
	{ MAILS "/" FAKE_ID, "/listener", "\"local\"" },
	{ MAILS "/" FAKE_ID, "/peer", "\"192.0.2.1\"" },
	{ MAILS "/" FAKE_ID, "/helo", "\"caf\xef\xbf\xbd\"" },
	{ MAILS "/" FAKE_ID, "/protocol", "\"ESMTPSA\"" },
	{ MAILS "/" FAKE_ID, "/user", "\"app\"" },
	{ MAILS "/" FAKE_ID, "/envid", "\"QQ1\"" },
	{ MAILS "/" FAKE_ID, "/return", "\"full\"" },
	{ MAILS "/" FAKE_ID, "/sender", "\"\"" },
	{ MAILS "/" FAKE_ID, "/size_bytes", "5200" },
	{ MAILS "/" FAKE_ID, "/report", "false" },
	{ MAILS "/" FAKE_ID, "/rounds", "2" },
	{ MAILS "/" FAKE_ID, "/recipients/0",
	    "{\"address\":\"a@example.org\",\"state\":\"accepted\","
	    "\"provider\":\"mailgun\",\"provider_id\":\"<1@mg.example.com>\","
	    "\"class\":\"accepted\",\"status\":200,\"text\":\"Queued.\","
	    "\"suppressed\":false,\"refused_by\":[],\"until\":null,"
	    "\"doubts\":0,\"since\":null,\"asks\":0,\"absent\":null,"
	    "\"notify\":[\"success\",\"delay\"],"
	    "\"original_recipient\":\"rfc822;A@example.org\","
	    "\"success_told\":true}" },
	{ MAILS "/" FAKE_ID, "/recipients/1",
	    "{\"address\":\"b@example.org\",\"state\":\"waiting\","
	    "\"provider\":null,\"provider_id\":null,\"class\":null,"
	    "\"status\":null,\"text\":null,\"suppressed\":false,"
	    "\"refused_by\":[],\"until\":null,\"doubts\":0,"
	    "\"since\":null,\"asks\":0,\"absent\":null,"
	    "\"notify\":null,\"original_recipient\":null,"
	    "\"success_told\":false}" },
	{ MAILS "/" FAKE_ID, "/recipients/2/notify", "[\"never\"]" },
	{ MAILS "/" FAKE_ID, "/recipients/2/state", "\"doubt\"" },
	{ MAILS "/" FAKE_ID, "/recipients/2/suppressed", "true" },
	{ MAILS "/" FAKE_ID, "/recipients/2/refused_by", "[\"mandrill\"]" },
	{ MAILS "/" FAKE_ID, "/recipients/2/until",
	    "\"2026-11-21T10:26:00.123Z\"" },
	{ MAILS "/" FAKE_ID, "/recipients/2/since",
	    "\"2026-11-21T10:24:00.123Z\"" },
	{ MAILS "/" FAKE_ID, "/recipients/2/absent",
	    "\"2026-11-21T10:25:00.123Z\"" },
	{ MAILS "/" FAKE_ID, "/recipients/2/asks", "2" },
	{ MAILS "/" FAKE_ID, "/recipients/2/doubts", "1" },
	{ MAILS "/" FAKE_ID, "/attempts/0",
	    "{\"number\":1,\"provider\":\"mailgun\",\"form\":\"raw\","
	    "\"recipients\":[\"a@example.org\",\"c@example.org\"],"
	    "\"redirected\":\"staging@example.com\","
	    "\"begun\":\"2026-11-21T10:24:00.123Z\","
	    "\"ended\":\"2026-11-21T10:24:00.473Z\",\"duration_ms\":350,"
	    "\"sent_bytes\":7000,\"class\":\"doubt\",\"status\":502,"
	    "\"text\":\"Bad Gateway\"}" },
	{ MAILS "/" FAKE_ID, "/attempts/1",
	    "{\"number\":2,\"provider\":\"upstream\",\"form\":\"fields\","
	    "\"recipients\":[],\"redirected\":null,\"begun\":\"2026-11-21T10:24:00.523Z\","
	    "\"ended\":null,\"duration_ms\":null,\"sent_bytes\":0,"
	    "\"class\":null,\"status\":null,\"text\":null}" },
	{ MAILS "/" FAKE_ID, "/acts/0",
	    "{\"at\":\"2026-11-21T10:24:00.133Z\",\"what\":\"retry\","
	    "\"who\":\"uid 0\"}" },
	{ "/livez", "/alive", "true" },
	{ "/readyz", "/ready", "true" },
	{ "/status", "/version", "\"" POSTFERRY_VERSION "\"" },
	{ "/status", "/running", "true" },
	{ "/status", "/started", "\"2026-11-21T10:24:00.123Z\"" },
	{ "/status", "/ready", "true" },
	{ "/status", "/why", "null" },
	{ "/status", "/disk", "null" },
	{ "/status", "/queue",
	    "{\"waiting\":5,\"active\":2,\"held\":1,\"doubts\":3,"
	    "\"oldest\":\"2026-11-21T10:24:00.123Z\",\"bytes\":9000}" },
	{ "/status", "/totals",
	    "{\"accepted\":20,\"settled\":10,\"bounced\":2,\"dead\":1,"
	    "\"waiting\":6,\"unaccounted\":1,\"doubts\":8,\"resolved\":5,"
	    "\"possible_duplicates\":3,\"confirmed_duplicates\":2}" },
	{ "/status", "/providers/0",
	    "{\"name\":\"mailgun\",\"type\":\"mailgun\","
	    "\"state\":\"throttled\","
	    "\"why\":\"HTTP 429: slow \xef\xbf\xbd down\","
	    "\"failing\":0,\"told_before\":0,"
	    "\"since\":\"2026-11-21T10:24:00.123Z\",\"until_ms\":34000,"
	    "\"reserve\":true,\"requests\":3,\"limit\":8,"
	    "\"connections\":32,\"waiting\":4,\"doubts\":5,"
	    "\"accepted\":700,\"failed\":9,\"hour_sent\":60,"
	    "\"hour_max\":100,\"day_sent\":600,\"day_max\":null,"
	    "\"refused_senders\":[\"a.example\",\"b.example\"],"
	    "\"health\":{\"state\":\"bad\",\"text\":"
	    "\"the key is refused\",\"advice\":\"look at api_key\","
	    "\"probed\":\"2026-11-21T10:24:00.124Z\"}}" },
	{ "/status", "/providers/1",
	    "{\"name\":\"upstream\",\"type\":\"smtp\",\"state\":\"open\","
	    "\"why\":null,\"failing\":0,\"told_before\":0,"
	    "\"since\":null,\"until_ms\":0,"
	    "\"reserve\":false,\"requests\":0,\"limit\":0,"
	    "\"connections\":0,\"waiting\":0,\"doubts\":0,"
	    "\"accepted\":0,\"failed\":0,\"hour_sent\":0,"
	    "\"hour_max\":null,\"day_sent\":0,\"day_max\":null,"
	    "\"refused_senders\":[],\"health\":{\"state\":\"unknown\","
	    "\"text\":null,\"advice\":null,\"probed\":null}}" },
};

static void
check_value(
    const struct status_answer *answer, const char *pointer, const char *want)
{
	struct json_object *object, *value = NULL;

	assert_string_equal(answer->type, "application/json");
	object = json_tokener_parse(answer->body->str);
	if (json_pointer_get(object, pointer, &value) != 0)
		fail_msg("no %s in %s", pointer, answer->body->str);
	assert_string_equal(
	    json_object_to_json_string_ext(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    want);
	json_object_put(object);
}

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		struct world world;
		make_world(&world);
		struct status_answer answer =
		    request(&world, "GET", values[i].target);
		assert_int_equal(answer.code, 200);
		check_value(&answer, values[i].pointer, values[i].value);
		status_answer_clear(&answer);
		free_world(&world);
	}
}

/* The same mail in other places. */
static const struct {
	enum store_place place;
	const char *pointer, *value;
} places[] = {
	{ STORE_HELD, "/state", "\"held\"" },
	{ STORE_HELD, "/hold", "\"stale\"" },
	{ STORE_HELD, "/due", "null" },
	{ STORE_ACTIVE, "/due", "null" },
	{ STORE_FINISHED, "/state", "\"finished\"" },
	{ STORE_FINISHED, "/finished", "\"2026-11-21T10:24:00.124Z\"" },
};

static void
test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		struct world world;
		make_world(&world);
		world.mail.place = places[i].place;
		struct status_answer answer =
		    request(&world, "GET", MAILS "/" FAKE_ID);
		check_value(&answer, places[i].pointer, places[i].value);
		status_answer_clear(&answer);
		free_world(&world);
	}
}

static void
test_raw(void **state)
{
	struct world world;
	char bytes[8];

	(void)state;
	make_world(&world);
	struct status_answer answer =
	    request(&world, "GET", MAILS "/" FAKE_ID "/raw");
	assert_string_equal(answer.type, "message/rfc822");
	assert_null(answer.body);
	assert_int_equal(spool_read(answer.spool, 0, bytes, 8), 8);
	assert_memory_equal(bytes, "A: b\r\n\r\n", 8);
	status_answer_clear(&answer);

	free_world(&world);
}

/* What the queue does not have: finished, or not known at all. */
static const struct {
	const char *method, *target;
	unsigned code;
	const char *detail;
} absent[] = {
	{ "GET", MAILS "/" FAKE_ID "/raw", 410, "its bytes are not kept" },
	{ "POST", MAILS "/" FAKE_ID "/drop", 410,
	    "nothing is left to be done" },
	{ "GET", MAILS "/" FAKE_OTHER "/raw", 404, "no mail " FAKE_OTHER },
	{ "POST", MAILS "/" FAKE_OTHER "/drop", 404, "no mail " FAKE_OTHER },
};

static void
test_absent(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(absent); i++) {
		struct world world;
		make_world(&world);
		world.mail.place = STORE_FINISHED;
		struct status_answer answer =
		    request(&world, absent[i].method, absent[i].target);
		assert_int_equal(answer.code, absent[i].code);
		check_problem(&answer, absent[i].detail);
		status_answer_clear(&answer);
		free_world(&world);
	}
}

/* What stands in the way in the store. */
static const struct {
	const char *name, *method, *target;
	unsigned code;
} obstacles[] = {
	{ "its state", "POST", MAILS "/" FAKE_ID "/drop", 409 },
	{ "no such mail", "POST", MAILS "/" FAKE_OTHER "/drop", 503 },
	{ "all", "POST", MAILS "/drop", 503 },
	{ "list", "GET", MAILS, 503 },
	{ "counts", "GET", "/status", 503 },
};

static void
test_obstacles(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(obstacles); i++) {
		struct world world;
		make_world(&world);
		world.store.obstacle = "it is being sent";
		struct status_answer answer =
		    request(&world, obstacles[i].method, obstacles[i].target);
		print_message("%s\n", obstacles[i].name);
		assert_int_equal(answer.code, obstacles[i].code);
		check_problem(&answer, "it is being sent");
		status_answer_clear(&answer);
		free_world(&world);
	}
}

static void
test_without_a_queue(void **state)
{
	struct world world;

	(void)state;
	make_world(&world);
	world.options.store = NULL;
	struct status_answer answer = request(&world, "GET", MAILS);
	assert_int_equal(answer.code, 503);
	check_problem(&answer, "state_dir");
	status_answer_clear(&answer);
	answer = request(&world, "GET", "/status");
	check_value(&answer, "/ready", "true");
	status_answer_clear(&answer);
	free_world(&world);
}

static void
test_without_a_daemon(void **state)
{
	struct world world;

	(void)state;
	make_world(&world);
	world.options.started_ms = 0;
	struct status_answer answer = request(&world, "GET", "/status");
	check_value(&answer, "/running", "false");
	check_value(&answer, "/pid", "null");
	check_value(&answer, "/started", "null");
	check_value(&answer, "/why", "\"postferry is not running\"");
	status_answer_clear(&answer);
	answer = request(&world, "GET", "/readyz");
	assert_int_equal(answer.code, 503);
	status_answer_clear(&answer);
	free_world(&world);
}

static void
test_draining(void **state)
{
	struct world world;

	(void)state;
	make_world(&world);
	struct status *status = status_new(&world.options);
	const struct request asked = { .method = "GET", .target = "/readyz" };
	struct status_answer answer;
	status_request(status, &asked, &answer);
	assert_int_equal(answer.code, 200);
	status_answer_clear(&answer);
	status_drain(status);
	status_request(status, &asked, &answer);
	assert_int_equal(answer.code, 503);
	check_problem(&answer, "postferry is stopping");
	status_answer_clear(&answer);
	status_free(status);
	free_world(&world);
}

/* Not ready from the mark on at which all but our own networks are refused. */
static void
test_memory(void **state)
{
	static const struct {
		uint64_t bytes;
		unsigned code;
	} budgets[] = { { 0, 200 }, { 55, 200 }, { 56, 503 }, { 64, 503 } };
	struct world world;

	(void)state;
	make_world(&world);
	for (size_t i = 0; i < G_N_ELEMENTS(budgets); i++) {
		struct budget *budget = budget_new(64);

		world.options.budget = budget;
		assert_true(budget_take(budget, budgets[i].bytes));
		struct status_answer answer = request(&world, "GET", "/readyz");
		assert_int_equal(answer.code, budgets[i].code);
		if (answer.code == 503)
			check_problem(&answer, "memory for mail is short");
		status_answer_clear(&answer);
		answer = request(&world, "GET", "/livez");
		assert_int_equal(answer.code, 200);
		status_answer_clear(&answer);
		budget_free(budget);
	}
	free_world(&world);
}

static const struct {
	enum disk_state state;
	uint64_t min_free;
	unsigned code;
	const char *detail;
	uint64_t mails; /* in the queue, of at most 10 */
} disks[] = {
	{ DISK_WELL, 1, 200, NULL, 9 },
	{ DISK_WELL, 1, 503, "the queue is full", 10 },
	{ DISK_FULL, 1, 503, "the disk is full", 0 },
	{ DISK_LOW, 1, 503, "the disk was full", 0 },
	{ DISK_WELL, UINT64_C(1) << 62, 503, "the disk is nearly full", 0 },
	{ DISK_BAD, 1, 503, "a write to the queue failed", 0 },
};

static void
test_disk(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(disks); i++) {
		struct world world;
		make_world(&world);
		world.options.disk = disk_new("/", disks[i].min_free);
		disk_look(world.options.disk);
		disk_limit(world.options.disk,
		    &(struct disk_limits){ .max_mails = 10 });
		disk_fill(world.options.disk, disks[i].mails, 1);
		disk_set(world.options.disk, disks[i].state);
		struct status_answer answer = request(&world, "GET", "/readyz");
		assert_int_equal(answer.code, disks[i].code);
		if (disks[i].detail != NULL)
			check_problem(&answer, disks[i].detail);
		status_answer_clear(&answer);
		answer = request(&world, "GET", "/status");
		check_value(
		    &answer, "/ready", disks[i].code == 200 ? "true" : "false");
		status_answer_clear(&answer);
		disk_free(world.options.disk);
		free_world(&world);
	}
}

/* ---- who may do what ---- */

static const struct {
	const char *name, *method, *target, *who;
	unsigned scopes;
	bool stale;
	unsigned code;
	const char *detail;    /* NULL: no problem */
	const char *challenge; /* NULL: none */
} entries[] = {
	{ "health", "GET", "/status", NULL, 0, false, 200, NULL, NULL },
	{ "health with a wrong token", "GET", "/livez", NULL, 0, true, 200,
	    NULL, NULL },
	{ "mails", "GET", MAILS, NULL, 0, false, 401,
	    "this needs a token: \"Authorization: Bearer TOKEN\" is expected, "
	    "with a token of scope read",
	    "Bearer realm=\"postferry\"" },
	{ "mails with a wrong token", "GET", MAILS, NULL, 0, true, 401,
	    "this token is not known",
	    "Bearer realm=\"postferry\", error=\"invalid_token\"" },
	{ "mails to read", "GET", MAILS, "token a", SCOPE_READ, false, 200,
	    NULL, NULL },
	{ "a story to read", "GET", MAILS "/" FAKE_ID, "token a", SCOPE_READ,
	    false, 200, NULL, NULL },
	{ "its bytes for one who sends", "GET", MAILS "/" FAKE_ID "/raw",
	    "token a", SCOPE_SEND, false, 403,
	    "this needs the scope read, which token a has not",
	    "Bearer realm=\"postferry\", error=\"insufficient_scope\", "
	    "scope=\"read\"" },
	{ "an act of one who reads", "POST", MAILS "/" FAKE_ID "/drop",
	    "loopback", SCOPE_READ | SCOPE_SEND, false, 403,
	    "the scope operate, which loopback has not",
	    "Bearer realm=\"postferry\", error=\"insufficient_scope\", "
	    "scope=\"operate\"" },
	{ "acts of one who reads", "POST", MAILS "/hold", "token a", SCOPE_READ,
	    false, 403, "operate",
	    "Bearer realm=\"postferry\", error=\"insufficient_scope\", "
	    "scope=\"operate\"" },
	{ "an act", "POST", MAILS "/" FAKE_ID "/drop", "token a", SCOPE_OPERATE,
	    false, 200, NULL, NULL },
	{ "a page that is none", "GET", "/v2", NULL, 0, false, 404,
	    "no such page", NULL },
};

static void
test_scopes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
		struct world world;
		struct status_answer answer;
		const struct request asked = {
			.method = entries[i].method,
			.target = entries[i].target,
			.who = entries[i].who,
			.scopes = entries[i].scopes,
			.stale = entries[i].stale,
		};

		print_message("%s\n", entries[i].name);
		make_world(&world);
		struct status *status = status_new(&world.options);
		status_request(status, &asked, &answer);
		assert_int_equal(answer.code, entries[i].code);
		if (entries[i].detail != NULL)
			check_problem(&answer, entries[i].detail);
		if (entries[i].challenge != NULL)
			assert_string_equal(
			    answer.challenge, entries[i].challenge);
		else
			assert_null(answer.challenge);
		status_answer_clear(&answer);
		status_free(status);
		free_world(&world);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_obstacles),
		cmocka_unit_test(test_without_a_queue),
		cmocka_unit_test(test_without_a_daemon),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_draining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
