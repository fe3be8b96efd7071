/* SPDX-License-Identifier: MIT */
#include "rules.h"
#include "smtp/server.h"

#include <string.h>

const struct setting server_tls_settings[] = {
	{ "listener", "tls", SETTING_CHOICE,
	    .choices = "off|offered|required|implicit",
	    .help = "TLS with clients: offered = by STARTTLS, as they like; "
		    "required = nothing is taken before STARTTLS; implicit = "
		    "from the first byte, as on port 465; default: offered "
		    "where there is a tls_certificate, else off." },
	{ "listener", "tls_certificate", SETTING_LIST,
	    .help = "Files with certificate chains (PEM); the first is for "
		    "clients that ask for no name or an unknown one." },
	{ "listener", "tls_key", SETTING_LIST,
	    .help = "Files with the keys to these, in the same order; default: "
		    "the key is in the file of the certificate." },
	{ "listener", "tls_min", SETTING_CHOICE, "1.2",
	    .choices = "1.2|1.3|1.0",
	    .help = "Oldest version of TLS that is spoken; 1.0 is for old "
		    "printers, on a listener of their own without AUTH." },
	{ "listener", "tls_client_ca", SETTING_PATH,
	    .help = "File of authorities (PEM): clients with a certificate by "
		    "one of them may send mail through us." },
	{ "listener", "tls_client_fingerprints", SETTING_LIST,
	    .help = "SHA-256 fingerprints of client certificates that may "
		    "send mail through us, as `openssl x509 -noout "
		    "-fingerprint -sha256` prints them behind the =." },
	{ "listener", "tls_timeout", SETTING_DURATION, "30s", 1, 600000,
	    .help = "Wait for the end of a TLS handshake." },
	{ "server", "reread", SETTING_DURATION, "60s", 0, 86400000,
	    .help = "How often files of certificates, users and secrets are "
		    "looked at for a change, and read again when there is "
		    "one; 0: only on SIGHUP." },
	{ .section = NULL },
};

/* Hex digits of a SHA-256. */
#define FINGERPRINT_DIGITS 64
/* May stand before them. */
#define MARK "sha256:"

/* Where it stands, what is wrong with it and what to do. */
static void
fault(const struct rules_row *row, const char *key, GPtrArray *errors,
    const char *why)
{
	g_ptr_array_add(
	    errors, g_strdup_printf("%s: [%s] %s %s",
			config_origin(row->config, row->section, key),
			row->section, key, why));
}

static unsigned
count(const char *const *list)
{
	return list == NULL ? 0 : g_strv_length((char **)list);
}

static enum rules_tls_mode
read_mode(const struct rules_row *row, bool certified)
{
	static const char *const words[] = { "off", "offered", "required",
		"implicit" };
	const char *word = config_string(row->config, row->section, "tls");

	if (word == NULL)
		return certified ? RULES_TLS_OFFERED : RULES_TLS_OFF;
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	g_assert_not_reached();
}

static void
check_paths(const struct rules_row *row, const char *key, GPtrArray *errors)
{
	const char *const *path = config_list(row->config, row->section, key);

	for (; path != NULL && *path != NULL; path++) {
		g_autofree char *why = NULL;

		if (g_path_is_absolute(*path))
			continue;
		why = g_strdup_printf("names %s; paths that begin with / are "
				      "expected, separated by commas",
		    *path);
		fault(row, key, errors, why);
	}
}

/* One key for each certificate, or none at all. */
static void
check_count(
    const struct rules_row *row, const struct rules_tls *tls, GPtrArray *errors)
{
	unsigned keys = count(tls->keys);
	unsigned certificates = count(tls->certificates);
	g_autofree char *why = NULL;

	if (keys == 0 || keys == certificates)
		return;
	if (certificates == 0) {
		fault(row, "tls_key", errors,
		    "is there without tls_certificate; name the certificate "
		    "that it belongs to, or leave both out");
		return;
	}
	why = g_strdup_printf("names %u file%s, tls_certificate %u; one key "
			      "for each certificate is expected, in the same "
			      "order, or no tls_key at all when each key is in "
			      "the file of its certificate",
	    keys, keys == 1 ? "" : "s", certificates);
	fault(row, "tls_key", errors, why);
}

