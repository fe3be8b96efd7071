/* SPDX-License-Identifier: MIT */
#include "strain.h"

#include "secure.h"
#include "smtp/users.h"

#define PLENTY (UINT64_C(64) << 20)

/* What a look sees, and whether it is strained after. */
static const struct {
	const char *name;
	unsigned total;
	uint64_t memory;
	int64_t now_ms;
	bool begins, on;
} looks[] = {
	{ "nobody", 0, 0, 1, false, false },
	{ "below the share", 7, 0, 2, false, false },
	{ "the share", 8, 0, 3, true, true },
	{ "still", 9, 0, 4, false, true },
	{ "below, not for long", 7, 0, 53, false, true },
	{ "again, before it ended", 8, 0, 60, false, true },
	{ "below", 0, 0, 109, false, true },
	{ "below for so long", 0, 0, 110, false, false },
	{ "memory below", 0, 599, 200, false, false },
	{ "memory soft", 0, 600, 201, true, true },
	{ "memory, and many", 10, 800, 230, false, true },
	{ "memory free, but many", 10, 0, 290, false, true },
	{ "neither", 1, 0, 339, false, true },
	{ "neither for so long", 1, 0, 340, false, false },
};

static void
test_looks(void **state)
{
	struct budget *budget = budget_new(800);
	struct strain *strain = strain_new(&(struct strain_limits){
	    .most = 10, .percent = 80, .calm_ms = 50, .budget = budget });

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(looks); i++) {
		assert_true(budget_take(budget, looks[i].memory));
		if (strain_look(strain, looks[i].total, looks[i].now_ms) !=
			looks[i].begins ||
		    strain_is_on(strain) != looks[i].on)
			fail_msg("%s", looks[i].name);
		budget_give(budget, looks[i].memory);
	}
	assert_false(strain_is_on(NULL));
	strain_free(strain);
	budget_free(budget);
}

static const struct {
	unsigned most, percent, from;
} shares[] = {
	{ 1000, 80, 800 },
	{ 3, 80, 3 },
	{ 1, 1, 1 },
	{ 10, 100, 10 },
	{ 100000, 1, 1000 },
};

static void
test_shares(void **state)
{
	struct budget *budget = budget_new(800);

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(shares); i++) {
		struct strain *strain =
		    strain_new(&(struct strain_limits){ .most = shares[i].most,
			.percent = shares[i].percent,
			.calm_ms = 1,
			.budget = budget });

		assert_false(strain_look(strain, shares[i].from - 1, 1));
		assert_true(strain_look(strain, shares[i].from, 1));
		strain_free(strain);
	}
	budget_free(budget);
}

/* ---- over the wire: strangers, but for who logs in ---- */

struct house {
	char *folder;
	char *settings; /* of TLS and users */
};

/* base64 of NUL joe NUL secret */
#define LOGIN "> AUTH PLAIN AGpvZQBzZWNyZXQ=\n< 235 2.7.0 \n"

#define OUTSIDE   "allow = 192.0.2.0/24\ngreet_pause = 0\n"
#define STRANGERS OUTSIDE "stress_timeout = 300ms\n"
#define LONG      OUTSIDE "stress_timeout = 1h\n"
#define FRIENDS   "stress_timeout = 1ms\n"
#define NO_CALM   "[server]\nstress_calm = 1h\nauth_delay = 1ms\n"

static struct stand *
open_stand(const struct house *house, const char *settings)
{
	g_autofree char *all = g_strconcat(settings, house->settings, "\n",
	    NO_CALM, "users = ", house->folder,
	    "/users\nstress_share = 40\n"
	    "connections = 5\nconnections_reserved = 0\n",
	    NULL);

	return stand_new(all, PLENTY);
}

/* Memory is short from before the first client comes. */
static struct stand *
open_strained(const struct house *house, const char *settings)
{
	struct stand *stand = open_stand(house, settings);

	assert_true(budget_take(stand->budget, PLENTY / 4 * 3));
	return stand;
}

static void
close_strained(struct stand *stand)
{
	budget_give(stand->budget, PLENTY / 4 * 3);
	stand_free(stand);
}

#define HI                                                            \
	"< 220 \n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE \n"   \
	"< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n< 250-STARTTLS\n" \
	"< 250-AUTH PLAIN LOGIN\n< 250 ENHANCEDSTATUSCODES\n"

static const struct {
	const char *name, *settings, *script;
} rows[] = {
	{ "no command", STRANGERS, "< 220 \n< 421 4.4.2\n.\n" },
	{ "EHLO, and no more", STRANGERS, HI "< 421 4.4.2\n.\n" },
	{ "no response to AUTH", STRANGERS,
	    HI "> AUTH PLAIN\n< 334\n< 421 4.4.2\n.\n" },
	{ "no handshake", STRANGERS, HI "> STARTTLS\n< 220\n.\n" },
	{ "the first error", LONG,
	    "< 220 \n> X\n< 500\n< 421 4.7.0 Too many errors\n.\n" },
	{ "a wrong login", LONG,
	    HI "> AUTH PLAIN AGpvZQBndWVzcw==\n< 535\n< 421 4.7.0\n.\n" },
	{ "idle talk", LONG,
	    HI "> NOOP\n< 250\n> NOOP\n< 250\n< 421 4.7.0\n.\n" },
	{ "a mail of a stranger", LONG,
	    HI "> MAIL FROM:<a@x.y>\n< 452 4.3.2\n" QUIT },
	{ "who logged in has time", STRANGERS,
	    HI LOGIN
	    "> X\n< 500\n> NOOP\n< 250\n> NOOP\n< 250\n" MAIL RCPT QUIT },
	{ "friends have it", FRIENDS,
	    HI "> X\n< 500\n> NOOP\n< 250\n> NOOP\n< 250\n" MAIL RCPT QUIT },
	{ "no more than others have, with less", LONG "command_timeout = 1ms\n",
	    "< 220 \n< 421 4.4.2\n.\n" },
};

