/* SPDX-License-Identifier: MIT */
/* Certificates as files: what is wrong with them, and newer ones. */
#include "secure.h"

#include "keyring.h"
#include "tls_identity.h"

static const struct secure_wish anything = { 0 };

/* Puts the folder where %s is. */
static char *
place(const char *folder, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "%s", -1);

	return g_strjoinv(folder, parts);
}

/* What the settings of a listener come to: the first error; NULL: none. */
static char *
check(const char *folder, const char *settings)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *placed = place(folder, settings);
	g_autofree char *text =
	    g_strconcat("[listener l]\naddress = 127.0.0.1:0\n", placed, NULL);
	struct config *config = stand_config(text, errors);

	if (config != NULL)
		server_check(config, errors);
	config_unref(config);
	return errors->len == 0 ? NULL : g_strdup(errors->pdata[0]);
}

/* Settings, and the error they get; NULL: none. */
static const struct {
	const char *name, *settings, *error;
} rows[] = {
	{ "nothing", "", NULL },
	{ "off without a certificate", "tls = off\n", NULL },
	{ "a certificate", "tls_certificate = %s/own.pem\n", NULL },
	{ "turned off", "tls = off\ntls_certificate = %s/own.pem\n", NULL },
	{ "a key of its own",
	    "tls_certificate = %s/apart.pem\ntls_key = %s/apart.key\n", NULL },
	{ "two kinds of key", "tls_certificate = %s/own.pem, %s/own-rsa.pem\n",
	    NULL },
	{ "everything",
	    "tls = required\ntls_certificate = %s/own.pem\ntls_min = 1.3\n"
	    "tls_client_ca = %s/ca.pem\ntls_timeout = 5s\n",
	    NULL },
	{ "on without a certificate", "tls = required\n",
	    ":3: [listener l] tls is on, and there is no tls_certificate" },
	{ "a key without a certificate", "tls_key = %s/own.pem\n",
	    ":3: [listener l] tls_key is there without tls_certificate" },
	{ "too few keys",
	    "tls_certificate = %s/own.pem, %s/apart.pem\n"
	    "tls_key = %s/apart.key\n",
	    ":4: [listener l] tls_key names 1 file, tls_certificate 2" },
	{ "a path that is none", "tls_certificate = own.pem\n",
	    ":3: [listener l] tls_certificate names own.pem; paths that begin "
	    "with /" },
	{ "clients without TLS", "tls_client_ca = %s/ca.pem\n",
	    ":3: [listener l] tls_client_ca lets clients in by certificates" },
	{ "clients with TLS off",
	    "tls = off\ntls_certificate = %s/own.pem\n"
	    "tls_client_fingerprints = 00\n",
	    ":5: [listener l] tls_client_fingerprints lets clients in" },
	{ "a fingerprint too short",
	    "tls_certificate = %s/own.pem\n"
	    "tls_client_fingerprints = ab:cd\n",
	    ":4: [listener l] tls_client_fingerprints holds ab:cd, which is "
	    "no fingerprint; 64 hex digits" },
	{ "a fingerprint of another kind",
	    "tls_certificate = %s/own.pem\ntls_client_fingerprints = "
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg"
	    "\n",
	    "which is no fingerprint" },
	{ "fingerprints in every form",
	    "tls_certificate = %s/own.pem\ntls_client_fingerprints = "
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef,"
	    "SHA256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
	    "0123456789ABCDEF,"
	    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:"
	    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF\n",
	    NULL },
	{ "passwords for old printers",
	    "tls_certificate = %s/own.pem\ntls_min = 1.0\nauth = any\n",
	    ":5: [listener l] auth takes passwords, and tls_min = 1.0 lets "
	    "them be read" },
	{ "old printers", "tls_certificate = %s/own.pem\ntls_min = 1.0\n",
	    NULL },
	/* files */
	{ "no file", "tls_certificate = %s/nothing.pem\n",
	    "tls_certificate: cannot read " },
	{ "a folder", "tls_certificate = %s\n", "cannot read " },
	{ "no certificate", "tls_certificate = %s/apart.key\n",
	    "apart.key holds no certificate that can be read" },
	{ "a damaged chain", "tls_certificate = %s/damaged.pem\n",
	    "damaged.pem holds a damaged certificate behind the first" },
	{ "no key", "tls_certificate = %s/apart.pem\n",
	    "apart.pem holds no private key" },
	{ "a key file without a key",
	    "tls_certificate = %s/apart.pem\ntls_key = %s/ca.txt\n",
	    ":4: [listener l] tls_key: %s/ca.txt holds no private key" },
	{ "no key file",
	    "tls_certificate = %s/apart.pem\ntls_key = %s/none.key\n",
	    ":4: [listener l] tls_key: cannot read %s/none.key" },
	{ "no certificate beside a key",
	    "tls_certificate = %s/none.pem\ntls_key = %s/apart.key\n",
	    ":3: [listener l] tls_certificate: cannot read %s/none.pem" },
	{ "another's key",
	    "tls_certificate = %s/apart.pem\ntls_key = %s/own.pem\n",
	    ":4: [listener l] tls_key: the key in %s/own.pem does not belong "
	    "to the certificate in " },
	{ "a key with a passphrase", "tls_certificate = %s/wrapped.pem\n",
	    "wrapped.pem holds a key with a passphrase" },
	{ "a key that all may read",
	    "tls_certificate = %s/apart.pem\ntls_key = %s/public.key\n",
	    ":4: [listener l] tls_key: %s/public.key holds a key and has mode "
	    "0644, so that everyone on this host may read it" },
	{ "a key that all may change",
	    "tls_certificate = %s/apart.pem\ntls_key = %s/open.key\n",
	    "open.key holds a key and has mode 0602, so that everyone on this "
	    "host may change it" },
	{ "a key for its group",
	    "tls_certificate = %s/apart.pem\ntls_key = %s/group.key\n", NULL },
	{ "a weak key", "tls_certificate = %s/weak.pem\n",
	    "weak.pem cannot be used: " },
	{ "a weak key for old printers",
	    "tls_certificate = %s/weak.pem\ntls_min = 1.0\n", NULL },
	{ "the same twice", "tls_certificate = %s/own.pem, %s/twin.pem\n",
	    "are certificates for the same names (mx.example.com) with the "
	    "same kind of key" },
	{ "no authority",
	    "tls_certificate = %s/own.pem\ntls_client_ca = %s/apart.key\n",
	    "tls_client_ca: no certificates could be read from " },
	{ "a damaged authority",
	    "tls_certificate = %s/own.pem\ntls_client_ca = %s/damaged.pem\n",
	    "tls_client_ca: no certificates could be read from " },
	{ "a FIFO of authorities",
	    "tls_certificate = %s/own.pem\ntls_client_ca = %s/fifo\n",
	    "tls_client_ca: cannot read %s/fifo: it is a FIFO" },
};

