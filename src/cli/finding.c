/* SPDX-License-Identifier: MIT */
#include "finding.h"

#include <json-c/json.h>
#include <stdio.h>

static const char *const words[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARN] = "warn",
	[FINDING_FAIL] = "fail",
};

static void
free_finding(void *object)
{
	struct finding *finding = object;

	g_free(finding->subject);
	g_free(finding->text);
	g_free(finding->advice);
	g_free(finding);
}

GPtrArray *
findings_new(void)
{
	return g_ptr_array_new_with_free_func(free_finding);
}

void
findings_add(GPtrArray *findings, enum finding_level level, const char *subject,
    const char *advice, char *text)
{
	struct finding *finding = g_new0(struct finding, 1);

	finding->level = level;
	finding->subject = g_strdup(subject);
	finding->text = text;
	finding->advice = g_strdup(advice);
	g_ptr_array_add(findings, finding);
}

enum finding_level
findings_worst(const GPtrArray *findings)
{
	enum finding_level worst = FINDING_OK;

	for (unsigned i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];

		worst = MAX(worst, finding->level);
	}
	return worst;
}

void
findings_print(const GPtrArray *findings)
{
	for (unsigned i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];

		printf("%-4s  %s: %s\n", words[finding->level],
		    finding->subject, finding->text);
		if (finding->advice != NULL)
			printf("      %s\n", finding->advice);
	}
}

void
findings_print_json(const GPtrArray *findings)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	json_object_object_add(object, "worst",
	    json_object_new_string(words[findings_worst(findings)]));
	for (unsigned i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "level",
		    json_object_new_string(words[finding->level]));
		json_object_object_add(
		    row, "subject", json_object_new_string(finding->subject));
		json_object_object_add(
		    row, "text", json_object_new_string(finding->text));
		json_object_object_add(row, "advice",
		    finding->advice == NULL
			? NULL
			: json_object_new_string(finding->advice));
		json_object_array_add(array, row);
	}
	json_object_object_add(object, "findings", array);
	puts(json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
