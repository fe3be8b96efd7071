/* SPDX-License-Identifier: MIT */
#include "rule.h"

#include "pattern.h"
#include <string.h>

static void
check_listeners(const struct rule *rule, const struct pattern_place *place,
    GPtrArray *errors)
{
	const char *const *known = config_names(place->config, "listener");
	g_autofree char *all = g_strjoinv(", ", (char **)known);

	for (char **name = rule->listeners; name != NULL && *name != NULL;
	     name++)
		if (!g_strv_contains(known, *name) &&
		    strcmp(*name, SUBMISSION_HTTP) != 0)
			g_ptr_array_add(errors,
			    g_strdup_printf(
				"%s: [%s] listeners names \"%s\", and there "
				"is no [listener %s]; there are: %s",
				config_origin(
				    place->config, place->section, place->key),
				place->section, *name, *name,
				*all != '\0' ? all : "none"));
}

static bool
is_field_name(const char *name)
{
	if (*name == '\0')
		return false;
	for (; *name != '\0'; name++)
		if (!g_ascii_isalnum(*name) && strchr("-_.", *name) == NULL)
			return false;
	return true;
}

/* "X-Class", "X-Class: otp" or "X-Class: otp*" */
static bool
read_field(struct rule_field *field, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t length;

	field->name = colon != NULL ? g_strndup(text, (size_t)(colon - text))
				    : g_strdup(text);
	g_strstrip(field->name);
	if (!is_field_name(field->name))
		return false;
	if (colon == NULL)
		return true;
	field->value = g_strstrip(g_strdup(colon + 1));
	length = strlen(field->value);
	field->prefix = length > 0 && field->value[length - 1] == '*';
	if (field->prefix)
		field->value[length - 1] = '\0';
	return length > 0;
}

static void
read_header(
    struct rule *rule, const struct pattern_place *place, GPtrArray *errors)
{
	const char *text =
	    config_string(place->config, place->section, place->key);

	if (text == NULL || read_field(&rule->field, text))
		return;
	g_ptr_array_add(errors,
	    g_strdup_printf("%s: [%s] header = %s; expected the name of a "
			    "header field, or name and value, like X-Class or "
			    "X-Class: otp or X-Class: otp*, without quotes",
		config_origin(place->config, place->section, place->key),
		place->section, text));
}

void
rule_read(struct rule *rule, const struct config *config, const char *section,
    GPtrArray *errors)
{
	struct pattern_place place = { config, section, "sender_domains" };

	*rule = (struct rule){ 0 };
	rule->sender_domains = pattern_read_domains(&place, errors);
	place.key = "recipient_domains";
	rule->recipient_domains = pattern_read_domains(&place, errors);
	place.key = "listeners";
	rule->listeners =
	    g_strdupv((char **)config_list(config, section, "listeners"));
	check_listeners(rule, &place, errors);
	rule->users = g_strdupv((char **)config_list(config, section, "user"));
	place.key = "header";
	read_header(rule, &place, errors);
}

void
rule_clear(struct rule *rule)
{
	g_strfreev(rule->sender_domains);
	g_strfreev(rule->recipient_domains);
	g_strfreev(rule->listeners);
	g_strfreev(rule->users);
	g_free(rule->field.name);
	g_free(rule->field.value);
	*rule = (struct rule){ 0 };
}

bool
rule_is_empty(const struct rule *rule)
{
	return rule->sender_domains == NULL &&
	       rule->recipient_domains == NULL && rule->listeners == NULL &&
	       rule->users == NULL && rule->field.name == NULL;
}

bool
rule_has_listener(const struct rule *rule, const char *listener)
{
	return rule->listeners == NULL ||
	       (listener != NULL &&
		   g_strv_contains(
		       (const char *const *)rule->listeners, listener));
}

static bool
has_user(char *const *users, const char *user)
{
	return user != NULL &&
	       g_strv_contains((const char *const *)users, user);
}

static bool
has_sender(char *const *patterns, const struct message *message)
{
	const struct address *sender = message->submission->envelope->sender;

	if (sender != NULL && pattern_has_domain(patterns, sender->domain))
		return true;
	for (unsigned i = 0; i < message->from->len; i++) {
		const struct header_address *from = message->from->pdata[i];
		const char *at =
		    from->spec != NULL ? strrchr(from->spec, '@') : NULL;

		if (at != NULL && pattern_has_domain(patterns, at + 1))
			return true;
	}
	return false;
}

static bool
has_value(const struct rule_field *wanted, const struct header_field *field)
{
	g_autofree char *text = NULL;

	if (wanted->value == NULL)
		return true;
	text = message_field_text(field);
	if (wanted->prefix)
		return g_ascii_strncasecmp(
			   wanted->value, text, strlen(wanted->value)) == 0;
	return g_ascii_strcasecmp(wanted->value, text) == 0;
}

static bool
has_field(const struct rule_field *wanted, const struct message *message)
{
	const GArray *fields = message->header->fields;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (g_ascii_strcasecmp(field->name, wanted->name) == 0 &&
		    has_value(wanted, field))
			return true;
	}
	return false;
}

bool
rule_fits_client(const struct rule *rule, const struct submission *submission)
{
	return rule_has_listener(rule, submission->listener) &&
	       (rule->users == NULL || has_user(rule->users, submission->user));
}

bool
rule_fits_mail(const struct rule *rule, const struct message *message)
{
	return rule_fits_client(rule, message->submission) &&
	       (rule->sender_domains == NULL ||
		   has_sender(rule->sender_domains, message)) &&
	       (rule->field.name == NULL || has_field(&rule->field, message));
}

bool
rule_fits_recipient(const struct rule *rule, const struct address *recipient)
{
	return rule->recipient_domains == NULL ||
	       pattern_has_domain(rule->recipient_domains, recipient->domain);
}
