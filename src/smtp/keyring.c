/* SPDX-License-Identifier: MIT */
#include "keyring.h"

#include "core/clock.h"
#include "core/log.h"
#include "tls_identity.h"
#include <string.h>
#include <sys/stat.h>

#define DAY_S 86400

struct keyring {
	const struct rules *rules;
	struct tls_keys *keys; /* NULL: TLS is off */
	GString *look;         /* of the files before they were read */
	char *unread;          /* why not, last; NULL: they were read */
	int64_t warned_s;      /* when certificates were looked at for their
				* end; 0: never */
};

/* What changes when a file does. */
static void
look_at(GString *look, const char *path)
{
	struct stat at;

	memset(&at, 0, sizeof(at));
	stat(path, &at);
	g_string_append_printf(look, "%lx:%lx:%lx:%lx.%lx:%lx.%lx\n",
	    (long)at.st_dev, (long)at.st_ino, (long)at.st_size,
	    (long)at.st_mtim.tv_sec, at.st_mtim.tv_nsec,
	    (long)at.st_ctim.tv_sec, at.st_ctim.tv_nsec);
}

static GString *
look_at_files(const struct rules_tls *tls)
{
	GString *look = g_string_new(NULL);

	for (unsigned i = 0; tls->certificates[i] != NULL; i++)
		look_at(look, tls->certificates[i]);
	for (unsigned i = 0; tls->keys != NULL && tls->keys[i] != NULL; i++)
		look_at(look, tls->keys[i]);
	if (tls->client_ca != NULL)
		look_at(look, tls->client_ca);
	return look;
}

char *
keyring_date(int64_t ends_s)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ends_s);

	return time != NULL ? g_date_time_format_iso8601(time)
			    : g_strdup("in a year past all dates");
}

static void
warn_of_end(const struct keyring *keyring, const struct tls_identity *identity)
{
	int64_t ends_s = tls_identity_ends(identity);
	int64_t left_s = ends_s - clock_wall_ms() / 1000;
	g_autofree char *until = keyring_date(ends_s);

	if (left_s > KEYRING_SOON_S)
		return;
	log_warn(
	    left_s <= 0 ? "certificate has ended" : "certificate ends soon",
	    log_str("listener", keyring->rules->listener),
	    log_str("file", tls_identity_path(identity)),
	    log_str("names", tls_identity_names(identity)),
	    log_str("until", until), log_num("days_left", left_s / DAY_S),
	    log_str("reason",
		left_s <= 0
		    ? "clients that check it send no mail: put a new one into "
		      "this file, it is read by itself"
		    : "put a new one into this file before, it is read by "
		      "itself"));
}

static void
warn_of_ends(struct keyring *keyring)
{
	const GPtrArray *identities = tls_keys_identities(keyring->keys);

	keyring->warned_s = clock_wall_ms() / 1000;
	for (unsigned i = 0; i < identities->len; i++)
		warn_of_end(keyring, identities->pdata[i]);
}

/* The files are looked at first, so that a change while they are read is seen
 * the next time. */
static bool
read_keys(struct keyring *keyring, GError **error)
{
	struct tls_keys *keys;

	if (keyring->look != NULL)
		g_string_free(keyring->look, TRUE);
	keyring->look = look_at_files(&keyring->rules->tls);
	g_clear_pointer(&keyring->unread, g_free);
	keys = tls_keys_new(keyring->rules, error);
	if (keys == NULL)
		return false;
	tls_keys_unref(keyring->keys);
	keyring->keys = keys;
	warn_of_ends(keyring);
	return true;
}

struct keyring *
keyring_new(const struct rules *rules, GError **error)
{
	struct keyring *keyring = g_new0(struct keyring, 1);

	keyring->rules = rules;
	if (rules->tls.mode != RULES_TLS_OFF && !read_keys(keyring, error))
		g_clear_pointer(&keyring, keyring_free);
	return keyring;
}

void
keyring_free(struct keyring *keyring)
{
	if (keyring == NULL)
		return;
	tls_keys_unref(keyring->keys);
	if (keyring->look != NULL)
		g_string_free(keyring->look, TRUE);
	g_free(keyring->unread);
	g_free(keyring);
}

struct tls_keys *
keyring_take(const struct keyring *keyring)
{
	return tls_keys_ref(keyring->keys);
}

