/* SPDX-License-Identifier: MIT */
/*
 * Lines are found by memchr and emitted in runs as long as nothing has to be
 * changed, so a usual mail costs one emit a read.
 */
#include "data.h"

#include <glib.h>
#include <string.h>

/* One call of data_decode(). */
struct pass {
	struct data *data;
	const unsigned char *at;  /* the next byte to look at */
	const unsigned char *run; /* first byte not yet emitted */
	const unsigned char *end;
	data_emit_fn emit;
	void *object;
};

/* Emits what was found good, up to this byte. */
static void
emit_run(struct pass *pass, const unsigned char *stop)
{
	if (stop > pass->run)
		pass->emit(pass->object, pass->run, (size_t)(stop - pass->run));
}

static void
emit_text(struct pass *pass, const char *text)
{
	pass->emit(pass->object, text, strlen(text));
}

/* Goes on behind the byte, which is not emitted. */
static void
skip(struct pass *pass, const unsigned char *byte, enum data_state state)
{
	pass->at = byte + 1;
	pass->run = pass->at;
	pass->data->state = state;
}

static void
mend_return(struct pass *pass)
{
	pass->data->bare = true;
	pass->data->lone_return = true;
	emit_text(pass, " ");
}

static void
mend_newline(struct pass *pass, const unsigned char *newline)
{
	pass->data->bare = true;
	emit_text(pass, "\r\n");
	/* A dot there is no dot that begins a line. */
	skip(pass, newline, DATA_TEXT);
}

/* The CR at this byte is not followed by LF, or by nothing yet. */
static void
take_return(struct pass *pass, const unsigned char *byte)
{
	emit_run(pass, byte);
	if (byte + 1 == pass->end) {
		skip(pass, byte, DATA_RETURN);
		return;
	}
	mend_return(pass);
	skip(pass, byte, DATA_TEXT);
}

/* Runs on over whole lines until something has to be changed. */
static void
take_text(struct pass *pass)
{
	size_t left = (size_t)(pass->end - pass->at);
	const unsigned char *newline = memchr(pass->at, '\n', left);
	const unsigned char *stop = newline == NULL ? pass->end : newline;
	const unsigned char *byte =
	    memchr(pass->at, '\r', (size_t)(stop - pass->at));

	if (byte != NULL && byte + 1 != newline) {
		take_return(pass, byte);
	} else if (newline == NULL) {
		emit_run(pass, pass->end);
		skip(pass, pass->end - 1, DATA_TEXT);
	} else if (byte == NULL) {
		emit_run(pass, newline);
		mend_newline(pass, newline);
	} else {
		pass->at = newline + 1;
		pass->data->state = DATA_START;
	}
}

static void
take_start(struct pass *pass)
{
	if (*pass->at != '.') {
		pass->data->state = DATA_TEXT;
		return;
	}
	emit_run(pass, pass->at);
	skip(pass, pass->at, DATA_DOT);
}

/* Behind a CR that another call ended with. */
static void
take_after_return(struct pass *pass)
{
	if (*pass->at == '\n') {
		emit_text(pass, "\r\n");
		skip(pass, pass->at, DATA_START);
		return;
	}
	mend_return(pass);
	pass->data->state = DATA_TEXT;
}

static void
take_after_dot(struct pass *pass)
{
	if (*pass->at == '\r')
		skip(pass, pass->at, DATA_RETURN_DOT);
	else if (*pass->at == '\n')
		mend_newline(pass, pass->at);
	else
		pass->data->state = DATA_TEXT;
}

static void
take_after_return_dot(struct pass *pass)
{
	if (*pass->at == '\n') {
		skip(pass, pass->at, DATA_END);
		return;
	}
	mend_return(pass);
	pass->data->state = DATA_TEXT;
}

size_t
data_decode(struct data *data, const unsigned char *bytes, size_t length,
    data_emit_fn emit, void *object)
{
	static void (*const steps[])(struct pass *) = {
		[DATA_START] = take_start,
		[DATA_TEXT] = take_text,
		[DATA_RETURN] = take_after_return,
		[DATA_DOT] = take_after_dot,
		[DATA_RETURN_DOT] = take_after_return_dot,
	};
	struct pass pass = { data, bytes, bytes, bytes + length, emit, object };

	g_assert(data->state != DATA_END);
	while (pass.at < pass.end && data->state != DATA_END)
		steps[data->state](&pass);
	if (data->state == DATA_START)
		emit_run(&pass, pass.at);
	return (size_t)(pass.at - bytes);
}
