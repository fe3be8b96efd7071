/* SPDX-License-Identifier: MIT */
/*
 * A simulated provider, until a signal ends it.
 */
#include "cli.h"

#include "simulate/simulator.h"
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sysexits.h>

static const char usage[] =
    "usage: postferry simulate mailgun|mandrill|smtp [OPTION ...]\n"
    "\n"
    "Runs a provider on this machine to try postferry against: it checks\n"
    "requests as strictly as the real one, keeps what it accepts, and goes\n"
    "wrong on demand.\n"
    "\n"
    "  --listen HOST:PORT     where it listens [127.0.0.1:0, any port]\n"
    "  --control HOST:PORT    its control door [127.0.0.1:0]; \"none\": "
    "none\n"
    "  --domain DOMAIN[,...]  mailgun, mandrill: the sending domains [any]\n"
    "  --key KEY              mailgun, mandrill: the API key [any]\n"
    "  --lookup-key KEY       mailgun: this key may do all, --key only send\n"
    "  --username NAME, --password PASSWORD\n"
    "                         smtp: AUTH is offered and demanded\n"
    "  --certificate FILE, --private-key FILE\n"
    "                         smtp: STARTTLS is offered; PEM files\n"
    "  --record DIRECTORY     keep each mail there: NNNNNN.json, .mime, "
    ".part\n"
    "  --webhook URL, --webhook-key KEY\n"
    "                         mailgun, mandrill: each mail's events are "
    "posted\n"
    "                         there, signed; a recipient bounce@, "
    "soft-bounce@,\n"
    "                         complain@, unsubscribe@ or suppressed@ "
    "anywhere does so\n"
    "  --fault WORDS          what goes wrong from the start; repeatable\n"
    "\n"
    "The control door speaks JSON: GET /mails[?after=N&wait=MS&count=K],\n"
    "GET /mails/N, /mails/N/raw, /mails/N/files/K, DELETE /mails, GET /state,\n"
    "GET /violations, PUT /fault (its body is WORDS), DELETE /fault, DELETE\n"
    "/most (of the most sends at once, in the state), PUT /webhook (URL KEY, or\n"
    "URL KEY SIGNED-URL), DELETE /webhook.\n"
    "\n"
    "WORDS are lines of one fault each, the first that wants a request has "
    "it:\n"
    "a word, options behind it: count=N (so many requests), skip=N, every=N,\n"
    "chance=PERCENT, seed=N.  What is told with a comma goes behind the\n"
    "value.  A word is for calls that send; lookup-WORD is for those that\n"
    "ask which mail was taken, probe-WORD for those that ask for the account;\n"
    "words about the connection are for all.  For example:\n"
    "\n"
    "  --fault 'status=503,html count=3'          three times 503, as HTML\n"
    "  --fault 'slow=2500 chance=20'              2.5 s late, one in five\n"
    "  --fault throttle=30                        ask again in 30 s\n"
    "  --fault partial=a@example.org,b@example.org   these two are refused\n"
    "  --fault rcpt=550                           smtp: to every RCPT\n"
    "  --fault lookup-lag=30000                   found 30 s after sending\n";

