/* SPDX-License-Identifier: MIT */
#include "mail/options_fit.h"

#include <string.h>

#define SAID_MAX 100

/* An object's comma or brace, two quotes and a colon, and two quotes of the
 * value. */
#define PAIR_BYTES 6

/* Options whose values are names within one account. */
#define OF_ACCOUNT                                                       \
	(OPTIONS_FIT_BIT(TEMPLATE) | OPTIONS_FIT_BIT(TEMPLATE_VERSION) | \
	    OPTIONS_FIT_BIT(TEMPLATE_VARIABLES) |                        \
	    OPTIONS_FIT_BIT(RECIPIENT_VARIABLES) |                       \
	    OPTIONS_FIT_BIT(MERGE_VARS) | OPTIONS_FIT_BIT(MERGE_LANGUAGE))

static bool
is_foreign(const struct option_value *value, const struct options_rules *rules)
{
	return value->dialect != NULL &&
	       strcmp(value->dialect, rules->type) != 0;
}

/* What was said in the provider's own dialect it judges itself. */
static bool
is_in_reach(const struct option_value *value, const struct options_rules *rules,
    int64_t now_ms)
{
	int64_t at_ms = g_ascii_strtoll(value->text, NULL, 10);

	if (value->dialect != NULL && !is_foreign(value, rules))
		return true;
	return at_ms - now_ms <= rules->ahead_ms;
}

static bool
is_past(const struct option_value *value, int64_t now_ms)
{
	return g_ascii_strtoll(value->text, NULL, 10) <= now_ms;
}

static bool
is_taken(const struct option_value *value, enum mail_option option,
    const struct options_rules *rules, int64_t now_ms)
{
	uint64_t bit = UINT64_C(1) << option;

	if ((rules->takes & bit) == 0)
		return false;
	if ((OF_ACCOUNT & bit) != 0 && is_foreign(value, rules))
		return false;
	return option != OPTION_SEND_AT || is_in_reach(value, rules, now_ms);
}

/* That nobody sees the others asks for nothing where there are none. */
static bool
is_void(
    const struct delivery *delivery, enum mail_option option, int64_t now_ms)
{
	const struct message *message = delivery->message;
	const struct option_value *value = &delivery->options->values[option];

	if (option == OPTION_SEND_AT)
		return is_past(value, now_ms);
	return option == OPTION_PRESERVE_RECIPIENTS &&
	       message->to->len + message->cc->len <= 1;
}

const struct option_value *
options_fit_bar(const struct delivery *delivery,
    const struct options_rules *rules, int64_t now_ms)
{
	const struct mail_options *options = delivery->options;

	for (unsigned i = 0; options != NULL && i < OPTION_COUNT; i++)
		if (options_binds(options, i) &&
		    !is_void(delivery, i, now_ms) &&
		    !is_taken(&options->values[i], i, rules, now_ms))
			return &options->values[i];
	return NULL;
}

char *
options_fit_why(const struct option_value *bar, const struct delivery *delivery,
    const struct options_rules *rules)
{
	enum {
		DAY_MS = 24 * 60 * 60 * 1000
	};

	if (bar == &delivery->options->values[OPTION_SEND_AT] &&
	    rules->ahead_ms > 0)
		return g_strdup_printf("takes a time up to %d days ahead, "
				       "not that of %s",
		    (int)(rules->ahead_ms / DAY_MS), bar->field);
	if (is_foreign(bar, rules))
		return g_strdup_printf("cannot do what %s asks for, which is "
				       "for a provider with type = %s",
		    bar->field, bar->dialect);
	return g_strdup_printf("with type = %s cannot do what %s asks for",
	    rules->type, bar->field);
}

/* ---- tags ---- */

static bool
is_header(const struct delivery *delivery, const struct options_rules *rules)
{
	return rules->header_tags && delivery->form == DELIVERY_RAW;
}

static char *
cut_tag(const char *tag, const struct delivery *delivery,
    const struct options_rules *rules)
{
	bool header = is_header(delivery, rules);
	g_autofree char *text = rules->ascii_tags || header
				    ? g_str_to_ascii(tag, "C")
				    : g_strdup(tag);
	const char *start = text;
	const char *end;

	while (rules->plain_tags && *start == '_')
		start++;
	if (header)
		g_strdelimit(text, ",", ' ');
	end = start + strlen(start);
	if (end - start > rules->tag_bytes)
		end =
		    g_utf8_find_prev_char(start, start + rules->tag_bytes + 1);
	return g_strndup(start, (gsize)(end - start));
}

