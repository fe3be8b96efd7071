/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include "mail/raw.h"
#include <string.h>

/* Header recipients that this delivery does not go to would get a copy, or be
 * left out of sight, when To and Cc are fields. */
static bool
shows_others(const struct delivery *delivery, const GPtrArray *addresses)
{
	for (unsigned i = 0; i < addresses->len; i++)
		if (!delivery_is_for(delivery, addresses->pdata[i]))
			return true;
	return false;
}

static uint64_t
find_recipient_losses(const struct delivery *delivery)
{
	const struct message *message = delivery->message;
	uint64_t losses = 0;

	if (shows_others(delivery, message->to) ||
	    shows_others(delivery, message->cc))
		losses |= PLAN_HEADER_RECIPIENTS;
	if (message->to->len == 0)
		losses |= PLAN_NO_VISIBLE;
	return losses;
}

/* What the extra fields weigh, as the providers count them: name and value. */
static uint64_t
weigh_extra_fields(const struct message *message)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < message->header->fields->len; i++) {
		const struct header_field *field = &g_array_index(
		    message->header->fields, struct header_field, i);
		if (!message_field_is_own(field->name))
			bytes += strlen(field->name) + strlen(field->body);
	}
	return bytes;
}

/* The traits that a form loses nothing of. */
static uint64_t
find_carried(const struct translator_limits *limits, enum delivery_form form)
{
	enum carry_forms alone =
	    form == DELIVERY_FIELDS ? CARRY_FIELDS : CARRY_RAW;
	uint64_t carried = 0;

	for (const struct carry *row = limits->carry;
	     row != NULL && row->traits != 0; row++)
		if (row->forms == alone || row->forms == CARRY_BOTH)
			carried |= row->traits;
	return carried;
}

/* A field of the mail that the provider has another of. */
static bool
has_reserved(
    const struct message *message, const struct translator_limits *limits)
{
	const char *const *name = limits->reserved;

	for (; name != NULL && *name != NULL; name++)
		if (header_find(message->header, *name) != NULL)
			return true;
	return false;
}

/* Of a header that has to become ASCII: a signature that speaks of it, and what
 * cannot be encoded. */
static uint64_t
find_header_losses(const struct message *message)
{
	uint64_t losses = 0;

	if (!message->submission->seen.eightbit_header)
		return 0;
	losses |= message->traits & TRAIT_DKIM;
	if (!raw_is_header_ascii(message))
		losses |= TRAIT_EIGHTBIT_FIELD;
	return losses;
}

/* What is lost in that form, of the mail itself. */
static uint64_t
find_losses(const struct message *message,
    const struct translator_limits *limits, enum delivery_form form)
{
	uint64_t losses = message->traits & ~find_carried(limits, form);

	if (form == DELIVERY_RAW && limits->raw_ascii)
		losses |= find_header_losses(message);
	return has_reserved(message, limits) ? losses | PLAN_RESERVED : losses;
}

static uint64_t
find_field_losses(
    const struct delivery *delivery, const struct translator_limits *limits)
{
	uint64_t losses =
	    find_losses(delivery->message, limits, DELIVERY_FIELDS);

	if (limits->header_recipients)
		losses |= find_recipient_losses(delivery);
	if (limits->options_bytes != 0 &&
	    weigh_extra_fields(delivery->message) > limits->options_bytes)
		losses |= PLAN_OPTIONS;
	return losses;
}

uint64_t
plan_losses(const struct delivery *delivery,
    const struct translator_limits *limits, enum delivery_form form)
{
	return form == DELIVERY_FIELDS
		   ? find_field_losses(delivery, limits)
		   : find_losses(delivery->message, limits, DELIVERY_RAW);
}

static bool
is_raw_possible(
    const struct delivery *delivery, const struct translator_limits *limits)
{
	const struct limiter_seen *seen = &delivery->message->submission->seen;

	if (!limits->raw_utf8)
		return true;
	if (!seen->eightbit_header && !seen->eightbit_body)
		return true;
	return raw_is_utf8(delivery->message);
}

/* Some losses make the field form impossible, not merely poorer: the content
 * is not in the message at all, or strangers would get the mail. */
static bool
are_fields_possible(uint64_t losses, const struct translator_limits *limits)
{
	return limits->fields &&
	       !(losses &
		   (TRAIT_OPAQUE | TRAIT_TEXT_LARGE | PLAN_HEADER_RECIPIENTS |
		       PLAN_NO_VISIBLE | PLAN_OPTIONS));
}

/* Fields are taken when they lose nothing, or less than the raw mail would and
 * nothing else. */
static bool
keeps_more(uint64_t as_fields, uint64_t as_raw)
{
	as_fields &= ~PLAN_SLIGHT;
	as_raw &= ~PLAN_SLIGHT;
	return as_fields == 0 ||
	       (as_fields != as_raw && (as_fields & ~as_raw) == 0);
}

