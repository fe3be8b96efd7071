/* SPDX-License-Identifier: MIT */
#include "teller.h"
#include "aftermath.h"
#include "core/clock.h"
#include "events.h"
#include "search.h"
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

/* What was not taken is posted again, after a quarter of a second, half, one,
 * ... */
#define AGAIN_MS  250u
#define AGAIN_MAX 4000u
#define TRIES     20u

#define TIMEOUT_S   10
#define TOKEN_BYTES 25

struct teller {
	enum fault_kind kind;
	char *host;
	int port;
	char *path; /* with query */
	char *key;
	char *signed_url; /* Mandrill */
	struct event_base *base;
	struct evhttp_connection *connection;
	struct event *timer;
	GQueue posts; /* struct post, the first is under way or waits */
	bool busy;
};

/* Of Mailgun one event, of Mandrill all of a mail. */
struct post {
	struct json_object *told;
	unsigned tries;
};

static void on_timer(evutil_socket_t fd, short what, void *object);

struct teller *
teller_new(struct event_base *base, enum fault_kind kind,
    const struct simulator_webhook *webhook)
{
	g_autoptr(GUri) uri =
	    g_uri_parse(webhook->url, G_URI_FLAGS_ENCODED, NULL);
	struct teller *teller;

	if (uri == NULL || g_uri_get_host(uri) == NULL ||
	    g_uri_get_port(uri) <= 0)
		return NULL;
	teller = g_new0(struct teller, 1);
	teller->kind = kind;
	teller->host = g_strdup(g_uri_get_host(uri));
	teller->port = g_uri_get_port(uri);
	teller->path = g_strconcat(g_uri_get_path(uri),
	    g_uri_get_query(uri) != NULL ? "?" : "", g_uri_get_query(uri),
	    NULL);
	teller->key = g_strdup(webhook->key);
	teller->signed_url = g_strdup(
	    webhook->signed_url != NULL ? webhook->signed_url : webhook->url);
	teller->base = base;
	teller->timer = evtimer_new(base, on_timer, teller);
	g_queue_init(&teller->posts);
	return teller;
}

static void
drop_first(struct teller *teller)
{
	struct post *post = g_queue_pop_head(&teller->posts);

	json_object_put(post->told);
	g_free(post);
}

void
teller_free(struct teller *teller)
{
	if (teller == NULL)
		return;
	if (teller->connection != NULL)
		evhttp_connection_free(teller->connection);
	while (teller->posts.length > 0)
		drop_first(teller);
	event_free(teller->timer);
	g_free(teller->host);
	g_free(teller->path);
	g_free(teller->key);
	g_free(teller->signed_url);
	g_free(teller);
}

/* ---- as Mailgun does ---- */

static char *
print_hex(const unsigned char *bytes, size_t length)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < length; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

static void
add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

static struct json_object *
sign_mailgun(const struct teller *teller)
{
	struct json_object *object = json_object_new_object();
	unsigned char bytes[TOKEN_BYTES], digest[EVP_MAX_MD_SIZE];
	unsigned length;

	RAND_bytes(bytes, sizeof bytes);
	g_autofree char *token = print_hex(bytes, sizeof bytes);
	g_autofree char *time =
	    g_strdup_printf("%" G_GINT64_FORMAT, clock_wall_ms() / 1000);
	g_autofree char *message = g_strconcat(time, token, NULL);
	HMAC(EVP_sha256(), teller->key, (int)strlen(teller->key),
	    (const unsigned char *)message, strlen(message), digest, &length);
	g_autofree char *signature = print_hex(digest, length);
	add_text(object, "timestamp", time);
	add_text(object, "token", token);
	add_text(object, "signature", signature);
	return object;
}

static void
write_mailgun(const struct teller *teller, const struct post *post,
    struct evhttp_request *request)
{
	struct json_object *object = json_object_new_object();
	const char *text;

	json_object_object_add(object, "signature", sign_mailgun(teller));
	json_object_object_add(
	    object, "event-data", json_object_get(post->told));
	text = json_object_to_json_string(object);
	evbuffer_add(
	    evhttp_request_get_output_buffer(request), text, strlen(text));
	evhttp_add_header(evhttp_request_get_output_headers(request),
	    "Content-Type", "application/json");
	json_object_put(object);
}

/* ---- as Mandrill does ---- */