static void
check_mode(
    const struct rules_row *row, const struct rules_tls *tls, GPtrArray *errors)
{
	static const char *const client[] = { "tls_client_ca",
		"tls_client_fingerprints" };

	if (tls->mode != RULES_TLS_OFF && tls->certificates == NULL)
		fault(row, "tls", errors,
		    "is on, and there is no tls_certificate; name the file of "
		    "our certificate (PEM), and in tls_key that of its key");
	for (unsigned i = 0; i < G_N_ELEMENTS(client); i++)
		if (tls->mode == RULES_TLS_OFF &&
		    config_is_set(row->config, row->section, client[i]))
			fault(row, client[i], errors,
			    "lets clients in by certificates, which they can "
			    "show only where there is TLS; set tls_certificate "
			    "(and no tls = off), or leave it out");
}

/* What protects TLS 1.0 is broken: no password goes through it. */
static void
check_age(
    const struct rules_row *row, const struct rules_tls *tls, GPtrArray *errors)
{
	const char *auth = config_string(row->config, row->section, "auth");

	if (strcmp(tls->least, "1.0") != 0 || auth == NULL ||
	    strcmp(auth, "off") == 0)
		return;
	fault(row, "auth", errors,
	    "takes passwords, and tls_min = 1.0 lets them be read by others; "
	    "give old printers a [listener NAME] of their own with `allow`, "
	    "and set tls_min = 1.2 here");
}

/* "AB:CD:...", "sha256:abcd...": the 64 digits in lower case; NULL: it is
 * none. */
static char *
read_fingerprint(const char *text)
{
	GString *hex = g_string_new(NULL);

	if (g_ascii_strncasecmp(text, MARK, strlen(MARK)) == 0)
		text += strlen(MARK);
	for (; g_ascii_isxdigit(*text) || (*text == ':' && hex->len > 0);
	     text++)
		if (*text != ':')
			g_string_append_c(hex, g_ascii_tolower(*text));
	return g_string_free(
	    hex, *text != '\0' || hex->len != FINGERPRINT_DIGITS);
}

static void
read_fingerprints(
    struct rules_tls *tls, const struct rules_row *row, GPtrArray *errors)
{
	const char *key = "tls_client_fingerprints";
	const char *const *texts = config_list(row->config, row->section, key);
	unsigned length = count(texts), taken = 0;

	if (length == 0)
		return;
	tls->client_fingerprints = g_new0(char *, length + 1);
	for (unsigned i = 0; i < length; i++) {
		char *digits = read_fingerprint(texts[i]);
		g_autofree char *why = NULL;

		if (digits != NULL) {
			tls->client_fingerprints[taken++] = digits;
			continue;
		}
		why = g_strdup_printf("holds %s, which is no fingerprint; 64 "
				      "hex digits are expected, as they are "
				      "printed behind the = by "
				      "openssl x509 -noout -fingerprint "
				      "-sha256 -in FILE",
		    texts[i]);
		fault(row, key, errors, why);
	}
}

void
rules_read_tls(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	struct rules_tls *tls = &rules->tls;

	tls->certificates =
	    config_list(row->config, row->section, "tls_certificate");
	tls->keys = config_list(row->config, row->section, "tls_key");
	tls->mode = read_mode(row, tls->certificates != NULL);
	tls->least = config_string(row->config, row->section, "tls_min");
	tls->client_ca =
	    config_string(row->config, row->section, "tls_client_ca");
	tls->handshake_ms =
	    config_number(row->config, row->section, "tls_timeout");
	check_paths(row, "tls_certificate", errors);
	check_paths(row, "tls_key", errors);
	check_count(row, tls, errors);
	check_mode(row, tls, errors);
	check_age(row, tls, errors);
	read_fingerprints(tls, row, errors);
}

void
rules_clear_tls(struct rules *rules)
{
	g_strfreev(rules->tls.client_fingerprints);
}
