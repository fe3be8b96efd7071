/* SPDX-License-Identifier: MIT */
/* TLS with clients as it goes over the wire, well and badly. */
#include "secure.h"

#include "channel.h"

/* What the tests share: a folder with certificates. */
struct house {
	char *folder;
	char *own; /* settings that name our certificate */
};

static const struct secure_wish anything = { 0 };

/* Settings: the certificates, and the rest, where %s is the folder. */
static struct stand *
open_stand(const struct house *house, const char *rest)
{
	g_auto(GStrv) parts = g_strsplit(rest, "%s", -1);
	g_autofree char *more = g_strjoinv(house->folder, parts);
	g_autofree char *settings = g_strconcat(house->own, more, NULL);

	return stand_new(settings, 1 << 24);
}

/* base64 of NUL name NUL password */
#define LOGIN "> AUTH PLAIN AGpvZQBzZWNyZXQ=\n< 235 2.7.0\n"

static void
test_starttls(void **state)
{
	struct stand *stand = open_stand(*state, "auth = any\n");
	struct secure *secure = secure_new(stand);
	struct submission *submission;
	g_autofree char *offers = NULL, *again = NULL;

	stand->automatic = false;
	client_expect(secure->plain, "banner", "220 ");
	offers = secure_ehlo(secure);
	assert_non_null(strstr(offers, "-STARTTLS\n"));
	client_play(secure->plain, "starttls",
	    LOGIN "> STARTTLS now\n< 501 5.5.4\n" MAIL
		  "> STARTTLS\n< 503 5.5.1\n"
		  "> RSET\n< 250 2.0.0\n> STARTTLS\n< 220 2.0.0\n");
	assert_true(secure_shake(secure, &anything));
	assert_int_equal(SSL_version(secure->ssl), TLS1_3_VERSION);
	/* who it was is forgotten: a reset goes back to where nobody is known
	 */
	secure_play(secure, "forgotten",
	    "> RSET\n< 250 2.0.0\n> MAIL FROM:<a@x.y>\n< 503 5.5.1\n");
	again = secure_ehlo(secure);
	assert_null(strstr(again, "STARTTLS"));
	secure_play(secure, "again", "> STARTTLS\n< 554 5.5.1\n");
	secure_play(secure, "login", LOGIN);
	secure_play(secure, "mail", MAIL RCPT DATA);
	secure_say(secure, "Subject: a\r\n\r\nb\r\n.\r\n");
	submission = stand_submission(stand);
	assert_string_equal(submission->protocol, "ESMTPS");
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	secure_play(secure, "end", "< 250 2.0.0 ok\n" QUIT);
	secure_free(secure);
	stand_free(stand);
}

/* What is taken, by the mode, before there is TLS. */
static const struct {
	const char *name, *settings, *script;
} modes[] = {
	{ "off", "tls = off\n",
	    "> STARTTLS\n< 502 5.5.1\n" MAIL "> RSET\n< 250\n" },
	{ "offered", "tls = offered\n", MAIL "> RSET\n< 250\n" },
	{ "required", "tls = required\n",
	    "> MAIL FROM:<a@x.y>\n< 530 5.7.0\n> RCPT TO:<a@x.y>\n< 530\n"
	    "> DATA\n< 530\n> VRFY a\n< 530\n> HELP\n< 530\n"
	    "> NOOP\n< 250\n> RSET\n< 250\n> HELO c\n< 250\n" },
};

static void
test_modes(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
		struct stand *stand = open_stand(*state, modes[i].settings);
		struct client *client = client_new(stand);

		client_expect(client, modes[i].name, "220 ");
		g_free(client_ehlo(client));
		client_play(client, modes[i].name, modes[i].script);
		client_play(client, modes[i].name, QUIT);
		client_free(client);
		stand_free(stand);
	}
}

static void
test_required(void **state)
{
	struct stand *stand = open_stand(*state, "tls = required\n");
	struct secure *secure = secure_open(stand, &anything);

	g_free(secure_ehlo(secure));
	secure_play(secure, "mail", MAIL RCPT DATA);
	secure_say(secure, "Subject: a\r\n\r\nb\r\n.\r\n");
	secure_play(secure, "end", "< 250\n" QUIT);
	secure_free(secure);
	stand_free(stand);
}

