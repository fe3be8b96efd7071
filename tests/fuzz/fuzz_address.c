/* SPDX-License-Identifier: MIT */
/* Paths of MAIL and RCPT: what is taken may be printed without a look. */
#include "fuzz.h"

#include "mail/address.h"
#include <string.h>

const char *const fuzz_samples[] = { "a@example.com", "\"a b\"@example.com",
	"@r.example,@s.example:a@example.com", "a.b.c@m\xc3\xbcnchen.de",
	"\"\\\"q\\\\\"@x.y", "a", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]",
	"a@xn--mnchen-3ya.de", "a@i\xe2\x9d\xa4.ws", "m\xc3\xbc@x.y",
	"@\xe4\xbe\x8b.x:a@mu\xcc\x88nchen.de", "postmaster", "a%b!c@x.y",
	NULL };

const char *const fuzz_words[] = { "@", "\"", "\\", "..", "[IPv6:", "]", ",",
	":", "xn--", "\xc3\xbc", "\xcc\x88", "\xe3\x80\x82", "\xef\xbc\xa0",
	"\xc3\x9f", "\xe2\x80\x8d", "_", ">", " ", "\r\n", NULL };

static void
check(const struct address *address)
{
	const char *at = address->text + address->local_length;

	g_assert(*at == '@' && at + 1 == address->domain);
	g_assert(address->local_length <= ADDRESS_LOCAL_MAX + 2 * 64);
	g_assert(strlen(address->domain) <= ADDRESS_DOMAIN_MAX);
	for (const char *c = address->text; *c != '\0'; c++)
		g_assert(*c >= 0x20 && *c <= 0x7e);
	for (const char *c = address->domain; *c != '\0'; c++)
		g_assert(*c != ' ' && *c != '>' && !g_ascii_isupper(*c));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	enum address_fault fault = ADDRESS_OK, again;
	struct address *address =
	    address_parse((const char *)bytes, length, "d.example", &fault);
	struct address *second;

	if (address == NULL) {
		g_assert(fault != ADDRESS_OK);
		g_assert(address_fault_text(fault) != NULL);
		return 0;
	}
	check(address);
	/* what was printed is read as the same */
	second =
	    address_parse(address->text, strlen(address->text), NULL, &again);
	g_assert(second != NULL && address_equal(address, second));
	g_assert_cmpstr(address->text, ==, second->text);
	address_free(second);
	address_free(address);
	return 0;
}
