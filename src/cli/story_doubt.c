/* SPDX-License-Identifier: MIT */
#include "core/config.h"
#include "fact.h"
#include "mail/doubt_policy.h"
#include "measure.h"
#include "store.h"
#include "story.h"
#include <stdio.h>
#include <string.h>

/* What comes when a doubt is over, for who knows nothing of doubts. */
static const char policies[] =
    "  When a doubt is over and the provider did not say that it has the mail, "
    "its route\n"
    "  (doubt = ...) or the mail (X-Postferry-Doubt) decides:\n"
    "    prefer_delivery  it goes to another provider; it may then arrive "
    "twice, which is\n"
    "                     counted as a possible duplicate;\n"
    "    prefer_once      the same, but only after the provider said long "
    "after the attempt\n"
    "                     that it has it not; else it is held;\n"
    "    never_twice      it is held.\n"
    "  An SMTP server cannot be asked: it gets the mail again itself before "
    "another one does.\n";

/* As the settings have it; "": not known.  New string. */
static char *
read_type(const struct config *config, const char *name)
{
	const char *const *names = config_names(config, "provider");
	g_autofree char *section = g_strconcat("provider ", name, NULL);

	return g_strdup(g_strv_contains(names, name)
			    ? config_string(config, section, "type")
			    : "");
}

/* What is known of the providers. */
struct suppliers {
	struct json_object *status; /* of the daemon; NULL: none runs */
	struct config *config;      /* NULL: one does, or it cannot be read */
};

/* The type of the provider ("smtp"), as the daemon has it, or would; "": not
 * known.  New string. */
static char *
find_type(const struct suppliers *suppliers, struct json_object *recipient)
{
	g_autofree char *name = fact_text_or(recipient, "provider", "");
	struct json_object *status = suppliers->status;

	if (suppliers->config != NULL)
		return read_type(suppliers->config, name);
	for (size_t i = 0; i < fact_count(status, "providers"); i++) {
		struct json_object *provider =
		    fact_element(status, "providers", i);

		if (fact_is(provider, "name", name))
			return fact_text_or(provider, "type", "");
	}
	return g_strdup("");
}

static void
print_asked(const struct story *story, struct json_object *recipient)
{
	g_autofree char *name = fact_text_or(recipient, "provider", "it");
	unsigned asks = (unsigned)fact_number(recipient, "asks");
	int64_t absent = fact_time(recipient, "absent");
	g_autofree char *moment = measure_moment(story->now_ms, absent);

	if (asks == 0) {
		printf("    %s was not asked yet whether it has it.\n", name);
		return;
	}
	if (absent == 0)
		printf("    %s was asked whether it has it, and gave no answer "
		       "so far.\n",
		    name);
	else
		printf("    %s was asked whether it has it; the last time it "
		       "had it not: %s.\n",
		    name, moment);
}

/* Before the doubt is over a mail that nothing else is to be done about is due
 * when its provider is asked. */
static void
print_next_ask(const struct story *story, struct json_object *recipient)
{
	int64_t due = fact_time(story->mail, "due");
	int64_t until = fact_time(recipient, "until");
	int64_t next = due != 0 && due < until ? due : until;
	g_autofree char *away = measure_away(story->now_ms, next);

	if (!story_is_doubt_only(story) || next <= story->now_ms)
		return;
	printf("    It is asked %s%s.\n", away,
	    next == until ? ", the last time" : "");
}

static void
print_one(const struct story *story, const struct suppliers *suppliers,
    struct json_object *recipient)
{
	g_autofree char *address = fact_text_or(recipient, "address", "?");
	g_autofree char *doubt = story_tell_recipient(story, recipient);
	g_autofree char *type = find_type(suppliers, recipient);
	int64_t since = fact_time(recipient, "since");
	g_autofree char *moment = measure_moment(story->now_ms, since);

	printf("  <%s> is %s.\n", address, doubt);
	if (since != 0)
		printf("    The attempt began %s.\n", moment);
	/* one of SMTP cannot be asked, and of an unknown one who knows */
	if (strcmp(type, "smtp") == 0 ||
	    (*type == '\0' && fact_number(recipient, "asks") == 0))
		return;
	print_asked(story, recipient);
	print_next_ask(story, recipient);
}

static struct json_object *
ask_status(const struct story *story)
{
	struct ask_answer answer;
	struct json_object *status;

	if (story->offline)
		return NULL;
	answer = ask_request(story->ask, "GET", "/status");
	status = answer.code == 200 ? fact_parse(answer.body) : NULL;
	g_string_free(answer.body, TRUE);
	return status;
}

/* What was noted of it when the doubt arose; else all there may be. */
static void
print_policy(const struct story *story)
{
	struct json_object *mail = story->mail;

	for (size_t i = fact_count(mail, "acts"); i > 0; i--) {
		struct json_object *act = fact_element(mail, "acts", i - 1);
		g_autofree char *what = fact_text_or(act, "what", "");
		const char *policy = strstr(what, "doubt = ");

		if (policy == NULL || !fact_is(act, "who", STORE_NOTED) ||
		    !g_str_has_prefix(what, DOUBT_NOTE))
			continue;
		printf("  When that is over its policy decides, %s.\n", policy);
		return;
	}
	fputs(policies, stdout);
}

void
story_doubt_print(const struct story *story)
{
	g_autofree char *id = fact_text_or(story->mail, "id", "ID");
	struct suppliers suppliers = { 0 };

	if (story_count(story, "doubt") == 0)
		return;
	suppliers.status = ask_status(story);
	if (story->offline)
		suppliers.config = ask_settings(story->ask);
	for (size_t i = 0; i < fact_count(story->mail, "recipients"); i++) {
		struct json_object *recipient =
		    fact_element(story->mail, "recipients", i);

		if (fact_is(recipient, "state", "doubt"))
			print_one(story, &suppliers, recipient);
	}
	json_object_put(suppliers.status);
	if (suppliers.config != NULL)
		config_unref(suppliers.config);
	print_policy(story);
	if (fact_is(story->mail, "state", "waiting"))
		printf("  If you know that it arrived: postferry queue drop %s "
		       "forgets the rest.\n"
		       "  If you know that it did not: postferry queue hold "
		       "%s, then\n  postferry queue release %s sends it now.\n",
		    id, id, id);
}