static void
test_implicit(void **state)
{
	struct stand *stand = open_stand(*state, "tls = implicit\n");
	struct secure *secure = secure_new(stand);
	g_autofree char *offers = NULL;

	assert_true(secure_shake(secure, &anything));
	secure_expect(secure, "banner", "220 ");
	offers = secure_ehlo(secure);
	assert_null(strstr(offers, "STARTTLS"));
	secure_play(secure, "mail", "> STARTTLS\n< 554 5.5.1\n" MAIL RCPT DATA);
	secure_say(secure, "Subject: a\r\n\r\nb\r\n.\r\n");
	secure_play(secure, "end", "< 250\n" QUIT);
	secure_free(secure);
	stand_free(stand);
}

/* A stranger is greeted late; who talks before the banner is sent off. */
static void
test_early_talker(void **state)
{
	struct stand *stand = open_stand(
	    *state, "tls = implicit\nallow = 192.0.2.0/24\ngreet_pause = 1m\n");
	struct secure *secure = secure_new(stand);

	assert_true(secure_shake(secure, &anything));
	secure_play(secure, "early", "> EHLO c\n< 554 5.5.0\n.\n");
	secure_free(secure);
	stand_free(stand);
}

/* Plain text slipped in behind STARTTLS, in the same piece or in the next one,
 * is never obeyed (CVE-2011-0411). */
static const struct {
	const char *name, *said, *then;
} injections[] = {
	{ "a command", "STARTTLS\r\nRSET\r\n", "554 5.5.0" },
	{ "half a command", "STARTTLS\r\nM", "554 5.5.0" },
	{ "a mail",
	    "STARTTLS\r\nEHLO e\r\nMAIL FROM:<e@e.e>\r\nRCPT TO:<v@x.y>\r\n"
	    "DATA\r\n",
	    "554 5.5.0" },
	{ "a hello", "STARTTLS\r\n\x16\x03\x01", "554 5.5.0" },
	{ "within a group", "RSET\r\nSTARTTLS\r\nNOOP\r\n", "250" },
};

static void
test_injection(void **state)
{
	struct stand *stand = open_stand(*state, "");

	for (size_t i = 0; i < G_N_ELEMENTS(injections); i++) {
		struct client *client = client_new(stand);
		const char *name = injections[i].name;

		client_expect(client, name, "220 ");
		g_free(client_ehlo(client));
		client_say(client, injections[i].said);
		client_expect(client, name, injections[i].then);
		if (strcmp(injections[i].then, "250") == 0)
			client_expect(client, name, "554 5.5.0");
		client_expect_end(client, name);
		client_free(client);
	}
	stand_free(stand);
}

/* Reads to the end; true when what came holds no reply of SMTP. */
static bool
is_silent(struct client *client)
{
	g_autofree char *line = client_line(client);

	return line == NULL && strstr(client->in->str, "250") == NULL &&
	       strstr(client->in->str, "50") == NULL;
}

