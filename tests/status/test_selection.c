/* SPDX-License-Identifier: MIT */
/* How much of a mail is shown. */
#include "selection.h"

#include "fake_store.h"
#include "mail_json.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LISTS STORE_RECIPIENTS

static bool
select_by(const char *query, struct selection *selection,
    struct status_answer *answer)
{
	static const struct selection_choice choice = { LISTS, "kept" };
	g_autofree char *text = g_strconcat("/v1/messages?", query, NULL);
	struct target target;
	struct page page = { .target = &target };
	const char *why;
	bool read;

	*answer = (struct status_answer){ 0 };
	assert_true(target_read(&target, text, &why));
	assert_null(target_stranger(&target, SELECTION_PARAMETERS));
	read = selection_read(&page, &choice, selection, answer);
	target_clear(&target);
	return read;
}

/* The members of a mail that has all there is. */
static char *
show(const struct selection *selection)
{
	struct store_mail mail = { .id = FAKE_ID,
		.recipients = g_ptr_array_new(),
		.attempts = g_ptr_array_new(),
		.acts = g_ptr_array_new(),
		.events = g_ptr_array_new() };
	struct json_object *object = mail_json_new(&mail, selection->parts);
	GString *names = g_string_new(NULL);

	selection_apply(selection, object);
	json_object_object_foreach(object, name, value)
	{
		(void)value;
		g_string_append_printf(
		    names, "%s%s", names->len > 0 ? "," : "", name);
	}
	json_object_put(object);
	g_ptr_array_unref(mail.recipients);
	g_ptr_array_unref(mail.attempts);
	g_ptr_array_unref(mail.acts);
	g_ptr_array_unref(mail.events);
	return g_string_free(names, FALSE);
}

#define FACTS                                                              \
	"id,state,received,due,finished,listener,peer,helo,protocol,user," \
	"envid,return,sender,from,subject,tags,size_bytes,report,rounds,hold"

static const struct {
	const char *query, *shown;
} rows[] = {
	{ "", FACTS ",recipients" },
	{ "include=", FACTS },
	{ "include=attempts", FACTS ",attempts" },
	{ "include=events,recipients,acts", FACTS ",recipients,acts,events" },
	{ "fields=id", "id" },
	{ "fields=subject,%20id,state", "id,state,subject" },
	{ "fields=id,attempts", "id,attempts" },
	{ "fields=id&include=recipients,attempts", "id,recipients,attempts" },
	{ "fields=id,acts&include=recipients", "id,recipients,acts" },
	{ "fields=id,kept", "id" }, /* its page adds it */
	{ "fields=" FACTS, FACTS },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct selection selection;
		struct status_answer answer;
		g_autofree char *shown = NULL;

		print_message("%s\n", rows[i].query);
		assert_true(select_by(rows[i].query, &selection, &answer));
		shown = show(&selection);
		assert_string_equal(shown, rows[i].shown);
		selection_clear(&selection);
	}
}

static const struct {
	const char *query, *detail;
} refusals[] = {
	{ "fields=id,colour",
	    "fields: a mail has no \\\"colour\\\" here; it has: id, state, " },
	{ "fields=", "fields: a mail has no \\\"\\\" here" },
	{ "fields=ID", "no \\\"ID\\\"" },
	{ "fields=x", "hold, kept, recipients, attempts, acts, events" },
	{ "include=id",
	    "include: a mail has no \\\"id\\\" here; it has: recipients, "
	    "attempts, acts, events" },
	{ "include=kept", "no \\\"kept\\\"" },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		struct selection selection;
		struct status_answer answer;

		print_message("%s\n", refusals[i].query);
		assert_false(select_by(refusals[i].query, &selection, &answer));
		assert_int_equal(answer.code, 400);
		assert_non_null(strstr(answer.body->str, refusals[i].detail));
		status_answer_clear(&answer);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
