/* SPDX-License-Identifier: MIT */
/*
 * The plan says how one provider would carry one delivery: as fields when
 * nothing is lost that way, raw when something is, and what is lost all the
 * same.  Computed from the message's traits and the translator's limits; reads
 * the spool only when the translator needs UTF-8 or an ASCII header.  A work
 * thread.
 */
#ifndef DISPATCH_PLAN_H
#define DISPATCH_PLAN_H

#include "provider.h"

/* Losses beside the traits (mail/message.h): of this delivery, not of the
 * message. */
enum plan_loss {
	/* To or Cc shows who is not in it */
	PLAN_HEADER_RECIPIENTS = UINT64_C(1) << 56,
	PLAN_NO_VISIBLE = UINT64_C(1) << 57, /* there is no To */
	PLAN_OPTIONS = UINT64_C(1) << 58,    /* extra fields over the limit */
	PLAN_RESERVED = UINT64_C(1) << 59,   /* a field the provider sets */
};

/* A set of losses has as many bits; a loss is one of them. */
#define PLAN_LOSS_BITS 64

/* Those that are said and change nothing: because a client's clock is wrong its
 * mail goes by nobody else, and in no other form. */
#define PLAN_SLIGHT ((uint64_t)TRAIT_DATE)

enum plan_obstacle {
	PLAN_POSSIBLE,
	PLAN_TOO_LARGE, /* over the provider's size */
	PLAN_OPAQUE,    /* has to go raw, and cannot here */
	PLAN_NOT_UTF8,  /* raw has to be UTF-8 here, and the mail is not */
	PLAN_DOMAIN,    /* not for this From domain */
	PLAN_BOUND,     /* the mail asks for what another type alone has */
};

struct plan {
	enum plan_obstacle obstacle; /* not PLAN_POSSIBLE: not by this one */
	enum delivery_form form;
	uint64_t losses;  /* enum trait and enum plan_loss: lost in this form */
	uint64_t avoided; /* lost as fields: why it goes raw */
};

/* Never PLAN_BOUND, which is no matter of the delivery. */
void plan_make(struct plan *plan, const struct delivery *delivery,
    const struct provider *provider);

/* What the delivery would lose in that form, chosen or not. */
uint64_t plan_losses(const struct delivery *delivery,
    const struct translator_limits *limits, enum delivery_form form);

/* One loss in words, and what becomes of it there. */
const char *plan_loss_text(uint64_t loss);
const char *plan_loss_why(
    uint64_t loss, const struct translator_limits *limits);

/* The losses in words, separated by commas; "" for none.  New string. */
char *plan_losses_text(uint64_t losses);

/* One phrase: why not by this provider. */
const char *plan_obstacle_text(enum plan_obstacle obstacle);

/* The same of this delivery, with its From domain.  New string. */
char *plan_obstacle_explain(
    enum plan_obstacle obstacle, const struct delivery *delivery);

#endif