static void
test_settings(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *error = check(*state, rows[i].settings);
		g_autofree char *expected =
		    rows[i].error == NULL ? NULL : place(*state, rows[i].error);
		bool good =
		    expected == NULL
			? error == NULL
			: error != NULL && strstr(error, expected) != NULL;

		if (!good)
			fail_msg("%s: %s", rows[i].name,
			    error != NULL ? error : "no error");
	}
}

/* What ends the check ends the start. */
static void
test_start(void **state)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text =
	    place(*state, "[listener l]\naddress = 127.0.0.1:0\n"
			  "tls_certificate = %s/apart.pem\n");
	struct config *config = stand_config(text, errors);
	struct loop *main = loop_new("main", NULL);
	struct server_options options = { .config = config, .main = main };
	g_autoptr(GError) error = NULL;

	assert_null(server_new(&options, &error));
	assert_non_null(strstr(error->message, "holds no private key"));
	loop_free(main);
	config_unref(config);
}

static void
test_identity(void **state)
{
	g_autofree char *path = secure_path(*state, "names.pem");
	bool of_key;
	struct tls_identity *identity =
	    tls_identity_read(path, NULL, &of_key, NULL);
	int64_t now = g_get_real_time() / G_USEC_PER_SEC;

	assert_non_null(identity);
	assert_string_equal(tls_identity_path(identity), path);
	assert_string_equal(tls_identity_names(identity),
	    "*.c.example.com, a.example.com, b.example.com");
	assert_string_equal(tls_identity_kind(identity), "EC");
	assert_in_range(
	    tls_identity_ends(identity), now + 2 * DAY, now + 4 * DAY);
	assert_true(tls_identity_serves(identity, "a.example.com"));
	assert_true(tls_identity_serves(identity, "x.c.example.com"));
	assert_false(tls_identity_serves(identity, "names.pem"));
	tls_identity_free(identity);
}

static void
on_reread(void *object)
{
	struct stand *stand = object;

	server_reread(stand->server);
}

/* Opens a session; true when it is shown what is in that file now. */
static bool
is_shown(const struct stand *stand, const char *folder, const char *file)
{
	g_autofree char *path = secure_path(folder, file);
	struct secure *secure = secure_open(stand, &anything);
	BIO *bio = BIO_new_file(path, "r");
	X509 *expected = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool same =
	    X509_cmp(SSL_get0_peer_certificate(secure->ssl), expected) == 0;

	X509_free(expected);
	BIO_free(bio);
	secure_free(secure);
	return same;
}

