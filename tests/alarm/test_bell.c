/* SPDX-License-Identifier: MIT */
/* The bell with a real command and a real server. */
#include "alarm.h"

#include "carriers/peer.h"
#include "tower.h"
#include <signal.h>

#define SCRIPT "{ cat; echo end; } >$FIFO"

struct stand {
	struct tower *tower;
	struct peer peer;
	struct loop *http;
	struct carrier carrier;
	struct config *config;
	struct herald *herald;
	struct bell *bell;
};

/* settings: "ALARM_PAUSE=1h ..."; %s is the command, %u the port. */
static struct config *
make_config(const char *settings, GPtrArray *errors)
{
	static const struct setting *const tables[] = { bell_settings, NULL };
	g_auto(GStrv) words = g_strsplit(settings, " ", -1);
	g_autoptr(GPtrArray) variables = g_ptr_array_new_with_free_func(g_free);
	struct config_source source = { .path = NULL };

	for (char **word = words; *word != NULL; word++)
		if (**word != '\0')
			g_ptr_array_add(variables,
			    g_strconcat("POSTFERRY_SERVER_", *word, NULL));
	g_ptr_array_add(variables, NULL);
	source.environment = (char *const *)variables->pdata;
	return config_read(&source, tables, errors);
}

/* NULL: there is no command. */
static struct herald *
hire_herald(const struct config *config)
{
	const char *command = config_string(config, "server", "alarm_command");

	return command != NULL ? herald_new(command, NULL) : NULL;
}

/* The test's thread runs main; the carrier's loop has one of its own. */
static void
open_stand(struct stand *stand, link_fn serve, const char *settings)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct bell_options options;
	GString *text = g_string_new(settings);
	g_autofree char *port = NULL;

	*stand = (struct stand){ .peer = { .serve = serve } };
	peer_start(&stand->peer);
	stand->tower = tower_new(SCRIPT);
	port = g_strdup_printf("%u", stand->peer.port);
	g_string_replace(text, "PORT", port, 0);
	g_string_replace(text, "SCRIPT", stand->tower->script, 0);
	stand->config = make_config(text->str, errors);
	assert_non_null(stand->config);
	assert_true(bell_check(stand->config, errors));
	stand->herald = hire_herald(stand->config);
	stand->http = loop_new("dispatch", NULL);
	stand->carrier = carrier_http_new(stand->http);
	options = (struct bell_options){
		.config = stand->config,
		.main = stand->tower->main,
		.herald = stand->herald,
		.http_loop = stand->http,
		.http = stand->carrier,
		.hostname = "mail.example.com",
	};
	stand->bell = bell_new(&options);
	loop_start(stand->http);
	g_string_free(text, TRUE);
}

static void
on_stopped(void *object)
{
	loop_quit(object);
}

static void
stop_bell(struct stand *stand)
{
	bell_stop(stand->bell, on_stopped, stand->tower->main);
	tower_run(stand->tower);
	assert_false(stand->tower->late);
}

static void
close_stand(struct stand *stand)
{
	loop_stop(stand->http);
	stand->carrier.free(stand->carrier.self);
	loop_free(stand->http);
	bell_free(stand->bell);
	herald_free(stand->herald);
	peer_stop(&stand->peer);
	config_unref(stand->config);
	tower_free(stand->tower);
}

static void
ring(struct stand *stand, const char *subject, bool over)
{
	struct alarm alarm = {
		.kind = "provider_unusable",
		.subject = subject,
		.over = over,
		.since_ms = INT64_C(1795256640123),
		.text = "mailgun refuses the key",
		.advice = "look at api_key_file",
	};

	bell_ring(stand->bell, &alarm);
}

/* Reads a request and notes it. */
static bool
read_request(struct link *link)
{
	char line[4096];
	uint64_t length = 0;

	while (link_line(link, line, sizeof line) && *line != '\0') {
		peer_note(link->peer, line);
		if (g_ascii_strncasecmp(line, "Content-Length:", 15) == 0)
			length = g_ascii_strtoull(line + 15, NULL, 10);
	}
	if (length == 0 || !link_line(link, line, sizeof line))
		return false;
	peer_note(link->peer, line);
	return true;
}

