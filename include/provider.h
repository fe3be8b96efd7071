/* SPDX-License-Identifier: MIT */
/*
 * A provider is a configured account at Mailgun, Mandrill or an SMTP server; a
 * translator knows one kind of them: it turns mail into that kind's request
 * and a response into verdicts.  No I/O, no threads, no state after open():
 * encode() may run on many threads at once.  Adding a kind is one file with a
 * const struct translator at its foot, one line in registry.c, and a folder of
 * golden cases under tests/providers/.
 */
#ifndef PROVIDER_H
#define PROVIDER_H

#include "core/config.h"
#include "mail/delivery.h"
#include "mail/event.h"
#include "mail/exchange.h"
#include "mail/health.h"
#include "mail/inquiry.h"
#include "mail/options_fit.h"
#include "mail/outcome.h"
#include "mail/webhook.h"

/* Which forms lose nothing. */
enum carry_forms {
	CARRY_NEITHER,
	CARRY_FIELDS, /* fields alone */
	CARRY_RAW,    /* the raw mail alone */
	CARRY_BOTH,
};

/* What one kind of provider makes of one trait of a mail. */
struct carry {
	uint64_t traits; /* enum trait, one or several */
	enum carry_forms forms;
	const char *why;    /* for people: what becomes of it where it is
			     * lost, or how it is kept */
	const char *source; /* who says so */
};

/* What a plan needs to know of one kind of provider. */
struct translator_limits {
	unsigned recipients;    /* of one request */
	uint64_t size_bytes;    /* of the MIME, at most; max_size lowers it */
	uint64_t options_bytes; /* FIELDS: extra header fields in all (name
				 * and value); 0: no limit */
	const struct carry *carry; /* ending with an empty row, or NULL; a trait
				    * without a row is lost in both forms */
	/* header fields that are its own, so that those of the mail are left
	 * out, NULL-terminated; NULL: none */
	const char *const *reserved;
	bool fields;         /* has a FIELDS form at all */
	bool raw_utf8;       /* RAW must be valid UTF-8 */
	bool raw_ascii;      /* RAW has its header encoded where it is not ASCII
			      * (mail/raw.h), signed or not */
	unsigned ask_batch;  /* mails in one inquiry, at most; 0: it cannot be
			      * asked */
	unsigned ask_minute; /* inquiries a minute, at most */
	bool header_recipients; /* FIELDS: To and Cc shown are who gets it, so
				 * a header recipient outside the delivery is
				 * a loss */
};

/* How fast a provider may be used, from its settings. */
struct provider_pace {
	double rate;       /* mails a second; 0: any */
	unsigned burst;    /* at once at that rate: 1 at least */
	uint64_t hour_max; /* recipients in an hour; 0: any */
	uint64_t day_max;  /* in a day (UTC); 0: any */
	bool overflow;     /* what does not fit now goes to the next provider
			    * at once; else it waits for this one */
};

/* How a provider tells what became of the mail. */
enum provider_telling {
	PROVIDER_MUTE,   /* not at all */
	PROVIDER_POSTS,  /* by webhooks */
	PROVIDER_POLLED, /* when it is asked */
};

struct provider_events {
	enum provider_telling telling;
	int64_t poll_ms;         /* POLLED: from one time to the next */
	const char *webhook_key; /* POSTS: that it signs with */
	const char *webhook_url; /* POSTS: ours as it knows it, where that is
				  * signed too; NULL: it is not */
	int64_t webhook_age_ms;  /* how long a signature holds */
};

struct provider;

struct translator {
	const char *type;               /* as in type = mailgun */
	const struct setting *settings; /* rows it adds, ending with an empty */
	enum exchange_kind kind;        /* which carrier takes its exchanges */
	struct translator_limits limits;
	const struct options_rules *options; /* what it takes of those */

	/* Fills provider->self and what differs in its endpoint; false and
	 * error when the settings make no sense together. */
	bool (*open)(struct provider *provider, const struct config *config,
	    GError **error);
	void (*close)(struct provider *provider);

