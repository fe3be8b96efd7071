/* SPDX-License-Identifier: MIT */
/*
 * A route names the providers a mail may go by, in the order of trying, and how
 * mail that goes by it is treated.  Providers are numbered as in the settings
 * file, for all routes the same.  Immutable; any thread.
 */
#ifndef DISPATCH_ROUTE_H
#define DISPATCH_ROUTE_H

#include "ledger.h"
#include "mail/doubt_policy.h"
#include "mail/options.h"
#include "orders.h"
#include "plan.h"
#include "rule.h"

/* When a route's own From takes the place of the mail's. */
enum route_rewrite {
	ROUTE_NEVER,
	ROUTE_FOREIGN, /* when the provider may not carry the mail's */
	ROUTE_ALWAYS,
};

/* What becomes of From and of the recipients. */
struct route_guise {
	struct header_address *from; /* NULL: none */
	enum route_rewrite rewrite;
	char **only_to;           /* patterns; NULL: anyone */
	struct address *redirect; /* NULL: none */
};

struct route {
	char *name;
	unsigned numbers[LEDGER_PROVIDERS_MAX]; /* in the order of trying */
	unsigned weights[LEDGER_PROVIDERS_MAX]; /* of each, when weighted */
	unsigned count;
	bool weighted;
	struct rule rule;
	int64_t give_up_ms; /* of mail that goes by it */
	enum doubt_policy doubt;
	enum format format;
	struct route_guise guise;
	struct mail_options *options; /* what is asked of the provider unless
				       * the mail says else; never NULL */
	int64_t send_delay_ms;        /* it is to be sent so long after it
				       * came; 0: at once */
};

/* All providers and all routes of the config. */
struct route_map {
	GPtrArray *providers;       /* struct provider *, each counted */
	GPtrArray *routes;          /* struct route *, owned, as in the file;
				     * LEDGER_GROUPS_MAX at most */
	const struct route *usual;  /* of what no other route takes */
	const struct route *report; /* bounce_route; NULL: as mail does */
	struct orders *orders;      /* whose mail may give any */
};

/* Where the recipients of one mail may go. */
struct route_choice {
	const struct route *only; /* all of them by this one; NULL: see below */
	uint32_t fitting;         /* routes whose conditions on the mail hold */
};

/* True when route_map_open() would make it and every provider of the config,
 * those that no route names too, makes sense; else every error found is added
 * (char *). */
bool route_map_check(struct config *config, GPtrArray *errors);

/* NULL and error when the settings make no sense together, or no provider is
 * set.  Without a [route default] there is one of all providers in the order of
 * the file. */
struct route_map *route_map_open(struct config *config, GError **error);
void route_map_free(struct route_map *map);

struct provider *route_map_provider(
    const struct route_map *map, unsigned number);

/* What becomes of a mail that asks for a route. */
enum route_look {
	ROUTE_FOUND, /* or it asks for none */
	ROUTE_UNKNOWN,
	ROUTE_STRANGER,  /* who brought it may name none (orders.h) */
	ROUTE_OF_OTHERS, /* its `user` or `listeners` do not hold: these say
			  * whose it is, the other conditions only what for */
};

/* Looks at the mail once for all its recipients.  wanted is the name of the
 * route it asks for, or NULL. */
enum route_look route_map_look(const struct route_map *map,
    const struct message *message, const char *wanted,
    struct route_choice *out);

/* The route of that recipient: the one the mail asks for; of our own reports
 * bounce_route; else the first whose conditions hold, else [route default]. */
const struct route *route_map_choose(const struct route_map *map,
    const struct route_choice *choice, const struct address *recipient);

/* The largest mail that a provider of any route takes which mail from this
 * listener may go by (NULL: from any), in bytes of MIME. */
uint64_t route_map_size_most(const struct route_map *map, const char *listener);

/* A number that is always the same for one mail, and evenly spread over all:
 * what weighted routes draw by. */
uint64_t route_order_lot(const char *id);

/* The order of trying for a mail with these plans, one per provider: none goes
 * before another that keeps all it keeps and more, so who loses nothing goes
 * first; else as in the route; of a weighted route one of the best drawn by
 * lot goes before all.  Those that cannot carry it are left out.  out holds
 * one number per provider.  Returns how many. */
unsigned route_order(const struct route *route, const struct plan *plans,
    uint64_t lot, unsigned *out);

/* True when mail whose From has this domain leaves by that provider with the
 * route's own From. */
bool route_rewrites(const struct route *route, const struct provider *provider,
    const char *domain);

/* What becomes of mail for that recipient. */
bool route_redirects(
    const struct route *route, const struct address *recipient);
bool route_drops(const struct route *route, const struct address *recipient);

#endif