static void
fit_tags(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules)
{
	const GPtrArray *tags = delivery->options->tags;

	if (tags->len > 0 && rules->tags == 0) {
		options_note(
		    left, "tags left out: type %s has none", rules->type);
		return;
	}
	for (unsigned i = 0; i < tags->len; i++) {
		const char *tag = tags->pdata[i];
		g_autofree char *cut = cut_tag(tag, delivery, rules);

		if (left->tags->len >= rules->tags || *cut == '\0') {
			options_note(left,
			    "tag \"%.*s\" left out: type %s takes %u, and "
			    "no empty one",
			    SAID_MAX, tag, rules->type, rules->tags);
			continue;
		}
		if (strcmp(cut, tag) != 0)
			options_note(left,
			    "tag \"%.*s\" became \"%s\": at most %u bytes"
			    "%s%s%s",
			    SAID_MAX, tag, cut, rules->tag_bytes,
			    rules->ascii_tags ? " of ASCII" : "",
			    rules->plain_tags ? ", no _ in front" : "",
			    is_header(delivery, rules) ? ", no comma" : "");
		options_add_tag(left, cut);
	}
}

/* ---- metadata ---- */

static char *
make_key(const char *key, const struct options_rules *rules)
{
	char *plain = g_strdup(key);
	size_t skip;

	if (!rules->plain_keys)
		return plain;
	for (char *at = plain; *at != '\0'; at++)
		if (!g_ascii_isalnum(*at))
			*at = '_';
	skip = strspn(plain, "_");
	memmove(plain, plain + skip, strlen(plain + skip) + 1);
	return plain;
}

static bool
has_key(const struct mail_options *options, const char *key)
{
	for (unsigned i = 0; i < options->metadata->len; i++) {
		const struct option_pair *pair = options->metadata->pdata[i];

		if (strcmp(pair->key, key) == 0)
			return true;
	}
	return false;
}

/* As ASCII JSON has it: " and \ with a \ before, the others as \uXXXX. */
static size_t
weigh(const char *text)
{
	size_t bytes = 0;

	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		gunichar letter = g_utf8_get_char(text);

		if (letter > 0xffff)
			bytes += 12;
		else if (letter > '~')
			bytes += 6;
		else
			bytes += letter == '"' || letter == '\\' ? 2 : 1;
	}
	return bytes;
}

static void
fit_metadata(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules)
{
	const GPtrArray *metadata = delivery->options->metadata;
	size_t bytes = 0;

	if (metadata->len > 0 && rules->metadata_bytes == 0) {
		options_note(
		    left, "metadata left out: type %s has none", rules->type);
		return;
	}
	for (unsigned i = 0; i < metadata->len; i++) {
		const struct option_pair *pair = metadata->pdata[i];
		g_autofree char *key = make_key(pair->key, rules);
		const struct option_pair fit = { key, pair->value, pair->bare };
		size_t weight = weigh(key) + weigh(pair->value) + PAIR_BYTES;

		if (*key == '\0' || has_key(left, key) ||
		    g_strcmp0(key, rules->reserved) == 0) {
			options_note(left,
			    "metadata \"%s\" left out: another has that key",
			    pair->key);
			continue;
		}
		if (bytes + weight > rules->metadata_bytes) {
			options_note(left,
			    "metadata \"%s\" left out: %zu bytes more, and %u "
			    "are possible in all",
			    pair->key, weight, rules->metadata_bytes);
			continue;
		}
		if (strcmp(key, pair->key) != 0)
			options_note(left,
			    "metadata \"%s\" became \"%s\": keys have letters, "
			    "digits and _ only",
			    pair->key, key);
		bytes += weight;
		options_add_metadata(left, &fit);
	}
}

/* ---- the others ---- */

/* OPTION_TRACK has a function of its own; that everyone is seen is the rule. */
static bool
is_told(enum mail_option option, const char *text)
{
	if (option == OPTION_PRESERVE_RECIPIENTS)
		return strcmp(text, "no") == 0;
	return option != OPTION_TRACK;
}

static void
fit_values(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules, int64_t now_ms)
{
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		const struct option_value *value =
		    &delivery->options->values[i];

		if (value->text == NULL ||
		    (i == OPTION_SEND_AT && is_past(value, now_ms)))
			continue;
		if (is_taken(value, i, rules, now_ms))
			options_set(left, i, value);
		else if (is_told(i, value->text))
			options_note(left,
			    "%s left out: type %s has nothing like it",
			    value->field, rules->type);
	}
}