static void
put(const char *folder, const char *file, const char *text)
{
	g_autofree char *path = secure_path(folder, file);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	chmod(path, 0600);
}

static const struct wanted renewed = { .file = "renewed.pem",
	.names = "DNS:mx.example.com" };

/* Who is there keeps what it has; who comes gets the new one; a file that is
 * none changes nothing. */
static void
test_reread(void **state)
{
	const char *folder = *state;
	g_autofree char *settings = NULL;
	struct stand *stand;
	struct secure *old, *waiting;

	secure_write(folder, &renewed);
	settings = place(folder, "tls_certificate = %s/renewed.pem\n[server]\n"
				 "reread = 0\n");
	stand = stand_new(settings, 1 << 24);
	old = secure_open(stand, &anything);
	waiting = secure_start(stand);
	secure_write(folder, &renewed);
	assert_false(is_shown(stand, folder, "renewed.pem"));
	loop_call(stand->main, on_reread, stand);
	assert_true(is_shown(stand, folder, "renewed.pem"));
	put(folder, "renewed.pem", "no certificate\n");
	loop_call(stand->main, on_reread, stand);
	loop_call(stand->main, on_reread, stand);
	secure_free(secure_open(stand, &anything));
	/* it came before, so it is shown what was there then */
	assert_true(secure_shake(waiting, &anything));
	assert_int_equal(X509_cmp(SSL_get0_peer_certificate(waiting->ssl),
			     SSL_get0_peer_certificate(old->ssl)),
	    0);
	secure_play(waiting, "waiting", "> NOOP\n< 250\n" QUIT);
	secure_play(old, "old", "> NOOP\n< 250\n" QUIT);
	secure_free(waiting);
	secure_free(old);
	stand_free(stand);
}

static void
wait_shown(const struct stand *stand, const char *folder, const char *file)
{
	int64_t end = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;

	while (!is_shown(stand, folder, file))
		if (g_get_monotonic_time() > end)
			fail_msg("%s was not read again", file);
}

/* Without being told. */
static void
test_look(void **state)
{
	const char *folder = *state;
	g_autofree char *settings = NULL;
	struct stand *stand;

	secure_write(folder, &renewed);
	settings = place(folder, "tls_certificate = %s/renewed.pem\n[server]\n"
				 "reread = 5ms\n");
	stand = stand_new(settings, 1 << 24);
	assert_true(is_shown(stand, folder, "renewed.pem"));
	put(folder, "renewed.pem", "");
	secure_free(secure_open(stand, &anything));
	secure_write(folder, &renewed);
	wait_shown(stand, folder, "renewed.pem");
	stand_free(stand);
}

/* Rules of a listener. */
static struct rules *
read_rules(const char *folder, const char *settings, struct config **config)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *placed = place(folder, settings);
	g_autofree char *text =
	    g_strconcat("[listener l]\naddress = 127.0.0.1:0\n", placed, NULL);

	*config = stand_config(text, errors);
	assert_non_null(*config);
	return rules_new(*config, "l", errors);
}

/* Keys are made anew when a file is another one, and only then. */
static void
test_keyring(void **state)
{
	struct config *config;
	struct rules *rules;
	struct keyring *keyring;
	struct tls_keys *first, *second;

	secure_write(*state, &renewed);
	rules =
	    read_rules(*state, "tls_certificate = %s/renewed.pem\n", &config);
	keyring = keyring_new(rules, NULL);
	first = keyring_take(keyring);
	keyring_look(keyring);
	second = keyring_take(keyring);
	assert_ptr_equal(first, second);
	tls_keys_unref(second);
	keyring_reread(keyring);
	second = keyring_take(keyring);
	assert_ptr_not_equal(first, second);
	tls_keys_unref(first);
	secure_write(*state, &renewed);
	keyring_look(keyring);
	first = keyring_take(keyring);
	assert_ptr_not_equal(first, second);
	tls_keys_unref(first);
	tls_keys_unref(second);
	keyring_free(keyring);
	rules_free(rules);
	config_unref(config);
}

static void
test_none(void **state)
{
	struct config *config;
	struct rules *rules = read_rules(*state, "tls = off\n", &config);
	struct keyring *keyring = keyring_new(rules, NULL);

	assert_non_null(keyring);
	assert_null(keyring_take(keyring));
	keyring_reread(keyring);
	keyring_look(keyring);
	assert_null(keyring_take(keyring));
	keyring_free(keyring);
	rules_free(rules);
	config_unref(config);
}

