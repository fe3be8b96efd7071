/* SPDX-License-Identifier: MIT */
#include "dialogue.h"

#include "auth.h"
#include "command.h"
#include "core/clock.h"
#include "core/log.h"
#include "doorway.h"
#include "foreign.h"
#include "hello.h"
#include "intake.h"
#include "lmtp.h"
#include "renewal.h"
#include "sasl.h"
#include "starttls.h"
#include "tls.h"
#include "transaction.h"
#include <errno.h>
#include <event2/event.h>
#include <string.h>

/* A line longer than this many times the limit has no end. */
#define ENDLESS_FACTOR 4

struct dialogue {
	struct session *session; /* owned */
	struct event *timer;
	dialogue_gone_fn gone;
	dialogue_knock_fn knock;
	void *object;
};

static size_t on_input(void *object, const unsigned char *bytes, size_t length);
static void on_ended(void *object, int error);
static void on_secured(void *object, const char *trouble);
static void on_settled(void *object);
static void on_timer(evutil_socket_t fd, short what, void *object);

static const struct channel_handlers handlers = {
	.input = on_input,
	.ended = on_ended,
	.secured = on_secured,
	.settled = on_settled,
};

struct dialogue *
dialogue_new(const struct dialogue_options *options)
{
	struct dialogue *dialogue = g_new0(struct dialogue, 1);
	struct session *session = g_new0(struct session, 1);

	session->id = options->id;
	session->state = SESSION_GREETING;
	session->world = options->world;
	session->rules = rules_ref(options->rules);
	session->peer = *options->peer;
	session->back = options->back;
	session->verb = "connect";
	session->channel = channel_new(&(struct channel_options){
	    .base = options->base,
	    .buffer = options->buffer,
	    .handlers = &handlers,
	    .object = dialogue,
	    .fd = options->fd,
	});
	dialogue->session = session;
	dialogue->timer = evtimer_new(options->base, on_timer, dialogue);
	dialogue->gone = options->gone;
	dialogue->knock = options->knock;
	dialogue->object = options->object;
	return dialogue;
}

void
dialogue_free(struct dialogue *dialogue)
{
	if (dialogue == NULL)
		return;
	event_free(dialogue->timer);
	session_free(dialogue->session);
	g_free(dialogue);
}

const struct session *
dialogue_session(const struct dialogue *dialogue)
{
	return dialogue->session;
}

void
dialogue_begin(struct dialogue *dialogue)
{
	struct session *session = dialogue->session;

	log_debug("session opened", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("listener", session->rules->listener),
	    session->peer.local ? log_num("uid", session->peer.uid)
				: log_num_if("port", session->peer.port));
	if (session->peer.proxied)
		doorway_begin(session);
	else
		doorway_enter(session);
	channel_resume(session->channel);
	channel_turn(session->channel);
}

/* Longest line that is taken now, with CR LF. */
static unsigned
limit_line(const struct session *session)
{
	return session->state == SESSION_SASL
		   ? SASL_LINE_MAX
		   : session->rules->limits.line_bytes;
}

/* What the log says of a line that is no command, whatever it holds. */
static void
note_line(struct session *session, const unsigned char *line, size_t length)
{
	session->verb = "unknown";
	/* elsewhere it may be a password */
	if ((session->state & SESSION_COMMANDS) != 0)
		quote_line(&session->quote, (const char *)line, length, false);
	session->quote.advice = foreign_advise(line, length);
}

/* The end of a line that was too long. */
static void
end_skipping(struct session *session)
{
	session->skipped = 0;
	if (session->state == SESSION_SASL)
		auth_end(session);
}

static void
refuse_line(struct session *session, const unsigned char *line, size_t length)
{
	g_autofree char *most =
	    g_strdup_printf("at most %u bytes with CR LF", limit_line(session));

	note_line(session, line, length);
	if (session->quote.advice == NULL && session->state != SESSION_SASL)
		session->quote.advice = "raise command_size when it is meant";
	session_reply(session, REPLY_LINE_LONG, most);
	quote_forget(&session->quote);
}

