/* SPDX-License-Identifier: MIT */
#include "auth.h"

#include "sasl.h"
#include "stand.h"
#include <sys/stat.h>

#define PLENTY (UINT64_C(64) << 20)

/* What settings have in place of the users file. */
#define USERS "users = USERS"

/* base64 of NUL name NUL password */
#define JOE    "AGpvZQBzZWNyZXQ="     /* joe, secret */
#define WRONG  "AGpvZQBndWVzcw=="     /* joe, guess */
#define NOBODY "AGppbQBzZWNyZXQ="     /* jim, secret */
#define ANN    "AGFubgBvdGhlcg=="     /* ann, other */
#define CRLF   "AGpvZQBzZQ0KYw=="     /* CR LF in the password */
#define OTHER  "a2ltAGpvZQBzZWNyZXQ=" /* joe, for kim */

#define OFFER                                                                 \
	"< 220 \n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE \n"           \
	"< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n< 250-AUTH PLAIN LOGIN\n" \
	"< 250 ENHANCEDSTATUSCODES\n"
#define MAIL_ANN "> MAIL FROM:<ann@x.example>\n< 250 2.1.0\n"
#define TIED                \
	OFFER LOGIN_AS(ANN) \
	MAIL_ANN RCPT DATA
#define BOUNCE        OFFER LOGIN_AS(ANN) "> MAIL FROM:<>\n< 250 2.1.0\n" RCPT DATA
#define LOGIN_AS(who) "> AUTH PLAIN " who "\n< 235 2.7.0 \n"

#define LOCAL "auth_plaintext = yes\n[server]\n" USERS "\n"
#define ALONE "allow = none\n" LOCAL
#define ANY   "auth = any\n"

