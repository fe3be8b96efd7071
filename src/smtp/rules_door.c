/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include "pickup.h"
#include "smtp/server.h"

#include <grp.h>
#include <netinet/in.h>
#include <string.h>

const struct setting server_door_settings[] = {
	{ "listener", "socket_mode", SETTING_STRING, "0660",
	    .help = "Access rights of the Unix socket of an address unix:...: "
		    "whoever may write to it may send mail through us." },
	{ "listener", "socket_group", SETTING_STRING,
	    .help = "Group of that socket; default: the one that "
		    "postferry runs as." },
	{ "listener", "protocol", SETTING_CHOICE, "smtp",
	    .choices = "smtp|lmtp",
	    .help = "lmtp: LMTP (RFC 2033), which answers for each recipient "
		    "on its own." },
	{ "listener", "proxy", SETTING_NETWORKS,
	    .help = "Proxies that say with the PROXY protocol (version 1 or "
		    "2) whom they speak for; they must. The word unix: whoever "
		    "comes by a Unix socket." },
	{ "listener", "proxy_timeout", SETTING_DURATION, "5s", 1, 60000,
	    .help = "Wait for the header of the PROXY protocol." },
	{ "listener", "xforward", SETTING_NETWORKS,
	    .help = "Mail servers that may say with XFORWARD whose mail they "
		    "send on, like Postfix with smtp_send_xforward_command. "
		    "The word unix: whoever comes by a Unix socket." },
	{ "listener", "resends", SETTING_CHOICE, "ident",
	    .choices = "take|ident|received",
	    .help = "A mail that a client sends again because our answer got "
		    "lost: ident = known by XFORWARD IDENT; received = or by "
		    "the id in its topmost Received field; take = a mail of "
		    "its own." },
	{ .section = NULL },
};

/* Where the listener listens, and where a person finds a setting of it. */
struct door {
	struct rules *rules;
	const struct rules_row *row;
	struct sockaddr_storage address;
};

static bool
is_unix(const struct door *door)
{
	return door->address.ss_family == AF_UNIX;
}

static bool
is_set(const struct door *door, const char *key)
{
	return config_is_set(door->row->config, door->row->section, key);
}

static void G_GNUC_PRINTF(4, 5) refuse(const struct door *door, const char *key,
    GPtrArray *errors, const char *format, ...)
{
	const struct rules_row *row = door->row;
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(
	    errors, g_strdup_printf("%s: [%s] %s %s",
			config_origin(row->config, row->section, key),
			row->section, key, text));
}

static void
read_mode(const struct door *door, GPtrArray *errors)
{
	const struct rules_row *row = door->row;
	guint64 mode;

	if (!g_ascii_string_to_unsigned(
		config_string(row->config, row->section, "socket_mode"), 8, 0,
		0777, &mode, NULL))
		refuse(door, "socket_mode", errors,
		    "= %s is no access right: an octal number from 0 to 0777 "
		    "is expected, like 0660",
		    config_string(row->config, row->section, "socket_mode"));
	door->rules->door.socket_mode = (mode_t)mode;
}

static void
read_group(const struct door *door, GPtrArray *errors)
{
	const struct rules_row *row = door->row;
	const char *name =
	    config_string(row->config, row->section, "socket_group");
	const struct group *group;

	door->rules->door.socket_group = (gid_t)-1;
	if (name == NULL)
		return;
	group = getgrnam(name);
	if (group == NULL)
		refuse(door, "socket_group", errors,
		    "= %s is no group of this host; `getent group` shows those "
		    "that are",
		    name);
	else
		door->rules->door.socket_group = group->gr_gid;
}

/* What is about the file of a socket where there is none. */
static void
check_file(const struct door *door, GPtrArray *errors)
{
	static const char *const keys[] = { "socket_mode", "socket_group" };

	for (unsigned i = 0; i < G_N_ELEMENTS(keys) && !is_unix(door); i++)
		if (is_set(door, keys[i]))
			refuse(door, keys[i], errors,
			    "is about a Unix socket, and address is none: "
			    "remove it, or set address = unix:/path");
}

