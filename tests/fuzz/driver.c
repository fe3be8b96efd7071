/* SPDX-License-Identifier: MIT */
/*
 * fuzz_NOUN [INPUTS [SEED]]: gives the target its samples and so many
 * mutations of them.  fuzz_NOUN FILE...: gives it those files, to see a finding
 * again.
 */
#include "fuzz.h"

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* In every run; a sanitizer makes each slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INPUTS 4000
#else
#define INPUTS 20000
#endif
#define LENGTH_MAX 8192

static GByteArray *
read_sample(const char *text)
{
	GByteArray *bytes = g_byte_array_new();

	for (; *text != '\0'; text++) {
		bool nul = g_str_has_prefix(text, "%00");

		g_byte_array_append(
		    bytes, (const guint8 *)(nul ? "" : text), 1);
		if (nul)
			text += 2;
	}
	return bytes;
}

static unsigned
roll(GRand *dice, unsigned below)
{
	return below == 0 ? 0
			  : (unsigned)g_rand_int_range(dice, 0, (gint32)below);
}

static const char *
pick(GRand *dice, const char *const *texts)
{
	return texts[roll(dice, g_strv_length((char **)texts))];
}

static void
insert(GByteArray *bytes, unsigned at, const void *from, unsigned length)
{
	unsigned behind = bytes->len - at;

	if (length == 0 || bytes->len + length > LENGTH_MAX)
		return;
	g_byte_array_set_size(bytes, bytes->len + length);
	memmove(bytes->data + at + length, bytes->data + at, behind);
	memcpy(bytes->data + at, from, length);
}

static void
mutate(GByteArray *bytes, GRand *dice)
{
	unsigned at = roll(dice, bytes->len + 1);
	unsigned count = roll(dice, MIN(bytes->len - at, 16) + 1);
	const char *word = pick(dice, fuzz_words);
	g_autoptr(GByteArray) other = NULL;
	guint8 byte = (guint8)roll(dice, 256);

	switch (roll(dice, 6)) {
	case 0:
		if (at < bytes->len)
			bytes->data[at] = byte;
		break;
	case 1:
		insert(bytes, at, &byte, 1);
		break;
	case 2:
		if (count > 0)
			g_byte_array_remove_range(bytes, at, count);
		break;
	case 3:
		insert(bytes, at, word, (unsigned)strlen(word));
		break;
	case 4:
		other = g_byte_array_new();
		g_byte_array_append(other, bytes->data + at, count);
		for (unsigned i = roll(dice, 40); i > 0; i--)
			insert(bytes, at, other->data, other->len);
		break;
	default:
		other = read_sample(pick(dice, fuzz_samples));
		insert(bytes, at, other->data, other->len);
	}
}

static void
give_mutation(GRand *dice)
{
	g_autoptr(GByteArray) bytes = read_sample(pick(dice, fuzz_samples));

	for (unsigned i = roll(dice, 12); i > 0; i--)
		mutate(bytes, dice);
	/* a buffer of its own, so that reading past its end is seen */
	g_autofree guint8 *copy = g_memdup2(bytes->data, bytes->len);
	LLVMFuzzerTestOneInput(copy, bytes->len);
}

static int
give_files(char **paths)
{
	for (; *paths != NULL; paths++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *bytes = NULL;
		gsize length;

		if (!g_file_get_contents(*paths, &bytes, &length, &error)) {
			fprintf(stderr, "%s\n", error->message);
			return 1;
		}
		LLVMFuzzerTestOneInput((uint8_t *)bytes, length);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t inputs = INPUTS, seed = 1;
	g_autoptr(GRand) dice = NULL;

	if (argc > 1 && !g_ascii_string_to_unsigned(
			    argv[1], 10, 0, UINT64_MAX, &inputs, NULL))
		return give_files(argv + 1);
	if (argc > 2)
		seed = g_ascii_strtoull(argv[2], NULL, 10);
	dice = g_rand_new_with_seed((guint32)seed);
	for (unsigned i = 0; fuzz_samples[i] != NULL; i++) {
		g_autoptr(GByteArray) bytes = read_sample(fuzz_samples[i]);

		LLVMFuzzerTestOneInput(bytes->data, bytes->len);
	}
	for (uint64_t i = 0; i < inputs; i++)
		give_mutation(dice);
	printf("%" PRIu64 " inputs\n", inputs);
	return 0;
}
