/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "ask.h"
#include "core/clock.h"
#include "fact.h"
#include "measure.h"
#include "queue_list.h"
#include "standing.h"
#include "story.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] =
    "usage: postferry queue list [--state WORD] [--limit NUMBER]\n"
    "                            [--recipient ADDRESS]\n"
    "       postferry queue show ID ...\n"
    "       postferry queue export ID > FILE.eml\n"
    "       postferry queue retry|hold|release|drop ID ...\n"
    "       postferry queue retry|hold|release|drop --all [--state WORD]\n"
    "\n"
    "  list      a line per mail, oldest first: of the queue, or of a state;\n"
    "            a long reason is cut: show has all of it\n"
    "  show      what a mail is; postferry why tells its whole story\n"
    "  export    its bytes as they were received\n"
    "  retry     send it now, without waiting for its time\n"
    "  hold      do not send it until it is released\n"
    "  release   out of hold: send it now; ID, not --all: also to who is in "
    "doubt,\n"
    "            which may make a copy\n"
    "  drop      forget it: it is not sent, and nobody is told\n"
    "\n"
    "  --state WORD    waiting, active, held, or finished (list only);\n"
    "                  without it all but the finished\n"
    "  --limit NUMBER  list: so many mails at most\n"
    "  --recipient ADDRESS  list: only mail to that one, the finished too; "
    "looks\n"
    "                  through all there is, so it may take a while\n"
    "  --all           all mails (of that state) instead of some\n"
    "  --json          print what the daemon answered: one object, or one a\n"
    "                  line: of list one per 500 mails, else one per mail\n"
    "  --config FILE   the settings of the daemon\n"
    "\n" CLI_ASKED;

/* For whoever only forgot the word. */
static void
print_short(void)
{
	fputs("usage: postferry queue list|show|export|retry|hold|release|drop "
	      "...\nmostly it is postferry queue list; see postferry queue "
	      "--help\n",
	    stderr);
}

static int
refuse(const struct order *order, const char *what)
{
	const char *name = order->form->name;

	fprintf(stderr, "postferry %s: %s; see postferry queue --help\n", name,
	    what);
	return EX_USAGE;
}

static int
run_list(struct ask *ask, const struct order *order)
{
	return queue_list_print(ask, order);
}

static int
run_show(struct ask *ask, const struct order *order)
{
	return story_print_each(ask, order, story_print_facts);
}

static int
run_export(struct ask *ask, const struct order *order)
{
	struct ask_answer answer = ask_mail(ask, order->things[0], "/raw");
	int exit_code = ask_judge(&answer);

	if (exit_code == EX_OK)
		fwrite(answer.body->str, 1, answer.body->len, stdout);
	g_string_free(answer.body, TRUE);
	return exit_code;
}

/* What was done, as a participle. */
static const char *
find_participle(const char *verb)
{
	static const struct {
		const char *verb, *done;
	} rows[] = {
		{ "retry", "due now" },
		{ "hold", "held" },
		{ "release", "released" },
		{ "drop", "dropped" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].verb, verb) == 0)
			return rows[i].done;
	g_assert_not_reached();
}

/* True when mail is to be sent now. */
static bool
is_sending(const struct order *order)
{
	return strcmp(order->form->verb, "retry") == 0 ||
	       strcmp(order->form->verb, "release") == 0;
}

/* id NULL: all. */
static void
print_changed(const struct order *order, const char *id, unsigned changed)
{
	const char *done = find_participle(order->form->verb);

	if (id == NULL)
		printf(
		    "%u mail%s %s\n", changed, changed == 1 ? "" : "s", done);
	else
		printf("%s: %s\n", id,
		    changed > 0 ? done : "there was nothing to change");
}

