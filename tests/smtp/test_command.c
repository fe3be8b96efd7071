/* SPDX-License-Identifier: MIT */
#include "command.h"

#include "stand.h"

#define PLENTY (UINT64_C(64) << 20)

/* For each row of the verb table: right, in wrong order, with a bad argument.
 * Too long and closed connections are for all rows alike, below. */
static const struct {
	const char *name, *script;
} rows[] = {
	{ "HELO", "< 220 \n> HELO c\n< 250 \n" MAIL QUIT },
	{ "HELO in lower case", "< 220 \n> helo c\n< 250 \n" QUIT },
	{ "HELO without a name", "< 220 \n> HELO\n< 501 5.5.4\n" QUIT },
	{ "HELO with blanks only", "< 220 \n> HELO   \n< 501 5.5.4\n" QUIT },
	{ "HELO again forgets the mail", HELLO MAIL
	    "> HELO c\n< 250 \n> RCPT TO:<b@x>\n< 503 5.5.1\n" QUIT },
	{ "EHLO", HELLO QUIT },
	{ "EHLO without a name", "< 220 \n> EHLO\n< 501 5.5.4\n" QUIT },
	{ "EHLO again forgets the mail", HELLO MAIL RCPT
	    "> EHLO d\n< 250-\n< 250-\n< 250-\n< 250-\n< 250-\n< 250-\n< 250 E\n"
	    "> DATA\n< 503 5.5.1\n" QUIT },
	{ "MAIL", HELLO MAIL QUIT },
	{ "MAIL before EHLO", "< 220 \n> MAIL FROM:<a@x>\n< 503 5.5.1\n" QUIT },
	{ "MAIL twice", HELLO MAIL "> MAIL FROM:<a@x>\n< 503 5.5.1\n" QUIT },
	{ "MAIL after RCPT",
	    HELLO MAIL RCPT "> MAIL FROM:<a@x>\n< 503 5.5.1\n" QUIT },
	{ "MAIL without an argument", HELLO "> MAIL\n< 501 5.5.4\n" QUIT },
	{ "MAIL without FROM", HELLO "> MAIL <a@x>\n< 501 5.5.4\n" QUIT },
	{ "MAIL with TO", HELLO "> MAIL TO:<a@x>\n< 501 5.5.4\n" QUIT },
	{ "RCPT", HELLO MAIL RCPT RCPT QUIT },
	{ "RCPT before MAIL", HELLO "> RCPT TO:<a@x>\n< 503 5.5.1\n" QUIT },
	{ "RCPT before EHLO", "< 220 \n> RCPT TO:<a@x>\n< 503 5.5.1\n" QUIT },
	{ "RCPT without an argument", HELLO MAIL "> RCPT\n< 501 5.5.4\n" QUIT },
	{ "RCPT without TO", HELLO MAIL "> RCPT <a@x>\n< 501 5.5.4\n" QUIT },
	{ "DATA", HELLO MAIL RCPT DATA "> S: x\n> \n> t\n> .\n< 250 2.0.0\n"
				       "> DATA\n< 503 5.5.1\n" QUIT },
	{ "DATA before EHLO", "< 220 \n> DATA\n< 503 5.5.1\n" QUIT },
	{ "DATA before MAIL", HELLO "> DATA\n< 503 5.5.1\n" QUIT },
	{ "DATA before RCPT", HELLO MAIL "> DATA\n< 554 5.5.1\n" RCPT QUIT },
	{ "DATA with no RCPT taken", HELLO MAIL
	    "> RCPT TO:<a>\n< 550 5.1.3\n> DATA\n< 554 5.5.1\n" QUIT },
	{ "DATA with an argument", HELLO MAIL RCPT
	    "> DATA now\n< 501 5.5.4\n" DATA "> .\n< 250 2.0.0\n" QUIT },
	{ "RSET", HELLO MAIL RCPT
	    "> RSET\n< 250 2.0.0\n> RCPT TO:<a@x>\n< 503 5.5.1\n" MAIL QUIT },
	{ "RSET before EHLO",
	    "< 220 \n> RSET\n< 250 2.0.0\n> MAIL FROM:<a@x>\n< 503 5.5.1\n" QUIT },
	{ "RSET with an argument", HELLO "> RSET x\n< 501 5.5.4\n" QUIT },
	{ "NOOP", "< 220 \n> NOOP\n< 250 2.0.0\n" QUIT },
	{ "NOOP with an argument",
	    HELLO MAIL "> NOOP x y\n< 250 2.0.0\n" RCPT QUIT },
	{ "VRFY", HELLO "> VRFY a@x.y\n< 252 2.5.2\n" QUIT },
	{ "VRFY without an argument", HELLO "> VRFY\n< 501 5.5.4\n" QUIT },
	{ "HELP", "< 220 \n> HELP\n< 214 2.0.0\n> HELP DATA\n< 214 \n" QUIT },
	{ "QUIT", "< 220 \n" QUIT },
	{ "QUIT in a mail", HELLO MAIL RCPT QUIT },
	{ "QUIT with an argument", "< 220 \n> QUIT now\n< 501 5.5.4\n" QUIT },
	{ "AUTH", HELLO "> AUTH PLAIN AGEAYg==\n< 502 5.5.1\n" QUIT },
	{ "STARTTLS", HELLO "> STARTTLS\n< 502 5.5.1\n" QUIT },
	{ "BDAT", HELLO "> BDAT 10 LAST\n< 502 5.5.1\n" QUIT },
	{ "EXPN", HELLO "> EXPN staff\n< 502 5.5.1\n" QUIT },
	{ "ETRN", HELLO "> ETRN x\n< 502 5.5.1\n" QUIT },
	{ "TURN", HELLO "> TURN\n< 502 5.5.1\n" QUIT },
	{ "XCLIENT", HELLO "> XCLIENT ADDR=127.0.0.1\n< 502 5.5.1\n" QUIT },
	{ "XFORWARD", HELLO "> XFORWARD NAME=x\n< 502 5.5.1\n" QUIT },
	{ "LHLO", "< 220 \n> LHLO c\n< 500 5.5.1 \n" QUIT },
	{ "GET", "< 220 \n> GET / HTTP/1.1\n< 221 2.7.0\n.\n" },
	{ "POST", "< 220 \n> POST / HTTP/1.1\n< 221 2.7.0\n.\n" },
	{ "CONNECT", HELLO "> CONNECT x:25 HTTP/1.1\n< 221 2.7.0\n.\n" },
	{ "PUT", "< 220 \n> PUT / HTTP/1.1\n< 221 2.7.0\n.\n" },
	{ "HEAD", "< 220 \n> HEAD / HTTP/1.1\n< 221 2.7.0\n.\n" },
	{ "OPTIONS", "< 220 \n> OPTIONS * HTTP/1.1\n< 221 2.7.0\n.\n" },
	{ "DELETE", "< 220 \n> DELETE / HTTP/1.1\n< 221 2.7.0\n.\n" },
	{ "PATCH", "< 220 \n> PATCH / HTTP/1.1\n< 221 2.7.0\n.\n" },

	{ "no command", "< 220 \n> FLY\n< 500 5.5.1\n" QUIT },
	{ "the beginning of one", "< 220 \n> EHL c\n< 500 5.5.1\n" QUIT },
	{ "more than one", "< 220 \n> EHLOO c\n< 500 5.5.1\n" QUIT },
	{ "an empty line", "< 220 \n> \n< 500 5.5.2\n" QUIT },
	{ "a blank first", "< 220 \n>  NOOP\n< 500 5.5.2\n" QUIT },
	{ "a field", "< 220 \n> Host: x\n< 221 2.7.0\n.\n" },
	{ "a tab between", "< 220 \n> HELO\tc\n< 250 \n" QUIT },
	{ "blanks at the end", "< 220 \n> NOOP  \n< 250 2.0.0\n" QUIT },
	{ "a control", "< 220 \n> NOOP \x01\n< 500 5.5.2\n" QUIT },
	{ "DEL", "< 220 \n> NOOP \x7f\n< 500 5.5.2\n" QUIT },
	{ "a lone CR", "< 220 \n> NOOP \r.\n< 500 5.5.2\n" QUIT },
	{ "8 bit in a name", "< 220 \n> HELO m\xc3\xbc\n< 250 \n" QUIT },
};

