/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include "threads.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 1000

/* Standard error while a test looks at it. */
struct capture {
	int read, saved;
};

static struct capture
begin_capture(void)
{
	struct capture capture;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fflush(stderr);
	capture.saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	capture.read = ends[0];
	return capture;
}

/* All that was written; the writers are through. */
static char *
end_capture(const struct capture *capture)
{
	GString *text = g_string_new(NULL);
	char bytes[4096];
	ssize_t length;

	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
	while ((length = read(capture->read, bytes, sizeof(bytes))) > 0)
		g_string_append_len(text, bytes, length);
	close(capture->read);
	return g_string_free(text, FALSE);
}

static const struct {
	const char *name, *value, *text;
} values[] = {
	{ "plain", "abc", "abc" },
	{ "the ends of what is plain", "!#[]~", "!#[]~" },
	{ "plain at first",
	    "abc\x7f"
	    "abc",
	    "abc\\x7f"
	    "abc" },
	{ "none", NULL, "-" },
	{ "what reads like none", "-", "\"-\"" },
	{ "empty", "", "\"\"" },
	{ "a space", "a b", "\"a b\"" },
	{ "an equals sign", "a=b", "\"a=b\"" },
	{ "a line end", "a\nfake line", "\"a\\x0afake line\"" },
	{ "CR, ESC, DEL", "\r\x1b[31m\x7f", "\\x0d\\x1b[31m\\x7f" },
	{ "quotes and backslash", "\"\\", "\"\\\"\\\\\"" },
	{ "a backslash", "\\x22", "\\\\x22" },
	{ "UTF-8", "gr\xc3\xbc\xc3\x9f \xe4\xbd\xa0",
	    "\"gr\xc3\xbc\xc3\x9f \xe4\xbd\xa0\"" },
	{ "not UTF-8", "caf\xe9!", "caf\\xe9!" },
	{ "half a character", "a\xe4\xbd", "a\\xe4\\xbd" },
	{ "overlong", "\xc0\x80", "\\xc0\\x80" },
	{ "a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "C1 controls",
	    "\xc2\x9b"
	    "1m",
	    "\\xc2\\x9b"
	    "1m" },
	{ "right to left",
	    "\xe2\x80\xae"
	    "fdp.exe",
	    "\\xe2\\x80\\xae"
	    "fdp.exe" },
	{ "isolates", "\xe2\x81\xa6\xe2\x81\xa9",
	    "\\xe2\\x81\\xa6\\xe2\\x81\\xa9" },
	{ "line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
	{ "a secret", "key=canary-0123!", "\"key=<redacted>!\"" },
	{ "two of them", "canary-0123canary-0123", "<redacted><redacted>" },
	{ "too short for a secret", "short77", "short77" },
	{ "a login for Basic",
	    "Basic am9lOmNhbmFyeS1sb2dpbg==", "\"Basic <redacted>\"" },
	{ "a login for AUTH PLAIN",
	    "AGpvZQBjYW5hcnktbG9naW4=", "\"<redacted>\"" },
	{ "a password for AUTH LOGIN", "Y2FuYXJ5LWxvZ2lu", "<redacted>" },
	{ "a secret that begins another one", "canary-01234 canary-0123",
	    "\"<redacted> <redacted>\"" },
	{ "a secret that begins twice", "canary-canary-0123",
	    "canary-<redacted>" },
};

static void
test_escape(void **state)
{
	(void)state;
	log_hide("canary-01234");
	log_hide("canary-0123");
	log_hide("canary-0123");
	log_hide("short77");
	log_hide_login("joe", "canary-login");
	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autoptr(GString) line = g_string_new("x=");

		log_escape(line, values[i].value);
		if (strcmp(line->str + 2, values[i].text) != 0)
			fail_msg("%s: %s", values[i].name, line->str);
	}
}

