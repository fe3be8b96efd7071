/* SPDX-License-Identifier: MIT */
/*
 * An engine that keeps nothing: it writes down what it is asked to do, and does
 * what the test says.  Mails are called by the last letter of their id.  What
 * is written down, by any thread, is the trace: words that a test waits for and
 * compares.
 */
#ifndef TESTS_STORE_FAKE_H
#define TESTS_STORE_FAKE_H

#include "answer.h"
#include "engine.h"
#include "mail/sample.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How long a test waits for what must come. */
#define FAKE_PATIENCE_S 30

/* A mail that is on disk. */
struct fake_mail {
	char letter;
	bool fresh, woken; /* woken: it may be woken before it is due */
	bool damaged;
	int64_t due_ms;
	bool loading, active; /* in this transaction; committed */
};

#define FAKE_MAILS 400

struct fake {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	GString *trace;
	char *text;               /* of the last answer */
	const char *directory;    /* of the store */
	struct spool_place place; /* of what is loaded */

	/* what the test says */
	bool hold;         /* commits wait */
	const char *wrong; /* this one ("commit") fails, */
	enum engine_result how;
	int times;          /* so often; -1: always */
	bool expire;        /* while a commit lasts its deadlines pass */
	char expires;       /* ...that of this mail; 0: the last one's */
	char absent;        /* no such mail; 0: all are there */
	const char *needed; /* the sweep leaves these */
	const char *left;   /* finished mails at open */
	struct fake_mail mails[FAKE_MAILS];
	unsigned count;
	unsigned most;    /* loaded in one transaction */
	unsigned loading; /* in this one */
	int64_t clamped;  /* most_ms of the last clamp; 0: none since */
	unsigned beyond;  /* clamps after which more are left */
	unsigned acted;   /* mails an act changes in all; 0: one */

	_Atomic uint64_t held, held_bytes; /* what the queue is said to hold */

	bool kept[128];              /* by letter: there is such a mail */
	struct submission *accepted; /* in this transaction, the last */
};

static inline void
fake_id(char letter, char id[static ID_LENGTH + 1])
{
	memset(id, '0', ID_LENGTH);
	id[ID_LENGTH - 1] = letter;
	id[ID_LENGTH] = '\0';
}

static inline char
fake_letter(const char *id)
{
	return id[ID_LENGTH - 1];
}

/* Adds a word to the trace; any thread. */
static inline void G_GNUC_PRINTF(2, 3)
    fake_note(struct fake *fake, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	pthread_mutex_lock(&fake->lock);
	if (fake->trace->len > 0)
		g_string_append_c(fake->trace, ' ');
	g_string_append_vprintf(fake->trace, format, list);
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
	va_end(list);
}

/* Waits until the trace has these words. */
static inline void
fake_await(struct fake *fake, const char *words)
{
	struct timespec until;
	int waited = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FAKE_PATIENCE_S;
	pthread_mutex_lock(&fake->lock);
	while (waited == 0 && strstr(fake->trace->str, words) == NULL)
		waited =
		    pthread_cond_timedwait(&fake->changed, &fake->lock, &until);
	if (waited != 0)
		print_error("no \"%s\" in \"%s\"\n", words, fake->trace->str);
	pthread_mutex_unlock(&fake->lock);
	assert_int_equal(waited, 0);
}

/* What was noted since the last time; new string. */
static inline char *
fake_take(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	char *trace = g_string_free(fake->trace, FALSE);
	fake->trace = g_string_new(NULL);
	pthread_mutex_unlock(&fake->lock);
	return trace;
}

/* It must be exactly this. */
static inline void
fake_expect(struct fake *fake, const char *expected)
{
	g_autofree char *trace = fake_take(fake);

	assert_string_equal(trace, expected);
}