static void
serve_well(struct link *link)
{
	while (read_request(link)) {
		peer_note(link->peer, "answered");
		link_say(link, "HTTP/1.1 204 No Content\r\n\r\n");
	}
}

static void
serve_error(struct link *link)
{
	while (read_request(link))
		link_say(link, "HTTP/1.1 302 Found\r\nLocation: /other\r\n"
			       "Content-Length: 0\r\n\r\n");
}

static void
serve_silence(struct link *link)
{
	if (read_request(link))
		link_await_end(link);
}

#define JSON                                                                            \
	"{\"kind\":\"provider_unusable\",\"subject\":\"mailgun\","                      \
	"\"over\":false,\"since\":\"2026-11-21T10:24:00.123Z\",\"text\":"               \
	"\"mailgun refuses the key\",\"advice\":\"look at api_key_file\","              \
	"\"left_out\":0,\"host\":\"mail.example.com\",\"version\":\"" POSTFERRY_VERSION \
	"\"}"

/* Posts are under way until the bell has stopped. */
static void
await_posts(struct stand *stand, unsigned count)
{
	for (int i = 0; i < TOWER_PATIENCE_MS &&
			peer_count(&stand->peer, "\"kind\"") < count;
	     i++) {
		loop_timer_set(stand->tower->timer, 1);
		loop_run(stand->tower->main);
		stand->tower->late = false;
	}
	assert_int_equal(peer_count(&stand->peer, "\"kind\""), count);
}

static void
test_both(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand, serve_well,
	    "ALARM_COMMAND=SCRIPT "
	    "ALARM_URL=http://us%65r:pa%3Ass@127.0.0.1:PORT/hook/x%20y?a=b%26");
	ring(&stand, "mailgun", false);
	tower_await(stand.tower, "end\n", 1);
	assert_string_equal(stand.tower->text->str, JSON "\nend\n");
	await_posts(&stand, 1);
	stop_bell(&stand);
	assert_true(
	    peer_heard(&stand.peer, "POST /hook/x%20y?a=b%26 HTTP/1.1\n"));
	assert_true(
	    peer_heard(&stand.peer, "Content-Type: application/json\n"));
	/* user:pa:ss */
	assert_true(
	    peer_heard(&stand.peer, "Authorization: Basic dXNlcjpwYTpzcw==\n"));
	assert_true(peer_heard(&stand.peer, JSON "\n"));
	close_stand(&stand);
}

/* Both ways keep the pace; the end of what was told is told. */
static void
test_pause(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand, serve_well,
	    "ALARM_COMMAND=SCRIPT ALARM_URL=http://localhost:PORT");
	ring(&stand, "mailgun", false);
	ring(&stand, "mailgun", true);
	ring(&stand, "mailgun", false);
	ring(&stand, "mailgun", true);
	ring(&stand, "mandrill", false);
	tower_await(stand.tower, "end\n", 3);
	await_posts(&stand, 3);
	stop_bell(&stand);
	assert_int_equal(tower_count(stand.tower->text->str, "end\n"), 3);
	assert_int_equal(peer_count(&stand.peer, "\"kind\""), 3);
	assert_int_equal(peer_count(&stand.peer, "\"over\":true"), 1);
	assert_true(peer_heard(&stand.peer, "POST / HTTP/1.1\n"));
	close_stand(&stand);
}

/* What lasts is told when its pause is over, without anything coming. */
static void
test_pause_over(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(
	    &stand, serve_well, "ALARM_COMMAND=SCRIPT ALARM_PAUSE=200ms");
	ring(&stand, "mailgun", false);
	ring(&stand, "mailgun", true);
	ring(&stand, "mailgun", false);
	tower_await(stand.tower, "end\n", 3);
	stop_bell(&stand);
	close_stand(&stand);
}

