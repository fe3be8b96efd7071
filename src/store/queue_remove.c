/* SPDX-License-Identifier: MIT */
/* A mail leaves the queue, with all its rows. */
#include "queue.h"

/* Who was not final is no longer accepted by us: nothing is owed to them. */
static void
uncount_recipients(struct queue *queue, const struct queue_mail *mail)
{
	struct query query = query_open(queue->database, "recipient",
	    "SELECT mail, state FROM recipient WHERE mail = ?"
	    " AND state NOT IN (2, 3, 6)");

	query_put_number(&query, mail->number);
	while (query_next(&query)) {
		query_number(&query, 1, INT64_MAX);
		queue_count(queue,
		    (enum recipient_state)query_number(
			&query, RECIPIENT_WAITING, RECIPIENT_DROPPED),
		    -1);
		queue->totals.accepted--;
	}
}

static void
uncount_mail(struct queue *queue, const struct queue_mail *mail, bool *in_file)
{
	struct query query = query_open(queue->database, "mail",
	    "SELECT number, size, in_file FROM mail WHERE number = ?");

	query_put_number(&query, mail->number);
	if (!query_next(&query))
		return;
	query_number(&query, 1, INT64_MAX);
	queue->totals.bytes -= query_number(&query, 0, INT64_MAX);
	*in_file = query_bool(&query);
	query_end(&query);
	queue->totals.places[mail->place]--;
}

enum engine_result
queue_remove(struct queue *queue, const char *id, bool *in_file)
{
	struct queue_mail mail;
	struct query query;
	enum engine_result result = queue_find(queue, id, &mail);

	*in_file = false;
	if (result != ENGINE_OK)
		return result;
	uncount_mail(queue, &mail, in_file);
	if (mail.remaining > 0) {
		uncount_recipients(queue, &mail);
		if (!queue_resend_forget(queue, mail.number, true) ||
		    !queue_key_forget(queue, mail.number))
			return queue->database->result;
	}
	query = query_open(
	    queue->database, "mail", "DELETE FROM mail WHERE number = ?");
	query_put_number(&query, mail.number);
	query_run(&query);
	return queue->database->result;
}
