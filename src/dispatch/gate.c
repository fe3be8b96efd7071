/* SPDX-License-Identifier: MIT */
#include "gate.h"

void
gate_start(struct gate *gate, const struct provider_pace *pace)
{
	*gate = (struct gate){
		.pace = pace,
		.bucket.tokens = MAX(pace->burst, 1),
		.hour = { .span_ms = QUOTA_HOUR_MS, .most = pace->hour_max },
		.day = { .span_ms = QUOTA_DAY_MS, .most = pace->day_max },
	};
}

bool
gate_is_closed(const struct gate *gate, int64_t now_ms)
{
	return now_ms < gate->until_ms;
}

double
gate_rate(const struct gate *gate, int64_t now_ms)
{
	int64_t passed = MAX(now_ms - gate->slow.at_ms, (int64_t)0);
	double steps = (double)(passed / GATE_FASTER_MS);
	double rate = gate->slow.rate + steps * GATE_FASTER * gate->slow.goal;

	return rate >= gate->slow.goal ? gate->pace->rate : rate;
}

bool
gate_is_slowed(const struct gate *gate, int64_t now_ms)
{
	double rate = gate_rate(gate, now_ms);

	return gate->slow.goal > 0 && rate > 0 && rate < gate->slow.goal;
}

void
gate_recall(struct gate *gate, const struct gate_slow *slow)
{
	gate->slow = *slow;
	if (gate->pace->rate > 0)
		gate->slow.goal = gate->pace->rate;
	gate->slow.rate = MIN(slow->rate, gate->slow.goal);
}

/* It flows as it did when the bucket was last touched: of a rate that grew
 * since, that is too little, never too much. */
static struct bucket_flow
find_flow(const struct gate *gate, int64_t now_ms)
{
	double now = gate_rate(gate, now_ms);
	double then = gate_rate(gate, MIN(now_ms, gate->bucket.at_ms));
	double burst = gate->pace->rate > 0 ? gate->pace->burst : now;

	if (now < gate->slow.goal)
		burst = MIN(burst, now);
	return (struct bucket_flow){ then > 0 ? then : now, MAX(burst, 1) };
}

int64_t
gate_when(const struct gate *gate, int64_t now_ms)
{
	if (gate_rate(gate, now_ms) <= 0)
		return now_ms;
	const struct bucket_flow flow = find_flow(gate, now_ms);
	return bucket_when(&gate->bucket, &flow, now_ms);
}

int64_t
gate_quota_when(const struct gate *gate, unsigned recipients, int64_t wall_ms)
{
	if (!quota_fits(&gate->day, recipients, wall_ms))
		return quota_turn_ms(&gate->day, wall_ms);
	if (!quota_fits(&gate->hour, recipients, wall_ms))
		return quota_turn_ms(&gate->hour, wall_ms);
	return wall_ms;
}

static double
measure_rate(const struct gate_measure *measure, int64_t now_ms)
{
	int64_t passed = MAX(now_ms - measure->since_ms, (int64_t)1000);
	double now = measure->count * 1000.0 / (double)passed;

	return passed < 2 * GATE_MEASURE_MS ? MAX(now, measure->last) : now;
}

static void
note_pass(struct gate_measure *measure, int64_t now_ms)
{
	int64_t passed = now_ms - measure->since_ms;

	if (measure->count == 0 || passed >= GATE_MEASURE_MS) {
		measure->last = passed < 2 * GATE_MEASURE_MS
				    ? measure_rate(measure, now_ms)
				    : 0;
		measure->since_ms = now_ms;
		measure->count = 0;
	}
	measure->count++;
}

struct gate_pass
gate_pass(
    struct gate *gate, unsigned recipients, int64_t now_ms, int64_t wall_ms)
{
	note_pass(&gate->measure, now_ms);
	if (gate_rate(gate, now_ms) > 0) {
		const struct bucket_flow flow = find_flow(gate, now_ms);
		bucket_take(&gate->bucket, &flow, now_ms);
	}
	return (struct gate_pass){
		.recipients = recipients,
		.hour = quota_take(&gate->hour, recipients, wall_ms),
		.day = quota_take(&gate->day, recipients, wall_ms),
		.closings = gate->closings,
	};
}

void
gate_return(
    struct gate *gate, const struct gate_pass *pass, unsigned recipients)
{
	quota_return(&gate->hour, recipients, pass->hour);
	quota_return(&gate->day, recipients, pass->day);
}

bool
gate_keep(struct gate *gate)
{
	bool hour = quota_keep(&gate->hour);

	return quota_keep(&gate->day) || hour;
}

void
gate_keep_exact(struct gate *gate)
{
	gate->hour.kept = gate->hour.used;
	gate->day.kept = gate->day.used;
}

static void
slow_down(struct gate *gate, int64_t now_ms)
{
	double set = gate->pace->rate;
	double rate = gate_rate(gate, now_ms);
	double least;

	if (rate <= 0)
		rate = measure_rate(&gate->measure, now_ms);
	gate->slow.goal = set > 0 ? set : MAX(2 * rate, 2 * GATE_RATE_LEAST);
	least = MIN(GATE_RATE_LEAST, gate->slow.goal);
	gate->slow.rate = MAX(rate * GATE_SLOWER, least);
}

void
gate_throttle(struct gate *gate, const struct gate_pass *pass, int64_t now_ms,
    int64_t retry_ms)
{
	int64_t until = now_ms + MIN(retry_ms, GATE_CLOSED_MOST_MS);

	if (pass->closings == gate->closings) {
		slow_down(gate, now_ms);
		gate->closings++;
	}
	gate->until_ms = MAX(gate->until_ms, until);
	/* behind it mail trickles: no burst out of what flowed in meanwhile */
	gate->slow.at_ms = gate->until_ms;
	const struct bucket_flow flow = find_flow(gate, now_ms);
	bucket_rest(&gate->bucket, &flow, gate->until_ms);
}
