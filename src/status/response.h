/* SPDX-License-Identifier: MIT */
/* A response is an answer on its way through libmicrohttpd. */
#ifndef STATUS_RESPONSE_H
#define STATUS_RESPONSE_H

#include "status.h"
#include <microhttpd.h>

/* Queues the answer, which is empty from then on. */
enum MHD_Result response_send(
    struct MHD_Connection *connection, struct status_answer *answer);

#endif
