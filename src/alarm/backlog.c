/* SPDX-License-Identifier: MIT */
#include "backlog.h"

void
backlog_add(struct backlog *backlog, struct notice *notice)
{
	if (backlog->waiting.length < BACKLOG_MAX) {
		g_queue_push_tail(&backlog->waiting, notice);
		return;
	}
	backlog->left_out += 1 + notice->left_out;
	notice_free(notice);
}

struct notice *
backlog_take(struct backlog *backlog)
{
	struct notice *notice = g_queue_pop_head(&backlog->waiting);

	if (notice == NULL)
		return NULL;
	notice->left_out += backlog->left_out;
	backlog->left_out = 0;
	return notice;
}

void
backlog_clear(struct backlog *backlog)
{
	struct notice *notice;

	while ((notice = backlog_take(backlog)) != NULL)
		notice_free(notice);
}