static const struct {
	const char *name, *settings, *script;
} rows[] = {
	{ "PLAIN", LOCAL, OFFER LOGIN_AS(JOE) MAIL RCPT },
	{ "PLAIN in two steps", LOCAL,
	    OFFER "> auth plain\n< 334 \n> " JOE "\n< 235 2.7.0\n" },
	{ "LOGIN", LOCAL,
	    OFFER "> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> am9l\n"
		  "< 334 UGFzc3dvcmQ6\n> c2VjcmV0\n< 235 2.7.0\n" },
	{ "LOGIN with the name at once", LOCAL,
	    OFFER "> AUTH LOGIN am9l\n< 334 UGFzc3dvcmQ6\n> c2VjcmV0\n"
		  "< 235 2.7.0\n" },
	{ "wrong password, then the right one", LOCAL,
	    OFFER "> AUTH PLAIN " WRONG "\n< 535 5.7.8 \n" LOGIN_AS(JOE) },
	{ "unknown user: told alike", LOCAL,
	    OFFER "> AUTH PLAIN " NOBODY
		  "\n< 535 5.7.8 Authentication credentials invalid\n"
		  "> AUTH PLAIN " WRONG
		  "\n< 535 5.7.8 Authentication credentials invalid\n" },
	{ "three that fail", LOCAL,
	    OFFER "> AUTH PLAIN " WRONG "\n< 535 5.7.8 \n> AUTH PLAIN " WRONG
		  "\n< 535 5.7.8 \n> AUTH PLAIN " WRONG
		  "\n< 421 4.7.0 Too many failed logins\n.\n" },
	{ "one that fails", "auth_tries = 1\n" LOCAL,
	    OFFER "> AUTH PLAIN " WRONG "\n< 421 4.7.0 \n.\n" },
	{ "too many of one name", LOCAL "auth_failures = 1\n",
	    OFFER "> AUTH PLAIN " WRONG "\n< 535 5.7.8 \n> AUTH PLAIN " JOE
		  "\n< 421 4.7.0 Too many failed logins\n.\n" },
	{ "for another", LOCAL,
	    OFFER "> AUTH PLAIN " OTHER "\n< 535 5.7.8 \n" },
	{ "control characters", LOCAL,
	    OFFER "> AUTH PLAIN " CRLF "\n< 535 5.7.8 \n" },
	{ "no base64", LOCAL,
	    OFFER "> AUTH PLAIN joe\n< 501 5.5.2 \n" LOGIN_AS(JOE) },
	{ "not the grammar", LOCAL,
	    OFFER "> AUTH PLAIN am9l\n< 501 5.5.2 \n> AUTH PLAIN =\n"
		  "< 501 5.5.2 \n" },
	{ "cancelled", LOCAL,
	    OFFER "> AUTH LOGIN\n< 334 \n> *\n< 501 5.7.0 \n> NOOP\n"
		  "< 250 \n" },
	{ "unknown mechanism", LOCAL,
	    OFFER "> AUTH CRAM-MD5\n< 504 5.5.4 \n> AUTH PLAINLY " JOE
		  "\n< 504 5.5.4 \n" },
	{ "no mechanism", LOCAL, OFFER "> AUTH\n< 501 5.5.4 \n" },
	{ "a word too many", LOCAL,
	    OFFER "> AUTH PLAIN " JOE " x\n< 501 5.5.2 \n" },
	{ "twice", LOCAL,
	    OFFER LOGIN_AS(JOE) "> AUTH PLAIN " JOE "\n< 503 5.5.1 \n" },
	{ "before EHLO", LOCAL,
	    "< 220 \n> AUTH PLAIN " JOE "\n< 503 5.5.1 \n" },
	{ "within a mail", LOCAL,
	    OFFER MAIL "> AUTH PLAIN " JOE "\n< 503 5.5.1 \n" },
	{ "EHLO does not undo it", LOCAL,
	    OFFER LOGIN_AS(JOE) "> HELO c\n< 250 \n> AUTH PLAIN " JOE
				"\n< 503 5.5.1 \n" },
	{ "a command instead of a response", LOCAL,
	    OFFER "> AUTH LOGIN\n< 334 \n> MAIL FROM:<a@x.y>\n"
		  "< 501 5.5.2 \n" MAIL },

	{ "nobody else may", ALONE,
	    OFFER MAIL "> RCPT TO:<b@x.y>\n< 530 5.7.0 Authentication "
		       "required: log in with AUTH\n" },
	{ "who logged in may", ALONE, OFFER LOGIN_AS(JOE) MAIL RCPT },
	{ "the null sender of a user", ALONE,
	    OFFER "> MAIL FROM:<>\n< 553 5.7.1 \n" LOGIN_AS(
		JOE) "> MAIL FROM:<>\n< 250 \n" },

	{ "a user's own address", LOCAL,
	    OFFER LOGIN_AS(ANN) "> MAIL FROM:<ann@x.example>\n< 250 \n" },
	{ "in another case", LOCAL,
	    OFFER LOGIN_AS(ANN) "> MAIL FROM:<Ann@X.Example>\n< 250 \n" },
	{ "a user's own domain", LOCAL,
	    OFFER LOGIN_AS(ANN) "> MAIL FROM:<any@Y.example>\n< 250 \n" },
	{ "another address", LOCAL,
	    OFFER LOGIN_AS(ANN) "> MAIL FROM:<kim@x.example>\n"
				"< 553 5.7.1 This user may not\n" },
	{ "a domain below", LOCAL,
	    OFFER LOGIN_AS(ANN) "> MAIL FROM:<a@b.y.example>\n"
				"< 553 5.7.1 \n" },
	{ "the null sender of one with senders", LOCAL,
	    OFFER LOGIN_AS(ANN) "> MAIL FROM:<>\n< 250 2.1.0\n" },
	{ "the null sender, From of a user", LOCAL,
	    BOUNCE "> From: ann@x.example\n> .\n< 250 " },
	{ "the null sender, From of another", LOCAL,
	    BOUNCE "> From: boss@bank.example\n> .\n< 550 5.7.1 This user "
		   "may not send as who stands in From: boss@bank.example\n" },
	{ "the null sender, no From", LOCAL,
	    BOUNCE "> Subject: x\n> .\n< 550 5.7.1 This user may not send "
		   "with a From that cannot be read: there is none\n" },
	{ "before the login all may", LOCAL,
	    OFFER "> MAIL FROM:<kim@x.example>\n< 250 \n" },

	{ "From of a user", LOCAL,
	    TIED "> From: A <Ann@x.example>\n> .\n< 250 " },
	{ "From of another", LOCAL,
	    TIED
	    "> From: boss@bank.example\n> .\n< 550 5.7.1 This user may "
	    "not send as who stands in From: boss@bank.example\n" MAIL_ANN },
	{ "From of both", LOCAL,
	    TIED "> from : ann@x.example,\n>  \"B\" <boss@bank.example>\n"
		 "> .\n< 550 5.7.1 This user may not send as \n" },
	{ "another From", LOCAL,
	    TIED "> From: ann@x.example\n> X: y\n> FROM:boss@bank.example\n"
		 "> .\n< 550 5.7.1 This user may not send as \n" },
	{ "From that cannot be read", LOCAL,
	    TIED "> From: ann@x.example (\n> .\n< 550 5.7.1 This user may "
		 "not send with a From that cannot be read: expected \n" },
	{ "From without anybody", LOCAL, TIED "> From:\n> .\n< 550 5.7.1 \n" },
	{ "a byte within From", LOCAL,
	    TIED "> Fr\x01om: boss@bank.example\n> .\n< 550 5.7.1 \n" },
	{ "no From", LOCAL, TIED "> Subject: x\n> \n> From: b\n> .\n< 250 " },
	{ "nothing", LOCAL, TIED "> .\n< 250 " },
	{ "no header", LOCAL, TIED "> text\n> .\n< 250 " },
	{ "From below a broken header", LOCAL,
	    TIED "> X: y\n> text\n> From: boss@bank.example\n> \n> .\n"
		 "< 550 5.7.1 \n" },
	{ "From in the text below a broken header", LOCAL,
	    TIED "> X: y\n> text\n> \n> From: boss@bank.example\n> .\n"
		 "< 250 " },
	{ "Sender is anybody's", LOCAL,
	    TIED "> From: ann@x.example\n> Sender: boss@bank.example\n> .\n"
		 "< 250 " },
	{ "From of one without senders", LOCAL,
	    OFFER LOGIN_AS(JOE) MAIL RCPT DATA
	    "> From: boss@bank.example\n> .\n< 250 " },

	{ "AUTH= of MAIL", LOCAL,
	    OFFER "> MAIL FROM:<a@x.y> AUTH=<>\n< 250 \n> RSET\n< 250 \n"
		  "> MAIL FROM:<a@x.y> AUTH=e+3Dmc2@example.com\n< 250 \n" },
	{ "AUTH= that is no xtext", LOCAL,
	    OFFER "> MAIL FROM:<a@x.y> AUTH=a=b\n< 501 5.5.4 \n" },
	{ "AUTH= of nobody", LOCAL,
	    OFFER "> MAIL FROM:<a@x.y> AUTH=\n< 501 5.5.4 \n" },

	{ "off", "", HELLO "> AUTH PLAIN " JOE "\n< 502 5.5.1 \n" },
	{ "off: no AUTH=", "",
	    HELLO "> MAIL FROM:<a@x.y> AUTH=<>\n< 555 5.5.4 \n" },
	{ "off, though there are users",
	    "auth = off\n[server]\n" USERS "\n"
	    "[listener m]\naddress = 127.0.0.1:0\n"
	    "auth_plaintext = yes\n",
	    HELLO "> AUTH PLAIN " JOE "\n< 502 5.5.1 \n" },

	{ "any: a user", ANY, OFFER LOGIN_AS(JOE) MAIL RCPT },
	{ "any: whoever, with whatever", ANY,
	    OFFER "> AUTH LOGIN\n< 334 \n> am9l\n< 334 \n> \n"
		  "< 235 2.7.0\n" MAIL },
	{ "any: twice", ANY,
	    OFFER LOGIN_AS(JOE) "> AUTH PLAIN " JOE "\n< 503 5.5.1 \n" },
	{ "any: still a grammar", ANY,
	    OFFER "> AUTH PLAIN am9l\n< 501 5.5.2 \n" },
	{ "any: not outside `allow`",
	    "allow = 10.0.0.0/8\ngreet_pause = 0\n" ANY,
	    HELLO "> AUTH PLAIN " JOE "\n< 502 5.5.1 \n" MAIL
		  "> RCPT TO:<b@x.y>\n< 554 5.7.1 \n" },
};

