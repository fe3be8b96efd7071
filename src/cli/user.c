/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "password.h"
#include "smtp/users_file.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* Of yescrypt: some 20 ms; each more is twice that. */
#define COST_DEFAULT 5
#define COST_MAX     11

static const char usage[] =
    "usage: postferry user add NAME [--senders a@x.example,@y.example] "
    "[--cost N]\n"
    "       postferry user token NAME --scope send,read,operate "
    "[--senders LIST]\n"
    "       postferry user remove NAME\n"
    "       postferry user check NAME\n"
    "       postferry user list\n"
    "\n"
    "Keeps the file of users that may log in by AUTH, and of tokens for the "
    "HTTP door\n(`users` in [server]).  The daemon notices a change by itself "
    "(`reread`), and at\nonce on SIGHUP.\n"
    "\n"
    "  add      adds the user, or gives one that is there another password\n"
    "  token    makes a token, or gives one that is there another secret, "
    "and prints it:\n"
    "           it is kept nowhere; \"Authorization: Bearer TOKEN\" shows it "
    "at the door\n"
    "  remove   takes the user or token out; a session that is logged in goes "
    "on\n"
    "  check    asks for the password or token and says whether it is right\n"
    "  list     the users and tokens, and what they may send as\n"
    "\n"
    "The password is asked for at the terminal and not shown; without a "
    "terminal it is\none line of standard input.\n"
    "\n"
    "  --scope LIST    what a token may do: send (hand in mail), read (see "
    "the mails),\n"
    "                  operate (retry, hold, release, drop)\n"
    "  --senders LIST  addresses and @domains the user may put into MAIL "
    "FROM; empty:\n"
    "                  any; without it those of before, any of a new user\n"
    "  --cost N        of the hash, 1 to 11; each step takes twice the time; "
    "default 5\n"
    "  --file PATH     the file, instead of `users` of the settings\n"
    "  --config FILE   the settings of the daemon\n"
    "\n"
    "Exit codes: 0 done, or right; 1 wrong; 64 wrong usage; 67 there is no "
    "such user;\n73 the file cannot be written; 78 errors in the settings or "
    "the file.\n";

/* What was said on the command line. */
struct wish {
	const char *config, *file, *senders; /* NULL: not said */
	unsigned cost;
	unsigned scopes;  /* 0: not said */
	const char *name; /* NULL: none */
};

struct verb {
	const char *word;
	bool named; /* a name follows */
	int (*run)(const char *path, const struct wish *wish);
};

static int
refuse(const char *what, const char *value)
{
	fprintf(stderr, "postferry user: %s%s%s; see postferry user --help\n",
	    what, value != NULL ? " " : "", value != NULL ? value : "");
	return EX_USAGE;
}

/* The faults of the file, a line each. */
static int
tell_faults(const GError *error, int exit_code)
{
	g_auto(GStrv) faults = g_strsplit(error->message, "\n", -1);

	for (char **fault = faults; *fault != NULL; fault++)
		fprintf(stderr, "postferry: %s\n", *fault);
	return exit_code;
}

/* In the form it is compared in; NULL: a word is no sender, and it was told.
 */
static char **
read_senders(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (char **word = words; *word != NULL; word++) {
		g_autofree char *sender = users_sender(g_strstrip(*word));

		if (sender == NULL) {
			refuse("--senders takes addresses and domains like "
			       "a@x.example,@y.example, not",
			    *word);
			return NULL;
		}
		g_strv_builder_add(builder, sender);
	}
	return g_strv_builder_end(builder);
}

static int
tell_change(
    enum users_file_change change, const struct wish *wish, const char *path)
{
	static const char *const texts[] = {
		[USERS_FILE_ADDED] = "added to",
		[USERS_FILE_REPLACED] = "has a new password in",
		[USERS_FILE_REMOVED] = "removed from",
	};

	printf("%s %s %s\n", wish->name,
	    change == USERS_FILE_REPLACED && wish->scopes != 0
		? "has another secret in"
		: texts[change],
	    path);
	return EX_OK;
}

