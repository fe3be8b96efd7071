/* SPDX-License-Identifier: MIT */
#include "quote.h"

#include "smtp/users.h"
#include "stand.h"
#include <fcntl.h>
#include <sys/stat.h>

#define PLENTY (UINT64_C(64) << 20)

#define ANN   "AGFubgBzZWNyZXQ=" /* base64 of NUL ann NUL secret */
#define WRONG "AGFubgBndWVzcw==" /* ann, guess */

#define STRANGER "allow = 192.0.2.1\ngreet_pause = 0\n"
#define LATE     "allow = 192.0.2.1\ngreet_pause = 1m\n"
#define USER                                                    \
	"allow = none\nauth_plaintext = yes\ngreet_pause = 0\n" \
	"[server]\nauth_delay = 1ms\nusers = USERS\n"
#define OFFER                                                                 \
	"< 220 \n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE \n"           \
	"< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n< 250-AUTH PLAIN LOGIN\n" \
	"< 250 ENHANCEDSTATUSCODES\n"
#define LOGIN     "> AUTH PLAIN " ANN "\n< 235 \n"
#define MAIL_ANN  "> MAIL FROM:<ann@x.example>\n< 250 \n"
#define TEN       "0123456789"
#define FIFTY     TEN TEN TEN TEN TEN
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static const struct {
	const char *name, *settings;
	const char *first; /* said before all; NULL: nothing */
	size_t length;     /* of it; 0: it is text */
	const char *script;
	const char *want;  /* in the log */
	const char *never; /* never in it; NULL: whatever */
} rows[] = {
	{ "relay", STRANGER, NULL, 0,
	    HELLO MAIL "> RCPT TO:<b@y.z>\n< 554 5.7.1 Relay access denied\n",
	    " listener=l helo=c command=RCPT code=554 status=5.7.1 "
	    "reason=\"Relay access denied\" from=a@x.y to=b@y.z\n",
	    "said=" },
	{ "not logged in", USER, NULL, 0,
	    OFFER MAIL "> RCPT TO:<b@y.z>\n< 530 5.7.0 Authentication required"
		       ": log in with AUTH\n",
	    "code=530 status=5.7.0 reason=\"Authentication required\" "
	    "detail=\"log in with AUTH\" from=a@x.y to=b@y.z\n",
	    NULL },
	{ "a user's sender", USER, NULL, 0,
	    OFFER LOGIN "> MAIL FROM:<boss@bank.example>\n< 553 5.7.1 \n",
	    " listener=l user=ann helo=c command=MAIL code=553 status=5.7.1 "
	    "reason=\"This user may not send as that address\" "
	    "from=boss@bank.example\n",
	    ANN },
	{ "a user's From", USER, NULL, 0,
	    OFFER LOGIN MAIL_ANN RCPT RCPT DATA
	    "> From: boss@bank.example\n> .\n< 550 5.7.1 \n",
	    " user=ann helo=c command=data code=550 status=5.7.1 "
	    "reason=\"This user may not send as who stands in From\" "
	    "detail=boss@bank.example from=ann@x.example to=b@x.y\n",
	    NULL },
	{ "a route, of a user", USER, NULL, 0,
	    OFFER LOGIN MAIL_ANN RCPT DATA
	    "> X-Postferry-Route: night\n> .\n< 554 5.6.0 Message refused: its "
	    "header field X-Postferry-Route is \"night\", and whoever is not in "
	    "`allow` of [listener l] may name no route\n",
	    " user=ann helo=c command=data code=554 status=5.6.0 "
	    "reason=\"Message refused\" detail=\"its header field ",
	    NULL },
	{ "a From that cannot be read", USER, NULL, 0,
	    OFFER LOGIN MAIL_ANN RCPT DATA
	    "> From: [Shop] <a@b>\n> .\n< 550 5.7.1 \n",
	    "from=ann@x.example to=b@x.y said=\"[Shop] <a@b>\"\n", NULL },
	{ "the null sender", STRANGER, NULL, 0,
	    HELLO "> MAIL FROM:<>\n< 553 5.7.1\n", "from=\"\"\n", NULL },
	{ "a bad sender", "", NULL, 0, HELLO "> MAIL FROM:<a@>\n< 501 5.1.7\n",
	    "from=a@ said=\"MAIL FROM:<a@>\"\n", NULL },
	{ "a bad recipient", "", NULL, 0,
	    HELLO MAIL "> RCPT TO:<\x1b[1mb@>\n< 500 \n"
		       "> RCPT TO:<b\xe2\x80\xae@>\n< 553 \n",
	    "from=a@x.y to=b\\xe2\\x80\\xae@\n", "\x1b" },
	{ "no address yet", "", NULL, 0, HELLO "> MAIL\n< 501 5.5.4\n",
	    "detail=\"an argument is missing\" said=MAIL\n", NULL },

	{ "a blank", "", NULL, 0,
	    HELLO "> MAIL FROM: <a@b>\n< 501 5.5.4 Syntax: MAIL "
		  "FROM:<address>, without a blank before < and with < and >\n",
	    "said=\"MAIL FROM: <a@b>\" advice=\"set lenient_commands = yes for "
	    "this listener to take it as it is\"\n",
	    NULL },
	{ "no brackets", "", NULL, 0, HELLO MAIL "> RCPT TO:a@b\n< 501 5.5.4\n",
	    "from=a@x.y said=\"RCPT TO:a@b\" advice=", NULL },
	{ "what no leniency helps", "", NULL, 0,
	    HELLO "> MAIL a@b\n< 501 5.5.4 Syntax: MAIL FROM:<address>\n",
	    "detail=\"MAIL FROM:<address>\" said=\"MAIL a@b\"\n", "advice=" },
	{ "long", "", NULL, 0, HELLO "> MAIL " FIFTY FIFTY "\n< 501 5.5.4\n",
	    "said=\"MAIL " FIFTY TEN TEN "01234...\"\n", NULL },

	{ "an unknown command", "", NULL, 0,
	    HELLO "> SEND you pictures\n< 500 5.5.1\n", "said=SEND\n",
	    "pictures" },
	{ "a control character", "", NULL, 0, HELLO "> NO\x01OP\n< 500 5.5.2\n",
	    "detail=\"control character\" said=NO\n", NULL },
	{ "a line too long", "", NULL, 0,
	    HELLO "> " FIFTY FIFTY " " FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
		FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
		    FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
			FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
			    FIFTY FIFTY FIFTY FIFTY "\n< 500 5.5.6\n",
	    "reason=\"Line too long\" detail=\"at most 2048 bytes with CR LF\" "
	    "said=" FIFTY TEN TEN TEN
	    "... advice=\"raise command_size when it is meant\"\n",
	    NULL },

	{ "a size too large", "max_size = 30000\n", NULL, 0,
	    HELLO "> MAIL FROM:<a@x.y> SIZE=40000\n"
		  "< 552 5.3.4 Message too large: at most 30000 bytes\n",
	    "code=552 status=5.3.4 reason=\"Message too large\" detail=\"at "
	    "most 30000 bytes\" from=a@x.y said=\"MAIL FROM:<a@x.y> "
	    "SIZE=40000\" advice=\"raise max_size",
	    NULL },
	{ "recipients", "recipients = 1\n", NULL, 0,
	    HELLO MAIL RCPT "> RCPT TO:<c@x.y>\n< 452 4.5.3 Too many "
			    "recipients: at most 1 in one mail\n",
	    "code=452 status=4.5.3 reason=\"Too many recipients\" detail=\"at "
	    "most 1 in one mail\" from=a@x.y to=c@x.y advice=\"raise "
	    "`recipients`",
	    NULL },
	{ "a header too large", "header_size = 1k\n", NULL, 0,
	    HELLO MAIL RCPT DATA
	    "> A: " FIFTY FIFTY FIFTY FIFTY FIFTY
	    "\n> B: " FIFTY FIFTY FIFTY FIFTY FIFTY
	    "\n> C: " FIFTY FIFTY FIFTY FIFTY FIFTY
	    "\n> D: " FIFTY FIFTY FIFTY FIFTY FIFTY
	    "\n> E: 0123456789\n> .\n< 550 5.6.0 Message refused: header too large, at most "
	    "1024 bytes\n",
	    "advice=\"raise header_size\"\n", NULL },
	{ "errors", "errors_hard = 2\n", NULL, 0,
	    HELLO "> X\n< 500 \n> Y\n< 500 \n< 421 4.7.0 Too many errors: 2 "
		  "since the last mail that was taken\n.\n",
	    "code=421 status=4.7.0 reason=\"Too many errors\" detail=\"2 since "
	    "the last mail that was taken\" advice=\"see what else was "
	    "refused; errors_hard",
	    NULL },
	{ "mails of a session",
	    "allow = 192.0.2.0/24\nsession_mails = 1\n"
	    "greet_pause = 0\n",
	    NULL, 0,
	    HELLO MAIL "> RSET\n< 250 \n> MAIL FROM:<a@x.y>\n< 421 4.7.0 This "
		       "session has had its share, connect again: at most 1 "
		       "mails in one session\n.\n",
	    "advice=\"raise session_mails", NULL },
	{ "time of a session",
	    "allow = 192.0.2.0/24\nsession_time = 50ms\n"
	    "greet_pause = 0\n",
	    NULL, 0, "< 220 \n< 421 4.7.0 This session has had its time\n.\n",
	    "advice=\"raise session_time", NULL },
	{ "no command", "command_timeout = 50ms\n", NULL, 0,
	    "< 220 \n< 421 4.4.2\n.\n",
	    "reason=\"Timeout, closing\" advice=\"raise command_timeout",
	    NULL },
	{ "no mail", "data_timeout = 50ms\n", NULL, 0,
	    HELLO MAIL RCPT DATA "< 421 4.4.2\n.\n",
	    "reason=\"Timeout, closing\" advice=\"raise data_timeout", NULL },
	{ "a slow mail", "data_progress = 50ms\n", NULL, 0,
	    HELLO MAIL RCPT DATA "< 421 4.4.2\n.\n",
	    "detail=\"the mail is too slow\" advice=\"raise data_progress, or "
	    "lower data_rate",
	    NULL },
	{ "one connection too many",
	    "allow = 192.0.2.0/24\n[server]\nconnections = 1\n"
	    "connections_reserved = 1\n",
	    NULL, 0, "< 421 4.3.2 Too many connections, try again later\n.\n",
	    "connection refused client=127.0.0.1 listener=l code=421 "
	    "reason=\"Too many connections, try again later\" connections=0 "
	    "of=1 memory=0 memory_of=",
	    NULL },

	{ "AUTH refused", USER, NULL, 0,
	    OFFER "> AUTH  CRAM-MD5 " ANN "\n< 504 \n> AUTH PLAIN x" ANN
		  "\n< 501 \n> AUTH LOGIN\n< 334 \n> !\n< 501 5.5.2\n"
		  "> c2VjcmV0\n< 500 5.5.1\n",
	    "command=AUTH code=501 status=5.5.2 reason=\"Cannot decode the "
	    "response\" said=AUTH\n",
	    "c2VjcmV0" },
	{ "nothing of AUTH", USER, NULL, 0,
	    OFFER
	    "> AUTH PLAIN\n< 334 \n> x" ANN "\n< 501 \n> AUTH PLAIN\x01" ANN
	    "\n< 500 \n> AUTH PLAIN " WRONG "\n< 535 \n> " WRONG " x\n< 500 \n",
	    "command=unknown", "AGFubg" },
	{ "AUTH is not offered", "", NULL, 0,
	    HELLO "> AUTH LOGIN\n< 502 \n> YW5u\n< 500 \n> c2VjcmV0\n< 500 \n",
	    "command=AUTH code=502", "c2VjcmV0" },

	{ "TLS", "", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11,
	    "< 220 \n< 500 5.5.2 TLS was spoken to a listener without `tls = "
	    "implicit`\n.\n",
	    "command=tls code=500 status=5.5.2 reason=\"TLS was spoken to a "
	    "listener without `tls = implicit`\" advice=\"set `tls = implicit` "
	    "for this listener, or have the client speak without TLS\"\n",
	    NULL },
	{ "TLS, early", LATE, "\x16\x03\x01\n", 0, "< 500 5.5.2 TLS \n.\n",
	    "reason=\"TLS was spoken", NULL },
	{ "a PROXY line", "", "PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n", 0,
	    "< 220 \n< 500 5.5.1\n",
	    "said=PROXY advice=\"the client speaks the PROXY protocol: if it "
	    "is a proxy of yours, name its address in `proxy` of this "
	    "listener\"\n",
	    NULL },
	{ "a PROXY line, early", LATE, "PROXY UNKNOWN\r\n", 0, "< 554 \n.\n",
	    "advice=\"the client speaks the PROXY protocol", NULL },
	{ "a PROXY header", "", SIGNATURE "\x20\0\0\0", 16,
	    "< 220 \n< 500 5.5.2\n.\n",
	    "command=proxy code=500 status=5.5.2 reason=\"Syntax error\" "
	    "detail=\"a PROXY header\" advice=\"the client speaks the PROXY",
	    NULL },
	{ "a garbled PROXY line", "proxy = 127.0.0.1\n", "PROXY TCP4 x\r\n", 0,
	    ".\n",
	    "listener=l reason=\"the PROXY header is garbled\" advice=\"have "
	    "it send version 1 or 2 of the PROXY protocol, of a TCP or Unix "
	    "connection\"\n",
	    NULL },
	{ "a garbled PROXY header", "proxy = 127.0.0.1\n",
	    SIGNATURE "\x77\0\0\0", 16, ".\n",
	    "reason=\"the PROXY header is garbled\"", NULL },
	{ "no PROXY header", "proxy = 127.0.0.1\n", "EHLO c\r\n", 0, ".\n",
	    "reason=\"no PROXY header\" advice=\"have it speak", NULL },
};

