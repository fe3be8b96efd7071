/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "core/clock.h"
#include "dispatch/explain.h"
#include "explain_facts.h"
#include "ferry.h"
#include "mail/parse.h"
#include "smtp/aliases.h"
#include "smtp/server.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] =
    "usage: postferry explain [--config FILE] [--json] [--listener NAME]\n"
    "                         [--from ADDRESS] [--to ADDRESS]... MAIL\n"
    "\n"
    "Says what would become of a mail, without sending it: for each provider "
    "of its\nroute as fields or raw and why, what would be lost, and the "
    "request as it would\nbe sent.  MAIL is a file, or - for the standard "
    "input.\n"
    "\n"
    "  --from     the sender of its envelope; else who stands in From\n"
    "  --to       a recipient, may be repeated; else all of To, Cc and Bcc\n"
    "  --listener the listener it would come by; else the first\n"
    "  --json     print it as one JSON object\n"
    "\n" CLI_SOURCES "\n"
    "Exit codes: 0 some provider can carry it; 64 wrong usage; 65 a listener "
    "would\nrefuse it; 66 there is no such file; 69 no provider can carry it; "
    "78 errors in\nthe settings.\n";

/* Room for the bytes of one mail. */
#define MEMORY_BYTES (UINT64_C(1) << 30)

struct order {
	const char *path; /* of the settings; NULL: no --config */
	const char *listener;
	const char *mail;
	const char *from; /* NULL: who stands in From */
	GPtrArray *to;    /* const char *; empty: who stands in the header */
	bool json;
};

struct source {
	const struct order *order;
	struct config *config;
	const char *listener;
	struct address *from; /* of the order; NULL: none */
	GPtrArray *to;        /* struct address * */
	struct spool_place place;
	struct spool *spool;
	struct limiter_seen seen;
};

static bool
take_option(struct order *order, int option, int *exit_code)
{
	*exit_code = option == '?' ? EX_USAGE : EX_OK;
	if (option == 'c')
		order->path = optarg;
	else if (option == 'l')
		order->listener = optarg;
	else if (option == 'j')
		order->json = true;
	else if (option == 'f')
		order->from = optarg;
	else if (option == 't')
		g_ptr_array_add(order->to, optarg);
	else
		fputs(usage, option == 'h' ? stdout : stderr);
	return option != 'h' && option != '?';
}

static bool
read_options(int argc, char **argv, struct order *order, int *exit_code)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "listener", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		if (!take_option(order, option, exit_code))
			return false;
	if (optind < argc) {
		order->mail = argv[optind++];
		return cli_refuse_rest(argc, argv, exit_code);
	}
	fputs("postferry explain: a file with a mail is expected, or - for "
	      "the standard input; see postferry explain --help\n",
	    stderr);
	*exit_code = EX_USAGE;
	return false;
}

/* LF becomes CRLF, as a listener mends it. */
static bool
append_mended(struct spool *spool, struct limiter *limiter, const char *bytes,
    size_t length, bool *after_cr)
{
	g_autoptr(GByteArray) out = g_byte_array_new();

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\n' && !*after_cr)
			g_byte_array_append(out, (const guint8 *)"\r", 1);
		g_byte_array_append(out, &c, 1);
		*after_cr = c == '\r';
	}
	limiter_feed(limiter, out->data, out->len);
	return spool_append(spool, out->data, out->len);
}

static bool
read_stream(struct source *source, FILE *in, struct limiter *limiter)
{
	char chunk[16384];
	bool after_cr = false, fine = true;
	size_t length;

	while (fine && (length = fread(chunk, 1, sizeof chunk, in)) > 0)
		fine = append_mended(
		    source->spool, limiter, chunk, length, &after_cr);
	return fine && !ferror(in) && spool_seal(source->spool);
}