struct file {
	char *folder, *path, *faulty, *tokens;
};

/* The rows' settings with the file in them. */
static struct stand *
make_stand(const struct file *file, const char *settings)
{
	g_autoptr(GString) text = g_string_new(settings);

	g_string_replace(text, "USERS", file->path, 0);
	g_string_replace(text, "[server]\n",
	    "greet_pause = 0\n[server]\nauth_delay = 1ms\n", 1);
	return stand_new(text->str, PLENTY);
}

static void
test_rows(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stand *stand = make_stand(*state, rows[i].settings);
		struct client *client = client_new(stand);

		client_play(client, rows[i].name, rows[i].script);
		client_free(client);
		stand_free(stand);
	}
}

/* What is passed on says who it was, and by which protocol. */
static void
test_submission(void **state)
{
	struct stand *stand = make_stand(*state, LOCAL);
	struct client *client = client_new(stand);
	struct submission *submission;

	stand->automatic = false;
	client_play(
	    client, "user", OFFER LOGIN_AS(JOE) MAIL RCPT DATA "> x: y\n> .\n");
	submission = stand_submission(stand);
	assert_string_equal(submission->user, "joe");
	assert_string_equal(submission->protocol, "ESMTPA");
	submission_free(submission);
	client_free(client);
	stand_free(stand);
}

