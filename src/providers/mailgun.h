/* SPDX-License-Identifier: MIT */
/* What Mailgun's translator knows of its account; immutable after open(). */
#ifndef PROVIDERS_MAILGUN_H
#define PROVIDERS_MAILGUN_H

#include "provider.h"

/* How it is asked whether it has a mail. */
enum mailgun_lookup {
	MAILGUN_OFF,    /* not at all */
	MAILGUN_EVENTS, /* GET /v3/DOMAIN/events */
	MAILGUN_LOGS,   /* POST /v1/analytics/logs */
};

struct mailgun {
	char *domain; /* ASCII; NULL: that of From, of provider->domains */
	struct verdict_table *verdicts;
	enum mailgun_lookup lookup;
	struct endpoint asking; /* with the key that may ask */
	struct endpoint other;  /* of the other region; base_url NULL: none */
	const char *region, *other_region;
	bool lookup_key; /* there is one beside the api_key */
};

/* The sending domain for mail with this From domain, or NULL.  Borrowed. */
const char *mailgun_domain(
    const struct provider *provider, const char *from_domain);

#endif
