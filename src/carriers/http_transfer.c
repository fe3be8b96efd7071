/* SPDX-License-Identifier: MIT */
/*
 * How far a request got is counted by the one function that hands its body
 * out, never asked of curl: a request that curl starts again counts from 0.
 * Three locks keep it from being sent twice: the body cannot be rewound, a
 * second start after a first byte is refused, and the reader has no way back.
 */
#include "http_transfer.h"

#include "core/clock.h"
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

/* After connect() was called, until it may have failed. */
#define NUDGE_MS 10

/* What curl's own buffer for uploads may be. */
#define BUFFER_MIN (16 * 1024)
#define BUFFER_MAX (64 * 1024)

_Static_assert(sizeof((struct http_transfer *)0)->error >= CURL_ERROR_SIZE,
    "curl writes its error there");

/* curl 7.88 opens no socket for the address after one that failed, and sets no
 * timer either, until something else wakes the handle: the third of three
 * addresses would be tried when the time is up.  A pause that ends wakes it. */
static void
on_nudge(void *object)
{
	struct http_transfer *transfer = object;

	curl_easy_pause(transfer->easy, CURLPAUSE_RECV);
	curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

struct http_transfer *
http_transfer_new(struct loop *loop, loop_fn fn)
{
	struct http_transfer *transfer = g_new0(struct http_transfer, 1);

	transfer->link.data = transfer;
	transfer->easy = curl_easy_init();
	g_assert(transfer->easy != NULL);
	transfer->timer = loop_timer_new(loop, fn, transfer);
	transfer->nudge = loop_timer_new(loop, on_nudge, transfer);
	return transfer;
}

void
http_transfer_free(struct http_transfer *transfer)
{
	loop_timer_free(transfer->timer);
	loop_timer_free(transfer->nudge);
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->fields);
	segment_reader_free(transfer->reader);
	g_free(transfer->reason);
	g_free(transfer);
}

/* The deadline holds in every phase. */
static void
enter_phase(struct http_transfer *transfer, enum http_phase phase, int64_t ms)
{
	int64_t now = clock_monotonic_ms();
	int64_t deadline = transfer->exchange->deadline_ms;

	transfer->phase = phase;
	transfer->due_ms = now + ms;
	if (deadline != 0 && deadline < transfer->due_ms)
		transfer->due_ms = deadline;
	loop_timer_set(transfer->timer, MAX(transfer->due_ms - now, 0));
}

void
http_transfer_load(struct http_transfer *transfer, struct exchange *exchange)
{
	transfer->exchange = exchange;
	transfer->phase = HTTP_WAITING;
	transfer->sharing = false;
	transfer->begun_ms = clock_monotonic_ms();
	transfer->due_ms = exchange->deadline_ms;
	transfer->connected = false;
	transfer->starts = 0;
	transfer->total = 0;
	transfer->handed = 0;
	transfer->unreadable = 0;
	http_answer_begin(&transfer->answer, &exchange->http_response);
	transfer->late = false;
	transfer->unreached = false;
	transfer->error[0] = '\0';
	if (transfer->due_ms != 0)
		loop_timer_set(transfer->timer,
		    MAX(transfer->due_ms - transfer->begun_ms, 0));
}

/* The body is handed out; from the last byte on the answer is waited for. */
static size_t
on_read(char *out, size_t size, size_t count, void *object)
{
	struct http_transfer *transfer = object;
	uint64_t rest = transfer->total - transfer->handed;
	ssize_t given;

	if (rest == 0)
		return 0;
	errno = 0;
	given = segment_reader_read(
	    transfer->reader, out, (size_t)MIN(rest, size * count));
	if (given <= 0) {
		transfer->unreadable = errno != 0 ? errno : EIO;
		return CURL_READFUNC_ABORT;
	}
	transfer->handed += (uint64_t)given;
	if (transfer->handed == transfer->total)
		enter_phase(transfer, HTTP_ANSWERING,
		    transfer->exchange->endpoint->answer_ms);
	return (size_t)given;
}

/* curl goes back before it repeats a request by itself. */
static int
on_seek(void *object, curl_off_t offset, int origin)
{
	const struct http_transfer *transfer = object;

	if (transfer->handed == 0 && offset == 0 && origin == SEEK_SET)
		return CURL_SEEKFUNC_OK;
	return CURL_SEEKFUNC_FAIL;
}

/* Names are resolved when the first socket is wanted.  curl's own call would
 * leave the socket open in the programs we start. */