static void
test_submission_of_anyone(void **state)
{
	struct stand *stand = make_stand(*state, ANY);
	struct client *client = client_new(stand);
	struct submission *submission;

	stand->automatic = false;
	client_play(
	    client, "any", OFFER LOGIN_AS(JOE) MAIL RCPT DATA "> x: y\n> .\n");
	submission = stand_submission(stand);
	assert_null(submission->user);
	assert_string_equal(submission->protocol, "ESMTP");
	submission_free(submission);
	client_free(client);
	stand_free(stand);
}

/* A response may be longer than a command, and not longer than RFC 4954 has
 * it. */
static void
test_lengths(void **state)
{
	struct stand *stand = make_stand(*state, LOCAL);
	struct client *client = client_new(stand);
	g_autofree char *fits = g_strnfill(SASL_LINE_MAX - 4, 'A');
	g_autofree char *longer = g_strnfill(SASL_LINE_MAX, 'A');

	client_play(client, "fits", OFFER "> AUTH PLAIN\n< 334 \n");
	client_say(client, fits);
	client_say(client, "\r\n");
	client_play(client, "fits", "< 501 5.5.2\n> AUTH PLAIN\n< 334 \n");
	client_say(client, longer);
	client_say(client, "\r\n");
	/* the login has failed by that: what comes is a command again */
	client_play(client, "longer",
	    "< 500 5.5.6 \n> NOOP\n< 250 2.0.0 \n" LOGIN_AS(JOE));
	client_free(client);
	stand_free(stand);
}

/* Whatever comes behind a response in one piece. */
static const struct {
	const char *name, *script, *said;
} pipelined[] = {
	{ "a response", "> AUTH LOGIN\n< 334 \n", "am9l\r\nc2VjcmV0\r\n" },
	{ "part of one", "> AUTH LOGIN\n< 334 \n> am9l\n< 334 \n",
	    "c2VjcmV0\r\nM" },
	{ "a command behind the last", "> AUTH PLAIN\n< 334 \n",
	    JOE "\r\nMAIL FROM:<a@x.y>\r\n" },
	{ "a command behind a cancel", "> AUTH PLAIN\n< 334 \n",
	    "*\r\nNOOP\r\n" },
};

