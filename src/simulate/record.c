/* SPDX-License-Identifier: MIT */
#include "record.h"
#include "core/clock.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* What memory holds: of the oldest first the larger values are forgotten, then
 * all; files stay. */
#define KEPT_RECORDS 50000
#define KEPT_BYTES   ((size_t)128 * 1024 * 1024)
#define SMALL_BYTES  512

struct records {
	char *directory;
	uint64_t count;
	size_t memory;         /* bytes of blobs in the queue */
	GQueue queue;          /* struct record *, oldest first */
	GList *whole;          /* in it, the oldest that is whole; NULL: none */
	GHashTable *by_number; /* uint64_t * inside the record */
};

static void
destroy_fate(gpointer pointer)
{
	struct fate *fate = pointer;

	g_free(fate->address);
	g_free(fate->status);
	g_free(fate->reason);
	g_free(fate->id);
	g_free(fate);
}

static void
destroy_part(gpointer part)
{
	piece_free(part);
}

struct record *
record_new(const char *provider, const char *form)
{
	struct record *record = g_new0(struct record, 1);

	record->provider = provider;
	record->form = form;
	record->time_ms = clock_wall_ms();
	record->recipients = g_ptr_array_new_with_free_func(destroy_fate);
	record->parts = g_ptr_array_new_with_free_func(destroy_part);
	record->notes = g_ptr_array_new_with_free_func(g_free);
	return record;
}

void
record_free(struct record *record)
{
	if (record == NULL)
		return;
	g_free(record->path);
	g_free(record->id);
	g_free(record->sender);
	g_ptr_array_unref(record->recipients);
	g_ptr_array_unref(record->parts);
	g_ptr_array_unref(record->notes);
	blob_free(record->raw);
	g_free(record);
}

struct fate *
record_add(struct record *record, const char *address, const char *status)
{
	struct fate *fate = g_new0(struct fate, 1);

	fate->address = g_strdup(address);
	fate->status = g_strdup(status);
	g_ptr_array_add(record->recipients, fate);
	return fate;
}

void
record_set_fate(struct fate *fate, const char *reason, const char *id)
{
	g_free(fate->reason);
	g_free(fate->id);
	fate->reason = g_strdup(reason);
	fate->id = g_strdup(id);
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	if (text == NULL)
		return;
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	json_object_object_add(object, key, json_object_new_string(valid));
}

static void
add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(
	    object, key, json_object_new_int64((int64_t)number));
}

static void
add_blob(struct json_object *object, struct blob *blob)
{
	const char *path = blob_path(blob);

	add_number(object, "size", blob_size(blob));
	add_text(object, "sha256", blob_sha256(blob));
	if (path != NULL)
		add_text(object, "stored", strrchr(path, '/') + 1);
}

static struct json_object *
fates_json(const GPtrArray *fates)
{
	struct json_object *list = json_object_new_array();

	for (guint i = 0; i < fates->len; i++) {
		const struct fate *fate = fates->pdata[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "address", fate->address);
		add_text(object, "status", fate->status);
		add_text(object, "reason", fate->reason);
		add_text(object, "id", fate->id);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *
file_json(const struct piece *part)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "name", part->name);
	add_text(object, "filename", part->filename);
	add_text(object, "type", part->type);
	add_text(object, "content_id", part->content_id);
	if (part->dropped)
		json_object_object_add(
		    object, "dropped", json_object_new_boolean(1));
	add_blob(object, part->body);
	return object;
}

static struct json_object *
field_json(const struct piece *part)
{
	struct json_object *object = json_object_new_object();
	const char *text = blob_text(part->body);

	add_text(object, "name", part->name);
	if (text != NULL)
		add_text(object, "value", text);
	else
		add_blob(object, part->body);
	return object;
}

static struct json_object *
parts_json(const GPtrArray *parts, bool files)
{
	struct json_object *list = json_object_new_array();

	for (guint i = 0; i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];

		if (part->file == files)
			json_object_array_add(
			    list, files ? file_json(part) : field_json(part));
	}
	return list;
}

static struct json_object *
notes_json(const GPtrArray *notes)
{
	struct json_object *list = json_object_new_array();

	for (guint i = 0; i < notes->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(notes->pdata[i], -1);

		json_object_array_add(list, json_object_new_string(valid));
	}
	return list;
}

struct json_object *
record_summary(const struct record *record)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "number", record->number);
	add_number(object, "time_ms", (uint64_t)record->time_ms);
	add_text(object, "provider", record->provider);
	add_text(object, "form", record->form);
	add_text(object, "path", record->path);
	add_text(object, "id", record->id);
	add_text(object, "sender", record->sender);
	json_object_object_add(
	    object, "recipients", fates_json(record->recipients));
	json_object_object_add(
	    object, "files", parts_json(record->parts, true));
	json_object_object_add(object, "violations", notes_json(record->notes));
	if (record->raw == NULL)
		return object;
	struct json_object *raw = json_object_new_object();
	add_blob(raw, record->raw);
	json_object_object_add(object, "raw", raw);
	return object;
}