static inline void
fake_hold(struct fake *fake, bool hold)
{
	pthread_mutex_lock(&fake->lock);
	fake->hold = hold;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

/* From now on `wrong` comes to that, so often. */
static inline void
fake_fail(
    struct fake *fake, const char *wrong, enum engine_result how, int times)
{
	pthread_mutex_lock(&fake->lock);
	fake->wrong = wrong;
	fake->how = how;
	fake->times = times;
	pthread_mutex_unlock(&fake->lock);
}

static inline enum engine_result
fake_result(struct fake *fake, const char *what)
{
	enum engine_result result = ENGINE_OK;

	pthread_mutex_lock(&fake->lock);
	if (fake->wrong != NULL && strcmp(fake->wrong, what) == 0 &&
	    fake->times != 0) {
		result = fake->how;
		fake->times -= fake->times > 0;
	}
	for (unsigned i = 0; result != ENGINE_OK && i < fake->count; i++)
		fake->mails[i].loading = false;
	pthread_mutex_unlock(&fake->lock);
	if (result != ENGINE_OK)
		fake_note(fake, "%s:%s", what,
		    result == ENGINE_FULL ? "full" : "bad");
	return result;
}

/* A mail waits on disk; before the store is opened, or under the lock. */
static inline void
fake_add(struct fake *fake, const struct fake_mail *mail)
{
	pthread_mutex_lock(&fake->lock);
	g_assert(fake->count < FAKE_MAILS);
	fake->mails[fake->count++] = *mail;
	pthread_mutex_unlock(&fake->lock);
}

/* The engine has no other way to learn which one it is. */
static struct fake *fake_current;

static inline void *
fake_open(const struct engine_options *options, GError **error)
{
	(void)error;
	g_assert_cmpint(options->doubt_ms, ==, 120000);
	return fake_current;
}

static inline void
fake_close(void *self)
{
	fake_note(self, "close");
}

static inline const char *
fake_error(const void *self)
{
	(void)self;
	return "as the test says";
}

static inline enum engine_result
fake_begin(void *self)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "begin");

	fake->loading = 0;
	fake->accepted = NULL;
	if (result == ENGINE_OK)
		fake_note(fake, "begin");
	return result;
}

static inline void
fake_wait(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	if (fake->hold)
		g_string_append(fake->trace, " at-commit");
	pthread_cond_broadcast(&fake->changed);
	while (fake->hold)
		pthread_cond_wait(&fake->changed, &fake->lock);
	pthread_mutex_unlock(&fake->lock);
}

static inline enum engine_result
fake_commit(void *self)
{
	struct fake *fake = self;
	enum engine_result result;

	fake_wait(fake);
	if (fake->expire && fake->accepted != NULL)
		fake->accepted->deadline_ms = 1;
	result = fake_result(fake, "commit");
	if (result != ENGINE_OK)
		return result;
	pthread_mutex_lock(&fake->lock);
	for (unsigned i = 0; i < fake->count; i++) {
		fake->mails[i].active |= fake->mails[i].loading;
		fake->mails[i].loading = false;
	}
	pthread_mutex_unlock(&fake->lock);
	fake->most = MAX(fake->most, fake->loading);
	fake_note(fake, "commit");
	return ENGINE_OK;
}

static inline void
fake_rollback(void *self)
{
	fake_note(self, "rollback");
}

static inline bool
fake_has_file(const struct fake *fake, const char *id)
{
	g_autofree char *path =
	    g_build_filename(fake->directory, "bodies", id, NULL);

	return access(path, F_OK) == 0;
}

static inline enum engine_result
fake_accept(
    void *self, const struct submission *submission, bool active, bool in_file)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "accept");

	if (result != ENGINE_OK)
		return result;
	g_assert_true(in_file == fake_has_file(fake, submission->id));
	if (fake->expires == 0 || fake->expires == fake_letter(submission->id))
		fake->accepted = (struct submission *)submission;
	fake->kept[(unsigned char)fake_letter(submission->id)] = true;
	fake_note(fake, "accept%s%s %c", active ? "" : "-waiting",
	    in_file ? "-file" : "", fake_letter(submission->id));
	return ENGINE_OK;
}

/* Whose resend_key is the id of a mail is a resend of that, for its first
 * recipient; if it is "all ID" for all. */
static inline enum engine_result
fake_resends(void *self, const struct submission *submission, char **ids)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "resends");
	const char *key = submission->resend_key;
	bool all = g_str_has_prefix(key, "all ");

	if (result != ENGINE_OK)
		return result;
	fake_note(fake, "resends %c", fake_letter(submission->id));
	for (unsigned i = 0; i < submission->envelope->recipients->len; i++)
		if (all || i == 0)
			ids[i] = g_strdup(all ? key + strlen("all ") : key);
	return ENGINE_OK;
}

/* A key that is the id of a mail is of that; "not ID" of that, which is
 * another. */
static inline enum engine_result
fake_keyed(
    void *self, const struct submission *submission, struct engine_keyed *out)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "keyed");
	const char *key = submission->idempotency_key;
	bool other = g_str_has_prefix(key, "not ");

	if (result != ENGINE_OK)
		return result;
	fake_note(fake, "keyed %c", fake_letter(submission->id));
	if (strlen(key) < ID_LENGTH)
		return ENGINE_OK;
	out->id = g_strdup(other ? key + strlen("not ") : key);
	out->at_ms = submission->received_ms;
	out->alike = !other;
	return ENGINE_OK;
}

static inline enum engine_result
fake_forget_keys(void *self, int64_t before_ms, unsigned most, bool *more)
{
	(void)before_ms;
	(void)most;
	*more = false;
	return fake_result(self, "forget-keys");
}

static inline enum engine_result
fake_forget(void *self, int64_t before_ms, unsigned most, bool *more)
{
	(void)before_ms;
	(void)most;
	*more = false;
	return fake_result(self, "forget");
}