static int
read_mail(struct source *source)
{
	const char *path = source->order->mail;
	bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	struct limiter *limiter = limiter_new(&limiter_defaults);
	enum limiter_verdict verdict;
	bool fine = in != NULL && read_stream(source, in, limiter);
	int problem = errno;

	verdict = limiter_end(limiter, &source->seen);
	limiter_free(limiter);
	if (in != NULL && !standard)
		fclose(in);
	if (!fine) {
		fprintf(stderr, "postferry explain: %s: %s\n", path,
		    g_strerror(problem));
		return EX_NOINPUT;
	}
	if (verdict == LIMITER_OK)
		return EX_OK;
	fprintf(stderr, "postferry explain: %s: a listener refuses it: %s\n",
	    path, limiter_text(verdict));
	return EX_DATAERR;
}

static struct submission *
make_submission(const struct source *source, struct envelope *envelope)
{
	struct submission *submission = g_new0(struct submission, 1);

	id_make(submission->id);
	submission->envelope = envelope;
	submission->spool = spool_ref(source->spool);
	submission->seen = source->seen;
	submission->listener = source->listener;
	g_strlcpy(submission->peer, "127.0.0.1", sizeof submission->peer);
	submission->helo = g_strdup("localhost");
	submission->protocol = "ESMTP";
	submission->received_ms = clock_wall_ms();
	submission->config = config_ref(source->config);
	return submission;
}

static void
add_shown(struct envelope *envelope, const GPtrArray *shown)
{
	for (unsigned i = 0; i < shown->len; i++) {
		const struct header_address *address = shown->pdata[i];
		enum address_fault fault = ADDRESS_OK;
		struct address *to = address_parse(
		    address->spec, strlen(address->spec), NULL, &fault);

		if (to != NULL)
			envelope_add_recipient(envelope, to);
	}
}

/* What was said, and for the rest what the header says. */
static struct envelope *
make_envelope(const struct source *source, const struct message *message)
{
	struct envelope *envelope = envelope_new();
	enum address_fault fault = ADDRESS_OK;

	if (source->from != NULL) {
		envelope->sender = address_copy(source->from);
	} else if (message->from->len > 0) {
		const struct header_address *from = message->from->pdata[0];
		envelope->sender =
		    address_parse(from->spec, strlen(from->spec), NULL, &fault);
	}
	for (unsigned i = 0; i < source->to->len; i++)
		envelope_add_recipient(
		    envelope, address_copy(source->to->pdata[i]));
	if (source->to->len > 0)
		return envelope;
	add_shown(envelope, message->to);
	add_shown(envelope, message->cc);
	add_shown(envelope, message->bcc);
	return envelope;
}

/* Read once for the addresses in its header, which it is then sent to. */
static struct submission *
address_mail(const struct source *source, int *exit_code)
{
	const struct parse_options options = {
		.hostname = server_hostname(source->config),
	};
	struct submission *submission = make_submission(source, envelope_new());
	g_autoptr(GError) error = NULL;
	struct message *message = parse_message(submission, &options, &error);
	struct envelope *envelope;

	if (message == NULL) {
		submission_free(submission);
		fprintf(stderr, "postferry explain: %s\n", error->message);
		*exit_code = EX_IOERR;
		return NULL;
	}
	envelope = make_envelope(source, message);
	message_unref(message);
	if (envelope->recipients->len > 0)
		return make_submission(source, envelope);
	envelope_free(envelope);
	fputs("postferry explain: the mail's header names no recipient (an "
	      "address literal like bob@[192.0.2.1] is not taken); name one "
	      "by --to ADDRESS\n",
	    stderr);
	*exit_code = EX_USAGE;
	return NULL;
}

static bool
is_carried(const struct explain *explain)
{
	const GPtrArray *groups = explain_groups(explain);

	for (unsigned i = 0; i < groups->len; i++) {
		const struct explain_group *group = groups->pdata[i];

		if (group->refusal != NULL)
			return false;
	}
	return true;
}

