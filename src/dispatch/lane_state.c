/* SPDX-License-Identifier: MIT */
#include "lane_state.h"

#include <string.h>

/* Of the refused From domains, a line holds so many. */
#define SENDERS_TOLD 20

/* Of what a provider said, in bytes. */
#define WHY_MAX 512

/* Of the digest of its settings, in hexadecimal digits. */
#define SETTINGS_DIGITS 5

const char *
lane_state_word(enum lane_mode mode)
{
	return standing_states[mode];
}

/* Why a breaker is open, in the line; NULL: not worth a restart. */
static const char *const reasons[] = {
	[BREAKER_FAILED] = "paused",
	[BREAKER_CUT_OFF] = NULL,
	[BREAKER_SENDER] = NULL,
	[BREAKER_ACCOUNT] = "unusable",
	[BREAKER_DISTRUST] = "distrusted",
};

char *
lane_state_told(unsigned recipients)
{
	return g_strdup_printf(
	    "%u recipient%s of mails it refused just before %s believed to be "
	    "at fault, and their senders told",
	    recipients, recipients == 1 ? "" : "s",
	    recipients == 1 ? "was" : "were");
}

void
lane_state_standing(
    const struct lane *lane, int64_t now_ms, struct provider_standing *standing)
{
	enum lane_mode mode = lane_mode(lane, now_ms);
	int64_t since =
	    lane->troubled || mode == lane->mode ? lane->since_ms : now_ms;
	int64_t until = lane_until(lane, now_ms);
	int64_t wall = now_ms + lane->apart_ms;

	standing->name = g_strdup(lane->provider->name);
	standing->type = g_strdup(lane->provider->translator->type);
	standing->state = lane_state_word(mode);
	standing->failing = mode == LANE_OPEN ? lane->breaker.failures : 0;
	if (mode != LANE_OPEN || standing->failing > 0)
		standing->why = g_strdup(lane->why);
	standing->since_ms = since + lane->apart_ms;
	standing->until_ms = until > 0 ? until - now_ms : 0;
	standing->told = mode == LANE_DISTRUST ? lane->guard.told : 0;
	standing->requests = lane->requests;
	standing->limit = lane->limit.now;
	standing->connections = lane->provider->endpoint.connections;
	standing->waiting = lane_waiting(lane);
	standing->hour_sent = quota_used(&lane->gate.hour, wall);
	standing->hour_max = lane->gate.hour.most;
	standing->day_sent = quota_used(&lane->gate.day, wall);
	standing->day_max = lane->gate.day.most;
	standing->accepted = lane->accepted;
	standing->failed = lane->failed;
	standing->work = lane->work;
	standing->senders = senders_list(lane->senders, now_ms);
	standing->reserve = lane->reserve;
}

static void
add_number(GString *line, const char *key, int64_t number)
{
	g_string_append_printf(line, " %s=%" G_GINT64_FORMAT, key, number);
}

static void
tell_breaker(GString *line, const struct lane *lane)
{
	const struct breaker *breaker = &lane->breaker;
	enum breaker_reason reason =
	    lane->guard.distrusted ? BREAKER_DISTRUST : breaker->reason;

	if (breaker->state == BREAKER_CLOSED || reasons[reason] == NULL)
		return;
	g_string_append_printf(line, " breaker=%s", reasons[reason]);
	add_number(line, "until", breaker->until_ms + lane->apart_ms);
	add_number(line, "pause", breaker->pause_ms);
	add_number(line, "needed", breaker->needed);
}

static void
tell_quota(GString *line, const char *key, const struct quota *quota)
{
	uint64_t used = MAX(quota->used, quota->kept);

	if (used > 0)
		g_string_append_printf(line,
		    " %s=%" G_GINT64_FORMAT ":%" G_GUINT64_FORMAT, key,
		    quota->window, used);
}

/* A rate in thousandths of a mail a second. */
#define RATE_UNIT 1000.0

static void
tell_slow(GString *line, const struct lane *lane, int64_t now_ms)
{
	const struct gate_slow *slow = &lane->gate.slow;

	if (!gate_is_slowed(&lane->gate, now_ms))
		return;
	g_string_append_printf(line,
	    " slow=%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT,
	    (int64_t)(slow->rate * RATE_UNIT),
	    (int64_t)(slow->goal * RATE_UNIT), slow->at_ms + lane->apart_ms);
}

