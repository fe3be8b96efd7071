/* SPDX-License-Identifier: MIT */
/*
 * Tokens that came with webhooks: each counts once, as long as its signature
 * holds.  Pure; one thread.
 */
#ifndef DISPATCH_TOKENS_H
#define DISPATCH_TOKENS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* At most: the oldest go first. */
#define TOKENS_MOST 100000u

struct tokens;

struct tokens *tokens_new(void);
void tokens_free(struct tokens *tokens);

/* True when that provider's token was spent, and still counts as such. */
bool tokens_is_spent(const struct tokens *tokens, const char *provider,
    const char *token, int64_t now_ms);

/* It is spent, until then. */
void tokens_spend(struct tokens *tokens, const char *provider,
    const char *token, int64_t until_ms);

#endif