/* What was logged since the last time. */
static char *
take_log(int fd)
{
	GString *text = g_string_new(NULL);
	char bytes[4096];
	ssize_t got;
	off_t at = 0;

	while ((got = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		g_string_append_len(text, bytes, got);
		at += got;
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	return g_string_free(text, FALSE);
}

static void
play(const char *users, unsigned row)
{
	g_autoptr(GString) settings = g_string_new(rows[row].settings);
	struct stand *stand;
	struct client *client;
	size_t length = rows[row].length;

	g_string_replace(settings, "USERS", users, 0);
	stand = stand_new(settings->str, PLENTY);
	client = client_new(stand);
	if (rows[row].first != NULL)
		client_write(client, rows[row].first,
		    length > 0 ? length : strlen(rows[row].first));
	client_play(client, rows[row].name, rows[row].script);
	client_free(client);
	stand_free(stand);
}

/* Standard error goes to the log while a row is played. */
struct desk {
	char *users;
	int log, saved;
};

static void
check_row(struct desk *desk, unsigned row)
{
	g_autofree char *text = NULL;

	dup2(desk->log, STDERR_FILENO);
	play(desk->users, row);
	dup2(desk->saved, STDERR_FILENO);
	text = take_log(desk->log);
	if (strstr(text, rows[row].want) == NULL)
		fail_msg(
		    "%s: no %s in:\n%s", rows[row].name, rows[row].want, text);
	if (rows[row].never != NULL && strstr(text, rows[row].never) != NULL)
		fail_msg(
		    "%s: %s in:\n%s", rows[row].name, rows[row].never, text);
}

static void
test_rows(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(*state, i);
}

static int
set_up(void **state)
{
	struct desk *desk = g_new0(struct desk, 1);
	g_autofree char *hash = users_hash("secret", 1);
	g_autofree char *text = g_strdup_printf("ann:%s:ann@x.example\n", hash);
	int fd = g_file_open_tmp("quote-XXXXXX", &desk->users, NULL);

	*state = desk;
	desk->saved = dup(STDERR_FILENO);
	desk->log = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_APPEND, 0600);
	return fd < 0 || desk->log < 0 || write(fd, text, strlen(text)) < 0 ||
	       close(fd) < 0;
}

/* A row that failed has said so into the log. */
static int
tear_down(void **state)
{
	struct desk *desk = *state;
	g_autofree char *text = take_log(desk->log);
	int left = g_unlink(desk->users);

	dup2(desk->saved, STDERR_FILENO);
	if (*text != '\0')
		print_error("%s", text);
	close(desk->saved);
	close(desk->log);
	g_free(desk->users);
	g_free(desk);
	return left;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
