/* SPDX-License-Identifier: MIT */
/*
 * What a provider is answered that posts events.
 */
#include "events_page.h"

#include "fake_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What was heard last, and what is said to it. */
static struct {
	char *provider, *type, *signature;
	GString *body;
	int64_t now_ms;
	enum webhook_end end;
} post;

static enum webhook_end
on_hear(void *object, const char *provider, struct webhook *webhook)
{
	assert_ptr_equal(object, &post);
	g_free(post.provider);
	post.provider = g_strdup(provider);
	g_free(post.type);
	post.type = g_strdup(webhook->type);
	g_free(post.signature);
	post.signature = g_strdup(webhook->signature);
	g_string_truncate(post.body, 0);
	g_string_append_len(post.body, webhook->body, (gssize)webhook->length);
	assert_int_equal(webhook->body[webhook->length], '\0');
	post.now_ms = webhook->now_ms;
	return post.end;
}

static bool
on_listens(void *object, const char *provider)
{
	assert_ptr_equal(object, &post);
	return strcmp(provider, "mailgun") == 0;
}

static const char *
find_field(void *object, const char *name)
{
	(void)object;
	if (strcmp(name, "Content-Type") == 0)
		return "application/json";
	return strcmp(name, "X-Mandrill-Signature") == 0 ? "c2ln" : NULL;
}

static struct status_answer
ask(const struct status_options *options, const char *method,
    const char *target, struct spool *body)
{
	struct status *status = status_new(options);
	const struct request request = {
		.method = method,
		.target = target,
		.field = find_field,
		.body = body,
	};
	struct status_answer answer;
	uint64_t most = 0;

	if (status_admits(status, &request, &most, &answer)) {
		assert_int_equal(
		    most, strcmp(method, "POST") == 0 ? 1 << 20 : 64 << 10);
		status_request(status, &request, &answer);
	}
	status_free(status);
	return answer;
}

static const struct status_options options = {
	.hear = on_hear,
	.listens = on_listens,
	.object = &post,
};

static void
expect(
    const char *method, const char *target, struct spool *body, unsigned code)
{
	struct status_answer answer = ask(&options, method, target, body);

	assert_int_equal(answer.code, code);
	assert_int_equal(answer.retry_after > 0, code == 503);
	status_answer_clear(&answer);
}

static void
test_ends(void **state)
{
	static const unsigned codes[] = {
		[WEBHOOK_GOOD] = 200,
		[WEBHOOK_FORGED] = 403,
		[WEBHOOK_LATE] = 406,
		[WEBHOOK_REPLAYED] = 406,
		[WEBHOOK_UNREADABLE] = 406,
		[WEBHOOK_UNKNOWN] = 404,
		[WEBHOOK_LOST] = 503,
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
		post.end = (enum webhook_end)i;
		expect("POST", "/v1/events/mailgun", NULL, codes[i]);
	}
}

/* Any bytes, and the fields that translators want. */
static void
test_body(void **state)
{
	static const char bytes[] = "{\"a\":\0\xff 1}";
	struct budget *budget = budget_new(1 << 20);
	const struct spool_place place = { .budget = budget };
	struct spool *body = spool_new(&place);

	(void)state;
	post.end = WEBHOOK_GOOD;
	assert_true(spool_append(body, bytes, sizeof bytes - 1));
	assert_true(spool_seal(body));
	expect("POST", "/v1/events/my%20one", body, 200);
	assert_string_equal(post.provider, "my one");
	assert_string_equal(post.type, "application/json");
	assert_string_equal(post.signature, "c2ln");
	assert_int_equal(post.body->len, sizeof bytes - 1);
	assert_memory_equal(post.body->str, bytes, sizeof bytes - 1);
	assert_true(post.now_ms > INT64_C(1500000000000));
	expect("POST", "/v1/events/mailgun", NULL, 200);
	assert_int_equal(post.body->len, 0);
	spool_unref(body);
	budget_free(budget);
}

static void
test_look(void **state)
{
	static const struct status_options deaf = { 0 };
	struct status_answer answer;

	(void)state;
	expect("GET", "/v1/events/mailgun", NULL, 200);
	expect("HEAD", "/v1/events/mailgun", NULL, 200);
	expect("GET", "/v1/events/mandrill", NULL, 404);
	expect("PUT", "/v1/events/mailgun", NULL, 405);
	expect("POST", "/v1/events", NULL, 404);
	expect("POST", "/v1/events/a/b", NULL, 404);
	/* nobody hears */
	answer = ask(&deaf, "GET", "/v1/events/mailgun", NULL);
	assert_int_equal(answer.code, 404);
	status_answer_clear(&answer);
	answer = ask(&deaf, "POST", "/v1/events/mailgun", NULL);
	assert_int_equal(answer.code, 404);
	status_answer_clear(&answer);
}

static int
begin(void **state)
{
	(void)state;
	post.body = g_string_new(NULL);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	g_string_free(post.body, TRUE);
	g_free(post.provider);
	g_free(post.type);
	g_free(post.signature);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_look),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
