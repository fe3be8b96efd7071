/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

/* Of a v1 header with its CR LF. */
#define LINE_MAX_OCTETS 107
/* "PROXY UNKNOWN" CR LF: no header is shorter. */
#define SHORTEST 15

static const char line_start[] = "PROXY ";

/* ---- version 1: a line ---- */

/* A number as the specification has it: no sign, no leading zero. */
static bool
parse_port(const char *text, in_port_t *port)
{
	guint64 number;

	if (!g_ascii_isdigit(*text) || (*text == '0' && text[1] != '\0') ||
	    !g_ascii_string_to_unsigned(text, 10, 0, 65535, &number, NULL))
		return false;
	*port = htons((uint16_t)number);
	return true;
}

/* Both ends of a connection; only the first is of interest. */
static bool
parse_ipv4(char *const *fields, struct sockaddr_storage *client)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct in_addr to;
	in_port_t port;

	if (inet_pton(AF_INET, fields[0], &in.sin_addr) != 1 ||
	    inet_pton(AF_INET, fields[1], &to) != 1 ||
	    !parse_port(fields[2], &in.sin_port) ||
	    !parse_port(fields[3], &port))
		return false;
	memcpy(client, &in, sizeof(in));
	return true;
}

static bool
parse_ipv6(char *const *fields, struct sockaddr_storage *client)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct in6_addr to;
	in_port_t port;

	if (inet_pton(AF_INET6, fields[0], &in6.sin6_addr) != 1 ||
	    inet_pton(AF_INET6, fields[1], &to) != 1 ||
	    !parse_port(fields[2], &in6.sin6_port) ||
	    !parse_port(fields[3], &port))
		return false;
	memcpy(client, &in6, sizeof(in6));
	return true;
}

/* What follows "PROXY ", without CR LF. */
static enum proxy_result
parse_line(const char *line, struct sockaddr_storage *client)
{
	g_auto(GStrv) fields = g_strsplit(line, " ", -1);
	bool good = false;

	if (fields[0] == NULL)
		return PROXY_BAD;
	/* whatever follows is to be ignored */
	if (strcmp(fields[0], "UNKNOWN") == 0)
		return PROXY_SELF;
	if (g_strv_length(fields) != 5)
		return PROXY_BAD;
	if (strcmp(fields[0], "TCP4") == 0)
		good = parse_ipv4(fields + 1, client);
	else if (strcmp(fields[0], "TCP6") == 0)
		good = parse_ipv6(fields + 1, client);
	return good ? PROXY_OTHER : PROXY_BAD;
}

static bool
is_printable(const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			return false;
	return true;
}

static enum proxy_result
read_line(const unsigned char *bytes, size_t length,
    struct sockaddr_storage *client, size_t *used)
{
	size_t most = MIN(length, LINE_MAX_OCTETS);
	const unsigned char *end = memchr(bytes, '\r', most);
	size_t line = end == NULL ? most : (size_t)(end - bytes);
	g_autofree char *text = NULL;

	if (!is_printable(bytes, line))
		return PROXY_BAD;
	if (end == NULL || line + 1 == most)
		return most < LINE_MAX_OCTETS ? PROXY_MORE : PROXY_BAD;
	if (end[1] != '\n')
		return PROXY_BAD;
	*used = line + strlen("\r\n");
	text = g_strndup((const char *)bytes + strlen(line_start),
	    line - strlen(line_start));
	return parse_line(text, client);
}

/* ---- version 2: binary ---- */

#define SIGNATURE_LENGTH 12
#define FIXED_LENGTH     16 /* signature, version, family, length */

static const unsigned char signature[SIGNATURE_LENGTH] = { 0x0d, 0x0a, 0x0d,
	0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

enum command {
	COMMAND_LOCAL = 0x20, /* with the version, which is 2 */
	COMMAND_PROXY = 0x21,
};

/* Family and protocol; what is no stream is none of ours. */
enum family {
	FAMILY_UNKNOWN = 0x00,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
	FAMILY_UNIX = 0x31,
};

/* Octets of the addresses of both ends. */
enum {
	ADDRESSES_TCP4 = 12,
	ADDRESSES_TCP6 = 36,
	ADDRESSES_UNIX = 216,
};

/* Octets of the whole header; 0: the fixed part is broken. */
static size_t
measure(const unsigned char *bytes)
{
	size_t total =
	    FIXED_LENGTH + ((size_t)bytes[14] << 8) + (size_t)bytes[15];

	if (bytes[12] != COMMAND_LOCAL && bytes[12] != COMMAND_PROXY)
		return 0;
	return total <= PROXY_HEADER_MAX ? total : 0;
}

/* Type, length in two octets, value: they fill the rest to its end. */
static bool
are_extensions(const unsigned char *bytes, size_t length)
{
	while (length >= 3) {
		size_t one = 3 + ((size_t)bytes[1] << 8) + (size_t)bytes[2];

		if (one > length)
			return false;
		bytes += one;
		length -= one;
	}
	return length == 0;
}

static void
copy_ipv4(const unsigned char *bytes, struct sockaddr_storage *client)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	memcpy(&in.sin_addr, bytes, 4);
	memcpy(&in.sin_port, bytes + 8, 2);
	memcpy(client, &in, sizeof(in));
}

