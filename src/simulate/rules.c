/* SPDX-License-Identifier: MIT */
#include "rules.h"
#include "people.h"
#include <json-c/json.h>
#include <string.h>

static bool
matches(const struct rule *rule, const char *name)
{
	size_t length = strlen(rule->name);

	if (rule->name[length - 1] == ':')
		return strncmp(rule->name, name, length) == 0 &&
		       name[length] != '\0';
	return strcmp(rule->name, name) == 0;
}

static const struct rule *
find_rule(const struct rule *rules, const char *name)
{
	for (; rules->name != NULL; rules++) {
		if (matches(rules, name))
			return rules;
	}
	return NULL;
}

static bool
is_one_of(const char *value, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcmp(*words, value) == 0)
			return true;
	}
	return false;
}

static bool
is_on(const char *value)
{
	return strcmp(value, "yes") == 0;
}

static bool
is_yes(const char *value)
{
	static const char *const words[] = { "yes", "no", "true", "false",
		NULL };

	return is_one_of(value, words);
}

static bool
is_htmlonly(const char *value)
{
	return is_yes(value) || strcmp(value, "htmlonly") == 0;
}

static bool
fits(const char *value, const char *pattern)
{
	return g_regex_match_simple(
	    pattern, value, G_REGEX_OPTIMIZE, G_REGEX_MATCH_DEFAULT);
}

static bool
is_date(const char *value)
{
	return fits(value,
	    "^((Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?[0-9]{1,2} "
	    "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
	    "[0-9]{2}:[0-9]{2}(:[0-9]{2})? ([+-][0-9]{4}|GMT|UTC)$|"
	    "^[0-9]{9,10}$");
}

static bool
is_within(const char *value)
{
	unsigned hours = 0, minutes = 0;
	const char *h = strchr(value, 'h');

	if (!fits(value, "^([0-9]{1,2}h)?([0-9]{1,2}m)?$") || *value == '\0')
		return false;
	if (h != NULL)
		hours = (unsigned)g_ascii_strtoull(value, NULL, 10);
	value = h != NULL ? h + 1 : value;
	minutes = 60 * hours + (unsigned)g_ascii_strtoull(value, NULL, 10);
	return minutes >= 5 && minutes <= 24 * 60;
}

static bool
is_hours(const char *value)
{
	guint64 hours = g_ascii_strtoull(value, NULL, 10);

	return fits(value, "^[0-9]{2}h$") && hours >= 24 && hours <= 72;
}

static bool
is_zone(const char *value)
{
	return fits(value,
	    "^(([01][0-9]|2[0-3]):[0-5][0-9]|(0[0-9]|1[0-2]):[0-5][0-9][AaPp]"
	    "[Mm])$");
}

static bool
is_tag(const char *value)
{
	return g_str_is_ascii(value) && strlen(value) <= 128;
}

static bool
is_selector(const char *value)
{
	return fits(value, "^[A-Za-z0-9.-]+/[A-Za-z0-9._-]+$");
}

static bool
is_json(const char *value)
{
	struct json_object *object = json_tokener_parse(value);
	bool valid = json_object_is_type(object, json_type_object);

	json_object_put(object);
	return valid;
}

static bool
is_people(const char *value)
{
	return people_read(value, NULL);
}

typedef bool (*shape_fn)(const char *value);

/* How a value is judged and what Mailgun says of a wrong one; %s is the
 * field's name, %v the value.  Texts of options are in the style of the others,
 * no source has them. */
struct shape_row {
	enum shape shape;
	shape_fn fits; /* NULL: anything does */
	const char *message;
};

