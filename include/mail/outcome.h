/* SPDX-License-Identifier: MIT */
/*
 * The outcome is what came of a delivery: one verdict per recipient, in one of
 * the six classes that have a consequence each.  Plain data.
 */
#ifndef MAIL_OUTCOME_H
#define MAIL_OUTCOME_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum verdict_class {
	VERDICT_NONE,      /* nothing said about this recipient: a doubt */
	VERDICT_ACCEPTED,  /* the provider has it */
	VERDICT_PAYLOAD,   /* this mail is at fault, here */
	VERDICT_RECIPIENT, /* this recipient is at fault */
	VERDICT_ACCOUNT,   /* the account is unusable */
	VERDICT_SENDER,    /* the account is unusable for this From domain */
	VERDICT_THROTTLE,  /* not now; retry_ms says when */
	VERDICT_OUTAGE,    /* not taken, nothing left or nothing kept */
	VERDICT_DOUBT,     /* it may or may not have been taken */
};

#define VERDICT_CLASSES (VERDICT_DOUBT + 1)

struct verdict {
	enum verdict_class class;
	unsigned status; /* of HTTP or SMTP; 0: none came */
	bool suppressed; /* RECIPIENT: on the provider's suppression list */
	bool unlikely;   /* DOUBT: an error answer after the whole body */
	bool held;       /* ACCEPTED: but kept back there until somebody acts;
			  * text says why */
	bool notifies;   /* ACCEPTED: its sender is told what he wishes to be
			  * told by that one, or by those behind it */
	bool single;     /* OUTAGE: this recipient alone is put off (his mailbox
			  * is busy, his server greylists): nothing is said
			  * against the provider */
	bool surplus;    /* THROTTLE: one too many for that request, in which
			  * others were taken: to be sent again at once in a
			  * further one (RFC 5321 4.5.3.1.10) */
	char *id;        /* ACCEPTED: the provider's id of it; NULL: none */
	char *text;      /* what the provider said, clean and capped; never NULL
			  * once set */
};

struct outcome {
	struct verdict *verdicts; /* one per recipient of the delivery */
	unsigned count;
	int64_t retry_ms; /* THROTTLE, OUTAGE: not before this many ms, said the
			   * provider, at most an hour; 0: it did not say */
	bool unknown;     /* no row of the tables knew it: log it in full */
	bool split;       /* refused as a whole for one bad recipient: to be
			   * sent again to fewer at a time */
};

/* All verdicts NONE. */
struct outcome *outcome_new(unsigned count);
void outcome_free(struct outcome *outcome);

/* Sets verdict i; text is copied, made one printable line of at most 512
 * bytes; NULL is "". */
void outcome_set(struct outcome *outcome, unsigned i, enum verdict_class class,
    unsigned status, const char *text);

/* Sets the provider's id in verdict i; copied, cleaned as texts are, at most
 * 998 bytes; NULL takes it away. */
void outcome_set_id(struct outcome *outcome, unsigned i, const char *id);

/* Sets all of them the same. */
void outcome_set_all(struct outcome *outcome, enum verdict_class class,
    unsigned status, const char *text);

/* The class in one word ("accepted"), for log, tests and people. */
const char *verdict_class_text(enum verdict_class class);

/*
 * A table of verdicts: data, one row per (status, pattern), the first row that
 * fits decides.  Each provider has one beside its translator.
 */
enum verdict_mark {
	VERDICT_PLAIN,
	VERDICT_UNLIKELY, /* as in struct verdict, all three */
	VERDICT_SINGLE,
	VERDICT_SURPLUS,
	VERDICT_UNKNOWN, /* it fits what no row knows: the class is only what
			  * such an answer is taken for */
};

struct verdict_rule {
	unsigned status;     /* 0: any */
	unsigned status_max; /* 0: status alone; else a range */
	const char *pattern; /* GRegex, without case, found anywhere in the
			      * text; NULL: any text */
	enum verdict_class class;
	enum verdict_mark mark;
	const char *source; /* where this is known from */
};

/* The rules with their patterns compiled: made once in a translator's open(),
 * then immutable; any thread. */
struct verdict_table;

/* rules ends with a row of class NONE and outlives the table.  A pattern that
 * does not compile is a mistake of the program. */
struct verdict_table *verdict_table_new(const struct verdict_rule *rules);
void verdict_table_free(struct verdict_table *table);

/* The first row that fits, or NULL.  text may hold any bytes; of more than
 * 64 KiB only those are looked at; NULL is "". */
const struct verdict_rule *verdict_find(
    const struct verdict_table *table, unsigned status, const char *text);

/* The domain or id in a provider's text is foreign: this makes any text one
 * printable ASCII-safe UTF-8 line of at most `most` bytes, without our secrets
 * (log_redact()).  New string. */
char *verdict_clean(const char *text, size_t length, size_t most);

#endif