static int
tell(const struct source *source, struct submission *submission)
{
	g_autoptr(GError) error = NULL;
	struct explain *explain = explain_new(source->config, submission,
	    server_hostname(source->config), &error);
	struct json_object *facts;
	int exit_code;

	if (explain == NULL) {
		submission_free(submission);
		fprintf(stderr, "postferry explain: %s\n", error->message);
		return EX_CONFIG;
	}
	facts = explain_facts(explain);
	if (source->order->json)
		puts(json_object_to_json_string_ext(
		    facts, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			       JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		explain_facts_print(facts);
	json_object_put(facts);
	exit_code = is_carried(explain) ? EX_OK : EX_UNAVAILABLE;
	explain_free(explain);
	return exit_code;
}

static int
explain_mail(struct source *source)
{
	struct submission *submission;
	int exit_code;

	source->place.budget = budget_new(MEMORY_BYTES);
	source->spool = spool_new(&source->place);
	exit_code = read_mail(source);
	if (exit_code == EX_OK) {
		submission = address_mail(source, &exit_code);
		if (submission != NULL)
			exit_code = tell(source, submission);
	}
	spool_unref(source->spool);
	budget_free(source->place.budget);
	return exit_code;
}

/* As the listener reads it: without a domain it may be an alias, or has the
 * listener's.  NULL, and told: it is none. */
static struct address *
read_address(
    const struct source *source, const char *text, struct aliases *aliases)
{
	g_autofree char *section =
	    g_strconcat("listener ", source->listener, NULL);
	const char *said = config_string(source->config, section, "domain");
	g_autofree char *domain =
	    said != NULL ? address_domain_to_ascii(said) : NULL;
	enum address_fault fault = ADDRESS_OK;
	struct address *address = aliases_find(aliases, text, strlen(text));

	if (address == NULL)
		address = address_parse(text, strlen(text), domain, &fault);
	if (address != NULL)
		return address;
	fprintf(stderr,
	    "postferry explain: \"%s\" is no mail address; expected is one "
	    "like ann@example.com%s\n",
	    text,
	    fault == ADDRESS_UNQUALIFIED
		? ", or a name that `aliases` of the listener has, or any with "
		  "its `domain`"
		: "");
	return NULL;
}

static bool
read_recipients(struct source *source)
{
	const GPtrArray *to = source->order->to;
	g_autofree char *section =
	    g_strconcat("listener ", source->listener, NULL);
	struct aliases *aliases =
	    aliases_new(config_list(source->config, section, "aliases"), NULL);
	bool fine = true;

	for (unsigned i = 0; fine && i < to->len; i++) {
		struct address *address =
		    read_address(source, to->pdata[i], aliases);

		fine = address != NULL;
		if (fine)
			g_ptr_array_add(source->to, address);
	}
	aliases_free(aliases);
	return fine;
}

static bool
read_addresses(struct source *source)
{
	const char *from = source->order->from;

	if (from != NULL &&
	    (source->from = read_address(source, from, NULL)) == NULL)
		return false;
	return read_recipients(source);
}

static void
free_address(void *address)
{
	address_free(address);
}

static int
explain(const struct order *order, struct config *config)
{
	struct source source = {
		.order = order,
		.config = config,
		.listener = order->listener != NULL
				? order->listener
				: config_names(config, "listener")[0],
		.to = g_ptr_array_new_with_free_func(free_address),
	};
	int exit_code =
	    read_addresses(&source) ? explain_mail(&source) : EX_USAGE;

	address_free(source.from);
	g_ptr_array_unref(source.to);
	return exit_code;
}

/* False, and told: there is no listener of that name. */
static bool
check_listener(const struct order *order, const struct config *config)
{
	const char *const *names = config_names(config, "listener");
	g_autofree char *there = NULL;

	if (order->listener == NULL || g_strv_contains(names, order->listener))
		return true;
	there = g_strjoinv(", ", (char **)names);
	fprintf(stderr,
	    "postferry explain: --listener %s: there is no such listener; "
	    "there are: %s\n",
	    order->listener, there);
	return false;
}

static int
run(const struct order *order)
{
	struct settings settings;
	struct config *config;
	int exit_code;

	settings_collect(&settings);
	config = cli_load(&settings, settings_find(order->path));
	if (config == NULL)
		return EX_CONFIG;
	ferry_prepare_process();
	exit_code =
	    check_listener(order, config) ? explain(order, config) : EX_USAGE;
	config_unref(config);
	return exit_code;
}

int
cli_explain(int argc, char **argv)
{
	struct order order = {
		.to = g_ptr_array_new(),
	};
	int exit_code;

	if (read_options(argc, argv, &order, &exit_code))
		exit_code = run(&order);
	g_ptr_array_unref(order.to);
	return exit_code;
}