static inline enum engine_result
fake_enter(
    void *self, const struct journal *journal, bool in_file, bool *finished)
{
	static const char *const kinds[] = { "begun", "ended", "landed",
		"taken", "passed", "noted" };
	struct fake *fake = self;
	const char *kind = kinds[journal->kind];
	const char *id =
	    journal->message == NULL ? NULL : journal->message->submission->id;
	enum engine_result result = fake_result(fake, kind);

	if (result == ENGINE_OK)
		result = fake_result(fake, "enter");
	if (result != ENGINE_OK)
		return result;
	*finished = false;
	if (id == NULL) {
		fake_note(fake, "%s", kind);
		return ENGINE_OK;
	}
	if (fake->absent == fake_letter(id))
		return ENGINE_ABSENT;
	if (in_file)
		g_assert_true(fake_has_file(fake, id));
	fake->kept[(unsigned char)fake_letter(id)] = true;
	fake_note(
	    fake, "%s%s %c", kind, in_file ? "-file" : "", fake_letter(id));
	*finished = journal->kind == JOURNAL_LANDED && journal->due_ms == 0 &&
		    journal->hold == NULL;
	return ENGINE_OK;
}

static inline struct submission *
fake_submission(const struct fake *fake, char letter, size_t bytes)
{
	struct submission *submission = g_new0(struct submission, 1);
	g_autofree char *body = g_strnfill(bytes, letter);

	fake_id(letter, submission->id);
	submission->listener = "local";
	submission->protocol = "SMTP";
	g_strlcpy(submission->peer, "192.0.2.7", sizeof(submission->peer));
	submission->helo = g_strdup("app.example.com");
	submission->received_ms = INT64_C(1795256640000);
	submission->envelope = envelope_new();
	submission->envelope->sender = sample_address("app@example.com");
	envelope_add_recipient(
	    submission->envelope, sample_address("one@example.org"));
	submission->spool = spool_new(&fake->place);
	assert_true(spool_append(submission->spool, body, bytes));
	assert_true(spool_seal(submission->spool));
	return submission;
}

/* The id of mail number i of those on disk: its letter is the last. */
static inline void
fake_number_id(
    const struct fake *fake, unsigned i, char id[static ID_LENGTH + 1])
{
	g_snprintf(id, ID_LENGTH + 1, "%025u%c", i, fake->mails[i].letter);
}

static inline struct fake_mail *
fake_find(struct fake *fake, const char *id)
{
	struct fake_mail *mail = &fake->mails[g_ascii_strtoull(id, NULL, 10)];

	return mail->active || mail->loading ? NULL : mail;
}

static inline enum engine_result
fake_load(void *self, const char *id, struct submission **submission)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "load");
	struct fake_mail *mail = fake_find(fake, id);

	if (result != ENGINE_OK)
		return result;
	if (mail == NULL)
		return ENGINE_ABSENT;
	mail->loading = true;
	fake->loading++;
	fake_note(fake, "load %c", mail->letter);
	if (mail->damaged)
		return ENGINE_OK;
	*submission = fake_submission(fake, mail->letter, 10);
	(*submission)->queued = true;
	(*submission)->rounds = !mail->fresh;
	fake_number_id(fake, (unsigned)(mail - fake->mails), (*submission)->id);
	return ENGINE_OK;
}

static inline enum engine_result
fake_remove(void *self, const char *id, bool *in_file)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "remove");

	if (result != ENGINE_OK)
		return result;
	*in_file = fake_has_file(fake, id);
	fake->kept[(unsigned char)fake_letter(id)] = false;
	fake_note(fake, "remove %c", fake_letter(id));
	return ENGINE_OK;
}

static inline void
fake_fill(const void *self, uint64_t *mails, uint64_t *bytes)
{
	const struct fake *fake = self;

	*mails = fake->held;
	*bytes = fake->held_bytes;
}

static inline enum engine_result
fake_act(void *self, struct engine_act *act)
{
	struct fake *fake = self;
	struct store_ask *ask = act->ask;
	enum engine_result result = fake_result(fake, "act");

	if (result != ENGINE_OK)
		return result;
	if (ask->id != NULL && fake->absent == fake_letter(ask->id))
		return ENGINE_ABSENT;
	ask->found = true;
	ask->changed = ask->id != NULL ? 1 : MIN(act->most, fake->acted);
	fake->acted -= MIN(ask->changed, fake->acted);
	act->at += ask->changed;
	act->done = ask->id != NULL || ask->changed < act->most;
	fake_note(fake, "act %s %u", ask->who, ask->changed);
	if (ask->question == STORE_DROP && ask->id != NULL)
		g_ptr_array_add(act->finished, g_strdup(ask->id));
	return ENGINE_OK;
}

