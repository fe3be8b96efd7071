/* SPDX-License-Identifier: MIT */
#include "metrics_page.h"

#include "core/budget.h"
#include "core/clock.h"
#include "core/disk.h"
#include "core/metrics.h"
#include "health_page.h"
#include "sample.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NO_LABEL           \
	{                  \
		NULL, NULL \
	}

/* ---- the process ---- */

/* Pages of memory that are ours now (proc(5): statm); 0: not known. */
static unsigned long
read_resident(void)
{
	unsigned long all, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident;
}

static void
write_process(GString *out, const struct page *page)
{
	const struct status_options *options = page->options;
	const struct sample_label build[] = { { "version", POSTFERRY_VERSION },
		NO_LABEL };
	g_autofree char *obstacle = health_page_obstacle(page);

	sample_begin(out, "postferry_build_info", SAMPLE_GAUGE,
	    "Which postferry this is; always 1.");
	sample_add(out, "postferry_build_info", build, 1);
	sample_one(out, "postferry_start_time_seconds",
	    "When it started, in seconds since 1970.",
	    (double)options->started_ms / 1e3);
	sample_one(out, "postferry_ready",
	    "1 when mail can be accepted (/readyz says why not).",
	    obstacle == NULL);
	sample_one(out, "process_resident_memory_bytes",
	    "Memory of the process that is in use.",
	    (double)read_resident() * (double)sysconf(_SC_PAGESIZE));
	if (options->budget == NULL)
		return;
	sample_one(out, "postferry_memory_taken_bytes",
	    "Memory that mail in transit takes.",
	    (double)budget_taken(options->budget));
	sample_one(out, "postferry_memory_limit_bytes",
	    "Memory that mail in transit may take (memory_budget).",
	    (double)budget_limit(options->budget));
}

static void
write_complaints(GString *out, struct complaints *complaints)
{
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func(complaints_free_one);

	if (complaints != NULL)
		complaints_list(complaints, list);
	sample_one(out, "postferry_complaints",
	    "What is wrong with settings, certificates and other files now "
	    "(/status says what).",
	    list->len);
}

/* ---- the listener ---- */

static void
write_replies(GString *out, const struct metrics *metrics)
{
	static const struct {
		const char *reply;
		enum metrics_count count;
	} rows[] = {
		{ "2xx", METRICS_MAILS_TAKEN },
		{ "4xx", METRICS_MAILS_PUT_OFF },
		{ "5xx", METRICS_MAILS_REFUSED },
	};

	sample_begin(out, "postferry_mails_total", SAMPLE_COUNTER,
	    "Mails that came whole, by the reply to the end of data.");
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct sample_label labels[] = {
			{ "reply", rows[i].reply }, NO_LABEL
		};

		sample_add(out, "postferry_mails_total", labels,
		    (double)metrics_read(metrics, rows[i].count));
	}
}

static void
write_durations(GString *out, const struct metrics *metrics, bool queue)
{
	static const struct {
		enum metrics_duration duration;
		const char *name, *help;
	} rows[] = {
		{ METRICS_ANSWER, "postferry_answer_seconds",
		    "From the end of data to its reply." },
		{ METRICS_START, "postferry_start_seconds",
		    "From the end of data to the first byte of its first "
		    "request." },
		{ METRICS_COMMIT, "postferry_store_commit_seconds",
		    "One transaction of the queue, with its sync." },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct metrics_spread spread;

		if (rows[i].duration == METRICS_COMMIT && !queue)
			continue;
		metrics_read_spread(metrics, rows[i].duration, &spread);
		sample_begin(out, rows[i].name, SAMPLE_HISTOGRAM, rows[i].help);
		sample_add_spread(out, rows[i].name, NULL, &spread);
	}
}

static void
write_listener(GString *out, const struct status_options *options)
{
	const struct metrics *metrics = options->metrics;
	/* first: no session has ended that had not begun */
	uint64_t ended = metrics_read(metrics, METRICS_SESSIONS_ENDED);
	uint64_t begun = metrics_read(metrics, METRICS_SESSIONS_BEGUN);

	sample_count(out, "postferry_sessions_total",
	    "SMTP sessions since the start.", begun);
	sample_one(out, "postferry_sessions", "SMTP sessions there are.",
	    begun < ended ? 0 : (double)(begun - ended));
	sample_count(out, "postferry_connections_refused_total",
	    "Connections that were told 421 or 554 at once, as there were too "
	    "many.",
	    metrics_read(metrics, METRICS_CONNECTIONS_REFUSED));
	write_replies(out, metrics);
	sample_count(out, "postferry_mail_bytes_total",
	    "Bytes of the mails that were told 250.",
	    metrics_read(metrics, METRICS_MAIL_BYTES));
	write_durations(out, metrics, options->store != NULL);
}

