/* SPDX-License-Identifier: MIT */
/*
 * What the providers say when they refuse, word for word.
 */
#ifndef SIMULATE_TEXTS_H
#define SIMULATE_TEXTS_H

#include "house.h"
#include "response.h"

/* Answers that a fault asks for; all take ,retry-after= and ,status=. */
struct response *texts_status(
    const struct house *house, const struct fault *fault);
struct response *texts_throttle(
    const struct house *house, const struct fault *fault);

/* The error of that name ("sandbox", "Invalid_Key"); NULL: there is none.
 * fault: NULL or what it is asked with. */
struct response *texts_named(
    const struct house *house, const char *name, const struct fault *fault);

/* The key is wrong. */
struct response *texts_unauthorized(
    const struct house *house, const struct fault *fault);

/* Mandrill's error object with a message of ours. */
struct response *texts_mandrill(
    unsigned status, const char *name, const char *message);

/* True when the kind has an error of that name. */
bool texts_has(enum fault_kind kind, const char *name);

/* A line each of the names of a kind, for --help. */
char *texts_names(int kinds);

#endif