static void
test_rows(void **state)
{
	struct stand *stand = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct client *client = client_new(stand);

		client_play(client, rows[i].name, rows[i].script);
		client_free(client);
	}
}

/* No row of the table is left out above. */
static void
test_every_row_has_one(void **state)
{
	(void)state;
	for (const struct command *row = command_table; row->word != NULL;
	     row++) {
		bool found = false;

		for (size_t i = 0; i < G_N_ELEMENTS(rows) && !found; i++)
			found = g_str_equal(rows[i].name, row->word);
		if (!found)
			fail_msg("%s has no test", row->word);
	}
}

/* Each word in a line that is too long: refused, and the session goes on. */
static void
test_too_long(void **state)
{
	struct stand *stand = *state;

	for (const struct command *row = command_table; row->word != NULL;
	     row++) {
		struct client *client = client_new(stand);
		g_autofree char *line =
		    g_strdup_printf("%-2047s\r\n", row->word);

		client_expect(client, row->word, "220 ");
		client_say(client, line);
		client_expect(client, row->word, "500 5.5.6");
		client_play(client, row->word, "> NOOP\n< 250 \n" QUIT);
		client_free(client);
	}
}

static void
test_longest(void **state)
{
	struct client *client = client_new(*state);
	g_autofree char *line = g_strdup_printf("%-2046s\r\n", "NOOP");

	client_expect(client, "banner", "220 ");
	client_say(client, line);
	client_expect(client, "2048 octets", "250 2.0.0");
	client_free(client);
}

/* A line without an end: one reply, and closed after four times the limit. */
static void
test_endless(void **state)
{
	struct client *client = client_new(*state);
	g_autofree char *line = g_strnfill(9000, 'x');

	client_expect(client, "banner", "220 ");
	client_say(client, line);
	client_expect(client, "too long", "500 5.5.6");
	client_expect(client, "endless", "421 4.7.0");
	client_expect_end(client, "endless");
	client_free(client);
}

