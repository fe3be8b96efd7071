/* SPDX-License-Identifier: MIT */
#include "data.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NO_END "\x01"

/* What is sent after 354, what comes out, what is left behind the end. */
static const struct {
	const char *name, *in, *out;
	const char *rest; /* NO_END: the end was not seen */
	bool bare;
} rows[] = {
	{ "empty", ".\r\n", "", "", false },
	{ "one line", "a\r\n.\r\n", "a\r\n", "", false },
	{ "lines", "a\r\n\r\nb\r\n.\r\n", "a\r\n\r\nb\r\n", "", false },
	{ "a command behind", "a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n",
	    false },
	{ "not ended", "a\r\n", "a\r\n", NO_END, false },
	{ "not ended, in a line", "a", "a", NO_END, false },
	{ "dots taken away", "..\r\n...\r\n.a\r\n.\r\n", ".\r\n..\r\na\r\n", "",
	    false },
	{ "dots inside stay", "a.\r\nb.c\r\n.\r\n", "a.\r\nb.c\r\n", "",
	    false },
	{ "dot and blank is no end", ". \r\n.\r\n", " \r\n", "", false },

	/* every spelling of an end that is none */
	{ "LF . LF", "a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", "", true },
	{ "LF . CRLF", "a\n.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", "", true },
	{ "CRLF . LF", "a\r\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n", "", true },
	{ "CR . CR", "a\r.\rb\r\n.\r\n", "a . b\r\n", "", true },
	{ "CR . CRLF", "a\r.\r\nb\r\n.\r\n", "a .\r\nb\r\n", "", true },
	{ "CRLF . CR", "a\r\n.\rb\r\n.\r\n", "a\r\n b\r\n", "", true },
	{ "CR . LF", "a\r.\nb\r\n.\r\n", "a .\r\nb\r\n", "", true },
	{ "LF . CR", "a\n.\rb\r\n.\r\n", "a\r\n. b\r\n", "", true },
	{ "CRLF . CR CRLF", "a\r\n.\r\r\nb\r\n.\r\n", "a\r\n \r\nb\r\n", "",
	    true },
	{ "LF CR . CRLF", "a\n\r.\r\nb\r\n.\r\n", "a\r\n .\r\nb\r\n", "",
	    true },
	{ "LF first, then . CRLF", "\n.\r\nb\r\n.\r\n", "\r\n.\r\nb\r\n", "",
	    true },
	{ ". LF at once", ".\nb\r\n.\r\n", "\r\nb\r\n", "", true },
	{ ". CR at once", ".\rb\r\n.\r\n", " b\r\n", "", true },
	{ "dot behind a bare LF stays", "a\n..b\r\n.\r\n", "a\r\n..b\r\n", "",
	    true },

	/* and one that is one */
	{ "CR CRLF . CRLF", "a\r\r\n.\r\n", "a \r\n", "", true },

	{ "bare LF", "a\nb\n\nc\r\n.\r\n", "a\r\nb\r\n\r\nc\r\n", "", true },
	{ "lone CR", "a\rb\r\rc\r\n.\r\n", "a b  c\r\n", "", true },
	{ "CR last of all", "a\r", "a", NO_END, false },
	{ "dot last of all", "a\r\n.", "a\r\n", NO_END, false },
	{ "dot CR last of all", "a\r\n.\r", "a\r\n", NO_END, false },
	{ "8 bit", "\xff\xfe.\x80\r\n.\r\n", "\xff\xfe.\x80\r\n", "", false },
};

static void
on_emit(void *object, const void *bytes, size_t length)
{
	assert_true(length > 0);
	g_string_append_len(object, bytes, (gssize)length);
}

/* Feeds a copy of each piece; returns how many bytes were consumed. */
static size_t
feed(struct data *data, const char *in, size_t length, GString *out)
{
	g_autofree unsigned char *copy = g_memdup2(in, MAX(length, 1));

	return data_decode(data, copy, length, on_emit, out);
}