static curl_socket_t
on_open(void *object, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_transfer *transfer = object;

	(void)purpose;
	if (transfer->phase == HTTP_RESOLVING)
		enter_phase(transfer, HTTP_CONNECTING,
		    transfer->exchange->endpoint->connect_ms);
	/* connect() may fail at once, and nothing is told then */
	if (transfer->phase == HTTP_CONNECTING)
		loop_timer_set(transfer->nudge, NUDGE_MS);
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

static bool
may_repeat(const struct exchange *exchange)
{
	return strcmp(exchange->http.method, "GET") == 0;
}

/* curl is connected and about to send: for the second time when the
 * connection it chose was dead.  That is fine only while the first try cannot
 * have been a whole request. */
static int
on_start(void *object, char *peer, char *local, int peer_port, int local_port)
{
	struct http_transfer *transfer = object;
	const struct endpoint *endpoint = transfer->exchange->endpoint;

	(void)peer, (void)local, (void)peer_port, (void)local_port;
	if (transfer->handed > 0 ||
	    (transfer->starts > 0 && transfer->total == 0 &&
		!may_repeat(transfer->exchange)))
		return CURL_PREREQFUNC_ABORT;
	transfer->starts++;
	transfer->marked = 0;
	if (transfer->total == 0)
		enter_phase(transfer, HTTP_ANSWERING, endpoint->answer_ms);
	else
		enter_phase(transfer, HTTP_SENDING, endpoint->upload_window_ms);
	return CURL_PREREQFUNC_OK;
}

/* 0 ends the transfer: there is no use for the rest. */
static size_t
on_header(char *line, size_t size, size_t count, void *object)
{
	struct http_transfer *transfer = object;

	return http_answer_take_line(&transfer->answer, line, size * count)
		   ? size * count
		   : 0;
}

static size_t
on_write(char *bytes, size_t size, size_t count, void *object)
{
	struct http_transfer *transfer = object;

	return http_answer_take_body(&transfer->answer, bytes, size * count)
		   ? size * count
		   : 0;
}

static void
set_callbacks(struct http_transfer *transfer)
{
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_start);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

/* Nothing of the environment, nothing that follows, answers or asks by
 * itself.  QUICK_EXIT: else giving up on a name waits for the resolver. */
static void
set_manners(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(
	    easy, CURLOPT_USERAGENT, "postferry/" POSTFERRY_VERSION);
}

/* The connection: our timers are the law, curl's a net below them.  curl
 * counts idle time in whole seconds and lets one more pass. */
static void
set_endpoint(CURL *easy, const struct endpoint *endpoint)
{
	bool plain = g_str_has_prefix(endpoint->base_url, "http://");

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	curl_easy_setopt(easy, CURLOPT_PROXY,
	    endpoint->proxy != NULL ? endpoint->proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(2 * (endpoint->resolve_ms + endpoint->connect_ms)));
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
	    (long)MAX(endpoint->idle_ms / 1000 - 1, 1));
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, 600L);
	curl_easy_setopt(
	    easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 600L);
	if (endpoint->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, endpoint->ca_file);
}

static void
set_body(struct http_transfer *transfer)
{
	struct exchange *exchange = transfer->exchange;
	CURL *easy = transfer->easy;

	if (exchange->body == NULL && may_repeat(exchange)) {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	if (exchange->body != NULL) {
		transfer->total = segments_size(exchange->body);
		transfer->reader = segment_reader_new(exchange->body);
	}
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(
	    easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->total);
	/* curl makes and frees it for each request; to free its usual 64 KiB
	 * would have the allocator tidy up all its memory each time */
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
	    (long)CLAMP(transfer->total, BUFFER_MIN, BUFFER_MAX));
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
}

static void
wipe(char *text)
{
	explicit_bzero(text, strlen(text));
	g_free(text);
}

/* RFC 7617 2.  curl's own way to it takes five times as long. */
static struct curl_slist *
add_credentials(struct curl_slist *fields, const struct endpoint *endpoint)
{
	char *pair, *coded, *field;

	if (endpoint->username == NULL)
		return fields;
	pair = g_strconcat(endpoint->username, ":",
	    endpoint->password != NULL ? endpoint->password : "", NULL);
	coded = g_base64_encode((const guchar *)pair, strlen(pair));
	field = g_strconcat("Authorization: Basic ", coded, NULL);
	fields = curl_slist_append(fields, field);
	wipe(pair);
	wipe(coded);
	wipe(field);
	return fields;
}

