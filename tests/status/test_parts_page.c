/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "fake_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PARTS "/v1/messages/" FAKE_ID "/parts"

static const char mail[] =
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
    "--c\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdf "
    "Gott\r\n"
    "--c\r\nContent-Type: text/html\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nPHA+SGk8L3A+\r\n--c--\r\n"
    "--b\r\nContent-Type: text/html\r\n"
    "Content-Disposition: attachment; filename=\"a.html\"\r\n\r\n<b>\r\n"
    "--b\r\nContent-Type: image/png; "
    "name*=utf-8''%C3%A4%22%25%3Cb%3E.png\r\nContent-ID: <1@x>\r\n"
    "Content-Disposition: inline\r\n\r\nPNG\r\n"
    "--b\r\nContent-Type: image/svg+xml\r\n\r\n<svg/>\r\n--b--\r\n";

struct world {
	struct budget *budget;
	struct spool_place place;
	struct store_mail mail;
	struct store store;
	struct status *status;
	struct album *album;
};

static int
set_up(void **state)
{
	struct world *world = g_new0(struct world, 1);
	struct status_options options = {
		.store = &world->store, .place = &world->place, .started_ms = 1
	};

	world->place.budget = world->budget = budget_new(16 << 20);
	world->album = options.album = album_new(1000, world->budget);
	g_strlcpy(world->mail.id, FAKE_ID, sizeof world->mail.id);
	world->store.mail = &world->mail;
	world->store.spool = make_spool(&world->place, mail, sizeof mail - 1);
	world->status = status_new(&options);
	*state = world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	status_free(world->status);
	album_free(world->album);
	spool_unref(world->store.spool);
	budget_free(world->budget);
	g_free(world);
	return 0;
}

static struct status_answer
get(const struct world *world, const char *target)
{
	const struct request request = { .method = "GET",
		.target = target,
		.who = "uid 7",
		.scopes = SCOPE_ALL };
	struct status_answer answer;

	status_request(world->status, &request, &answer);
	return answer;
}

static void
test_list(void **state)
{
	struct status_answer answer = get(*state, PARTS);

	assert_int_equal(answer.code, 200);
	assert_string_equal(answer.body->str,
	    "{\"opaque\":null,\"parts\":["
	    "{\"number\":0,\"level\":0,\"type\":\"multipart/mixed\","
	    "\"name\":null,\"disposition\":null,\"content_id\":null,"
	    "\"charset\":null,\"size_bytes\":null,\"shown\":false,"
	    "\"attachment\":false},"
	    "{\"number\":1,\"level\":1,\"type\":\"multipart/alternative\","
	    "\"name\":null,\"disposition\":null,\"content_id\":null,"
	    "\"charset\":null,\"size_bytes\":null,\"shown\":false,"
	    "\"attachment\":false},"
	    "{\"number\":2,\"level\":2,\"type\":\"text/plain\","
	    "\"name\":null,\"disposition\":null,\"content_id\":null,"
	    "\"charset\":\"iso-8859-1\",\"size_bytes\":9,\"shown\":true,"
	    "\"attachment\":false},"
	    "{\"number\":3,\"level\":2,\"type\":\"text/html\","
	    "\"name\":null,\"disposition\":null,\"content_id\":null,"
	    "\"charset\":null,\"size_bytes\":9,\"shown\":true,"
	    "\"attachment\":false},"
	    "{\"number\":4,\"level\":1,\"type\":\"text/html\","
	    "\"name\":\"a.html\",\"disposition\":\"attachment\","
	    "\"content_id\":null,\"charset\":null,\"size_bytes\":3,"
	    "\"shown\":false,\"attachment\":true},"
	    "{\"number\":5,\"level\":1,\"type\":\"image/png\","
	    "\"name\":\"\xc3\xa4\\\"%<b>.png\",\"disposition\":\"inline\","
	    "\"content_id\":\"1@x\",\"charset\":null,\"size_bytes\":3,"
	    "\"shown\":false,\"attachment\":true},"
	    "{\"number\":6,\"level\":1,\"type\":\"image/svg+xml\","
	    "\"name\":null,\"disposition\":null,\"content_id\":null,"
	    "\"charset\":null,\"size_bytes\":6,\"shown\":false,"
	    "\"attachment\":true}]}\n");
	status_answer_clear(&answer);
}

#define SEALED "sandbox; default-src 'none'; frame-ancestors 'self'"
#define FILE   "attachment; filename="
#define BYTES  "application/octet-stream"

static const struct {
	const char *number;
	unsigned code;
	const char *type, *content, *policy, *disposition;
} contents[] = {
	{ "2", 200, "text/plain; charset=utf-8", "Gr\xc3\xbc\xc3\x9f Gott",
	    SEALED, NULL },
	{ "3", 200, "text/html; charset=utf-8", "<p>Hi</p>",
	    SEALED "; img-src data:; style-src 'unsafe-inline'", NULL },
	/* nothing else is shown as what it says it is */
	{ "4", 200, BYTES, "<b>", SEALED,
	    FILE "\"a.html\"; filename*=UTF-8''a.html" },
	{ "5", 200, "image/png", "PNG", SEALED,
	    FILE "\"__<b>.png\"; filename*=UTF-8''%C3%A4%22%25%3Cb%3E.png" },
	{ "6", 200, BYTES, "<svg/>", SEALED,
	    FILE "\"part-6\"; filename*=UTF-8''part-6" },
	{ "0", 404, NULL, NULL, NULL, NULL },
	{ "7", 404, NULL, NULL, NULL, NULL },
	{ "x", 404, NULL, NULL, NULL, NULL },
	{ "-1", 404, NULL, NULL, NULL, NULL },
	{ "18446744073709551616", 404, NULL, NULL, NULL, NULL },
};

