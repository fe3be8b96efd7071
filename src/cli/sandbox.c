/* SPDX-License-Identifier: MIT */
/*
 * The sandbox: the real daemon in front of simulated providers, all on
 * loopback, with one readable line per mail.
 */
#include "cli.h"

#include "core/log.h"
#include "ferry.h"
#include "sandbox_faults.h"
#include "simulate/simulator.h"
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define SANDBOX_KEY    "sandbox-key-0123456789"
#define SANDBOX_DOMAIN "sandbox.example"

/* Mandrill signs where it posts to; which port that is is not known before. */
#define SANDBOX_URL "http://sandbox.example/v1/events/mandrill"
#define PAGE_PORT   8025

enum {
	MAILGUN,
	MANDRILL,
	UPSTREAM,
	PROVIDERS
};

static const char *const names[] = { "mailgun", "mandrill", "upstream", NULL };
static const char *const kinds[PROVIDERS] = { "mailgun", "mandrill", "smtp" };

struct sandbox {
	struct simulator *simulators[PROVIDERS];
	struct status_sandbox offer; /* to the HTTP door */
	char *folder; /* the queue and the settings, removed at the end */
	char *file;
	struct config *config;
	struct ferry *ferry;
};

static void
print_usage(FILE *out)
{
	fputs("usage: postferry sandbox [--listen ADDRESS:PORT]\n"
	      "\n"
	      "Serves on 127.0.0.1:2525 and delivers to simulated providers on "
	      "this machine:\n"
	      "no account, no settings, nothing leaves.  Prints one line per "
	      "mail, and how to take\n"
	      "a provider down and watch the mail go another way.\n",
	    out);
}

/* "5.2 kB" */
static char *
print_size(uint64_t bytes)
{
	if (bytes < 1000)
		return g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes);
	if (bytes < 1000000)
		return g_strdup_printf("%.1f kB", (double)bytes / 1e3);
	return g_strdup_printf("%.1f MB", (double)bytes / 1e6);
}

/* "250", or of mail whose client has heard that before: "waits ID". */
static char *
print_standing(const struct dispatch_event *event)
{
	if (!event->queued)
		return g_strdup_printf("%u", event->code);
	return g_strdup_printf("%s %s",
	    event->code / 100 == 2   ? "sent"
	    : event->code / 100 == 4 ? "waits"
				     : "refused",
	    event->id);
}

static void
on_mail(void *object, const struct dispatch_event *event)
{
	g_autofree char *size = print_size(event->size_bytes);
	g_autofree char *standing = print_standing(event);
	GString *line = g_string_new(NULL);
	char clock[16];
	time_t now = time(NULL);
	struct tm local;

	(void)object;
	localtime_r(&now, &local);
	strftime(clock, sizeof clock, "%H:%M:%S", &local);
	g_string_append_printf(line, "%s  %s  %s to %u recipient%s, ", clock,
	    standing, event->sender, event->recipients,
	    event->recipients == 1 ? "" : "s");
	log_escape(line, event->subject != NULL ? event->subject : "");
	g_string_append_printf(line, ", %s: %s\n", size, event->story);
	fputs(line->str, stdout);
	fflush(stdout);
	g_string_free(line, TRUE);
}

static const char *
read_fault(void *object, unsigned provider)
{
	struct sandbox *sandbox = object;

	return sandbox_faults_read(
	    sandbox->simulators[provider], provider == UPSTREAM);
}

static void
set_fault(void *object, unsigned provider, unsigned fault)
{
	struct sandbox *sandbox = object;

	sandbox_faults_set(
	    sandbox->simulators[provider], provider == UPSTREAM, fault);
}

static bool
start_simulators(struct sandbox *sandbox, GError **error)
{
	for (unsigned i = 0; i < PROVIDERS; i++) {
		struct simulator_options options = {
			.kind = kinds[i],
			.listen = "127.0.0.1:0",
			.control = "127.0.0.1:0",
			.key = i == UPSTREAM ? NULL : SANDBOX_KEY,
			.domain = i == MAILGUN ? SANDBOX_DOMAIN : NULL,
		};
		sandbox->simulators[i] = simulator_new(&options, error);
		if (sandbox->simulators[i] == NULL)
			return false;
	}
	return true;
}

