/* SPDX-License-Identifier: MIT */
#include "options_json.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 16
#define KEY_MAX   128

/* A line of a header is folded before its blanks: longer words, with the blanks
 * before them, cannot be passed on in one. */
#define WORD_MAX OPTIONS_JSON_WORD_MAX

#define PLAIN  (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
#define SPACED (JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/* JSON has no others, and what is beyond 64 bits has become its limit. */
static bool
is_number(struct json_object *value)
{
	if (json_object_is_type(value, json_type_double))
		return isfinite(json_object_get_double(value));
	return json_object_get_uint64(value) != UINT64_MAX &&
	       json_object_get_int64(value) != INT64_MIN;
}

/* False: it, or what it holds, is a number that cannot be passed on.  No deeper
 * than DEPTH_MAX. */
static bool
has_numbers(struct json_object *value)
{
	if (json_object_is_type(value, json_type_double) ||
	    json_object_is_type(value, json_type_int))
		return is_number(value);
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			if (!has_numbers(json_object_array_get_idx(value, i)))
				return false;
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			if (!has_numbers(member))
				return false;
		}
	}
	return true;
}

/* NULL: it is no JSON object. */
static struct json_object *
parse_object(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *json;

	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	json_tokener_free(tokener);
	if (json_object_is_type(json, json_type_object))
		return json;
	json_object_put(json);
	return NULL;
}

static bool
is_key(const char *key)
{
	size_t length = strlen(key);

	for (const char *at = key; *at != '\0'; at++)
		if (!g_ascii_isgraph(*at))
			return false;
	return length > 0 && length <= KEY_MAX;
}

static char *
make_line(const char *text)
{
	char *line = g_strdup(text);

	for (char *at = line; *at != '\0'; at++)
		if (g_ascii_iscntrl(*at))
			*at = ' ';
	return line;
}

static const struct option_pair *
find_pair(const struct mail_options *options, const char *key)
{
	for (unsigned i = 0; i < options->metadata->len; i++) {
		const struct option_pair *pair = options->metadata->pdata[i];

		if (strcmp(pair->key, key) == 0)
			return pair;
	}
	return NULL;
}

void
options_json_pair(const struct options_reading *reading, const char *key,
    const char *value, bool bare)
{
	g_autofree char *line = make_line(value);
	struct option_pair pair = { (char *)key, line, bare };
	const struct option_pair *other = find_pair(reading->options, key);

	if (!is_key(key))
		options_note(reading->options,
		    "%s: \"%.100s\" was left out: a key has 1 to %d printable "
		    "ASCII characters",
		    reading->field, key, KEY_MAX);
	else if (other != NULL && strcmp(other->value, line) != 0)
		options_note(reading->options,
		    "%s: \"%.100s\" is \"%.60s\" and \"%.60s\": the first "
		    "counts",
		    reading->field, key, other->value, line);
	else
		options_add_metadata(reading->options, &pair);
}

void
options_json_tag(const struct options_reading *reading, const char *tag)
{
	g_autofree char *line = g_strstrip(make_line(tag));

	if (*line == '\0')
		return;
	if (reading->options->tags->len >= OPTIONS_TAGS_MAX)
		options_note(reading->options,
		    "%s: the tag \"%.100s\" was left out: a mail has %d at "
		    "most",
		    reading->field, line, OPTIONS_TAGS_MAX);
	else
		options_add_tag(reading->options, line);
}

static bool
is_bare(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double) ||
	       json_object_is_type(value, json_type_boolean);
}

/* A string as it is, anything else as its JSON. */
static const char *
read_text(struct json_object *value)
{
	return json_object_is_type(value, json_type_string)
		   ? json_object_get_string(value)
		   : json_object_to_json_string_ext(value, PLAIN);
}

