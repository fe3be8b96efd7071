/* SPDX-License-Identifier: MIT */
/*
 * The mail part of a talk: from MAIL to the reply to its final dot.
 */
#include "heading.h"
#include "lines.h"
#include "talk.h"
#include <string.h>

/* What a fault makes of the end of a mail. */
enum ending {
	ENDING_REPLY, /* a 250, however late */
	ENDING_CODE,  /* the fault's code */
	ENDING_RESET,
	ENDING_CLOSE,
	ENDING_SILENCE,
};

struct ending_row {
	enum fault_word word;
	enum ending ending;
	bool kept;
};

static const struct ending_row endings[] = {
	{ FAULT_STALL, ENDING_SILENCE, false },
	{ FAULT_STALL_ACCEPTED, ENDING_SILENCE, true },
	{ FAULT_STALL_MID_BODY, ENDING_SILENCE, false },
	{ FAULT_RESET_MID_BODY, ENDING_RESET, false },
	{ FAULT_RESET_AFTER_BODY, ENDING_RESET, false },
	{ FAULT_RESET_ACCEPTED, ENDING_RESET, true },
	{ FAULT_DOT, ENDING_CODE, false },
	{ FAULT_CLOSE_AFTER_DOT, ENDING_CLOSE, false },
	{ FAULT_CLOSE_AFTER_DOT_ACCEPTED, ENDING_CLOSE, true },
	{ FAULT_SILENT_AFTER_DOT, ENDING_SILENCE, false },
};

bool
parcel_fails(const struct talk *talk, enum fault_word word)
{
	const struct fault *fault = talk->parcel.fault;

	return fault != NULL && fault->word == word;
}

void
parcel_clear(struct talk *talk)
{
	record_free(talk->parcel.record);
	fault_unref(talk->parcel.fault);
	talk->parcel = (struct parcel){ 0 };
}

void
parcel_begin(struct talk *talk, const char *sender)
{
	struct parcel *parcel = &talk->parcel;

	parcel->begun = true;
	parcel->record = record_new(talk->house->name, "smtp");
	parcel->record->sender = g_strdup(sender);
	parcel->record->raw = blob_new(records_directory(talk->house->records));
	blob_watch(parcel->record->raw);
}

static bool
is_half(const struct parcel *parcel)
{
	uint64_t percent = parcel->fault->number;

	/* of a mail whose size was not said the first bytes are enough */
	return blob_size(parcel->record->raw) >=
	       parcel->size_bytes / 100 * percent;
}

static size_t
take_chunk(struct talk *talk, const char *bytes, size_t length)
{
	blob_append(talk->parcel.record->raw, bytes, length);
	talk->chunk_bytes -= length;
	return length;
}

size_t
parcel_take(struct talk *talk, const char *bytes, size_t length)
{
	struct parcel *parcel = &talk->parcel;
	size_t taken =
	    talk->state == TALK_CHUNK
		? take_chunk(talk, bytes, length)
		: dots_feed(&parcel->dots, bytes, length, parcel->record->raw);
	bool over = talk->state == TALK_CHUNK ? talk->chunk_bytes == 0
					      : parcel->dots.state == DOTS_END;

	if (parcel_fails(talk, FAULT_RESET_MID_BODY) && is_half(parcel)) {
		talk_break(talk);
		return taken;
	}
	if (parcel_fails(talk, FAULT_STALL_MID_BODY) && is_half(parcel)) {
		talk_swallow(talk);
		return taken;
	}
	if (!over)
		return taken;
	talk->state = TALK_COMMAND;
	if (parcel->chunked && !talk->last_chunk)
		talk_say(talk, "250 2.0.0 Ok");
	else
		parcel_end(talk);
	return taken;
}

static void
look_at(struct talk *talk)
{
	struct record *record = talk->parcel.record;
	const struct lines *lines = blob_lines(record->raw);
	size_t length;
	const char *head = blob_head(record->raw, &length);

	heading_check(head, length, HEADING_SMTP, record->notes);
	lines_note(lines, record->notes);
	/* where it is not offered there is no way to say it */
	if (lines->eightbit && !talk->parcel.eightbit && talk->eightbit)
		g_ptr_array_add(record->notes,
		    g_strdup("8-bit bytes without BODY=8BITMIME"));
	if (talk->parcel.size_bytes > 0 &&
	    blob_size(record->raw) > talk->parcel.size_bytes)
		g_ptr_array_add(record->notes,
		    g_strdup("the mail is larger than SIZE= said"));
}

/* Keeps the mail; the reply to its dot. */
static char *
keep(struct talk *talk)
{
	struct record *record = g_steal_pointer(&talk->parcel.record);
	g_autoptr(GError) error = NULL;

	record->id = g_strdup_printf(
	    "%06" G_GUINT64_FORMAT, records_count(talk->house->records) + 1);
	g_autofree char *id = g_strdup(record->id);
	if (!house_keep(talk->house, record, &error)) {
		house_note(talk->house, NULL, error->message);
		return g_strdup("451 4.3.0 Cannot keep it");
	}
	return g_strdup_printf("250 2.0.0 Ok: queued as %s", id);
}

static struct ending_row
find_ending(const struct fault *fault)
{
	for (size_t i = 0; fault != NULL && i < G_N_ELEMENTS(endings); i++) {
		if (endings[i].word == fault->word)
			return endings[i];
	}
	return (struct ending_row){ 0, ENDING_REPLY, true };
}

void
parcel_end(struct talk *talk)
{
	const struct fault *fault = talk->parcel.fault;
	struct ending_row row = find_ending(fault);
	g_autofree char *reply = NULL;

	look_at(talk);
	if (row.kept || (fault != NULL && fault_has(fault, "accepted")))
		reply = keep(talk);
	switch (row.ending) {
	case ENDING_REPLY:
		talk_say_late(talk, reply);
		break;
	case ENDING_CODE:
		talk_say(talk, "%u %u.3.0 Not this one",
		    (unsigned)fault->number, (unsigned)fault->number / 100);
		break;
	case ENDING_RESET:
		talk_break(talk);
		break;
	case ENDING_CLOSE:
		talk_end(talk);
		break;
	case ENDING_SILENCE:
		talk->state = TALK_SILENT;
		break;
	}
	parcel_clear(talk);
}