static void
test_pipelined(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(pipelined); i++) {
		struct stand *stand = make_stand(*state, LOCAL);
		struct client *client = client_new(stand);

		client_play(client, pipelined[i].name, OFFER);
		client_play(client, pipelined[i].name, pipelined[i].script);
		client_say(client, pipelined[i].said);
		client_play(client, pipelined[i].name, "< 554 5.5.0 \n.\n");
		client_free(client);
		stand_free(stand);
	}
}

/* For whom the proxy speaks may be far away, though the proxy is not. */
static const struct {
	const char *name, *header;
	bool offered;
} proxied[] = {
	{ "from elsewhere", "PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n", false },
	{ "from elsewhere by IPv6", "PROXY TCP6 2001:db8::1 ::1 1 2\r\n",
	    false },
	{ "from here", "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", true },
	{ "from here by IPv6", "PROXY TCP6 ::1 ::1 1 2\r\n", true },
	{ "the proxy itself", "PROXY UNKNOWN\r\n", true },
};

static void
test_proxied(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(proxied); i++) {
		struct stand *stand =
		    make_stand(*state, "proxy = 127.0.0.1\n" LOCAL);
		struct client *client = client_new(stand);

		client_say(client, proxied[i].header);
		client_play(client, proxied[i].name,
		    proxied[i].offered ? OFFER LOGIN_AS(JOE)
				       : HELLO "> AUTH PLAIN " JOE
					       "\n< 538 5.7.11 \n");
		client_free(client);
		stand_free(stand);
	}
}

/* Who has gone while its password was looked at is missed by nobody. */
static void
test_gone(void **state)
{
	struct stand *stand = make_stand(*state, LOCAL);

	for (unsigned i = 0; i < 20; i++) {
		struct client *client = client_new(stand);

		client_play(client, "gone", OFFER);
		client_say(client, "AUTH PLAIN " WRONG "\r\n");
		client_free(client);
	}
	stand_free(stand);
}

/* Settings of one listener that cannot be meant. */
static const struct {
	const char *name, *listener, *server;
	const char *fault; /* NULL: there is none */
} settings[] = {
	{ "users on loopback", "auth_plaintext = yes", USERS, NULL },
	{ "users on IPv6 loopback", "address = [::1]:0\nauth_plaintext = yes",
	    USERS, NULL },
	{ "users on a Unix socket",
	    "address = unix:/run/x/y\nauth_plaintext = yes", USERS, NULL },
	{ "no users file", "auth = users\nauth_plaintext = yes", "",
	    "[listener l] auth = users, and there is no file of users; set "
	    "`users` in [server]" },
	{ "users without TLS", "auth = users", USERS,
	    "[listener l] auth = users, and nobody could log in without TLS" },
	{ "users that no listener takes", "", USERS,
	    "and no listener lets users log in, nor is there a token: set "
	    "tls_certificate" },
	{ "tokens alone", "", "users = TOKENS", NULL },
	{ "passwords over the network",
	    "address = 0.0.0.0:0\nauth_plaintext = yes", USERS,
	    "[listener l] auth_plaintext = yes, and address = 0.0.0.0:0 can "
	    "be reached from other hosts" },
	{ "plaintext without users", "auth_plaintext = yes", "",
	    "[listener l] auth_plaintext = yes counts for nothing" },
	{ "plaintext of any", "auth_plaintext = yes\nauth = any", "",
	    "[listener l] auth_plaintext = yes counts for nothing" },
	{ "any on loopback", "auth = any", "", NULL },
	{ "any in private networks", "auth = any\nallow = private", "", NULL },
	{ "any for strangers", "auth = any\nallow = 10.0.0.0/8, 203.0.113.0/24",
	    "",
	    "[listener l] auth = any, and `allow` holds networks that are not "
	    "private" },
	{ "nobody is allowed", "allow = none", "",
	    "[listener l] allow = none, and there is no other way" },
	{ "nobody but any", "allow = none\nauth = any", "",
	    "[listener l] allow = none, and there is no other way" },
	{ "users alone", "allow = none\nauth_plaintext = yes", USERS, NULL },
	{ "none and another", "allow = none, 10.0.0.0/8", "",
	    "\"none\" stands alone" },
	{ "a faulty file", "auth_plaintext = yes", "users = FAULTY",
	    "FAULTY:1: expected NAME:HASH:SENDERS" },
	{ "the fault behind it", "auth_plaintext = yes", "users = FAULTY",
	    "FAULTY:2: what stands behind joe: is no hash" },
	{ "no file", "auth_plaintext = yes", "users = /nonexistent/users",
	    "cannot read /nonexistent/users" },
};

