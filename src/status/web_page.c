/* SPDX-License-Identifier: MIT */
#include "web_page.h"

#include "web_files.h"
#include <string.h>

/* Nothing but what this door serves: no script of a mail, no other host.  The
 * frame is for the HTML of a mail, whose answer has a policy of its own. */
#define POLICY                                                          \
	"default-src 'none'; script-src 'self'; style-src 'self'; "     \
	"img-src 'self' data:; connect-src 'self'; frame-src 'self'; "  \
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " \
	"require-trusted-types-for 'script'"

/* /web/NAME: where the name stands. */
#define NAME_SEGMENT 1

static const struct web_file *
find_file(const char *name)
{
	for (const struct web_file *file = web_files; file->name != NULL;
	     file++)
		if (strcmp(file->name, name) == 0)
			return file;
	return NULL;
}

/* The name of a file stays when it is another: so it is asked for each time,
 * which costs a 304. */
static void
write_file(const struct web_file *file, struct status_answer *answer)
{
	answer->code = 200;
	answer->type = file->type;
	answer->bytes = file->bytes;
	answer->length = file->length;
	answer->etag = g_strdup(file->etag);
	answer->cache_control = "no-cache";
	answer->policy = POLICY;
}

void
web_page(const struct page *page, struct status_answer *answer)
{
	const struct web_file *file = find_file("index.html");

	(void)page;
	g_assert(file != NULL);
	write_file(file, answer);
}

void
web_page_file(const struct page *page, struct status_answer *answer)
{
	const char *name = page->target->segments[NAME_SEGMENT];
	const struct web_file *file = find_file(name);

	if (file == NULL)
		page_refuse(
		    answer, 404, "no part of the page is called \"%s\"", name);
	else
		write_file(file, answer);
}
