/* SPDX-License-Identifier: MIT */
/*
 * Probes ask each provider how our account there is, without sending mail: at
 * the start, every probe_interval, and once more just before a provider that
 * refused our account would be tried with a mail, which is spared when it is
 * still bad; soon again where it found nothing good.  A good one lets a mail
 * try such a provider at once, before its pause is over: once, and not again if
 * that mail is refused as well.  A probe closes no breaker else, and opens
 * none.  What a mail finds overrules it.  The dispatch thread.
 */
#ifndef DISPATCH_PROBE_H
#define DISPATCH_PROBE_H

#include "state.h"

struct probe;

/* The lanes are there; nothing is asked yet. */
void probe_open(struct dispatcher *dispatcher);
void probe_close(struct dispatcher *dispatcher);

/* What is known of a provider in the dispatcher before is known of the one of
 * its name, when it is the same account: it is no news when the next probe
 * finds it well, but one that is still ill is told of once more. */
void probe_inherit(
    struct dispatcher *dispatcher, const struct dispatcher *before);

/* All are probed, now and from time to time. */
void probe_start(struct dispatcher *dispatcher);
void probe_stop(struct dispatcher *dispatcher);

/* What is under way ends soon. */
void probe_break_off(const struct dispatcher *dispatcher);

/* The lane may have been closed because of our account. */
void probe_note(struct dispatcher *dispatcher, const struct lane *lane);

/* The provider took a mail: what a probe before that found wrong is not so. */
void probe_overrule(struct dispatcher *dispatcher, const struct lane *lane);

/* What the last probe of that provider found. */
void probe_fill(const struct dispatcher *dispatcher, unsigned number,
    struct provider_standing *standing);

#endif
