/* SPDX-License-Identifier: MIT */
/*
 * The log: one line per event, `event key=value ...`, written by a thread of
 * its own from a bounded ring, so that no caller ever waits for a disk or a
 * pipe. When the ring is full lines are dropped and counted, and the count is
 * logged as soon as there is room; when they come too fast some are left out,
 * and counted alike.
 *
 *	log_info("mail accepted", log_str("mail", id), log_num("size", bytes));
 *
 * Foreign bytes are made harmless here and nowhere else: control characters,
 * invalid UTF-8, C1 and bidirectional controls become \xNN, quotes and
 * backslashes \" and \\, a value ends after 256 bytes with "...".  Bodies and
 * secrets are never passed in; a secret that was registered is replaced by
 * <redacted> all the same.  Any thread may log; before log_open() and after
 * log_close() lines are written at once.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_DEBUG, /* what a developer wants when something is odd */
	LOG_LEVEL_INFO,  /* what an operator greps for: one per event */
	LOG_LEVEL_WARN,  /* works, but someone should look at it by day */
	LOG_LEVEL_ERROR, /* does not work: someone should look now */
};

enum log_sink {
	LOG_SINK_STDERR, /* a container's log reads it; or systemd's journal,
			  * which gets each line without the time, and each key
			  * as a field POSTFERRY_KEY by its own protocol; where
			  * that is not heard, the line with its level, "<6>"
			  * (sd-daemon(3)) */
	LOG_SINK_SYSLOG, /* syslog(3), facility mail */
};

enum log_form {
	LOG_FORM_TEXT, /* time level event key=value ... */
	LOG_FORM_JSON, /* one object a line */
};

struct log_options {
	enum log_level level; /* lines below it are not written */
	enum log_sink sink;
	enum log_form form;
	unsigned ring_lines; /* lines that may wait for the writer; 0: 4096 */
	/* lines a second; of more, errors and one in a hundred are written; 0:
	 * all */
	unsigned rate;
	const char *journal; /* the socket of the journal, for tests; NULL: it
			      * is where systemd has it */
};

enum log_type {
	LOG_TYPE_END,
	LOG_TYPE_STRING,
	LOG_TYPE_NUMBER,
	LOG_TYPE_NOTHING, /* the key is left out */
};

struct log_field {
	const char *key; /* a literal, lower case */
	enum log_type type;
	const char *string; /* borrowed for the call; NULL is written as - */
	int64_t number;
};

static inline struct log_field
log_str(const char *key, const char *value)
{
	return (struct log_field){ key, LOG_TYPE_STRING, value, 0 };
}

static inline struct log_field
log_num(const char *key, int64_t value)
{
	return (struct log_field){ key, LOG_TYPE_NUMBER, NULL, value };
}

/* The same, left out when there is nothing to say: NULL or empty, and 0 or
 * below. */
static inline struct log_field
log_str_if(const char *key, const char *value)
{
	struct log_field field = log_str(key, value);

	if (value == NULL || *value == '\0')
		field.type = LOG_TYPE_NOTHING;
	return field;
}

static inline struct log_field
log_num_if(const char *key, int64_t value)
{
	struct log_field field = log_num(key, value);

	if (value <= 0)
		field.type = LOG_TYPE_NOTHING;
	return field;
}

/* Lines have this form and go there from now on; whoever writes one writes it
 * himself, until log_open().  For a time in which there may be no thread. */
void log_prepare(const struct log_options *options);

/* Starts the writer.  options is copied.  Called once, by main. */
void log_open(const struct log_options *options);

/* Writes all that waits, stops the writer.  Called once, by main, last. */
void log_close(void);

/* True when a line of this level would be written: asks before costly work. */
bool log_wants(enum log_level level);

/* Lines dropped since the start because the ring was full, or over the rate. */
uint64_t log_dropped(void);

/* Registers a secret of at least 8 bytes (shorter ones are ignored): any line
 * that contains it shows <redacted>.  Copied; any thread, before or after
 * log_open(). */
void log_hide(const char *secret);

/* The same of a login as HTTP Basic and SMTP AUTH write it, in base64: whoever
 * says a request back says it so. */
void log_hide_login(const char *username, const char *password);

/* The text with every registered secret replaced by <redacted>, as a new
 * string; NULL when there is none in it.  For foreign text that is told to
 * anyone.  Any thread. */
char *log_redact(const char *value);

/* Appends value to line as the log shows it: quoted when it holds a space, a
 * quote or an =, escaped, cut at 256 bytes.  For replies and commands that show
 * foreign text the way the log does. */
void log_escape(GString *line, const char *value);

/* Writes one line; fields ends with LOG_TYPE_END.  Used through the macros. */
void log_write(
    enum log_level level, const char *event, const struct log_field *fields);

#define LOG_LINE(level, event, ...)                                       \
	do {                                                              \
		if (log_wants(level))                                     \
			log_write(level, event,                           \
			    (const struct log_field[]){                   \
				__VA_ARGS__, { .type = LOG_TYPE_END } }); \
	} while (0)

#define log_debug(event, ...) LOG_LINE(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...)  LOG_LINE(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_warn(event, ...)  LOG_LINE(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_LINE(LOG_LEVEL_ERROR, event, __VA_ARGS__)

#endif