static int
put(const char *path, const struct wish *wish, const struct user *user)
{
	g_autoptr(GError) error = NULL;
	bool there = access(path, F_OK) == 0;
	enum users_file_change change = users_file_put(path, user, &error);
	struct users *users;

	if (change == USERS_FILE_FAILED)
		return tell_faults(error, EX_CANTCREAT);
	tell_change(change, wish, path);
	if (!there)
		printf("It is new: let the daemon's group read it (chgrp).\n");
	users = users_read(path, &error);
	if (users == NULL)
		return tell_faults(error, EX_CONFIG);
	users_free(users);
	return EX_OK;
}

/* -1: one of that name may be put; else the exit code. */
static int
check_name(const char *path, const struct wish *wish, bool token)
{
	struct users *users = users_read(path, NULL);
	const struct user *user =
	    users != NULL ? users_find(users, wish->name) : NULL;
	bool other = user != NULL && (user->scopes != 0) != token;

	users_free(users);
	if (!users_is_name(wish->name))
		return refuse("a name has printable ASCII characters without "
			      "blanks, \":\", and \"#\" at the start, 128 at "
			      "most, not",
		    wish->name);
	return other ? refuse(token ? "there is a user of that name, who logs "
				      "in with a password: take another than"
				    : "there is a token of that name: take "
				      "another than",
			   wish->name)
		     : -1;
}

/* The user as far as the command line tells it; false: it was told why not. */
static bool
read_user(const struct wish *wish, struct user *user)
{
	*user = (struct user){ .name = (char *)wish->name };
	if (wish->senders != NULL)
		user->senders = read_senders(wish->senders);
	return wish->senders == NULL || user->senders != NULL;
}

static int
run_token(const char *path, const struct wish *wish)
{
	int exit_code = check_name(path, wish, true);
	struct user user;

	if (exit_code >= 0)
		return exit_code;
	if (wish->scopes == 0)
		return refuse("--scope send, or read, or operate is expected "
			      "for the token",
		    wish->name);
	if (!read_user(wish, &user))
		return EX_USAGE;
	g_autofree char *secret = token_secret();
	user.hash = users_token_hash(wish->scopes, secret);
	exit_code = put(path, wish, &user);
	if (exit_code == EX_OK)
		printf("%s\n", secret);
	g_strfreev(user.senders);
	g_free(user.hash);
	return exit_code;
}

static int
run_add(const char *path, const struct wish *wish)
{
	int exit_code = check_name(path, wish, false);
	struct user user;
	char *password;

	if (exit_code >= 0)
		return exit_code;
	if (!read_user(wish, &user))
		return EX_USAGE;
	password = password_ask_new(wish->name);
	if (password == NULL) {
		g_strfreev(user.senders);
		return EX_USAGE;
	}
	user.hash = users_hash(password, wish->cost);
	password_free(password);
	g_assert(user.hash != NULL);
	exit_code = put(path, wish, &user);
	g_strfreev(user.senders);
	g_free(user.hash);
	return exit_code;
}

static int
tell_unknown(const char *path, const struct wish *wish)
{
	fprintf(stderr,
	    "postferry user: there is no user %s in %s; see postferry user "
	    "list\n",
	    wish->name, path);
	return EX_NOUSER;
}

static int
run_remove(const char *path, const struct wish *wish)
{
	g_autoptr(GError) error = NULL;
	enum users_file_change change =
	    users_file_remove(path, wish->name, &error);

	if (change == USERS_FILE_FAILED)
		return tell_faults(error, EX_CANTCREAT);
	if (change == USERS_FILE_UNKNOWN)
		return tell_unknown(path, wish);
	return tell_change(change, wish, path);
}

static int
check(const struct user *user)
{
	char *password = password_ask(user->name);
	bool right;

	if (password == NULL)
		return EX_USAGE;
	right = users_verify(user->hash, password);
	password_free(password);
	puts(right ? "right" : "wrong");
	return right ? EX_OK : EXIT_FAILURE;
}

static int
run_check(const char *path, const struct wish *wish)
{
	g_autoptr(GError) error = NULL;
	struct users *users = users_read(path, &error);
	const struct user *user;
	int exit_code;

	if (users == NULL)
		return tell_faults(error, EX_CONFIG);
	user = users_find(users, wish->name);
	exit_code = user != NULL ? check(user) : tell_unknown(path, wish);
	users_free(users);
	return exit_code;
}

