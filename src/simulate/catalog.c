/* SPDX-License-Identifier: MIT */
#include "catalog.h"
#include "core/clock.h"
#include "heading.h"
#include <json-c/json.h>
#include <string.h>

#define KEPT_ENTRIES 50000

struct catalog {
	GQueue entries; /* struct entry *, oldest first */
	uint64_t count; /* so far */
};

static void
free_person(gpointer pointer)
{
	struct entry_person *person = pointer;

	g_free(person->address);
	g_free(person->status);
	g_free(person->id);
	g_free(person);
}

static void
free_entry(struct entry *entry)
{
	g_free(entry->domain);
	g_free(entry->message_id);
	g_free(entry->from);
	g_free(entry->subject);
	json_object_put(entry->metadata);
	g_ptr_array_unref(entry->people);
	g_free(entry);
}

struct catalog *
catalog_new(void)
{
	struct catalog *catalog = g_new0(struct catalog, 1);

	g_queue_init(&catalog->entries);
	return catalog;
}

void
catalog_free(struct catalog *catalog)
{
	if (catalog == NULL)
		return;
	while (catalog->entries.length > 0)
		free_entry(g_queue_pop_head(&catalog->entries));
	g_free(catalog);
}

/* The value of a header field of the raw mail; NULL: none. */
static char *
find_header(const struct record *record, const char *name)
{
	size_t length;

	if (record->raw == NULL)
		return NULL;
	const char *head = blob_head(record->raw, &length);
	return heading_find(head, length, name);
}

/* Of a field by its name at either provider, or of the raw mail's header. */
static char *
find_text(const struct record *record, const char *field, const char *header)
{
	g_autofree char *full = g_strconcat("message.", field, NULL);
	const struct piece *part = piece_find(record->parts, field);

	if (part == NULL)
		part = piece_find(record->parts, full);
	if (part != NULL && blob_text(part->body) != NULL)
		return g_strdup(blob_text(part->body));
	char *value = find_header(record, header);
	return value != NULL ? value : g_strdup("");
}

/* Without <>. */
static char *
read_message_id(const struct record *record)
{
	g_autofree char *id = g_strdup(record->id);

	if (id == NULL)
		id = find_header(record, "Message-ID");
	if (id == NULL)
		return g_strdup("");
	g_strstrip(id);
	size_t length = strlen(id);
	if (length >= 2 && id[0] == '<' && id[length - 1] == '>')
		return g_strndup(id + 1, length - 2);
	return g_steal_pointer(&id);
}

/* /v3/DOMAIN/messages */
static char *
read_domain(const char *path)
{
	if (path == NULL || !g_str_has_prefix(path, "/v3/"))
		return NULL;
	g_autofree char *piece = g_strndup(path + 4, strcspn(path + 4, "/"));
	g_autofree char *domain = g_uri_unescape_string(piece, NULL);
	return domain != NULL ? g_ascii_strdown(domain, -1) : NULL;
}

static struct json_object *
read_metadata(const struct record *record)
{
	static const char prefix[] = "message.metadata.";
	g_autofree char *header = find_header(record, "X-MC-Metadata");
	struct json_object *object =
	    header != NULL ? json_tokener_parse(header) : NULL;

	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = json_object_new_object();
	}
	for (guint i = 0; i < record->parts->len; i++) {
		const struct piece *part = record->parts->pdata[i];
		const char *text = blob_text(part->body);

		if (g_str_has_prefix(part->name, prefix) && text != NULL)
			json_object_object_add(object,
			    part->name + strlen(prefix),
			    json_object_new_string(text));
	}
	return object;
}

static GPtrArray *
read_people(struct catalog *catalog, const struct record *record)
{
	GPtrArray *people = g_ptr_array_new_with_free_func(free_person);

	for (guint i = 0; i < record->recipients->len; i++) {
		const struct fate *fate = record->recipients->pdata[i];
		struct entry_person *person = g_new0(struct entry_person, 1);

		person->address = g_strdup(fate->address);
		person->status = g_strdup(fate->status);
		person->id = fate->id != NULL
				 ? g_strdup(fate->id)
				 : g_strdup_printf("event-%" G_GUINT64_FORMAT,
				       ++catalog->count);
		g_ptr_array_add(people, person);
	}
	return people;
}

const struct entry *
catalog_add(struct catalog *catalog, const struct record *record)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->time_ms = record->time_ms;
	entry->domain = read_domain(record->path);
	entry->message_id = read_message_id(record);
	entry->from = find_text(record, "from", "From");
	if (entry->from[0] == '\0') {
		g_free(entry->from);
		entry->from = find_text(record, "from_email", "From");
	}
	entry->subject = find_text(record, "subject", "Subject");
	entry->size_bytes = record->raw != NULL ? blob_size(record->raw) : 0;
	entry->metadata = read_metadata(record);
	entry->people = read_people(catalog, record);
	g_queue_push_tail(&catalog->entries, entry);
	if (catalog->entries.length > KEPT_ENTRIES)
		free_entry(g_queue_pop_head(&catalog->entries));
	return entry;
}

static void
collect(GArray *found, const struct entry *entry, guint most, catalog_fn fits,
    const void *question)
{
	for (guint i = 0; i < MIN(entry->people->len, most); i++) {
		const struct hit hit = { entry, entry->people->pdata[i] };

		if (fits(question, &hit))
			g_array_append_val(found, hit);
	}
}

/* No order that anybody would think of. */
static void
shuffle(GArray *found)
{
	for (guint i = 0; i + 1 < found->len; i++) {
		guint other = i + (i * 7 + 3) % (found->len - i);
		struct hit hit = g_array_index(found, struct hit, i);

		g_array_index(found, struct hit, i) =
		    g_array_index(found, struct hit, other);
		g_array_index(found, struct hit, other) = hit;
	}
}

static void
repeat(GArray *found)
{
	for (guint i = found->len; i-- > 0;) {
		struct hit hit = g_array_index(found, struct hit, i);

		g_array_insert_val(found, i, hit);
	}
}

static int64_t
find_newest(struct faults *faults)
{
	const struct fault *lag = faults_stand(faults, FAULT_LOOKUP_LAG);

	if (faults_stand(faults, FAULT_LOOKUP_NEVER) != NULL)
		return -1;
	return clock_wall_ms() - (lag != NULL ? (int64_t)lag->number : 0);
}

GArray *
catalog_find(struct catalog *catalog, struct faults *faults, catalog_fn fits,
    const void *question)
{
	const struct fault *partial =
	    faults_stand(faults, FAULT_LOOKUP_PARTIAL);
	guint most = partial != NULL ? (guint)partial->number : G_MAXUINT;
	int64_t newest = find_newest(faults);
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct hit));

	for (GList *at = catalog->entries.head; at != NULL; at = at->next) {
		const struct entry *entry = at->data;

		if (entry->time_ms <= newest)
			collect(found, entry, most, fits, question);
	}
	if (faults_stand(faults, FAULT_LOOKUP_SHUFFLE) != NULL)
		shuffle(found);
	if (faults_stand(faults, FAULT_LOOKUP_TWICE) != NULL)
		repeat(found);
	return found;
}