/* value is unit repeated; what is left are `kept` bytes, and whether "...". */
static const struct {
	const char *unit;
	unsigned times, kept;
	bool cut;
} lengths[] = {
	{ "a", 255, 255, false }, { "a", 256, 256, false },
	{ "a", 257, 256, true }, { "a", 1000000, 256, true },
	{ "\n", 64, 256, false }, { "\n", 65, 256, true },
	{ "\xe4\xbd\xa0", 86, 255, true }, /* not within a character */
	{ "canary-0123", 100, 250, true }, /* not within what it hides */
};

static void
test_cut(void **state)
{
	(void)state;
	log_hide("canary-0123");
	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autoptr(GString) value = g_string_new(NULL);
		g_autoptr(GString) line = g_string_new(NULL);
		size_t want = lengths[i].kept + (lengths[i].cut ? 3 : 0);

		for (unsigned n = 0; n < lengths[i].times; n++)
			g_string_append(value, lengths[i].unit);
		log_escape(line, value->str);
		if (i == G_N_ELEMENTS(lengths) - 1) {
			assert_null(strstr(line->str, "canary"));
			want = 256 + 3;
		}
		assert_int_equal(line->len, want);
		assert_int_equal(
		    g_str_has_suffix(line->str, "..."), lengths[i].cut);
	}
}

/* The time is left out: it is the one thing that differs. */
static void
check_lines(const struct log_options *options, const char *want)
{
	struct capture capture = begin_capture();

	log_open(options);
	log_debug("not wanted", log_num("x", 1));
	log_info("mail accepted", log_str("mail", "01J"), log_num("size", -5),
	    log_num("least", INT64_MIN), log_num("zero", 0),
	    log_str("from", NULL), log_str("subject", "a \"b\"\n"),
	    log_str_if("none", NULL), log_str_if("empty", ""),
	    log_num_if("nothing", 0), log_num_if("less", -1),
	    log_str_if("more", "m"), log_num_if("some", 1));
	log_error("cannot start", log_str("why", "x"));
	log_close();
	g_autofree char *text = end_capture(&capture);
	g_autoptr(GRegex) time =
	    g_regex_new("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z",
		G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT, NULL);
	g_autofree char *have = g_regex_replace_literal(
	    time, text, -1, 0, "TIME", G_REGEX_MATCH_DEFAULT, NULL);
	assert_string_equal(have, want);
}

static void
test_forms(void **state)
{
	struct log_options text = { .level = LOG_LEVEL_INFO };
	struct log_options json = { .level = LOG_LEVEL_ERROR,
		.form = LOG_FORM_JSON };

	(void)state;
	check_lines(&text, "TIME info mail accepted mail=01J size=-5 "
			   "least=-9223372036854775808 zero=0 from=- "
			   "subject=\"a \\\"b\\\"\\x0a\" more=m some=1\n"
			   "TIME error cannot start why=x\n");
	check_lines(&json,
	    "{\"time\":\"TIME\",\"level\":\"error\",\"event\":\"cannot "
	    "start\",\"why\":\"x\"}\n");
	json.level = LOG_LEVEL_INFO;
	check_lines(&json,
	    "{\"time\":\"TIME\",\"level\":\"info\",\"event\":\"mail "
	    "accepted\",\"mail\":\"01J\",\"size\":-5,"
	    "\"least\":-9223372036854775808,\"zero\":0,\"from\":null,"
	    "\"subject\":\"a \\\"b\\\"\\\\x0a\",\"more\":\"m\",\"some\":1}\n"
	    "{\"time\":\"TIME\",\"level\":\"error\",\"event\":\"cannot "
	    "start\",\"why\":\"x\"}\n");
}

/* The stream of journald is known by its numbers. */
static void
name_journal(ino_t plus)
{
	struct stat is;

	assert_int_equal(fstat(STDERR_FILENO, &is), 0);
	g_autofree char *stream = g_strdup_printf(
	    "%ju:%ju", (uintmax_t)is.st_dev, (uintmax_t)(is.st_ino + plus));
	g_setenv("JOURNAL_STREAM", stream, TRUE);
}

