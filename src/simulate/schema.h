/* SPDX-License-Identifier: MIT */
/*
 * What Mandrill's requests may hold.
 */
#ifndef SIMULATE_SCHEMA_H
#define SIMULATE_SCHEMA_H

#include "members.h"

/* /messages/send */
extern const struct member schema_send[];

/* /messages/send-raw */
extern const struct member schema_raw[];

#endif