/* "told:various:sender:domain:mail,mail,...": of those refused in a row. */
static void
tell_guard(GString *line, const struct guard *guard)
{
	unsigned count = MIN(guard->count, GUARD_MAILS);

	if (count == 0)
		return;
	g_string_append_printf(line,
	    " guard=%u:%d:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
	    guard->told, guard->various, guard->last[0].sender,
	    guard->last[0].domain);
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(line, "%c%" G_GUINT64_FORMAT,
		    i == 0 ? ':' : ',', guard->last[i].mail);
}

/* A domain comes from a mail: only what can stand in the line. */
static void
tell_senders(GString *line, const struct lane *lane, int64_t now_ms)
{
	g_auto(GStrv) names = senders_list(lane->senders, now_ms);
	unsigned told = 0;

	for (unsigned i = 0; names != NULL && names[i] != NULL; i++) {
		const struct breaker *sender =
		    senders_find(lane->senders, names[i]);
		if (told == SENDERS_TOLD || strpbrk(names[i], " ,:=") != NULL)
			continue;
		g_string_append(line, told++ == 0 ? " senders=" : ",");
		g_string_append_printf(line, "%s:%" G_GINT64_FORMAT, names[i],
		    sender->until_ms + lane->apart_ms);
	}
}

static void
add_text(GChecksum *sum, const char *text)
{
	if (text != NULL)
		g_checksum_update(sum, (const guchar *)text, -1);
	g_checksum_update(sum, (const guchar *)"", 1);
}

/* What its kind adds: keys, domains, hosts. */
static void
add_settings(GChecksum *sum, const struct provider *provider)
{
	const struct setting *row = provider->translator->settings;

	if (row == NULL || provider->config == NULL)
		return;
	for (; row->section != NULL; row++)
		if (row->type == SETTING_SECRET || row->type == SETTING_DOMAIN)
			add_text(sum, config_string(provider->config,
					  provider->section, row->key));
}

char *
lane_state_settings(const struct provider *provider)
{
	const struct endpoint *endpoint = &provider->endpoint;
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	const char *const texts[] = { endpoint->base_url, endpoint->proxy,
		endpoint->ca_file, endpoint->host, endpoint->username,
		endpoint->password };
	g_autofree char *numbers =
	    g_strdup_printf("%u %d", endpoint->port, (int)endpoint->tls);

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		add_text(sum, texts[i]);
	add_text(sum, numbers);
	for (char **at = provider->domains; at != NULL && *at != NULL; at++)
		add_text(sum, *at);
	add_settings(sum, provider);
	return g_strndup(g_checksum_get_string(sum), SETTINGS_DIGITS);
}

char *
lane_state_tell(const struct lane *lane, int64_t now_ms)
{
	GString *line = g_string_new("v=1");
	g_autofree char *settings = lane_state_settings(lane->provider);

	g_string_append_printf(line, " settings=%s", settings);
	tell_breaker(line, lane);
	if (gate_is_closed(&lane->gate, now_ms))
		add_number(line, "gate", lane->gate.until_ms + lane->apart_ms);
	tell_slow(line, lane, now_ms);
	tell_guard(line, &lane->guard);
	tell_quota(line, "hour", &lane->gate.hour);
	tell_quota(line, "day", &lane->gate.day);
	if (lane->mode != LANE_OPEN)
		add_number(line, "since", lane->since_ms + lane->apart_ms);
	tell_senders(line, lane, now_ms);
	if (lane->mode != LANE_OPEN && lane->why != NULL) {
		g_autofree char *why = g_strndup(lane->why, WHY_MAX);
		g_autofree char *text = g_uri_escape_string(why, NULL, FALSE);
		g_string_append_printf(line, " why=%s", text);
	}
	return g_string_free(line, FALSE);
}

/* What a line says; times are of the wall clock, 0: not said. */
struct reading {
	bool version, open;
	enum breaker_reason reason;
	int64_t until_ms, pause_ms, needed, gate_ms, since_ms;
	struct quota hour, day;
	struct gate_slow slow; /* its time is of the wall clock as well */
	struct guard guard;
	char *senders, *why, *settings; /* owned */
};

static void
clear_reading(struct reading *reading)
{
	g_free(reading->senders);
	g_free(reading->why);
	g_free(reading->settings);
}

static bool
read_number(const char *text, int64_t *number)
{
	return g_ascii_string_to_signed(
	    text, 10, 0, G_MAXINT64 / 4, number, NULL);
}

static bool
read_version(const char *text, struct reading *reading)
{
	reading->version = strcmp(text, "1") == 0;
	return reading->version;
}

