/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "circle.h"
#include "core/log.h"
#include "ferry.h"
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const struct cli_usage usage = {
	.text =
	    "usage: postferry serve [--config FILE]\n"
	    "\n"
	    "Takes mail by SMTP and delivers it through the providers of the "
	    "settings, in the\n"
	    "foreground, until SIGTERM or SIGINT.\n"
	    "\n" CLI_SOURCES "\n"
	    "Exit codes: 0 stopped; 75 another postferry holds state_dir, or the "
	    "queue could\n"
	    "not be written (start it again: it reads what is true from the "
	    "disk); 78 errors\n"
	    "in the settings; 69 an address or a file cannot be had.\n",
};

static struct log_options
read_log(const struct config *config)
{
	static const char *const levels[] = { "debug", "info", "warn", "error",
		NULL };
	const char *level = config_string(config, "server", "log_level");
	const char *form = config_string(config, "server", "log_format");
	const char *sink = config_string(config, "server", "log_to");
	struct log_options options = {
		.sink = strcmp(sink, "syslog") == 0 ? LOG_SINK_SYSLOG
						    : LOG_SINK_STDERR,
		.rate = (unsigned)config_number(config, "server", "log_rate"),
		.form =
		    strcmp(form, "json") == 0 ? LOG_FORM_JSON : LOG_FORM_TEXT,
	};

	for (unsigned i = 0; levels[i] != NULL; i++)
		if (strcmp(levels[i], level) == 0)
			options.level = (enum log_level)i;
	return options;
}

static void
warn_ignored(const char *path)
{
	g_autofree char *ignored = settings_ignored(path, environ);

	if (ignored != NULL)
		log_warn("variables are not looked at: they count only when "
			 "there is no settings file",
		    log_str("variables", ignored), log_str("file", path));
}

static int
refuse(const GError *error, bool busy)
{
	g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

	for (char **line = lines; *line != NULL; line++)
		log_error("cannot start", log_str("why", *line));
	return busy ? EX_TEMPFAIL : EX_UNAVAILABLE;
}

/* The exit code. */
static int
run(struct ferry *ferry, const char *path)
{
	log_info("started", log_num("pid", getpid()),
	    log_str("version", POSTFERRY_VERSION),
	    log_str("file", path != NULL ? path : "none"));
	enum ferry_end end = ferry_run(ferry);
	if (end != FERRY_DRAINED) {
		log_close();
		_exit(end == FERRY_BROKEN ? EX_TEMPFAIL : EX_OK);
	}
	return EX_OK;
}

/* False and told when an upstream server is ourselves.  Only the daemon asks:
 * commands that read settings do not wait for DNS. */
static bool
check_circle(const struct config *config)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

	circle_resolve(config, getaddrinfo, errors);
	for (unsigned i = 0; i < errors->len; i++)
		log_error("cannot start",
		    log_str("why", (const char *)errors->pdata[i]));
	return errors->len == 0;
}

/* What is read again: the file, by the settings there are. */
struct loader {
	const struct settings *settings;
	const char *path;
};

static struct config *
load_again(void *object, const struct config *again, GPtrArray *errors)
{
	const struct loader *loader = object;

	return settings_load_again(
	    loader->settings, loader->path, again, errors);
}

static int
serve(const struct settings *settings, struct config *config, const char *path)
{
	struct loader loader = { settings, path };
	struct ferry_options options = {
		.config = config,
		.file = path,
		.load = load_again,
		.loader = &loader,
	};
	struct log_options log = read_log(config);
	int exit_code;
	bool busy;
	g_autoptr(GError) error = NULL;

	/* the writer of the log is a thread, and those come later */
	log_prepare(&log);
	/* while the file can be read: it may be root's */
	warn_ignored(path);
	if (!check_circle(config))
		return EX_CONFIG;
	struct ferry *ferry = ferry_new(&options, &busy, &error);
	if (ferry == NULL)
		return refuse(error, busy);
	log_open(&log);
	if (ferry_load(ferry, &error))
		exit_code = run(ferry, path);
	else
		exit_code = refuse(error, false);
	ferry_free(ferry);
	log_close();
	return exit_code;
}

int
cli_serve(int argc, char **argv)
{
	struct settings settings;
	const char *path;
	int exit_code;

	if (!cli_read_options(argc, argv, &usage, &path, &exit_code))
		return exit_code;
	settings_collect(&settings);
	path = settings_find(path);
	struct config *config = cli_load(&settings, path);
	if (config == NULL)
		return EX_CONFIG;
	ferry_prepare_process();
	/* before it is heeded and after there is nothing to reload */
	signal(SIGHUP, SIG_IGN);
	exit_code = serve(&settings, config, path);
	config_unref(config);
	return exit_code;
}
