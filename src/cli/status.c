/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "ask.h"
#include "core/clock.h"
#include "fact.h"
#include "measure.h"
#include "standing.h"
#include "trouble.h"
#include <stdio.h>
#include <sysexits.h>

#define LABEL "%-11s"

static const struct order_form form = {
	.name = "status",
	.verb = "status",
	.options = ORDER_JSON | ORDER_READY,
	.usage =
	    "usage: postferry status [--config FILE] [--json] [--ready]\n"
	    "\n"
	    "Says what is wrong and what to do about it, then how the daemon "
	    "is, its disk,\nits queue and its providers.\n"
	    "\n"
	    "  --ready  say only whether mail can be accepted: exit code 0 "
	    "when it can, 69\n"
	    "           when not; for health checks\n"
	    "  --json   print what the daemon answered\n"
	    "\n" CLI_ASKED,
};

static void
print_daemon(struct json_object *status, int64_t now_ms)
{
	g_autofree char *version = fact_text_or(status, "version", "?");
	g_autofree char *why = fact_text_or(status, "why", "it is not said");
	g_autofree char *since =
	    measure_moment(now_ms, fact_time(status, "started"));

	if (fact_flag(status, "running"))
		printf(LABEL "%s, pid %u, since %s\n", "postferry", version,
		    (unsigned)fact_number(status, "pid"), since);
	else
		printf(LABEL "%s, not running\n", "postferry", version);
	if (fact_flag(status, "ready"))
		printf(LABEL "yes: mail is accepted\n", "ready");
	else
		printf(LABEL "no: %s\n", "ready", why);
}

/* Of a disk that is well: mail is taken only while so much is free. */
static char *
tell_disk(struct json_object *disk)
{
	uint64_t space = fact_number(disk, "free_bytes");

	if (fact_is(disk, "state", "well") &&
	    space < fact_number(disk, "min_free_bytes"))
		return g_strdup("nearly full");
	return fact_text_or(disk, "state", "?");
}

static void
print_disk(struct json_object *disk)
{
	if (disk == NULL)
		return;
	g_autofree char *state = tell_disk(disk);
	g_autofree char *space = measure_size(fact_number(disk, "free_bytes"));
	g_autofree char *total = measure_size(fact_number(disk, "total_bytes"));
	g_autofree char *kept =
	    measure_size(fact_number(disk, "min_free_bytes"));

	printf(LABEL "%s: %s of %s are free; mail is taken while %s are\n",
	    "disk", state, space, total, kept);
}

static void
print_queue(struct json_object *queue, int64_t now_ms)
{
	int64_t oldest = fact_time(queue, "oldest");
	uint64_t doubts = fact_number(queue, "doubts");
	g_autofree char *size = measure_size(fact_number(queue, "bytes"));
	g_autofree char *since = measure_moment(now_ms, oldest);

	if (queue == NULL) {
		printf(LABEL "none: state_dir is not set\n", "queue");
		return;
	}
	printf(LABEL "%" G_GUINT64_FORMAT " waiting, %" G_GUINT64_FORMAT
		     " being sent, %" G_GUINT64_FORMAT " held; %s\n",
	    "queue", fact_number(queue, "waiting"),
	    fact_number(queue, "active"), fact_number(queue, "held"), size);
	if (oldest != 0)
		printf(LABEL "the oldest came %s\n", "", since);
	if (doubts > 0)
		printf(LABEL "%" G_GUINT64_FORMAT " recipient%s in doubt\n", "",
		    doubts, doubts == 1 ? "" : "s");
}

/* What became of doubts, if there ever was one. */
static void
print_doubts(struct json_object *totals)
{
	uint64_t doubts = fact_number(totals, "doubts");

	if (doubts == 0)
		return;
	printf(LABEL "%" G_GUINT64_FORMAT " doubt%s so far: %" G_GUINT64_FORMAT
		     " resolved as accepted; %" G_GUINT64_FORMAT
		     " sent again, so possibly duplicates, of which"
		     " %" G_GUINT64_FORMAT " confirmed\n",
	    "", doubts, doubts == 1 ? "" : "s", fact_number(totals, "resolved"),
	    fact_number(totals, "possible_duplicates"),
	    fact_number(totals, "confirmed_duplicates"));
}

static void
print_totals(struct json_object *totals)
{
	int64_t lost = fact_signed(totals, "unaccounted");

	if (totals == NULL)
		return;
	printf(LABEL "of %" G_GUINT64_FORMAT
		     " recipients that were queued, those of bounces too, "
		     "%" G_GUINT64_FORMAT " settled, %" G_GUINT64_FORMAT
		     " bounced, %" G_GUINT64_FORMAT
		     " dropped, %" G_GUINT64_FORMAT " waiting\n",
	    "totals", fact_number(totals, "accepted"),
	    fact_number(totals, "settled"), fact_number(totals, "bounced"),
	    fact_number(totals, "dead"), fact_number(totals, "waiting"));
	printf(LABEL "%" G_GINT64_FORMAT " unaccounted for%s\n", "", lost,
	    lost != 0 ? ": this must be 0: please report it" : "");
	print_doubts(totals);
}

static void
print_providers(struct json_object *status, int64_t now_ms)
{
	g_autofree char *indent = g_strdup_printf(LABEL, "");

	for (size_t i = 0; i < fact_count(status, "providers"); i++) {
		printf(LABEL, i == 0 ? "providers" : "");
		standing_print(
		    fact_element(status, "providers", i), now_ms, indent);
	}
}

static int
print_all(const GString *body)
{
	struct json_object *status = fact_parse(body);
	int64_t now_ms = clock_wall_ms();

	if (status == NULL)
		return EX_PROTOCOL;
	trouble_print(status, now_ms);
	print_daemon(status, now_ms);
	print_disk(fact_object(status, "disk"));
	print_queue(fact_object(status, "queue"), now_ms);
	print_totals(fact_object(status, "totals"));
	print_providers(status, now_ms);
	json_object_put(status);
	return EX_OK;
}

static int
tell(struct ask *ask, const struct order *order)
{
	struct ask_answer answer =
	    ask_request(ask, "GET", order->ready ? "/readyz" : "/status");
	int exit_code = ask_judge(&answer);

	if (exit_code == EX_OK && order->json)
		fputs(answer.body->str, stdout);
	else if (exit_code == EX_OK && order->ready)
		puts("ready");
	else if (exit_code == EX_OK)
		exit_code = print_all(answer.body);
	g_string_free(answer.body, TRUE);
	return exit_code;
}

int
cli_status(int argc, char **argv)
{
	struct order order;
	int exit_code;

	if (!order_read(argc, argv, &form, &order, &exit_code))
		return exit_code;
	if (order.things[0] == NULL)
		return ask_run(&order, tell);
	fprintf(stderr,
	    "postferry status: \"%s\" is not expected here; see postferry "
	    "status --help\n",
	    order.things[0]);
	return EX_USAGE;
}
