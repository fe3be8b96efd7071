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

pthread_t
thread_start(const struct thread_options *options)
{
	char name[THREAD_NAME_LENGTH];
	pthread_t thread;
	pthread_attr_t attributes;
	sigset_t blocked, before;

	pthread_attr_init(&attributes);
	if (options->stack_bytes > 0)
		pthread_attr_setstacksize(&attributes, options->stack_bytes);
	/* the new thread inherits the mask: no signal slips in before it */
	fill_foreign(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	int failure =
	    pthread_create(&thread, &attributes, options->run, options->object);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (failure != 0)
		g_error("the thread %s cannot be started: %s", options->name,
		    g_strerror(failure));
	g_strlcpy(name, options->name, sizeof(name));
	pthread_setname_np(thread, name);
	return thread;
}
