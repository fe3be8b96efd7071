/* SPDX-License-Identifier: MIT */
#include "sessions.h"

#include "core/log.h"
#include "dialogue.h"
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct sessions {
	struct sessions_options options;
	struct loop *loop;
	GHashTable *visitors; /* by the id of the session */
	uint64_t next;
	struct channel_buffer *buffer;

	struct letter stop; /* posted once */
	int64_t data_grace_ms;
	bool stopping;
	bool closed; /* the loop has ended */
	struct loop_timer *grace;
	_Atomic uint64_t dropped;
};

static void
on_grace_over(void *object)
{
	struct sessions *sessions = object;
	g_autoptr(GList) visitors = g_hash_table_get_values(sessions->visitors);

	for (GList *at = visitors; at != NULL; at = at->next)
		dialogue_cut(((struct sessions_visitor *)at->data)->dialogue);
}

struct sessions *
sessions_new(const struct sessions_options *options)
{
	struct sessions *sessions = g_new0(struct sessions, 1);
	g_autofree char *name = g_strdup_printf("smtp-%u", options->number + 1);

	g_assert(options->number < SESSIONS_LOOPS_MAX);
	sessions->options = *options;
	sessions->loop = loop_new(name, sessions);
	sessions->visitors = g_hash_table_new(g_int64_hash, g_int64_equal);
	sessions->buffer = g_new(struct channel_buffer, 1);
	sessions->grace =
	    loop_timer_new(sessions->loop, on_grace_over, sessions);
	loop_expect(sessions->loop, options->files);
	loop_start(sessions->loop);
	return sessions;
}

unsigned
sessions_number(uint64_t id)
{
	return (unsigned)(id % SESSIONS_LOOPS_MAX);
}

static uint64_t
next_id(struct sessions *sessions)
{
	return ++sessions->next * SESSIONS_LOOPS_MAX + sessions->options.number;
}

/* The session has ended; its visitor goes back to be counted. */
static void
send_back(struct sessions_visitor *visitor)
{
	struct sessions *sessions = visitor->sessions;

	g_clear_pointer(&visitor->dialogue, dialogue_free);
	loop_post(sessions->options.main, &visitor->letter,
	    sessions->options.departed);
}

static void
on_gone(void *object, struct dialogue *dialogue)
{
	struct sessions *sessions = object;
	uint64_t id = dialogue_session(dialogue)->id;
	struct sessions_visitor *visitor =
	    g_hash_table_lookup(sessions->visitors, &id);

	g_hash_table_remove(sessions->visitors, &id);
	metrics_add(
	    sessions->options.world->metrics, METRICS_SESSIONS_ENDED, 1);
	send_back(visitor);
}

static void
on_knock(void *object, const struct dialogue *dialogue)
{
	struct sessions *sessions = object;
	const struct session *session = dialogue_session(dialogue);
	struct sessions_admission *admission =
	    g_new0(struct sessions_admission, 1);

	admission->id = session->id;
	admission->visitor =
	    g_hash_table_lookup(sessions->visitors, &admission->id);
	admission->mail = session->state == SESSION_PERMIT;
	admission->rules = rules_ref(session->rules);
	admission->peer = session->peer;
	admission->peer.keys = NULL;
	loop_post(sessions->options.main, &admission->letter,
	    sessions->options.knocked);
}

void
sessions_admission_free(struct sessions_admission *admission)
{
	rules_free(admission->rules);
	g_free(admission);
}

static void
on_admission(void *owner, struct letter *letter)
{
	struct sessions *sessions = owner;
	struct sessions_admission *admission =
	    LETTER_OF(letter, struct sessions_admission, letter);
	struct sessions_visitor *visitor =
	    g_hash_table_lookup(sessions->visitors, &admission->id);

	if (visitor != NULL)
		dialogue_admit(visitor->dialogue, admission->refused);
	sessions_admission_free(admission);
}

void
sessions_admit_post(struct sessions_admission *admission)
{
	loop_post(admission->visitor->sessions->loop, &admission->letter,
	    on_admission);
}

static void
on_judged(void *owner, struct letter *letter)
{
	struct sessions *sessions = owner;
	struct authority_ask *ask =
	    LETTER_OF(letter, struct authority_ask, letter);
	struct sessions_visitor *visitor =
	    g_hash_table_lookup(sessions->visitors, &ask->session);

	if (visitor != NULL)
		dialogue_judge(visitor->dialogue, &ask->verdict);
	authority_ask_free(ask);
}

static void
begin(struct sessions *sessions, struct sessions_visitor *visitor)
{
	struct dialogue_options options = {
		.base = loop_base(sessions->loop),
		.buffer = sessions->buffer,
		.world = sessions->options.world,
		.rules = visitor->rules,
		.peer = &visitor->peer,
		.back = { sessions->loop, on_judged },
		.id = next_id(sessions),
		.fd = visitor->fd,
		.gone = on_gone,
		.knock = on_knock,
		.object = sessions,
	};

	metrics_add(options.world->metrics, METRICS_SESSIONS_BEGUN, 1);
	visitor->id = options.id;
	visitor->dialogue = dialogue_new(&options);
	visitor->peer.keys = NULL; /* the session's now */
	g_hash_table_insert(sessions->visitors, &visitor->id, visitor);
	if (sessions->stopping)
		dialogue_stop(visitor->dialogue);
	else
		dialogue_begin(visitor->dialogue);
}