/* Those who are trusted must be able to come, and be ours. */
static void
check_trusted(const struct door *door, const char *key, const GArray *networks,
    GPtrArray *errors)
{
	const struct rules_row *row = door->row;
	bool open = config_bool(
	    row->config, row->section, "i_know_this_is_an_open_relay");

	bool foreign = false;

	for (unsigned i = 0; networks != NULL && i < networks->len; i++) {
		const struct network *network =
		    &g_array_index(networks, struct network, i);

		foreign |= is_unix(door) != (network->family == AF_UNIX);
		if (!open && rules_is_open(network))
			refuse(door, key, errors,
			    "holds a network of /%u, so that strangers could "
			    "say they are anyone; name the addresses of your "
			    "own %s",
			    network->prefix,
			    strcmp(key, "proxy") == 0 ? "proxies"
						      : "mail servers");
	}
	if (foreign)
		refuse(door, key, errors,
		    is_unix(door)
			? "names networks, and who comes by a Unix socket has "
			  "no address: write %s = unix"
			: "names unix, and address is no Unix socket: write "
			  "the addresses they come from in %s",
		    key);
}

/* RFC 2033 5 */
static void
check_protocol(const struct door *door, GPtrArray *errors)
{
	unsigned port = network_port((const struct sockaddr *)&door->address);

	if (door->rules->door.protocol == RULES_SMTP || port != 25)
		return;
	refuse(door, "protocol", errors,
	    "= lmtp cannot be on port 25, where others speak SMTP (RFC 2033 "
	    "5): choose another port, like 24");
}

static void
check_resends(const struct door *door, GPtrArray *errors)
{
	if (!is_set(door, "resends") ||
	    door->rules->door.resends != RULES_RESENDS_IDENT ||
	    door->rules->door.forwarders != NULL)
		return;
	refuse(door, "resends", errors,
	    "= ident needs xforward: name there the mail servers that say IDENT");
}

static void
check_timeout(const struct door *door, GPtrArray *errors)
{
	if (!is_set(door, "proxy_timeout") || door->rules->door.proxies != NULL)
		return;
	refuse(door, "proxy_timeout", errors,
	    "is about proxies, and there are none: name them in proxy, or "
	    "remove it");
}

static bool
is_word(const struct rules_row *row, const char *key, const char *word)
{
	return strcmp(config_string(row->config, row->section, key), word) == 0;
}

static void
read_door(struct rules_door *door, const struct rules_row *row)
{
	door->protocol =
	    is_word(row, "protocol", "lmtp") ? RULES_LMTP : RULES_SMTP;
	door->proxies = config_networks(row->config, row->section, "proxy");
	door->forwarders =
	    config_networks(row->config, row->section, "xforward");
	door->proxy_ms =
	    config_number(row->config, row->section, "proxy_timeout");
	door->resends = RULES_RESENDS_IDENT;
	if (is_word(row, "resends", "take"))
		door->resends = RULES_RESENDS_TAKE;
	else if (is_word(row, "resends", "received"))
		door->resends = RULES_RESENDS_RECEIVED;
}

void
rules_read_door(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	struct door door = { .rules = rules, .row = row };
	g_autoptr(GError) error = NULL;
	socklen_t length;

	read_door(&rules->door, row);
	rules->door.sendmail = pickup_is_for(row->config, rules->listener);
	read_mode(&door, errors);
	read_group(&door, errors);
	check_resends(&door, errors);
	check_timeout(&door, errors);
	if (!network_parse_listener(
		rules_address(rules), &door.address, &length, &error)) {
		g_ptr_array_add(errors, g_strdup(error->message));
		return;
	}
	check_file(&door, errors);
	check_trusted(&door, "proxy", rules->door.proxies, errors);
	check_trusted(&door, "xforward", rules->door.forwarders, errors);
	check_protocol(&door, errors);
}