/* ---- the queue ---- */

static void
write_totals(GString *out, const struct store_totals *totals)
{
	const struct {
		const char *name, *help;
		uint64_t count;
	} rows[] = {
		{ "postferry_recipients_accepted_total",
		    "Recipients that were queued, since the queue was made; "
		    "those of reports, too.",
		    totals->accepted },
		{ "postferry_recipients_settled_total",
		    "Of them, those that a provider has.", totals->settled },
		{ "postferry_recipients_bounced_total",
		    "Of them, those that were refused.", totals->bounced },
		{ "postferry_recipients_dead_total",
		    "Of them, those that were dropped.", totals->dead },
		{ "postferry_doubts_total",
		    "Recipients whose attempt ended in doubt.",
		    totals->doubts },
		{ "postferry_doubts_resolved_total",
		    "Doubts of which the provider said that it has the mail.",
		    totals->resolved },
		{ "postferry_duplicates_possible_total",
		    "Recipients sent to again although somebody may have the "
		    "mail.",
		    totals->possible },
		{ "postferry_duplicates_confirmed_total",
		    "Of them, those who got it twice, as was found out.",
		    totals->confirmed },
	};
	uint64_t known =
	    totals->settled + totals->bounced + totals->dead + totals->waiting;

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		sample_count(out, rows[i].name, rows[i].help, rows[i].count);
	sample_one(out, "postferry_recipients_waiting",
	    "Of those accepted, those that are none of these, counted in the "
	    "queue.",
	    (double)totals->waiting);
	sample_one(out, "postferry_recipients_unaccounted",
	    "accepted - (settled + bounced + dead + waiting): always 0.",
	    (double)(int64_t)(totals->accepted - known));
}

static void
write_places(GString *out, const struct store_counts *counts)
{
	const uint64_t places[] = {
		[STORE_WAITING] = counts->waiting,
		[STORE_ACTIVE] = counts->active,
		[STORE_HELD] = counts->held,
	};

	sample_begin(out, "postferry_queue_mails", SAMPLE_GAUGE,
	    "Mails of the queue: waiting for their time, being sent, held for "
	    "a person.");
	for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
		const struct sample_label labels[] = {
			{ "state", store_place_text((enum store_place)i) },
			NO_LABEL
		};

		sample_add(
		    out, "postferry_queue_mails", labels, (double)places[i]);
	}
}

static void
write_queue(GString *out, const struct store_counts *counts)
{
	int64_t age_ms =
	    counts->oldest_ms == 0 ? 0 : clock_wall_ms() - counts->oldest_ms;

	write_places(out, counts);
	sample_one(out, "postferry_queue_bytes", "Bytes of those mails.",
	    (double)counts->bytes);
	sample_one(out, "postferry_queue_oldest_seconds",
	    "Age of the oldest of them; 0: there is none.",
	    (double)MAX(age_ms, 0) / 1e3);
	sample_one(out, "postferry_recipients_in_doubt",
	    "Recipients of which it is not known whether a provider has their "
	    "mail.",
	    (double)counts->doubts);
	write_totals(out, &counts->totals);
}

static void
write_disk(GString *out, const struct disk *disk)
{
	sample_one(out, "postferry_disk_free_bytes",
	    "Free on the disk of the queue.", (double)disk_free_bytes(disk));
	sample_one(out, "postferry_disk_total_bytes", "Size of that disk.",
	    (double)disk_total_bytes(disk));
	sample_one(out, "postferry_disk_min_free_bytes",
	    "What is left free there: with less, no mail is accepted.",
	    (double)disk_min_free_bytes(disk));
}

/* ---- the providers ---- */

static double
read_requests(const struct provider_standing *provider)
{
	return provider->requests;
}

static double
read_limit(const struct provider_standing *provider)
{
	return provider->limit;
}

static double
read_waiting(const struct provider_standing *provider)
{
	return provider->waiting;
}

static double
read_reserve(const struct provider_standing *provider)
{
	return provider->reserve;
}

static double
read_until(const struct provider_standing *provider)
{
	return (double)provider->until_ms / 1e3;
}

static double
read_accepted(const struct provider_standing *provider)
{
	return (double)provider->accepted;
}

