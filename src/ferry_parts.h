/* SPDX-License-Identifier: MIT */
/*
 * What the ferry is made of, for the files that make it (ferry.c) and end it
 * (ending.c).  The main thread.
 */
#ifndef FERRY_PARTS_H
#define FERRY_PARTS_H

#include "ferry.h"

#include "alarm.h"
#include "carrier.h"
#include "core/loop.h"
#include "core/pool.h"
#include "dispatch/helm.h"
#include "service.h"
#include "smtp/server.h"
#include "status.h"
#include "status/handin.h"

struct ferry {
	struct ferry_options options;
	struct config *config; /* in force now... */
	struct config *first;  /* ...and at the start */
	const char *directory; /* NULL: no queue */
	struct lock *lock;
	struct budget *budget;
	struct metrics *metrics;
	struct token_set *tokens;
	struct disk *disk;
	struct busy *busy;
	struct spool_place place;
	struct store *store;
	struct complaints *complaints;
	struct album *album; /* NULL: none */
	struct handin *handin;
	struct status *status;
	struct status_door *door;    /* NULL: no queue */
	struct status_http *watched; /* NULL: off */
	struct loop *main;
	struct loop *dispatch;
	struct pool *work;
	struct carrier http, relay;
	struct herald *herald; /* NULL: no alarm_command */
	struct bell *bell;
	struct suppressions *suppressions; /* NULL: no queue */
	struct echo *echo; /* NULL: no queue, or event_reports = no */
	struct helm *helm;
	struct server *server;
	struct service *service;
	struct reload *reload; /* NULL: not yet */
	struct loop_signal *term, *interrupt, *hangup;
	struct loop_timer *stop_timer, *last_words;
	bool stopping;
	enum ferry_end end;
	struct letter broken;  /* from the store */
	struct letter abort;   /* to the dispatch loop */
	struct letter quiet;   /* to the dispatch loop, and back */
	struct letter stopped; /* from the dispatch loop */
};

#endif
