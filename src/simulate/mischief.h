/* SPDX-License-Identifier: MIT */
/*
 * Mischief carries out what a fault says of an HTTP request, at the moments a
 * door asks; and keeps the record of a request that was accepted.
 */
#ifndef SIMULATE_MISCHIEF_H
#define SIMULATE_MISCHIEF_H

#include "door.h"
#include "house.h"

/* Reads faults as faults_parse() does, and knows the names of texts. */
struct faults *mischief_parse(
    enum fault_kind kind, const char *text, GError **error);

enum door_action mischief_at_connect(struct house *house);
/* request->moment is known; counts it. */
enum door_action mischief_at_head(struct house *house, struct request *request);
enum door_action mischief_at_body(struct house *house, struct request *request);

/* After finish(): keeps the record unless the fault says that the request was
 * not taken, before anything of an answer leaves. */
enum door_action mischief_at_end(struct house *house, struct request *request);

/* The request is over. */
void mischief_at_close(struct house *house, const struct request *request);

#endif