static void
on_arrival(void *owner, struct letter *letter)
{
	struct sessions *sessions = owner;
	struct sessions_visitor *visitor =
	    LETTER_OF(letter, struct sessions_visitor, letter);

	if (!sessions->closed) {
		begin(sessions, visitor);
		return;
	}
	close(visitor->fd);
	send_back(visitor);
}

void
sessions_arrive_post(
    struct sessions *sessions, struct sessions_visitor *visitor)
{
	visitor->sessions = sessions;
	loop_post(sessions->loop, &visitor->letter, on_arrival);
}

static void
on_answer(void *owner, struct letter *letter)
{
	struct sessions *sessions = owner;
	struct answer *answer = LETTER_OF(letter, struct answer, letter);
	struct sessions_visitor *visitor =
	    g_hash_table_lookup(sessions->visitors, &answer->session);

	if (visitor != NULL && dialogue_answer(visitor->dialogue, answer)) {
		answer_said(answer);
	} else {
		atomic_fetch_add_explicit(
		    &sessions->dropped, 1, memory_order_relaxed);
		log_info("answer dropped",
		    log_num("session", (int64_t)answer->session),
		    log_num("code", answer->code),
		    log_str("reason", "the client has gone"));
	}
	answer_free(answer);
}

void
sessions_answer_post(struct sessions *sessions, struct answer *answer)
{
	loop_post(sessions->loop, &answer->letter, on_answer);
}

uint64_t
sessions_dropped(const struct sessions *sessions)
{
	return atomic_load_explicit(&sessions->dropped, memory_order_relaxed);
}

struct renewed {
	struct letter letter;
	struct rules *rules; /* counted */
};

static void
on_renewed(void *owner, struct letter *letter)
{
	struct sessions *sessions = owner;
	struct renewed *renewed = LETTER_OF(letter, struct renewed, letter);
	GHashTableIter iter;
	void *at;

	g_hash_table_iter_init(&iter, sessions->visitors);
	while (g_hash_table_iter_next(&iter, NULL, &at)) {
		const struct sessions_visitor *visitor = at;

		if (strcmp(visitor->rules->listener,
			renewed->rules->listener) == 0)
			dialogue_renew(visitor->dialogue, renewed->rules);
	}
	rules_free(renewed->rules);
	g_free(renewed);
}

void
sessions_renew_post(struct sessions *sessions, struct rules *rules)
{
	struct renewed *renewed = g_new0(struct renewed, 1);

	renewed->rules = rules_ref(rules);
	loop_post(sessions->loop, &renewed->letter, on_renewed);
}

static void
on_hurry(void *owner, struct letter *letter)
{
	struct sessions *sessions = owner;
	g_autoptr(GList) visitors = g_hash_table_get_values(sessions->visitors);

	for (GList *at = visitors; at != NULL; at = at->next)
		dialogue_hurry(((struct sessions_visitor *)at->data)->dialogue);
	g_free(letter);
}

void
sessions_hurry_post(struct sessions *sessions)
{
	loop_post(sessions->loop, g_new0(struct letter, 1), on_hurry);
}

static void
on_stop(void *owner, struct letter *letter)
{
	struct sessions *sessions = owner;
	g_autoptr(GList) visitors = g_hash_table_get_values(sessions->visitors);

	(void)letter;
	sessions->stopping = true;
	loop_timer_set(sessions->grace, sessions->data_grace_ms);
	for (GList *at = visitors; at != NULL; at = at->next)
		dialogue_stop(((struct sessions_visitor *)at->data)->dialogue);
}

void
sessions_stop_post(struct sessions *sessions, int64_t data_grace_ms)
{
	sessions->data_grace_ms = data_grace_ms;
	loop_post(sessions->loop, &sessions->stop, on_stop);
}

void
sessions_halt(struct sessions *sessions)
{
	loop_stop(sessions->loop);
}

void
sessions_free(struct sessions *sessions)
{
	GHashTableIter iter;
	void *visitor;

	if (sessions == NULL)
		return;
	loop_stop(sessions->loop);
	sessions->closed = true;
	loop_timer_free(sessions->grace);
	g_hash_table_iter_init(&iter, sessions->visitors);
	while (g_hash_table_iter_next(&iter, NULL, &visitor)) {
		g_hash_table_iter_remove(&iter);
		send_back(visitor);
	}
	/* Reads the letters that still wait. */
	loop_free(sessions->loop);
	g_hash_table_unref(sessions->visitors);
	g_free(sessions->buffer);
	g_free(sessions);
}
