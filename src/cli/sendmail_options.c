/* SPDX-License-Identifier: MIT */
#include "sendmail_options.h"

#include "mail/parse_list.h"
#include "smtp/handover.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* Of one argument that names recipients. */
#define TEXT_MAX (64 * 1024)

/* As Postfix has them, and what older programs know; -q may stand alone. */
#define LETTERS "+:A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:q::r:stvx"

static int G_GNUC_PRINTF(2, 3) refuse(int exit_code, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	fprintf(stderr, "sendmail: %s\n", text);
	return exit_code;
}

/* ---- addresses ---- */

/* "Ann <ann@example.com>" is an address, too; what is plain needs no reader. */
static bool
is_plain(const char *text)
{
	return strpbrk(text, "<>()\",;: \t") == NULL;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool
read_list(const char *text, GPtrArray *addresses)
{
	if (!is_plain(text))
		return parse_list_read(text, addresses);
	g_ptr_array_add(addresses, g_strdup(text));
	return true;
}

static int
add_path(GPtrArray *recipients, const char *text)
{
	enum address_fault fault;
	char *path = handover_path(text, &fault);

	if (path == NULL)
		return refuse(
		    EX_NOUSER, "%s: %s", text, address_fault_text(fault));
	g_ptr_array_add(recipients, path);
	return EX_OK;
}

int
sendmail_options_add(GPtrArray *recipients, const char *text)
{
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	int exit_code = EX_OK;

	if (has_control(text) || strlen(text) > TEXT_MAX)
		return refuse(EX_DATAERR,
		    "recipients with a control character, or too many at "
		    "once: they are no addresses");
	if (!read_list(text, addresses))
		return refuse(
		    EX_NOUSER, "%s: this is no list of addresses", text);
	for (unsigned i = 0; exit_code == EX_OK && i < addresses->len; i++)
		exit_code = add_path(recipients, addresses->pdata[i]);
	return exit_code;
}

/* "<>" and "" are the null sender. */
static int
take_sender(struct sendmail_options *options, const char *text)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	int exit_code;

	g_free(options->sender);
	options->sender = g_strdup("");
	if (*text == '\0' || strcmp(text, "<>") == 0)
		return EX_OK;
	exit_code = sendmail_options_add(paths, text);
	if (exit_code != EX_OK)
		return exit_code == EX_NOUSER ? EX_DATAERR : exit_code;
	if (paths->len != 1)
		return refuse(EX_USAGE, "-f %s: one address is expected", text);
	g_free(options->sender);
	options->sender = g_ptr_array_steal_index(paths, 0);
	return EX_OK;
}

/* ---- options ---- */

static int
take_wish(const char **wish, char letter, const char *text)
{
	if (!handover_is_wish(text))
		return refuse(EX_USAGE,
		    "-%c %s: printable characters without blanks and = are "
		    "expected, at most 100",
		    letter, text);
	*wish = text;
	return EX_OK;
}

static int
take_mode(struct sendmail_options *options, const char *text)
{
	static const struct {
		const char *text;
		enum sendmail_mode mode;
	} modes[] = {
		{ "m", SENDMAIL_SEND },
		{ "s", SENDMAIL_SMTP },
		{ "p", SENDMAIL_QUEUE },
		{ "i", SENDMAIL_NOTHING },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++)
		if (strcmp(text, modes[i].text) == 0) {
			options->mode = modes[i].mode;
			return EX_OK;
		}
	return refuse(EX_USAGE,
	    "-b%s is not known here: -bm, -bs, -bp and -bi are; the daemon is "
	    "`postferry serve`",
	    text);
}

static int
take_name(struct sendmail_options *options, const char *text)
{
	if (has_control(text))
		return refuse(EX_USAGE,
		    "-F: a name without control characters is "
		    "expected");
	options->full_name = text;
	return EX_OK;
}

static int
take(struct sendmail_options *options, int letter)
{
	switch (letter) {
	case 'b':
		return take_mode(options, optarg);
	case 'C':
		options->settings = optarg;
		break;
	case 'F':
		return take_name(options, optarg);
	case 'f':
	case 'r':
		return take_sender(options, optarg);
	case 'N':
		return take_wish(&options->notify, 'N', optarg);
	case 'R':
		return take_wish(&options->ret, 'R', optarg);
	case 'V':
		return take_wish(&options->envid, 'V', optarg);
	case 'I':
	case 'q':
		options->mode = SENDMAIL_NOTHING;
		break;
	case 'i':
		options->keep_dot = true;
		break;
	case 'o':
		options->keep_dot |= strcmp(optarg, "i") == 0;
		break;
	case 't':
		options->from_header = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case ':':
		return refuse(EX_USAGE, "option -%c needs an argument", optopt);
	case '?':
		return refuse(EX_USAGE,
		    "there is no option -%c; see postferry sendmail --help",
		    optopt);
	default: /* about another server's innards */
		break;
	}
	return EX_OK;
}

static enum sendmail_mode
find_mode(const char *name)
{
	if (strcmp(name, "mailq") == 0)
		return SENDMAIL_QUEUE;
	return strcmp(name, "newaliases") == 0 ? SENDMAIL_NOTHING
					       : SENDMAIL_SEND;
}

int
sendmail_options_read(int argc, char **argv, struct sendmail_options *options)
{
	int exit_code = EX_OK, letter;

	*options = (struct sendmail_options){
		.recipients = g_ptr_array_new_with_free_func(g_free),
	};
	options->mode = find_mode(argv[0]);
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		options->mode = SENDMAIL_HELP;
		return EX_OK;
	}
	optind = 0; /* begins anew, whoever has read before */
	while (
	    exit_code == EX_OK && (letter = getopt(argc, argv, LETTERS)) != -1)
		exit_code = take(options, letter);
	for (; exit_code == EX_OK && optind < argc; optind++)
		exit_code =
		    sendmail_options_add(options->recipients, argv[optind]);
	return exit_code;
}

void
sendmail_options_clear(struct sendmail_options *options)
{
	g_ptr_array_unref(options->recipients);
	g_free(options->sender);
}