static int
run_list(const char *path, const struct wish *wish)
{
	g_autoptr(GError) error = NULL;
	struct users *users = users_read(path, &error);

	(void)wish;
	if (users == NULL)
		return tell_faults(error, EX_CONFIG);
	for (unsigned i = 0; i < users_count(users); i++) {
		const struct user *user = users_at(users, i);
		g_autofree char *senders = user->senders != NULL
					       ? g_strjoinv(", ", user->senders)
					       : g_strdup("any sender");

		g_autofree char *scopes = token_print_scopes(user->scopes);

		printf("%-24s %s%s%s%s\n", user->name, senders,
		    user->scopes != 0 ? " (token: " : "", scopes,
		    user->scopes != 0 ? ")" : "");
	}
	users_free(users);
	return EX_OK;
}

static const struct verb verbs[] = {
	{ "add", true, run_add },
	{ "token", true, run_token },
	{ "remove", true, run_remove },
	{ "check", true, run_check },
	{ "list", false, run_list },
};

static const struct verb *
find_verb(const char *word)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(verbs[i].word, word) == 0)
			return &verbs[i];
	return NULL;
}

static bool
read_cost(const char *text, unsigned *cost)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 1, COST_MAX, &number, NULL))
		return false;
	*cost = (unsigned)number;
	return true;
}

/* -1: go on; else the exit code. */
static int
read_scope(const char *text, unsigned *scopes)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	const char *wrong = text;

	if (token_read_scopes((const char *const *)words, scopes, &wrong) &&
	    *scopes != 0)
		return -1;
	return refuse("--scope takes send, read, operate, not", wrong);
}

/* -1: go on; else the exit code. */
static int
take_option(struct wish *wish, int option)
{
	switch (option) {
	case 'c':
		wish->config = optarg;
		return -1;
	case 'f':
		wish->file = optarg;
		return -1;
	case 's':
		wish->senders = optarg;
		return -1;
	case 'o':
		return read_scope(optarg, &wish->scopes);
	case 'n':
		return read_cost(optarg, &wish->cost)
			   ? -1
			   : refuse("--cost takes a number from 1 to 11, not",
				 optarg);
	case 'h':
		fputs(usage, stdout);
		return EX_OK;
	default:
		return refuse("an option is wrong", NULL);
	}
}

static int
read_options(int argc, char **argv, struct wish *wish)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "file", required_argument, NULL, 'f' },
		{ "senders", required_argument, NULL, 's' },
		{ "scope", required_argument, NULL, 'o' },
		{ "cost", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, exit_code = -1;

	optind = 1;
	while (exit_code < 0 &&
	       (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		exit_code = take_option(wish, option);
	return exit_code;
}

/* The file that is meant; NULL: the command ends with *exit_code. */
static char *
find_path(const struct wish *wish, int *exit_code)
{
	struct settings settings;
	struct config *config;
	char *path;

	if (wish->file != NULL)
		return g_strdup(wish->file);
	settings_collect(&settings);
	config = cli_load_server(&settings, wish->config);
	*exit_code = EX_CONFIG;
	if (config == NULL)
		return NULL;
	path = g_strdup(config_string(config, "server", "users"));
	if (path == NULL)
		fputs("postferry user: the settings name no file of users: "
		      "set `users` in [server], or give --file PATH\n",
		    stderr);
	config_unref(config);
	return path;
}

static int
run(const struct verb *verb, const struct wish *wish)
{
	int exit_code = EX_CONFIG;
	g_autofree char *path = find_path(wish, &exit_code);

	return path != NULL ? verb->run(path, wish) : exit_code;
}

int
cli_user(int argc, char **argv)
{
	struct wish wish = { .cost = COST_DEFAULT };
	int exit_code = read_options(argc, argv, &wish);
	const struct verb *verb;
	int words = argc - optind;

	if (exit_code >= 0)
		return exit_code;
	if (words == 0)
		return refuse(
		    "add, token, remove, check or list is expected", NULL);
	verb = find_verb(argv[optind]);
	if (verb == NULL)
		return refuse("there is no command", argv[optind]);
	if (words != 1 + verb->named)
		return refuse(verb->named ? "one name is expected behind"
					  : "nothing is expected behind",
		    verb->word);
	if (verb->named)
		wish.name = argv[optind + 1];
	return run(verb, &wish);
}
