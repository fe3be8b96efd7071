/* SPDX-License-Identifier: MIT */
#include "value.h"

#include "core/network.h"
#include <arpa/inet.h>
#include <string.h>

/* RFC 1035 2.3.4 */
#define LABEL_LENGTH_MAX 63
#define NAME_LENGTH_MAX  253

typedef bool (*parse_fn)(struct value *value, GError **error);

G_GNUC_PRINTF(2, 3)
static bool
refuse(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(
	    error, g_quark_from_static_string("value"), 0, text);
	return false;
}

static bool
check_range(const struct value *value, GError **error)
{
	const struct setting *setting = value->setting;
	int64_t min = setting->min;
	int64_t max = setting->max;

	if (max == 0 && min > 0)
		max = INT64_MAX;
	if ((min == 0 && max == 0) ||
	    (value->number >= min && value->number <= max))
		return true;
	g_autofree char *least = setting_print_number(setting, min);
	g_autofree char *most = setting_print_number(setting, max);
	if (max == INT64_MAX)
		return refuse(error, "at least %s is expected", least);
	return refuse(error, "from %s to %s is allowed", least, most);
}

/* Reads the digits at the start of the text; false when there are none or too
 * many. */
static bool
read_digits(const char *text, int64_t *number, const char **rest)
{
	*number = 0;
	for (*rest = text; g_ascii_isdigit(**rest); (*rest)++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, **rest - '0', number))
			return false;
	return *rest != text;
}

static bool
parse_number(struct value *value, GError **error)
{
	const char *text = value->text;
	bool negative = *text == '-';
	const char *rest;

	if (!read_digits(text + negative, &value->number, &rest) ||
	    *rest != '\0')
		return refuse(error, "a whole number is expected");
	if (negative)
		value->number = -value->number;
	return check_range(value, error);
}

struct unit {
	const char *name;
	int64_t size;
};

/* units ends with one without a name. */
static bool
parse_unit(struct value *value, const struct unit *units)
{
	const char *rest;

	if (!read_digits(value->text, &value->number, &rest))
		return false;
	for (; units->name != NULL; units++)
		if (g_ascii_strcasecmp(rest, units->name) == 0)
			return !__builtin_mul_overflow(
			    value->number, units->size, &value->number);
	return value->number == 0 && *rest == '\0';
}

static bool
parse_size(struct value *value, GError **error)
{
	static const struct unit units[] = { { "", 1 }, { "k", 1 << 10 },
		{ "m", 1 << 20 }, { "g", 1 << 30 }, { NULL, 0 } };

	if (!parse_unit(value, units))
		return refuse(error,
		    "a size in bytes is expected, like 25000000, 64k, 25m or "
		    "1g");
	return check_range(value, error);
}

static bool
parse_duration(struct value *value, GError **error)
{
	static const struct unit units[] = { { "ms", 1 }, { "s", 1000 },
		{ "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
		{ NULL, 0 } };

	if (!parse_unit(value, units))
		return refuse(error,
		    "a duration with its unit is expected, like 500ms, 30s, "
		    "5m, 1h or 2d");
	return check_range(value, error);
}

/* One of a list; position is counted from 1. */
static bool
add_duration(struct value *value, char *item, unsigned position, GError **error)
{
	struct value one = { .setting = value->setting, .text = item };
	g_autoptr(GError) fault = NULL;

	if (!parse_duration(&one, &fault))
		return refuse(error, "\"%s\", number %u of the list: %s", item,
		    position, fault->message);
	g_array_append_val(value->durations, one.number);
	return true;
}

static bool
parse_durations(struct value *value, GError **error)
{
	g_auto(GStrv) items = g_strsplit(value->text, ",", -1);

	value->durations = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (unsigned i = 0; items[i] != NULL; i++)
		if (!add_duration(value, g_strstrip(items[i]), i + 1, error))
			return false;
	if (value->durations->len > 0)
		return true;
	return refuse(error,
	    "durations separated by commas are expected, at least one, like "
	    "30s, 5m, 1h");
}

static bool
parse_bool(struct value *value, GError **error)
{
	static const struct {
		const char *word;
		bool means;
	} words[] = { { "yes", true }, { "no", false }, { "true", true },
		{ "false", false }, { "on", true }, { "off", false },
		{ "1", true }, { "0", false } };

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strcasecmp(value->text, words[i].word) == 0) {
			value->number = words[i].means;
			return true;
		}
	return refuse(error, "yes or no is expected");
}

