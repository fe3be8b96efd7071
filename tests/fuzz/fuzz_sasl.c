/* SPDX-License-Identifier: MIT */
/*
 * AUTH exchanges: the first line names the mechanism (and an initial response),
 * the others are responses.
 */
#include "fuzz.h"

#include "sasl.h"
#include <string.h>

const char *const fuzz_samples[] = { "PLAIN AGFubgBzZWNyZXQ=",
	"PLAIN\nAGFubgBzZWNyZXQ=", "LOGIN\nYW5u\nc2VjcmV0",
	"LOGIN YW5u\nc2VjcmV0", "PLAIN YW5uAGFubgBzZWNyZXQ=", "PLAIN =\n*",
	"LOGIN\n*", "CRAM-MD5", NULL };

const char *const fuzz_words[] = { "AA", "=", "==", "*", "\n", "AGE", "AAAA",
	"Cg==", "PLAIN ", "LOGIN ", "-_", NULL };

static void
check(const struct sasl *sasl)
{
	const char *texts[] = { sasl_name(sasl), sasl_password(sasl) };

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert(texts[i] != NULL);
		g_assert(strlen(texts[i]) <= SASL_LINE_MAX);
		g_assert(strpbrk(texts[i], "\r\n") == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autofree char *text =
	    g_strndup(length > 0 ? (const char *)bytes : "", length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 8);
	g_auto(GStrv) words = NULL;
	enum sasl_step step;
	struct sasl *sasl;

	if (lines[0] == NULL)
		return 0;
	words = g_strsplit(lines[0], " ", 2);
	if (words[0] == NULL)
		return 0;
	sasl = sasl_new(words[0]);
	if (sasl == NULL)
		return 0;
	step = sasl_take(sasl, words[1]);
	for (unsigned i = 1; step == SASL_ASKS && lines[i] != NULL; i++) {
		g_assert(sasl_challenge(sasl) != NULL);
		step = sasl_take(sasl, lines[i]);
	}
	if (step == SASL_DONE)
		check(sasl);
	sasl_forget(sasl);
	sasl_free(sasl);
	return 0;
}
