/* SPDX-License-Identifier: MIT */
/*
 * Trouble is what is wrong now, worst first, and what to do about it: the first
 * thing to read for whoever was woken.  From the JSON of /status.
 */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <json-c/json.h>
#include <stdint.h>

/* Prints it, or that there is none. */
void trouble_print(struct json_object *status, int64_t now_ms);

#endif
