/* SPDX-License-Identifier: MIT */
#include "mail/id.h"

#include "core/clock.h"
#include <glib.h>
#include <stdint.h>
#include <sys/random.h>

#define RANDOM_BYTES 10

/* Crockford's base32: no I, L, O, U, and its order is that of ASCII. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void
fill_random(unsigned char out[static RANDOM_BYTES])
{
	/* Up to 256 bytes are never cut short once the pool is seeded
	 * (getrandom(2)); before that the call waits. */
	while (getrandom(out, RANDOM_BYTES, 0) != RANDOM_BYTES)
		;
}

/* Writes the number as so many base32 digits. */
static void
write_digits(uint64_t number, char *out, unsigned count)
{
	while (count-- > 0) {
		out[count] = digits[number & 31];
		number >>= 5;
	}
}

void
id_make(char out[static ID_LENGTH + 1])
{
	unsigned char random[RANDOM_BYTES];
	uint64_t high = 0, low = 0;

	fill_random(random);
	for (unsigned i = 0; i < RANDOM_BYTES / 2; i++) {
		high = high << 8 | random[i];
		low = low << 8 | random[RANDOM_BYTES / 2 + i];
	}
	id_print_time(clock_wall_ms(), out);
	write_digits(high, out + 10, 8);
	write_digits(low, out + 18, 8);
	out[ID_LENGTH] = '\0';
}

void
id_print_time(int64_t wall_ms, char out[static ID_TIME_LENGTH + 1])
{
	write_digits((uint64_t)wall_ms, out, ID_TIME_LENGTH);
	out[ID_TIME_LENGTH] = '\0';
}