static const struct {
	const char *name;
	link_fn serve;
	const char *url, *why;
} failures[] = {
	{ "a redirect is not followed", serve_error,
	    "http://127.0.0.1:PORT/token-secret", "it answered HTTP 302" },
	{ "nobody listens", serve_well, "http://127.0.0.1:1/token-secret",
	    "alarm url failed" },
};

/* A URL that fails is told of once, and nothing of what may be secret. */
static void
test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
		g_autofree char *settings =
		    g_strconcat("ALARM_URL=", failures[i].url, NULL);
		g_autofree char *log = NULL;
		struct stand stand;

		print_message("%s\n", failures[i].name);
		open_stand(&stand, failures[i].serve, settings);
		ring(&stand, "mailgun", false);
		ring(&stand, "mandrill", false);
		tower_await_log(stand.tower, failures[i].why, 1);
		if (failures[i].serve == serve_error)
			await_posts(&stand, 2);
		stop_bell(&stand);
		log = tower_log(stand.tower);
		assert_int_equal(tower_count(log, "alarm url failed"), 1);
		assert_null(strstr(log, "token-secret"));
		assert_non_null(strstr(log, "host=127.0.0.1"));
		close_stand(&stand);
	}
}

/* A server that says nothing is waited for, not longer than the deadline; at
 * the stop what waits behind it is forgotten. */
static void
test_silent(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand, serve_silence, "ALARM_URL=http://127.0.0.1:PORT/x");
	ring(&stand, "mailgun", false);
	ring(&stand, "mandrill", false);
	await_posts(&stand, 1);
	stop_bell(&stand);
	assert_int_equal(peer_count(&stand.peer, "\"kind\""), 1);
	close_stand(&stand);
}

/* Without settings it is rung in vain; and at the end letters are left over. */
static void
test_nothing_set(void **state)
{
	struct stand stand;

	(void)state;
	open_stand(&stand, serve_well, "");
	ring(&stand, "mailgun", false);
	stop_bell(&stand);
	ring(&stand, "mailgun", true);
	close_stand(&stand);
}

static const struct {
	const char *settings, *error; /* NULL: none */
} checks[] = {
	{ "", NULL },
	{ "ALARM_URL=https://hooks.example.com/abcdefg", NULL },
	{ "ALARM_URL=http://127.0.0.1:8080/alarm", NULL },
	{ "ALARM_URL=http://[::1]:8080/alarm", NULL },
	{ "ALARM_URL=http://localhost/alarm", NULL },
	{ "ALARM_URL=http://hooks.example.com/token-secret",
	    "ALARM_URL: [server] alarm_url: http is allowed to loopback only;"
	    " expected is https://host/path" },
	{ "ALARM_URL=ftp://hooks.example.com/token-secret",
	    "its scheme is not known" },
	{ "ALARM_URL=token-secret", "it is no URL" },
	{ "ALARM_URL=https:///token-secret", "it is no URL" },
	{ "ALARM_COMMAND=/nonexistent/alarm",
	    "ALARM_COMMAND: [server] alarm_command = /nonexistent/alarm: "
	    "/nonexistent/alarm is no program that this user can run here; "
	    "expected is the path of a program" },
};

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		struct config *config = make_config(checks[i].settings, errors);

		print_message("%s\n", checks[i].settings);
		assert_non_null(config);
		assert_int_equal(
		    bell_check(config, errors), checks[i].error == NULL);
		assert_int_equal(errors->len, checks[i].error != NULL);
		if (checks[i].error != NULL) {
			const char *error = errors->pdata[0];

			assert_non_null(strstr(error, checks[i].error));
			assert_null(strstr(error, "token-secret"));
		}
		config_unref(config);
	}
}

/* The herald is this program anew. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_pause_over),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_nothing_set),
		cmocka_unit_test(test_check),
	};

	if (argc > 1 && strcmp(argv[1], HERALD_COMMAND) == 0) {
		messenger_run();
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	carrier_http_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