static void
reread(struct keyring *keyring)
{
	g_autoptr(GError) error = NULL;
	const struct tls_identity *first;

	if (!read_keys(keyring, &error)) {
		keyring->unread = g_strdup(error->message);
		log_error("certificates not read again: the old ones stay",
		    log_str("listener", keyring->rules->listener),
		    log_str("reason", error->message),
		    log_str("next", "they are read again when a file changes, "
				    "or on SIGHUP"));
		return;
	}
	first = tls_keys_identities(keyring->keys)->pdata[0];
	log_info("certificates read again",
	    log_str("listener", keyring->rules->listener),
	    log_str("file", tls_identity_path(first)),
	    log_str("names", tls_identity_names(first)),
	    log_num("count", tls_keys_identities(keyring->keys)->len));
}

void
keyring_reread(struct keyring *keyring)
{
	if (keyring->keys != NULL)
		reread(keyring);
}

bool
keyring_renew(struct keyring *keyring, const struct rules *rules)
{
	const struct rules *before = keyring->rules;

	keyring->rules = rules;
	if (rules->tls.mode == RULES_TLS_OFF) {
		g_clear_pointer(&keyring->keys, tls_keys_unref);
		return true;
	}
	reread(keyring);
	if (keyring->keys != NULL)
		return true;
	keyring->rules = before;
	g_clear_pointer(&keyring->unread, g_free);
	return false;
}

void
keyring_look(struct keyring *keyring)
{
	GString *look;
	bool changed;

	if (keyring->keys == NULL)
		return;
	look = look_at_files(&keyring->rules->tls);
	changed = !g_string_equal(look, keyring->look);
	g_string_free(look, TRUE);
	if (changed)
		keyring_reread(keyring);
	else if (clock_wall_ms() / 1000 - keyring->warned_s >= DAY_S)
		warn_of_ends(keyring);
}

static void
report_unread(const struct keyring *keyring, struct complaints *complaints)
{
	const struct rules *rules = keyring->rules;
	g_autofree char *text = g_strdup_printf(
	    "[listener %s] could not read its certificates again, and shows "
	    "the old ones: %s",
	    rules->listener, keyring->unread);

	if (keyring->unread == NULL)
		complaints_clear(
		    complaints, "certificate_unread", rules->listener);
	else
		complaints_set(complaints,
		    &(struct complaint){
			.kind = "certificate_unread",
			.subject = rules->listener,
			.urgent = true,
			.text = text,
			.advice = "mend the file; it is read again when it "
				  "changes, or on SIGHUP; until then do not "
				  "restart postferry, which would not start",
		    });
}

static void
report_end(const struct tls_identity *identity, struct complaints *complaints,
    int64_t now_s)
{
	const char *path = tls_identity_path(identity);
	int64_t ends_s = tls_identity_ends(identity);
	bool ended = ends_s <= now_s;
	g_autofree char *until = keyring_date(ends_s);
	g_autofree char *text = g_strdup_printf("the certificate in %s (%s) %s "
						"%s",
	    path, tls_identity_names(identity), ended ? "has ended" : "ends",
	    until);

	complaints_clear(
	    complaints, ended ? "certificate_ends" : "certificate_ended", path);
	if (ends_s - now_s > KEYRING_SOON_S)
		complaints_clear(complaints, "certificate_ends", path);
	if (ends_s - now_s > KEYRING_SOON_S)
		return;
	complaints_set(complaints,
	    &(struct complaint){
		.kind = ended ? "certificate_ended" : "certificate_ends",
		.subject = path,
		.urgent = ended,
		.since_ms = ended ? ends_s * 1000 : 0,
		.text = text,
		.advice = ended ? "clients that check it send no mail: put a "
				  "new one into this file, it is read by itself"
				: "put a new one into this file before, it is "
				  "read by itself",
	    });
}

void
keyring_report(const struct keyring *keyring, struct complaints *complaints)
{
	const GPtrArray *identities;

	if (keyring->keys == NULL)
		return;
	report_unread(keyring, complaints);
	identities = tls_keys_identities(keyring->keys);
	for (unsigned i = 0; i < identities->len; i++)
		report_end(
		    identities->pdata[i], complaints, clock_wall_ms() / 1000);
}