/* A doubt is not cut short by a retry. */
static bool
print_if_doubt(struct ask *ask, const char *id)
{
	struct ask_answer answer = ask_mail(ask, id, "");
	struct story story = { .now_ms = clock_wall_ms() };
	int64_t due = 0;

	story.mail = answer.code == 200 ? fact_parse(answer.body) : NULL;
	if (story.mail != NULL && story_is_doubt_only(&story))
		due = story_due(&story);
	if (due > story.now_ms) {
		g_autofree char *away = measure_away(story.now_ms, due);
		printf("%s: in doubt; it is sent when that is over, %s; queue "
		       "hold and then queue release send it now, though it may "
		       "arrive twice\n",
		    id, away);
	}
	json_object_put(story.mail);
	g_string_free(answer.body, TRUE);
	return due > story.now_ms;
}

/* How many of the mail may have it, whom a release sends it again. */
static unsigned
count_doubtful(struct ask *ask, const char *id)
{
	struct ask_answer answer = ask_mail(ask, id, "");
	struct story story = { .now_ms = clock_wall_ms() };
	unsigned count = 0;

	story.mail = answer.code == 200 ? fact_parse(answer.body) : NULL;
	if (story.mail != NULL && fact_is(story.mail, "state", "held"))
		count = story_count(&story, "doubt");
	json_object_put(story.mail);
	g_string_free(answer.body, TRUE);
	return count;
}

/* What keeps mail from being sent that an order has made due. */
static void
print_obstacles(struct ask *ask, bool all)
{
	struct ask_answer answer = ask_request(ask, "GET", "/status");
	struct json_object *status =
	    answer.code == 200 ? fact_parse(answer.body) : NULL;
	uint64_t doubts = fact_number(fact_object(status, "queue"), "doubts");

	if (fact_is(fact_object(status, "disk"), "state", "full"))
		puts("The disk is full: nothing is sent until there is room.");
	if (standing_print_closed(status))
		puts("  This asks no provider before its time.");
	if (doubts > 0 && all)
		printf("%" G_GUINT64_FORMAT " recipient%s in doubt: sent to "
		       "only when that is over.\n",
		    doubts, doubts == 1 ? " is" : "s are");
	json_object_put(status);
	g_string_free(answer.body, TRUE);
}

/* What is done to which mail. */
struct deed {
	const struct order *order;
	const char *id;    /* NULL: all */
	unsigned doubtful; /* of a release: who was in doubt */
};

static void
print_done(struct ask *ask, const struct deed *deed, unsigned changed)
{
	bool sends = is_sending(deed->order) && changed > 0;

	if (deed->id != NULL && sends && print_if_doubt(ask, deed->id))
		return;
	print_changed(deed->order, deed->id, changed);
	if (deed->doubtful > 0 && changed > 0)
		printf("%s: %u recipient%s in doubt: sent to again now, a copy "
		       "if it arrived before\n",
		    deed->id, deed->doubtful,
		    deed->doubtful == 1 ? " was" : "s were");
	if (sends)
		print_obstacles(ask, deed->id == NULL);
}

static int
read_changed(struct ask *ask, const struct deed *deed, const GString *body)
{
	struct json_object *object = fact_parse(body);
	unsigned changed;

	if (object == NULL)
		return EX_PROTOCOL;
	changed = (unsigned)fact_number(object, "changed");
	json_object_put(object);
	print_done(ask, deed, changed);
	return EX_OK;
}

static int
change(struct ask *ask, const struct deed *deed, char *target)
{
	struct ask_answer answer = ask_request(ask, "POST", target);
	int exit_code = ask_judge(&answer);

	if (exit_code == EX_OK && deed->order->json)
		fputs(answer.body->str, stdout);
	else if (exit_code == EX_OK)
		exit_code = read_changed(ask, deed, answer.body);
	g_string_free(answer.body, TRUE);
	g_free(target);
	return exit_code;
}

static int
change_all(struct ask *ask, const struct order *order)
{
	const struct deed deed = { .order = order };
	GString *target = g_string_new("/v1/messages/");

	g_string_append(target, order->form->verb);
	if (order->state != NULL) {
		g_string_append(target, "?state=");
		g_string_append_uri_escaped(target, order->state, NULL, FALSE);
	}
	return change(ask, &deed, g_string_free(target, FALSE));
}

