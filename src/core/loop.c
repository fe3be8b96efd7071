/* SPDX-License-Identifier: MIT */
#include "core/loop.h"

#include "core/clock.h"
#include "thread.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* How long letters that nobody waits for may lie. */
#define LATER_MS 20

/* libevent is used without its locks: the base is touched by whoever runs the
 * loop, and before and after that by whoever made it.  From elsewhere there is
 * only the mailbox, whose eventfd wakes the base. */
struct loop {
	char name[THREAD_NAME_LENGTH];
	struct event_base *base;
	struct mailbox *box;
	struct event *mail;
	int later_fd; /* a timer that any thread may set */
	struct event *later;
	pthread_t thread;         /* of loop_start() */
	struct letter stop;       /* posted once, by loop_stop() */
	loop_fn after;            /* NULL: none */
	void *object;             /* of after */
	atomic_bool running;      /* from before its thread to after */
	_Atomic pthread_t runner; /* set by the thread itself */

	/* of this turn */
	bool timed; /* the clocks were read */
	int64_t now_ms, wall_ms;
};

struct loop_timer {
	struct loop *loop;
	struct event *event;
	loop_fn fn;
	void *object;
};

/* The signal is blocked and read from a file: no thread is interrupted by it,
 * and it waits for the loop wherever that is. */
struct loop_signal {
	struct loop *loop;
	sigset_t set; /* it alone */
	int fd;
	struct event *event;
	loop_fn fn;
	void *object;
};

static size_t
read_letters(struct loop *loop)
{
	size_t count;

	loop_turn(loop);
	count = mailbox_read_all(loop->box);

	if (count > 0 && loop->after != NULL)
		loop->after(loop->object);
	return count;
}

static void
on_mail(evutil_socket_t fd, short what, void *object)
{
	(void)fd;
	(void)what;
	read_letters(object);
}

static void
on_later(evutil_socket_t fd, short what, void *object)
{
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof(times)) > 0)
		read_letters(object);
}

static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();

	/* no locks; and delays count from now, not from the last wait */
	event_config_set_flag(
	    config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_NO_CACHE_TIME);
	struct event_base *base = event_base_new_with_config(config);
	event_config_free(config);
	if (base == NULL)
		g_error("no event base could be made; raise the limit of open "
			"files");
	return base;
}

struct loop *
loop_new(const char *name, void *owner)
{
	struct loop *loop = g_new0(struct loop, 1);

	g_strlcpy(loop->name, name, sizeof(loop->name));
	loop->base = make_base();
	loop->box = mailbox_new(owner);
	loop->mail = event_new(loop->base, mailbox_fd(loop->box),
	    EV_READ | EV_PERSIST, on_mail, loop);
	event_add(loop->mail, NULL);
	loop->later_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->later_fd < 0)
		g_error("no timerfd for the loop %s: %s; raise the limit of "
			"open files",
		    name, g_strerror(errno));
	loop->later = event_new(
	    loop->base, loop->later_fd, EV_READ | EV_PERSIST, on_later, loop);
	event_add(loop->later, NULL);
	return loop;
}

static void
on_nothing(evutil_socket_t fd, short what, void *object)
{
	(void)fd;
	(void)what;
	(void)object;
}

/* The numbers are those that the next files to be opened get. */
void
loop_expect(struct loop *loop, unsigned files)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int));

	for (unsigned i = 0; i < files; i++) {
		int fd = fcntl(mailbox_fd(loop->box), F_DUPFD_CLOEXEC, 0);
		struct event *event;

		if (fd < 0)
			break;
		g_array_append_val(numbers, fd);
		event = event_new(
		    loop->base, fd, EV_READ | EV_ET, on_nothing, NULL);
		event_add(event, NULL);
		event_free(event);
	}
	for (unsigned i = 0; i < numbers->len; i++)
		close(g_array_index(numbers, int, i));
}

static void *
on_run(void *object)
{
	struct loop *loop = object;

	atomic_store(&loop->runner, pthread_self());
	event_base_dispatch(loop->base);
	return NULL;
}

void
loop_start(struct loop *loop)
{
	struct thread_options thread = {
		.name = loop->name,
		.run = on_run,
		.object = loop,
	};

	g_assert(!loop->running);
	loop->running = true;
	loop->thread = thread_start(&thread);
}

void
loop_run(struct loop *loop)
{
	g_assert(!loop->running);
	loop->running = true;
	on_run(loop);
	loop->running = false;
}

void
loop_quit(struct loop *loop)
{
	g_assert(loop_here(loop));
	event_base_loopbreak(loop->base);
}

static void
on_stop(void *owner, struct letter *letter)
{
	struct loop *loop = LETTER_OF(letter, struct loop, stop);

	(void)owner;
	loop_quit(loop);
}

void
loop_stop(struct loop *loop)
{
	if (!loop->running)
		return;
	g_assert(!loop_here(loop));
	loop_post(loop, &loop->stop, on_stop);
	pthread_join(loop->thread, NULL);
	loop->running = false;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	g_assert(!loop->running);
	/* a letter read may post another */
	while (read_letters(loop) > 0)
		;
	event_free(loop->mail);
	event_free(loop->later);
	close(loop->later_fd);
	event_base_free(loop->base);
	mailbox_free(loop->box);
	g_free(loop);
}

