/* SPDX-License-Identifier: MIT */
/*
 * Samples are numbers in the text form of Prometheus (exposition format 0.0.4):
 * of each metric its help and type once, then its samples.
 */
#ifndef STATUS_SAMPLE_H
#define STATUS_SAMPLE_H

#include "core/metrics.h"
#include <glib.h>
#include <stdbool.h>

enum sample_type {
	SAMPLE_COUNTER,
	SAMPLE_GAUGE,
	SAMPLE_HISTOGRAM,
};

/* One label; value NULL: none. */
struct sample_label {
	const char *name, *value;
};

/* Begins a metric; of a counter the name ends with _total. */
void sample_begin(
    GString *out, const char *name, enum sample_type type, const char *help);

/* A sample of the metric begun; labels end with a row whose name is NULL; NULL:
 * none. */
void sample_add(GString *out, const char *name,
    const struct sample_label *labels, double value);

/* A histogram's, in seconds, with its buckets cumulated. */
void sample_add_spread(GString *out, const char *name,
    const struct sample_label *labels, const struct metrics_spread *spread);

/* A metric of one sample without labels. */
void sample_one(GString *out, const char *name, const char *help, double value);

/* The same of a counter. */
void sample_count(
    GString *out, const char *name, const char *help, uint64_t count);

#endif
