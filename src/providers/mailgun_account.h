/* SPDX-License-Identifier: MIT */
/* The Mailgun account as its settings have it; immutable after open(). */
#ifndef PROVIDERS_MAILGUN_ACCOUNT_H
#define PROVIDERS_MAILGUN_ACCOUNT_H

#include "provider.h"

/* How it is asked whether it has a mail. */
enum mailgun_lookup {
	MAILGUN_OFF,    /* not at all */
	MAILGUN_EVENTS, /* GET /v3/DOMAIN/events */
	MAILGUN_LOGS,   /* POST /v1/analytics/logs */
};

struct mailgun_account {
	char *domain; /* ASCII; NULL: that of From, of provider->domains */
	struct verdict_table *verdicts;
	enum mailgun_lookup lookup;
	struct endpoint asking; /* with the key that may ask */
	struct endpoint other;  /* of the other region; base_url NULL: none */
	const char *region, *other_region;
	bool lookup_key; /* there is one beside the api_key */
};

/* As in struct translator; makes provider->self. */
bool mailgun_account_open(
    struct provider *provider, const struct config *config, GError **error);
void mailgun_account_close(struct provider *provider);

/* The sending domain for mail with this From domain, or NULL.  Borrowed. */
const char *mailgun_account_domain(
    const struct provider *provider, const char *from_domain);

#endif