/* Every trouble that a test of a client should know, and who makes it. */
static const char troubles[] =
    "\n"
    "Which words make which trouble:\n"
    "  N01 refused                refuse\n"
    "  N02 black hole             unreachable, blackhole\n"
    "  N03 RST after accept       reset-connect\n"
    "  N04 RST after the head     reset-before-body\n"
    "  N05 RST within the body    reset-mid-body=1, =50, =99\n"
    "  N06 RST, processed         reset-accepted\n"
    "  N07 RST, not processed     reset-after-body\n"
    "  N08 FIN after the body     close-after-body, close-accepted,\n"
    "                             close-reused, close-idle\n"
    "  N09 stalls                 blackhole, stall-mid-body, stall,\n"
    "                             stall-accepted, stall-head, stall-answer\n"
    "  N10 drips                  sip=MS, drip=MS, drip=MS,body\n"
    "  N11 half-closed            half-close, half-close,accepted\n"
    "  N12 garbage                garbage, huge, cut-answer; odd=headers,\n"
    "                             length, nul, chunk-cut, chunk-nonsense, "
    "gzip\n"
    "  N13 200, not readable      empty, magnificent; odd=page, half, number\n"
    "  N14 statuses               status=NNN, with ,retry-after=V; text=NAME,\n"
    "                             throttle\n"
    "  N15 100-continue           blackhole (never), sip=MS (late), "
    "early=417\n"
    "  N16 redirects              redirect=URL, redirect=self\n"
    "  N17 TLS                    smtp: --certificate, no-starttls, "
    "starttls=454,\n"
    "                             tls-garbage, starttls-injection\n"
    "  N20 some of the recipients accept=2, partial=ADDRESS\n"
    "  N21 late answers           slow=59000, =61000, =120000\n"
    "  N22 lookups                lookup-lag=MS, lookup-never, "
    "lookup-shuffle,\n"
    "                             lookup-twice, lookup-partial=N, "
    "lookup-status=500\n"
    "  N23 smtp                   greeting=, ehlo=, mail=, rcpt=, data=, "
    "dot=CODE;\n"
    "                             close-at=, stall-at=COMMAND; ehlo-lines,\n"
    "                             close-after-dot, silent-after-dot, "
    "odd=lines,\n"
    "                             long, unfinished\n"
    "  N24 flapping               flap=10000/10000, status=503 chance=50\n"
    "Not here: names that do not resolve (N18), HTTP/2 (N19), HTTPS (a "
    "proxy).\n";

struct simulation {
	struct simulator_options options;
	struct simulator_webhook webhook; /* url NULL: none */
	GString *fault;
};

enum {
	OPTION_LISTEN = 1,
	OPTION_CONTROL,
	OPTION_DOMAIN,
	OPTION_KEY,
	OPTION_LOOKUP_KEY,
	OPTION_USERNAME,
	OPTION_PASSWORD,
	OPTION_CERTIFICATE,
	OPTION_PRIVATE_KEY,
	OPTION_RECORD,
	OPTION_WEBHOOK,
	OPTION_WEBHOOK_KEY,
	OPTION_FAULT,
	OPTION_HELP,
};

static const struct option rows[] = {
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "control", required_argument, NULL, OPTION_CONTROL },
	{ "domain", required_argument, NULL, OPTION_DOMAIN },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "lookup-key", required_argument, NULL, OPTION_LOOKUP_KEY },
	{ "username", required_argument, NULL, OPTION_USERNAME },
	{ "password", required_argument, NULL, OPTION_PASSWORD },
	{ "certificate", required_argument, NULL, OPTION_CERTIFICATE },
	{ "private-key", required_argument, NULL, OPTION_PRIVATE_KEY },
	{ "record", required_argument, NULL, OPTION_RECORD },
	{ "webhook", required_argument, NULL, OPTION_WEBHOOK },
	{ "webhook-key", required_argument, NULL, OPTION_WEBHOOK_KEY },
	{ "fault", required_argument, NULL, OPTION_FAULT },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

/* Where the text of an option goes. */
static const char **
find_target(struct simulation *simulation, int option)
{
	struct simulator_options *options = &simulation->options;

	switch (option) {
	case OPTION_LISTEN:
		return &options->listen;
	case OPTION_CONTROL:
		return &options->control;
	case OPTION_DOMAIN:
		return &options->domain;
	case OPTION_KEY:
		return &options->key;
	case OPTION_LOOKUP_KEY:
		return &options->lookup_key;
	case OPTION_USERNAME:
		return &options->username;
	case OPTION_PASSWORD:
		return &options->password;
	case OPTION_CERTIFICATE:
		return &options->certificate;
	case OPTION_PRIVATE_KEY:
		return &options->private_key;
	case OPTION_RECORD:
		return &options->record;
	case OPTION_WEBHOOK:
		return &simulation->webhook.url;
	case OPTION_WEBHOOK_KEY:
		return &simulation->webhook.key;
	default:
		return NULL;
	}
}

static const char *const kinds[] = { "mailgun", "mandrill", "smtp", NULL };

