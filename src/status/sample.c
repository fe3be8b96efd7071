/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <math.h>

static const char *const types[] = {
	[SAMPLE_COUNTER] = "counter",
	[SAMPLE_GAUGE] = "gauge",
	[SAMPLE_HISTOGRAM] = "histogram",
};

void
sample_begin(
    GString *out, const char *name, enum sample_type type, const char *help)
{
	g_string_append_printf(
	    out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

static void
append_label(GString *out, char separator, const struct sample_label *label)
{
	g_string_append_printf(out, "%c%s=\"", separator, label->name);
	for (const char *at = label->value; *at != '\0'; at++)
		if (*at == '\n')
			g_string_append(out, "\\n");
		else if (*at == '"' || *at == '\\')
			g_string_append_printf(out, "\\%c", *at);
		else
			g_string_append_c(out, *at);
	g_string_append_c(out, '"');
}

/* With one more at their end, unless its name is NULL. */
static void
append_labels(GString *out, const struct sample_label *labels,
    const struct sample_label *last)
{
	char separator = '{';

	for (; labels != NULL && labels->name != NULL; labels++) {
		append_label(out, separator, labels);
		separator = ',';
	}
	if (last->name != NULL) {
		append_label(out, separator, last);
		separator = ',';
	}
	if (separator == ',')
		g_string_append_c(out, '}');
}

static void
append_value(GString *out, double value)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];

	/* all digits, of the numbers that a double holds exactly */
	if (value == floor(value) && fabs(value) < 0x1p53)
		g_string_append_printf(
		    out, " %" G_GINT64_FORMAT "\n", (gint64)value);
	else
		g_string_append_printf(out, " %s\n",
		    g_ascii_formatd(digits, sizeof digits, "%.15g", value));
}

void
sample_add(GString *out, const char *name, const struct sample_label *labels,
    double value)
{
	g_string_append(out, name);
	append_labels(out, labels, &(struct sample_label){ NULL, NULL });
	append_value(out, value);
}

static void
add_part(GString *out, const char *name, const char *part,
    const struct sample_label *labels, double value)
{
	g_autofree char *whole = g_strconcat(name, part, NULL);

	sample_add(out, whole, labels, value);
}

void
sample_add_spread(GString *out, const char *name,
    const struct sample_label *labels, const struct metrics_spread *spread)
{
	uint64_t total = 0;
	char bound[G_ASCII_DTOSTR_BUF_SIZE];

	for (unsigned i = 0; i < METRICS_BUCKETS; i++) {
		bool last = i == METRICS_BUCKETS - 1;
		struct sample_label label = { "le", last ? "+Inf" : bound };

		if (!last)
			g_ascii_formatd(bound, sizeof bound, "%g",
			    (double)metrics_bound_us(i) / 1e6);
		total += spread->counts[i];
		g_string_append_printf(out, "%s_bucket", name);
		append_labels(out, labels, &label);
		append_value(out, (double)total);
	}
	add_part(out, name, "_sum", labels, (double)spread->sum_us / 1e6);
	add_part(out, name, "_count", labels, (double)total);
}

void
sample_one(GString *out, const char *name, const char *help, double value)
{
	sample_begin(out, name, SAMPLE_GAUGE, help);
	sample_add(out, name, NULL, value);
}

void
sample_count(GString *out, const char *name, const char *help, uint64_t count)
{
	sample_begin(out, name, SAMPLE_COUNTER, help);
	sample_add(out, name, NULL, (double)count);
}