/* A command line is too long and its end has not come, or had not. */
static size_t
skip_line(struct session *session, const unsigned char *line, size_t length)
{
	unsigned limit = limit_line(session);
	bool ends = line[length - 1] == '\n';

	/* a password may be in it */
	channel_conceal(session->channel);
	session->verb = "unknown";
	if (session->skipped == 0)
		refuse_line(session, line, length);
	session->skipped += length;
	if (session->skipped > (size_t)ENDLESS_FACTOR * limit)
		session_close(session, REPLY_LINE_ENDLESS, NULL);
	else if (ends)
		end_skipping(session);
	return length;
}

/* Takes one line off the input; 0: it is not complete. */
static size_t
take_line(struct session *session, const unsigned char *bytes, size_t length)
{
	const unsigned char *newline = memchr(bytes, '\n', length);
	size_t line = newline == NULL ? length : (size_t)(newline + 1 - bytes);

	if (session->skipped > 0 || line > limit_line(session))
		return skip_line(session, bytes, line);
	if (newline == NULL)
		return 0;
	if (line < 2 || newline[-1] != '\r') {
		note_line(session, bytes, line);
		session_close(session, REPLY_BARE_LF, NULL);
		quote_forget(&session->quote);
		return line;
	}
	session->unread = line < length || channel_has_more(session->channel);
	if (session->state == SESSION_SASL)
		auth_take(session, bytes, line - strlen("\r\n"));
	else
		command_take(session, bytes, line - strlen("\r\n"));
	return line;
}

static void
expect_command(struct session *session)
{
	if ((session->state & (SESSION_COMMANDS | SESSION_SASL)) == 0)
		return;
	if (session->stopping)
		session_close(session, REPLY_STOPPING, NULL);
	else
		session_wait(session, session->rules->times.command_ms);
}

/* It talks before it was greeted. */
static void
refuse_early(struct session *session, const unsigned char *bytes, size_t length)
{
	session->quote.advice = foreign_advise(bytes, length);
	session_close(session, REPLY_SYNCHRONISATION, NULL);
	quote_forget(&session->quote);
}

/* Takes one step through the input; 0: more must come first. */
static size_t
take_step(struct session *session, const unsigned char *bytes, size_t length)
{
	size_t used = length;

	if ((session->state & (SESSION_COMMANDS | SESSION_GREETING)) != 0 &&
	    foreign_refuse(session, bytes, length))
		return length;
	if (session->state == SESSION_DATA)
		used = intake_take(session, bytes, length);
	else if ((session->state & (SESSION_COMMANDS | SESSION_SASL)) != 0)
		used = take_line(session, bytes, length);
	else if (session->state == SESSION_PROXY)
		used = doorway_take(session, bytes, length);
	else if (session->state == SESSION_GREETING)
		refuse_early(session, bytes, length);
	if (used > 0)
		expect_command(session);
	return used;
}

static size_t
on_input(void *object, const unsigned char *bytes, size_t length)
{
	struct dialogue *dialogue = object;
	struct session *session = dialogue->session;
	enum session_state before = session->state;
	size_t used = 0, step = 1;

	while (used < length && step > 0 && session_reads(session)) {
		step = take_step(session, bytes + used, length - used);
		used += step;
		if (channel_unsent(session->channel) >
		    session->rules->limits.unsent_bytes)
			channel_flush(session->channel);
	}
	if (!session_reads(session))
		channel_pause(session->channel);
	if (session->state != before &&
	    (session->state & (SESSION_ADMISSION | SESSION_PERMIT)) != 0)
		dialogue->knock(dialogue->object, dialogue);
	return used;
}

static void
on_secured(void *object, const char *trouble)
{
	struct dialogue *dialogue = object;

	struct session *session = dialogue->session;

	starttls_secured(session, trouble);
	if (session->state == SESSION_FRESH &&
	    session->rules->tls.mode == RULES_TLS_IMPLICIT)
		hello_begin(session);
	expect_command(session);
}