static void
check(size_t row, const struct data *data, const GString *out, const char *rest)
{
	bool ended = data->state == DATA_END;

	if (g_strcmp0(out->str, rows[row].out) != 0 ||
	    g_strcmp0(ended ? rest : NO_END, rows[row].rest) != 0 ||
	    data->bare != rows[row].bare)
		fail_msg("%s: \"%s\"", rows[row].name, out->str);
}

/* In three pieces, split at every two places. */
static void
test_splits(void **state)
{
	(void)state;
	for (size_t row = 0; row < G_N_ELEMENTS(rows); row++) {
		const char *in = rows[row].in;
		size_t length = strlen(in);

		for (size_t i = 0; i <= length; i++)
			for (size_t j = i; j <= length; j++) {
				g_autoptr(GString) out = g_string_new(NULL);
				const size_t ends[] = { i, j, length };
				struct data data = { 0 };
				size_t at = 0;

				for (size_t k = 0;
				     k < 3 && data.state != DATA_END; k++)
					at += feed(
					    &data, in + at, ends[k] - at, out);
				check(row, &data, out, in + at);
			}
	}
}

static void
test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t row = 0; row < G_N_ELEMENTS(rows); row++) {
		g_autoptr(GString) out = g_string_new(NULL);
		const char *at = rows[row].in;
		struct data data = { 0 };

		while (*at != '\0' && data.state != DATA_END)
			at += feed(&data, at, 1, out);
		check(row, &data, out, at);
	}
}

/* The table of the security rules, a byte at a time: what the decoder must
 * do, written as it stands there. */
enum model_state {
	BOL,
	TEXT,
	CR,
	DOT,
	DOTCR,
	END
};

struct model {
	enum model_state state;
	bool bare;
	bool lone_return;
	GString *out;
};

static void
put(struct model *model, const char *text, enum model_state state)
{
	g_string_append(model->out, text);
	model->state = state;
}

static void
step(struct model *model, char c)
{
	char text[] = { c, '\0' };

	switch (model->state) {
	case BOL:
		if (c == '.') {
			model->state = DOT;
			return;
		}
		break;
	case CR:
		if (c == '\n') {
			put(model, "\r\n", BOL);
			return;
		}
		model->bare = true;
		model->lone_return = true;
		put(model, " ", TEXT);
		break;
	case DOT:
		if (c == '\r') {
			model->state = DOTCR;
			return;
		}
		break;
	case DOTCR:
		if (c == '\n') {
			model->state = END;
			return;
		}
		model->bare = true;
		model->lone_return = true;
		put(model, " ", TEXT);
		break;
	case TEXT:
	case END:
		break;
	}
	if (c == '\r') {
		model->state = CR;
	} else if (c == '\n') {
		model->bare = true;
		put(model, "\r\n", TEXT);
	} else {
		put(model, text, TEXT);
	}
}

/* Every text of seven letters out of the four that matter. */
static void
test_all_short_texts(void **state)
{
	static const char letters[] = "\r\n.a";

	(void)state;
	for (unsigned n = 0; n < 1u << 14; n++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(GString) want = g_string_new(NULL);
		struct model model = { BOL, false, false, want };
		struct data data = { 0 };
		char text[8] = { 0 };
		size_t used, taken = 0;

		for (unsigned i = 0; i < 7; i++)
			text[i] = letters[n >> 2 * i & 3];
		used = feed(&data, text, 7, out);
		while (taken < 7 && model.state != END)
			step(&model, text[taken++]);
		assert_int_equal(used, taken);
		assert_string_equal(out->str, want->str);
		assert_int_equal(data.state == DATA_END, model.state == END);
		assert_int_equal(data.bare, model.bare);
		assert_int_equal(data.lone_return, model.lone_return);
	}
}

/* A usual mail is one run, not one a line. */
static void
on_count(void *object, const void *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	++*(unsigned *)object;
}

static void
test_runs(void **state)
{
	static const unsigned char mail[] =
	    "Subject: x\r\n\r\nline\r\nline\r\n.\r\n";
	struct data data = { 0 };
	unsigned runs = 0;

	(void)state;
	data_decode(&data, mail, sizeof(mail) - 1, on_count, &runs);
	assert_int_equal(data.state, DATA_END);
	assert_int_equal(runs, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_all_short_texts),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
