/* SPDX-License-Identifier: MIT */
/*
 * The decoder of what follows DATA (RFC 5321 4.5.2): takes away the dots, finds
 * the end, mends line ends.  The one end is CR LF . CR LF, whatever else a
 * sender tries (SMTP smuggling): a line that ends in a bare LF neither ends
 * the mail nor begins a line whose dot is taken away.  Fed any split of bytes,
 * the result is the same.  What it emits has CR LF line ends only: a bare LF
 * becomes CR LF, a lone CR a space, and `bare` says that there was one.
 *
 *	START --.--> DOT --CR--> RETURN_DOT --LF--> END
 *	  ^  \        |other
 *	  |   `-----> TEXT <--- bare LF
 *	  LF          |CR
 *	RETURN <------'
 */
#ifndef SMTP_DATA_H
#define SMTP_DATA_H

#include <stdbool.h>
#include <stddef.h>

enum data_state {
	DATA_START,      /* at the beginning, or behind CR LF */
	DATA_TEXT,       /* within a line */
	DATA_RETURN,     /* behind a CR */
	DATA_DOT,        /* behind a dot that began a line; not emitted */
	DATA_RETURN_DOT, /* behind such a dot and a CR */
	DATA_END,        /* the end was seen */
};

/* All zero: at the beginning. */
struct data {
	enum data_state state;
	bool bare;        /* a bare LF or a lone CR was seen */
	bool lone_return; /* a lone CR was seen */
};

/* Takes a run of decoded bytes. */
typedef void (*data_emit_fn)(void *object, const void *bytes, size_t length);

/* Decodes up to length bytes, stops behind the end.  Returns the bytes
 * consumed: less than length only at DATA_END. */
size_t data_decode(struct data *data, const unsigned char *bytes, size_t length,
    data_emit_fn emit, void *object);

#endif
