/* SPDX-License-Identifier: MIT */
#include "health_page.h"

#include "core/budget.h"
#include "core/disk.h"
#include "standing_json.h"
#include <unistd.h>

/* Asks nobody: it must be told also when the store is busy or stuck. */
void
health_page_live(const struct page *page, struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();

	(void)page;
	page_add_flag(object, "alive", true);
	page_answer(answer, object);
}

static char *
explain_space(const struct disk *disk, const char *what)
{
	return g_strdup_printf("%s: %" G_GUINT64_FORMAT
			       " bytes are free, %" G_GUINT64_FORMAT
			       " are to stay so; mail gets 452 until there is "
			       "room",
	    what, disk_free_bytes(disk), disk_min_free_bytes(disk));
}

static char *
explain_memory(const struct budget *budget)
{
	return g_strdup_printf(
	    "memory for mail is short: %" G_GUINT64_FORMAT
	    " of %" G_GUINT64_FORMAT
	    " bytes (memory_budget) are taken; mail gets 452 until some is "
	    "sent",
	    budget_taken(budget), budget_limit(budget));
}

static char *
explain_shortage(const struct disk *disk)
{
	switch (disk_shortage(disk, 0)) {
	case DISK_ROOM:
		break;
	case DISK_SHORT_OF_BYTES:
		return explain_space(disk, "the disk is nearly full");
	case DISK_SHORT_OF_INODES:
		return g_strdup("the disk has few inodes left "
				"(min_free_inodes); mail gets 452 until there "
				"are more");
	case DISK_TOO_MANY_MAILS:
	case DISK_TOO_MUCH_MAIL:
		return g_strdup_printf(
		    "the queue is full (max_messages, max_bytes): %" G_GUINT64_FORMAT
		    " mails of %" G_GUINT64_FORMAT
		    " bytes; mail gets 452 until there are less",
		    disk_mails(disk), disk_mail_bytes(disk));
	}
	return NULL;
}

char *
health_page_obstacle(const struct page *page)
{
	const struct status_options *options = page->options;
	const struct disk *disk = options->disk;

	if (options->started_ms == 0)
		return g_strdup("postferry is not running");
	if (page->draining)
		return g_strdup("postferry is stopping: what is under way is "
				"waited for, no connection is taken");
	if (options->budget != NULL &&
	    budget_level(options->budget) >= BUDGET_TIGHT)
		return explain_memory(options->budget);
	if (disk == NULL)
		return NULL;
	if (disk_state(disk) == DISK_BAD)
		return g_strdup("a write to the queue failed: postferry is "
				"about to end, the log says why");
	if (disk_state(disk) == DISK_FULL)
		return explain_space(disk, "the disk is full");
	if (disk_state(disk) == DISK_LOW)
		return explain_space(
		    disk, "the disk was full; what there is of mail is sent");
	return explain_shortage(disk);
}

void
health_page_ready(const struct page *page, struct status_answer *answer)
{
	g_autofree char *obstacle = health_page_obstacle(page);
	struct json_object *object;

	if (obstacle != NULL) {
		page_refuse(answer, 503, "%s", obstacle);
		return;
	}
	object = json_object_new_object();
	page_add_flag(object, "ready", true);
	page_answer(answer, object);
}

static void
add_daemon(struct json_object *object, const struct page *page)
{
	const struct status_options *options = page->options;
	g_autofree char *obstacle = health_page_obstacle(page);
	bool running = options->started_ms != 0;

	page_add_text(object, "version", POSTFERRY_VERSION);
	page_add_flag(object, "running", running);
	if (running)
		page_add_number(object, "pid", (uint64_t)getpid());
	else
		json_object_object_add(object, "pid", NULL);
	page_add_time(object, "started", options->started_ms);
	page_add_flag(object, "sandbox", options->sandbox != NULL);
	page_add_flag(object, "ready", obstacle == NULL);
	page_add_text(object, "why", obstacle);
}

static struct json_object *
write_disk(const struct disk *disk)
{
	struct json_object *object;

	if (disk == NULL)
		return NULL;
	object = json_object_new_object();
	page_add_text(object, "state", disk_state_text(disk_state(disk)));
	page_add_number(object, "free_bytes", disk_free_bytes(disk));
	page_add_number(object, "total_bytes", disk_total_bytes(disk));
	page_add_number(object, "min_free_bytes", disk_min_free_bytes(disk));
	return object;
}

static struct json_object *
write_queue(const struct store_counts *counts)
{
	struct json_object *object = json_object_new_object();

	page_add_number(object, "waiting", counts->waiting);
	page_add_number(object, "active", counts->active);
	page_add_number(object, "held", counts->held);
	page_add_number(object, "doubts", counts->doubts);
	page_add_time(object, "oldest", counts->oldest_ms);
	page_add_number(object, "bytes", counts->bytes);
	return object;
}

/* unaccounted must be 0; below it when something was counted twice. */
static struct json_object *
write_totals(const struct store_totals *totals)
{
	struct json_object *object = json_object_new_object();
	uint64_t known =
	    totals->settled + totals->bounced + totals->dead + totals->waiting;

	page_add_number(object, "accepted", totals->accepted);
	page_add_number(object, "settled", totals->settled);
	page_add_number(object, "bounced", totals->bounced);
	page_add_number(object, "dead", totals->dead);
	page_add_number(object, "waiting", totals->waiting);
	json_object_object_add(object, "unaccounted",
	    json_object_new_int64((int64_t)(totals->accepted - known)));
	page_add_number(object, "doubts", totals->doubts);
	page_add_number(object, "resolved", totals->resolved);
	page_add_number(object, "possible_duplicates", totals->possible);
	page_add_number(object, "confirmed_duplicates", totals->confirmed);
	return object;
}

static struct json_object *
write_providers(const struct status_options *options)
{
	struct json_object *array = json_object_new_array();
	g_autoptr(GPtrArray) providers =
	    g_ptr_array_new_with_free_func(standing_free);

	if (options->providers != NULL)
		options->providers(options->object, providers);
	for (unsigned i = 0; i < providers->len; i++)
		json_object_array_add(
		    array, standing_json_new(providers->pdata[i]));
	return array;
}

static struct json_object *
write_complaints(struct complaints *complaints)
{
	struct json_object *array = json_object_new_array();
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func(complaints_free_one);

	if (complaints != NULL)
		complaints_list(complaints, list);
	for (unsigned i = 0; i < list->len; i++) {
		const struct complaint *complaint = list->pdata[i];
		struct json_object *object = json_object_new_object();

		page_add_text(object, "kind", complaint->kind);
		page_add_text(object, "subject", complaint->subject);
		page_add_time(object, "since", complaint->since_ms);
		page_add_text(object, "text", complaint->text);
		page_add_text(object, "advice", complaint->advice);
		json_object_array_add(array, object);
	}
	return array;
}

void
health_page_status(const struct page *page, struct status_answer *answer)
{
	const struct status_options *options = page->options;
	struct store_counts counts;
	struct json_object *object;

	if (options->store != NULL && !page_count(page, &counts, answer))
		return;
	object = json_object_new_object();
	add_daemon(object, page);
	json_object_object_add(object, "disk", write_disk(options->disk));
	if (options->store != NULL) {
		json_object_object_add(object, "queue", write_queue(&counts));
		json_object_object_add(
		    object, "totals", write_totals(&counts.totals));
	}
	json_object_object_add(
	    object, "complaints", write_complaints(options->complaints));
	json_object_object_add(object, "providers", write_providers(options));
	page_answer(answer, object);
}
