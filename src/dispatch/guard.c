/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <glib.h>

static bool
knows_mail(const struct guard *guard, uint64_t mail)
{
	for (unsigned i = 0; i < MIN(guard->count, GUARD_MAILS); i++)
		if (guard->last[i].mail == mail)
			return true;
	return false;
}

bool
guard_refused(struct guard *guard, const struct guard_refusal *refusal)
{
	if (knows_mail(guard, refusal->mail))
		return false;
	if (guard->count > 0 && (guard->last[0].sender != refusal->sender ||
				    guard->last[0].domain != refusal->domain))
		guard->various = true;
	guard->last[guard->count++ % GUARD_MAILS] = *refusal;
	if (guard->distrusted || guard->count < GUARD_MAILS || !guard->various)
		return false;
	guard->distrusted = true;
	return true;
}

int64_t
guard_wait(const struct guard *guard, int64_t wait_ms)
{
	unsigned doublings = guard->count > 1 ? guard->count - 1 : 0;

	/* ten of one sender to one domain: they are at fault */
	if (guard->count >= GUARD_MAILS)
		return wait_ms;
	return MAX(wait_ms, MIN(wait_ms << doublings, GUARD_WAIT_MOST_MS));
}

bool
guard_accepted(struct guard *guard)
{
	bool had = guard->count > 0 || guard->distrusted;

	*guard = (struct guard){ 0 };
	return had;
}
