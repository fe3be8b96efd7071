/* SPDX-License-Identifier: MIT */
#include "sink.h"
#include "talk.h"
#include <string.h>
#include <unistd.h>

struct sink {
	struct acceptor *acceptor;
	struct event_base *base;
	struct house *house;
	SSL_CTX *tls;
	GHashTable *talks; /* struct talk * */
};

static void
on_connection(void *object, int fd)
{
	struct sink *sink = object;
	struct fault *fault =
	    faults_pick(sink->house->faults, FAULT_AT_CONNECT);

	sink->house->opened++;
	if (fault != NULL && fault->word == FAULT_BLACKHOLE) {
		fault_unref(fault);
		acceptor_swallow(sink->acceptor, fd);
		return;
	}
	if (fault != NULL && fault->word == FAULT_CLOSE_AT &&
	    strcmp(fault->argument, "greeting") == 0) {
		fault_unref(fault);
		close(fd);
		return;
	}
	struct talk *talk = talk_new(sink, fd, fault);
	g_hash_table_add(sink->talks, talk);
	if (talk_fails(talk, FAULT_RESET_CONNECT))
		talk_reset(talk);
}

struct sink *
sink_new(struct acceptor *acceptor, struct event_base *base,
    struct house *house, SSL_CTX *tls)
{
	struct sink *sink = g_new0(struct sink, 1);

	sink->acceptor = acceptor;
	sink->base = base;
	sink->house = house;
	sink->tls = tls;
	sink->talks = g_hash_table_new(NULL, NULL);
	acceptor_serve(acceptor, on_connection, sink);
	return sink;
}

void
sink_reset_all(struct sink *sink)
{
	g_autoptr(GList) talks = g_hash_table_get_keys(sink->talks);

	for (GList *at = talks; at != NULL; at = at->next)
		talk_reset(at->data);
}

void
sink_free(struct sink *sink)
{
	if (sink == NULL)
		return;
	sink_reset_all(sink);
	acceptor_free(sink->acceptor);
	g_hash_table_unref(sink->talks);
	SSL_CTX_free(sink->tls);
	g_free(sink);
}

struct acceptor *
sink_acceptor(const struct sink *sink)
{
	return sink->acceptor;
}

unsigned
sink_open(const struct sink *sink)
{
	return g_hash_table_size(sink->talks) +
	       acceptor_swallowed(sink->acceptor);
}

struct event_base *
sink_base(const struct sink *sink)
{
	return sink->base;
}

struct house *
sink_house(const struct sink *sink)
{
	return sink->house;
}

SSL_CTX *
sink_tls(const struct sink *sink)
{
	return sink->tls;
}

void
sink_forget(struct sink *sink, struct talk *talk)
{
	g_hash_table_remove(sink->talks, talk);
}
