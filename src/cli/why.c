/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "fact.h"
#include "story.h"
#include <stdio.h>
#include <sysexits.h>

static const struct order_form form = {
	.name = "why",
	.verb = "why",
	.options = ORDER_JSON,
	.usage =
	    "usage: postferry why [--config FILE] [--json] ID ...\n"
	    "\n"
	    "Tells the whole story of a mail: where it came from, what each "
	    "provider was\nasked and said, what people did to it, and what "
	    "happens next.  ID is what its\nclient was told (\"queued as "
	    "ID\") and stands in the log; finished mails are\nknown as long "
	    "as keep_records says.\n"
	    "\n" CLI_ASKED,
};

static void
print_why(const struct story *story)
{
	story_print_facts(story);
	story_history_print(story);
	story_next_print(story);
	if (!story->offline && fact_is(story->mail, "state", "waiting"))
		story_route_print(story);
}

static int
tell(struct ask *ask, const struct order *order)
{
	return story_print_each(ask, order, print_why);
}

int
cli_why(int argc, char **argv)
{
	struct order order;
	int exit_code;

	if (!order_read(argc, argv, &form, &order, &exit_code))
		return exit_code;
	if (order.things[0] != NULL)
		return ask_run(&order, tell);
	fputs("postferry why: the ID of a mail is expected; see postferry why "
	      "--help\n",
	    stderr);
	return EX_USAGE;
}
