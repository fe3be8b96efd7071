/* SPDX-License-Identifier: MIT */
#include "core/siphash.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Key 00 01 ... 0f, of the bytes 00 01 ... up to the length: the vectors that
 * its authors published. */
static const struct {
	size_t length;
	uint64_t hash;
} vectors[] = {
	{ 0, UINT64_C(0x726fdb47dd0e0e31) },
	{ 1, UINT64_C(0x74f839c593dc67fd) },
	{ 7, UINT64_C(0xab0200f58b01d137) },
	{ 8, UINT64_C(0x93f5f5799a932462) },
	{ 15, UINT64_C(0xa129ca6149be45e5) },
};

static void
test_vectors(void **state)
{
	static const struct siphash_key key = { { UINT64_C(0x0706050403020100),
	    UINT64_C(0x0f0e0d0c0b0a0908) } };
	unsigned char bytes[16];

	(void)state;
	for (unsigned char i = 0; i < sizeof bytes; i++)
		bytes[i] = i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_true(
		    siphash(&key, bytes, vectors[i].length) == vectors[i].hash);
}

static void
test_keys_differ(void **state)
{
	struct siphash_key one = siphash_key(), other = siphash_key();

	(void)state;
	assert_memory_not_equal(&one, &other, sizeof one);
	assert_true(siphash(&one, "a", 1) != siphash(&other, "a", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_keys_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