static bool
has_fault(const GPtrArray *errors, const char *fault)
{
	for (unsigned i = 0; i < errors->len; i++)
		if (strstr(errors->pdata[i], fault) != NULL)
			return true;
	return false;
}

/* The same with the paths of the files. */
static char *
put_paths(const struct file *file, const char *text)
{
	GString *string = g_string_new(text);

	g_string_replace(string, "USERS", file->path, 0);
	g_string_replace(string, "FAULTY", file->faulty, 0);
	g_string_replace(string, "TOKENS", file->tokens, 0);
	return g_string_free(string, FALSE);
}

static void
test_settings(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		bool placed = strstr(settings[i].listener, "address") != NULL;
		g_autofree char *raw =
		    g_strdup_printf("[listener l]\n%s%s\n[server]\n%s\n",
			placed ? "" : "address = 127.0.0.1:0\n",
			settings[i].listener, settings[i].server);
		g_autofree char *text = put_paths(*state, raw);
		g_autofree char *fault = put_paths(
		    *state, settings[i].fault != NULL ? settings[i].fault : "");
		struct config *config = stand_config(text, errors);

		if (config != NULL)
			server_check(config, errors);
		if (settings[i].fault == NULL ? errors->len > 0
					      : !has_fault(errors, fault))
			fail_msg("%s: %s", settings[i].name,
			    errors->len > 0 ? (char *)errors->pdata[0]
					    : "no fault");
		config_unref(config);
	}
}

static int
set_up(void **state)
{
	struct file *file = g_new(struct file, 1);
	g_autofree char *joe = users_hash("secret", 1);
	g_autofree char *ann = users_hash("other", 1);
	g_autofree char *text = g_strdup_printf(
	    "joe:%s\nann:%s:ann@x.example,@y.example\n", joe, ann);

	file->folder = g_dir_make_tmp("auth-XXXXXX", NULL);
	file->path = g_build_filename(file->folder, "users", NULL);
	file->faulty = g_build_filename(file->folder, "faulty", NULL);
	file->tokens = g_build_filename(file->folder, "tokens", NULL);
	g_autofree char *hash = users_token_hash(SCOPE_SEND, "secret");
	g_autofree char *token = g_strdup_printf("app:%s:\n", hash);
	*state = file;
	return !g_file_set_contents(file->path, text, -1, NULL) ||
	       !g_file_set_contents(file->faulty, "joe\njoe:x", -1, NULL) ||
	       !g_file_set_contents(file->tokens, token, -1, NULL) ||
	       chmod(file->path, 0600) < 0 || chmod(file->faulty, 0600) < 0 ||
	       chmod(file->tokens, 0600) < 0;
}

static int
tear_down(void **state)
{
	struct file *file = *state;

	g_unlink(file->path);
	g_unlink(file->faulty);
	g_unlink(file->tokens);
	g_rmdir(file->folder);
	g_free(file->folder);
	g_free(file->path);
	g_free(file->faulty);
	g_free(file->tokens);
	g_free(file);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_submission),
		cmocka_unit_test(test_submission_of_anyone),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_proxied),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
