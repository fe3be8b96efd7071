/* SPDX-License-Identifier: MIT */
#include "mail/composition.h"

#include "composition_head.h"
#include "composition_parts.h"
#include "core/clock.h"
#include "deposit.h"

/* The addresses as they were read. */
struct people {
	GPtrArray *from, *reply_to, *to, *cc, *bcc; /* struct mailbox * */
};

static void
read_text(const char *text, const struct composition_place *place,
    GPtrArray *mailboxes)
{
	g_autofree char *why = NULL;
	bool read =
	    composition_address_read(text, place->domain, mailboxes, &why);

	g_assert(read);
}

static GPtrArray *
read_list(const GPtrArray *texts, const struct composition_place *place)
{
	GPtrArray *mailboxes = composition_address_list();

	for (unsigned i = 0; i < texts->len; i++)
		read_text(texts->pdata[i], place, mailboxes);
	return mailboxes;
}

static struct people
read_people(const struct composition *composition,
    const struct composition_place *place)
{
	struct people people = {
		.from = composition_address_list(),
		.reply_to = composition_address_list(),
		.to = read_list(composition->to, place),
		.cc = read_list(composition->cc, place),
		.bcc = read_list(composition->bcc, place),
	};

	read_text(composition->from, place, people.from);
	if (composition->reply_to != NULL)
		read_text(composition->reply_to, place, people.reply_to);
	return people;
}

static void
clear_people(struct people *people)
{
	g_ptr_array_unref(people->from);
	g_ptr_array_unref(people->reply_to);
	g_ptr_array_unref(people->to);
	g_ptr_array_unref(people->cc);
	g_ptr_array_unref(people->bcc);
}

/* ---- the envelope ---- */

static struct address *
choose_sender(const struct composition *composition,
    const struct composition_place *place, const struct people *people)
{
	g_autoptr(GPtrArray) named = composition_address_list();
	const struct mailbox *sender = people->from->pdata[0];

	if (composition->sender != NULL && *composition->sender == '\0')
		return NULL;
	if (composition->sender != NULL) {
		read_text(composition->sender, place, named);
		sender = named->pdata[0];
	}
	return address_copy(sender->address);
}

static void
add_recipients(struct envelope *envelope, const GPtrArray *mailboxes)
{
	for (unsigned i = 0; i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];

		envelope_add_recipient(
		    envelope, address_copy(mailbox->address));
	}
}

static struct submission *
make_submission(const struct composition *composition,
    const struct composition_place *place, const struct people *people)
{
	struct submission *submission = g_new0(struct submission, 1);
	struct envelope *envelope = envelope_new();

	id_make(submission->id);
	submission->envelope = envelope;
	submission->received_ms = clock_wall_ms();
	submission->received_us = clock_monotonic_us();
	envelope->sender = choose_sender(composition, place, people);
	add_recipients(envelope, people->to);
	add_recipients(envelope, people->cc);
	add_recipients(envelope, people->bcc);
	envelope_end_recipients(envelope);
	return submission;
}

/* ---- the mail ---- */

static enum composition_end
write_mail(struct submission *submission, const struct composition *composition,
    const struct composition_place *place, const struct people *people,
    char **why)
{
	struct composition_head head = {
		.composition = composition,
		.from = people->from,
		.reply_to = people->reply_to,
		.to = people->to,
		.cc = people->cc,
		.id = submission->id,
		.now_ms = submission->received_ms,
	};
	g_autoptr(GString) fields = g_string_new(NULL);
	struct deposit *deposit = deposit_new(place);
	bool written = composition_head_write(fields, &head);
	enum composition_end end;

	g_assert(written);
	if (deposit_put(deposit, fields->str, fields->len))
		composition_parts_write(deposit, composition, submission->id);
	end = deposit_end(deposit, submission, why);
	deposit_free(deposit);
	return end;
}

struct submission *
composition_submission(const struct composition *composition,
    const struct composition_place *place, enum composition_end *end,
    char **why)
{
	struct people people = read_people(composition, place);
	struct submission *submission =
	    make_submission(composition, place, &people);

	*end = write_mail(submission, composition, place, &people, why);
	clear_people(&people);
	if (*end == COMPOSITION_MADE) {
		submission->repaired = false;
		submission->envelope->eightbit = submission->seen.eightbit_body;
		return submission;
	}
	submission_free(submission);
	return NULL;
}
