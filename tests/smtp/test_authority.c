/* SPDX-License-Identifier: MIT */
#include "authority.h"

#include "stand.h"

#define JOE "joe:%s\nann:%s:ann@x.example,@y.example\n"

/* An authority that knows joe and ann, and somebody who asks it. */
struct court {
	struct authority *authority;
	struct loop *home;
	struct mailbox *box;
	struct authority_ask *ask; /* the last that came back */
};

/* Hashes at the lowest cost, made once. */
struct hashes {
	char *joe, *ann, *other;
};

static struct users *
make_users(const char *joe, const char *ann)
{
	g_autofree char *text = g_strdup_printf(JOE, joe, ann);
	struct users *users = users_parse("F", text, NULL);

	assert_non_null(users);
	return users;
}

static struct court *
court_new(const struct hashes *hashes, const char *settings)
{
	struct court *court = g_new0(struct court, 1);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = g_strconcat(
	    "[listener l]\naddress = 127.0.0.1:0\n[server]\nauth_delay = 1ms\n",
	    settings, NULL);
	struct config *config = stand_config(text, errors);

	assert_non_null(config);
	court->authority =
	    authority_new(config, make_users(hashes->joe, hashes->ann));
	court->home = loop_new("home", court);
	loop_start(court->home);
	court->box = mailbox_new(court);
	config_unref(config);
	return court;
}

static void
court_free(struct court *court)
{
	authority_free(court->authority);
	loop_stop(court->home);
	loop_free(court->home);
	mailbox_read_all(court->box);
	mailbox_free(court->box);
	authority_ask_free(court->ask);
	g_free(court);
}

/* The test's thread. */
static void
on_read(void *owner, struct letter *letter)
{
	struct court *court = owner;

	authority_ask_free(court->ask);
	court->ask = LETTER_OF(letter, struct authority_ask, letter);
}

/* The loop that asked. */
static void
on_answered(void *owner, struct letter *letter)
{
	struct court *court = owner;

	assert_true(loop_here(court->home));
	mailbox_post(court->box, letter, on_read);
}

static void
post(struct court *court, const char *name, const char *password,
    const char *peer)
{
	struct authority_ask *ask = g_new0(struct authority_ask, 1);

	ask->session = 7;
	g_strlcpy(ask->peer, peer, sizeof(ask->peer));
	ask->name = g_strdup(name);
	ask->password = g_strdup(password);
	ask->return_to = court->home;
	ask->answered = on_answered;
	authority_ask_post(court->authority, ask);
}

static enum authority_word
take(struct court *court)
{
	assert_true(mailbox_read_one(court->box));
	assert_int_equal(court->ask->session, 7);
	/* what was asked is not left lying about */
	assert_string_equal(court->ask->password, "");
	return court->ask->verdict.word;
}

static enum authority_word
ask(struct court *court, const char *name, const char *password,
    const char *peer)
{
	post(court, name, password, peer);
	return take(court);
}

