/* SPDX-License-Identifier: MIT */
/*
 * Reads the addresses of a field as a provider does: "Name <a@b>, c@d".
 * Strict enough to refuse what they refuse; its own code, see simulator.h.
 */
#ifndef SIMULATE_PEOPLE_H
#define SIMULATE_PEOPLE_H

#include <glib.h>
#include <stdbool.h>

/* Adds the bare address of each to out (char *, may be NULL); false when one of
 * them, or the whole, is not an address. */
bool people_read(const char *text, GPtrArray *out);

/* True for local@domain and nothing else. */
bool people_is_address(const char *text);

/* True when the array (char *) has the address, the domain and the local part
 * in any case. */
bool people_contains(const GPtrArray *people, const char *address);

#endif
