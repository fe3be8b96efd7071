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

bool
guard_accepted(struct guard *guard)
{
	bool had = guard->count > 0 || guard->distrusted;

	*guard = (struct guard){ 0 };
	return had;
}