static const char *
tell_end(const struct session *session, int error)
{
	if (error == 0)
		return "the client closed";
	if (error == EPROTO && channel_tls(session->channel) != NULL)
		return tls_trouble(channel_tls(session->channel));
	return g_strerror(error);
}

static void
on_ended(void *object, int error)
{
	struct dialogue *dialogue = object;

	session_abandon(dialogue->session, tell_end(dialogue->session, error));
}

/* The earliest of the moments that are set; 0: none is.  A session whose time
 * is over gets its answer first. */
static int64_t
find_next(const struct session *session)
{
	const struct session_times *times = &session->times;
	const int64_t moments[] = { times->state_ms, times->progress_ms,
		times->discard_ms, times->reply_ms, times->delay_ms,
		session->state == SESSION_ANSWER ? 0 : times->session_ms };
	int64_t next = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(moments); i++)
		if (moments[i] != 0 && (next == 0 || moments[i] < next))
			next = moments[i];
	return next;
}

/* A timer that is due too early is cheaper than one set anew for each command:
 * when it fires, it is set for the rest. */
static void
arm(struct dialogue *dialogue)
{
	struct session_times *times = &dialogue->session->times;
	int64_t next = find_next(dialogue->session), wait;
	struct timeval delay;

	if (next == 0 || (times->armed_ms != 0 && times->armed_ms <= next))
		return;
	times->armed_ms = next;
	wait = MAX(next - clock_monotonic_ms(), 0);
	delay.tv_sec = (time_t)(wait / 1000);
	delay.tv_usec = (suseconds_t)(wait % 1000 * 1000);
	evtimer_add(dialogue->timer, &delay);
}

/* All was said: the client sees our end, and closes.  A close at once could
 * take the last reply away from it when it has sent more than was read. */
static void
close_gently(struct session *session)
{
	if (session->shut)
		return;
	session->shut = true;
	channel_shut(session->channel);
	session->times.state_ms =
	    clock_monotonic_ms() + session->rules->times.linger_ms;
}

static void
on_settled(void *object)
{
	struct dialogue *dialogue = object;
	struct session *session = dialogue->session;

	if (channel_unsent(session->channel) == 0)
		session->times.reply_ms = 0;
	else if (session->times.reply_ms == 0)
		session->times.reply_ms =
		    clock_monotonic_ms() + session->rules->times.reply_ms;
	if (session->state == SESSION_CLOSING &&
	    channel_unsent(session->channel) == 0)
		close_gently(session);
	if (!session->gone) {
		if (channel_paused(session->channel) && session_reads(session))
			channel_resume(session->channel);
		arm(dialogue);
		return;
	}
	log_debug("session closed", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_num("mails", session->counts.mails));
	dialogue->gone(dialogue->object, dialogue);
}

static bool
is_due(int64_t moment_ms, int64_t now_ms)
{
	return moment_ms != 0 && now_ms >= moment_ms;
}

/* Before a handshake is over, who waits for TLS cannot be told anything. */
static void
close_now(struct session *session, enum reply_name name)
{
	bool silent = session->state == SESSION_HANDSHAKE ||
		      (session->rules->tls.mode == RULES_TLS_IMPLICIT &&
			  channel_tls(session->channel) == NULL);

	if (silent)
		session_abandon(session, reply_find(name)->text);
	else
		session_close(session, name, NULL);
}

/* What was waited for too long. */
static void
expire(struct session *session)
{
	session->quote.advice =
	    session->state == SESSION_DATA
		? "raise data_timeout when the client is only slow"
	    : session_is_strained(session)
		? "we are under stress: stress_timeout is all that a stranger "
		  "gets"
		: "raise command_timeout when the client is only slow";
	session_close(session, REPLY_TIMEOUT, NULL);
	quote_forget(&session->quote);
}

