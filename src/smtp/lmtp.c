/* SPDX-License-Identifier: MIT */
#include "lmtp.h"

bool
lmtp_is_spoken(const struct session *session)
{
	return session->rules->door.protocol == RULES_LMTP;
}

void
lmtp_expect(struct session *session, unsigned number)
{
	if (!lmtp_is_spoken(session))
		return;
	if (session->mail.owed == NULL)
		session->mail.owed = g_array_new(FALSE, FALSE, sizeof(number));
	g_array_append_val(session->mail.owed, number);
}

unsigned
lmtp_owed(const struct session *session)
{
	return session->mail.owed != NULL ? session->mail.owed->len : 0;
}

void
lmtp_refuse(struct session *session, enum reply_name name, const char *why)
{
	unsigned owed = lmtp_owed(session);
	struct envelope *envelope = g_steal_pointer(&session->mail.envelope);

	session_reset(session);
	session->quote.envelope = envelope;
	session_reply(session, name, why);
	session->quote.envelope = NULL;
	envelope_free(envelope);
	/* it is one error, however often it is said */
	for (unsigned i = 1; i < owed && session->state != SESSION_CLOSING; i++)
		session_repeat(session, name, why);
}

static const struct answer_line *
find_line(const struct answer *answer, unsigned number)
{
	return number < answer->count && answer->each[number].code != 0
		   ? &answer->each[number]
		   : NULL;
}

/* True: it was taken. */
static bool
say_to_all(struct session *session, const struct answer *answer)
{
	session_say(
	    session, "%u %s %s", answer->code, answer->enhanced, answer->text);
	return answer->code < 300;
}

static bool
say_to_one(
    struct session *session, const struct answer *answer, unsigned number)
{
	const struct answer_line *line = find_line(answer, number);

	if (line == NULL)
		return say_to_all(session, answer);
	session_say(
	    session, "%u %s %s", line->code, line->enhanced, line->text);
	return line->code < 300;
}

bool
lmtp_answer(struct session *session, const struct answer *answer)
{
	g_autoptr(GArray) owed = g_steal_pointer(&session->mail.owed);
	bool taken = false;

	session_reset(session);
	if (owed == NULL)
		return say_to_all(session, answer);
	for (unsigned i = 0; i < owed->len; i++)
		taken |= say_to_one(
		    session, answer, g_array_index(owed, unsigned, i));
	return taken;
}