/* Where opens and clicks have no common word, one for each. */
static void
split_track(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules)
{
	static const enum mail_option parts[] = { OPTION_TRACK_OPENS,
		OPTION_TRACK_CLICKS };
	struct option_value value = delivery->options->values[OPTION_TRACK];

	if (value.text == NULL || (rules->takes & OPTIONS_FIT_BIT(TRACK)) != 0)
		return;
	if ((rules->takes & OPTIONS_FIT_BIT(TRACK_OPENS)) == 0) {
		options_note(left, "%s left out: type %s has nothing like it",
		    value.field, rules->type);
		return;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		struct option_value part = value;

		if (left->values[parts[i]].text != NULL)
			continue;
		if (parts[i] == OPTION_TRACK_OPENS &&
		    strcmp(value.text, "no") != 0)
			part.text = (char *)"yes";
		options_set(left, parts[i], &part);
	}
}

/* Clicks of one kind of body, where these cannot be told apart. */
static void
fit_clicks(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules)
{
	struct option_value *clicks = &left->values[OPTION_TRACK_CLICKS];
	bool html = g_strcmp0(clicks->text, "html") == 0;
	bool text = g_strcmp0(clicks->text, "text") == 0;
	bool can_html = !rules->flag_clicks || delivery->form == DELIVERY_RAW;
	bool can_text = rules->flag_clicks && delivery->form == DELIVERY_RAW;

	if (!(html && !can_html) && !(text && !can_text))
		return;
	options_note(left, "%s: clicks are tracked in text and html alike",
	    clicks->field);
	g_free(clicks->text);
	clicks->text = g_strdup("yes");
}

/* A header that names one leaves the other off. */
static void
note_half_track(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules)
{
	const struct option_value *opens = &left->values[OPTION_TRACK_OPENS];
	const struct option_value *clicks = &left->values[OPTION_TRACK_CLICKS];

	if (!rules->header_track || delivery->form != DELIVERY_RAW ||
	    (opens->text == NULL) == (clicks->text == NULL))
		return;
	options_note(left,
	    "%s: in raw mail what nothing is said of, %s, is not tracked",
	    opens->text != NULL ? opens->field : clicks->field,
	    opens->text != NULL ? "clicks" : "opens");
}

/* Links that are rewritten break a signature. */
static void
spare_signature(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules)
{
	static const enum mail_option all[] = { OPTION_TRACK,
		OPTION_TRACK_OPENS, OPTION_TRACK_CLICKS };
	static const struct option_value none = { 0 };
	static const struct option_value no = { .text = (char *)"no" };

	if (!rules->whole || delivery->form != DELIVERY_RAW ||
	    !(delivery->message->traits &
		(TRAIT_SIGNED | TRAIT_ENCRYPTED | TRAIT_DKIM)))
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		const struct option_value *value = &left->values[all[i]];

		if (value->text != NULL && strcmp(value->text, "no") != 0)
			options_note(left,
			    "%s left out: it would break the signature",
			    value->field);
		options_set(left, all[i], &none);
	}
	options_set(left, OPTION_TRACK, &no);
}

/* The copy goes with the mail's first recipient: once, however many requests
 * there are.  One who is a recipient has it anyway. */
static void
spare_copy(struct mail_options *left, const struct delivery *delivery,
    const struct options_rules *rules)
{
	const struct envelope *envelope =
	    delivery->message->submission->envelope;
	const struct option_value *copy = &left->values[OPTION_BCC_ADDRESS];
	static const struct option_value none = { 0 };
	bool named = false;

	if (!rules->copy_once || copy->text == NULL)
		return;
	for (unsigned i = 0; i < envelope->recipients->len; i++)
		named |= address_matches(
		    envelope_recipient(envelope, i), copy->text);
	if (!named && delivery->recipients[0] == 0)
		return;
	options_note(left, "%s left out: %s", copy->field,
	    named ? "it is a recipient already"
		  : "the copy goes with the first recipient's mail");
	options_set(left, OPTION_BCC_ADDRESS, &none);
}

struct mail_options *
options_fit(const struct delivery *delivery, const struct options_rules *rules,
    int64_t now_ms)
{
	struct mail_options *left = options_new();

	if (delivery->options != NULL) {
		fit_tags(left, delivery, rules);
		fit_metadata(left, delivery, rules);
		fit_values(left, delivery, rules, now_ms);
		split_track(left, delivery, rules);
		fit_clicks(left, delivery, rules);
		note_half_track(left, delivery, rules);
		spare_copy(left, delivery, rules);
	}
	spare_signature(left, delivery, rules);
	return left;
}
