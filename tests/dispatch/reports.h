/* SPDX-License-Identifier: MIT */
/*
 * The reports that the dispatcher of the made-up world has made: mails of the
 * queue.
 */
#ifndef TESTS_DISPATCH_REPORTS_H
#define TESTS_DISPATCH_REPORTS_H

#include "vault.h"

const char *
bounce_obstacle(const struct message *message, const char *const *known)
{
	const struct mail *mail = find_mail(message);

	g_assert(known != NULL);
	if (mail->about != NULL)
		return "a report";
	return mail->mute ? "mute" : NULL;
}

/* The world's warnings are always worth something. */
int64_t
bounce_expires_ms(const struct message *message)
{
	(void)message;
	return 0;
}

static void
note_told(struct mail *report, const GArray *recipients)
{
	for (unsigned i = 0; i < recipients->len; i++) {
		const struct journal_recipient *told =
		    &g_array_index(recipients, struct journal_recipient, i);
		report->tells |= UINT64_C(1) << told->number;
		if (told->is.state == RECIPIENT_REFUSED ||
		    (report->warning && told->is.state == RECIPIENT_WAITING))
			continue;
		violate("m%u: told of r%u, which is %s", report->about->number,
		    told->number, recipient_state_text(told->is.state));
	}
}

struct submission *
bounce_make(const struct message *message, const GArray *recipients,
    const struct bounce_options *options)
{
	struct mail *report = &world.mail[world.mails];

	errno = ENOSPC;
	if (world.mails == MAILS_MAX || virtual_chance(10) || world.ghost) {
		happened[HAPPENED_LATE_BOUNCE]++;
		return NULL;
	}
	report->number = world.mails++;
	report->about = find_mail(message);
	report->policy = report->wants = ANY;
	report->count = 1;
	report->targets = g_new0(struct target, 1);
	report->queued = true;
	report->warning = options->action == BOUNCE_DELAYED;
	report->row.received_ms = virtual_wall_ms();
	report->disliked = virtual_random(16) & virtual_random(16);
	if (!g_str_has_prefix(options->from, "MAILER-DAEMON@example."))
		violate("m%u: a report from %s", report->about->number,
		    options->from);
	note_told(report, recipients);
	return make_submission(report);
}

#endif
