/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include "core/network.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1
#define SIGNATURE   "\r\n\r\n\0\r\nQUIT\n"
#define V4          "\xc0\0\2\1\xc6\x33\x64\2\xdb\xa0\0\x19"
#define SPACES      "                                        "
#define SIXTEEN     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define PATH        SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
#define V6_FROM     "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7"

static const struct {
	const char *name;
	const char *bytes;
	size_t length;
	enum proxy_result result;
	const char *client; /* OTHER: its address */
	unsigned port;
} rows[] = {
	/* version 1 */
	{ "IPv4", BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 56224 25\r\n"),
	    PROXY_OTHER, "192.0.2.1", 56224 },
	{ "IPv6", BYTES("PROXY TCP6 2001:db8::7 ::1 1 65535\r\n"), PROXY_OTHER,
	    "2001:db8::7", 1 },
	{ "the shortest", BYTES("PROXY TCP6 :: :: 0 0\r\n"), PROXY_OTHER,
	    "::", 0 },
	{ "the shortest of IPv4", BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"),
	    PROXY_OTHER, "0.0.0.0", 0 },
	{ "the longest address",
	    BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    PROXY_OTHER, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535 },
	{ "mapped is IPv4", BYTES("PROXY TCP6 ::ffff:192.0.2.9 ::1 9 25\r\n"),
	    PROXY_OTHER, "192.0.2.9", 9 },
	{ "unknown", BYTES("PROXY UNKNOWN\r\n"), PROXY_SELF, NULL, 0 },
	{ "unknown, and more",
	    BYTES("PROXY UNKNOWN ffff::1 whatever it is 1 2\r\n"), PROXY_SELF,
	    NULL, 0 },
	{ "107 octets", BYTES("PROXY UNKNOWN " SPACES SPACES "12345678901\r\n"),
	    PROXY_SELF, NULL, 0 },
	{ "108 octets",
	    BYTES("PROXY UNKNOWN " SPACES SPACES "123456789012\r\n"), PROXY_BAD,
	    NULL, 0 },
	{ "no end", BYTES("PROXY UNKNOWN " SPACES SPACES SPACES SPACES),
	    PROXY_BAD, NULL, 0 },
	{ "lower case", BYTES("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
	    PROXY_BAD, NULL, 0 },
	{ "family in lower case",
	    BYTES("PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n"), PROXY_BAD, NULL,
	    0 },
	{ "UDP", BYTES("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"), PROXY_BAD,
	    NULL, 0 },
	{ "no family", BYTES("PROXY \r\n\r\n\r\n\r\n\r\n"), PROXY_BAD, NULL,
	    0 },
	{ "two blanks", BYTES("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"),
	    PROXY_BAD, NULL, 0 },
	{ "a blank at the end",
	    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"), PROXY_BAD, NULL,
	    0 },
	{ "a tab", BYTES("PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n"), PROXY_BAD,
	    NULL, 0 },
	{ "one port", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"), PROXY_BAD,
	    NULL, 0 },
	{ "three ports", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"),
	    PROXY_BAD, NULL, 0 },
	{ "a port too large",
	    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), PROXY_BAD,
	    NULL, 0 },
	{ "a port with a zero",
	    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 025 2\r\n"), PROXY_BAD, NULL,
	    0 },
	{ "a port with a sign",
	    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 +5 2\r\n"), PROXY_BAD, NULL,
	    0 },
	{ "the other port", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 5 x\r\n"),
	    PROXY_BAD, NULL, 0 },
	{ "an address with a zero",
	    BYTES("PROXY TCP4 192.0.02.1 192.0.2.2 5 6\r\n"), PROXY_BAD, NULL,
	    0 },
	{ "a short address", BYTES("PROXY TCP4 192.0.2 192.0.2.2 5 6\r\n"),
	    PROXY_BAD, NULL, 0 },
	{ "no address", BYTES("PROXY TCP4 host 192.0.2.2 5 6\r\n"), PROXY_BAD,
	    NULL, 0 },
	{ "the other address", BYTES("PROXY TCP4 192.0.2.2 host 5 6\r\n"),
	    PROXY_BAD, NULL, 0 },
	{ "IPv6 as IPv4", BYTES("PROXY TCP4 ::1 ::1 5 6\r\n"), PROXY_BAD, NULL,
	    0 },
	{ "IPv4 as IPv6", BYTES("PROXY TCP6 192.0.2.1 192.0.2.2 5 6\r\n"),
	    PROXY_BAD, NULL, 0 },
	{ "a zone", BYTES("PROXY TCP6 fe80::1%lo ::1 5 6\r\n"), PROXY_BAD, NULL,
	    0 },
	{ "a bare LF", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"), PROXY_BAD,
	    NULL, 0 },
	{ "a bare CR", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rEHLO"),
	    PROXY_BAD, NULL, 0 },
	{ "NUL", BYTES("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"), PROXY_BAD,
	    NULL, 0 },
	{ "SMTP", BYTES("EHLO client.example\r\n"), PROXY_BAD, NULL, 0 },
	{ "TLS", BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3"), PROXY_BAD, NULL, 0 },
	/* version 2 */
	{ "v2 IPv4", BYTES(SIGNATURE "\x21\x11\0\x0c" V4), PROXY_OTHER,
	    "192.0.2.1", 56224 },
	{ "v2 IPv6",
	    BYTES(SIGNATURE "\x21\x21\0\x24" V6_FROM SIXTEEN "\1\2\0\x19"),
	    PROXY_OTHER, "2001:db8::7", 258 },
	{ "v2 with extensions",
	    BYTES(SIGNATURE "\x21\x11\0\x13" V4 "\4\0\1x\4\0\0"), PROXY_OTHER,
	    "192.0.2.1", 56224 },
	{ "v2 local", BYTES(SIGNATURE "\x20\0\0\0"), PROXY_SELF, NULL, 0 },
	{ "v2 local, with addresses", BYTES(SIGNATURE "\x20\x11\0\x0c" V4),
	    PROXY_SELF, NULL, 0 },
	{ "v2 unspecified", BYTES(SIGNATURE "\x21\0\0\2ab"), PROXY_SELF, NULL,
	    0 },
	{ "v2 Unix",
	    BYTES(SIGNATURE "\x21\x31\0\xd8" PATH PATH SIXTEEN "\0\0\0\0"
			    "\0\0\0\0"),
	    PROXY_SELF, NULL, 0 },
	{ "v2 Unix, short", BYTES(SIGNATURE "\x21\x31\0\x0c" V4), PROXY_BAD,
	    NULL, 0 },
	{ "v2 datagrams", BYTES(SIGNATURE "\x21\x12\0\x0c" V4), PROXY_BAD, NULL,
	    0 },
	{ "v2 IPv6 in IPv4's length", BYTES(SIGNATURE "\x21\x21\0\x0c" V4),
	    PROXY_BAD, NULL, 0 },
	{ "v2 short", BYTES(SIGNATURE "\x21\x11\0\x0b" V4), PROXY_BAD, NULL,
	    0 },
	{ "v2 an extension that is cut",
	    BYTES(SIGNATURE "\x21\x11\0\x10" V4 "\4\0\2x"), PROXY_BAD, NULL,
	    0 },
	{ "v2 half an extension", BYTES(SIGNATURE "\x21\x11\0\x0e" V4 "\4\0"),
	    PROXY_BAD, NULL, 0 },
	{ "v2 of 537 octets", BYTES(SIGNATURE "\x21\x11\2\x09" V4), PROXY_BAD,
	    NULL, 0 },
	{ "v2 of 65551 octets", BYTES(SIGNATURE "\x20\0\xff\xff"), PROXY_BAD,
	    NULL, 0 },
	{ "v3", BYTES(SIGNATURE "\x31\x11\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ "v2 of another command", BYTES(SIGNATURE "\x22\x11\0\x0c" V4),
	    PROXY_BAD, NULL, 0 },
	{ "v2 of a family of its own", BYTES(SIGNATURE "\x21\x41\0\x0c" V4),
	    PROXY_BAD, NULL, 0 },
	{ "v2 of a broken signature",
	    BYTES("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c" V4), PROXY_BAD, NULL,
	    0 },
};

/* What the first `length` octets come to; also with others behind them. */
static enum proxy_result
read_part(const char *bytes, size_t length, struct sockaddr_storage *client,
    size_t *used)
{
	/* so that a read past the end is seen */
	unsigned char *part = test_malloc(length + 1);
	enum proxy_result result;

	memcpy(part, bytes, length);
	result = proxy_read(part, length, client, used);
	if (result == PROXY_MORE)
		assert_true(proxy_lacks(part, length) >= 1);
	test_free(part);
	return result;
}

static void
check_client(unsigned row, const struct sockaddr_storage *client)
{
	char text[NETWORK_PEER_LENGTH];

	network_print_peer((const struct sockaddr *)client, text);
	assert_string_equal(text, rows[row].client);
	assert_int_equal(
	    network_port((const struct sockaddr *)client), rows[row].port);
}

static void
test_rows(void **state)
{
	struct sockaddr_storage client;
	size_t used;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum proxy_result result =
		    read_part(rows[i].bytes, rows[i].length, &client, &used);

		if (result != rows[i].result)
			fail_msg("%s: %d", rows[i].name, (int)result);
		if (result == PROXY_OTHER)
			check_client(i, &client);
		if (result != PROXY_BAD)
			assert_int_equal(used, rows[i].length);
	}
}

/* Cut at every octet a header is either not complete or broken, never another
 * one; what follows it is left. */
static void
test_splits(void **state)
{
	struct sockaddr_storage client;
	size_t used;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = rows[i].result != PROXY_BAD;

		for (size_t cut = 0; cut < rows[i].length; cut++) {
			enum proxy_result result =
			    read_part(rows[i].bytes, cut, &client, &used);
			if (result != PROXY_MORE &&
			    (good || result != PROXY_BAD))
				fail_msg("%s, %zu octets: %d", rows[i].name,
				    cut, (int)result);
			if (result == PROXY_MORE)
				assert_int_equal(used, 0);
		}
	}
}

