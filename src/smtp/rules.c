/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include "mail/address.h"
#include "smtp/aliases.h"
#include <string.h>

static int64_t
read_number(const struct rules_row *row, const char *key)
{
	return config_number(row->config, row->section, key);
}

/* One that [server] sets for all listeners. */
static int64_t
read_shared(const struct rules_row *row, const char *key)
{
	bool own = config_is_set(row->config, row->section, key);

	return config_number(row->config, own ? row->section : "server", key);
}

static void
read_times(struct rules_times *times, const struct rules_row *row)
{
	*times = (struct rules_times){
		.command_ms = read_number(row, "command_timeout"),
		.stress_ms = read_number(row, "stress_timeout"),
		.data_ms = read_number(row, "data_timeout"),
		.progress_ms = read_number(row, "data_progress"),
		.reply_ms = read_number(row, "reply_timeout"),
		.deadline_ms = read_number(row, "deadline"),
		.discard_ms = read_number(row, "discard_timeout"),
		.greet_ms = read_number(row, "greet_pause"),
		.session_ms = read_number(row, "session_time"),
		.delay_ms = read_number(row, "error_delay"),
		.linger_ms = read_number(row, "linger_timeout"),
	};
}

static void
read_limits(struct rules_limits *limits, const struct rules_row *row)
{
	*limits = (struct rules_limits){
		.mail_bytes = (uint64_t)read_shared(row, "max_size"),
		.recipients = (unsigned)read_shared(row, "recipients"),
		.line_bytes = (unsigned)read_number(row, "command_size"),
		.unsent_bytes = (size_t)read_number(row, "unsent_replies"),
		.data_rate = (uint64_t)read_number(row, "data_rate"),
		.errors_soft = (unsigned)read_number(row, "errors_soft"),
		.errors_hard = (unsigned)read_number(row, "errors_hard"),
		.idle_commands = (unsigned)read_number(row, "idle_commands"),
		.session_mails = (unsigned)read_number(row, "session_mails"),
		.peer_connections =
		    (unsigned)read_number(row, "peer_connections"),
		.peer_connection_rate =
		    (unsigned)read_number(row, "peer_connection_rate"),
		.peer_mail_rate = (unsigned)read_number(row, "peer_mail_rate"),
	};
}

static void
read_limiter(struct limiter_limits *limits, const struct rules_row *row)
{
	*limits = (struct limiter_limits){
		.header_bytes = (uint32_t)read_number(row, "header_size"),
		.header_fields = (uint32_t)read_number(row, "header_fields"),
		.field_bytes = (uint32_t)read_number(row, "field_size"),
		.received = (uint32_t)read_number(row, "hops"),
		.own_received = (uint32_t)read_number(row, "own_hops"),
		.own_name = rules_hostname(row->config),
		.parts = (uint32_t)read_number(row, "parts"),
		.depth = (uint32_t)read_number(row, "part_depth"),
		.content_bytes =
		    (uint32_t)read_number(row, "content_field_size"),
		.colons = (uint32_t)read_number(row, "address_colons"),
		.comparisons =
		    (uint64_t)read_number(row, "boundary_comparisons"),
	};
}

/* fc00::/7 and fe80::/10 are wide, but nobody else's. */
bool
rules_is_open(const struct network *network)
{
	const unsigned char *bytes = network->bytes;
	bool unique = network->prefix >= 7 && (bytes[0] & 0xfe) == 0xfc;
	bool link = network->prefix >= 10 && bytes[0] == 0xfe &&
		    (bytes[1] & 0xc0) == 0x80;

	if (network->family == AF_INET)
		return network->prefix < 8;
	return network->family == AF_INET6 && network->prefix < 32 && !unique &&
	       !link;
}

static void
check_allow(
    const struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	if (config_bool(
		row->config, row->section, "i_know_this_is_an_open_relay"))
		return;
	for (unsigned i = 0; i < rules->allow->len; i++) {
		const struct network *network =
		    &g_array_index(rules->allow, struct network, i);

		if (!rules_is_open(network))
			continue;
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"%s: [%s] allow holds %s network of /%u, so that "
			"strangers could send mail through us; expected /8 or "
			"longer (IPv4), /32 or longer (IPv6). Name your own "
			"networks, or set i_know_this_is_an_open_relay = yes",
			config_origin(row->config, row->section, "allow"),
			row->section,
			network->family == AF_INET ? "an IPv4" : "an IPv6",
			network->prefix));
		return;
	}
}

