/* SPDX-License-Identifier: MIT */
/*
 * Reports to senders: bounces, and warnings of a delay.  Who may get one, how
 * many a minute may have, and the making of it, on a work thread.
 */
#include "report.h"

#include "core/log.h"
#include "lifetime.h"
#include "pattern.h"
#include <errno.h>
#include <string.h>

#define REPORTS_A_MINUTE 60
#define MINUTE_MS        INT64_C(60000)

const char *
report_obstacle(
    const struct dispatcher *dispatcher, const struct message *message)
{
	return bounce_obstacle(
	    message, (const char *const *)dispatcher->domains);
}

/* While some wait the minutes follow each other, so that none of them comes
 * just before the minute it was told. */
static void
turn_minute(struct report_count *reports, int64_t now_ms)
{
	int64_t minutes = (now_ms - reports->minute_ms) / MINUTE_MS;
	uint64_t served = (uint64_t)minutes * REPORTS_A_MINUTE;

	if (reports->made > 0 && minutes == 0)
		return;
	*reports = (struct report_count){
		.minute_ms = reports->waiting == 0
				 ? now_ms
				 : reports->minute_ms + minutes * MINUTE_MS,
		.waiting = reports->waiting - MIN(reports->waiting, served),
	};
}

bool
report_count(struct dispatcher *dispatcher)
{
	struct report_count *reports = &dispatcher->reports;

	turn_minute(reports, dispatcher_now(dispatcher));
	if (reports->made >= REPORTS_A_MINUTE)
		return false;
	reports->made++;
	return true;
}

struct courtesy *
report_courtesy(struct loop *loop)
{
	static const struct courtesy_limits limits = {
		.most = REPORTS_A_MINUTE,
		.window_ms = MINUTE_MS,
	};

	return courtesy_new(loop, &limits);
}

int64_t
report_wait(struct dispatcher *dispatcher)
{
	struct report_count *reports = &dispatcher->reports;
	uint64_t minutes = 1 + reports->waiting++ / REPORTS_A_MINUTE;
	int64_t next = reports->minute_ms + (int64_t)minutes * MINUTE_MS;

	if (!reports->told)
		log_warn("too many bounces in this minute, they wait",
		    log_num("most", REPORTS_A_MINUTE));
	reports->told = true;
	return MAX(next - dispatcher_now(dispatcher), (int64_t)0);
}

#define LATE                                                            \
	"this warning of a delay is too late: the mail it is about is " \
	"no longer tried"

void
report_drop_late(struct flight *flight)
{
	int64_t expires = bounce_expires_ms(flight->message);

	if (expires == 0 || dispatcher_wall(flight->dispatcher) < expires)
		return;
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		struct ledger_recipient *r = &flight->ledger->recipients[i];
		if (r->state != RECIPIENT_WAITING)
			continue;
		r->state = RECIPIENT_DROPPED;
		g_free(r->text);
		r->text = g_strdup(LATE);
	}
	log_info("warning dropped", FLIGHT_LOG(flight->message),
	    log_str("why", LATE));
}

static void
on_made(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);

	(void)owner;
	flight->state = FLIGHT_NEW;
	flight->landing.made(flight);
}

/* A work thread. */
static void
on_make(void *owner, struct letter *letter)
{
	struct flight *flight = LETTER_OF(letter, struct flight, letter);
	struct flight_landing *landing = &flight->landing;

	(void)owner;
	errno = 0;
	landing->report =
	    bounce_make(flight->message, landing->told, &landing->options);
	landing->error = landing->report == NULL ? errno : 0;
	loop_post(flight->dispatcher->options.loop, &flight->letter, on_made);
}

/* From the sender's own domain: every provider that takes its mail takes that,
 * too. */
static char *
make_from(const struct message *message)
{
	return g_strconcat("MAILER-DAEMON@",
	    message->submission->envelope->sender->domain, NULL);
}

/* How long those are tried whom the report is about: the first of them that is
 * given up is told of anew. */
static int64_t
find_lifetime(const struct flight *flight)
{
	int64_t least = INT64_MAX;

	for (unsigned i = 0; i < flight->landing.told->len; i++) {
		const struct journal_recipient *one = &g_array_index(
		    flight->landing.told, struct journal_recipient, i);
		unsigned group = flight->ledger->recipients[one->number].group;

		least = MIN(least, lifetime_of(flight, group));
	}
	return least;
}

void
report_start(struct dispatcher *dispatcher, struct flight *flight,
    enum bounce_action action, void (*made)(struct flight *flight))
{
	const struct submission *submission = flight->message->submission;
	struct flight_landing *landing = &flight->landing;

	landing->made = made;
	landing->from = make_from(flight->message);
	landing->options = (struct bounce_options){
		.hostname = dispatcher->options.hostname,
		.from = landing->from,
		.action = action,
		.now_ms = dispatcher_wall(dispatcher),
		.last_ms = flight->record.last_ms,
		.until_ms = submission->received_ms + find_lifetime(flight),
		.place = dispatcher->options.place,
		.smtp = dispatcher->smtp_names,
	};
	flight->state = FLIGHT_REPORTING;
	pool_post(dispatcher->options.work, &flight->letter, on_make);
}

static void
add_domain(GPtrArray *domains, const char *domain)
{
	if (!g_ptr_array_find_with_equal_func(
		domains, domain, g_str_equal, NULL))
		g_ptr_array_add(domains, g_strdup(domain));
}

/* A provider's domain is most often one below that of the senders. */
static void
add_domain_and_above(GPtrArray *domains, const char *domain)
{
	g_autofree char *ascii = address_domain_to_ascii(domain);
	const char *dot;

	for (domain = ascii;
	     domain != NULL && (dot = strchr(domain, '.')) != NULL;
	     domain = dot + 1)
		add_domain(domains, domain);
}

static bool
has_domain(const struct translator *translator)
{
	const struct setting *setting = translator->settings;

	for (; setting != NULL && setting->section != NULL; setting++)
		if (strcmp(setting->key, "domain") == 0)
			return true;
	return false;
}

static void
add_provider(GPtrArray *domains, const struct provider *provider)
{
	for (char **at = provider->domains; at != NULL && *at != NULL; at++)
		add_domain_and_above(domains, *at);
	if (has_domain(provider->translator) &&
	    config_is_set(provider->config, provider->section, "domain"))
		add_domain_and_above(domains, config_string(provider->config,
						  provider->section, "domain"));
}

static char **
read_listed(const struct config *config, GPtrArray *errors)
{
	const struct pattern_place place = { config, "server",
		"bounce_domains" };

	return pattern_read_domains(&place, errors);
}

bool
report_check(const struct config *config, GPtrArray *errors)
{
	unsigned before = errors->len;

	g_strfreev(read_listed(config, errors));
	return errors->len == before;
}

char **
report_domains(const struct config *config, const struct route_map *map)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	char **listed = read_listed(config, errors);
	GPtrArray *domains;

	if (listed != NULL)
		return listed;
	domains = g_ptr_array_new();
	for (unsigned i = 0; i < map->providers->len; i++)
		add_provider(domains, route_map_provider(map, i));
	g_ptr_array_add(domains, NULL);
	return (char **)g_ptr_array_free(domains, FALSE);
}