static void
read_pairs(const struct options_reading *reading, struct json_object *object)
{
	json_object_object_foreach(object, key, value)
	{
		if (!has_numbers(value))
			options_note(reading->options,
			    "%s: \"%.100s\" was left out: its number has to be "
			    "finite, and a whole one within 64 bits",
			    reading->field, key);
		else if (!json_object_is_type(value, json_type_null))
			options_json_pair(
			    reading, key, read_text(value), is_bare(value));
	}
}

/* The values of one option, as a list. */
static void
set_text(const struct options_reading *reading, const char *text)
{
	struct option_value value = {
		.text = (char *)text,
		.field = (char *)reading->field,
		.dialect = reading->dialect,
	};

	options_set(reading->options, reading->option, &value);
}

static void
append_line(const struct options_reading *reading, const char *line)
{
	const char *before = reading->options->values[reading->option].text;
	g_autofree char *both =
	    before != NULL ? g_strconcat(before, "\n", line, NULL) : NULL;

	set_text(reading, both != NULL ? both : line);
}

/* In ASCII, where a character beyond it is \\uXXXX, or two of these. */
static size_t
weigh(gunichar letter)
{
	return letter > 0xffff ? 12 : letter > '~' ? 6 : 1;
}

/* False: it holds a word that no line has room for. */
static bool
can_be_folded(const char *text)
{
	size_t word = 0;
	char before = ' ';

	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		if (*text == ' ' && before != ' ')
			word = 0;
		before = *text;
		word += weigh(g_utf8_get_char(text));
		if (word > WORD_MAX)
			return false;
	}
	return true;
}

/* Mailgun's are fields of a form and go to no other service: no line is too
 * short for them. */
static bool
can_be_passed(const struct options_reading *reading, struct json_object *json)
{
	return has_numbers(json) &&
	       (g_strcmp0(reading->dialect, "mailgun") == 0 ||
		   can_be_folded(json_object_to_json_string_ext(json, SPACED)));
}

static bool
append_object(const struct options_reading *reading, struct json_object *json)
{
	if (!can_be_passed(reading, json))
		return false;
	append_line(reading, json_object_to_json_string_ext(json, SPACED));
	return true;
}

/* Mandrill refuses the mail for one who is none of its recipients. */
static bool
is_addressed(const struct options_reading *reading, struct json_object *person)
{
	const struct envelope *envelope = reading->envelope;
	const char *spec = json_object_get_string(person);

	for (unsigned i = 0; i < envelope->recipients->len; i++)
		if (json_object_is_type(person, json_type_string) &&
		    address_matches(envelope_recipient(envelope, i), spec))
			return true;
	return false;
}

static bool
append_person(const struct options_reading *reading, struct json_object *json,
    struct json_object *person)
{
	if (is_addressed(reading, person))
		return append_object(reading, json);
	options_note(reading->options,
	    "%s was left out: its _rcpt is %.100s, and no recipient of the "
	    "envelope",
	    reading->field, json_object_to_json_string_ext(person, PLAIN));
	return true;
}

bool
options_json_metadata(const struct options_reading *reading, const char *text)
{
	struct json_object *json = parse_object(text);
	struct json_object *person = NULL;
	bool good = json != NULL;

	if (good && reading->option == OPTION_RECIPIENT_METADATA &&
	    json_object_object_get_ex(json, "_rcpt", &person))
		good = append_person(reading, json, person);
	else if (good)
		read_pairs(reading, json);
	json_object_put(json);
	return good;
}

bool
options_json_object(const struct options_reading *reading, const char *text)
{
	struct json_object *json = parse_object(text);
	bool good = json != NULL && can_be_passed(reading, json);

	if (good)
		set_text(reading, json_object_to_json_string_ext(json, SPACED));
	json_object_put(json);
	return good;
}

bool
options_json_item(const struct options_reading *reading, const char *text)
{
	struct json_object *json = parse_object(text);
	bool good = json != NULL && append_object(reading, json);

	json_object_put(json);
	return good;
}

/* ---- X-SMTPAPI ---- */

