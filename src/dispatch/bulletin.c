/* SPDX-License-Identifier: MIT */
#include "bulletin.h"

#include "core/log.h"

/* Pauses that repeat are told no more often. */
#define TELL_MS (60 * INT64_C(1000))

/* What a person can do, by the status of the refusal; the last row for any
 * other. */
static const struct {
	unsigned status;
	const char *advice;
} advices[] = {
	{ 401, "check the provider's key in the settings, and in its dashboard "
	       "that the key exists and is active" },
	{ 402, "pay or raise the plan at the provider: it refuses for money" },
	{ 403,
	    "see in the provider's dashboard whether the account is suspended, "
	    "the key may send and our address is allowed" },
	{ 404, "check domain and region (base_url) of the provider in the "
	       "settings: it does not know the domain" },
	{ 530, "check username and password of the provider in the settings" },
	{ 535, "check username and password of the provider in the settings" },
	{ 0,
	    "check the provider's settings, and its dashboard for what it asks "
	    "of the account" },
};

static const char *
choose_advice(unsigned status)
{
	unsigned i = 0;

	while (advices[i].status != 0 && advices[i].status != status)
		i++;
	return advices[i].advice;
}

static int64_t
find_pause(const struct lane *lane, int64_t now_ms)
{
	return MAX(lane_until(lane, now_ms) - now_ms, (int64_t)0);
}

static void
tell_unusable(
    struct dispatcher *dispatcher, const struct lane *lane, const char *advice)
{
	const char *name = lane->provider->name;
	g_autofree char *text = g_strdup_printf(
	    "%s refuses our account: %s", name, lane->why ? lane->why : "-");

	const struct log_field fields[] = {
		log_str("provider", name),
		log_num(
		    "pause_ms", find_pause(lane, dispatcher_now(dispatcher))),
		log_str("text", lane->why),
		log_str_if("advice", advice),
		{ .type = LOG_TYPE_END },
	};

	if (alarms_are_on(dispatcher->alarms, "provider_unusable", name))
		log_write(LOG_LEVEL_WARN, "provider still refuses our account",
		    fields);
	else
		log_write(
		    LOG_LEVEL_ERROR, "provider refuses our account", fields);
	alarms_begin(
	    dispatcher->alarms, &(struct alarm){ .kind = "provider_unusable",
				    .subject = name,
				    .text = text,
				    .advice = advice });
}

#define DISTRUST_ADVICE                                                      \
	"see what it says of each: most often the account or the domain is " \
	"at fault; what it refuses from now on is not bounced, but sent by " \
	"another or later; `bounce made` in the log names what bounced before"

static void
tell_distrusted(struct dispatcher *dispatcher, const struct lane *lane)
{
	const char *name = lane->provider->name;
	unsigned told = lane->guard.told;
	g_autofree char *before = told > 0 ? lane_state_told(told) : NULL;
	g_autofree char *text = g_strdup_printf("%s refuses all mail: %s%s%s",
	    name, lane->why ? lane->why : "-", told > 0 ? "; " : "",
	    told > 0 ? before : "");

	log_error("provider refuses everything, it is not believed",
	    log_str("provider", name),
	    log_num("pause_ms", find_pause(lane, dispatcher_now(dispatcher))),
	    log_num("told_before", told), log_str("text", lane->why),
	    log_str("advice", DISTRUST_ADVICE));
	alarms_begin(
	    dispatcher->alarms, &(struct alarm){ .kind = "provider_distrusted",
				    .subject = name,
				    .text = text,
				    .advice = DISTRUST_ADVICE });
}

/* One that pauses again and again is told once a minute. */
static bool
is_told_enough(struct lane *lane, int64_t now_ms)
{
	struct lane_notice *notice = &lane->notice;

	if (notice->closed && notice->told_ms != 0 &&
	    now_ms - notice->told_ms < TELL_MS) {
		notice->left_out++;
		return true;
	}
	notice->told_ms = now_ms;
	return false;
}

static void
tell_paused(struct lane *lane, const struct verdict *verdict, int64_t now_ms)
{
	enum lane_mode mode = lane_mode(lane, now_ms);
	const char *class =
	    verdict != NULL ? verdict_class_text(verdict->class) : NULL;

	if (is_told_enough(lane, now_ms))
		return;
	lane->notice.pause_ms = find_pause(lane, now_ms);
	log_warn("provider paused", log_str("provider", lane->provider->name),
	    log_str("state", lane_state_word(mode)), log_str("class", class),
	    log_num("pause_ms", lane->notice.pause_ms),
	    log_num("times_before", lane->notice.left_out),
	    log_str("text", lane->why));
	lane->notice.left_out = 0;
}