static void
print_help(const char *kind)
{
	fputs(usage, stdout);
	for (size_t i = 0; kinds[i] != NULL; i++) {
		if (kind != NULL && g_strcmp0(kind, kinds[i]) != 0)
			continue;
		g_autofree char *page = simulator_words(kinds[i]);
		printf("\nFaults of %s:\n%s", kinds[i], page);
	}
	fputs(troubles, stdout);
}

static int
refuse(const char *what, const char *value)
{
	fprintf(stderr,
	    "postferry simulate: %s%s%s; see postferry simulate --help\n", what,
	    value != NULL ? ": " : "", value != NULL ? value : "");
	return EX_USAGE;
}

/* -1: go on; else the exit code. */
static int
read_options(int argc, char **argv, struct simulation *simulation)
{
	struct simulator_options *options = &simulation->options;
	bool help = false;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		const char **target = find_target(simulation, option);

		if (option == '?')
			return refuse("an option is wrong", NULL);
		if (target != NULL)
			*target = optarg;
		else if (option == OPTION_FAULT)
			g_string_append_printf(
			    simulation->fault, "%s\n", optarg);
		help |= option == OPTION_HELP;
	}
	options->kind = argv[optind];
	if (help) {
		print_help(options->kind);
		return EX_OK;
	}
	if (options->kind == NULL)
		return refuse("mailgun, mandrill or smtp is wanted", NULL);
	if (!g_strv_contains(kinds, options->kind))
		return refuse(
		    "mailgun, mandrill or smtp is wanted; there is no kind",
		    options->kind);
	if (argv[optind + 1] != NULL)
		return refuse("not expected here", argv[optind + 1]);
	if ((simulation->webhook.url == NULL) !=
	    (simulation->webhook.key == NULL))
		return refuse("--webhook and --webhook-key are given both or "
			      "not at all",
		    NULL);
	if (g_strcmp0(options->control, "none") == 0)
		options->control = NULL;
	return -1;
}

/* Thousands of stalled connections want descriptors. */
static void
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
set_up(struct simulator *simulator, const struct simulation *simulation,
    GError **error)
{
	return simulator != NULL &&
	       simulator_fault(simulator, simulation->fault->str, error) &&
	       (simulation->webhook.url == NULL ||
		   simulator_webhook(simulator, &simulation->webhook, error));
}

static int
run(const struct simulation *simulation, const sigset_t *signals)
{
	g_autoptr(GError) error = NULL;
	struct simulator *simulator =
	    simulator_new(&simulation->options, &error);
	int caught;

	if (!set_up(simulator, simulation, &error)) {
		fprintf(stderr, "postferry simulate: %s\n", error->message);
		simulator_free(simulator);
		return g_error_matches(
			   error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE)
			   ? EX_USAGE
			   : EX_UNAVAILABLE;
	}
	printf("listening provider=%s address=%s control=%s\n",
	    simulation->options.kind, simulator_address(simulator),
	    simulator_control(simulator) != NULL ? simulator_control(simulator)
						 : "-");
	fflush(stdout);
	sigwait(signals, &caught);
	printf("ending accepted=%" G_GUINT64_FORMAT "\n",
	    simulator_accepted(simulator));
	simulator_free(simulator);
	return EX_OK;
}

int
cli_simulate(int argc, char **argv)
{
	struct simulation simulation = {
		.options = { .listen = "127.0.0.1:0",
		    .control = "127.0.0.1:0" },
		.fault = g_string_new(NULL),
	};
	int code = read_options(argc, argv, &simulation);
	sigset_t signals;

	if (code < 0) {
		/* one thread does the work: what it keeps grows in large
		 * steps then, not page by page */
		mallopt(M_ARENA_MAX, 1);
		mallopt(M_TOP_PAD, 1024 * 1024);
		/* before any thread: they all leave these to sigwait() */
		sigemptyset(&signals);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGINT);
		pthread_sigmask(SIG_BLOCK, &signals, NULL);
		signal(SIGPIPE, SIG_IGN);
		raise_limit();
		code = run(&simulation, &signals);
	}
	g_string_free(simulation.fault, TRUE);
	return code;
}
