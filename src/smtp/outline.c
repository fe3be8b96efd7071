/* SPDX-License-Identifier: MIT */
#include "smtp/outline.h"

#include "core/clock.h"
#include "keyring.h"
#include "rules.h"
#include "smtp/users.h"
#include "tls_identity.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_S 86400

G_GNUC_PRINTF(2, 3)
static void
add(GPtrArray *lines, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(lines, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

/* ---- the address ---- */

static void
check_folder(GPtrArray *lines, const char *address)
{
	g_autofree char *folder = NULL;
	struct stat status;

	if (!g_str_has_prefix(address, NETWORK_UNIX))
		return;
	folder = g_path_get_dirname(address + strlen(NETWORK_UNIX));
	if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
		return;
	add(lines,
	    "warning: there is no folder %s (%s): unless it is made before "
	    "(RuntimeDirectory= of a systemd unit does), postferry will not "
	    "start; make it, or choose another path",
	    folder, g_strerror(errno != 0 ? errno : ENOTDIR));
}

static void
tell_address(const struct rules *rules, GPtrArray *lines)
{
	const char *address = rules_address(rules);

	add(lines, "%s, %s, answer %s", address,
	    rules->door.protocol == RULES_LMTP ? "LMTP" : "SMTP",
	    rules->when == ANSWER_DELIVERED ? "delivered" : "queued");
	errno = 0;
	check_folder(lines, address);
}

/* ---- TLS ---- */

static void
tell_certificate(const struct tls_identity *identity, GPtrArray *lines)
{
	int64_t ends_s = tls_identity_ends(identity);
	int64_t left_s = ends_s - clock_wall_ms() / 1000;
	g_autofree char *until = keyring_date(ends_s);
	const char *path = tls_identity_path(identity);

	add(lines, "certificate for %s, until %s (%s)",
	    tls_identity_names(identity), until, path);
	if (left_s <= 0)
		add(lines,
		    "warning: the certificate in %s has ended: clients that "
		    "check it send no mail; put a new one there",
		    path);
	else if (left_s <= KEYRING_SOON_S)
		add(lines,
		    "warning: the certificate in %s ends in %d days: put a new "
		    "one there before",
		    path, (int)(left_s / DAY_S));
}

static void
tell_tls(const struct rules *rules, GPtrArray *lines)
{
	static const char *const modes[] = {
		[RULES_TLS_OFF] = "off",
		[RULES_TLS_OFFERED] = "offered (STARTTLS)",
		[RULES_TLS_REQUIRED] = "required (STARTTLS)",
		[RULES_TLS_IMPLICIT] = "implicit (from the first byte)",
	};
	struct tls_keys *keys = NULL;
	const GPtrArray *identities;

	if (rules->tls.mode == RULES_TLS_OFF) {
		add(lines, "TLS: off");
		return;
	}
	add(lines, "TLS: %s, %s or newer", modes[rules->tls.mode],
	    rules->tls.least);
	keys = tls_keys_new(rules, NULL);
	if (keys == NULL) /* since it was checked */
		return;
	identities = tls_keys_identities(keys);
	for (unsigned i = 0; i < identities->len; i++)
		tell_certificate(identities->pdata[i], lines);
	tls_keys_unref(keys);
}

/* ---- who ---- */

static void
tell_users(const struct rules *rules, GPtrArray *lines)
{
	const char *path = config_string(rules->config, "server", "users");
	struct users *users = users_read(path, NULL);
	unsigned count =
	    users != NULL ? users_count(users) - users_token_count(users) : 0;

	add(lines, "AUTH: the %u user%s of %s%s", count, count == 1 ? "" : "s",
	    path, rules->auth.plaintext ? ", also without TLS" : "");
	if (count == 0)
		add(lines,
		    "warning: %s has no user, so nobody can log in: "
		    "`postferry user add NAME`",
		    path);
	users_free(users);
}

static void
tell_auth(const struct rules *rules, GPtrArray *lines)
{
	switch (rules->auth.mode) {
	case RULES_AUTH_OFF:
		add(lines, "AUTH: off");
		break;
	case RULES_AUTH_ANY:
		add(lines,
		    "AUTH: any name with any password, from where mail may "
		    "come");
		break;
	case RULES_AUTH_USERS:
		tell_users(rules, lines);
		break;
	}
}

static void
append(GString *list, const char *text)
{
	g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", text);
}

static void
append_networks(GString *list, const GArray *networks)
{
	for (unsigned i = 0; networks != NULL && i < networks->len; i++) {
		const struct network *network =
		    &g_array_index(networks, struct network, i);
		char text[INET6_ADDRSTRLEN] = "whoever may write to the socket";
		bool whole =
		    network->family == AF_UNIX ||
		    network->prefix == (network->family == AF_INET ? 32 : 128);

		if (network->family != AF_UNIX)
			inet_ntop(
			    network->family, network->bytes, text, sizeof text);
		append(list, text);
		if (!whole)
			g_string_append_printf(list, "/%u", network->prefix);
	}
}

static void
tell_senders(const struct rules *rules, GPtrArray *lines)
{
	g_autoptr(GString) list = g_string_new(NULL);
	bool local = g_str_has_prefix(rules_address(rules), NETWORK_UNIX);

	if (local)
		append(list, "whoever may write to the socket");
	else
		append_networks(list, rules->allow);
	if (rules->auth.mode == RULES_AUTH_USERS)
		append(list, "users that log in");
	if (rules->tls.client_ca != NULL)
		append(list, "clients with a certificate of tls_client_ca");
	if (rules->tls.client_fingerprints != NULL)
		append(list, "those of tls_client_fingerprints");
	add(lines, "may send: %s", list->str);
	g_string_truncate(list, 0);
	append_networks(list, rules->door.proxies);
	if (list->len > 0)
		add(lines, "behind proxies, which must say PROXY: %s",
		    list->str);
}

GPtrArray *
outline_listener(struct config *config, const char *listener)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct rules *rules = rules_new(config, listener, errors);

	g_assert(rules != NULL);
	tell_address(rules, lines);
	tell_tls(rules, lines);
	tell_auth(rules, lines);
	tell_senders(rules, lines);
	rules_free(rules);
	return lines;
}
