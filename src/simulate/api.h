/* SPDX-License-Identifier: MIT */
/*
 * An api is what a provider does with a request: it reads it as strictly as
 * the real one, and answers or accepts it as if nothing ever went wrong; faults
 * are mischief's.
 */
#ifndef SIMULATE_API_H
#define SIMULATE_API_H

#include "door.h"
#include "house.h"

struct api {
	/* What kind of call it is, by its method and path. */
	enum fault_moment (*moment)(const struct request *request);
	/* The head was read. */
	void (*open)(struct house *house, struct request *request);
	/* Some of the body. */
	void (*body)(struct request *request, const char *bytes, size_t length);
	/* The end: sets the answer, the record when it is accepted, and
	 * notes. */
	void (*finish)(struct house *house, struct request *request);
	/* Frees request->state, which may be NULL. */
	void (*close)(struct request *request);
};

/* mailgun.c, mandrill.c */
extern const struct api mailgun_api;
extern const struct api mandrill_api;

#endif
