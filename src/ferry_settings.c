/* SPDX-License-Identifier: MIT */
#include "ferry.h"

const struct setting ferry_settings[] = {
	{ "server", "state_dir", SETTING_PATH,
	    .help = "Directory of the queue, and of mail over 64 KiB while it "
		    "passes; only where every listener answers `delivered` "
		    "can there be none, and such mail is held in memory." },
	{ "server", "event_reports", SETTING_BOOL, "no",
	    .help = "Whether the sender gets a bounce when a provider tells "
		    "(webhook_key, events_poll) that a mail it had taken "
		    "reached nobody: once per recipient, as for a mail that "
		    "is refused at once." },
	{ "server", "memory_budget", SETTING_SIZE, .min = 1 << 20,
	    .max = 1LL << 40,
	    .help = "Memory for mail in transit; default: the smaller of 512m "
		    "and half of what the control group or the machine "
		    "allows. From 3/4 of it on no mail is begun of clients "
		    "that are neither in `allow` nor logged in, from 7/8 on "
		    "of any outside `allow`, from 15/16 on of none (452); at "
		    "63/64 no connection is taken (421)." },
	{ "server", "loops", SETTING_NUMBER, "0", .max = 64,
	    .help = "Threads that speak SMTP; 0: one per processor." },
	{ "server", "workers", SETTING_NUMBER, "0", .max = 64,
	    .help = "Threads that parse and encode; 0: one per processor." },
	{ "server", "relays", SETTING_NUMBER, "8", .min = 1, .max = 256,
	    .help = "Threads that speak SMTP to upstream servers: as many "
		    "sessions at a time." },
	{ "server", "relay_mails", SETTING_NUMBER, "10", .min = 1, .max = 1000,
	    .help = "Waiting mails that share one session to an upstream "
		    "server, at most." },
	{ "server", "data_grace", SETTING_DURATION, "30s", .max = 600000,
	    .help = "At stop: how long a client in the middle of a mail may "
		    "go on." },
	{ "server", "stop_timeout", SETTING_DURATION, "75s", .max = 3600000,
	    .help = "At stop: how long attempts under way are waited for." },
	{ "server", "log_level", SETTING_CHOICE, "info",
	    .choices = "debug|info|warn|error",
	    .help = "The least important lines that are logged." },
	{ "server", "log_rate", SETTING_NUMBER, "2000", .max = 1000000,
	    .help = "Lines a second that are logged; of more, errors and one "
		    "in a hundred are, and how many are left out; 0: all." },
	{ "server", "log_format", SETTING_CHOICE, "text",
	    .choices = "text|json", .help = "The form of a log line." },
	{ "server", "log_to", SETTING_CHOICE, "stderr",
	    .choices = "stderr|syslog", .help = "Where the log goes." },
	{ .section = NULL },
};