static bool
read_breaker(const char *text, struct reading *reading)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++) {
		if (reasons[i] == NULL || strcmp(text, reasons[i]) != 0)
			continue;
		reading->open = true;
		reading->reason = i;
		return true;
	}
	return false;
}

/* "window:used" */
static bool
read_quota(const char *text, struct quota *quota)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", 2);
	int64_t used;

	if (g_strv_length(parts) != 2 ||
	    !read_number(parts[0], &quota->window) ||
	    !read_number(parts[1], &used))
		return false;
	quota->used = (uint64_t)used;
	return true;
}

static bool
read_slow(const char *text, struct gate_slow *slow)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", 3);
	int64_t rate, goal;

	if (g_strv_length(parts) != 3 || !read_number(parts[0], &rate) ||
	    !read_number(parts[1], &goal) ||
	    !read_number(parts[2], &slow->at_ms))
		return false;
	slow->rate = (double)rate / RATE_UNIT;
	slow->goal = (double)goal / RATE_UNIT;
	return true;
}

static bool
read_digest(const char *text, uint64_t *digest)
{
	return g_ascii_string_to_unsigned(
	    text, 10, 0, G_MAXUINT64, digest, NULL);
}

static bool
read_mails(const char *text, struct guard *guard)
{
	g_auto(GStrv) mails = g_strsplit(text, ",", 0);

	if (g_strv_length(mails) > GUARD_MAILS)
		return false;
	for (; mails[guard->count] != NULL; guard->count++)
		if (!read_digest(
			mails[guard->count], &guard->last[guard->count].mail))
			return false;
	return guard->count > 0;
}

static bool
read_guard(const char *text, struct guard *guard)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", 5);
	int64_t told, various;

	*guard = (struct guard){ 0 };
	if (g_strv_length(parts) != 5 || !read_number(parts[0], &told) ||
	    told > UINT_MAX || !read_number(parts[1], &various) ||
	    !read_digest(parts[2], &guard->last[0].sender) ||
	    !read_digest(parts[3], &guard->last[0].domain))
		return false;
	guard->told = (unsigned)told;
	guard->various = various != 0;
	return read_mails(parts[4], guard);
}

static bool
read_text(char **out, char *text)
{
	g_free(*out);
	*out = text;
	return text != NULL;
}

static bool
read_word(const char *key, const char *text, struct reading *reading)
{
	const struct {
		const char *key;
		int64_t *number;
	} numbers[] = {
		{ "until", &reading->until_ms },
		{ "pause", &reading->pause_ms },
		{ "needed", &reading->needed },
		{ "gate", &reading->gate_ms },
		{ "since", &reading->since_ms },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++)
		if (strcmp(key, numbers[i].key) == 0)
			return read_number(text, numbers[i].number);
	if (strcmp(key, "v") == 0)
		return read_version(text, reading);
	if (strcmp(key, "breaker") == 0)
		return read_breaker(text, reading);
	if (strcmp(key, "hour") == 0)
		return read_quota(text, &reading->hour);
	if (strcmp(key, "day") == 0)
		return read_quota(text, &reading->day);
	if (strcmp(key, "slow") == 0)
		return read_slow(text, &reading->slow);
	if (strcmp(key, "guard") == 0)
		return read_guard(text, &reading->guard);
	if (strcmp(key, "senders") == 0)
		return read_text(&reading->senders, g_strdup(text));
	if (strcmp(key, "settings") == 0)
		return read_text(&reading->settings, g_strdup(text));
	if (strcmp(key, "why") == 0)
		return read_text(
		    &reading->why, g_uri_unescape_string(text, NULL));
	return true; /* of a later one than this */
}

static bool
read_line(const char *line, struct reading *reading)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 0);

	for (unsigned i = 0; words[i] != NULL; i++) {
		char *text = strchr(words[i], '=');
		if (text == NULL)
			return false;
		*text++ = '\0';
		if (!read_word(words[i], text, reading))
			return false;
	}
	return reading->version && reading->open == (reading->until_ms > 0);
}

/* The clock may have been set while we were off: no time is further away than
 * this one could have been made. */
static int64_t
recall_time(
    const struct lane *lane, int64_t wall_ms, int64_t most_ms, int64_t now_ms)
{
	return CLAMP(wall_ms - lane->apart_ms, now_ms, now_ms + most_ms);
}

/* What was refused in a row before and what comes now are one row. */
static void
recall_guard(struct lane *lane, const struct guard *guard)
{
	bool distrusted = lane->guard.distrusted;

	lane->guard = *guard;
	lane->guard.distrusted = distrusted;
}

