/* SPDX-License-Identifier: MIT */
/*
 * The outline of a listener is what its settings and files come to, for whoever
 * checks them: where it listens, its TLS, who logs in, who may send.  The main
 * thread; opens no socket.
 */
#ifndef SMTP_OUTLINE_H
#define SMTP_OUTLINE_H

#include "core/config.h"

/* Lines for people (char *), the address first; what is no error and will not
 * do all the same begins with "warning: ".  The config was checked. */
GPtrArray *outline_listener(struct config *config, const char *listener);

#endif