static const struct {
	const char *name;
	enum sample_type type;
	const char *help;
	double (*read)(const struct provider_standing *provider);
} numbers[] = {
	{ "postferry_provider_requests", SAMPLE_GAUGE, "Requests under way.",
	    read_requests },
	{ "postferry_provider_requests_limit", SAMPLE_GAUGE,
	    "Requests at a time, as it bears them now.", read_limit },
	{ "postferry_provider_mails_waiting", SAMPLE_GAUGE,
	    "Mails that wait for a free request.", read_waiting },
	{ "postferry_provider_on_reserve", SAMPLE_GAUGE,
	    "1 when mail goes by it because those before it in its route "
	    "cannot be asked.",
	    read_reserve },
	{ "postferry_provider_asked_again_seconds", SAMPLE_GAUGE,
	    "Time until it is asked again; 0: it is asked.", read_until },
	{ "postferry_provider_recipients_accepted_total", SAMPLE_COUNTER,
	    "Recipients that it took since the start.", read_accepted },
};

static void
write_numbers(GString *out, const GPtrArray *providers)
{
	for (unsigned n = 0; n < G_N_ELEMENTS(numbers); n++) {
		sample_begin(
		    out, numbers[n].name, numbers[n].type, numbers[n].help);
		for (unsigned i = 0; i < providers->len; i++) {
			const struct provider_standing *one =
			    providers->pdata[i];
			const struct sample_label labels[] = {
				{ "provider", one->name }, NO_LABEL
			};

			sample_add(
			    out, numbers[n].name, labels, numbers[n].read(one));
		}
	}
}

static void
write_states(GString *out, const GPtrArray *providers)
{
	sample_begin(out, "postferry_provider_state", SAMPLE_GAUGE,
	    "1 for the state it is in, of its breaker, gate, quota and "
	    "account: open is for business.");
	for (unsigned i = 0; i < providers->len; i++) {
		const struct provider_standing *one = providers->pdata[i];

		for (unsigned s = 0; standing_states[s] != NULL; s++) {
			const struct sample_label labels[] = { { "provider",
								   one->name },
				{ "state", standing_states[s] }, NO_LABEL };

			sample_add(out, "postferry_provider_state", labels,
			    strcmp(one->state, standing_states[s]) == 0);
		}
	}
}

static void
write_attempts(GString *out, const GPtrArray *providers)
{
	sample_begin(out, "postferry_provider_attempts_total", SAMPLE_COUNTER,
	    "Attempts since the start, by the class of what came of them.");
	for (unsigned i = 0; i < providers->len; i++) {
		const struct provider_standing *one = providers->pdata[i];

		for (enum verdict_class class = VERDICT_ACCEPTED;
		     class < (enum verdict_class)VERDICT_CLASSES; class ++) {
			const struct sample_label labels[] = {
				{ "provider", one->name },
				{ "class", verdict_class_text(class) }, NO_LABEL
			};

			sample_add(out, "postferry_provider_attempts_total",
			    labels, (double)one->work.attempts[class]);
		}
	}
}

static void
write_requests(GString *out, const GPtrArray *providers)
{
	sample_begin(out, "postferry_provider_request_seconds",
	    SAMPLE_HISTOGRAM, "From the beginning of a request to its answer.");
	for (unsigned i = 0; i < providers->len; i++) {
		const struct provider_standing *one = providers->pdata[i];
		const struct sample_label labels[] = {
			{ "provider", one->name }, NO_LABEL
		};

		sample_add_spread(out, "postferry_provider_request_seconds",
		    labels, &one->work.requests);
	}
}

static void
write_providers(GString *out, const struct status_options *options)
{
	g_autoptr(GPtrArray) providers =
	    g_ptr_array_new_with_free_func(standing_free);

	if (options->providers == NULL)
		return;
	options->providers(options->object, providers);
	write_states(out, providers);
	write_numbers(out, providers);
	write_attempts(out, providers);
	write_requests(out, providers);
}

void
metrics_page(const struct page *page, struct status_answer *answer)
{
	const struct status_options *options = page->options;
	struct store_counts counts;
	GString *out;

	if (options->store != NULL && !page_count(page, &counts, answer))
		return;
	out = g_string_sized_new(16384);
	write_process(out, page);
	write_complaints(out, options->complaints);
	if (options->metrics != NULL)
		write_listener(out, options);
	if (options->store != NULL)
		write_queue(out, &counts);
	if (options->disk != NULL)
		write_disk(out, options->disk);
	write_providers(out, options);
	answer->code = 200;
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
	answer->body = out;
}
