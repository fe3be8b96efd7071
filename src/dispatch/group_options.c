/* SPDX-License-Identifier: MIT */
#include "group_options.h"

#include "core/log.h"

static void
add_send_at(const struct route *route, const struct submission *submission,
    struct mail_options *options)
{
	g_autofree char *at = NULL;
	g_autofree char *field = NULL;

	if (route->send_delay_ms == 0 ||
	    options->values[OPTION_SEND_AT].text != NULL)
		return;
	at = g_strdup_printf("%" G_GINT64_FORMAT,
	    submission->received_ms + route->send_delay_ms);
	field = g_strdup_printf("send_delay of [route %s]", route->name);
	options_set(options, OPTION_SEND_AT,
	    &(const struct option_value){ .text = at, .field = field });
}

static void
stop_copies(const struct flight *flight, const struct flight_group *group,
    struct mail_options *options)
{
	static const enum mail_option copies[] = { OPTION_BCC_ADDRESS,
		OPTION_ARCHIVE_TO };
	static const struct option_value none = { 0 };

	if (group->way == FLIGHT_STRAIGHT &&
	    group->route->guise.only_to == NULL)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(copies); i++) {
		const char *field = options->values[copies[i]].field;

		if (field == NULL)
			continue;
		log_warn("control header changed", FLIGHT_LOG(flight->message),
		    log_str("field", field),
		    log_str("route", group->route->name),
		    log_str("why", "left out: the route says who may get it"));
		options_set(options, copies[i], &none);
	}
}

struct mail_options *
group_options_make(
    const struct flight *flight, const struct flight_group *group)
{
	const struct submission *submission = flight->message->submission;
	const struct route *route = group->route;
	bool asks = !submission->report && (!options_is_empty(route->options) ||
					       route->send_delay_ms != 0);
	struct mail_options *none, *options;

	if (flight->options == NULL && !asks)
		return NULL;
	none = options_new();
	options = options_join(flight->options != NULL ? flight->options : none,
	    asks ? route->options : none);
	options_free(none);
	if (asks)
		add_send_at(route, submission, options);
	stop_copies(flight, group, options);
	if (options_is_empty(options))
		g_clear_pointer(&options, options_free);
	return options;
}