static char *
write_to_journal(const struct log_options *options, ino_t plus)
{
	struct capture capture = begin_capture();

	name_journal(plus);
	log_open(options);
	log_debug("odd", log_num("x", 1));
	log_info("mail queued", log_str("mail", "01J"));
	log_warn("provider paused", log_str("provider", "a\n<0>b"));
	log_error("mail held", log_str("mail", "01J"));
	log_close();
	g_unsetenv("JOURNAL_STREAM");
	return end_capture(&capture);
}

/* Nobody hears the journal's own protocol. */
static void
test_journal(void **state)
{
	struct log_options options = { .level = LOG_LEVEL_DEBUG,
		.journal = "/nonexistent/socket" };

	(void)state;
	g_autofree char *text = write_to_journal(&options, 0);
	assert_string_equal(text, "<7>odd x=1\n"
				  "<6>mail queued mail=01J\n"
				  "<4>provider paused provider=a\\x0a<0>b\n"
				  "<3>mail held mail=01J\n");
	options.form = LOG_FORM_JSON;
	g_autofree char *json = write_to_journal(&options, 0);
	assert_true(g_str_has_prefix(json, "<7>{\"time\":\""));
	assert_non_null(strstr(json, "\n<3>{\"time\":\""));
	/* inherited from somebody who has another standard error */
	g_autofree char *other = write_to_journal(&options, 1);
	assert_true(g_str_has_prefix(other, "{\"time\":\""));
	assert_null(strstr(other, "\n<"));
}

/* A journal of ours. */
struct hearer {
	char *folder, *path;
	int fd;
};

