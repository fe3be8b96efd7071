/* SPDX-License-Identifier: MIT */
#include "mail/options.h"

#include <string.h>

#define NOTES_MAX 20

static void
free_pair(void *object)
{
	struct option_pair *pair = object;

	g_free(pair->key);
	g_free(pair->value);
	g_free(pair);
}

struct mail_options *
options_new(void)
{
	struct mail_options *options = g_new0(struct mail_options, 1);

	options->tags = g_ptr_array_new_with_free_func(g_free);
	options->metadata = g_ptr_array_new_with_free_func(free_pair);
	options->notes = g_ptr_array_new_with_free_func(g_free);
	return options;
}

static void
clear_value(struct option_value *value)
{
	g_free(value->text);
	g_free(value->field);
	*value = (struct option_value){ 0 };
}

void
options_free(struct mail_options *options)
{
	if (options == NULL)
		return;
	g_ptr_array_unref(options->tags);
	g_ptr_array_unref(options->metadata);
	g_ptr_array_unref(options->notes);
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		clear_value(&options->values[i]);
	g_free(options->fault);
	g_free(options);
}

void
options_set(struct mail_options *options, enum mail_option option,
    const struct option_value *value)
{
	struct option_value copy = {
		.text = g_strdup(value->text),
		.field = g_strdup(value->field),
		.dialect = value->dialect,
	};

	clear_value(&options->values[option]);
	options->values[option] = copy;
}

/* Providers tell them apart without case. */
void
options_add_tag(struct mail_options *options, const char *tag)
{
	for (unsigned i = 0; i < options->tags->len; i++)
		if (g_ascii_strcasecmp(options->tags->pdata[i], tag) == 0)
			return;
	g_ptr_array_add(options->tags, g_strdup(tag));
}

void
options_add_metadata(
    struct mail_options *options, const struct option_pair *pair)
{
	struct option_pair *copy;

	for (unsigned i = 0; i < options->metadata->len; i++) {
		const struct option_pair *other = options->metadata->pdata[i];

		if (strcmp(other->key, pair->key) == 0)
			return;
	}
	copy = g_new0(struct option_pair, 1);
	copy->key = g_strdup(pair->key);
	copy->value = g_strdup(pair->value);
	copy->bare = pair->bare;
	g_ptr_array_add(options->metadata, copy);
}

void
options_note(struct mail_options *options, const char *format, ...)
{
	va_list arguments;
	char *note;

	if (options->notes->len >= NOTES_MAX)
		return;
	va_start(arguments, format);
	note = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (options->notes->len == NOTES_MAX - 1) {
		g_free(note);
		note = g_strdup("and more of that kind");
	}
	g_ptr_array_add(options->notes, note);
}

void
options_set_fault(struct mail_options *options, const char *format, ...)
{
	va_list arguments;

	if (options->fault != NULL)
		return;
	va_start(arguments, format);
	options->fault = g_strdup_vprintf(format, arguments);
	va_end(arguments);
}

static void
copy_lists(struct mail_options *to, const struct mail_options *from)
{
	for (unsigned i = 0; i < from->tags->len; i++)
		options_add_tag(to, from->tags->pdata[i]);
	for (unsigned i = 0; i < from->metadata->len; i++)
		options_add_metadata(to, from->metadata->pdata[i]);
}

/* "track: no" says something of opens and of clicks. */
static bool
is_said(const struct mail_options *options, unsigned option)
{
	if (options->values[option].text != NULL)
		return true;
	return (option == OPTION_TRACK_OPENS ||
		   option == OPTION_TRACK_CLICKS) &&
	       options->values[OPTION_TRACK].text != NULL;
}

struct mail_options *
options_join(
    const struct mail_options *first, const struct mail_options *second)
{
	struct mail_options *both = options_new();

	copy_lists(both, first);
	copy_lists(both, second);
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		options_set(both, i,
		    is_said(first, i) ? &first->values[i] : &second->values[i]);
	for (unsigned i = 0; i < first->notes->len; i++)
		options_note(both, "%s", (char *)first->notes->pdata[i]);
	both->fault = g_strdup(first->fault);
	return both;
}

bool
options_is_empty(const struct mail_options *options)
{
	if (options->tags->len > 0 || options->metadata->len > 0)
		return false;
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (options->values[i].text != NULL)
			return false;
	return true;
}

/* Raw: they speak of what stands in the bodies, or take their place. */
#define BINDS 1u
#define RAW   2u

static const unsigned natures[OPTION_COUNT] = {
	[OPTION_SEND_AT] = BINDS,
	[OPTION_TEST] = BINDS,
	[OPTION_REQUIRE_TLS] = BINDS,
	[OPTION_TEMPLATE] = BINDS | RAW,
	[OPTION_TEMPLATE_VERSION] = BINDS | RAW,
	[OPTION_TEMPLATE_VARIABLES] = BINDS | RAW,
	[OPTION_RECIPIENT_VARIABLES] = BINDS | RAW,
	[OPTION_MERGE_VARS] = BINDS | RAW,
	[OPTION_MERGE_LANGUAGE] = BINDS | RAW,
	[OPTION_PRESERVE_RECIPIENTS] = BINDS,
};

/* That everyone may see whom else a mail is for is the rule. */
static bool
asks_for_nothing(enum mail_option option, const char *text)
{
	return strcmp(text,
		   option == OPTION_PRESERVE_RECIPIENTS ? "yes" : "no") == 0;
}

bool
options_binds(const struct mail_options *options, enum mail_option option)
{
	const char *text = options->values[option].text;

	return text != NULL && options_may_bind(option) &&
	       !asks_for_nothing(option, text);
}

bool
options_may_bind(enum mail_option option)
{
	return (natures[option] & BINDS) != 0;
}

const struct option_value *
options_find_raw(const struct mail_options *options)
{
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (options->values[i].text != NULL && (natures[i] & RAW) != 0)
			return &options->values[i];
	return NULL;
}