static void
test_rows(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stand *stand = open_strained(*state, rows[i].settings);
		struct client *client = client_new(stand);

		client_play(client, rows[i].name, rows[i].script);
		client_free(client);
		close_strained(stand);
	}
}

/* The time of one that may send is its own. */
static void
test_patience(void **state)
{
	struct stand *stand =
	    open_strained(*state, STRANGERS "command_timeout = 1h\n");
	struct client *user = client_new(stand);
	struct client *other;

	client_play(user, "user", HI LOGIN);
	/* three that are not, one after the other */
	for (unsigned i = 0; i < 3; i++) {
		other = client_new(stand);
		client_play(other, "other", "< 220 \n< 421 4.4.2\n.\n");
		client_free(other);
	}
	client_play(user, "user", MAIL RCPT QUIT);
	client_free(user);
	close_strained(stand);
}

/* Those who wait when it begins: by the number of clients, by memory; also in a
 * handshake, and before they take their replies. */
static void
test_hurried(void **state)
{
	static const bool memories[] = { false, true };

	for (unsigned i = 0; i < G_N_ELEMENTS(memories); i++) {
		struct stand *stand = open_stand(*state, STRANGERS);
		struct client *first = client_new(stand), *second = NULL;

		client_play(first, "hurried", HI);
		if (memories[i])
			assert_true(budget_take(stand->budget, PLENTY / 4 * 3));
		else
			second = client_new(stand);
		client_play(first, "hurried", "< 421 4.4.2\n.\n");
		client_free(first);
		if (second != NULL) {
			client_play(second, "second", "< 220 \n< 421\n.\n");
			client_free(second);
		}
		if (memories[i])
			budget_give(stand->budget, PLENTY / 4 * 3);
		stand_free(stand);
	}
}

static void
test_hurried_handshake(void **state)
{
	struct stand *stand = open_stand(*state, STRANGERS "tls = implicit\n");
	struct client *first = client_new(stand), *second = client_new(stand);

	client_expect_end(first, "first");
	client_expect_end(second, "second");
	client_free(first);
	client_free(second);
	stand_free(stand);
}

/* Memory as it gets short: who is refused at MAIL, and who still is not. */
static const struct {
	unsigned sixteenths;
	const char *stranger, *user, *friend;
} marks[] = {
	{ 11, "250", "250", "250" },
	{ 12, "452 4.3.2", "250", "250" },
	{ 13, "452 4.3.2", "250", "250" },
	{ 14, "452 4.3.2", "452 4.3.2", "250" },
	{ 15, "452 4.3.2", "452 4.3.2", "452 4.3.2" },
};

static void
try_mail(struct client *client, const char *who, const char *reply)
{
	client_say(client, "MAIL FROM:<a@x.y>\r\n");
	client_expect(client, who, reply);
	client_play(client, who, "> RSET\n< 250\n");
}

static void
test_marks(void **state)
{
	struct stand *outside = open_stand(*state, OUTSIDE);
	struct stand *inside = open_stand(*state, "");
	struct client *stranger = client_new(outside);
	struct client *user = client_new(outside);
	struct client *friend = client_new(inside);

	client_play(stranger, "stranger", HI);
	client_play(user, "user", HI LOGIN);
	client_play(friend, "friend", HI);
	for (unsigned i = 0; i < G_N_ELEMENTS(marks); i++) {
		uint64_t bytes = PLENTY / 16 * marks[i].sixteenths;

		assert_true(budget_take(outside->budget, bytes));
		assert_true(budget_take(inside->budget, bytes));
		/* idle talk counts of strangers then: a new one each time */
		client_free(stranger);
		stranger = client_new(outside);
		client_play(stranger, "stranger", HI);
		try_mail(stranger, "stranger", marks[i].stranger);
		try_mail(user, "user", marks[i].user);
		try_mail(friend, "friend", marks[i].friend);
		budget_give(outside->budget, bytes);
		budget_give(inside->budget, bytes);
	}
	client_free(stranger);
	client_free(user);
	client_free(friend);
	stand_free(outside);
	stand_free(inside);
}

static const struct wanted wanted = { .file = "own.pem",
	.names = "DNS:mx.example.com" };

static int
set_up(void **state)
{
	struct house *house = g_new0(struct house, 1);
	g_autofree char *hash = users_hash("secret", 1);
	g_autofree char *text = g_strconcat("joe:", hash, "\n", NULL);
	g_autofree char *path = NULL;

	house->folder = secure_folder();
	secure_write(house->folder, &wanted);
	path = secure_path(house->folder, "users");
	house->settings = g_strdup_printf(
	    "tls_certificate = %s/own.pem\nauth_plaintext = yes",
	    house->folder);
	*state = house;
	return !g_file_set_contents(path, text, -1, NULL) ||
	       chmod(path, 0600) < 0;
}

static int
tear_down(void **state)
{
	struct house *house = *state;

	secure_remove(house->folder);
	g_free(house->folder);
	g_free(house->settings);
	g_free(house);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_hurried),
		cmocka_unit_test(test_hurried_handshake),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
