/* SPDX-License-Identifier: MIT */
#include "omission.h"

#include "core/log.h"

#include <glib.h>

void
omission_note(struct omissions *omissions, const struct omission *omission,
    int64_t now_ms)
{
	if (omissions->told_ms != 0 &&
	    now_ms - omissions->told_ms < OMISSION_EACH_MS) {
		omissions->more++;
		omissions->what = omission->what;
		g_free(omissions->why);
		omissions->why = g_strdup(omission->why);
		return;
	}
	omission_tell(omissions, now_ms);
	log_warn("not recorded", log_str("mail", omission->mail),
	    log_str("entry", omission->what), log_str("why", omission->why));
	omissions->told_ms = MAX(now_ms, (int64_t)1);
}

void
omission_tell(struct omissions *omissions, int64_t now_ms)
{
	if (omissions->more == 0)
		return;
	log_warn("more not recorded", log_num("entries", omissions->more),
	    log_str("last", omissions->what), log_str("why", omissions->why));
	omissions->told_ms = MAX(now_ms, (int64_t)1);
	omissions->more = 0;
	g_clear_pointer(&omissions->why, g_free);
}