static void
test_endless_slowly(void **state)
{
	struct client *client = client_new(*state);
	g_autofree char *piece = g_strnfill(3000, 'x');

	client_expect(client, "banner", "220 ");
	client_say(client, piece);
	client_expect(client, "too long", "500 5.5.6");
	client_say(client, piece);
	client_say(client, "\r\nNOOP\r\n");
	client_expect(client, "its end came", "250 ");
	client_say(client, piece);
	client_expect(client, "too long", "500 5.5.6");
	client_say(client, piece);
	client_say(client, piece);
	client_expect(client, "endless", "421 4.7.0");
	client_free(client);
}

/* The client goes away in the middle of each command: nothing breaks. */
static void
test_closed(void **state)
{
	struct stand *stand = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct client *client = client_new(stand);
		const char *said = strstr(rows[i].script, "> ");

		client_expect(client, rows[i].name, "220 ");
		client_write(client, said + 2, strlen(said + 2) / 2);
		client_free(client);
	}
	struct client *client = client_new(stand);
	client_play(client, "another", HELLO QUIT);
	client_free(client);
}

static const struct {
	const char *name, *said, *reply;
} raw[] = {
	{ "bare LF", "NOOP\n", "500 5.5.2" },
	{ "bare LF alone", "\n", "500 5.5.2" },
	{ "bare LF in a group", "RSET\r\nNOOP\nNOOP\r\n", "250 2.0.0" },
	{ "EHLO and more", "EHLO c\r\nRSET\r\n", "554 5.5.0" },
	{ "HELO and more", "HELO c\r\nRSET\r\n", "554 5.5.0" },
	{ "NOOP and more", "NOOP\r\nRSET\r\n", "554 5.5.0" },
	{ "VRFY and more", "VRFY x\r\nR", "554 5.5.0" },
	{ "QUIT and more", "QUIT\r\n\r\n", "554 5.5.0" },
	{ "STARTTLS and more", "STARTTLS\r\n\x16\x03\x01", "554 5.5.0" },
	{ "AUTH and more", "AUTH LOGIN\r\nx\r\n", "554 5.5.0" },
};

static void
test_raw(void **state)
{
	struct stand *stand = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(raw); i++) {
		struct client *client = client_new(stand);

		client_expect(client, raw[i].name, "220 ");
		client_say(client, raw[i].said);
		client_expect(client, raw[i].name, raw[i].reply);
		if (g_str_has_prefix(raw[i].reply, "250"))
			client_expect(client, raw[i].name, "500 5.5.2");
		client_expect_end(client, raw[i].name);
		client_free(client);
	}
}

/* Content that is sent before 354 is smuggling, or broken. */
static void
test_pipelined_data(void **state)
{
	struct client *client = client_new(*state);

	client_play(client, "hello", HELLO);
	client_say(client, "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"
			   "Subject: x\r\n\r\n.\r\n");
	client_expect(client, "MAIL", "250 2.1.0");
	client_expect(client, "RCPT", "250 2.1.5");
	client_expect(client, "DATA", "554 5.5.0");
	client_expect_end(client, "DATA");
	client_free(client);
}

/* The same when a read ends just behind DATA and the rest is still with the
 * system. */
static void
test_pipelined_data_hidden(void **state)
{
	struct client *client = client_new(*state);
	g_autoptr(GString) said = g_string_new("MAIL FROM:<a@x>\r\n");

	client_play(client, "hello", HELLO);
	g_string_append(said, "RCPT TO:<b@x.2345678>\r\n");
	while (said->len < CHANNEL_READ_SMALL - strlen("DATA\r\n"))
		g_string_append(said, "RCPT TO:<b@x>\r\n");
	g_string_append(said, "DATA\r\n");
	assert_int_equal(said->len, CHANNEL_READ_SMALL);
	g_string_append(said, "S: x\r\n\r\n.\r\n");
	client_write(client, said->str, said->len);
	client_expect(client, "MAIL", "250 2.1.0");
	for (int i = 0; i < 271; i++)
		client_expect(client, "RCPT", "250 2.1.5");
	client_expect(client, "DATA", "554 5.5.0");
	client_expect_end(client, "DATA");
	client_free(client);
}

static void
test_nul(void **state)
{
	struct client *client = client_new(*state);

	client_expect(client, "banner", "220 ");
	client_write(client, "NOOP \0\r\n", 8);
	client_expect(client, "NUL", "500 5.5.2");
	client_play(client, "after it", "> NOOP\n< 250 \n");
	client_free(client);
}

static int
start(void **state)
{
	/* Errors are what is tested here. */
	*state = stand_new("errors_soft = 9000\nerrors_hard = 9000", PLENTY);
	return 0;
}

static int
end(void **state)
{
	stand_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_row_has_one),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_endless_slowly),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_pipelined_data),
		cmocka_unit_test(test_pipelined_data_hidden),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, start, end);
}
