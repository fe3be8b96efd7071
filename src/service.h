/* SPDX-License-Identifier: MIT */
/*
 * What the service manager is told (sd_notify(3), NOTIFY_SOCKET): that we are
 * ready, that we read the settings again, that we stop, and, as often as it
 * wants to hear it (WATCHDOG_USEC), that the main and the dispatch loop still
 * turn.  Without a NOTIFY_SOCKET all of this does nothing.  The main thread.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "core/loop.h"

struct service;

/* Reaches the manager, which cannot be done once we are confined.  The loop is
 * borrowed. */
struct service *service_new(struct loop *main);

/* Nothing is told any more.  Before the main loop is freed; NULL is fine. */
void service_mute(struct service *service);

/* After both loops are.  NULL is fine. */
void service_free(struct service *service);

/* READY=1, and the watchdog is fed from now on, as long as both loops turn.
 * dispatch runs; borrowed. */
void service_ready(struct service *service, struct loop *dispatch);

/* RELOADING=1, until service_reloaded() says READY=1. */
void service_reloading(const struct service *service);
void service_reloaded(const struct service *service);

/* STOPPING=1 */
void service_stopping(const struct service *service);

#endif
