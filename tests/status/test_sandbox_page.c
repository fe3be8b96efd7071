/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "fake_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const providers[] = { "mailgun", "upstream", NULL };

static const struct status_fault faults[] = { { "none", "all is well" },
	{ "down", "nobody is there" }, { NULL, NULL } };

static unsigned holds[2];

static const char *
read_fault(void *object, unsigned provider)
{
	unsigned *held = object;

	return held[provider] > 1 ? NULL : faults[held[provider]].word;
}

static void
set_fault(void *object, unsigned provider, unsigned fault)
{
	((unsigned *)object)[provider] = fault;
}

static const struct status_sandbox sandbox = { .smtp = "127.0.0.1:2525",
	.sender = "me@sandbox.example",
	.providers = providers,
	.faults = faults,
	.fault = read_fault,
	.set_fault = set_fault,
	.object = holds };

static const char *
find_json(void *object, const char *name)
{
	(void)object;
	return g_ascii_strcasecmp(name, "Content-Type") == 0
		   ? "application/json; charset=utf-8"
		   : NULL;
}

/* What a page answers; body: NULL: a GET. */
static struct status_answer
ask(struct status *status, const char *body)
{
	struct budget *budget = budget_new(1 << 20);
	const struct spool_place place = { .budget = budget };
	struct request request = { .method = body == NULL ? "GET" : "POST",
		.target = "/v1/sandbox",
		.who = "loopback",
		.scopes = SCOPE_ALL,
		.field = find_json };
	struct status_answer answer;

	if (body != NULL)
		request.body = make_spool(&place, body, strlen(body));
	status_request(status, &request, &answer);
	if (body != NULL)
		spool_unref(request.body);
	budget_free(budget);
	return answer;
}

#define OF(first, second)                                                 \
	"{\"smtp\":\"127.0.0.1:2525\",\"sender\":\"me@sandbox.example\"," \
	"\"providers\":[{\"name\":\"mailgun\",\"fault\":" first "},"      \
	"{\"name\":\"upstream\",\"fault\":" second "}],"                  \
	"\"faults\":[{\"fault\":\"none\",\"help\":\"all is well\"},"      \
	"{\"fault\":\"down\",\"help\":\"nobody is there\"}]}\n"

/* One after the other. */
static const struct {
	const char *body; /* NULL: GET */
	unsigned code;
	const char *says; /* in the answer */
} rows[] = {
	{ NULL, 200, OF("\"none\"", "\"none\"") },
	{ "{\"provider\":\"upstream\",\"fault\":\"down\"}", 200,
	    OF("\"none\"", "\"down\"") },
	{ NULL, 200, OF("\"none\"", "\"down\"") },
	{ "{\"provider\":\"upstream\",\"fault\":\"none\"}", 200,
	    OF("\"none\"", "\"none\"") },
	{ "{\"provider\":\"mandrill\",\"fault\":\"none\"}", 400,
	    "one of mailgun, upstream is expected" },
	{ "{\"provider\":\"mailgun\",\"fault\":\"up\"}", 400,
	    "one of none, down is expected" },
	{ "{\"provider\":\"mailgun\"}", 400, "fault = " },
	{ "{\"provider\":7,\"fault\":\"none\"}", 400, "provider = " },
	{ "{}", 400, "provider = " },
	{ "[]", 400, "no JSON object" },
	{ "", 400, "no JSON object" },
	{ "{\"provider\":", 400, "no JSON object" },
	{ NULL, 200, OF("\"none\"", "\"none\"") },
};

static void
test_rows(void **state)
{
	const struct status_options options = { .sandbox = &sandbox,
		.started_ms = 1 };
	struct status *status = status_new(&options);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct status_answer answer = ask(status, rows[i].body);

		assert_int_equal(answer.code, rows[i].code);
		if (strstr(answer.body->str, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].body, answer.body->str);
		status_answer_clear(&answer);
	}
	status_free(status);
}

/* A fault that was set elsewhere has no word here. */
static void
test_elsewhere(void **state)
{
	const struct status_options options = { .sandbox = &sandbox,
		.started_ms = 1 };
	struct status *status = status_new(&options);
	struct status_answer answer;

	(void)state;
	holds[0] = 2;
	answer = ask(status, NULL);
	assert_string_equal(answer.body->str, OF("null", "\"none\""));
	status_answer_clear(&answer);
	status_free(status);
}

static void
test_none(void **state)
{
	const struct status_options options = { .started_ms = 1 };
	struct status *status = status_new(&options);
	struct status_answer answer = ask(status, NULL);

	(void)state;
	assert_int_equal(answer.code, 404);
	status_answer_clear(&answer);
	answer = ask(status, "{\"provider\":\"mailgun\",\"fault\":\"down\"}");
	assert_int_equal(answer.code, 404);
	status_answer_clear(&answer);
	status_free(status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