/* An empty Expect: curl would wait a second for 100-continue. */
static CURLcode
set_request(struct http_transfer *transfer)
{
	const struct http_request *request = &transfer->exchange->http;
	g_autofree char *url = g_strconcat(
	    transfer->exchange->endpoint->base_url, request->path, NULL);
	struct curl_slist *fields = curl_slist_append(NULL, "Expect:");

	fields = add_credentials(fields, transfer->exchange->endpoint);
	for (unsigned i = 0; i < request->fields->len; i++)
		fields = curl_slist_append(
		    fields, g_ptr_array_index(request->fields, i));
	transfer->fields = fields;
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(
	    transfer->easy, CURLOPT_CUSTOMREQUEST, request->method);
	return curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
}

bool
http_transfer_begin(struct http_transfer *transfer)
{
	const struct endpoint *endpoint = transfer->exchange->endpoint;

	set_callbacks(transfer);
	set_manners(transfer->easy);
	set_endpoint(transfer->easy, endpoint);
	set_body(transfer);
	if (set_request(transfer) != CURLE_OK)
		return false;
	enter_phase(transfer, HTTP_RESOLVING, endpoint->resolve_ms);
	return true;
}

bool
http_transfer_begin_fresh(struct http_transfer *transfer)
{
	curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
	return http_transfer_begin(transfer);
}

void
http_transfer_share(struct http_transfer *transfer)
{
	transfer->sharing = true;
	enter_phase(transfer, HTTP_CONNECTING,
	    transfer->exchange->endpoint->connect_ms);
}

/* Before TCP is connected curl waits to write only; and curl's own time of the
 * connection is that of TLS as well. */
void
http_transfer_listen(struct http_transfer *transfer)
{
	transfer->connected |= transfer->phase == HTTP_CONNECTING;
}

void
http_transfer_leave(struct http_transfer *transfer)
{
	if (transfer->phase == HTTP_CONNECTING && !transfer->connected)
		loop_timer_set(transfer->nudge, 0);
}

void
http_transfer_break(struct http_transfer *transfer, const char *reason)
{
	transfer->phase = HTTP_BROKEN;
	g_free(transfer->reason);
	transfer->reason = g_strdup(reason);
}

/* True, and the window begins anew, when enough left in the last one. */
static bool
check_upload(struct http_transfer *transfer)
{
	const struct endpoint *endpoint = transfer->exchange->endpoint;
	uint64_t least =
	    endpoint->upload_rate * (uint64_t)endpoint->upload_window_ms / 1000;

	if (transfer->handed - transfer->marked < least)
		return false;
	transfer->marked = transfer->handed;
	enter_phase(transfer, HTTP_SENDING, endpoint->upload_window_ms);
	return true;
}

static char *
tell_timeout(const struct http_transfer *transfer)
{
	const struct endpoint *endpoint = transfer->exchange->endpoint;

	switch (transfer->phase) {
	case HTTP_RESOLVING:
		return g_strdup_printf("the name was not resolved within "
				       "%" G_GINT64_FORMAT " ms",
		    endpoint->resolve_ms);
	case HTTP_CONNECTING:
		return g_strdup_printf("no connection within %" G_GINT64_FORMAT
				       " ms",
		    endpoint->connect_ms);
	case HTTP_SENDING:
		return g_strdup_printf("less than %" G_GUINT64_FORMAT
				       " bytes a second were taken over "
				       "%" G_GINT64_FORMAT " ms",
		    endpoint->upload_rate, endpoint->upload_window_ms);
	default:
		return g_strdup_printf(
		    "no whole answer within %" G_GINT64_FORMAT " ms",
		    endpoint->answer_ms);
	}
}

/* What waited for its turn says nothing of the provider. */
static void
note_late(struct http_transfer *transfer)
{
	transfer->late = transfer->phase != HTTP_WAITING;
	transfer->unreached = (transfer->phase == HTTP_RESOLVING ||
				  transfer->phase == HTTP_CONNECTING) &&
			      !transfer->connected;
}

bool
http_transfer_expire(struct http_transfer *transfer)
{
	int64_t deadline = transfer->exchange->deadline_ms;
	g_autofree char *reason = NULL;

	if (deadline != 0 && transfer->due_ms >= deadline)
		reason = g_strdup("the mail's deadline passed");
	else if (transfer->phase == HTTP_SENDING && check_upload(transfer))
		return false;
	else
		reason = tell_timeout(transfer);
	note_late(transfer);
	http_transfer_break(transfer, reason);
	return true;
}