/* That of every postferry, so that the page keeps its address; 0, the system's
 * choice, when another has it, or when that is wanted of mail too. */
static unsigned
choose_port(const char *listen)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(PAGE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;
	bool is_free = !g_str_has_suffix(listen, ":0");

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	is_free = is_free &&
		  bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
	close(fd);
	return is_free ? PAGE_PORT : 0;
}

/* The settings as a file, so that the other commands find the sandbox too. */
static bool
write_settings(
    const struct sandbox *sandbox, const char *listen, GError **error)
{
	const char *upstream = simulator_address(sandbox->simulators[UPSTREAM]);
	const char *colon = strrchr(upstream, ':');
	g_autofree char *host = g_strndup(upstream, (gsize)(colon - upstream));
	g_autofree char *text = g_strdup_printf(
	    "[server]\n"
	    "state_dir = %s\n"
	    "confine = no\n"
	    "http_address = 127.0.0.1:%u\n"
	    "http_bodies = 100m\n"
	    "http_loopback = send, read, operate\n"
	    "%s\n"
	    "[listener sandbox]\n"
	    "address = %s\n\n"
	    "[provider mailgun]\n"
	    "type = mailgun\n"
	    "domain = " SANDBOX_DOMAIN "\n"
	    "api_key = " SANDBOX_KEY "\n"
	    "webhook_key = " SANDBOX_KEY "\n"
	    "base_url = http://%s\n\n"
	    "[provider mandrill]\n"
	    "type = mandrill\n"
	    "api_key = " SANDBOX_KEY "\n"
	    "webhook_key = " SANDBOX_KEY "\n"
	    "webhook_url = " SANDBOX_URL "\n"
	    "base_url = http://%s\n\n"
	    "[provider upstream]\n"
	    "type = smtp\n"
	    "host = %s\n"
	    "port = %s\n"
	    "tls = off\n",
	    /* it plays all parts, and its folder goes with it */
	    sandbox->folder, choose_port(listen),
	    geteuid() == 0 ? "user = root\n" : "", listen,
	    simulator_address(sandbox->simulators[MAILGUN]),
	    simulator_address(sandbox->simulators[MANDRILL]), host, colon + 1);

	return g_file_set_contents_full(
	    sandbox->file, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, error);
}

static struct config *
read_settings(const struct sandbox *sandbox, const struct settings *settings)
{
	struct config_source source = { .path = sandbox->file };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config = config_read(&source, settings->tables, errors);

	for (unsigned i = 0; i < errors->len; i++)
		fprintf(
		    stderr, "postferry: %s\n", (const char *)errors->pdata[i]);
	return config;
}

static void
remove_folder(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		g_autofree char *inner = g_build_filename(path, name, NULL);

		if (unlink(inner) != 0)
			remove_folder(inner);
	}
	rmdir(path);
}

/* They tell what becomes of the mail they took. */
static bool
hire_tellers(const struct sandbox *sandbox, GError **error)
{
	const char *door = ferry_http_address(sandbox->ferry);

	for (unsigned i = 0; i < UPSTREAM && door != NULL; i++) {
		g_autofree char *url =
		    g_strdup_printf("http://%s/v1/events/%s", door, names[i]);
		const struct simulator_webhook webhook = {
			.url = url,
			.key = SANDBOX_KEY,
			.signed_url = SANDBOX_URL,
		};

		if (!simulator_webhook(sandbox->simulators[i], &webhook, error))
			return false;
	}
	return true;
}

static void
print_welcome(const struct sandbox *sandbox)
{
	const char *listen = ferry_address(sandbox->ferry, "sandbox");
	const char *control = simulator_control(sandbox->simulators[MAILGUN]);

	printf("postferry sandbox: everything here stays on this machine.\n\n"
	       "  mail in    %s (SMTP)\n",
	    listen);
	for (unsigned i = 0; i < PROVIDERS; i++)
		printf("  %-9s  %s, control door http://%s\n", names[i],
		    simulator_address(sandbox->simulators[i]),
		    simulator_control(sandbox->simulators[i]));
	printf("  watched    http://%s/status, /metrics, /livez, /readyz\n",
	    ferry_http_address(sandbox->ferry));
	printf(
	    "\nOpen the page, which shows all of it and explains itself:\n"
	    "  http://%s/\n"
	    "Send a mail:\n"
	    "  swaks --server %s --from me@" SANDBOX_DOMAIN
	    " --to you@example.org\n"
	    "To bounce@example.org it bounces; to complain@ and unsubscribe@ "
	    "they do that.\n"
	    "Take Mailgun down, bring it back:\n"
	    "  curl -X PUT -d refuse http://%s/fault\n"
	    "  curl -X DELETE http://%s/fault\n"
	    "See what Mailgun took:\n"
	    "  curl http://%s/mails\n"
	    "See what waits, and why (with the id that swaks was told):\n"
	    "  %s queue list --config %s\n"
	    "  %s why ID --config %s\n"
	    "Ctrl-C ends it.\n\n",
	    ferry_http_address(sandbox->ferry), listen, control, control,
	    control, program_invocation_name, sandbox->file,
	    program_invocation_name, sandbox->file);
	fflush(stdout);
}

