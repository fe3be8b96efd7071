/* SPDX-License-Identifier: MIT */
/*
 * An inquest asks one provider about mails in doubt: questions gather for a
 * moment and go together, one exchange at a time, no more a minute than the
 * provider allows.  A provider that does not answer is asked nothing more for
 * a while, and whoever waits hears so at once.  The dispatch thread.
 */
#ifndef DISPATCH_INQUEST_H
#define DISPATCH_INQUEST_H

#include "carrier.h"
#include "provider.h"

struct question;

/* The reply is about all mails asked about together; who was found stands in
 * the question's own inquiry.  Both are borrowed for the call. */
typedef void (*question_fn)(void *object, const struct question *question,
    const struct inquiry_reply *reply);

/* About one mail. */
struct question {
	struct inquiry *inquiry; /* owned */
	unsigned *numbers;       /* owned: in the envelope, of the inquiry's
				  * recipients */
	int64_t put_ms;          /* monotonic: asked from then on */
	question_fn answered;    /* NULL: nobody wants to know any more */
	void *object;
	bool waiting; /* not yet asked */
	GList link;
	struct inquest *inquest; /* that has it; NULL: none yet */
};

struct inquest_options {
	struct loop *loop; /* borrowed, as all below */
	const struct carrier *http;
	const struct provider *provider; /* that can be asked */
	int64_t gather_ms;               /* how long questions wait for more */
	unsigned *under_way; /* one more as long as an exchange is */
	loop_fn ended;       /* called when it is not any more */
	void *object;
};

struct inquest *inquest_new(const struct inquest_options *options);

/* Nothing is under way; questions that are left are forgotten.  NULL is fine.
 */
void inquest_free(struct inquest *inquest);

/* True when a provider of that kind can be asked at all. */
bool inquest_is_possible(const struct provider *provider);

/* Why nothing is asked now, or NULL: inquest_put() may be called. */
const struct inquiry_reply *inquest_obstacle(
    const struct inquest *inquest, int64_t now_ms);

/* True when the provider said last that our key may not ask. */
bool inquest_is_forbidden(const struct inquest *inquest);

/* Takes a mail's question over: answered is called later, exactly once, never
 * within the call; then the question is freed. */
struct question *inquest_question(
    struct inquiry *inquiry, const unsigned *numbers);
void inquest_put(struct inquest *inquest, struct question *question);

/* Nobody wants to know any more; the question is gone for the caller. */
void inquest_withdraw(struct question *question);

/* Questions that wait to be asked. */
unsigned inquest_waiting(const struct inquest *inquest);

/* Nothing new is sent from now on; who asks withdraws. */
void inquest_stop(struct inquest *inquest);

/* What is under way ends soon.  NULL is fine. */
void inquest_break_off(struct inquest *inquest);

#endif