static struct hearer
begin_hearing(void)
{
	struct hearer hearer = { .folder = g_dir_make_tmp("log-XXXXXX", NULL) };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	hearer.path = g_build_filename(hearer.folder, "socket", NULL);
	g_strlcpy(address.sun_path, hearer.path, sizeof(address.sun_path));
	hearer.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(hearer.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return hearer;
}

static void
end_hearing(const struct hearer *hearer)
{
	close(hearer->fd);
	unlink(hearer->path);
	rmdir(hearer->folder);
	g_free(hearer->path);
	g_free(hearer->folder);
}

/* The next datagram. */
static GString *
hear(const struct hearer *hearer)
{
	GString *entry = g_string_sized_new(1 << 16);
	ssize_t length = recv(hearer->fd, entry->str, 1 << 16, MSG_DONTWAIT);

	assert_true(length > 0);
	return g_string_set_size(entry, (gsize)length);
}

static void
check_entry(const struct hearer *hearer, const char *want, size_t length)
{
	g_autoptr(GString) have = hear(hearer);

	if (have->len != length || memcmp(have->str, want, length) != 0)
		fail_msg("%s\ninstead of\n%s", have->str, want);
}

#define ENTRY(text) text, sizeof(text) - 1
#define FROM_US     "SYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=postferry\n"

/* Each key is a field; what has line ends is told with its length. */
static void
test_journal_fields(void **state)
{
	struct hearer hearer = begin_hearing();
	struct log_options options = { .level = LOG_LEVEL_INFO,
		.journal = hearer.path };
	struct capture capture = begin_capture();

	(void)state;
	log_hide("canary-0123");
	name_journal(0);
	log_open(&options);
	log_info("mail queued", log_str("mail", "01J"), log_num("size", -5),
	    log_str("from", NULL), log_str_if("none", NULL),
	    log_str("trace_id", "a b"));
	log_error(
	    "mail held", log_str("why", "\xff 1 > 0\nPRIORITY=0 canary-0123"));
	log_close();
	log_warn("later", log_num("n", 1)); /* by no journal */
	g_unsetenv("JOURNAL_STREAM");
	g_autofree char *text = end_capture(&capture);
	assert_true(g_str_has_suffix(text, "Z warn later n=1\n"));
	assert_null(strchr(text, '<'));
	check_entry(&hearer,
	    ENTRY("PRIORITY=6\n" FROM_US "MESSAGE=mail queued mail=01J size=-5 "
		  "from=- trace_id=\"a b\"\nPOSTFERRY_EVENT=mail queued\n"
		  "POSTFERRY_MAIL=01J\nPOSTFERRY_SIZE=-5\n"
		  "POSTFERRY_TRACE_ID=a b\n"));
	check_entry(
	    &hearer, ENTRY("PRIORITY=3\n" FROM_US
			   "MESSAGE=mail held why=\"\\xff 1 > 0\\x0aPRIORITY=0 "
			   "<redacted>\"\nPOSTFERRY_EVENT=mail held\n"
			   "POSTFERRY_WHY\n\x1d\0\0\0\0\0\0\0"
			   "\xff 1 > 0\nPRIORITY=0 <redacted>\n"));
	end_hearing(&hearer);
}

/* A long value is cut; what the journal does not take goes to standard error.
 */
static void
test_journal_long(void **state)
{
	struct hearer hearer = begin_hearing();
	struct log_options options = { .level = LOG_LEVEL_INFO,
		.form = LOG_FORM_JSON,
		.journal = hearer.path };
	g_autofree char *value = g_strnfill(1 << 20, 'a');
	struct capture capture = begin_capture();

	(void)state;
	name_journal(0);
	log_open(&options);
	log_info("told", log_str("text", value));
	log_close();
	g_autoptr(GString) entry = hear(&hearer);
	assert_non_null(strstr(entry->str, "\nMESSAGE={\"time\":\""));
	const char *cut = strstr(entry->str, "\nPOSTFERRY_TEXT=aaaa");
	assert_non_null(cut);
	assert_int_equal(strlen(cut), strlen("\nPOSTFERRY_TEXT=...\n") + 4096);
	end_hearing(&hearer);
	hearer.path = g_strdup("/nonexistent");
	options.journal = hearer.path;
	log_open(&options);
	log_info("told", log_str("text", "b"));
	log_close();
	g_unsetenv("JOURNAL_STREAM");
	g_free(hearer.path);
	g_autofree char *text = end_capture(&capture);
	assert_true(g_str_has_prefix(text, "<6>{\"time\":\""));
	assert_null(strstr(text, "aaaa"));
}

static void
test_levels(void **state)
{
	struct log_options options = { .level = LOG_LEVEL_WARN };

	(void)state;
	log_open(&options);
	assert_false(log_wants(LOG_LEVEL_DEBUG));
	assert_false(log_wants(LOG_LEVEL_INFO));
	assert_true(log_wants(LOG_LEVEL_WARN));
	assert_true(log_wants(LOG_LEVEL_ERROR));
	log_close();
}

static void
test_without_writer(void **state)
{
	struct capture capture = begin_capture();

	(void)state;
	log_error("before", log_num("n", 1));
	g_autofree char *text = end_capture(&capture);
	assert_true(g_str_has_suffix(text, "Z error before n=1\n"));
}

static void *
on_close(void *object)
{
	(void)object;
	log_close();
	return NULL;
}

/* Lines written, and lines that were said to be dropped. */
static void
count_lines(const char *text, unsigned *written, unsigned *lost)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	*written = *lost = 0;
	for (char **line = lines; line[1] != NULL; line++) {
		const char *said = strstr(*line, " warn log lines ");

		*written += strstr(*line, " info line number=") != NULL;
		if (said != NULL)
			*lost += (unsigned)atoi(strchr(said, '=') + 1);
	}
}

/* Nobody reads: lines are dropped, nobody waits, and their number is logged. */
static void
test_full(void **state)
{
	struct log_options options = { .level = LOG_LEVEL_INFO,
		.ring_lines = 8 };
	struct capture capture = begin_capture();
	g_autoptr(GString) text = g_string_new(NULL);
	uint64_t before = log_dropped();
	unsigned written = 0, lost = 0;
	pthread_t closer;

	(void)state;
	assert_true(fcntl(capture.read, F_SETPIPE_SZ, 4096) >= 4096);
	log_open(&options);
	for (unsigned i = 0; i < LINES; i++)
		log_info("line", log_num("number", i));
	uint64_t dropped = log_dropped() - before;
	assert_in_range(dropped, 1, LINES - 8);
	/* it waits until what is left has been read */
	pthread_create(&closer, NULL, on_close, NULL);
	while (written + lost < LINES) {
		char bytes[512];
		ssize_t length = read(capture.read, bytes, sizeof(bytes));

		assert_true(length > 0);
		g_string_append_len(text, bytes, length);
		count_lines(text->str, &written, &lost);
	}
	pthread_join(closer, NULL);
	g_autofree char *rest = end_capture(&capture);
	g_string_append(text, rest);
	count_lines(text->str, &written, &lost);
	assert_int_equal(written + lost, LINES);
	assert_int_equal(lost, dropped);
}