static inline enum engine_result
fake_clamp(void *self, int64_t now_ms, int64_t most_ms, bool *more)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "clamp");

	if (result != ENGINE_OK)
		return result;
	pthread_mutex_lock(&fake->lock);
	fake->clamped = most_ms;
	for (unsigned i = 0; i < fake->count; i++)
		fake->mails[i].due_ms =
		    MIN(fake->mails[i].due_ms, now_ms + most_ms);
	*more = fake->beyond > 0;
	fake->beyond -= *more;
	pthread_mutex_unlock(&fake->lock);
	return ENGINE_OK;
}

static inline enum engine_result
fake_due(void *self, const struct engine_due *query, GPtrArray *ids)
{
	struct fake *fake = self;
	unsigned found = 0;
	char id[ID_LENGTH + 1];

	pthread_mutex_lock(&fake->lock);
	for (unsigned i = 0; i < fake->count && found < query->most; i++) {
		const struct fake_mail *mail = &fake->mails[i];
		bool due = mail->due_ms <= query->now_ms ||
			   (mail->woken && query->woken_ms > 0);

		if (!due || mail->fresh != query->fresh || mail->active ||
		    mail->loading)
			continue;
		fake_number_id(fake, i, id);
		g_ptr_array_add(ids, g_strdup(id));
		found++;
	}
	pthread_mutex_unlock(&fake->lock);
	return fake_result(fake, "due");
}

static inline enum engine_result
fake_next(void *self, int64_t *due_ms)
{
	struct fake *fake = self;

	*due_ms = 0;
	pthread_mutex_lock(&fake->lock);
	for (unsigned i = 0; i < fake->count; i++)
		if (!fake->mails[i].active && !fake->mails[i].loading &&
		    (*due_ms == 0 || fake->mails[i].due_ms < *due_ms))
			*due_ms = fake->mails[i].due_ms;
	pthread_mutex_unlock(&fake->lock);
	return fake_result(fake, "next");
}

static inline enum engine_result
fake_states(void *self, GPtrArray *states)
{
	struct journal_state *state = g_new0(struct journal_state, 1);

	state->provider = g_strdup("mailgun");
	state->text = g_strdup("open");
	g_ptr_array_add(states, state);
	return fake_result(self, "states");
}

static inline enum engine_result
fake_ask(void *self, struct store_ask *ask)
{
	struct fake *fake = self;
	enum engine_result result = fake_result(fake, "ask");
	struct store_mail *mail;

	ask->found = result == ENGINE_OK;
	if (result != ENGINE_OK || ask->question != STORE_MAIL)
		return result;
	ask->mails = store_mails_new();
	ask->found = fake->absent != fake_letter(ask->id);
	if (!ask->found)
		return ENGINE_OK;
	mail = store_mail_new();
	g_strlcpy(mail->id, ask->id, sizeof(mail->id));
	mail->listener = g_strdup("local");
	mail->peer = g_strdup("192.0.2.7");
	mail->helo = g_strdup("app.example.com");
	mail->sender = g_strdup("app@example.com");
	mail->received_ms = 1;
	store_mail_add_recipient(mail, "one@example.org")->is.state =
	    RECIPIENT_ACCEPTED;
	g_ptr_array_add(ask->mails, mail);
	return ENGINE_OK;
}

static inline uint64_t
fake_changes(const void *self)
{
	(void)self;
	return 0;
}

static inline bool
fake_has(void *self, const char *id)
{
	struct fake *fake = self;

	return fake->kept[(unsigned char)fake_letter(id)] ||
	       strchr(fake->needed, fake_letter(id)) != NULL;
}

static inline enum engine_result
fake_finished(void *self, GPtrArray *ids)
{
	struct fake *fake = self;
	char id[ID_LENGTH + 1];

	for (const char *letter = fake->left; *letter != '\0'; letter++) {
		fake_id(*letter, id);
		g_ptr_array_add(ids, g_strdup(id));
	}
	return fake_result(fake, "finished");
}

static inline enum engine_result
fake_spare(void *self)
{
	return fake_result(self, "spare");
}

static const struct engine fake_engine = {
	.open = fake_open,
	.close = fake_close,
	.error = fake_error,
	.spare = fake_spare,
	.begin = fake_begin,
	.commit = fake_commit,
	.rollback = fake_rollback,
	.accept = fake_accept,
	.resends = fake_resends,
	.keyed = fake_keyed,
	.forget_keys = fake_forget_keys,
	.forget = fake_forget,
	.enter = fake_enter,
	.load = fake_load,
	.remove = fake_remove,
	.act = fake_act,
	.clamp = fake_clamp,
	.due = fake_due,
	.next = fake_next,
	.states = fake_states,
	.fill = fake_fill,
	.ask = fake_ask,
	.changes = fake_changes,
	.has = fake_has,
	.finished = fake_finished,
};

#endif
