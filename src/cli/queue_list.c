/* SPDX-License-Identifier: MIT */
#include "queue_list.h"

#include "core/clock.h"
#include "fact.h"
#include "measure.h"
#include "story.h"
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

/* Mails asked for at a time: so many are in memory, however long the list. */
#define PAGE_MAILS 500u

#define ROW "%-26s  %6s  %8s  %-8s  %-9s"

/* The column behind: as wide as most addresses. */
#define ADDRESS_WIDTH 28

/* All before the last column, which is as wide as the terminal leaves room for,
 * and never narrower; and where there is no terminal. */
#define ROW_WIDTH    (26 + 6 + 8 + 8 + 9 + 2 * ADDRESS_WIDTH + 7 * 2)
#define REASON_LEAST 40
#define REASON_USUAL 80

#define CUT "..."

static glong
find_reason_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return REASON_USUAL;
	return MAX(size.ws_col - ROW_WIDTH, REASON_LEAST);
}

/* Shortened to that many characters; `queue show` has all of it. */
static void
shorten(char *text, glong width)
{
	glong keep = width - (glong)strlen(CUT);

	if (g_utf8_strlen(text, -1) > width)
		memcpy(g_utf8_offset_to_pointer(text, keep), CUT, sizeof CUT);
}

static void
print_padded(const char *text)
{
	glong width = g_utf8_strlen(text, -1);

	printf("  %s%*s", text, (int)MAX(ADDRESS_WIDTH - width, 0), "");
}

/* Whom the row is about: the first that is held; else the first that is not
 * settled; when all are the first.  NULL: there is none. */
static struct json_object *
find_subject(struct json_object *mail)
{
	struct json_object *subject = NULL;

	for (size_t i = 0; i < fact_count(mail, "recipients"); i++) {
		struct json_object *one = fact_element(mail, "recipients", i);

		if (fact_is(one, "state", "held"))
			return one;
		if (subject == NULL && !fact_is(one, "state", "accepted"))
			subject = one;
	}
	return subject != NULL ? subject : fact_element(mail, "recipients", 0);
}

static char *
tell_recipients(struct json_object *mail)
{
	size_t count = fact_count(mail, "recipients");
	g_autofree char *subject =
	    fact_text_or(find_subject(mail), "address", "-");

	return count > 1 ? g_strdup_printf("%s +%zu", subject, count - 1)
			 : g_strdup(subject);
}

/* Why that one is not settled, or who has it; who was held by a person, or with
 * all of the mail, has no reason of its own. */
static char *
tell_reason(const struct story *story)
{
	struct json_object *subject = find_subject(story->mail);
	char *hold = fact_text(story->mail, "hold");

	if (subject == NULL ||
	    (hold != NULL && !fact_is(subject, "state", "held")))
		return hold != NULL ? hold : g_strdup("");
	g_free(hold);
	return story_tell_recipient(story, subject);
}

static char *
tell_next(const struct story *story)
{
	int64_t due = story_due(story);

	if (due == 0)
		return g_strdup("-");
	if (due <= story->now_ms)
		return g_strdup("now");
	g_autofree char *span = measure_rough(due - story->now_ms);
	return g_strconcat("in ", span, NULL);
}

static void
print_row(const struct story *story)
{
	struct json_object *mail = story->mail;
	g_autofree char *id = fact_text_or(mail, "id", "?");
	g_autofree char *age =
	    measure_rough(story->now_ms - fact_time(mail, "received"));
	g_autofree char *size = measure_size(fact_number(mail, "size_bytes"));
	g_autofree char *state = fact_text_or(mail, "state", "?");
	g_autofree char *next = tell_next(story);
	g_autofree char *sender = fact_text_or(mail, "sender", "");
	g_autofree char *recipients = tell_recipients(mail);
	g_autofree char *reason = tell_reason(story);

	shorten(reason, find_reason_width());
	printf(ROW, id, age, size, state, next);
	print_padded(*sender != '\0' ? sender : "<>");
	print_padded(recipients);
	printf("  %s\n", reason);
}

static void
print_heading(void)
{
	printf(ROW, "ID", "AGE", "SIZE", "STATE", "NEXT");
	print_padded("SENDER");
	print_padded("RECIPIENTS");
	puts("  REASON");
}

/* One page.  The number of its mails. */
static size_t
print_page(struct json_object *page, bool offline)
{
	size_t count = fact_count(page, "messages");

	for (size_t i = 0; i < count; i++) {
		struct story story = {
			.mail = fact_element(page, "messages", i),
			.now_ms = clock_wall_ms(),
			.offline = offline,
		};

		print_row(&story);
	}
	return count;
}

static void
add_parameter(GString *target, const char *name, const char *value)
{
	if (value == NULL)
		return;
	g_string_append_printf(target, "&%s=", name);
	g_string_append_uri_escaped(target, value, NULL, FALSE);
}

/* Who asks for a recipient wants to know of finished mail, too. */
static const char *
find_state(const struct order *order)
{
	if (order->state != NULL)
		return order->state;
	return order->recipient != NULL ? "all" : "unfinished";
}

static char *
write_target(const struct order *order, const char *after, size_t printed)
{
	size_t limit = PAGE_MAILS;
	GString *target = g_string_new("/v1/messages");

	if (order->limit > 0)
		limit = MIN(limit, order->limit - printed);
	g_string_append_printf(target, "?limit=%zu", limit);
	add_parameter(target, "after", after);
	add_parameter(target, "state", find_state(order));
	add_parameter(target, "recipient", order->recipient);
	return g_string_free(target, FALSE);
}

/* Prints the page behind *after, which becomes the next one's (NULL: that was
 * the last).  The exit code. */
static int
take_page(
    struct ask *ask, const struct order *order, char **after, size_t *printed)
{
	g_autofree char *target = write_target(order, *after, *printed);
	struct ask_answer answer = ask_request(ask, "GET", target);
	int exit_code = ask_judge(&answer);
	struct json_object *page = NULL;

	if (exit_code == EX_OK && (page = fact_parse(answer.body)) == NULL)
		exit_code = EX_PROTOCOL;
	g_clear_pointer(after, g_free);
	if (exit_code == EX_OK) {
		*after = fact_text(page, "next");
		if (!order->json && *printed == 0 &&
		    fact_count(page, "messages") > 0)
			print_heading();
		if (order->json)
			fputs(answer.body->str, stdout);
		*printed += order->json ? fact_count(page, "messages")
					: print_page(page, ask_is_offline(ask));
	}
	json_object_put(page);
	g_string_free(answer.body, TRUE);
	return exit_code;
}

/* All pages.  The exit code. */
static int
print_pages(struct ask *ask, const struct order *order, size_t *printed)
{
	g_autofree char *after = NULL;
	int exit_code;

	do {
		exit_code = take_page(ask, order, &after, printed);
	} while (exit_code == EX_OK && after != NULL && !ferror(stdout) &&
		 (order->limit == 0 || *printed < order->limit));
	return exit_code;
}

int
queue_list_print(struct ask *ask, const struct order *order)
{
	const char *where = order->recipient != NULL ? "" : " in the queue";
	size_t printed = 0;
	int exit_code = print_pages(ask, order, &printed);

	if (exit_code == EX_OK && printed == 0 && !order->json)
		printf("There is no mail%s%s%s%s.\n",
		    order->recipient != NULL ? " to " : "",
		    order->recipient != NULL ? order->recipient : "",
		    order->state != NULL ? " that is " : where,
		    order->state != NULL ? order->state : "");
	return exit_code;
}
