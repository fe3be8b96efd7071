/* SPDX-License-Identifier: MIT */
#include "response.h"

#include "core/clock.h"
#include "mail/retry.h"
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#define DEPTH 32

/* Of a text for people, in bytes: an error page has no more to say. */
#define TEXT_MAX 2048

struct json_object *
response_read(const char *bytes, size_t size)
{
	g_autofree char *text = NULL;
	struct json_tokener *tokener;
	struct json_object *object;
	size_t length;

	if (size > INT_MAX / 3)
		return NULL;
	/* it may echo what the mail says, byte for byte */
	text = g_utf8_make_valid(bytes, (gssize)size);
	length = strlen(text);
	tokener = json_tokener_new_ex(DEPTH);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)length);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != length) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

struct json_object *
response_parse(const struct http_response *response)
{
	return response->cut
		   ? NULL
		   : response_read(response->body->str, response->body->len);
}

const char *
response_member(struct json_object *object, const char *name)
{
	struct json_object *member = NULL;
	const char *text;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, name, &member) ||
	    !json_object_is_type(member, json_type_string))
		return NULL;
	text = json_object_get_string(member);
	if (strlen(text) != (size_t)json_object_get_string_len(member))
		return NULL;
	return text;
}

static bool
begins_with(const char *text, const char *start)
{
	return g_ascii_strncasecmp(text, start, strlen(start)) == 0;
}

static const char *
find_tag(const char *text, const char *tag)
{
	for (; *text != '\0'; text++)
		if (begins_with(text, tag))
			return text;
	return NULL;
}

static char *
read_title(const char *page)
{
	const char *title = find_tag(page, "<title>");
	const char *end;

	if (title == NULL)
		return NULL;
	title += strlen("<title>");
	end = strchr(title, '<');
	return end == NULL ? NULL : g_strndup(title, (size_t)(end - title));
}

char *
response_text(const struct http_response *response)
{
	char *text =
	    verdict_clean(response->body->str, response->body->len, TEXT_MAX);
	char *title;

	if (text[strspn(text, " ")] != '<')
		return text;
	title = read_title(text);
	g_free(text);
	return title != NULL ? title : g_strdup("");
}

/* RFC 9110 15.5: a 4xx says that nothing was taken. */
static enum verdict_class
judge_unknown(unsigned status)
{
	return status >= 400 && status <= 499 ? VERDICT_PAYLOAD : VERDICT_DOUBT;
}

static bool
has_left(const struct exchange *exchange)
{
	return exchange->body == NULL ||
	       exchange->sent_bytes >= segments_size(exchange->body);
}

static void
set_verdicts(struct outcome *outcome, const struct verdict *verdict)
{
	outcome_set_all(
	    outcome, verdict->class, verdict->status, verdict->text);
	for (unsigned i = 0; i < outcome->count; i++)
		outcome->verdicts[i].unlikely = verdict->unlikely;
}

/* "HTTP 502: text"; a title often begins with the number itself. */
static char *
tell_status(unsigned status, const char *text)
{
	g_autofree char *number = g_strdup_printf("%u ", status);

	if (*text == '\0')
		return g_strdup_printf("HTTP %u", status);
	if (g_str_has_prefix(text, number))
		return g_strdup_printf("HTTP %s", text);
	return g_strdup_printf("HTTP %u: %s", status, text);
}

void
response_judge(const struct exchange *exchange,
    const struct verdict_table *table, const char *text,
    struct outcome *outcome)
{
	const struct http_response *response = &exchange->http_response;
	const struct verdict_rule *rule =
	    verdict_find(table, response->status, text);
	g_autofree char *said = NULL;
	struct verdict verdict = { .status = response->status };

	verdict.class =
	    rule != NULL ? rule->class : judge_unknown(response->status);
	if (verdict.class == VERDICT_DOUBT && response->status >= 300) {
		verdict.unlikely =
		    rule == NULL || rule->mark == VERDICT_UNLIKELY;
		if (!has_left(exchange))
			verdict = (struct verdict){ VERDICT_OUTAGE,
				.status = response->status };
	}
	said = tell_status(response->status, text);
	verdict.text = said;
	set_verdicts(outcome, &verdict);
	outcome->unknown = rule == NULL || rule->mark == VERDICT_UNKNOWN;
	if (verdict.class != VERDICT_THROTTLE &&
	    verdict.class != VERDICT_OUTAGE)
		return;
	outcome->retry_ms = response->retry_ms;
	if (outcome->retry_ms == 0)
		outcome->retry_ms = retry_in_text(text, clock_wall_ms());
}