struct event_base *
loop_base(struct loop *loop)
{
	g_assert(loop_here(loop));
	return loop->base;
}

void
loop_post(struct loop *loop, struct letter *letter, letter_fn read)
{
	mailbox_post(loop->box, letter, read);
}

void
loop_post_later(struct loop *loop, struct letter *letter, letter_fn read)
{
	static const struct itimerspec delay = {
		.it_value = { .tv_nsec = LATER_MS * 1000000 },
	};

	if (mailbox_post_silently(loop->box, letter, read))
		timerfd_settime(loop->later_fd, 0, &delay, NULL);
}

void
loop_after(struct loop *loop, loop_fn fn, void *object)
{
	g_assert(!loop->running);
	loop->after = fn;
	loop->object = object;
}

/* On the caller's stack while it waits for its letter in `done`. */
struct call {
	struct letter letter, answer;
	struct mailbox *done;
	loop_fn fn;
	void *object;
};

static void
on_answer(void *owner, struct letter *letter)
{
	(void)owner;
	(void)letter;
}

static void
on_call(void *owner, struct letter *letter)
{
	struct call *call = LETTER_OF(letter, struct call, letter);

	(void)owner;
	call->fn(call->object);
	mailbox_post(call->done, &call->answer, on_answer);
}

void
loop_call(struct loop *loop, loop_fn fn, void *object)
{
	struct call call = { .fn = fn, .object = object };

	if (loop_here(loop)) {
		fn(object);
		return;
	}
	call.done = mailbox_new(NULL);
	loop_post(loop, &call.letter, on_call);
	mailbox_read_one(call.done);
	mailbox_free(call.done);
}

bool
loop_here(const struct loop *loop)
{
	return !loop->running ||
	       pthread_equal(atomic_load(&loop->runner), pthread_self());
}

void
loop_turn(struct loop *loop)
{
	loop->timed = false;
}

static void
read_clocks(struct loop *loop)
{
	g_assert(loop_here(loop));
	if (loop->running && loop->timed)
		return;
	loop->now_ms = clock_monotonic_ms();
	loop->wall_ms = clock_wall_ms();
	loop->timed = true;
}

int64_t
loop_now_ms(struct loop *loop)
{
	read_clocks(loop);
	return loop->now_ms;
}

int64_t
loop_wall_ms(struct loop *loop)
{
	read_clocks(loop);
	return loop->wall_ms;
}

static void
on_timer(evutil_socket_t fd, short what, void *object)
{
	struct loop_timer *timer = object;

	(void)fd;
	(void)what;
	loop_turn(timer->loop);
	timer->fn(timer->object);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn fn, void *object)
{
	struct loop_timer *timer = g_new0(struct loop_timer, 1);

	timer->loop = loop;
	timer->fn = fn;
	timer->object = object;
	timer->event = evtimer_new(loop_base(loop), on_timer, timer);
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	int64_t ms = MAX(delay_ms, 0);
	struct timeval delay = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	g_assert(loop_here(timer->loop));
	evtimer_add(timer->event, &delay);
}

void
loop_timer_clear(struct loop_timer *timer)
{
	g_assert(loop_here(timer->loop));
	evtimer_del(timer->event);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	g_assert(loop_here(timer->loop));
	event_free(timer->event);
	g_free(timer);
}

static bool
take_signal(const struct loop_signal *signal)
{
	struct signalfd_siginfo taken;

	return read(signal->fd, &taken, sizeof(taken)) == sizeof(taken);
}

static void
on_signal(evutil_socket_t fd, short what, void *object)
{
	struct loop_signal *signal = object;

	(void)fd;
	(void)what;
	loop_turn(signal->loop);
	if (take_signal(signal))
		signal->fn(signal->object);
}

struct loop_signal *
loop_signal_new(struct loop *loop, int number, loop_fn fn, void *object)
{
	struct loop_signal *signal = g_new0(struct loop_signal, 1);

	signal->loop = loop;
	signal->fn = fn;
	signal->object = object;
	sigemptyset(&signal->set);
	sigaddset(&signal->set, number);
	pthread_sigmask(SIG_BLOCK, &signal->set, NULL);
	signal->fd = signalfd(-1, &signal->set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal->fd < 0)
		g_error("no signalfd for the loop %s: %s; raise the limit of "
			"open files",
		    loop->name, g_strerror(errno));
	signal->event = event_new(loop_base(loop), signal->fd,
	    EV_READ | EV_PERSIST, on_signal, signal);
	event_add(signal->event, NULL);
	return signal;
}

void
loop_signal_free(struct loop_signal *signal)
{
	if (signal == NULL)
		return;
	g_assert(loop_here(signal->loop));
	event_free(signal->event);
	/* one that came too late is not to end us now */
	while (take_signal(signal))
		;
	close(signal->fd);
	pthread_sigmask(SIG_UNBLOCK, &signal->set, NULL);
	g_free(signal);
}
