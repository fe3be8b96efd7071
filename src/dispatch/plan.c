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

static uint64_t
find_field_losses(
    const struct delivery *delivery, const struct translator_limits *limits)
{
	uint64_t losses = delivery->message->traits & ~limits->fields_carry;

	if (limits->header_recipients)
		losses |= find_recipient_losses(delivery);
	if (limits->options_bytes != 0 &&
	    weigh_extra_fields(delivery->message) > limits->options_bytes)
		losses |= PLAN_OPTIONS;
	return losses;
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
	plan->avoided = avoided;
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
	uint64_t as_fields = find_field_losses(delivery, limits);
	uint64_t as_raw = message->traits & ~limits->raw_carry;
	enum format format = choose_format(delivery, provider);
	bool fields =
	    are_fields_possible(as_fields, limits) && format != FORMAT_RAW;

	if (fields && (as_fields == 0 || format == FORMAT_FIELDS))
		choose_fields(plan, as_fields);
	else if (is_raw_possible(delivery, limits))
		choose_raw(plan, as_raw, as_fields);
	else if (fields)
		choose_fields(plan, as_fields);
	else
		plan->obstacle = message->traits & TRAIT_OPAQUE ? PLAN_OPAQUE
								: PLAN_NOT_UTF8;
}

char *
plan_losses_text(uint64_t losses)
{
	static const struct {
		enum plan_loss loss;
		const char *text;
	} own[] = {
		{ PLAN_HEADER_RECIPIENTS,
		    "header recipients who are not in this envelope" },
		{ PLAN_NO_VISIBLE, "no recipient in To" },
		{ PLAN_OPTIONS, "more header fields than the API takes" },
	};
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		if (losses & UINT64_C(1) << i)
			g_string_append_printf(text, "%s%s",
			    text->len ? ", " : "",
			    trait_text(UINT64_C(1) << i));
	for (unsigned i = 0; i < G_N_ELEMENTS(own); i++)
		if (losses & own[i].loss)
			g_string_append_printf(
			    text, "%s%s", text->len ? ", " : "", own[i].text);
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
		return "of another type than the mail is bound to";
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