/* Instead of a handshake. */
static const struct {
	const char *name, *bytes;
} garbage[] = {
	{ "a command", "RSET\r\nNOOP\r\n" },
	{ "HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "an alert", "\x15\x03\x01\x00\x02\x02\x28" },
	{ "a record without end", "\x16\x03\x01\xff\xff\x01" },
	{ "noise", "\x16\x03\x01\x10\x10\x02\x13\x13\x13\x13\x13\x13" },
};

static void
test_garbage(void **state)
{
	struct stand *stand = open_stand(*state, "");

	for (size_t i = 0; i < G_N_ELEMENTS(garbage); i++) {
		struct secure *secure = secure_start(stand);

		/* NUL is in some of them, and does not matter */
		client_write(secure->plain, garbage[i].bytes,
		    strlen(garbage[i].bytes) + 1);
		shutdown(secure->plain->fd, SHUT_WR);
		if (!is_silent(secure->plain))
			fail_msg("%s was obeyed", garbage[i].name);
		secure_free(secure);
	}
	stand_free(stand);
}

/* The client's end of a handshake, led by hand. */
static void
pump(struct secure *secure, size_t step)
{
	BIO *out = SSL_get_wbio(secure->ssl), *in = SSL_get_rbio(secure->ssl);
	char *bytes, more[4096];
	long length = BIO_get_mem_data(out, &bytes);
	ssize_t got;

	for (long at = 0; at < length; at += (long)step)
		client_write(secure->plain, bytes + at,
		    MIN(step, (size_t)(length - at)));
	BIO_reset(out);
	if (SSL_is_init_finished(secure->ssl))
		return;
	got = recv(secure->plain->fd, more, sizeof(more), 0);
	assert_true(got > 0);
	BIO_write(in, more, (int)got);
}

static void
shake_in_pieces(struct secure *secure, int most, size_t step)
{
	struct secure_wish wish = { .most = most };
	int result = 0;

	secure_prepare(secure, &wish);
	SSL_set_bio(secure->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	while (result != 1) {
		result = SSL_do_handshake(secure->ssl);
		if (result != 1)
			assert_int_equal(SSL_get_error(secure->ssl, result),
			    SSL_ERROR_WANT_READ);
		pump(secure, step);
	}
	/* what is said behind it comes in pieces, too */
	SSL_write(secure->ssl, "NOOP\r\n", 6);
	pump(secure, step);
	SSL_set_fd(secure->ssl, secure->plain->fd);
	secure_play(secure, "in pieces", "< 250\n" QUIT);
}

static void
test_pieces(void **state)
{
	static const size_t steps[] = { 1, 7, 100, 5000 };
	struct stand *stand = open_stand(*state, "");

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
		for (int most = TLS1_2_VERSION; most <= TLS1_3_VERSION;
		     most++) {
			struct secure *secure = secure_start(stand);

			shake_in_pieces(secure, most, steps[i]);
			secure_free(secure);
		}
	stand_free(stand);
}

/* Versions and ciphers, and what becomes of them. */
static const struct {
	const char *name, *settings;
	struct secure_wish wish;
	const char *version; /* NULL: refused */
} versions[] = {
	{ "1.3", "", { .least = TLS1_3_VERSION }, "TLSv1.3" },
	{ "1.2", "", { .most = TLS1_2_VERSION }, "TLSv1.2" },
	{ "1.1", "", { .most = TLS1_1_VERSION }, NULL },
	{ "1.0", "", { .most = TLS1_VERSION }, NULL },
	{ "1.2 where 1.3 is least", "tls_min = 1.3\n",
	    { .most = TLS1_2_VERSION }, NULL },
	{ "1.3 where it is least", "tls_min = 1.3\n", { 0 }, "TLSv1.3" },
	{ "an old printer", "tls_min = 1.0\n", { .most = TLS1_VERSION },
	    "TLSv1" },
	{ "a new one", "tls_min = 1.0\n", { 0 }, "TLSv1.3" },
	{ "CBC", "",
	    { .most = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256" },
	    NULL },
	{ "CBC of an old printer", "tls_min = 1.0\n",
	    { .most = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256" },
	    "TLSv1.2" },
	{ "no authentication", "tls_min = 1.0\n",
	    { .most = TLS1_2_VERSION, .ciphers = "aNULL" }, NULL },
	{ "no encryption", "tls_min = 1.0\n",
	    { .most = TLS1_2_VERSION, .ciphers = "eNULL" }, NULL },
};

static void
test_versions(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
		struct stand *stand = open_stand(*state, versions[i].settings);
		struct secure *secure = secure_start(stand);
		bool good = secure_shake(secure, &versions[i].wish);

		if (good != (versions[i].version != NULL))
			fail_msg("%s: %s", versions[i].name,
			    good ? "taken" : "refused");
		if (good)
			assert_string_equal(
			    SSL_get_version(secure->ssl), versions[i].version);
		secure_free(secure);
		stand_free(stand);
	}
}

/* Our order counts, but for a client without AES in hardware. */
static const struct {
	const char *asked, *given;
} orders[] = {
	{ "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384",
	    "ECDHE-ECDSA-CHACHA20-POLY1305" },
	{ "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305",
	    "ECDHE-ECDSA-AES256-GCM-SHA384" },
	{ "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
	    "ECDHE-ECDSA-AES128-GCM-SHA256" },
};

static void
test_order(void **state)
{
	struct stand *stand = open_stand(*state, "");

	for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
		struct secure_wish wish = { .most = TLS1_2_VERSION,
			.ciphers = orders[i].asked };
		struct secure *secure = secure_open(stand, &wish);

		assert_string_equal(
		    SSL_get_cipher_name(secure->ssl), orders[i].given);
		secure_free(secure);
	}
	stand_free(stand);
}

/* Nothing is kept of a session: neither a ticket nor an id to come back by. */
static void
test_no_resumption(void **state)
{
	struct stand *stand = open_stand(*state, "");

	for (int most = TLS1_2_VERSION; most <= TLS1_3_VERSION; most++) {
		struct secure_wish wish = { .most = most };
		struct secure *secure = secure_open(stand, &wish);
		SSL_SESSION *session;

		g_free(secure_ehlo(secure));
		session = SSL_get0_session(secure->ssl);
		assert_false(SSL_SESSION_has_ticket(session));
		assert_int_equal(SSL_SESSION_get_max_early_data(session), 0);
		assert_null(SSL_get_current_compression(secure->ssl));
		secure_free(secure);
	}
	stand_free(stand);
}

static void
test_renegotiation(void **state)
{
	struct stand *stand = open_stand(*state, "");
	struct secure_wish wish = { .most = TLS1_2_VERSION };
	struct secure *secure = secure_open(stand, &wish);

	SSL_renegotiate(secure->ssl);
	ERR_clear_error();
	assert_int_not_equal(SSL_do_handshake(secure->ssl), 1);
	secure_free(secure);
	stand_free(stand);
}

/* Which certificate a client is shown, by the name it asks for. */
static const struct {
	const char *name, *file;
} names[] = {
	{ NULL, "own.pem" },
	{ "mx.example.com", "own.pem" },
	{ "second.example.com", "second.pem" },
	{ "SECOND.example.com", "second.pem" },
	{ "a.wild.example.com", "second.pem" },
	{ "a.b.wild.example.com", "own.pem" },
	{ "wild.example.com", "own.pem" },
	{ "third.pem", "third.pem" },
	{ "nobody.example.net", "own.pem" },
};

static void
test_names(void **state)
{
	struct stand *stand = open_stand(*state, "");

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		for (int most = TLS1_2_VERSION; most <= TLS1_3_VERSION;
		     most++) {
			struct secure_wish wish = { .name = names[i].name,
				.most = most };
			struct secure *secure = secure_open(stand, &wish);

			secure_expect_subject(secure, names[i].file);
			secure_free(secure);
		}
	stand_free(stand);
}

/* Two kinds of key for the same names: the client's ciphers decide. */
static void
test_kinds(void **state)
{
	static const struct {
		const char *ciphers, *file;
	} rows[] = {
		{ "ECDHE-ECDSA-AES128-GCM-SHA256", "second.pem" },
		{ "ECDHE-RSA-AES128-GCM-SHA256", "second-rsa.pem" },
	};
	struct stand *stand = open_stand(*state, "");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct secure_wish wish = { .name = "second.example.com",
			.most = TLS1_2_VERSION,
			.ciphers = rows[i].ciphers };
		struct secure *secure = secure_open(stand, &wish);

		secure_expect_subject(secure, rows[i].file);
		secure_free(secure);
	}
	stand_free(stand);
}

/* Who is let in by a certificate, and who is as any other. */
static const struct {
	const char *name;
	const char *certificate; /* NULL: none */
	const char *settings;
	bool allowed;
} clients[] = {
	{ "none", NULL, "tls_client_ca = %s/ca.pem\n", false },
	{ "by the authority", "good.pem", "tls_client_ca = %s/ca.pem\n", true },
	{ "by another authority", "good.pem",
	    "tls_client_ca = %s/other-ca.pem\n", false },
	{ "by itself", "self.pem", "tls_client_ca = %s/ca.pem\n", false },
	{ "too old", "old.pem", "tls_client_ca = %s/ca.pem\n", false },
	{ "not asked for", "good.pem", "", false },
	{ "by its fingerprint", "self.pem",
	    "tls_client_fingerprints = FINGERPRINT\n", true },
	{ "by another fingerprint", "good.pem",
	    "tls_client_fingerprints = FINGERPRINT\n", false },
	{ "by the authority, not the fingerprint", "good.pem",
	    "tls_client_fingerprints = FINGERPRINT\n"
	    "tls_client_ca = %s/ca.pem\n",
	    true },
};

/* Of self.pem, as openssl prints it. */
static char *
find_fingerprint(const struct house *house)
{
	g_autofree char *path = secure_path(house->folder, "self.pem");
	BIO *bio = BIO_new_file(path, "r");
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	GString *text = g_string_new("SHA256:");
	unsigned char digest[32];

	X509_digest(certificate, EVP_sha256(), digest, NULL);
	for (unsigned i = 0; i < sizeof(digest); i++)
		g_string_append_printf(
		    text, "%s%02X", i > 0 ? ":" : "", digest[i]);
	X509_free(certificate);
	BIO_free(bio);
	return g_string_free(text, FALSE);
}

static void
check_client(const struct house *house, size_t i, int most)
{
	g_autofree char *fingerprint = find_fingerprint(house);
	g_auto(GStrv) parts =
	    g_strsplit(clients[i].settings, "FINGERPRINT", -1);
	g_autofree char *joined = g_strjoinv(fingerprint, parts);
	g_autofree char *settings = g_strconcat(
	    joined, "allow = 192.0.2.0/24\ngreet_pause = 0\n", NULL);
	g_autofree char *path =
	    clients[i].certificate == NULL
		? NULL
		: secure_path(house->folder, clients[i].certificate);
	struct secure_wish wish = { .certificate = path, .most = most };
	struct stand *stand = open_stand(house, settings);
	struct secure *secure = secure_open(stand, &wish);

	g_free(secure_ehlo(secure));
	secure_play(secure, clients[i].name, MAIL);
	secure_play(secure, clients[i].name,
	    clients[i].allowed ? RCPT : "> RCPT TO:<b@x.y>\n< 554 5.7.1\n");
	secure_free(secure);
	stand_free(stand);
}

static void
test_clients(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
		for (int most = TLS1_2_VERSION; most <= TLS1_3_VERSION; most++)
			check_client(*state, i, most);
}

/* A mail over many records, and more replies than any buffer holds. */
static void
test_much(void **state)
{
	static const unsigned resets = 40000;
	struct stand *stand = open_stand(
	    *state, "idle_commands = 1000000\nunsent_replies = 4096\n");
	struct secure *secure = secure_open(stand, &anything);
	g_autofree char *line = g_strnfill(998, 'x');
	struct submission *submission;

	stand->automatic = false;
	g_free(secure_ehlo(secure));
	secure_play(secure, "mail", MAIL RCPT DATA);
	secure_say(secure, "Subject: much\r\n\r\n");
	for (unsigned i = 0; i < 3000; i++) {
		secure_say(secure, line);
		secure_say(secure, "\r\n");
	}
	secure_say(secure, ".\r\n");
	submission = stand_submission(stand);
	assert_int_equal(spool_size(submission->spool), 17 + 3000 * 1000);
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	secure_play(secure, "much", "< 250 2.0.0 ok\n");
	for (unsigned i = 0; i < resets; i += 100) {
		for (unsigned j = 0; j < 100; j++)
			secure_say(secure, "RSET\r\n");
		if (i < 2000)
			continue;
		for (unsigned j = 0; j < 100; j++)
			secure_expect(secure, "reset", "250 2.0.0");
	}
	for (unsigned j = 0; j < 2000; j++)
		secure_expect(secure, "rest", "250 2.0.0");
	secure_play(secure, "end", QUIT);
	secure_free(secure);
	stand_free(stand);
}

/* Commands that must wait for their answer, together with others. */
static void
test_synchronisation(void **state)
{
	struct stand *stand = open_stand(*state, "");
	static const struct {
		const char *first, *second; /* records of their own */
		const char *reply;
	} rows[] = {
		{ "NOOP\r\nNOOP\r\n", NULL, "554 5.5.0" },
		{ "RSET\r\nNOOP\r\n", NULL, "250 2.0.0" },
		{ "QUIT\r\n", NULL, "221 2.0.0" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct secure *secure = secure_open(stand, &anything);

		secure_say(secure, rows[i].first);
		/* an end behind it is no command */
		SSL_shutdown(secure->ssl);
		secure_expect(secure, rows[i].first, rows[i].reply);
		secure_free(secure);
	}
	stand_free(stand);
}

/* Records that bear nothing cost their sender more than us: others are served
 * meanwhile, and it, too, when it has done. */
static void
test_key_updates(void **state)
{
	struct stand *stand = open_stand(*state, "");
	struct secure *idle = secure_open(stand, &anything);
	struct secure *busy = secure_open(stand, &anything);

	for (unsigned i = 0; i < 5000; i++) {
		SSL_key_update(busy->ssl, i % 2 == 0
					      ? SSL_KEY_UPDATE_NOT_REQUESTED
					      : SSL_KEY_UPDATE_REQUESTED);
		assert_int_equal(SSL_do_handshake(busy->ssl), 1);
	}
	secure_play(idle, "another", "> NOOP\n< 250\n" QUIT);
	secure_play(busy, "the same", "> NOOP\n< 250\n" QUIT);
	secure_free(idle);
	secure_free(busy);
	stand_free(stand);
}

static void
test_timeout(void **state)
{
	static const char *const modes_timed[] = { "offered", "implicit" };

	for (size_t i = 0; i < G_N_ELEMENTS(modes_timed); i++) {
		g_autofree char *settings = g_strconcat("tls_timeout = 30ms\n",
		    "tls = ", modes_timed[i], "\n", NULL);
		struct stand *stand = open_stand(*state, settings);
		struct secure *secure =
		    i == 0 ? secure_start(stand) : secure_new(stand);

		client_write(secure->plain, "\x16\x03", 2);
		assert_true(is_silent(secure->plain));
		secure_free(secure);
		stand_free(stand);
	}
}

/* Handshakes under way are paid for, and none is begun that cannot be; what is
 * inside TLS costs less. */
static void
test_memory(void **state)
{
	const struct house *house = *state;
	struct stand *stand = stand_new(house->own, 4 * 65536 + 45000);
	struct secure *some[4], *late = secure_new(stand);

	for (size_t i = 0; i < G_N_ELEMENTS(some); i++) {
		some[i] = secure_start(stand);
		assert_int_equal(budget_taken(stand->budget), (i + 1) * 65536);
	}
	client_play(late->plain, "full",
	    "< 220 \n> STARTTLS\n< 454 4.7.0\n> NOOP\n< 250\n");
	assert_true(secure_shake(some[0], &anything));
	secure_play(some[0], "inside", "> NOOP\n< 250\n");
	assert_int_equal(budget_taken(stand->budget), 3 * 65536 + 16384);
	client_play(late->plain, "room", "> STARTTLS\n< 220\n");
	assert_true(secure_shake(late, &anything));
	secure_free(late);
	for (size_t i = 0; i < G_N_ELEMENTS(some); i++)
		secure_free(some[i]);
	stand_free(stand);
}

static void
test_memory_implicit(void **state)
{
	const struct house *house = *state;
	g_autofree char *settings =
	    g_strconcat(house->own, "tls = implicit\n", NULL);
	struct stand *stand = stand_new(settings, 60000);
	struct client *client = client_new(stand);

	assert_true(is_silent(client));
	client_free(client);
	stand_free(stand);
}

/* Whatever way clients leave, none of them is left behind: the server stops
 * without waiting for anyone. */
static void
test_leaving(void **state)
{
	struct stand *stand =
	    open_stand(*state, "tls_timeout = 1m\nlinger_timeout = 1m\n");
	struct secure *polite = secure_open(stand, &anything);
	struct secure *rude = secure_open(stand, &anything);
	struct secure *early = secure_start(stand);
	struct secure *waiting = secure_start(stand);
	struct secure *rough = secure_open(stand, &anything);
	struct linger now = { .l_onoff = 1 };

	SSL_shutdown(polite->ssl);
	assert_null(secure_line(polite));
	secure_free(polite);
	secure_free(rude);
	secure_free(early);
	setsockopt(rough->plain->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	secure_free(rough);
	stand_stop(stand, 1000);
	/* one whose handshake is not over cannot be told */
	assert_true(is_silent(waiting->plain));
	secure_free(waiting);
	stand_wait_stopped(stand);
	stand_free(stand);
}

static void
test_stopping(void **state)
{
	struct stand *stand = open_stand(*state, "");
	struct secure *secure = secure_open(stand, &anything);

	stand_stop(stand, 1000);
	secure_play(secure, "stop", "< 421 4.3.2\n.\n");
	secure_free(secure);
	stand_wait_stopped(stand);
	stand_free(stand);
}

/* A proxy's header and the client's handshake in one piece. */
static void
test_proxy(void **state)
{
	struct stand *stand = open_stand(*state,
	    "tls = implicit\nproxy = 127.0.0.1\nallow = 192.0.2.0/24\n");
	static const char header[] =
	    "PROXY TCP4 192.0.2.1 192.0.2.2 1234 465\r\n";
	struct secure *secure = secure_new(stand);
	char *bytes;
	long length;

	secure_prepare(secure, &anything);
	SSL_set_bio(secure->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_do_handshake(secure->ssl);
	BIO_write(SSL_get_rbio(secure->ssl), header, 0);
	length = BIO_get_mem_data(SSL_get_wbio(secure->ssl), &bytes);
	g_autofree char *all = g_malloc(sizeof(header) + (size_t)length);
	memcpy(all, header, strlen(header));
	memcpy(all + strlen(header), bytes, (size_t)length);
	client_write(secure->plain, all, strlen(header) + (size_t)length);
	SSL_set_fd(secure->ssl, secure->plain->fd);
	assert_int_equal(SSL_do_handshake(secure->ssl), 1);
	secure_play(secure, "proxy", "< 220\n> EHLO c\n< 250-\n");
	secure_free(secure);
	stand_free(stand);
}

static const struct wanted wanted[] = {
	{ .file = "own.pem", .names = "DNS:mx.example.com,DNS:localhost" },
	{ .file = "second.pem",
	    .names = "DNS:second.example.com,DNS:*.wild.example.com" },
	{ .file = "second-rsa.pem",
	    .names = "DNS:second.example.com,DNS:*.wild.example.com",
	    .bits = 2048 },
	{ .file = "third.pem" },
	{ .file = "ca.pem" },
	{ .file = "other-ca.pem" },
	{ .file = "good.pem",
	    .names = "DNS:c.example.com",
	    .signer = "ca.pem" },
	{ .file = "old.pem",
	    .names = "DNS:c.example.com",
	    .signer = "ca.pem",
	    .days = -1 },
	{ .file = "self.pem", .names = "DNS:c.example.com" },
};

static int
build(void **state)
{
	struct house *house = g_new0(struct house, 1);

	house->folder = secure_folder();
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		secure_write(house->folder, &wanted[i]);
	house->own = g_strdup_printf("tls_certificate = %s/own.pem,"
				     "%s/second.pem,%s/second-rsa.pem,"
				     "%s/third.pem\n",
	    house->folder, house->folder, house->folder, house->folder);
	*state = house;
	return 0;
}

static int
raze(void **state)
{
	struct house *house = *state;

	secure_remove(house->folder);
	g_free(house->folder);
	g_free(house->own);
	g_free(house);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_implicit),
		cmocka_unit_test(test_early_talker),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_resumption),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_synchronisation),
		cmocka_unit_test(test_key_updates),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_implicit),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_stopping),
		cmocka_unit_test(test_proxy),
	};

	return cmocka_run_group_tests(tests, build, raze);
}