static void
copy_ipv6(const unsigned char *bytes, struct sockaddr_storage *client)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memcpy(&in6.sin6_addr, bytes, 16);
	memcpy(&in6.sin6_port, bytes + 32, 2);
	memcpy(client, &in6, sizeof(in6));
}

/* Addresses and what follows them. */
static enum proxy_result
read_addresses(enum family family, const unsigned char *bytes, size_t length,
    struct sockaddr_storage *client)
{
	size_t addresses = family == FAMILY_TCP4   ? ADDRESSES_TCP4
			   : family == FAMILY_TCP6 ? ADDRESSES_TCP6
			   : family == FAMILY_UNIX ? ADDRESSES_UNIX
						   : length + 1;

	/* whom it is for cannot be said, by its own word */
	if (family == FAMILY_UNKNOWN)
		return PROXY_SELF;
	if (length < addresses ||
	    !are_extensions(bytes + addresses, length - addresses))
		return PROXY_BAD;
	if (family == FAMILY_UNIX)
		return PROXY_SELF;
	if (family == FAMILY_TCP4)
		copy_ipv4(bytes, client);
	else
		copy_ipv6(bytes, client);
	return PROXY_OTHER;
}

static enum proxy_result
read_binary(const unsigned char *bytes, size_t length,
    struct sockaddr_storage *client, size_t *used)
{
	size_t total;

	if (length < FIXED_LENGTH)
		return PROXY_MORE;
	total = measure(bytes);
	if (total == 0)
		return PROXY_BAD;
	if (length < total)
		return PROXY_MORE;
	*used = total;
	if (bytes[12] == COMMAND_LOCAL)
		return PROXY_SELF;
	return read_addresses((enum family)bytes[13], bytes + FIXED_LENGTH,
	    total - FIXED_LENGTH, client);
}

/* ---- which of them ---- */

/* So far as there are bytes. */
static bool
begins(const unsigned char *bytes, size_t length, const void *start,
    size_t start_length)
{
	return memcmp(bytes, start, MIN(length, start_length)) == 0;
}

enum proxy_result
proxy_read(const unsigned char *bytes, size_t length,
    struct sockaddr_storage *client, size_t *used)
{
	*used = 0;
	if (length == 0)
		return PROXY_MORE;
	memset(client, 0, sizeof(*client));
	if (begins(bytes, length, signature, SIGNATURE_LENGTH))
		return read_binary(bytes, length, client, used);
	if (!begins(bytes, length, line_start, strlen(line_start)))
		return PROXY_BAD;
	if (length <= strlen(line_start))
		return PROXY_MORE;
	return read_line(bytes, length, client, used);
}

bool
proxy_is_begun(const unsigned char *bytes, size_t length)
{
	return (length >= strlen(line_start) &&
		   memcmp(bytes, line_start, strlen(line_start)) == 0) ||
	       (length >= SIGNATURE_LENGTH &&
		   memcmp(bytes, signature, SIGNATURE_LENGTH) == 0);
}

/* A line ends with CR LF; its shortest with addresses is "PROXY TCP6 :: :: 0 0"
 * CR LF, or with those of IPv4. */
static size_t
lacks_of_line(const unsigned char *bytes, size_t length)
{
	static const struct {
		const char *start;
		size_t shortest;
	} forms[] = {
		{ "PROXY TCP4 ", sizeof("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r") },
		{ "PROXY TCP6 ", sizeof("PROXY TCP6 :: :: 0 0\r") },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++)
		if (length < forms[i].shortest &&
		    begins(bytes, length, forms[i].start, 11))
			return forms[i].shortest - length;
	return bytes[length - 1] == '\r' ? 1 : 2;
}

size_t
proxy_lacks(const unsigned char *bytes, size_t length)
{
	if (length < SHORTEST)
		return SHORTEST - length;
	if (*bytes != *signature)
		return lacks_of_line(bytes, length);
	if (length < FIXED_LENGTH)
		return FIXED_LENGTH - length;
	return measure(bytes) - length;
}
