/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <string.h>

struct rows {
	GPtrArray *all;   /* struct setting */
	GPtrArray *kinds; /* char, of the tables */
};

static bool
has_text(const GPtrArray *texts, const char *text)
{
	for (unsigned i = 0; i < texts->len; i++)
		if (strcmp(texts->pdata[i], text) == 0)
			return true;
	return false;
}

static void
add_row(struct rows *rows, const struct setting *row)
{
	g_ptr_array_add(rows->all, (void *)row);
	if (!has_text(rows->kinds, row->section))
		g_ptr_array_add(rows->kinds, (void *)row->section);
}

struct rows *
rows_new(const struct setting *const *tables)
{
	struct rows *rows = g_new(struct rows, 1);

	rows->all = g_ptr_array_new();
	rows->kinds = g_ptr_array_new();
	for (; *tables != NULL; tables++)
		for (const struct setting *row = *tables; row->section != NULL;
		     row++)
			add_row(rows, row);
	g_ptr_array_add(rows->all, NULL);
	g_ptr_array_add(rows->kinds, NULL);
	return rows;
}

void
rows_free(struct rows *rows)
{
	if (rows == NULL)
		return;
	g_ptr_array_unref(rows->all);
	g_ptr_array_unref(rows->kinds);
	g_free(rows);
}

const char *const *
rows_kinds(const struct rows *rows)
{
	return (const char *const *)rows->kinds->pdata;
}

bool
rows_is_nameless(const char *kind)
{
	return strcmp(kind, "server") == 0;
}

const struct setting *const *
rows_all(const struct rows *rows)
{
	return (const struct setting *const *)rows->all->pdata;
}

bool
rows_applies(const struct setting *row, const char *type)
{
	return row->only == NULL || g_strcmp0(row->only, type) == 0;
}

const struct setting *
rows_find(const struct rows *rows, const char *kind, const char *key,
    const char *type)
{
	for (const struct setting *const *row = rows_all(rows); *row != NULL;
	     row++) {
		if (strcmp((*row)->section, kind) != 0 ||
		    strcmp((*row)->key, key) != 0)
			continue;
		if (type == NULL || rows_applies(*row, type))
			return *row;
	}
	return NULL;
}

static void
add_key(GPtrArray *keys, char *key)
{
	if (has_text(keys, key))
		g_free(key);
	else
		g_ptr_array_add(keys, key);
}

GPtrArray *
rows_keys(const struct rows *rows, const char *kind)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);

	for (const struct setting *const *row = rows_all(rows); *row != NULL;
	     row++) {
		if (strcmp((*row)->section, kind) != 0)
			continue;
		add_key(keys, g_strdup((*row)->key));
		if ((*row)->type == SETTING_SECRET)
			add_key(keys,
			    g_strconcat((*row)->key, ROWS_FILE_SUFFIX, NULL));
	}
	return keys;
}

/* One row of the distance, from the two before it. */
static void
fill_distances(const char *word, const char *other, size_t i, unsigned *rows[3])
{
	size_t length = strlen(other);
	unsigned *now = rows[0], *last = rows[1], *before = rows[2];

	now[0] = (unsigned)i;
	for (size_t j = 1; j <= length; j++) {
		unsigned cost = word[i - 1] != other[j - 1];

		now[j] = MIN(last[j], now[j - 1]) + 1;
		now[j] = MIN(now[j], last[j - 1] + cost);
		if (i > 1 && j > 1 && word[i - 1] == other[j - 2] &&
		    word[i - 2] == other[j - 1])
			now[j] = MIN(now[j], before[j - 2] + 1);
	}
}

/* Letters to insert, leave out, replace, or swap with their neighbour. */
static unsigned
measure_distance(const char *word, const char *other)
{
	size_t length = strlen(other);
	g_autofree unsigned *cells = g_new0(unsigned, 3 * (length + 1));
	unsigned *rows[3] = { cells, cells + length + 1,
		cells + 2 * (length + 1) };

	for (size_t j = 0; j <= length; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= strlen(word); i++) {
		unsigned *oldest = rows[2];

		rows[2] = rows[1];
		rows[1] = rows[0];
		rows[0] = oldest;
		fill_distances(word, other, i, rows);
	}
	return rows[0][length];
}

const char *
rows_nearest(const char *word, const GPtrArray *known)
{
	g_autofree char *lower = g_ascii_strdown(word, -1);
	unsigned best = (unsigned)CLAMP(strlen(word) / 3, 1, 3) + 1;
	const char *nearest = NULL;

	if (strlen(word) > 256)
		return NULL;
	for (unsigned i = 0; i < known->len; i++) {
		g_autofree char *other = g_ascii_strdown(known->pdata[i], -1);
		unsigned distance = measure_distance(lower, other);

		if (distance < best) {
			best = distance;
			nearest = known->pdata[i];
		}
	}
	return nearest;
}