struct json_object *
record_json(const struct record *record)
{
	struct json_object *object = record_summary(record);

	json_object_object_add(
	    object, "fields", parts_json(record->parts, false));
	return object;
}

struct records *
records_new(const char *directory, GError **error)
{
	if (directory != NULL && g_mkdir_with_parents(directory, 0700) != 0) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
		    "cannot make the directory %s for the records: %s",
		    directory, g_strerror(errno));
		return NULL;
	}
	struct records *records = g_new0(struct records, 1);
	records->directory = g_strdup(directory);
	g_queue_init(&records->queue);
	records->by_number = g_hash_table_new(g_int64_hash, g_int64_equal);
	return records;
}

void
records_free(struct records *records)
{
	if (records == NULL)
		return;
	records_clear(records);
	g_hash_table_unref(records->by_number);
	g_free(records->directory);
	g_free(records);
}

const char *
records_directory(const struct records *records)
{
	return records->directory;
}

static char *
make_path(const struct records *records, uint64_t number, const char *end)
{
	return g_strdup_printf(
	    "%s/%06" G_GUINT64_FORMAT "%s", records->directory, number, end);
}

/* Fields stay in the JSON as long as they are in memory. */
static bool
write_part(struct records *records, const struct record *record, guint index,
    GError **error)
{
	struct piece *part = record->parts->pdata[index];
	g_autofree char *end = g_strdup_printf("-%u.part", index);
	g_autofree char *path = make_path(records, record->number, end);

	if (!part->file && blob_text(part->body) != NULL)
		return true;
	return blob_store(part->body, path, error);
}

static bool
write_json(struct records *records, const struct record *record, GError **error)
{
	g_autofree char *path = make_path(records, record->number, ".json");
	struct json_object *object = record_json(record);
	const char *text =
	    json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY);
	bool written = g_file_set_contents_full(
	    path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);

	json_object_put(object);
	return written;
}

static bool
write_record(
    struct records *records, const struct record *record, GError **error)
{
	g_autofree char *mime = make_path(records, record->number, ".mime");

	for (guint i = 0; i < record->parts->len; i++) {
		if (!write_part(records, record, i, error))
			return false;
	}
	if (record->raw != NULL && !blob_store(record->raw, mime, error))
		return false;
	return write_json(records, record, error);
}

static size_t
measure_memory(const struct record *record)
{
	size_t bytes = record->raw != NULL ? blob_memory(record->raw) : 0;

	for (guint i = 0; i < record->parts->len; i++) {
		const struct piece *part = record->parts->pdata[i];

		bytes += blob_memory(part->body);
	}
	return bytes;
}

static void
forget_oldest(struct records *records)
{
	struct record *record = records->queue.head->data;

	if (records->whole == records->queue.head)
		records->whole = records->whole->next;
	g_queue_pop_head(&records->queue);
	records->memory -= measure_memory(record);
	g_hash_table_remove(records->by_number, &record->number);
	record_free(record);
}

static void
forget_large(struct blob *blob)
{
	if (blob_memory(blob) > SMALL_BYTES)
		blob_forget(blob);
}

static void
forget_values(struct records *records)
{
	struct record *record = records->whole->data;

	records->memory -= measure_memory(record);
	if (record->raw != NULL)
		forget_large(record->raw);
	for (guint i = 0; i < record->parts->len; i++) {
		const struct piece *part = record->parts->pdata[i];

		forget_large(part->body);
	}
	records->memory += measure_memory(record);
	records->whole = records->whole->next;
}

static void
add(struct records *records, struct record *record)
{
	records->count++;
	records->memory += measure_memory(record);
	g_queue_push_tail(&records->queue, record);
	if (records->whole == NULL)
		records->whole = records->queue.tail;
	g_hash_table_insert(records->by_number, &record->number, record);
	while (records->memory > KEPT_BYTES &&
	       records->whole != records->queue.tail)
		forget_values(records);
	if (records->queue.length > KEPT_RECORDS)
		forget_oldest(records);
}

bool
records_keep(struct records *records, struct record *record, GError **error)
{
	record->number = records->count + 1;
	if (records->directory == NULL ||
	    write_record(records, record, error)) {
		add(records, record);
		return true;
	}
	record_free(record);
	return false;
}

uint64_t
records_count(const struct records *records)
{
	return records->count;
}

struct record *
records_find(const struct records *records, uint64_t number)
{
	return g_hash_table_lookup(records->by_number, &number);
}

struct json_object *
records_list(const struct records *records, uint64_t after, unsigned limit)
{
	struct json_object *list = json_object_new_array();
	uint64_t number = after + 1;

	for (; number <= records->count && limit > 0; number++) {
		const struct record *record = records_find(records, number);

		if (record == NULL)
			continue;
		json_object_array_add(list, record_summary(record));
		limit--;
	}
	return list;
}

void
records_clear(struct records *records)
{
	while (records->queue.length > 0)
		forget_oldest(records);
}
