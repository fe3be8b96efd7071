/* SPDX-License-Identifier: MIT */
/*
 * getaddrinfo() of a test program, in front of the C library's: names that end
 * in .test are loopback, hang.test does not come back before
 * resolver_release().
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
