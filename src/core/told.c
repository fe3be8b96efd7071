/* SPDX-License-Identifier: MIT */
#include "told.h"

#include <string.h>

struct told {
	GPtrArray *faults; /* struct fault */
};

struct fault {
	char *section; /* "[server]"; NULL: any */
	char *key;     /* NULL: any */
};

static void
free_fault(void *object)
{
	struct fault *fault = object;

	g_free(fault->section);
	g_free(fault->key);
	g_free(fault);
}

struct told *
told_new(void)
{
	struct told *told = g_new(struct told, 1);

	told->faults = g_ptr_array_new_with_free_func(free_fault);
	return told;
}

void
told_free(struct told *told)
{
	if (told == NULL)
		return;
	g_ptr_array_unref(told->faults);
	g_free(told);
}

void
told_add(struct told *told, const char *section, const char *key)
{
	struct fault *fault = g_new0(struct fault, 1);

	if (section != NULL)
		fault->section = g_strdup_printf("[%s]", section);
	fault->key = g_strdup(key);
	g_ptr_array_add(told->faults, fault);
}

static bool
is_of_key(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* The key stands there, and not as a part of another. */
static bool
has_key(const char *text, const char *key)
{
	const char *at = text;

	while ((at = strstr(at, key)) != NULL) {
		const char *end = at + strlen(key);

		if ((at == text || !is_of_key(at[-1])) && !is_of_key(*end))
			return true;
		at = end;
	}
	return false;
}

bool
told_has(const struct told *told, const char *error)
{
	for (unsigned i = 0; i < told->faults->len; i++) {
		const struct fault *fault = told->faults->pdata[i];

		if ((fault->section == NULL ||
			strstr(error, fault->section) != NULL) &&
		    (fault->key == NULL || has_key(error, fault->key)))
			return true;
	}
	return false;
}