/* Over the rate one in a hundred is written, each error, and how many are not;
 * should a second end meanwhile, as many more. */
static void
test_rate(void **state)
{
	struct log_options options = { .level = LOG_LEVEL_INFO, .rate = 50 };
	struct capture capture = begin_capture();
	uint64_t before = log_dropped();
	unsigned written, left_out;

	(void)state;
	log_open(&options);
	for (unsigned i = 0; i < LINES; i++) {
		log_info("line", log_num("number", i));
		if (i % 200 == 199)
			log_error("broken", log_num("number", i));
	}
	log_close();
	g_autofree char *text = end_capture(&capture);
	count_lines(text, &written, &left_out);
	assert_int_equal(written + left_out, LINES);
	assert_int_equal(left_out, log_dropped() - before);
	assert_in_range(written, 50 + (LINES - 50) / 100, 2 * 50 + 9);
	assert_non_null(strstr(text, "log lines left out"));
	assert_non_null(strstr(text, " log_rate=50\n"));
	g_auto(GStrv) errors = g_strsplit(text, " error broken ", -1);
	assert_int_equal(g_strv_length(errors), 1 + LINES / 200);
}

/* Without a rate, and below it, none is left out. */
static void
test_below_rate(void **state)
{
	static const unsigned rates[] = { 0, LINES };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
		struct log_options options = { .level = LOG_LEVEL_INFO,
			.rate = rates[i] };
		struct capture capture = begin_capture();
		unsigned written, left_out;

		assert_true(fcntl(capture.read, F_SETPIPE_SZ, 1 << 18) > 0);
		log_open(&options);
		for (unsigned n = 0; n < LINES; n++)
			log_info("line", log_num("number", n));
		log_close();
		g_autofree char *text = end_capture(&capture);
		count_lines(text, &written, &left_out);
		assert_int_equal(written, LINES);
		assert_int_equal(left_out, 0);
	}
}

struct teller {
	unsigned number;
};

static void *
on_tell(void *object)
{
	struct teller *teller = object;
	char secret[32];

	for (unsigned i = 0; i < LINES; i++) {
		g_snprintf(secret, sizeof(secret), "secret-%u-%u",
		    teller->number, i / 100);
		log_hide(secret);
		log_info("told", log_num("teller", teller->number),
		    log_num("line", i), log_str("secret", secret));
	}
	return NULL;
}

/* Every line whole, those of one thread in order, none with a secret. */
static void
test_threads(void **state)
{
	struct log_options options = { .level = LOG_LEVEL_INFO,
		.ring_lines = THREADS * LINES };
	struct teller tellers[THREADS];
	unsigned next[THREADS] = { 0 };
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;
	int saved = dup(STDERR_FILENO);
	int fd = g_file_open_tmp("log-XXXXXX", &path, NULL);

	(void)state;
	dup2(fd, STDERR_FILENO);
	log_open(&options);
	for (unsigned i = 0; i < THREADS; i++)
		tellers[i].number = i;
	run_threads(on_tell, tellers, sizeof(tellers[0]));
	log_close();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	unlink(path);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	assert_int_equal(g_strv_length(lines), THREADS * LINES + 1);
	for (char **line = lines; **line != '\0'; line++) {
		unsigned teller, number;

		assert_int_equal(
		    sscanf(strstr(*line, "told"), "told teller=%u line=%u",
			&teller, &number),
		    2);
		assert_int_equal(number, next[teller]++);
		assert_true(g_str_has_suffix(*line, " secret=<redacted>"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_journal_fields),
		cmocka_unit_test(test_journal_long),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_without_writer),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_below_rate),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
