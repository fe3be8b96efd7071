/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>

/* What a fault of the thread itself raises is left alone: blocked, it would
 * kill without a trace. */
static void
fill_foreign(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP,
		SIGABRT, SIGSYS };

	sigfillset(set);
	for (unsigned i = 0; i < G_N_ELEMENTS(own); i++)
		sigdelset(set, own[i]);
}

/* What a new thread is to do, handed to it. */
struct beginning {
	char name[THREAD_NAME_LENGTH];
	thread_fn run;
	void *object;
};

/* A thread names itself: to name another takes the right to write below /proc.
 */
static void *
on_begin(void *object)
{
	struct beginning *beginning = object;
	thread_fn run = beginning->run;

	pthread_setname_np(pthread_self(), beginning->name);
	object = beginning->object;
	g_free(beginning);
	return run(object);
}

pthread_t
thread_start(const struct thread_options *options)
{
	struct beginning *beginning = g_new0(struct beginning, 1);
	pthread_t thread;
	pthread_attr_t attributes;
	sigset_t blocked, before;

	g_strlcpy(beginning->name, options->name, sizeof(beginning->name));
	beginning->run = options->run;
	beginning->object = options->object;
	pthread_attr_init(&attributes);
	if (options->stack_bytes > 0)
		pthread_attr_setstacksize(&attributes, options->stack_bytes);
	/* the new thread inherits the mask: no signal slips in before it */
	fill_foreign(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	int failure = pthread_create(&thread, &attributes, on_begin, beginning);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (failure != 0)
		g_error("the thread %s cannot be started: %s", options->name,
		    g_strerror(failure));
	return thread;
}