static struct json_object *
find(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

static void
read_categories(
    const struct options_reading *reading, struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		options_json_tag(reading, json_object_get_string(value));
	if (!json_object_is_type(value, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *item = json_object_array_get_idx(value, i);

		if (json_object_is_type(item, json_type_string))
			options_json_tag(reading, json_object_get_string(item));
	}
}

static void
read_arguments(const struct options_reading *reading, struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		read_pairs(reading, value);
}

static void
read_filters(const struct options_reading *reading, struct json_object *value)
{
	static const struct {
		const char *name;
		enum mail_option option;
	} rows[] = {
		{ "clicktrack", OPTION_TRACK_CLICKS },
		{ "opentrack", OPTION_TRACK_OPENS },
	};
	struct options_reading one = *reading;

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct json_object *enable =
		    find(find(find(value, rows[i].name), "settings"), "enable");

		one.option = rows[i].option;
		if (enable != NULL)
			set_text(&one,
			    json_object_get_int(enable) != 0 ? "yes" : "no");
	}
}

static void
read_send_at(const struct options_reading *reading, struct json_object *value)
{
	struct options_reading one = *reading;
	int64_t seconds = json_object_get_int64(value);
	g_autofree char *text =
	    g_strdup_printf("%" G_GINT64_FORMAT, seconds * 1000);

	one.option = OPTION_SEND_AT;
	if (seconds > 0 && seconds < INT64_C(100000000000))
		set_text(&one, text);
	else
		options_set_fault(reading->options,
		    "send_at of its header field %s is %s; expected seconds "
		    "since 1970",
		    reading->field, json_object_get_string(value));
}

static bool
is_recipient(const struct envelope *envelope, struct json_object *item)
{
	const char *text = json_object_get_string(item);
	g_autofree char *spec = NULL;
	const char *open = text != NULL ? strrchr(text, '<') : NULL;

	if (text == NULL)
		return false;
	spec = g_strdup(open != NULL ? open + 1 : text);
	g_strdelimit(spec, ">", '\0');
	for (unsigned i = 0; i < envelope->recipients->len; i++)
		if (address_matches(envelope_recipient(envelope, i), spec))
			return true;
	return false;
}

/* SendGrid would send to these instead: who they are the envelope says here. */
static void
read_to(const struct options_reading *reading, struct json_object *value)
{
	bool known = json_object_is_type(value, json_type_array);
	size_t count = known ? json_object_array_length(value) : 0;

	for (size_t i = 0; i < count && known; i++)
		known = is_recipient(
		    reading->envelope, json_object_array_get_idx(value, i));
	if (!known)
		options_set_fault(reading->options,
		    "its header field %s has recipients (to) who are not in "
		    "the envelope; give them by RCPT TO",
		    reading->field);
}

static void
read_substitutions(
    const struct options_reading *reading, struct json_object *value)
{
	if (json_object_is_type(value, json_type_object) &&
	    json_object_object_length(value) == 0)
		return;
	options_set_fault(reading->options,
	    "its header field %s asks for substitutions in the text (sub, "
	    "section), and nobody here can do these; send the text as it is "
	    "to be",
	    reading->field);
}

static const struct {
	const char *name;
	void (*read)(const struct options_reading *, struct json_object *);
} members[] = {
	{ "category", read_categories },
	{ "unique_args", read_arguments },
	{ "filters", read_filters },
	{ "send_at", read_send_at },
	{ "to", read_to },
	{ "sub", read_substitutions },
	{ "section", read_substitutions },
};

static void
read_member(const struct options_reading *reading, const char *name,
    struct json_object *value)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(members); i++)
		if (strcmp(members[i].name, name) == 0) {
			members[i].read(reading, value);
			return;
		}
	options_note(reading->options,
	    "%s: \"%.100s\" was left out: it is not known here", reading->field,
	    name);
}

bool
options_json_smtpapi(const struct options_reading *reading, const char *text)
{
	struct json_object *json = parse_object(text);

	if (json == NULL)
		return false;
	json_object_object_foreach(json, name, value)
	{
		read_member(reading, name, value);
	}
	json_object_put(json);
	return true;
}
