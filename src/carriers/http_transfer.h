/* SPDX-License-Identifier: MIT */
/*
 * A transfer carries one exchange over one curl handle: options in, callbacks
 * while it runs, the exchange's end out.  It may hand its body out once only:
 * libcurl sends a request again by itself when a connection that it used
 * before dies, and that would be a second mail.  The loop's thread; made once,
 * used for many exchanges.
 */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include "http_answer.h"

#include "core/loop.h"

enum http_phase {
	HTTP_WAITING,    /* for its turn; bounded by the deadline only */
	HTTP_RESOLVING,  /* at most resolve_ms */
	HTTP_CONNECTING, /* TCP and TLS, at most connect_ms */
	HTTP_SENDING,    /* the body, at upload_rate or more */
	HTTP_ANSWERING,  /* all is handed over; at most answer_ms */
	HTTP_BROKEN,     /* by us: the time was up or it was aborted */
};

struct http_line;
struct curl_slist;

struct http_transfer {
	GList link; /* in the line's list of those waiting or under way */
	struct http_line *line;
	bool waiting; /* in which of them */
	bool sharing; /* the connection that another makes */
	struct exchange *exchange;
	void *easy; /* CURL */
	struct curl_slist *fields;
	struct segment_reader *reader;

	/* how far it is */
	enum http_phase phase;
	struct loop_timer *timer; /* for the phase and the deadline */
	struct loop_timer *nudge; /* for the next address */
	int64_t begun_ms;
	int64_t due_ms;
	bool connected;  /* TCP is, be it in the midst of TLS */
	unsigned starts; /* times that curl began to send the request */
	uint64_t total;  /* of the body */
	uint64_t handed; /* of it, to curl */
	uint64_t marked; /* of it, when the upload was last looked at */
	int unreadable;  /* errno of the spool; 0: none */

	/* why we broke it off */
	bool late;      /* by one of our timeouts, or the mail's deadline */
	bool unreached; /* before there was a connection */

	struct http_answer answer;

	char error[256]; /* curl's text (CURL_ERROR_SIZE) */
	char *reason;    /* ours, when we broke it off */
};

/* fn(transfer) when its time is up: see http_transfer_expire(). */
struct http_transfer *http_transfer_new(struct loop *loop, loop_fn fn);
void http_transfer_free(struct http_transfer *transfer);

/* Takes an exchange, to be begun later. */
void http_transfer_load(
    struct http_transfer *transfer, struct exchange *exchange);

/* Sets the handle up for curl_multi_add_handle(), over a fresh connection or
 * one that may be used again.  False when curl does not take the request. */
bool http_transfer_begin_fresh(struct http_transfer *transfer);
bool http_transfer_begin(struct http_transfer *transfer);

/* curl waits for what its peer says on a socket. */
void http_transfer_listen(struct http_transfer *transfer);

/* curl is through with a socket. */
void http_transfer_leave(struct http_transfer *transfer);

/* It waits for a connection that another makes: connect_ms from now. */
void http_transfer_share(struct http_transfer *transfer);

/* The timer fired: true when the transfer must be broken off (its error says
 * why), false when it may go on, the timer set again. */
bool http_transfer_expire(struct http_transfer *transfer);

/* Breaks it off, to be settled: reason in the words of its error. */
void http_transfer_break(struct http_transfer *transfer, const char *reason);

/* Fills in how the exchange ended, from curl's code (CURLcode), and gives it
 * back; the transfer is empty then.  The handle must not be in the multi. */
struct exchange *http_transfer_settle(struct http_transfer *transfer, int code);

#endif