/* It failed again: each pause that is longer, else once a minute. */
static void
tell_longer(struct lane *lane, int64_t now_ms)
{
	struct lane_notice *notice = &lane->notice;
	int64_t pause = find_pause(lane, now_ms);

	if (pause <= notice->pause_ms && is_told_enough(lane, now_ms))
		return;
	notice->pause_ms = pause;
	log_info("provider paused again",
	    log_str("provider", lane->provider->name),
	    log_num("pause_ms", pause),
	    log_num("times_before", notice->left_out),
	    log_str("text", lane->why));
	notice->left_out = 0;
}

static void
tell_closed(struct dispatcher *dispatcher, struct lane *lane,
    const struct verdict *verdict)
{
	int64_t now = dispatcher_now(dispatcher);
	enum lane_mode mode = lane_mode(lane, now);

	if (mode == LANE_UNUSABLE)
		tell_unusable(dispatcher, lane,
		    choose_advice(verdict != NULL ? verdict->status : 0));
	else if (mode != LANE_DISTRUST)
		tell_paused(lane, verdict, now);
	lane->notice.closed = true;
}

static void
tell_back(struct dispatcher *dispatcher, struct lane *lane)
{
	const char *name = lane->provider->name;
	g_autofree char *text = g_strconcat(name, " is well again", NULL);

	log_info("provider back", log_str("provider", name));
	alarms_end(dispatcher->alarms, "provider_unusable", name, text);
	alarms_end(dispatcher->alarms, "provider_distrusted", name, text);
	lane->notice = (struct lane_notice){ 0 };
}

static void
tell_cut_off(struct dispatcher *dispatcher, const struct lane *lane)
{
	static const char advice[] =
	    "see whether this host reaches anything else (its network, its "
	    "name server, a proxy or firewall); mail waits and goes on by "
	    "itself";
	const char *host = dispatcher->options.hostname;
	const char *why = lane->why != NULL ? lane->why : "-";
	g_autofree char *text = g_strdup_printf(
	    "%s comes to no connection with any provider (last %s: %s): most "
	    "likely its own network or name server, less likely all of them "
	    "at once",
	    host, lane->provider->name, why);

	log_error("no provider can be reached from this host, mail waits",
	    log_str("host", host), log_str("provider", lane->provider->name),
	    log_str("text", why), log_str_if("advice", advice));
	alarms_begin(dispatcher->alarms, &(struct alarm){ .kind = "cut_off",
					     .subject = host,
					     .text = text,
					     .advice = advice });
}

static void
tell_connected(struct dispatcher *dispatcher)
{
	log_info("this host reaches its providers again",
	    log_str("host", dispatcher->options.hostname));
	alarms_end(dispatcher->alarms, "cut_off", dispatcher->options.hostname,
	    "this host reaches its providers again");
}

static void
tell_changes(struct dispatcher *dispatcher, struct lane *lane, unsigned changes,
    const struct verdict *verdict)
{
	if (changes & LANE_ALL_CUT_OFF)
		tell_cut_off(dispatcher, lane);
	if (changes & LANE_ALL_CONNECTED)
		tell_connected(dispatcher);
	if (changes & LANE_CLOSED && !(changes & LANE_ALL_CUT_OFF))
		tell_closed(dispatcher, lane, verdict);
	if (changes & LANE_LONGER)
		tell_longer(lane, dispatcher_now(dispatcher));
	if (changes & LANE_DISTRUSTED)
		tell_distrusted(dispatcher, lane);
	if (changes & LANE_BELIEVED)
		alarms_end(dispatcher->alarms, "provider_distrusted",
		    lane->provider->name, "it takes mail again");
}

static char *
name_sender(const struct lane *lane, const struct flight *flight)
{
	return g_strdup_printf(
	    "%s for %s", lane->provider->name, flight->attempt.from_domain);
}

static void
tell_sender(struct dispatcher *dispatcher, const struct lane *lane,
    const struct flight *flight, const struct verdict *verdict)
{
	const char *domain = flight->attempt.from_domain;
	g_autofree char *subject = name_sender(lane, flight);
	g_autofree char *text = g_strdup_printf("%s refuses mail From %s: %s",
	    lane->provider->name, domain, verdict->text);
	g_autofree char *advice = g_strdup_printf(
	    "verify %s at the provider (its DNS records for SPF and DKIM)",
	    domain);

	log_error("provider refuses sender domain",
	    log_str("provider", lane->provider->name),
	    log_str("domain", domain),
	    log_num("pause_ms", lane->limits->sender_ms),
	    log_str("text", verdict->text), log_str_if("advice", advice));
	alarms_begin(
	    dispatcher->alarms, &(struct alarm){ .kind = "sender_refused",
				    .subject = subject,
				    .text = text,
				    .advice = advice });
}

