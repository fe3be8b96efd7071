/* SPDX-License-Identifier: MIT */
/*
 * The ferry is the whole daemon: it makes every stage, gives each the address
 * of the next, runs the main loop, and takes all down again in order.  Built
 * from the sea to the spring, stopped from the spring to the sea.  The main
 * thread.
 */
#ifndef FERRY_H
#define FERRY_H

#include "core/config.h"
#include "dispatch/dispatcher.h"

struct ferry;

struct ferry_options {
	struct config *config; /* counted */
	const char *file;      /* of the settings; lasting; NULL: none */
	/* Reads the settings again; of again (NULL: none) the same text, with
	 * what stands in files of its secrets now.  NULL and errors (char *)
	 * added when they do not make sense.  NULL: that cannot be. */
	struct config *(*load)(
	    void *loader, const struct config *again, GPtrArray *errors);
	void *loader;
	dispatch_event_fn event; /* NULL: none; called on the dispatch loop */
	void *object;
	const struct status_sandbox *sandbox; /* lasting; NULL: it is none */
};

/* Once, in main, before any thread and any ferry: signals, umask, limits, the
 * libraries. */
void ferry_prepare_process(void);

/* True when the settings make sense together and on this host: routes,
 * providers, listeners, state_dir; else every error found is added (char *), as
 * config_read() does.  Opens no socket and writes no file. */
bool ferry_check(struct config *config, GPtrArray *errors);

/* The memory for mail in transit: as set, or as the host has it; tells the log
 * which. */
struct budget *ferry_budget(const struct config *config);

/* Opens what needs the rights that we were started with, gives these up and is
 * confined (descent.h); it starts no thread, and there should be none.  NULL
 * and error when an address, a directory or a key stands in the way; *busy is
 * set when another postferry holds state_dir. */
struct ferry *ferry_new(
    const struct ferry_options *options, bool *busy, GError **error);

/* Makes the rest; nothing is accepted before ferry_run().  False and error when
 * the queue or a setting stands in the way: ferry_free() is what is left. */
bool ferry_load(struct ferry *ferry, GError **error);

enum ferry_end {
	FERRY_DRAINED, /* all is done or safe; ferry_free() may follow */
	FERRY_CUT,     /* a second signal: what was open is a doubt at the next
			* start */
	FERRY_BROKEN,  /* the queue cannot be written: exit 75 */
};

/* Accepts and delivers until SIGTERM or SIGINT, then drains: mail not sent yet
 * is answered 451 or stays queued, attempts under way are waited for,
 * stop_timeout at the most; a second signal ends at once.  Unless DRAINED the
 * process must end without ferry_free(), for threads are still at work. */
enum ferry_end ferry_run(struct ferry *ferry);

/* Where the listener of this name is bound; NULL: no such. */
const char *ferry_address(const struct ferry *ferry, const char *listener);

/* Where the HTTP door is; NULL: there is none. */
const char *ferry_http_address(const struct ferry *ferry);

void ferry_free(struct ferry *ferry);

/* The rows of [server] that concern the daemon as a whole, ending with an
 * empty one. */
extern const struct setting ferry_settings[];

#endif