static void
assert_content(const struct status_answer *answer, const char *content)
{
	char bytes[100] = "";

	if (answer->body != NULL) {
		assert_string_equal(answer->body->str, content);
		return;
	}
	assert_int_equal(spool_read(answer->spool, 0, bytes, sizeof bytes - 1),
	    strlen(content));
	assert_string_equal(bytes, content);
}

static void
test_contents(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
		g_autofree char *target =
		    g_strconcat(PARTS "/", contents[i].number, NULL);
		struct status_answer answer = get(*state, target);

		assert_int_equal(answer.code, contents[i].code);
		if (contents[i].type != NULL) {
			assert_string_equal(answer.type, contents[i].type);
			assert_string_equal(answer.policy, contents[i].policy);
			assert_content(&answer, contents[i].content);
			if (g_strcmp0(answer.disposition,
				contents[i].disposition) != 0)
				fail_msg("%s: %s", contents[i].number,
				    answer.disposition);
		}
		status_answer_clear(&answer);
	}
}

/* Of a finished mail the album may have the bytes, and of no other. */
static void
test_finished(void **state)
{
	struct world *world = *state;
	struct submission submission = { .spool = world->store.spool };
	struct status_answer answer;

	world->mail.place = STORE_FINISHED;
	answer = get(world, PARTS "/3");
	assert_int_equal(answer.code, 410);
	status_answer_clear(&answer);
	g_strlcpy(submission.id, FAKE_ID, sizeof submission.id);
	album_add(world->album, &submission);
	answer = get(world, PARTS "/3");
	assert_int_equal(answer.code, 200);
	status_answer_clear(&answer);
	answer = get(world, "/v1/messages/" FAKE_ID "/raw");
	assert_int_equal(answer.code, 200);
	assert_int_equal(spool_size(answer.spool), sizeof mail - 1);
	status_answer_clear(&answer);
	answer = get(world, "/v1/messages/" FAKE_OTHER "/parts");
	assert_int_equal(answer.code, 404);
	status_answer_clear(&answer);
	answer = get(world, "/v1/messages/x/parts");
	assert_int_equal(answer.code, 404);
	status_answer_clear(&answer);
}

/* A text that no page should hold is a file. */
static void
test_long_text(void **state)
{
	struct world *world = *state;
	GString *text = g_string_new("Subject: a\r\n\r\n");
	struct status_answer answer;

	for (unsigned i = 0; i < 70000; i++)
		g_string_append(text, "0123456789abcd\r\n");
	spool_unref(world->store.spool);
	world->store.spool = make_spool(&world->place, text->str, text->len);
	answer = get(world, PARTS "/0");
	assert_int_equal(answer.code, 200);
	assert_string_equal(answer.type, BYTES);
	assert_int_equal(spool_size(answer.spool), text->len - 14);
	status_answer_clear(&answer);
	g_string_free(text, TRUE);
}

#define HTML(source) "<img src=\"" source "\">"

/* What the HTML shows of the mail's own pictures, and of nothing else. */
static const struct {
	const char *html, *shown;
} pictures[] = {
	{ HTML("cid:1@x"), HTML("data:image/png;base64,UE5H") },
	{ HTML("CID:1%40x") " cid:",
	    HTML("data:image/png;base64,UE5H") " cid:" },
	{ "a{background:url(cid:1@x)}cid:1@x",
	    "a{background:url(data:image/png;base64,UE5H)}"
	    "data:image/png;base64,UE5H" },
	{ HTML("cid:2@x"), HTML("cid:2@x") }, /* too large */
	{ HTML("cid:3@x"), HTML("cid:3@x") }, /* may hold a script */
	{ HTML("cid:4@x"), HTML("cid:4@x") },
	{ "", "" },
};

static void
show_pictures(struct world *world, const char *html, const char *shown)
{
	GString *text = g_string_new(NULL);
	struct status_answer answer;

	g_string_printf(text,
	    "Content-Type: multipart/related; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/html\r\n\r\n%s\r\n"
	    "--b\r\nContent-Type: image/png\r\nContent-ID: <1@x>\r\n\r\n"
	    "PNG\r\n--b\r\nContent-Type: image/svg+xml\r\n"
	    "Content-ID: <3@x>\r\n\r\n<svg/>\r\n"
	    "--b\r\nContent-Type: image/png\r\nContent-ID: <2@x>\r\n\r\n",
	    html);
	for (unsigned i = 0; i < 150000; i++)
		g_string_append(text, "0123456789abcd\r\n");
	g_string_append(text, "--b--\r\n");
	spool_unref(world->store.spool);
	world->store.spool = make_spool(&world->place, text->str, text->len);
	answer = get(world, PARTS "/1");
	assert_int_equal(answer.code, 200);
	assert_string_equal(answer.body->str, shown);
	status_answer_clear(&answer);
	g_string_free(text, TRUE);
}

static void
test_pictures(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++)
		show_pictures(*state, pictures[i].html, pictures[i].shown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_contents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_finished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_long_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_pictures, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