/* Accepted, and not on its way: it lies there until a person acts. */
static const struct verdict *
find_held(const struct outcome *outcome)
{
	for (unsigned i = 0; i < outcome->count; i++)
		if (outcome->verdicts[i].held)
			return &outcome->verdicts[i];
	return NULL;
}

static void
tell_held(struct dispatcher *dispatcher, const struct lane *lane,
    const struct flight *flight, const struct verdict *verdict)
{
	const char *name = lane->provider->name;
	g_autofree char *text = g_strdup_printf(
	    "%s accepts mail and holds it back: %s", name, verdict->text);

	log_error("provider holds mail back", FLIGHT_LOG(flight->message),
	    log_str("provider", name), log_str("text", verdict->text));
	alarms_begin(dispatcher->alarms,
	    &(struct alarm){ .kind = "provider_held_back",
		.subject = name,
		.text = text,
		.advice = "see in its dashboard what it waits for (payment, a "
			  "review, an hourly quota): it has the mail, so we "
			  "do not send it again" });
}

static void
tell_accepted(struct dispatcher *dispatcher, const struct lane *lane,
    const struct flight *flight)
{
	g_autofree char *subject = name_sender(lane, flight);

	alarms_end(dispatcher->alarms, "sender_refused", subject,
	    "mail From there is taken again");
	alarms_end(dispatcher->alarms, "provider_held_back",
	    lane->provider->name, "mail goes out again");
}

/* A pause that is over proves nothing: it is back when it says so itself. */
static bool
is_back(const struct lane *lane, unsigned changes, unsigned accepted,
    const struct outcome *outcome)
{
	if (changes & LANE_BACK && judge_refused(outcome) > 0)
		return true;
	return accepted > 0 && lane->mode == LANE_OPEN &&
	       (lane->notice.closed || changes & LANE_BACK);
}

/* Alarms of before the start are over as well. */
static void
end_old(struct dispatcher *dispatcher, const struct lane *lane)
{
	const char *name = lane->provider->name;

	alarms_end(dispatcher->alarms, "cut_off", dispatcher->options.hostname,
	    "this host reaches its providers again");
	if (lane->mode != LANE_OPEN)
		return;
	alarms_end(
	    dispatcher->alarms, "provider_unusable", name, "it takes mail");
	alarms_end(
	    dispatcher->alarms, "provider_distrusted", name, "it takes mail");
}

void
bulletin_attempt(struct dispatcher *dispatcher, const struct flight *flight,
    unsigned changes, const struct outcome *outcome)
{
	struct lane *lane = dispatcher->lanes[flight->provider];
	const struct verdict *worst = judge_worst(outcome);
	const struct verdict *held = find_held(outcome);
	unsigned accepted = ledger_accepted(outcome);

	if (held != NULL)
		tell_held(dispatcher, lane, flight, held);
	else if (accepted > 0)
		tell_accepted(dispatcher, lane, flight);
	if (changes & LANE_SENDER_CLOSED)
		tell_sender(dispatcher, lane, flight, worst);
	tell_changes(dispatcher, lane, changes, worst);
	if (is_back(lane, changes, accepted, outcome))
		tell_back(dispatcher, lane);
	if (accepted > 0)
		end_old(dispatcher, lane);
}

void
bulletin_tick(
    struct dispatcher *dispatcher, struct lane *lane, unsigned changes)
{
	tell_changes(dispatcher, lane, changes, NULL);
}

void
bulletin_recall(
    const struct lane *lane, enum lane_recall recall, int64_t now_ms)
{
	if (recall == LANE_RECALL_CHANGED)
		log_info("provider is asked anew, its settings were changed",
		    log_str("provider", lane->provider->name));
	else if (lane->mode != LANE_OPEN)
		log_info("provider is as before the start, nothing new is "
			 "known of it",
		    log_str("provider", lane->provider->name),
		    log_str("state", lane_state_word(lane->mode)),
		    log_num("since_s", (now_ms - lane->since_ms) / 1000),
		    log_num("pause_ms", find_pause(lane, now_ms)),
		    log_str("text", lane->why));
}
