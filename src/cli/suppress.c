/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "ask.h"
#include "fact.h"
#include "measure.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] =
    "usage: postferry suppress list [--limit NUMBER] [ADDRESS ...]\n"
    "       postferry suppress add ADDRESS ...\n"
    "       postferry suppress remove ADDRESS ...\n"
    "       postferry suppress import FILE\n"
    "\n"
    "  list      the addresses that get no mail, and why; or these\n"
    "  add       send to them no more, by whatever provider\n"
    "  remove    send to them again; a provider that has them on a list of "
    "its own\n"
    "            still refuses them\n"
    "  import    add what stands before the first comma of each line of FILE "
    "(-: of\n"
    "            standard input), as providers write their lists\n"
    "\n"
    "  --limit NUMBER  list: so many addresses at most\n"
    "  --json          print what the daemon answered, one object a line\n"
    "  --config FILE   the settings of the daemon\n"
    "\n" CLI_ASKED;

#define TARGET "/v1/suppressions"

/* Addresses asked for at a time, and bytes of a file that are sent at a time:
 * each is written in one go, while mail waits. */
#define PAGE        1000u
#define CHUNK_BYTES (128u * 1024)

static char *
make_target(const char *address)
{
	GString *target = g_string_new(TARGET "?address=");

	g_string_append_uri_escaped(target, address, NULL, FALSE);
	return g_string_free(target, FALSE);
}

/* ---- list ---- */

static void
print_one(struct json_object *one)
{
	g_autofree char *address = fact_text_or(one, "address", "?");
	g_autofree char *why = fact_text_or(one, "why", "");
	g_autofree char *since = measure_date(fact_time(one, "since"));
	g_autofree char *provider = fact_text(one, "provider");
	g_autofree char *who = fact_text_or(one, "who", "");
	g_autofree char *mail = fact_text(one, "message");
	g_autofree char *text = fact_text(one, "text");

	printf("%-32s  %-11s  %s  by %s", address, why, since,
	    provider != NULL ? provider : who);
	if (mail != NULL)
		printf(", mail %s", mail);
	if (text != NULL)
		printf(": %s", text);
	putchar('\n');
}

/* The list of one answer; *next: what is asked for then, NULL: nothing. */
static int
print_answer(const struct ask_answer *answer, bool json, char **next)
{
	int exit_code = ask_judge(answer);
	struct json_object *object =
	    exit_code == EX_OK ? fact_parse(answer->body) : NULL;

	*next = object == NULL ? NULL : fact_text(object, "next");
	if (object == NULL)
		return exit_code == EX_OK ? EX_PROTOCOL : exit_code;
	if (json)
		fputs(answer->body->str, stdout);
	for (size_t i = 0; !json && i < fact_count(object, "suppressions"); i++)
		print_one(fact_element(object, "suppressions", i));
	json_object_put(object);
	return EX_OK;
}

static int
list_some(struct ask *ask, const struct order *order, char *target, char **next)
{
	struct ask_answer answer = ask_request(ask, "GET", target);
	int exit_code = print_answer(&answer, order->json, next);

	g_string_free(answer.body, TRUE);
	g_free(target);
	return exit_code;
}

static char *
make_page(unsigned count, const char *after)
{
	GString *target = g_string_new(NULL);

	g_string_printf(target, TARGET "?limit=%u", count);
	if (after != NULL) {
		g_string_append(target, "&after=");
		g_string_append_uri_escaped(target, after, NULL, FALSE);
	}
	return g_string_free(target, FALSE);
}

static int
list_all(struct ask *ask, const struct order *order)
{
	unsigned left = order->limit > 0 ? order->limit : UINT_MAX;
	g_autofree char *after = NULL;
	int exit_code;

	do {
		unsigned count = MIN(left, PAGE);
		char *target = make_page(count, after);

		g_clear_pointer(&after, g_free);
		exit_code = list_some(ask, order, target, &after);
		left -= count;
	} while (exit_code == EX_OK && after != NULL && left > 0);
	return exit_code;
}

static int
run_list(struct ask *ask, const struct order *order)
{
	int exit_code = EX_OK;

	if (*order->things == NULL)
		return list_all(ask, order);
	for (const char *const *one = order->things; *one != NULL; one++) {
		g_autofree char *next = NULL;
		int result = list_some(ask, order, make_target(*one), &next);

		exit_code = exit_code != EX_OK ? exit_code : result;
	}
	return exit_code;
}

/* ---- change ---- */

/* What came of all the answers. */
struct sum {
	uint64_t changed, addresses, refused;
};

static void
print_refused(struct json_object *object, uint64_t line)
{
	for (size_t i = 0; i < fact_count(object, "refused_lines"); i++) {
		struct json_object *one =
		    fact_element(object, "refused_lines", i);
		g_autofree char *text = fact_text_or(one, "text", "");

		fprintf(stderr,
		    "postferry suppress import: line %" G_GUINT64_FORMAT
		    ": \"%s\" is no address\n",
		    line + fact_number(one, "line"), text);
	}
}

/* Adds up one answer to a change that began behind that line. */
static int
take_answer(const struct ask_answer *answer, const struct order *order,
    uint64_t line, struct sum *sum)
{
	int exit_code = ask_judge(answer);
	struct json_object *object =
	    exit_code == EX_OK ? fact_parse(answer->body) : NULL;

	if (object == NULL)
		return exit_code == EX_OK ? EX_PROTOCOL : exit_code;
	if (order->json)
		fputs(answer->body->str, stdout);
	print_refused(object, line);
	sum->changed += fact_number(object, "changed");
	sum->addresses += fact_number(object, "addresses");
	sum->refused += fact_number(object, "refused");
	json_object_put(object);
	return EX_OK;
}

