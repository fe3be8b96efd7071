/* SPDX-License-Identifier: MIT */
#include "explain_facts.h"

#include "explain_request.h"
#include "fact.h"
#include <stdio.h>
#include <string.h>

/* ---- as JSON ---- */

static void
add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(
	    to, key, text == NULL ? NULL : explain_request_text(text));
}

static struct json_object *
list_losses(const GArray *losses)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; losses != NULL && i < losses->len; i++) {
		const struct explain_loss *loss =
		    &g_array_index(losses, struct explain_loss, i);
		struct json_object *entry = json_object_new_object();

		add_text(entry, "what", loss->text);
		add_text(entry, "why", loss->why);
		json_object_array_add(list, entry);
	}
	return list;
}

static struct json_object *
list_texts(const GPtrArray *texts)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; texts != NULL && i < texts->len; i++)
		json_object_array_add(
		    list, explain_request_text(texts->pdata[i]));
	return list;
}

static struct json_object *
list_recipients(const GPtrArray *recipients)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < recipients->len; i++) {
		const struct address *address = recipients->pdata[i];

		json_object_array_add(
		    list, explain_request_text(address->text));
	}
	return list;
}

static struct json_object *
tell_way(const struct explain_way *way)
{
	struct json_object *facts = json_object_new_object();

	add_text(facts, "provider", way->provider->name);
	add_text(facts, "type", way->provider->translator->type);
	add_text(facts, "obstacle", way->obstacle);
	add_text(facts, "form",
	    way->obstacle != NULL          ? NULL
	    : way->form == DELIVERY_FIELDS ? "fields"
					   : "raw");
	json_object_object_add(facts, "lost", list_losses(way->losses));
	json_object_object_add(facts, "lost_as_fields",
	    way->has_fields ? list_losses(way->fields) : NULL);
	json_object_object_add(facts, "lost_raw", list_losses(way->raw));
	json_object_object_add(facts, "options", list_texts(way->changes));
	json_object_object_add(
	    facts, "requests", json_object_new_int64(way->requests));
	json_object_object_add(facts, "request",
	    way->exchange != NULL ? explain_request(way) : NULL);
	return facts;
}

static struct json_object *
tell_group(const struct explain_group *group)
{
	struct json_object *facts = json_object_new_object();
	struct json_object *ways = json_object_new_array();

	add_text(facts, "route", group->route);
	json_object_object_add(
	    facts, "recipients", list_recipients(group->recipients));
	add_text(facts, "dropped", group->dropped);
	add_text(facts, "refused", group->refusal);
	json_object_object_add(facts, "order", list_texts(group->order));
	for (unsigned i = 0; i < group->ways->len; i++)
		json_object_array_add(ways, tell_way(group->ways->pdata[i]));
	json_object_object_add(facts, "providers", ways);
	return facts;
}

static struct json_object *
tell_mail(const struct message *message)
{
	const struct submission *submission = message->submission;
	const struct address *sender = submission->envelope->sender;
	struct json_object *facts = json_object_new_object();
	struct json_object *traits = json_object_new_array();

	json_object_object_add(facts, "bytes",
	    json_object_new_int64((int64_t)spool_size(submission->spool)));
	add_text(facts, "sender", sender != NULL ? sender->text : "");
	add_text(facts, "subject", message->subject);
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		if (message->traits & UINT64_C(1) << i)
			json_object_array_add(traits,
			    explain_request_text(trait_text(UINT64_C(1) << i)));
	json_object_object_add(facts, "traits", traits);
	return facts;
}

struct json_object *
explain_facts(const struct explain *explain)
{
	const GPtrArray *groups = explain_groups(explain);
	struct json_object *facts = json_object_new_object();
	struct json_object *routes = json_object_new_array();

	json_object_object_add(
	    facts, "mail", tell_mail(explain_message(explain)));
	for (unsigned i = 0; i < groups->len; i++)
		json_object_array_add(routes, tell_group(groups->pdata[i]));
	json_object_object_add(facts, "routes", routes);
	return facts;
}

/* ---- for people ---- */

static char *
join(struct json_object *of, const char *key)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < fact_count(of, key); i++)
		g_ptr_array_add(texts, fact_text_at(of, key, i));
	g_ptr_array_add(texts, NULL);
	return g_strjoinv(", ", (char **)texts->pdata);
}

static void
print_losses(struct json_object *way, const char *key, const char *title)
{
	size_t count = fact_count(way, key);

	if (count > 0)
		printf("    %s:\n", title);
	for (size_t i = 0; i < count; i++) {
		struct json_object *loss = fact_element(way, key, i);
		g_autofree char *what = fact_text_or(loss, "what", "");
		g_autofree char *why = fact_text_or(loss, "why", "");

		printf("      %s (%s)\n", what, why);
	}
}

static void
print_form(struct json_object *way)
{
	bool raw = fact_is(way, "form", "raw");
	uint64_t requests = fact_number(way, "requests");

	printf("goes %s%s", raw ? "raw" : "as fields",
	    fact_count(way, "lost") == 0 ? ", nothing is lost\n" : "\n");
	print_losses(way, "lost", "is lost");
	if (raw)
		print_losses(way, "lost_as_fields", "fields would lose");
	else
		print_losses(way, "lost_raw", "raw mail would lose");
	for (size_t i = 0; i < fact_count(way, "options"); i++) {
		g_autofree char *change = fact_text_at(way, "options", i);

		printf("    %s\n", change);
	}
	if (requests > 1)
		printf("    %" G_GUINT64_FORMAT " requests; the first:\n",
		    requests);
}

static void
print_way(struct json_object *way)
{
	g_autofree char *name = fact_text_or(way, "provider", "");
	g_autofree char *type = fact_text_or(way, "type", "");
	g_autofree char *obstacle = fact_text(way, "obstacle");

	printf("\n  %s (%s): ", name, type);
	if (obstacle != NULL) {
		printf("cannot carry it: %s\n", obstacle);
		return;
	}
	print_form(way);
	explain_request_print(fact_object(way, "request"));
}

static void
print_route(struct json_object *route)
{
	g_autofree char *name = fact_text_or(route, "route", "");
	g_autofree char *recipients = join(route, "recipients");
	g_autofree char *order = join(route, "order");
	g_autofree char *dropped = fact_text(route, "dropped");
	g_autofree char *refused = fact_text(route, "refused");

	printf("\nroute %s, for %s\n", name, recipients);
	if (dropped != NULL)
		printf("  nothing is sent: %s\n", dropped);
	else if (refused != NULL)
		printf("  it is refused: %s\n", refused);
	else
		printf("  tried in this order: %s\n", order);
	for (size_t i = 0; i < fact_count(route, "providers"); i++)
		print_way(fact_element(route, "providers", i));
}

void
explain_facts_print(struct json_object *facts)
{
	struct json_object *mail = fact_object(facts, "mail");
	g_autofree char *sender = fact_text_or(mail, "sender", "");
	g_autofree char *traits = join(mail, "traits");

	printf("%" G_GUINT64_FORMAT " bytes from <%s>\n",
	    fact_number(mail, "bytes"), sender);
	printf("  in it: %s\n",
	    *traits != '\0' ? traits : "nothing that a provider could lose");
	for (size_t i = 0; i < fact_count(facts, "routes"); i++)
		print_route(fact_element(facts, "routes", i));
}
