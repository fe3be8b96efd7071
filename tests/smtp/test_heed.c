/* SPDX-License-Identifier: MIT */
#include "heed.h"

#include "stand.h"

#define PLENTY  (UINT64_C(64) << 20)
#define BEGIN   HELLO MAIL RCPT DATA
#define REFUSED "< 554 5.6.0 Message refused: its header field "
#define ROUTE   REFUSED "X-Postferry-Route is "
#define THERE   ", and there is no such route; there are: night, bulk, default\n"

/* The routes that there are: stand_routes(). */
static const struct {
	const char *name, *settings, *script;
} rows[] = {
	{ "no order", "", BEGIN "> S: x\n> .\n< 250 \n" },
	{ "a route", "", BEGIN "> X-Postferry-Route: bulk\n> .\n< 250 \n" },
	{ "the usual one", "",
	    BEGIN "> X-Postferry-Route: default\n> .\n< 250 \n" },
	{ "one that there is not", "",
	    BEGIN "> X-Postferry-Route: nihgt\n> .\n" ROUTE "\"nihgt\"" THERE },
	{ "in other letters", "",
	    BEGIN "> S: x\n> x-POSTFERRY-route :\n>   nihgt\n> .\n" ROUTE
		  "\"nihgt\"" THERE },
	{ "a name is what it is", "",
	    BEGIN "> X-Postferry-Route: Night\n> .\n" ROUTE "\"Night\"" THERE },
	{ "not ASCII", "",
	    BEGIN "> X-Postferry-Route: n\xc3\xa4\x01\n> .\n" ROUTE
		  "\"n??\"" THERE },
	{ "empty", "",
	    BEGIN "> X-Postferry-Route:\n> .\n" REFUSED
		  "X-Postferry-Route is empty; expected\n" },
	{ "two", "",
	    BEGIN "> X-Postferry-Route: bulk\n> X-Postferry-Route: night\n"
		  "> .\n< 554 5.6.0 Message refused: it has two header fields "
		  "X-Postferry-Route that differ\n" },
	{ "a policy", "",
	    BEGIN "> X-Postferry-Doubt: never_twice\n> .\n< 250 \n" },
	{ "a policy that is none", "",
	    BEGIN
	    "> X-Postferry-Doubt: what?\n> .\n" REFUSED
	    "X-Postferry-Doubt is \"what?\"; expected prefer_delivery\n" },
	{ "where none counts", "control_headers = no\n",
	    BEGIN "> X-Postferry-Route: nihgt\n> .\n< 250 \n" },
	{ "in the body", "",
	    BEGIN "> S: x\n> \n> X-Postferry-Route: nihgt\n> .\n< 250 \n" },
	{ "in a part", "",
	    BEGIN "> Content-Type: multipart/mixed; boundary=b\n> \n> --b\n"
		  "> X-Postferry-Route: nihgt\n> \n> x\n> --b--\n> .\n"
		  "< 250 \n" },
	{ "and the next mail", "",
	    BEGIN "> X-Postferry-Route: x\n> .\n" ROUTE
		  "\"x\"" THERE MAIL RCPT DATA "> S: x\n> .\n< 250 \n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stand *stand = stand_new(rows[i].settings, PLENTY);
		struct client *client = client_new(stand);

		client_play(client, rows[i].name, rows[i].script);
		client_free(client);
		stand_free(stand);
	}
}

/* LMTP says it for each. */
static void
test_each(void **state)
{
	struct stand *stand = stand_new("protocol = lmtp\n", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "lmtp",
	    "< 220 \n> LHLO c\n< 250-\n< 250-\n< 250-\n< 250-\n< 250-\n< 250-\n"
	    "< 250 \n" MAIL RCPT "> RCPT TO:<c@x.y>\n< 250 \n" DATA
	    "> X-Postferry-Route: x\n> .\n" ROUTE "\"x\"" THERE ROUTE
	    "\"x\"" THERE);
	client_free(client);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