static int
change_one(struct ask *ask, const struct order *order, const char *address)
{
	bool adds = strcmp(order->form->verb, "add") == 0;
	g_autofree char *target = make_target(address);
	struct ask_answer answer =
	    ask_request(ask, adds ? "POST" : "DELETE", target);
	struct sum sum = { 0 };
	int exit_code = take_answer(&answer, order, 0, &sum);

	g_string_free(answer.body, TRUE);
	if (exit_code != EX_OK || order->json)
		return exit_code;
	if (sum.changed > 0)
		printf("%s: %s\n", address, adds ? "added" : "removed");
	else
		printf("%s: it %s on the list\n", address,
		    adds ? "was already" : "is not");
	return EX_OK;
}

static int
run_change(struct ask *ask, const struct order *order)
{
	int exit_code = EX_OK;

	for (const char *const *one = order->things; *one != NULL; one++) {
		int result = change_one(ask, order, *one);

		exit_code = exit_code != EX_OK ? exit_code : result;
	}
	return exit_code;
}

/* Lines of the file up to that many bytes, or one that is longer; false: there
 * are no more. */
static bool
read_chunk(FILE *file, GString *chunk, uint64_t *lines)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	g_string_truncate(chunk, 0);
	while (chunk->len < CHUNK_BYTES &&
	       (length = getline(&line, &room, file)) > 0) {
		g_string_append_len(chunk, line, length);
		(*lines)++;
	}
	free(line);
	return chunk->len > 0;
}

static int
import_file(struct ask *ask, const struct order *order, FILE *file)
{
	g_autoptr(GString) chunk = g_string_new(NULL);
	uint64_t read = 0, sent = 0;
	struct sum sum = { 0 };
	int exit_code = EX_OK;

	while (exit_code == EX_OK && read_chunk(file, chunk, &read)) {
		struct ask_answer answer = ask_send(ask, "POST", TARGET, chunk);

		exit_code = take_answer(&answer, order, sent, &sum);
		g_string_free(answer.body, TRUE);
		sent = read;
	}
	if (!order->json)
		printf("%" G_GUINT64_FORMAT " addresses, %" G_GUINT64_FORMAT
		       " of them new; %" G_GUINT64_FORMAT
		       " lines hold no address\n",
		    sum.addresses, sum.changed, sum.refused);
	if (exit_code == EX_OK && ferror(file)) {
		fprintf(stderr, "postferry suppress import: %s: %s\n",
		    order->things[0], strerror(errno));
		return EX_IOERR;
	}
	return exit_code == EX_OK && sum.refused > 0 ? EX_DATAERR : exit_code;
}

static int
run_import(struct ask *ask, const struct order *order)
{
	const char *path = order->things[0];
	bool named = strcmp(path, "-") != 0;
	FILE *file = named ? fopen(path, "re") : stdin;
	int exit_code;

	if (file == NULL) {
		fprintf(stderr, "postferry suppress import: %s: %s\n", path,
		    strerror(errno));
		return EX_NOINPUT;
	}
	exit_code = import_file(ask, order, file);
	if (named)
		fclose(file);
	return exit_code;
}

static const struct verb {
	struct order_form form;
	ask_fn run;
	unsigned least, most; /* things that are to be named */
	const char *fault;    /* of fewer or more */
} verbs[] = {
	{ { "suppress list", "list", usage, ORDER_JSON | ORDER_LIMIT },
	    run_list, 0, UINT_MAX, NULL },
	{ { "suppress add", "add", usage, ORDER_JSON }, run_change, 1, UINT_MAX,
	    "an ADDRESS is expected" },
	{ { "suppress remove", "remove", usage, ORDER_JSON }, run_change, 1,
	    UINT_MAX, "an ADDRESS is expected" },
	{ { "suppress import", "import", usage, ORDER_JSON }, run_import, 1, 1,
	    "one FILE is expected" },
};

static int
run_verb(const struct verb *verb, int argc, char **argv)
{
	struct order order;
	unsigned named;
	int exit_code;

	if (!order_read(argc, argv, &verb->form, &order, &exit_code))
		return exit_code;
	named = g_strv_length((char **)order.things);
	if (named >= verb->least && named <= verb->most)
		return ask_run(&order, verb->run);
	fprintf(stderr, "postferry %s: %s; see postferry suppress --help\n",
	    verb->form.name, verb->fault);
	return EX_USAGE;
}

int
cli_suppress(int argc, char **argv)
{
	static const char *const help[] = { "--help", "-h", "help", NULL };

	if (argc >= 2 && g_strv_contains(help, argv[1])) {
		fputs(usage, stdout);
		return EX_OK;
	}
	for (unsigned i = 0; argc >= 2 && i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(argv[1], verbs[i].form.verb) == 0)
			return run_verb(&verbs[i], argc - 1, argv + 1);
	if (argc < 2)
		fputs("usage: postferry suppress list|add|remove|import ...\n"
		      "see postferry suppress --help\n",
		    stderr);
	else
		fprintf(stderr,
		    "postferry suppress: \"%s\" is none of list, add, remove, "
		    "import; see postferry suppress --help\n",
		    argv[1]);
	return EX_USAGE;
}