static void
recall_slow(struct lane *lane, const struct gate_slow *read, int64_t now_ms)
{
	struct gate_slow slow = *read;

	slow.at_ms =
	    MIN(slow.at_ms - lane->apart_ms, MAX(lane->gate.until_ms, now_ms));
	gate_recall(&lane->gate, &slow);
}

static void
recall_breaker(struct lane *lane, const struct reading *reading, int64_t now_ms)
{
	const struct lane_limits *limits = lane->limits;
	int64_t most =
	    MAX(limits->account_ms, limits->breaker.pause_max_ms * 6 / 5);
	int64_t until = recall_time(lane, reading->until_ms, most, now_ms);

	breaker_hold(&lane->breaker, reading->reason, now_ms, until - now_ms);
	lane->breaker.pause_ms =
	    MIN(reading->pause_ms, limits->breaker.pause_max_ms);
	lane->breaker.needed = (unsigned)CLAMP(
	    reading->needed, (int64_t)1, (int64_t)BREAKER_SUCCESSES);
	lane->guard.distrusted = reading->reason == BREAKER_DISTRUST;
}

static void
recall_senders(struct lane *lane, const struct reading *reading, int64_t now_ms)
{
	g_auto(GStrv) senders =
	    g_strsplit(reading->senders, ",", SENDERS_TOLD + 1);

	for (unsigned i = 0; senders[i] != NULL && i < SENDERS_TOLD; i++) {
		char *text = strchr(senders[i], ':');
		int64_t until;
		if (text == NULL || text == senders[i])
			continue;
		*text++ = '\0';
		if (!read_number(text, &until))
			continue;
		until =
		    recall_time(lane, until, lane->limits->sender_ms, now_ms);
		senders_close(
		    lane->senders, senders[i], now_ms, until - now_ms);
	}
}

static void
recall_quota(struct quota *quota, const struct quota *read, int64_t wall_ms)
{
	quota->window = read->window;
	/* it may have been larger then */
	quota->used =
	    quota->most > 0 ? MIN(read->used, quota->most) : read->used;
	quota_clock(quota, wall_ms);
}

static void
recall_trouble(struct lane *lane, struct reading *reading, int64_t now_ms)
{
	int64_t since = reading->since_ms - lane->apart_ms;

	if (reading->open)
		recall_breaker(lane, reading, now_ms);
	if (reading->gate_ms > 0)
		lane->gate.until_ms = recall_time(
		    lane, reading->gate_ms, GATE_CLOSED_MOST_MS, now_ms);
	if (reading->slow.goal > 0)
		recall_slow(lane, &reading->slow, now_ms);
	if (reading->guard.count > 0)
		recall_guard(lane, &reading->guard);
	if (reading->senders != NULL)
		recall_senders(lane, reading, now_ms);
	lane->why = g_steal_pointer(&reading->why);
	lane->since_ms = reading->since_ms > 0 ? MIN(since, now_ms) : now_ms;
}

/* A line of an earlier version says nothing of the settings. */
static bool
are_settings_other(const struct lane *lane, const struct reading *reading)
{
	g_autofree char *settings = lane_state_settings(lane->provider);

	return reading->settings != NULL &&
	       strcmp(reading->settings, settings) != 0;
}

static enum lane_recall
recall_all(struct lane *lane, struct reading *reading, int64_t now_ms)
{
	bool other = are_settings_other(lane, reading);
	bool trouble =
	    reading->open || reading->gate_ms > 0 || reading->senders != NULL;

	recall_quota(&lane->gate.hour, &reading->hour, now_ms + lane->apart_ms);
	recall_quota(&lane->gate.day, &reading->day, now_ms + lane->apart_ms);
	lane->since_ms = now_ms;
	if (!other)
		recall_trouble(lane, reading, now_ms);
	lane->mode = lane->told = lane_mode(lane, now_ms);
	lane->troubled = lane->notice.closed = lane->mode != LANE_OPEN;
	return other && trouble ? LANE_RECALL_CHANGED : LANE_RECALLED;
}

enum lane_recall
lane_state_recall(struct lane *lane, const char *line, int64_t now_ms)
{
	struct reading reading = { 0 };
	enum lane_recall recall = LANE_RECALL_NONSENSE;

	if (read_line(line, &reading))
		recall = recall_all(lane, &reading, now_ms);
	clear_reading(&reading);
	return recall;
}