/* The IDNA form of a setting's domain; NULL and an error when it is none. */
static char *
convert_domain(const struct rules_row *row, const char *key, const char *domain,
    GPtrArray *errors)
{
	char *ascii = address_domain_to_ascii(domain);

	if (ascii == NULL)
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [%s] %s = %s is no domain; expected a "
				    "name like example.com",
			config_origin(row->config, row->section, key),
			row->section, key, domain));
	return ascii;
}

static void
read_domains(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	const char *domain = config_string(row->config, row->section, "domain");
	const char *const *names =
	    config_list(row->config, row->section, "sender_domains");
	unsigned count, taken = 0;

	if (domain != NULL)
		rules->domain = convert_domain(row, "domain", domain, errors);
	if (names == NULL || names[0] == NULL)
		return;
	count = g_strv_length((char **)names);
	rules->sender_domains = g_new0(char *, count + 1);
	for (unsigned i = 0; i < count; i++) {
		char *ascii =
		    convert_domain(row, "sender_domains", names[i], errors);

		if (ascii != NULL)
			rules->sender_domains[taken++] = ascii;
	}
}

static void
read_aliases(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	const char *const *rows =
	    config_list(row->config, row->section, "aliases");
	g_autoptr(GError) fault = NULL;

	rules->aliases = aliases_new(rows, &fault);
	if (fault != NULL)
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [%s] aliases: %s",
			config_origin(row->config, row->section, "aliases"),
			row->section, fault->message));
}

static void
read_rules(struct rules *rules, const struct rules_row *row, GPtrArray *errors)
{
	rules->allow = config_networks(row->config, row->section, "allow");
	rules->lenient =
	    config_bool(row->config, row->section, "lenient_commands");
	rules->line_endings =
	    g_strcmp0(config_string(row->config, row->section, "line_endings"),
		"reject") == 0
		? RULES_REJECT
		: RULES_FIX;
	read_times(&rules->times, row);
	read_limits(&rules->limits, row);
	read_limiter(&rules->limiter, row);
	check_allow(rules, row, errors);
	read_domains(rules, row, errors);
	read_aliases(rules, row, errors);
	rules_read_tls(rules, row, errors);
	rules_read_auth(rules, row, errors);
	rules_read_door(rules, row, errors);
}

struct rules *
rules_new(struct config *config, const char *listener, GPtrArray *errors)
{
	g_autofree char *section = g_strconcat("listener ", listener, NULL);
	struct rules_row row = { config, section };
	struct rules *rules = g_new0(struct rules, 1);
	unsigned before = errors->len;

	rules->config = config_ref(config);
	g_atomic_ref_count_init(&rules->count);
	rules->listener = g_intern_string(listener);
	rules->hostname = rules_hostname(config);
	rules->when = rules_when(config, listener);
	read_rules(rules, &row, errors);
	if (errors->len > before)
		g_clear_pointer(&rules, rules_free);
	return rules;
}

struct rules *
rules_ref(struct rules *rules)
{
	g_atomic_ref_count_inc(&rules->count);
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules == NULL || !g_atomic_ref_count_dec(&rules->count))
		return;
	rules_clear_tls(rules);
	g_strfreev(rules->sender_domains);
	g_free(rules->domain);
	aliases_free(rules->aliases);
	config_unref(rules->config);
	g_free(rules);
}

enum answer_when
rules_when(const struct config *config, const char *listener)
{
	g_autofree char *section = g_strconcat("listener ", listener, NULL);
	const char *when = config_string(config, section, "answer");

	if (when == NULL)
		when = config_string(config, "server", "answer");
	return strcmp(when, "delivered") == 0 ? ANSWER_DELIVERED
					      : ANSWER_QUEUED;
}

const char *
rules_hostname(const struct config *config)
{
	const char *hostname = config_string(config, "server", "hostname");

	return hostname != NULL ? hostname : g_get_host_name();
}

const char *
rules_address(const struct rules *rules)
{
	g_autofree char *section =
	    g_strconcat("listener ", rules->listener, NULL);

	return config_string(rules->config, section, "address");
}

bool
rules_allow(const struct rules *rules, const struct sockaddr *peer)
{
	return peer->sa_family == AF_UNIX ||
	       network_contains(rules->allow, peer);
}

bool
rules_take_sender(const struct rules *rules, const char *domain)
{
	return rules->sender_domains == NULL ||
	       g_strv_contains(
		   (const char *const *)rules->sender_domains, domain);
}
