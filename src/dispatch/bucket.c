/* SPDX-License-Identifier: MIT */
#include "bucket.h"

#include <glib.h>
#include <math.h>

/* Sums of fractions are not exact. */
#define NEARLY_ONE (1 - 1e-6)

static double
find_level(
    const struct bucket *bucket, const struct bucket_flow *flow, int64_t now_ms)
{
	double passed_ms = (double)MAX(now_ms - bucket->at_ms, (int64_t)0);
	/* who is woken for a token comes up to a ms late: what flowed in
	 * meanwhile is not lost */
	double most = flow->size + flow->rate / 1000;

	return MIN(bucket->tokens + passed_ms * flow->rate / 1000, most);
}

int64_t
bucket_when(
    const struct bucket *bucket, const struct bucket_flow *flow, int64_t now_ms)
{
	double level = find_level(bucket, flow, now_ms);

	if (level >= NEARLY_ONE)
		return now_ms;
	/* a flow of next to nothing must not leave the range of the type */
	double wait_ms =
	    MIN(ceil((NEARLY_ONE - level) * 1000 / flow->rate), 1e15);
	return MAX(now_ms, bucket->at_ms) + MAX((int64_t)wait_ms, (int64_t)1);
}

void
bucket_take(
    struct bucket *bucket, const struct bucket_flow *flow, int64_t now_ms)
{
	bucket->tokens = find_level(bucket, flow, now_ms) - 1;
	bucket->at_ms = MAX(now_ms, bucket->at_ms);
}

void
bucket_rest(
    struct bucket *bucket, const struct bucket_flow *flow, int64_t until_ms)
{
	bucket->tokens = MIN(find_level(bucket, flow, until_ms), 1.0);
	bucket->at_ms = MAX(until_ms, bucket->at_ms);
}

void
bucket_return(struct bucket *bucket)
{
	bucket->tokens++;
}
