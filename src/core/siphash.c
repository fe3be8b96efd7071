/* SPDX-License-Identifier: MIT */
#include "core/siphash.h"

#include <glib.h>
#include <string.h>
#include <sys/random.h>

#define WORD 8

struct state {
	uint64_t a, b, c, d;
};

struct siphash_key
siphash_key(void)
{
	struct siphash_key key;

	/* waits only before the kernel has gathered chance after its start */
	while (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
		;
	return key;
}

static uint64_t
rotate(uint64_t number, unsigned by)
{
	return number << by | number >> (64 - by);
}

static void
mix(struct state *state)
{
	state->a += state->b;
	state->b = rotate(state->b, 13) ^ state->a;
	state->a = rotate(state->a, 32);
	state->c += state->d;
	state->d = rotate(state->d, 16) ^ state->c;
	state->a += state->d;
	state->d = rotate(state->d, 21) ^ state->a;
	state->c += state->b;
	state->b = rotate(state->b, 17) ^ state->c;
	state->c = rotate(state->c, 32);
}

static void
take(struct state *state, uint64_t word)
{
	state->d ^= word;
	mix(state);
	mix(state);
	state->a ^= word;
}

/* The bytes from there on, at most a word of them. */
static uint64_t
read_word(const unsigned char *bytes, size_t length)
{
	uint64_t word = 0;

	memcpy(&word, bytes, MIN(length, (size_t)WORD));
	return GUINT64_FROM_LE(word);
}

uint64_t
siphash(const struct siphash_key *key, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	struct state state = {
		.a = key->halves[0] ^ UINT64_C(0x736f6d6570736575),
		.b = key->halves[1] ^ UINT64_C(0x646f72616e646f6d),
		.c = key->halves[0] ^ UINT64_C(0x6c7967656e657261),
		.d = key->halves[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t left = length;

	for (; left >= WORD; left -= WORD, at += WORD)
		take(&state, read_word(at, WORD));
	take(&state, read_word(at, left) | (uint64_t)length << 56);
	state.c ^= 0xff;
	for (unsigned i = 0; i < 4; i++)
		mix(&state);
	return state.a ^ state.b ^ state.c ^ state.d;
}