static const struct wanted wanted[] = {
	{ .file = "own.pem", .names = "DNS:mx.example.com" },
	{ .file = "own-rsa.pem", .names = "DNS:mx.example.com", .bits = 2048 },
	{ .file = "names.pem",
	    .names = "DNS:b.example.com,DNS:A.example.com,"
		     "DNS:*.c.example.com",
	    .days = 3 },
	{ .file = "apart.pem",
	    .names = "DNS:mx.example.com",
	    .key = "apart.key" },
	{ .file = "wrapped.pem",
	    .names = "DNS:mx.example.com",
	    .wrapped = "secret" },
	{ .file = "weak.pem", .names = "DNS:mx.example.com", .bits = 1024 },
	{ .file = "ca.pem" },
};

static void
copy(const char *folder, const char *from, const char *to, mode_t mode)
{
	g_autofree char *source = secure_path(folder, from);
	g_autofree char *target = secure_path(folder, to);
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(source, &text, NULL, NULL));
	assert_true(g_file_set_contents(target, text, -1, NULL));
	chmod(target, mode);
}

static int
build(void **state)
{
	char *folder = secure_folder();
	g_autofree char *path = secure_path(folder, "damaged.pem");
	g_autofree char *fifo = secure_path(folder, "fifo");
	FILE *file;

	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		secure_write(folder, &wanted[i]);
	copy(folder, "apart.key", "public.key", 0644);
	copy(folder, "apart.key", "open.key", 0602);
	copy(folder, "apart.key", "group.key", 0640);
	copy(folder, "apart.pem", "damaged.pem", 0600);
	copy(folder, "own.pem", "twin.pem", 0600);
	file = fopen(path, "a");
	fputs("-----BEGIN CERTIFICATE-----\nMIIB\n"
	      "-----END CERTIFICATE-----\n",
	    file);
	fclose(file);
	put(folder, "ca.txt", "nothing\n");
	if (mkfifo(fifo, 0600) != 0)
		return -1;
	*state = folder;
	return 0;
}

static int
raze(void **state)
{
	secure_remove(*state);
	g_free(*state);
	return 0;
}

/* What is done to the file, and what is wrong then. */
static const struct {
	const char *name;
	long days;        /* of the new certificate; 0: none is written */
	const char *text; /* instead of it; NULL: the file stays */
	const char *kinds[2], *said;
} reports[] = {
	{ "a good one", 90, NULL, { NULL }, NULL },
	{ "one that ends soon", 3, NULL, { "certificate_ends" }, " ends 20" },
	{ "none", 0, "none\n", { "certificate_ends", "certificate_unread" },
	    "could not read its certificates again, and shows the old ones: " },
	{ "one that has ended", -2, NULL, { "certificate_ended" },
	    " has ended 20" },
	{ "a good one again", 90, NULL, { NULL }, NULL },
};

static void
check_report(unsigned i, struct complaints *complaints)
{
	g_autoptr(GPtrArray) list =
	    g_ptr_array_new_with_free_func(complaints_free_one);
	const struct complaint *last;

	complaints_list(complaints, list);
	for (unsigned n = 0; n < 2; n++)
		if (g_strcmp0(reports[i].kinds[n],
			n < list->len
			    ? ((struct complaint *)list->pdata[n])->kind
			    : NULL) != 0)
			fail_msg("%s: complaint %u", reports[i].name, n);
	if (reports[i].said == NULL)
		return;
	last = list->pdata[list->len - 1];
	assert_non_null(strstr(last->text, reports[i].said));
	assert_non_null(last->advice);
	assert_int_equal(
	    last->urgent, strcmp(last->kind, "certificate_ends") != 0);
}

static void
test_reports(void **state)
{
	struct config *config;
	struct rules *rules;
	struct keyring *keyring = NULL;
	struct complaints *complaints = complaints_new();

	secure_write(*state, &renewed);
	rules =
	    read_rules(*state, "tls_certificate = %s/renewed.pem\n", &config);
	for (unsigned i = 0; i < G_N_ELEMENTS(reports); i++) {
		struct wanted wish = renewed;

		wish.days = reports[i].days;
		if (reports[i].text == NULL)
			secure_write(*state, &wish);
		else
			put(*state, wish.file, reports[i].text);
		if (keyring == NULL)
			keyring = keyring_new(rules, NULL);
		else
			keyring_look(keyring);
		keyring_report(keyring, complaints);
		check_report(i, complaints);
	}
	keyring_free(keyring);
	complaints_free(complaints);
	rules_free(rules);
	config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_reread),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_keyring),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_reports),
	};

	return cmocka_run_group_tests(tests, build, raze);
}
