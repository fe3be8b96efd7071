/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include "cli.h"
#include "core/budget.h"
#include "core/log.h"
#include "fact.h"
#include "ferry.h"
#include "lock.h"
#include "state_dir.h"
#include "status.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* All mails of a state may be many; how it is the daemon says at once, or it
 * hangs. */
#define ANSWER_MS 600000L
#define HEALTH_MS 10000L

struct ask {
	const char *path; /* of --config; NULL: none */
	struct config *config;
	const char *directory; /* NULL: no queue, so by the HTTP door */
	char *control;         /* the path of the socket; NULL: TCP */
	char *base;            /* of the URLs */
	char who[32];
	CURL *curl; /* NULL: offline */

	/* offline */
	struct lock *lock;
	struct budget *budget;
	struct spool_place place;
	struct disk *disk;
	struct store *store;
	struct status *status;
};

/* ---- over the socket ---- */

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *body)
{
	g_string_append_len(body, bytes, (gssize)(size * count));
	return size * count;
}

/* What is asked. */
struct asked {
	const char *method, *target;
	const GString *body; /* NULL: none */
};

static void
set_body(CURL *curl, const GString *body, struct curl_slist **head)
{
	if (body == NULL) {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
		return;
	}
	*head = curl_slist_append(NULL, "Content-Type: text/csv");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->str);
	curl_easy_setopt(
	    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
}

static CURLcode
perform(struct ask *ask, const struct asked *asked, struct ask_answer *answer)
{
	const char *target = asked->target;
	struct curl_slist *head = NULL;
	g_autofree char *url = g_strconcat(ask->base, target, NULL);
	CURL *curl = ask->curl;
	long code = 0;

	answer->body = g_string_new(NULL);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
	    g_str_has_prefix(target, "/v1/") ? ANSWER_MS : HEALTH_MS);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	set_body(curl, asked->body, &head);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, asked->method);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer->body);
	CURLcode result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(head);
	answer->code = result == CURLE_OK ? (unsigned)code : 0;
	return result;
}

