/* SPDX-License-Identifier: MIT */
#include "allowance.h"

#include <glib.h>

static struct bucket_flow
find_flow(const struct allowance *allowance, int64_t now_ms)
{
	double firsts = tally_sum(&allowance->firsts, now_ms);
	double rate = ALLOWANCE_PART * firsts * 1000 / (double)TALLY_MS;

	return (
	    struct bucket_flow){ MAX(rate, ALLOWANCE_LEAST), ALLOWANCE_BURST };
}

void
allowance_start(struct allowance *allowance)
{
	*allowance = (struct allowance){ .bucket.tokens = ALLOWANCE_BURST };
}

void
allowance_first(struct allowance *allowance, int64_t now_ms)
{
	tally_add(&allowance->firsts, now_ms);
}

int64_t
allowance_when(const struct allowance *allowance, int64_t now_ms)
{
	const struct bucket_flow flow = find_flow(allowance, now_ms);

	return bucket_when(&allowance->bucket, &flow, now_ms);
}

void
allowance_take(struct allowance *allowance, int64_t now_ms)
{
	const struct bucket_flow flow = find_flow(allowance, now_ms);

	bucket_take(&allowance->bucket, &flow, now_ms);
}

void
allowance_return(struct allowance *allowance)
{
	bucket_return(&allowance->bucket);
}
