/* SPDX-License-Identifier: MIT */
/*
 * getaddrinfo() of a test program, in front of the C library's: names that end
 * in .test are loopback, hang.test does not come back before
 * resolver_release(), again.test is what SERVFAIL looks like, many.test has a
 * hundred addresses of which the last is 127.0.0.1, six.test has an IPv6 one
 * only.
 */
#ifndef TESTS_RESOLVER_H
#define TESTS_RESOLVER_H

#include <dlfcn.h>
#include <glib.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>

struct resolver {
	sem_t release;
	atomic_uint hanging;
};

static struct resolver resolver;

typedef int (*resolver_fn)(
    const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* 127.0.0.100 to 127.0.0.2 refuse, unless something listens there. */
static inline int
resolver_find_many(resolver_fn real, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
	int fault = real("127.0.0.1", service, hints, result);

	for (int i = 2; fault == 0 && i <= 100; i++) {
		struct addrinfo *first = NULL, *last;
		char name[sizeof "127.0.0.100"];

		g_snprintf(name, sizeof name, "127.0.0.%d", i);
		fault = real(name, service, hints, &first);
		if (fault != 0)
			break;
		for (last = first; last->ai_next != NULL;)
			last = last->ai_next;
		last->ai_next = *result;
		*result = first;
	}
	return fault;
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **result)
{
	resolver_fn real = (resolver_fn)dlsym(RTLD_NEXT, "getaddrinfo");

	if (node == NULL || !g_str_has_suffix(node, ".test"))
		return real(node, service, hints, result);
	if (g_str_equal(node, "hang.test")) {
		atomic_fetch_add(&resolver.hanging, 1);
		sem_wait(&resolver.release);
		atomic_fetch_sub(&resolver.hanging, 1);
		return EAI_AGAIN;
	}
	if (g_str_equal(node, "again.test"))
		return EAI_AGAIN;
	if (g_str_equal(node, "many.test"))
		return resolver_find_many(real, service, hints, result);
	if (g_str_equal(node, "six.test"))
		return real("::1", service, hints, result);
	return real("127.0.0.1", service, hints, result);
}

static inline void
resolver_start(void)
{
	sem_init(&resolver.release, 0, 0);
}

/* Lets all that hang go. */
static inline void
resolver_release(void)
{
	for (unsigned i = atomic_load(&resolver.hanging); i > 0; i--)
		sem_post(&resolver.release);
}

#endif