static void
choose_fields(struct plan *plan, uint64_t losses)
{
	plan->form = DELIVERY_FIELDS;
	plan->losses = losses;
}

static void
choose_raw(struct plan *plan, uint64_t losses, uint64_t avoided)
{
	plan->form = DELIVERY_RAW;
	plan->losses = losses;
	plan->avoided = avoided & ~PLAN_SLIGHT;
}

/* What is in the way whatever the form. */
static enum plan_obstacle
find_bar(const struct delivery *delivery, const struct provider *provider)
{
	g_autofree char *domain = NULL;

	if (spool_size(delivery->message->submission->spool) >
	    provider->size_bytes)
		return PLAN_TOO_LARGE;
	domain = delivery_from_domain(delivery);
	return provider_domain(provider, domain) != NULL ? PLAN_POSSIBLE
							 : PLAN_DOMAIN;
}

static enum format
choose_format(const struct delivery *delivery, const struct provider *provider)
{
	return delivery->format != FORMAT_AUTO ? delivery->format
					       : provider->format;
}

void
plan_make(struct plan *plan, const struct delivery *delivery,
    const struct provider *provider)
{
	const struct translator_limits *limits = &provider->translator->limits;
	const struct message *message = delivery->message;

	*plan = (struct plan){ .obstacle = find_bar(delivery, provider) };
	if (plan->obstacle != PLAN_POSSIBLE)
		return;
	uint64_t as_fields = plan_losses(delivery, limits, DELIVERY_FIELDS);
	uint64_t as_raw = plan_losses(delivery, limits, DELIVERY_RAW);
	enum format format = choose_format(delivery, provider);
	bool fields =
	    are_fields_possible(as_fields, limits) && format != FORMAT_RAW;

	if (fields &&
	    (format == FORMAT_FIELDS || keeps_more(as_fields, as_raw)))
		choose_fields(plan, as_fields);
	else if (is_raw_possible(delivery, limits))
		choose_raw(plan, as_raw, as_fields);
	else if (fields)
		choose_fields(plan, as_fields);
	else
		plan->obstacle = message->traits & TRAIT_OPAQUE ? PLAN_OPAQUE
								: PLAN_NOT_UTF8;
}

/* Losses beside the traits, of any kind of provider. */
static const struct own_loss {
	enum plan_loss loss;
	const char *text, *why;
} own_losses[] = {
	{ PLAN_HEADER_RECIPIENTS,
	    "header recipients who are not in this envelope",
	    "whoever stands in a field gets the mail" },
	{ PLAN_NO_VISIBLE, "no recipient in To", "one has to be shown" },
	{ PLAN_OPTIONS, "more header fields than the API takes",
	    "all of them together are limited" },
	{ PLAN_RESERVED, "a header field that the provider sets itself",
	    "its own takes that place" },
};

static const struct own_loss *
find_own(uint64_t loss)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(own_losses); i++)
		if (own_losses[i].loss == loss)
			return &own_losses[i];
	return NULL;
}

const char *
plan_loss_text(uint64_t loss)
{
	const struct own_loss *own = find_own(loss);

	return own != NULL ? own->text : trait_text(loss);
}

const char *
plan_loss_why(uint64_t loss, const struct translator_limits *limits)
{
	const struct own_loss *own = find_own(loss);
	const struct carry *row = limits->carry;

	if (own != NULL)
		return own->why;
	for (; row != NULL && row->traits != 0; row++)
		if (row->traits & loss)
			return row->why;
	return "nobody says what becomes of it";
}

char *
plan_losses_text(uint64_t losses)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < PLAN_LOSS_BITS; i++)
		if (losses & UINT64_C(1) << i)
			g_string_append_printf(text, "%s%s",
			    text->len ? ", " : "",
			    plan_loss_text(UINT64_C(1) << i));
	return g_string_free(text, FALSE);
}

const char *
plan_obstacle_text(enum plan_obstacle obstacle)
{
	switch (obstacle) {
	case PLAN_POSSIBLE:
		return "possible";
	case PLAN_TOO_LARGE:
		return "larger than it takes";
	case PLAN_OPAQUE:
		return "too complex to be taken apart, and not to be sent raw "
		       "there";
	case PLAN_NOT_UTF8:
		return "raw mail must be UTF-8 there";
	case PLAN_DOMAIN:
		return "its domains do not include that of From";
	case PLAN_BOUND:
		return "it cannot do what the mail asks for";
	}
	g_assert_not_reached();
}

char *
plan_obstacle_explain(
    enum plan_obstacle obstacle, const struct delivery *delivery)
{
	g_autofree char *domain = delivery_from_domain(delivery);

	if (obstacle == PLAN_DOMAIN && *domain != '\0')
		return g_strdup_printf("its domains do not include %s", domain);
	return g_strdup(plan_obstacle_text(obstacle));
}