static int
change_one(struct ask *ask, const struct order *order, const char *id)
{
	g_autofree char *segment = g_uri_escape_string(id, NULL, FALSE);
	struct deed deed = { .order = order, .id = id };

	if (strcmp(order->form->verb, "release") == 0 && !order->json)
		deed.doubtful = count_doubtful(ask, id);
	return change(ask, &deed,
	    g_strconcat(
		"/v1/messages/", segment, "/", order->form->verb, NULL));
}

static int
run_change(struct ask *ask, const struct order *order)
{
	int exit_code = EX_OK;

	if (order->all)
		return change_all(ask, order);
	for (const char *const *id = order->things; *id != NULL; id++) {
		int result = change_one(ask, order, *id);

		exit_code = exit_code != EX_OK ? exit_code : result;
	}
	return exit_code;
}

/* How many ids a verb wants. */
enum ids {
	IDS_NONE,
	IDS_ONE,
	IDS_SOME,
	IDS_OR_ALL,
};

#define CHANGES (ORDER_JSON | ORDER_ALL | ORDER_STATE)

static const struct verb {
	struct order_form form;
	ask_fn run;
	enum ids ids;
} verbs[] = {
	{ { "queue list", "list", usage,
	      ORDER_JSON | ORDER_STATE | ORDER_LIMIT | ORDER_RECIPIENT },
	    run_list, IDS_NONE },
	{ { "queue show", "show", usage, ORDER_JSON }, run_show, IDS_SOME },
	{ { "queue export", "export", usage, 0 }, run_export, IDS_ONE },
	{ { "queue retry", "retry", usage, CHANGES }, run_change, IDS_OR_ALL },
	{ { "queue hold", "hold", usage, CHANGES }, run_change, IDS_OR_ALL },
	{ { "queue release", "release", usage, CHANGES }, run_change,
	    IDS_OR_ALL },
	{ { "queue drop", "drop", usage, CHANGES }, run_change, IDS_OR_ALL },
};

/* What is wrong with the ids that were named; NULL: nothing. */
static const char *
find_fault(const struct order *order, enum ids ids)
{
	guint named = g_strv_length((char **)order->things);

	switch (ids) {
	case IDS_NONE:
		return named == 0 ? NULL : "no ID is expected here";
	case IDS_ONE:
		return named == 1 ? NULL : "the ID of one mail is expected";
	case IDS_SOME:
		return named > 0 ? NULL : "the ID of a mail is expected";
	case IDS_OR_ALL:
		if (!order->all && order->state != NULL)
			return "--state goes with --all";
		return order->all != (named > 0)
			   ? NULL
			   : "either IDs of mails or --all is expected";
	}
	g_assert_not_reached();
}

static int
run_verb(const struct verb *verb, int argc, char **argv)
{
	struct order order;
	const char *fault;
	int exit_code;

	if (!order_read(argc, argv, &verb->form, &order, &exit_code))
		return exit_code;
	fault = find_fault(&order, verb->ids);
	if (fault != NULL)
		return refuse(&order, fault);
	return ask_run(&order, verb->run);
}

int
cli_queue(int argc, char **argv)
{
	static const char *const help[] = { "--help", "-h", "help", NULL };

	if (argc < 2) {
		print_short();
		return EX_USAGE;
	}
	if (g_strv_contains(help, argv[1])) {
		fputs(usage, stdout);
		return EX_OK;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(argv[1], verbs[i].form.verb) == 0)
			return run_verb(&verbs[i], argc - 1, argv + 1);
	fprintf(stderr,
	    "postferry queue: \"%s\" is none of list, show, export, retry, "
	    "hold, release, drop; see postferry queue --help\n",
	    argv[1]);
	return EX_USAGE;
}
