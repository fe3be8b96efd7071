/* SPDX-License-Identifier: MIT */
/*
 * The mails of the made-up world as the dispatcher gets them.
 */
#ifndef TESTS_DISPATCH_MAILS_H
#define TESTS_DISPATCH_MAILS_H

#include "world.h"

static struct address *
make_address(const char *local, unsigned number)
{
	g_autofree char *text =
	    g_strdup_printf("%s%u@example.org", local, number);
	enum address_fault fault;

	return address_parse(text, strlen(text), NULL, &fault);
}

static struct submission *
make_submission(const struct mail *mail)
{
	static struct spool_place place;
	struct submission *submission = g_new0(struct submission, 1);

	if (place.budget == NULL)
		place.budget = budget_new(1 << 30);
	g_snprintf(submission->id, sizeof submission->id, "MAIL%u-%u",
	    mail->number, mail->sendings);
	submission->envelope = envelope_new();
	if (mail->about == NULL)
		submission->envelope->sender = make_address("a", mail->from);
	for (unsigned i = 0; i < mail->count; i++)
		envelope_add_recipient(
		    submission->envelope, make_address("r", i));
	submission->spool = spool_new(&place);
	spool_append(submission->spool, &mail->number, sizeof mail->number);
	spool_seal(submission->spool);
	submission->deadline_ms = mail->deadline_ms;
	submission->received_ms = mail->row.received_ms;
	submission->report = mail->about != NULL;
	submission->return_to.session =
	    (uint64_t)mail->number << 16 | mail->sendings;
	return submission;
}

static void
free_address(void *address)
{
	header_address_free(address);
}

static struct header *
make_header(void)
{
	struct header *header = g_new0(struct header, 1);

	header->fields = g_array_new(FALSE, FALSE, sizeof(struct header_field));
	header->block = g_bytes_new_static("", 0);
	header->texts = g_string_chunk_new(1);
	return header;
}

/* Takes the submission over. */
static struct message *
make_message_of(const struct mail *mail, struct submission *submission)
{
	struct message *message = g_new0(struct message, 1);
	g_autofree char *from = g_strdup_printf("a@%s", domains[mail->from]);

	g_atomic_ref_count_init(&message->count);
	message->submission = submission;
	message->header = make_header();
	message->message_id = g_strdup_printf("<%u@x>", mail->number);
	message->had_message_id = true;
	message->from = g_ptr_array_new_with_free_func(free_address);
	g_ptr_array_add(message->from, header_address_new(NULL, from));
	return message;
}

/* Its number and the sending stand in the session. */
static struct mail *
find_mail(const struct message *message)
{
	return &world.mail[message->submission->return_to.session >> 16];
}

static void
fly(struct message *message)
{
	struct flight *flight =
	    flight_new(message, dispatcher_route(world.dispatcher));

	for (unsigned i = 0; i < flight->group_count; i++)
		flight->groups[i].doubt = find_mail(message)->policy;
	dispatcher_post(world.dispatcher, flight);
}

#endif