static void
write_mandrill(const struct teller *teller, const struct post *post,
    struct evhttp_request *request)
{
	struct evkeyvalq *head = evhttp_request_get_output_headers(request);
	const char *text = json_object_to_json_string(post->told);
	g_autofree char *message =
	    g_strconcat(teller->signed_url, "mandrill_events", text, NULL);
	g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);
	g_autofree char *body = g_strconcat("mandrill_events=", escaped, NULL);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	HMAC(EVP_sha1(), teller->key, (int)strlen(teller->key),
	    (const unsigned char *)message, strlen(message), digest, &length);
	g_autofree char *signature = g_base64_encode(digest, length);
	evbuffer_add(
	    evhttp_request_get_output_buffer(request), body, strlen(body));
	evhttp_add_header(
	    head, "Content-Type", "application/x-www-form-urlencoded");
	evhttp_add_header(head, "X-Mandrill-Signature", signature);
}

/* ---- one after the other ---- */

static void go_on(struct teller *teller);

static void
wait_again(struct teller *teller, unsigned tries)
{
	unsigned ms = MIN(AGAIN_MS << MIN(tries, 10u), AGAIN_MAX);
	const struct timeval wait = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	event_add(teller->timer, &wait);
}

/* Mailgun takes 406 for "never again". */
static bool
is_done(const struct teller *teller, int code)
{
	return code == 200 || (code == 406 && teller->kind == FAULT_MAILGUN);
}

static void
on_answer(struct evhttp_request *request, void *object)
{
	struct teller *teller = object;
	struct post *post = g_queue_peek_head(&teller->posts);
	int code =
	    request != NULL ? evhttp_request_get_response_code(request) : 0;

	teller->busy = false;
	if (is_done(teller, code) || ++post->tries >= TRIES) {
		drop_first(teller);
		go_on(teller);
	} else {
		wait_again(teller, post->tries - 1);
	}
}

static void
send_post(struct teller *teller, const struct post *post)
{
	struct evhttp_request *request = evhttp_request_new(on_answer, teller);
	g_autofree char *host =
	    g_strdup_printf("%s:%d", teller->host, teller->port);

	if (teller->connection == NULL) {
		teller->connection = evhttp_connection_base_new(
		    teller->base, NULL, teller->host, (uint16_t)teller->port);
		evhttp_connection_set_timeout(teller->connection, TIMEOUT_S);
	}
	evhttp_add_header(
	    evhttp_request_get_output_headers(request), "Host", host);
	if (teller->kind == FAULT_MAILGUN)
		write_mailgun(teller, post, request);
	else
		write_mandrill(teller, post, request);
	teller->busy = true;
	evhttp_make_request(
	    teller->connection, request, EVHTTP_REQ_POST, teller->path);
}

static void
go_on(struct teller *teller)
{
	const struct post *post = g_queue_peek_head(&teller->posts);

	if (post != NULL && !teller->busy &&
	    !evtimer_pending(teller->timer, NULL))
		send_post(teller, post);
}

static void
on_timer(evutil_socket_t fd, short what, void *object)
{
	(void)fd;
	(void)what;
	go_on(object);
}

static void
add_post(struct teller *teller, struct json_object *told)
{
	struct post *post = g_new0(struct post, 1);

	post->told = told;
	g_queue_push_tail(&teller->posts, post);
}

static void
tell_mailgun(struct teller *teller, const struct entry *entry)
{
	for (guint i = 0; i < entry->people->len; i++) {
		const struct hit hit = { entry, entry->people->pdata[i] };

		for (const struct aftermath *at =
			 aftermath_of(hit.person->address);
		     at->mailgun != NULL; at++)
			add_post(teller, events_print(&hit, at));
	}
}

static void
tell_mandrill(struct teller *teller, const struct entry *entry)
{
	struct json_object *list = json_object_new_array();

	for (guint i = 0; i < entry->people->len; i++) {
		const struct hit hit = { entry, entry->people->pdata[i] };

		for (const struct aftermath *at =
			 aftermath_of(hit.person->address);
		     at->mailgun != NULL; at++)
			if (at->mandrill != NULL)
				json_object_array_add(
				    list, search_print_event(&hit, at));
	}
	add_post(teller, list);
}

void
teller_tell(struct teller *teller, const struct entry *entry)
{
	if (teller->kind == FAULT_MAILGUN)
		tell_mailgun(teller, entry);
	else
		tell_mandrill(teller, entry);
	go_on(teller);
}
