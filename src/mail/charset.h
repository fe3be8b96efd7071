/* SPDX-License-Identifier: MIT */
/*
 * Foreign bytes become UTF-8 here: what is valid UTF-8 is taken so, else the
 * declared charset is believed, else it is windows-1252.  Nothing is refused.
 * Any thread.
 */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <glib.h>
#include <stdbool.h>

/* The text of a body: line ends LF, no control characters but TAB and LF, no
 * byte order mark at its beginning (one elsewhere stays), characters composed
 * as they were.  charset is the label, any text, or NULL.  *damaged becomes
 * true when the text is not surely what was written: U+FFFD was put in, a
 * control character left out, a lone CR made LF, or the charset guessed. */
GBytes *charset_text(
    const void *bytes, size_t length, const char *charset, bool *damaged);

/* A header value with its encoded words (RFC 2047) decoded: one line without
 * control characters.  New string. */
char *charset_words(const char *value);

/* The value with each run of encoded words as one in UTF-8, for a parser that
 * reads no others rightly; nothing else of it changes.  New string. */
char *charset_words_join(const char *value);

/* Appends these bytes as UTF-8 and one line: LF and TAB read as a blank, other
 * control characters as nothing. */
void charset_append(
    GString *line, const char *bytes, size_t length, const char *charset);

/* One clean line of any text that should be UTF-8 already.  New string. */
char *charset_line(const char *text);

#endif
