/* SPDX-License-Identifier: MIT */
#include "notice.h"

#include "core/clock.h"
#include "mail/outcome.h"
#include <json-c/json.h>
#include <string.h>

/* Longer texts are cut. */
#define TEXT_MAX 1024

static char *
clean(const char *text)
{
	return text == NULL ? NULL
			    : verdict_clean(text, strlen(text), TEXT_MAX);
}

struct notice *
notice_new(const struct alarm *alarm)
{
	struct notice *notice = g_new0(struct notice, 1);

	notice->kind = clean(alarm->kind);
	notice->subject = clean(alarm->subject == NULL ? "" : alarm->subject);
	notice->group = clean(alarm->group);
	notice->over = alarm->over;
	notice->since_ms = alarm->since_ms;
	notice->text = clean(alarm->text == NULL ? "" : alarm->text);
	notice->advice = clean(alarm->advice);
	return notice;
}

struct notice *
notice_copy(const struct notice *notice)
{
	struct notice *copy = g_memdup2(notice, sizeof *notice);

	copy->kind = g_strdup(notice->kind);
	copy->subject = g_strdup(notice->subject);
	copy->group = g_strdup(notice->group);
	copy->text = g_strdup(notice->text);
	copy->advice = g_strdup(notice->advice);
	return copy;
}

void
notice_free(struct notice *notice)
{
	if (notice == NULL)
		return;
	g_free(notice->kind);
	g_free(notice->subject);
	g_free(notice->group);
	g_free(notice->text);
	g_free(notice->advice);
	g_free(notice);
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(
	    object, key, text == NULL ? NULL : json_object_new_string(text));
}

char *
notice_json(const struct notice *notice, const char *hostname)
{
	struct json_object *object = json_object_new_object();
	char since[CLOCK_RFC3339_LENGTH];
	char *text;

	clock_rfc3339(notice->since_ms, since);
	add_text(object, "kind", notice->kind);
	add_text(object, "subject", notice->subject);
	json_object_object_add(
	    object, "over", json_object_new_boolean(notice->over));
	add_text(object, "since", since);
	add_text(object, "text", notice->text);
	add_text(object, "advice", notice->advice);
	json_object_object_add(
	    object, "left_out", json_object_new_int64(notice->left_out));
	add_text(object, "host", hostname);
	add_text(object, "version", POSTFERRY_VERSION);
	text = g_strconcat(
	    json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    "\n", NULL);
	json_object_put(object);
	return text;
}
