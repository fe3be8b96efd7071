/* SPDX-License-Identifier: MIT */
/*
 * A thread with a name, in which no signal is delivered: signals are the main
 * loop's.
 */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Length of a thread's name with its NUL: the kernel's limit. */
#define THREAD_NAME_LENGTH 16

typedef void *(*thread_fn)(void *object);

struct thread_options {
	const char *name;   /* cut at THREAD_NAME_LENGTH */
	size_t stack_bytes; /* 0: the system's default */
	thread_fn run;
	void *object; /* given to run */
};

/* Starts it; a system that has no thread to give ends the program, as it does
 * when it has no memory. */
pthread_t thread_start(const struct thread_options *options);

#endif
