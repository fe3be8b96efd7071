/* SPDX-License-Identifier: MIT */
/* PROXY headers: each beginning of one asks for more or says the same. */
#include "fuzz.h"

#include "proxy.h"
#include <glib.h>
#include <string.h>

const char *const fuzz_samples[] = {
	"PROXY TCP4 192.0.2.1 192.0.2.2 4000 25\r\nEHLO c\r\n",
	"PROXY TCP6 2001:db8::1 2001:db8::2 4000 25\r\n",
	"PROXY UNKNOWN\r\n",
	"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\nHELO",
	"\r\n\r\n%00\r\nQUIT\n\x21\x11%00\x0c\xc0%00\x02\x01\xc0%00\x02\x02"
	"\x0f\xa0%00\x19",
	"\r\n\r\n%00\r\nQUIT\n\x20%00%00%00",
	"\r\n\r\n%00\r\nQUIT\n\x21\x21%00\x24"
	"abcdefghijklmnopabcdefghijklmnop\x01\x02\x03\x04",
	NULL,
};

const char *const fuzz_words[] = { "PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN",
	"\r\n", " 65536", " 0", "::", "::ffff:192.0.2.1", "255", "\x21\x11",
	"\x20", NULL };

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sockaddr_storage client, other;
	size_t used = 0, have = 0, again = 0;
	enum proxy_result whole = proxy_read(bytes, length, &client, &used);
	enum proxy_result step = PROXY_MORE;

	g_assert(used <= length && used <= PROXY_HEADER_MAX);
	/* read as a session does: never past the header */
	while (step == PROXY_MORE) {
		size_t more = have == 0 ? 1 : proxy_lacks(bytes, have);
		g_autofree uint8_t *copy = NULL;

		g_assert(more >= 1);
		if (length - have < more)
			break;
		have += more;
		copy = g_memdup2(bytes, have);
		step = proxy_read(copy, have, &other, &again);
	}
	if (whole == PROXY_OTHER || whole == PROXY_SELF) {
		g_assert(step == whole && again == used && have == used);
		if (whole == PROXY_OTHER)
			g_assert(client.ss_family == other.ss_family);
	} else if (step != PROXY_MORE) {
		g_assert(step == PROXY_BAD && whole == PROXY_BAD);
	}
	return 0;
}
