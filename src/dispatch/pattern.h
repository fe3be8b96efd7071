/* SPDX-License-Identifier: MIT */
/*
 * Patterns say whom a setting means: "example.com" is that domain alone,
 * ".example.com" and "*.example.com" are those below it, "ann@example.com" is
 * one address.  NULL-terminated lists, the domains in IDNA form, lower case.
 * Pure.
 */
#ifndef DISPATCH_PATTERN_H
#define DISPATCH_PATTERN_H

#include "core/config.h"
#include "mail/address.h"

/* Where a value was set. */
struct pattern_place {
	const struct config *config;
	const char *section, *key;
};

/* Reads a list of domains; NULL when it is not set.  What is none is told
 * (char *). */
char **pattern_read_domains(
    const struct pattern_place *place, GPtrArray *errors);

/* The same of domains and addresses. */
char **pattern_read_people(
    const struct pattern_place *place, GPtrArray *errors);

/* True when one of the patterns means the domain (ASCII, any case). */
bool pattern_has_domain(char *const *patterns, const char *domain);

/* True when one of them means the address, or its domain. */
bool pattern_has_address(char *const *patterns, const struct address *address);

#endif
