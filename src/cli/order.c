/* SPDX-License-Identifier: MIT */
#include "order.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct option rows[] = {
	{ "json", no_argument, NULL, ORDER_JSON },
	{ "state", required_argument, NULL, ORDER_STATE },
	{ "limit", required_argument, NULL, ORDER_LIMIT },
	{ "all", no_argument, NULL, ORDER_ALL },
	{ "ready", no_argument, NULL, ORDER_READY },
	{ "recipient", required_argument, NULL, ORDER_RECIPIENT },
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
refuse(const struct order_form *form, const char *what, const char *value)
{
	fprintf(stderr, "postferry %s: %s%s%s; see postferry %s --help\n",
	    form->name, what, value != NULL ? " " : "",
	    value != NULL ? value : "", form->name);
	return EX_USAGE;
}

/* 0 is none of these. */
static bool
read_limit(const char *text, unsigned *limit)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT, &number, NULL))
		return false;
	*limit = (unsigned)number;
	return true;
}

/* False when its value is wrong. */
static bool
take(struct order *order, int option)
{
	switch (option) {
	case 'c':
		order->config = optarg;
		return true;
	case ORDER_STATE:
		order->state = optarg;
		return true;
	case ORDER_RECIPIENT:
		order->recipient = optarg;
		return true;
	case ORDER_LIMIT:
		return read_limit(optarg, &order->limit);
	case ORDER_JSON:
		order->json = true;
		return true;
	case ORDER_ALL:
		order->all = true;
		return true;
	default:
		order->ready = true;
		return true;
	}
}

/* getopt_long() takes the beginning of an option for all of it: --s for
 * --state today, and for something else tomorrow. */
static bool
is_abbreviated(char **argv, int row)
{
	const char *word = argv[optind - 1];

	if (word == optarg)
		word = argv[optind - 2];
	return row >= 0 && strcspn(word + 2, "=") != strlen(rows[row].name);
}

/* -1: go on; else the exit code. */
static int
take_option(
    const struct order_form *form, struct order *order, int option, int row)
{
	if (option == 'h') {
		fputs(form->usage, stdout);
		return EX_OK;
	}
	if (option == '?')
		return refuse(form, "an option is wrong", NULL);
	if (option != 'c' && ((unsigned)option & form->options) == 0)
		return refuse(form, "there is no option here called",
		    row >= 0 ? rows[row].name : NULL);
	if (!take(order, option))
		return refuse(
		    form, "--limit takes a number from 1 on, not", optarg);
	return -1;
}

bool
order_read(int argc, char **argv, const struct order_form *form,
    struct order *order, int *exit_code)
{
	g_autofree char *called = g_strconcat("postferry ", form->name, NULL);
	char *name = argv[0];
	int option, row = -1;

	argv[0] = called; /* getopt(3) tells it */
	*order = (struct order){ .form = form };
	*exit_code = -1;
	optind = 1;
	while (*exit_code < 0 &&
	       (option = getopt_long(argc, argv, "c:h", rows, &row)) != -1) {
		if (is_abbreviated(argv, row))
			*exit_code = refuse(form,
			    "an option is cut short; write it out:",
			    rows[row].name);
		else
			*exit_code = take_option(form, order, option, row);
		row = -1;
	}
	argv[0] = name;
	order->things = (const char *const *)argv + optind;
	return *exit_code < 0;
}