static bool
parse_choice(struct value *value, GError **error)
{
	g_auto(GStrv) choices = g_strsplit(value->setting->choices, "|", -1);

	if (g_strv_contains((const char *const *)choices, value->text))
		return true;
	g_autofree char *known = g_strjoinv(", ", choices);
	return refuse(error, "one of these is expected: %s", known);
}

/* True when what looks like a comment stands behind the value. */
static bool
has_comment(const char *text)
{
	for (; *text != '\0'; text++)
		if (g_ascii_isspace(*text) && strchr("#;", text[1]) != NULL &&
		    text[1] != '\0')
			return true;
	return false;
}

static bool
check_items(char **list, GError **error)
{
	for (unsigned i = 0; list[i] != NULL; i++) {
		if (*list[i] == '\0')
			return refuse(error,
			    "names separated by commas are expected; there is "
			    "none before, between or after the commas");
		if (strpbrk(list[i], " ;") != NULL)
			return refuse(error,
			    "\"%s\" is no name: names are separated by "
			    "commas, like a, b, and hold no blanks",
			    list[i]);
		for (unsigned j = 0; j < i; j++)
			if (strcmp(list[i], list[j]) == 0)
				return refuse(error,
				    "\"%s\" is named twice: keep one of them",
				    list[i]);
	}
	return true;
}

static bool
parse_list(struct value *value, GError **error)
{
	value->list = g_strsplit(value->text, ",", -1);
	for (char **item = value->list; *item != NULL; item++)
		g_strstrip(*item);
	if (value->list[0] != NULL)
		return check_items(value->list, error);
	return refuse(
	    error, "names separated by commas are expected, at least one");
}

static bool
parse_networks(struct value *value, GError **error)
{
	value->networks = network_parse_list(value->text, error);
	return value->networks != NULL;
}

static bool
parse_endpoint(struct value *value, GError **error)
{
	struct sockaddr_storage address;
	socklen_t length;

	return network_parse_listener(value->text, &address, &length, error);
}

/* Labels of letters, digits, hyphens and underscores (the names of containers
 * have them) between single dots; other scripts when `foreign`. */
static bool
is_name(const char *text, bool foreign)
{
	g_auto(GStrv) labels = g_strsplit(text, ".", -1);

	if (*text == '\0' || strlen(text) > NAME_LENGTH_MAX)
		return false;
	for (char **label = labels; *label != NULL; label++) {
		size_t length = strlen(*label);

		if (length == 0 || length > LABEL_LENGTH_MAX ||
		    **label == '-' || (*label)[length - 1] == '-')
			return false;
		for (const char *c = *label; *c != '\0'; c++)
			if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_' &&
			    !(foreign && (unsigned char)*c >= 0x80))
				return false;
	}
	return true;
}

static bool
is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
}

/* 192.0.2.300 is no name, though its labels are. */
static bool
ends_in_number(const char *text)
{
	const char *dot = strrchr(text, '.');
	const char *last = dot ? dot + 1 : text;

	return last[strspn(last, "0123456789")] == '\0';
}

static bool
parse_host(struct value *value, GError **error)
{
	if (is_address(value->text) ||
	    (is_name(value->text, false) && !ends_in_number(value->text)))
		return true;
	if (!g_str_is_ascii(value->text))
		return refuse(error,
		    "a host name in ASCII is expected: write the xn-- form");
	return refuse(error,
	    "a host name or an IP address is expected, without scheme, port, "
	    "brackets or a dot at its end");
}

static bool
parse_domain(struct value *value, GError **error)
{
	if (is_name(value->text, true) && !ends_in_number(value->text))
		return true;
	return refuse(error,
	    "a mail domain is expected, like example.com: what stands after "
	    "the @");
}

