/* SPDX-License-Identifier: MIT */
#include "house.h"
#include "core/clock.h"
#include "teller.h"
#include <string.h>

#define KEPT_VIOLATIONS 10000

struct kind_row {
	const char *name;
	enum fault_kind kind;
};

static const struct kind_row kinds[] = {
	{ "mailgun", FAULT_MAILGUN },
	{ "mandrill", FAULT_MANDRILL },
	{ "smtp", FAULT_SMTP },
};

int
house_kind(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (g_strcmp0(kinds[i].name, name) == 0)
			return (int)kinds[i].kind;
	}
	return 0;
}

static const char *
find_name(enum fault_kind kind)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (kinds[i].kind == kind)
			return kinds[i].name;
	}
	return NULL;
}

/* What an option is for: given elsewhere it would be ignored in silence. */
static bool
check_option(const struct simulator_options *options, const char *value,
    int kinds_allowed, const char *what, GError **error)
{
	int kind = house_kind(options->kind);

	if (value == NULL || (kind & kinds_allowed) != 0)
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
	    "%s makes no sense for a simulator of kind %s", what,
	    options->kind);
	return false;
}

static bool
check_pair(const char *one, const char *other, const char *what, GError **error)
{
	if ((one == NULL) == (other == NULL))
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
	    "%s are given both or not at all", what);
	return false;
}

static bool
check_options(const struct simulator_options *options, GError **error)
{
	const struct simulator_options *o = options;

	if (house_kind(o->kind) == 0) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "there is no simulator of kind \"%s\": mailgun, mandrill "
		    "and smtp are known",
		    o->kind != NULL ? o->kind : "");
		return false;
	}
	return check_option(o, o->domain, FAULT_HTTP, "domain", error) &&
	       check_option(o, o->key, FAULT_HTTP, "key", error) &&
	       check_option(
		   o, o->lookup_key, FAULT_MAILGUN, "lookup key", error) &&
	       check_option(o, o->username, FAULT_SMTP, "username", error) &&
	       check_option(
		   o, o->certificate, FAULT_SMTP, "certificate", error) &&
	       check_pair(
		   o->username, o->password, "username and password", error) &&
	       check_pair(o->certificate, o->private_key,
		   "certificate and private key", error);
}

struct house *
house_new(const struct simulator_options *options, GError **error)
{
	if (!check_options(options, error))
		return NULL;
	struct records *records = records_new(options->record, error);
	if (records == NULL)
		return NULL;
	struct house *house = g_new0(struct house, 1);
	house->kind = (enum fault_kind)house_kind(options->kind);
	house->name = find_name(house->kind);
	if (options->domain != NULL)
		house->domains = g_strsplit(options->domain, ",", -1);
	house->key = g_strdup(options->key);
	house->lookup_key = g_strdup(options->lookup_key);
	house->username = g_strdup(options->username);
	house->password = g_strdup(options->password);
	house->records = records;
	house->catalog = catalog_new();
	house->searches = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_queue_init(&house->violations);
	return house;
}

static void
free_violation(struct violation *violation)
{
	g_free(violation->path);
	g_free(violation->text);
	g_free(violation);
}

void
house_free(struct house *house)
{
	if (house == NULL)
		return;
	while (house->violations.length > 0)
		free_violation(g_queue_pop_head(&house->violations));
	faults_free(house->faults);
	records_free(house->records);
	catalog_free(house->catalog);
	g_array_unref(house->searches);
	g_strfreev(house->domains);
	g_free(house->asked);
	g_free(house->key);
	g_free(house->lookup_key);
	g_free(house->username);
	g_free(house->password);
	g_free(house);
}

void
house_note(struct house *house, const char *path, const char *text)
{
	struct violation *violation = g_new0(struct violation, 1);

	violation->number = ++house->violation_count;
	violation->time_ms = clock_wall_ms();
	violation->path = g_strdup(path);
	violation->text = g_strdup(text);
	g_queue_push_tail(&house->violations, violation);
	if (house->violations.length > KEPT_VIOLATIONS)
		free_violation(g_queue_pop_head(&house->violations));
}

static void
tell(struct house *house, const struct entry *entry)
{
	if (house->teller != NULL)
		teller_tell(house->teller, entry);
}

bool
house_keep(struct house *house, struct record *record, GError **error)
{
	for (guint i = 0; i < record->notes->len; i++)
		house_note(house, record->path, record->notes->pdata[i]);
	if (!records_keep(house->records, record, error))
		return false;
	if (house->kind != FAULT_SMTP)
		tell(house, catalog_add(house->catalog, record));
	atomic_fetch_add_explicit(&house->accepted, 1, memory_order_relaxed);
	if (house->on_record != NULL)
		house->on_record(house->on_record_object);
	return true;
}

void
house_set_faults(struct house *house, struct faults *faults)
{
	faults_free(house->faults);
	house->faults = faults;
}
