/* SPDX-License-Identifier: MIT */
#include "deposit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct deposit {
	const struct composition_place *place;
	struct spool *spool;
	struct limiter *limiter;
	uint64_t bytes; /* put into the spool */
	enum composition_end end;
	enum limiter_verdict verdict;
	bool held;   /* a CR: what follows decides */
	bool inside; /* a line is open */
	bool bare;   /* a bare LF or a lone CR was mended */
	bool lone;   /* a lone CR was */
};

struct deposit *
deposit_new(const struct composition_place *place)
{
	struct deposit *deposit = g_new0(struct deposit, 1);

	deposit->place = place;
	deposit->spool = spool_new(place->spools);
	deposit->limiter = limiter_new(place->limits);
	return deposit;
}

void
deposit_free(struct deposit *deposit)
{
	if (deposit == NULL)
		return;
	g_clear_pointer(&deposit->spool, spool_unref);
	limiter_free(deposit->limiter);
	g_free(deposit);
}

static enum composition_end
judge_errno(int error)
{
	if (error == ENOMEM)
		return COMPOSITION_MEMORY;
	return error == ENOSPC || error == EDQUOT ? COMPOSITION_FULL
						  : COMPOSITION_BROKEN;
}

static void
keep(struct deposit *deposit, const void *bytes, size_t length)
{
	if (deposit->end != COMPOSITION_MADE || length == 0)
		return;
	if (deposit->place->mail_bytes - deposit->bytes < length) {
		deposit->end = COMPOSITION_LARGE;
		return;
	}
	deposit->bytes += length;
	deposit->verdict = limiter_feed(deposit->limiter, bytes, length);
	if (deposit->verdict != LIMITER_OK)
		deposit->end = COMPOSITION_REFUSED;
	else if (!spool_append(deposit->spool, bytes, length))
		deposit->end = judge_errno(errno);
}

/* The CR that the last piece ended with, and what comes is no LF. */
static void
mend_return(struct deposit *deposit)
{
	deposit->held = false;
	deposit->bare = deposit->lone = true;
	keep(deposit, " ", 1);
}

/* Whole lines as they are, up to the first line end that is not CR LF, or may
 * not be: the bytes taken. */
static size_t
take_run(struct deposit *deposit, const char *at, const char *end)
{
	const char *stop = at;

	while (stop < end) {
		if (*stop == '\r' && stop + 1 < end && stop[1] == '\n')
			stop++;
		else if (*stop == '\r' || *stop == '\n')
			break;
		stop++;
	}
	keep(deposit, at, (size_t)(stop - at));
	if (stop > at)
		deposit->inside = stop[-1] != '\n';
	return (size_t)(stop - at);
}

static void
take_mark(struct deposit *deposit, char mark)
{
	if (mark == '\r') {
		deposit->held = deposit->inside = true;
		return;
	}
	deposit->bare |= !deposit->held;
	deposit->held = deposit->inside = false;
	keep(deposit, "\r\n", 2);
}

bool
deposit_put(struct deposit *deposit, const void *bytes, size_t length)
{
	const char *at = bytes, *end = at + length;

	while (at < end && deposit->end == COMPOSITION_MADE) {
		if (deposit->held && *at != '\n')
			mend_return(deposit);
		if (!deposit->held)
			at += take_run(deposit, at, end);
		if (at < end)
			take_mark(deposit, *at++);
	}
	return deposit->end == COMPOSITION_MADE;
}

void
deposit_break(struct deposit *deposit)
{
	if (deposit->end == COMPOSITION_MADE)
		deposit->end = COMPOSITION_BROKEN;
}

static char *
tell(const struct deposit *deposit)
{
	switch (deposit->end) {
	case COMPOSITION_LARGE:
		return g_strdup_printf("the mail is larger than %" PRIu64
				       " bytes, attachments encoded, which is "
				       "the limit (max_size)",
		    deposit->place->mail_bytes);
	case COMPOSITION_REFUSED:
		return g_strdup(limiter_text(deposit->verdict));
	case COMPOSITION_MEMORY:
		return g_strdup("there is no memory for more mail just now; "
				"send it again later");
	case COMPOSITION_FULL:
		return g_strdup("the disk has no room for more mail just now; "
				"send it again later");
	case COMPOSITION_BROKEN:
	case COMPOSITION_MADE:
		break;
	}
	return g_strdup("a local file could not be read or written; send it "
			"again later");
}

/* As at the end of DATA: mended to a blank, a CR may have hidden a field from
 * all who take Bcc out. */
static void
end_watch(struct deposit *deposit, struct limiter_seen *seen)
{
	deposit->verdict = limiter_end(deposit->limiter, seen);
	if (deposit->verdict == LIMITER_OK && deposit->lone && seen->bcc_inside)
		deposit->verdict = LIMITER_BCC;
	if (deposit->verdict != LIMITER_OK)
		deposit->end = COMPOSITION_REFUSED;
}

enum composition_end
deposit_end(struct deposit *deposit, struct submission *submission, char **why)
{
	bool bare = deposit->bare;

	*why = NULL;
	if (deposit->inside)
		take_mark(deposit, '\n');
	if (deposit->end == COMPOSITION_MADE)
		end_watch(deposit, &submission->seen);
	if (deposit->end == COMPOSITION_MADE && !spool_seal(deposit->spool))
		deposit->end = judge_errno(errno);
	if (deposit->end != COMPOSITION_MADE) {
		*why = tell(deposit);
		return deposit->end;
	}
	submission->spool = g_steal_pointer(&deposit->spool);
	submission->repaired = bare;
	return COMPOSITION_MADE;
}