static bool
is_loopback_name(const char *host)
{
	struct in_addr address;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 &&
	       ntohl(address.s_addr) >> 24 == 127;
}

static bool
check_uri(GUri *uri, GError **error)
{
	const char *host = g_uri_get_host(uri);
	const char *path = g_uri_get_path(uri);
	bool https = strcmp(g_uri_get_scheme(uri), "https") == 0;
	bool http = strcmp(g_uri_get_scheme(uri), "http") == 0;

	if (!https && !http)
		return refuse(error, "the scheme must be https");
	if (host == NULL || (!is_address(host) && !is_name(host, false)))
		return refuse(error, "a host name must follow the //");
	if (http && !is_loopback_name(host))
		return refuse(
		    error, "http is allowed to loopback only: write https");
	if (g_uri_get_userinfo(uri) != NULL)
		return refuse(error,
		    "no user name or password may stand in it: they have "
		    "settings of their own");
	if ((*path != '\0' && strcmp(path, "/") != 0) ||
	    g_uri_get_query(uri) != NULL || g_uri_get_fragment(uri) != NULL)
		return refuse(error,
		    "scheme, host and port are expected, nothing behind them");
	if (g_uri_get_port(uri) == 0)
		return refuse(error, "port 0 is none");
	return true;
}

static bool
parse_url(struct value *value, GError **error)
{
	g_autoptr(GUri) uri = g_uri_parse(value->text, G_URI_FLAGS_NONE, NULL);

	if (uri == NULL || strstr(value->text, "//") == NULL)
		return refuse(error,
		    "a URL is expected, like https://api.example.com or "
		    "http://127.0.0.1:8080");
	return check_uri(uri, error);
}

static bool
parse_path(struct value *value, GError **error)
{
	if (*value->text != '/')
		return refuse(error, "a path is expected that begins with /");
	if (has_comment(value->text))
		return refuse(
		    error, "a path is expected, and nothing behind it");
	return true;
}

static bool
parse_secret(struct value *value, GError **error)
{
	if (*value->text != '\0')
		return true;
	return refuse(error, "the secret is empty");
}

static bool
accept_any(struct value *value, GError **error)
{
	(void)value;
	(void)error;
	return true;
}

static const parse_fn parsers[] = {
	[SETTING_STRING] = accept_any,
	[SETTING_NUMBER] = parse_number,
	[SETTING_SIZE] = parse_size,
	[SETTING_DURATION] = parse_duration,
	[SETTING_DURATIONS] = parse_durations,
	[SETTING_BOOL] = parse_bool,
	[SETTING_CHOICE] = parse_choice,
	[SETTING_LIST] = parse_list,
	[SETTING_NETWORKS] = parse_networks,
	[SETTING_ENDPOINT] = parse_endpoint,
	[SETTING_URL] = parse_url,
	[SETTING_HOST] = parse_host,
	[SETTING_DOMAIN] = parse_domain,
	[SETTING_PATH] = parse_path,
	[SETTING_SECRET] = parse_secret,
};

/* Values end up in SMTP commands, header fields and URLs. */
static bool
check_characters(const char *text, GError **error)
{
	if (!g_utf8_validate(text, -1, NULL))
		return refuse(error, "the text is not UTF-8");
	for (; *text != '\0'; text++)
		if (g_ascii_iscntrl(*text))
			return refuse(error,
			    "control characters (line ends and tabs too) are "
			    "not allowed");
	return true;
}

struct value *
value_new(const struct setting *setting, const char *text, GError **error)
{
	struct value *value = g_new0(struct value, 1);

	value->setting = setting;
	value->text = g_strdup(text);
	if (setting->type != SETTING_SECRET)
		g_strstrip(value->text);
	if (check_characters(value->text, error) &&
	    parsers[setting->type](value, error))
		return value;
	value_free(value);
	return NULL;
}

void
value_free(struct value *value)
{
	if (value == NULL)
		return;
	explicit_bzero(value->text, strlen(value->text));
	g_free(value->text);
	g_strfreev(value->list);
	g_clear_pointer(&value->networks, g_array_unref);
	g_clear_pointer(&value->durations, g_array_unref);
	g_free(value);
}
