/* SPDX-License-Identifier: MIT */
/*
 * Real configs for the tests of dispatch, with providers of the type "fake".
 */
#ifndef TESTS_DISPATCH_CONFIGURED_H
#define TESTS_DISPATCH_CONFIGURED_H

#include "core/config.h"
#include "dispatch/dispatcher.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const struct setting configured_providers[] = {
	{ "provider", "type", SETTING_CHOICE, .choices = "fake",
	    .required = true, .help = "Its kind." },
	{ "provider", "connections", SETTING_NUMBER, "8", .min = 1, .max = 99,
	    .help = "At a time." },
	{ "provider", "recipients", SETTING_NUMBER, "0", .max = 99,
	    .help = "Of one request." },
	{ "provider", "size", SETTING_SIZE, "1m", .help = "Of the mail." },
	{ "provider", "overflow", SETTING_BOOL, "yes",
	    .help = "Mail goes on to the next provider when it is busy." },
	{ "provider", "rate", SETTING_NUMBER, "0", .max = 99,
	    .help = "Mails a second." },
	{ "provider", "quota_day", SETTING_NUMBER, "0", .max = 999999,
	    .help = "Recipients a day." },
	{ "provider", "respect_suppression", SETTING_BOOL, "yes",
	    .help = "Nobody else is asked for whom it suppresses." },
	{ "provider", "loses", SETTING_BOOL, "no",
	    .help = "Carries plain mail only." },
	{ "provider", "asks", SETTING_NUMBER, "0", .max = 99,
	    .help = "Mails it can be asked about at a time." },
	{ "provider", "account", SETTING_STRING,
	    .help = "What it is asked as; two may have the same." },
	{ "provider", "probes", SETTING_BOOL, "no", .help = "Can be probed." },
	{ "provider", "password", SETTING_STRING, .help = "Its key." },
	{ "provider", "events", SETTING_CHOICE, "off",
	    .choices = "off|webhook|poll", .help = "How it tells of mail." },
	{ "provider", "events_poll", SETTING_DURATION, "5ms", .max = 3600000,
	    .help = "How often it is asked." },
	{ "provider", "smtp", SETTING_BOOL, "no", .help = "Speaks SMTP." },
	{ .section = NULL },
};

static const struct setting configured_listeners[] = {
	{ "listener", "control_headers", SETTING_BOOL, "yes",
	    .help = "Mail gives orders." },
	{ "listener", "allow", SETTING_NETWORKS, "127.0.0.0/8, ::1",
	    .help = "Who may come." },
	{ .section = NULL },
};

/* Reads the text of a settings file, which has no fault, by one table more
 * (NULL: none). */
static inline struct config *
configured_read_with(const char *text, const struct setting *more)
{
	static const struct setting *tables[] = { dispatcher_settings,
		route_settings, configured_providers, configured_listeners,
		NULL, NULL };
	g_autofree char *path = NULL;
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

	tables[4] = more;
	int fd = g_file_open_tmp("dispatch-XXXXXX", &path, NULL);
	struct config_source source = { .path = path };

	assert_true(fd >= 0);
	close(fd);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	struct config *config = config_read(&source, tables, errors);
	unlink(path);
	if (config == NULL)
		fail_msg("%s", (const char *)errors->pdata[0]);
	return config;
}

static inline struct config *
configured_read(const char *text)
{
	return configured_read_with(text, NULL);
}

#endif