static const struct shape_row shapes[] = {
	{ SHAPE_TEXT, NULL, NULL },
	{ SHAPE_PEOPLE, is_people,
	    "'%s' parameter is not a valid address. please check "
	    "documentation" },
	{ SHAPE_FILE, NULL, NULL },
	{ SHAPE_ON, is_on, "Invalid value for parameter '%s'" },
	{ SHAPE_YES, is_yes, "Invalid value for parameter '%s'" },
	{ SHAPE_HTMLONLY, is_htmlonly, "Invalid value for parameter '%s'" },
	{ SHAPE_DATE, is_date, "%v is not an RFC-2822 compliant date" },
	{ SHAPE_WITHIN, is_within, "invalid delivery time format" },
	{ SHAPE_HOURS, is_hours, "invalid delivery time format" },
	{ SHAPE_ZONE, is_zone, "%s has an invalid format" },
	{ SHAPE_TAG, is_tag, "Invalid value for parameter '%s'" },
	{ SHAPE_SELECTOR, is_selector,
	    "%v is not a valid secondary dkim domain name" },
	{ SHAPE_JSON, is_json, "'%s' parameter is not a valid JSON" },
	{ SHAPE_HEADER, NULL, NULL },
};

static char *
print_message(const char *message, const char *name, const char *value)
{
	GString *text = g_string_new(message);

	g_string_replace(text, "%s", name, 1);
	g_string_replace(text, "%v", value, 1);
	return g_string_free(text, FALSE);
}

static char *
check_file(const struct piece *part)
{
	if (part->file || strcmp(part->name, "message") != 0)
		return NULL;
	return g_strdup("'message' parameter is not a file");
}

/* RFC 5322 2.2: printable, no space, no colon. */
static bool
is_name(const char *name)
{
	for (; *name != '\0'; name++) {
		if (!g_ascii_isgraph(*name) || *name == ':')
			return false;
	}
	return true;
}

static char *
check_header(const struct piece *part, GPtrArray *notes)
{
	const char *name = part->name + 2;
	const char *value = blob_text(part->body);

	if (!g_str_is_ascii(name))
		return g_strdup_printf(
		    "Header name must be pure ASCII: %s", name);
	if (!is_name(name))
		g_ptr_array_add(notes,
		    g_strdup_printf("%s is no name of a header", part->name));
	if (value != NULL && strpbrk(value, "\r\n") != NULL)
		g_ptr_array_add(notes,
		    g_strdup_printf("%s holds a line break", part->name));
	return NULL;
}

static char *
check_value(const struct rule *rule, const struct piece *part, GPtrArray *notes)
{
	const struct shape_row *row = &shapes[rule->shape];
	const char *value = blob_text(part->body);

	if (rule->shape == SHAPE_FILE)
		return check_file(part);
	if (part->file)
		g_ptr_array_add(notes,
		    g_strdup_printf("field %s comes as a file", part->name));
	if (value != NULL && !g_utf8_validate(value, -1, NULL))
		g_ptr_array_add(notes,
		    g_strdup_printf("field %s is not UTF-8", part->name));
	if (rule->shape == SHAPE_HEADER)
		return check_header(part, notes);
	if (row->fits == NULL || (value != NULL && row->fits(value)))
		return NULL;
	return print_message(
	    row->message, part->name, value != NULL ? value : "");
}

static unsigned
count(const GPtrArray *parts, const char *name)
{
	unsigned n = 0;

	for (guint i = 0; i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];

		n += strcmp(part->name, name) == 0;
	}
	return n;
}

static char *
check_required(const struct rule *rules, const GPtrArray *parts)
{
	for (; rules->name != NULL; rules++) {
		if (rules->required && piece_find(parts, rules->name) == NULL)
			return g_strdup_printf(
			    "%s parameter is missing", rules->name);
	}
	return NULL;
}

char *
rules_check(const struct rule *rules, const GPtrArray *parts, GPtrArray *notes)
{
	char *message = check_required(rules, parts);

	for (guint i = 0; message == NULL && i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];
		const struct rule *rule = find_rule(rules, part->name);

		if (rule == NULL) {
			g_ptr_array_add(
			    notes, g_strdup_printf(
				       "field %s is not known", part->name));
			continue;
		}
		if (rule->at_most > 0 &&
		    count(parts, part->name) > rule->at_most)
			g_ptr_array_add(notes,
			    g_strdup_printf("field %s comes more than %u "
					    "times",
				part->name, rule->at_most));
		message = check_value(rule, part, notes);
	}
	return message;
}