static void
end_slow(struct session *session)
{
	session->quote.advice = "raise data_progress, or lower data_rate, when "
				"the client is only slow";
	session_close(session, REPLY_TIMEOUT, "the mail is too slow");
	quote_forget(&session->quote);
}

/* The state has waited long enough. */
static void
end_wait(struct session *session)
{
	if (session->state == SESSION_GREETING)
		hello_greet(session);
	else if (session->state == SESSION_CLOSING)
		session_abandon(session, "the client did not close");
	else if (session->state == SESSION_PROXY)
		doorway_refuse(session, "no PROXY header came in time");
	else if (session->state == SESSION_HANDSHAKE)
		starttls_expire(session);
	else
		expire(session);
}

static void
end_delay(struct session *session)
{
	session->times.delay_ms = 0;
	if (session->state != SESSION_CREDENTIALS)
		return;
	auth_tell(session);
	expect_command(session);
}

static void
check_times(struct session *session)
{
	struct session_times *times = &session->times;
	int64_t now = clock_monotonic_ms();

	if (is_due(times->delay_ms, now))
		end_delay(session);
	if (is_due(times->reply_ms, now))
		session_abandon(session, "the client takes no replies");
	else if (is_due(times->discard_ms, now))
		session_close(
		    session, session->mail.refused, session->mail.why);
	else if (is_due(times->state_ms, now))
		end_wait(session);
	else if (is_due(times->progress_ms, now))
		end_slow(session);
	else if (session->state != SESSION_ANSWER &&
		 is_due(times->session_ms, now))
		close_now(session, REPLY_SESSION_TIME);
}

static void
on_timer(evutil_socket_t fd, short what, void *object)
{
	struct dialogue *dialogue = object;

	(void)fd;
	(void)what;
	dialogue->session->times.armed_ms = 0;
	check_times(dialogue->session);
	channel_turn(dialogue->session->channel);
}

bool
dialogue_answer(struct dialogue *dialogue, const struct answer *answer)
{
	struct session *session = dialogue->session;

	if (session->state != SESSION_ANSWER || session->gone)
		return false;
	bool there = !channel_is_half(session->channel);
	intake_count(session, answer->code);
	if (lmtp_answer(session, answer)) {
		session->counts.errors = 0;
		session->counts.idle = 0;
	}
	if (answer->code == 421)
		session_hang_up(session);
	expect_command(session);
	channel_turn(session->channel);
	return there;
}

void
dialogue_judge(
    struct dialogue *dialogue, const struct authority_verdict *verdict)
{
	struct session *session = dialogue->session;

	if (session->state != SESSION_CREDENTIALS || session->gone)
		return;
	auth_judge(session, verdict);
	expect_command(session);
	channel_turn(session->channel);
}

void
dialogue_admit(struct dialogue *dialogue, enum reply_name refused)
{
	struct session *session = dialogue->session;

	if (session->gone)
		return;
	if (session->state == SESSION_ADMISSION) {
		doorway_admit(session, refused);
	} else if (session->state == SESSION_PERMIT) {
		transaction_permit(session, refused);
		expect_command(session);
	}
	channel_turn(session->channel);
}

void
dialogue_renew(struct dialogue *dialogue, struct rules *rules)
{
	renewal_offer(dialogue->session, rules);
}

void
dialogue_hurry(struct dialogue *dialogue)
{
	session_hurry(dialogue->session);
	channel_turn(dialogue->session->channel);
}

void
dialogue_stop(struct dialogue *dialogue)
{
	struct session *session = dialogue->session;

	session->stopping = true;
	if ((session->state & (SESSION_GREETING | SESSION_HANDSHAKE)) != 0)
		close_now(session, REPLY_STOPPING);
	else if (session->state == SESSION_PROXY)
		session_abandon(session, "shutting down");
	else
		expect_command(session);
	channel_turn(session->channel);
}

void
dialogue_cut(struct dialogue *dialogue)
{
	struct session *session = dialogue->session;

	if (session->state == SESSION_DATA)
		session_close(session, REPLY_STOPPING, NULL);
	channel_turn(session->channel);
}