static int
run(struct sandbox *sandbox, const char *listen, GError **error)
{
	struct settings settings;
	bool busy;

	if (!start_simulators(sandbox, error))
		return EX_UNAVAILABLE;
	sandbox->folder = g_dir_make_tmp("postferry-sandbox-XXXXXX", error);
	if (sandbox->folder == NULL)
		return EX_CANTCREAT;
	sandbox->file = g_build_filename(sandbox->folder, "sandbox.conf", NULL);
	if (!write_settings(sandbox, listen, error))
		return EX_CANTCREAT;
	settings_collect(&settings);
	sandbox->config = read_settings(sandbox, &settings);
	if (sandbox->config == NULL)
		return EX_CONFIG;
	sandbox->offer = (struct status_sandbox){
		.sender = "me@" SANDBOX_DOMAIN,
		.providers = names,
		.faults = sandbox_faults,
		.fault = read_fault,
		.set_fault = set_fault,
		.object = sandbox,
	};
	struct ferry_options options = { .config = sandbox->config,
		.event = on_mail,
		.sandbox = &sandbox->offer };
	sandbox->ferry = ferry_new(&options, &busy, error);
	if (sandbox->ferry == NULL)
		return EX_UNAVAILABLE;
	sandbox->offer.smtp = ferry_address(sandbox->ferry, "sandbox");
	if (!ferry_load(sandbox->ferry, error) || !hire_tellers(sandbox, error))
		return EX_UNAVAILABLE;
	print_welcome(sandbox);
	if (ferry_run(sandbox->ferry) != FERRY_DRAINED) {
		remove_folder(sandbox->folder);
		log_close();
		_exit(EX_OK);
	}
	return EX_OK;
}

/* What else could stand in the way is not the sandbox's. */
static void
print_failure(const GError *error)
{
	fprintf(stderr, "postferry: %s\n", error->message);
	if (strstr(error->message, "[listener sandbox]") != NULL)
		fputs("postferry: another address is named by --listen "
		      "ADDRESS:PORT; with port 0 the system picks a free one\n",
		    stderr);
}

static bool
read_options(int argc, char **argv, const char **listen, int *exit_code)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "l:h", options, NULL)) != -1) {
		if (option == 'l') {
			*listen = optarg;
			continue;
		}
		print_usage(option == 'h' ? stdout : stderr);
		*exit_code = option == 'h' ? EX_OK : EX_USAGE;
		return false;
	}
	return cli_refuse_rest(argc, argv, exit_code);
}

int
cli_sandbox(int argc, char **argv)
{
	struct sandbox sandbox = { 0 };
	struct log_options log = { .level = LOG_LEVEL_ERROR };
	const char *listen = "127.0.0.1:2525";
	int exit_code;
	g_autoptr(GError) error = NULL;

	if (!read_options(argc, argv, &listen, &exit_code))
		return exit_code;
	ferry_prepare_process();
	log_open(&log);
	exit_code = run(&sandbox, listen, &error);
	if (error != NULL)
		print_failure(error);
	ferry_free(sandbox.ferry);
	if (sandbox.folder != NULL)
		remove_folder(sandbox.folder);
	for (unsigned i = 0; i < PROVIDERS; i++)
		simulator_free(sandbox.simulators[i]);
	log_close();
	if (sandbox.config != NULL)
		config_unref(sandbox.config);
	g_free(sandbox.file);
	g_free(sandbox.folder);
	return exit_code;
}