static void
test_rest(void **state)
{
	struct sockaddr_storage client;
	char bytes[1024];
	size_t used;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].result == PROXY_BAD)
			continue;
		memcpy(bytes, rows[i].bytes, rows[i].length);
		memcpy(bytes + rows[i].length, "EHLO c\r\n", 8);
		assert_int_equal(
		    read_part(bytes, rows[i].length + 8, &client, &used),
		    rows[i].result);
		assert_int_equal(used, rows[i].length);
	}
}

/* Who reads what it lacks reads the header and not an octet more. */
static void
test_lacks(void **state)
{
	struct sockaddr_storage client;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned char *bytes =
		    (const unsigned char *)rows[i].bytes;
		size_t have = 0, used = 0;

		if (rows[i].result == PROXY_BAD)
			continue;
		while (proxy_read(bytes, have, &client, &used) == PROXY_MORE) {
			have += proxy_lacks(bytes, have);
			if (have > rows[i].length)
				fail_msg(
				    "%s: %zu octets read", rows[i].name, have);
		}
		assert_int_equal(have, rows[i].length);
	}
}

/* Octets by chance, most with a good beginning: nothing is read past the end,
 * nothing used that is not there. */
static void
test_chance(void **state)
{
	static const char *const starts[] = { "PROXY ", "PROXY TCP4 ",
		"PROXY TCP6 ::1 ", SIGNATURE };
	uint32_t seed = 12345;

	(void)state;
	for (unsigned turn = 0; turn < 20000; turn++) {
		char bytes[160];
		size_t start = turn % 4 == 3 ? 12 : strlen(starts[turn % 4]);
		struct sockaddr_storage client;
		size_t used;

		memcpy(bytes, starts[turn % 4], start);
		for (size_t i = start; i < sizeof(bytes); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (char)(seed >> 16);
			if (turn % 4 != 3)
				bytes[i] = "0129 .:f\r\nTCP46"[seed % 15];
		}
		read_part(bytes, seed % sizeof(bytes), &client, &used);
		assert_true(used <= seed % sizeof(bytes));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_lacks),
		cmocka_unit_test(test_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