/* CURLE_COULDNT_CONNECT: no daemon is there. */
static CURLcode
reach(struct ask *ask)
{
	struct ask_answer answer;

	ask->curl = curl_easy_init();
	g_assert(ask->curl != NULL);
	curl_easy_setopt(ask->curl, CURLOPT_UNIX_SOCKET_PATH, ask->control);
	curl_easy_setopt(ask->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(ask->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(ask->curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(ask->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(ask->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	CURLcode result =
	    perform(ask, &(struct asked){ "GET", "/livez", NULL }, &answer);
	g_string_free(answer.body, TRUE);
	return result;
}

/* ---- on the database ---- */

/* Whatever root makes in state_dir its owner could not open later. */
static bool
become_owner(const struct ask *ask)
{
	struct stat status;

	if (geteuid() != 0 || stat(ask->directory, &status) != 0 ||
	    status.st_uid == 0)
		return true;
	return setresgid(status.st_gid, status.st_gid, status.st_gid) == 0 &&
	       setresuid(status.st_uid, status.st_uid, status.st_uid) == 0;
}

static bool
take_lock(struct ask *ask)
{
	g_autoptr(GError) error = NULL;
	bool busy = false;

	if (!become_owner(ask)) {
		fprintf(stderr,
		    "postferry: cannot become the owner of %s, who alone may "
		    "open the queue: %s\n",
		    ask->directory, strerror(errno));
		return false;
	}
	ask->lock = lock_take(ask->directory, &busy, &error);
	if (ask->lock != NULL)
		return true;
	if (busy)
		fprintf(stderr,
		    "postferry: another postferry holds %s, but none answers "
		    "at %s: it starts or ends, or is a command that reads the "
		    "queue; try again in a moment\n",
		    ask->directory, ask->control);
	else
		fprintf(stderr, "postferry: %s\n", error->message);
	return false;
}

static void
on_failed(void *object, const char *why)
{
	const struct ask *ask = object;

	fprintf(stderr, "postferry: the queue in %s cannot be written: %s\n",
	    ask->directory, why);
}

static bool
open_store(struct ask *ask)
{
	g_autoptr(GError) error = NULL;
	struct store_options options = {
		.config = ask->config,
		.directory = ask->directory,
		.place = &ask->place,
		.offline = true,
		.failed = on_failed,
		.object = ask,
	};

	ask->budget = ferry_budget(ask->config);
	ask->place.directory = ask->directory;
	ask->place.budget = ask->budget;
	ask->disk = disk_new(ask->directory,
	    (uint64_t)config_number(ask->config, "server", "min_free"));
	disk_look(ask->disk);
	options.disk = ask->disk;
	ask->store = store_open(&options, &error);
	if (ask->store == NULL)
		fprintf(stderr, "postferry: %s\n", error->message);
	return ask->store != NULL;
}

static bool
open_offline(struct ask *ask)
{
	struct log_options log = { .level = LOG_LEVEL_WARN };

	if (!take_lock(ask))
		return false;
	log_open(&log);
	if (!open_store(ask))
		return false;
	struct status_options options = { .store = ask->store,
		.disk = ask->disk };
	ask->status = status_new(&options);
	fprintf(stderr,
	    "(postferry is not running; read from the queue in %s)\n",
	    ask->directory);
	return true;
}

static void
append_spool(GString *body, const struct spool *spool)
{
	char bytes[16384];
	ssize_t got;

	while ((got = spool_read(spool, body->len, bytes, sizeof bytes)) > 0)
		g_string_append_len(body, bytes, got);
}

/* A body that cannot be read whole is no answer. */
/* NULL: there is none, or (*good false) it cannot be kept. */
static struct spool *
make_spool(struct ask *ask, const GString *body, bool *good)
{
	struct spool *spool;

	*good = true;
	if (body == NULL || body->len == 0)
		return NULL;
	spool = spool_new(&ask->place);
	*good = spool_append(spool, body->str, body->len) && spool_seal(spool);
	if (*good)
		return spool;
	fprintf(stderr, "postferry: not enough room in %s: %s\n",
	    ask->directory, strerror(errno));
	spool_unref(spool);
	return NULL;
}

static struct ask_answer
request_offline(struct ask *ask, const struct asked *asked)
{
	bool good;
	struct status_answer from;
	struct ask_answer answer = { .body = g_string_new(NULL) };
	struct request request = {
		.method = asked->method,
		.target = asked->target,
		.who = ask->who,
		.scopes = SCOPE_ALL,
		.loopback = true,
		.body = make_spool(ask, asked->body, &good),
	};

	if (!good)
		return answer;
	status_request(ask->status, &request, &from);
	if (request.body != NULL)
		spool_unref(request.body);
	answer.code = from.code;
	if (from.body != NULL)
		g_string_append_len(
		    answer.body, from.body->str, (gssize)from.body->len);
	if (from.spool != NULL) {
		append_spool(answer.body, from.spool);
		if (answer.body->len != spool_size(from.spool)) {
			fprintf(stderr,
			    "postferry: the mail's bytes cannot be read: %s\n",
			    strerror(errno));
			answer.code = 0;
		}
	}
	status_answer_clear(&from);
	return answer;
}

/* ---- either ---- */

/* Says what is missing.  A command that has --ready asks for health only, which
 * the HTTP door tells, too. */
static bool
can_ask(const struct config *config, const struct order *order)
{
	if (config_string(config, "server", "state_dir") != NULL)
		return true;
	if ((order->form->options & ORDER_READY) == 0)
		fputs("postferry: [server] state_dir is not set, so there is "
		      "no queue to ask; set it as the daemon has it, or give "
		      "the daemon's settings by --config\n",
		    stderr);
	else if (!status_http_is_fixed(config))
		fputs("postferry: [server] state_dir is not set and "
		      "http_address names no port, so there is nothing by "
		      "which the daemon can be asked; set one of them as the "
		      "daemon has it, or give the daemon's settings by "
		      "--config\n",
		    stderr);
	else
		return true;
	return false;
}

static struct ask *
make(struct config *config)
{
	struct ask *ask = g_new0(struct ask, 1);

	ferry_prepare_process();
	ask->config = config_ref(config);
	ask->directory = config_string(config, "server", "state_dir");
	if (ask->directory != NULL)
		ask->control = state_dir_control(ask->directory);
	ask->base = ask->control != NULL ? g_strdup("http://postferry")
					 : status_http_url(config);
	g_snprintf(ask->who, sizeof ask->who, "uid %u", (unsigned)getuid());
	return ask;
}

static bool
is_unreachable(const struct ask *ask, CURLcode result)
{
	if (result == CURLE_OK)
		return false;
	if (result == CURLE_OPERATION_TIMEDOUT)
		fprintf(stderr,
		    "postferry: the daemon at %s does not answer, though "
		    "somebody is there: it hangs, or its disk does; see its "
		    "log, and restart it if that says nothing\n",
		    ask->control != NULL ? ask->control : ask->base);
	else if (ask->control == NULL)
		fprintf(stderr,
		    "postferry: the daemon at %s cannot be asked: %s; is it "
		    "running, and is this host in http_allow?\n",
		    ask->base, curl_easy_strerror(result));
	else
		fprintf(stderr,
		    "postferry: the daemon at %s cannot be asked: %s; is it "
		    "running, and may this user (uid %u) open that socket?\n",
		    ask->control, curl_easy_strerror(result),
		    (unsigned)geteuid());
	return true;
}

static bool
is_open(struct ask *ask, bool daemon)
{
	CURLcode result = reach(ask);

	if (result == CURLE_OK)
		return true;
	/* one that is there and shut is no sign that nobody is behind it */
	if (result != CURLE_COULDNT_CONNECT || daemon || ask->control == NULL ||
	    (access(ask->control, W_OK) != 0 && errno == EACCES)) {
		is_unreachable(ask, result);
		return false;
	}
	g_clear_pointer(&ask->curl, curl_easy_cleanup);
	return open_offline(ask);
}

static void
close_all(struct ask *ask)
{
	if (ask->curl != NULL)
		curl_easy_cleanup(ask->curl);
	status_free(ask->status);
	store_close(ask->store);
	if (ask->lock != NULL)
		log_close();
	lock_release(ask->lock);
	if (ask->disk != NULL)
		disk_free(ask->disk);
	if (ask->budget != NULL)
		budget_free(ask->budget);
	config_unref(ask->config);
	g_free(ask->control);
	g_free(ask->base);
	g_free(ask);
}

bool
ask_is_offline(const struct ask *ask)
{
	return ask->curl == NULL;
}

struct config *
ask_settings(const struct ask *ask)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct settings settings;

	settings_collect(&settings);
	return settings_load(&settings, ask->path, environ, errors);
}

struct ask_answer
ask_send(struct ask *ask, const char *method, const char *target,
    const GString *body)
{
	const struct asked asked = { method, target, body };
	struct ask_answer answer;

	if (ask_is_offline(ask))
		return request_offline(ask, &asked);
	is_unreachable(ask, perform(ask, &asked, &answer));
	return answer;
}

struct ask_answer
ask_request(struct ask *ask, const char *method, const char *target)
{
	return ask_send(ask, method, target, NULL);
}

struct ask_answer
ask_mail(struct ask *ask, const char *id, const char *rest)
{
	g_autofree char *segment = g_uri_escape_string(id, NULL, FALSE);
	g_autofree char *target =
	    g_strconcat("/v1/messages/", segment, rest, NULL);

	return ask_request(ask, "GET", target);
}

int
ask_judge(const struct ask_answer *answer)
{
	static const struct {
		unsigned code;
		int exit_code;
	} rows[] = {
		{ 0, EX_UNAVAILABLE },
		{ 200, EX_OK },
		{ 400, EX_USAGE },
		{ 404, EX_NOINPUT },
		{ 409, EX_TEMPFAIL },
		{ 410, EX_NOINPUT },
		{ 503, EX_UNAVAILABLE },
	};

	if (answer->code != 200 && answer->code != 0) {
		g_autofree char *detail = fact_detail(answer->body);

		fprintf(stderr, "postferry: %s\n", detail);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].code == answer->code)
			return rows[i].exit_code;
	return EX_PROTOCOL;
}

/* A command whose reader went away (| head) has nothing to complain of. */
static int
finish_output(int exit_code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_code;
	if (errno == EPIPE)
		return exit_code;
	fprintf(stderr, "postferry: not all could be written: %s\n",
	    strerror(errno));
	return EX_IOERR;
}

int
ask_run(const struct order *order, ask_fn run)
{
	struct settings settings;
	int exit_code = EX_CONFIG;

	settings_collect(&settings);
	struct config *config =
	    cli_load_asking(&settings, settings_find(order->config));
	if (config == NULL)
		return exit_code;
	if (can_ask(config, order)) {
		struct ask *ask = make(config);

		ask->path = order->config;
		exit_code = is_open(ask, order->ready)
				? finish_output(run(ask, order))
				: EX_UNAVAILABLE;
		close_all(ask);
	}
	config_unref(config);
	return exit_code;
}