/* A certificate or a handshake that will not do.  A peer that just hung up in
 * the handshake is an outage as any. */
static bool
is_refused_tls(const struct http_transfer *transfer, CURLcode code)
{
	static const CURLcode codes[] = { CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
		CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE,
		CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
		CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT };

	if (transfer->starts > 0)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
		if (code == codes[i])
			return true;
	return code == CURLE_SSL_CONNECT_ERROR &&
	       strstr(transfer->error, "SSL routines") != NULL &&
	       strstr(transfer->error, "unexpected eof") == NULL;
}

static enum exchange_end
judge_end(const struct http_transfer *transfer, CURLcode code)
{
	bool cut = transfer->exchange->http_response.cut;

	if (transfer->unreadable != 0)
		return EXCHANGE_UNREADABLE;
	if (transfer->answer.headed && (code == CURLE_OK || cut))
		return EXCHANGE_ANSWERED;
	if (is_refused_tls(transfer, code))
		return EXCHANGE_REFUSED_TLS;
	if (transfer->starts > 0 && transfer->handed == transfer->total)
		return EXCHANGE_LOST;
	return EXCHANGE_UNSENT;
}

static char *
tell_error(const struct http_transfer *transfer, CURLcode code)
{
	const struct exchange *exchange = transfer->exchange;
	const char *text = transfer->error;

	if (exchange->end == EXCHANGE_UNREADABLE)
		return g_strdup_printf("the mail could not be read for %s "
				       "after %" G_GUINT64_FORMAT " bytes: %s",
		    exchange->endpoint->base_url, transfer->handed,
		    g_strerror(transfer->unreadable));
	if (transfer->phase == HTTP_BROKEN)
		text = transfer->reason;
	else if (code == CURLE_OK)
		text = "the answer broke off in its header";
	else if (code == CURLE_SEND_FAIL_REWIND)
		text = "the connection was closed without an answer";
	else if (text[0] == '\0')
		text = curl_easy_strerror(code);
	return g_strdup_printf("%s: %s%s", exchange->endpoint->base_url, text,
	    exchange->end == EXCHANGE_LOST ? "; the whole request had left"
					   : "");
}

/* No name, or nobody who takes a connection at the address. */
static bool
is_unreached(const struct http_transfer *transfer, CURLcode code)
{
	if (transfer->phase == HTTP_BROKEN)
		return transfer->unreached;
	return code == CURLE_COULDNT_RESOLVE_HOST ||
	       code == CURLE_COULDNT_RESOLVE_PROXY ||
	       code == CURLE_COULDNT_CONNECT ||
	       (code == CURLE_OPERATION_TIMEDOUT && !transfer->connected);
}

static void
read_failure(struct http_transfer *transfer, CURLcode code)
{
	struct exchange *exchange = transfer->exchange;

	exchange->error = tell_error(transfer, code);
	exchange->unreached =
	    exchange->end == EXCHANGE_UNSENT && is_unreached(transfer, code);
	exchange->timed_out =
	    exchange->end != EXCHANGE_UNREADABLE &&
	    (transfer->late || code == CURLE_OPERATION_TIMEDOUT);
}

static void
read_answer(struct http_transfer *transfer)
{
	struct http_response *response = &transfer->exchange->http_response;
	char *type = NULL;

	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
	response->content_type = g_strdup(type);
	http_answer_end(&transfer->answer);
}

struct exchange *
http_transfer_settle(struct http_transfer *transfer, int code)
{
	struct exchange *exchange = transfer->exchange;

	loop_timer_clear(transfer->timer);
	loop_timer_clear(transfer->nudge);
	exchange->end = judge_end(transfer, (CURLcode)code);
	exchange->sent_bytes = transfer->handed;
	exchange->duration_ms = clock_monotonic_ms() - transfer->begun_ms;
	if (exchange->end == EXCHANGE_ANSWERED)
		read_answer(transfer);
	else
		read_failure(transfer, (CURLcode)code);
	curl_easy_reset(transfer->easy);
	g_clear_pointer(&transfer->fields, curl_slist_free_all);
	g_clear_pointer(&transfer->reader, segment_reader_free);
	g_clear_pointer(&transfer->reason, g_free);
	transfer->exchange = NULL;
	return exchange;
}
