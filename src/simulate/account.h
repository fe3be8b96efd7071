/* SPDX-License-Identifier: MIT */
/*
 * An account is what Mandrill tells of itself when it is asked: that it is
 * there, the account's standing, its sending domains.
 */
#ifndef SIMULATE_ACCOUNT_H
#define SIMULATE_ACCOUNT_H

#include "door.h"
#include "house.h"

/* The answers; the key was found good. */
struct response *account_ping(
    struct house *house, struct request *request, struct json_object *json);
struct response *account_ping2(
    struct house *house, struct request *request, struct json_object *json);
struct response *account_info(
    struct house *house, struct request *request, struct json_object *json);
struct response *account_domains(
    struct house *house, struct request *request, struct json_object *json);

#endif