	/* Makes the request for a delivery in its form.  A work thread. */
	bool (*encode)(const struct provider *provider,
	    const struct delivery *delivery, struct exchange *exchange,
	    GError **error);

	/* Reads an ANSWERED exchange into one verdict per recipient; of SMTP
	 * also a LOST one, where those refused before are refused and only the
	 * others in doubt.  The dispatch thread. */
	void (*decode)(const struct provider *provider,
	    const struct delivery *delivery, const struct exchange *exchange,
	    struct outcome *outcome);

	/* Asks whether the provider has these mails (struct inquiry *, at most
	 * limits.ask_batch): makes the request of a new exchange, whose
	 * endpoint may become another of this provider's.  False: it cannot be
	 * asked.
	 * NULL where no kind of it can.  The dispatch thread, as all below. */
	bool (*ask)(const struct provider *provider, const GPtrArray *inquiries,
	    struct exchange *exchange);

	/* Reads what came of it, ANSWERED or not, into the inquiries and the
	 * reply.  True: there is more to ask, and the request for it stands in
	 * the exchange, renewed (the next page, the other interface). */
	bool (*asked)(const struct provider *provider,
	    const GPtrArray *inquiries, struct exchange *exchange,
	    struct inquiry_reply *reply);

	/* Asks how the account is, without sending mail, by a new exchange.
	 * False: there is nothing to ask. */
	bool (*probe)(
	    const struct provider *provider, struct exchange *exchange);

	/* Reads what came of it; true as in asked().  The first of them forgets
	 * what was found before. */
	bool (*probed)(const struct provider *provider,
	    struct exchange *exchange, struct health *health);

	/* Looks whether the webhook is the provider's own (in constant time),
	 * and reads its events: GOOD, FORGED, LATE or UNREADABLE.  NULL where
	 * no kind of it posts any.  Any thread. */
	enum webhook_end (*hear)(
	    const struct provider *provider, struct webhook *webhook);

	/* Asks what happened in that span of time, by a new exchange.  False:
	 * it cannot be asked.  NULL where no kind of it can. */
	bool (*harvest)(const struct provider *provider,
	    const struct event_span *span, struct exchange *exchange);

	/* Adds what is found (struct event *), and says in the reply whether
	 * all is.  True as in asked(). */
	bool (*harvested)(const struct provider *provider,
	    const struct event_span *span, struct exchange *exchange,
	    GPtrArray *events, struct inquiry_reply *reply);
};

struct provider {
	gatomicrefcount count;
	char *name;    /* as in [provider NAME] */
	char *section; /* "provider NAME" */
	const struct translator *translator;
	struct endpoint endpoint;
	enum format format;
	struct provider_pace pace;
	struct provider_events events;
	bool respects_suppression; /* whom it has on its suppression list is
				    * not sent to by another one either */
	char **domains;        /* whose mail it may carry as From, lower case,
				* NULL-terminated; NULL: any */
	bool one_domain;       /* all goes by one domain of the account, which
				* is not that of From */
	uint64_t size_bytes;   /* limits.size_bytes or max_size, the lower */
	struct config *config; /* counted: owns the texts */
	void *self;            /* the translator's own */
};

/* The translators there are, ending with NULL. */
extern const struct translator *const registry[];

/* The rows every provider has: type, format, domains, max_size, pace,
 * connections, timeouts, ca_file, proxy; those of one type only are the
 * translator's. */
extern const struct setting provider_settings[];

/* Makes the provider of [provider NAME], or NULL and error. */
struct provider *provider_open(
    const char *name, struct config *config, GError **error);
struct provider *provider_ref(struct provider *provider);
void provider_unref(struct provider *provider);

/* The domain by which the provider carries mail of this From domain (lower
 * case): the one of its `domains` that is the same, else the nearest above it,
 * else the first below it; of a provider for any, the From domain itself.
 * NULL: it carries no such mail.  Borrowed.  Any thread. */
const char *provider_domain(
    const struct provider *provider, const char *from_domain);

#endif