static const struct {
	const char *name, *settings;
	struct {
		const char *user, *password, *peer;
		enum authority_word word;
		unsigned hashes; /* that this one cost */
		unsigned delay_ms;
	} asks[8];
} rows[] = {
	{ "right", "",
	    { { "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 } } },
	{ "wrong costs a hash each time", "",
	    { { "joe", "wrong", "192.0.2.1", AUTHORITY_WRONG, 1, 1 },
		{ "joe", "wrong", "192.0.2.1", AUTHORITY_WRONG, 1, 2 },
		{ "joe", "Secret", "192.0.2.1", AUTHORITY_WRONG, 1, 3 },
		{ "joe", "", "192.0.2.1", AUTHORITY_WRONG, 1, 4 },
		{ "joe", "secret ", "192.0.2.1", AUTHORITY_WRONG, 1, 5 },
		{ "joe", "secret2", "192.0.2.1", AUTHORITY_WRONG, 1, 5 } } },
	{ "an unknown user costs what a wrong password costs", "",
	    { { "jim", "secret", "192.0.2.1", AUTHORITY_WRONG, 1, 1 },
		{ "", "secret", "192.0.2.1", AUTHORITY_WRONG, 1, 2 },
		{ "Joe", "secret", "192.0.2.1", AUTHORITY_WRONG, 1, 3 } } },
	{ "what was right costs no second hash", "",
	    { { "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "secret", "192.0.2.2", AUTHORITY_RIGHT, 0, 0 },
		{ "joe", "secrets", "192.0.2.1", AUTHORITY_WRONG, 1, 1 },
		{ "ann", "secret", "192.0.2.1", AUTHORITY_WRONG, 1, 2 },
		{ "ann", "other", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 },
		{ "ann", "other", "192.0.2.1", AUTHORITY_RIGHT, 0, 0 } } },
	{ "without a cache it does", "auth_cache = 0\n",
	    { { "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 } } },
	{ "too many from an address, without a hash", "auth_failures = 2\n",
	    { { "a", "x", "192.0.2.1", AUTHORITY_WRONG, 1, 1 },
		{ "b", "x", "192.0.2.1", AUTHORITY_WRONG, 1, 2 },
		{ "c", "x", "192.0.2.1", AUTHORITY_TOO_OFT, 0, 5 },
		{ "joe", "secret", "192.0.2.1", AUTHORITY_TOO_OFT, 0, 5 },
		{ "joe", "secret", "192.0.2.2", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 0, 0 } } },
	{ "too many from an IPv6 network", "auth_failures = 2\n",
	    { { "a", "x", "2001:db8::1", AUTHORITY_WRONG, 1, 1 },
		{ "b", "x", "2001:db8::2:0:0:1", AUTHORITY_WRONG, 1, 2 },
		{ "c", "x", "2001:db8::3", AUTHORITY_TOO_OFT, 0, 5 },
		{ "d", "x", "2001:db8:0:1::3", AUTHORITY_WRONG, 1, 1 } } },
	{ "too many of a name", "auth_failures = 2\n",
	    { { "joe", "x", "192.0.2.1", AUTHORITY_WRONG, 1, 1 },
		{ "joe", "y", "192.0.2.2", AUTHORITY_WRONG, 1, 2 },
		{ "joe", "secret", "192.0.2.3", AUTHORITY_TOO_OFT, 0, 5 },
		{ "ann", "other", "192.0.2.3", AUTHORITY_RIGHT, 1, 0 } } },
	{ "of one that is nobody's, too", "auth_failures = 1\n",
	    { { "jim", "x", "192.0.2.1", AUTHORITY_WRONG, 1, 1 },
		{ "jim", "x", "192.0.2.2", AUTHORITY_TOO_OFT, 0, 5 } } },
	{ "loopback is not counted", "auth_failures = 1\n",
	    { { "a", "x", "127.0.0.1", AUTHORITY_WRONG, 1, 1 },
		{ "b", "x", "127.0.0.1", AUTHORITY_WRONG, 1, 1 },
		{ "c", "x", "::1", AUTHORITY_WRONG, 1, 1 },
		{ "d", "x", "unix", AUTHORITY_WRONG, 1, 1 },
		{ "a", "x", "127.9.9.9", AUTHORITY_TOO_OFT, 0, 5 } } },
	{ "where it logged in it is heard",
	    "auth_failures = 1\nauth_cache = 0\n",
	    { { "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "x", "192.0.2.2", AUTHORITY_WRONG, 1, 1 },
		{ "joe", "secret", "192.0.2.3", AUTHORITY_TOO_OFT, 0, 5 },
		{ "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 },
		{ "ann", "other", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 } } },
	{ "in its IPv6 network", "auth_failures = 1\nauth_cache = 0\n",
	    { { "joe", "secret", "2001:db8::1", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "x", "192.0.2.2", AUTHORITY_WRONG, 1, 1 },
		{ "joe", "secret", "2001:db8::2", AUTHORITY_RIGHT, 1, 0 } } },
	{ "where another logged in it is not", "auth_failures = 1\n",
	    { { "ann", "other", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "x", "192.0.2.2", AUTHORITY_WRONG, 1, 1 },
		{ "joe", "secret", "192.0.2.1", AUTHORITY_TOO_OFT, 0, 5 } } },
	{ "and cannot be guessed there, nor on this host",
	    "auth_failures = 2\nauth_cache = 0\n",
	    { { "joe", "secret", "127.0.0.1", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "x", "127.0.0.1", AUTHORITY_WRONG, 1, 1 },
		{ "joe", "y", "127.0.0.1", AUTHORITY_WRONG, 1, 2 },
		{ "joe", "secret", "127.0.0.1", AUTHORITY_TOO_OFT, 0, 5 },
		{ "ann", "other", "127.0.0.1", AUTHORITY_RIGHT, 1, 0 } } },
	{ "what was right of late is let through", "auth_failures = 1\n",
	    { { "joe", "secret", "192.0.2.1", AUTHORITY_RIGHT, 1, 0 },
		{ "joe", "x", "192.0.2.2", AUTHORITY_WRONG, 1, 1 },
		{ "joe", "x", "192.0.2.3", AUTHORITY_TOO_OFT, 0, 5 },
		{ "joe", "secret", "192.0.2.2", AUTHORITY_RIGHT, 0, 0 } } },
};

static void
test_rows(void **state)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct court *court = court_new(*state, rows[i].settings);
		uint64_t hashes = 0;

		for (unsigned n = 0; n < 8 && rows[i].asks[n].user; n++) {
			if (ask(court, rows[i].asks[n].user,
				rows[i].asks[n].password,
				rows[i].asks[n].peer) != rows[i].asks[n].word)
				fail_msg("%s: ask %u", rows[i].name, n);
			hashes += rows[i].asks[n].hashes;
			if (authority_hashes(court->authority) != hashes)
				fail_msg("%s: hashes at %u", rows[i].name, n);
			if (court->ask->verdict.delay_ms !=
			    rows[i].asks[n].delay_ms)
				fail_msg("%s: delay at %u: %d", rows[i].name, n,
				    (int)court->ask->verdict.delay_ms);
		}
		court_free(court);
	}
}

/* Failures count for so long as is set. */
static void
test_window(void **state)
{
	static const struct {
		const char *settings;
		enum authority_word word;
	} windows[] = {
		{ "auth_failures = 1\nauth_window = 10ms\n", AUTHORITY_RIGHT },
		{ "auth_failures = 1\nauth_window = 24h\n", AUTHORITY_TOO_OFT },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(windows); i++) {
		struct court *court = court_new(*state, windows[i].settings);

		assert_int_equal(
		    ask(court, "joe", "x", "192.0.2.1"), AUTHORITY_WRONG);
		g_usleep(50000);
		assert_int_equal(
		    ask(court, "joe", "secret", "192.0.2.1"), windows[i].word);
		court_free(court);
	}
}

static void
test_senders(void **state)
{
	struct court *court = court_new(*state, "");

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(
		    ask(court, "ann", "other", "unix"), AUTHORITY_RIGHT);
		assert_string_equal(
		    court->ask->verdict.senders[0], "ann@x.example");
		assert_string_equal(
		    court->ask->verdict.senders[1], "@y.example");
	}
	ask(court, "joe", "secret", "unix");
	assert_null(court->ask->verdict.senders);
	court_free(court);
}

/* With other users nothing is as it was. */
static void
test_change(void **state)
{
	const struct hashes *hashes = *state;
	struct court *court = court_new(hashes, "");

	assert_int_equal(ask(court, "joe", "secret", "unix"), AUTHORITY_RIGHT);
	authority_users_post(
	    court->authority, make_users(hashes->other, hashes->ann));
	assert_int_equal(ask(court, "joe", "secret", "unix"), AUTHORITY_WRONG);
	assert_int_equal(ask(court, "joe", "new", "unix"), AUTHORITY_RIGHT);
	assert_int_equal(authority_hashes(court->authority), 3);
	court_free(court);
}

/* More at once than may wait: each gets an answer, and one that is the same as
 * one before costs nothing. */
static void
test_crowd(void **state)
{
	struct court *court = court_new(*state, "auth_waiting = 3\n");
	unsigned words[4] = { 0 };

	for (unsigned i = 0; i < 200; i++)
		post(court, "joe", "secret", "192.0.2.1");
	for (unsigned i = 0; i < 200; i++)
		words[take(court)]++;
	assert_int_equal(words[AUTHORITY_RIGHT] + words[AUTHORITY_LATER], 200);
	/* three that wait for the one that is hashed */
	assert_true(words[AUTHORITY_RIGHT] >= 4);
	assert_int_equal(authority_hashes(court->authority), 1);
	court_free(court);
}

/* Guesses at once do not get past the limit, by one name or from one place: no
 * more are hashed than may fail. */
static void
test_guesses(void **state)
{
	static const char *const names[] = { "joe", NULL };

	for (unsigned n = 0; n < G_N_ELEMENTS(names); n++) {
		struct court *court = court_new(
		    *state, "auth_failures = 3\nauth_waiting = 100\n");
		unsigned words[4] = { 0 };

		for (unsigned i = 0; i < 50; i++) {
			g_autofree char *text = g_strdup_printf("%u", i);

			post(court, names[n] != NULL ? names[n] : text, text,
			    "192.0.2.1");
		}
		for (unsigned i = 0; i < 50; i++)
			words[take(court)]++;
		assert_int_equal(words[AUTHORITY_WRONG], 3);
		assert_int_equal(words[AUTHORITY_TOO_OFT], 47);
		court_free(court);
	}
}

/* It ends while it is asked: nobody is left without an answer. */
static void
test_end(void **state)
{
	struct court *court = court_new(*state, "auth_waiting = 1000\n");
	unsigned answers = 0;

	for (unsigned i = 0; i < 20; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);

		post(court, name, "secret", "unix");
	}
	g_clear_pointer(&court->authority, authority_free);
	loop_stop(court->home);
	loop_free(court->home);
	while (mailbox_length(court->box) > 0) {
		take(court);
		answers++;
	}
	assert_int_equal(answers, 20);
	court->home = loop_new("home", court);
	court_free(court);
}

static int
set_up(void **state)
{
	struct hashes *hashes = g_new(struct hashes, 1);

	hashes->joe = users_hash("secret", 1);
	hashes->ann = users_hash("other", 1);
	hashes->other = users_hash("new", 1);
	*state = hashes;
	return hashes->other == NULL;
}

static int
tear_down(void **state)
{
	struct hashes *hashes = *state;

	g_free(hashes->joe);
	g_free(hashes->ann);
	g_free(hashes->other);
	g_free(hashes);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
