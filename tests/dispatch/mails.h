/* SPDX-License-Identifier: MIT */
/*
 * The mails of the made-up world as the dispatcher gets them.
 */
#ifndef TESTS_DISPATCH_MAILS_H
#define TESTS_DISPATCH_MAILS_H

#include "roads.h"

static struct address *
make_address(const char *local, unsigned number)
{
	g_autofree char *text = g_strdup_printf(
	    "%s%u@%s", local, number, places[find_place(number)]);
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
	g_snprintf(submission->id, sizeof submission->id, "MAIL%u-%u-%u",
	    mail->number, mail->sendings, world.seed);
	submission->listener = mail->deaf ? "deaf" : "any";
	submission->protocol = "ESMTP";
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

static void
add_field(struct header *header, const char *name, const char *body)
{
	const struct header_field field = { .name = name, .body = body };

	g_array_append_val(header->fields, field);
}

static struct header *
make_header(const struct mail *mail)
{
	struct header *header = g_new0(struct header, 1);

	header->fields = g_array_new(FALSE, FALSE, sizeof(struct header_field));
	header->block = g_bytes_new_static("", 0);
	header->texts = g_string_chunk_new(1);
	if (mail->policy != ANY)
		add_field(header, HINTS_DOUBT, policies[mail->policy]);
	if (mail->wants != ANY)
		add_field(header, HINTS_ROUTE,
		    (unsigned)mail->wants + 1 == world.road_count
			? "default"
			: road_names[mail->wants]);
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
	message->header = make_header(mail);
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
	struct mail *mail = find_mail(message);
	struct flight *flight =
	    flight_new(message, dispatcher_route(world.dispatcher));

	mail->flown = true;
	happened[HAPPENED_SPLIT] += flight->group_count > 1;
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		unsigned number = flight->ledger->recipients[i].group;
		const struct flight_group *group = &flight->groups[number];
		if (i == 0 || number != flight->ledger->recipients[0].group)
			check_order(find_road(mail, i), group->order,
			    group->order_count);
	}
	dispatcher_post(world.dispatcher, flight);
}

#endif
