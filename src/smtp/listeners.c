/* SPDX-License-Identifier: MIT */
#include "listeners.h"

#include "activation.h"
#include "core/log.h"
#include "entrance.h"

#include <string.h>

#define ADVICE_BIND                                                  \
	"while we are confined no address is bound that was not at " \
	"the start: restart postferry for it"

struct listeners {
	struct listeners_options options;
	struct activation *activation; /* while they are opened */
	GPtrArray *each;               /* struct listener */
};

static void
on_listener_free(void *object)
{
	struct listener *listener = object;

	entrance_free(listener->entrance);
	keyring_free(listener->keyring);
	rules_free(listener->rules);
	g_free(listener->address);
	g_free(listener);
}

static struct listener *
get(const struct listeners *listeners, unsigned i)
{
	return g_ptr_array_index(listeners->each, i);
}

static void
on_accepted(void *object, int fd, const struct sockaddr *peer)
{
	const struct listener *listener = object;
	const struct listeners_options *options = &listener->all->options;

	options->accepted(options->object, listener, fd, peer);
}

/* (gid_t)-1: as it comes. */
static gid_t
find_group(const struct listener *listener)
{
	gid_t group = listener->rules->door.socket_group;

	if (group == (gid_t)-1 && listener->all->options.socket_group != 0)
		group = listener->all->options.socket_group;
	return group;
}

/* The one before stays when it cannot be had. */
static bool
open_entrance(struct listener *listener, GPtrArray *errors)
{
	const struct listeners *all = listener->all;
	struct entrance_options options = {
		.loop = all->options.main,
		.name = listener->rules->listener,
		.address = rules_address(listener->rules),
		.mode = listener->rules->door.socket_mode,
		.group = find_group(listener),
		.activation = all->activation,
		.pause_ms = config_number(
		    listener->rules->config, "server", "accept_pause"),
		.accepted = on_accepted,
		.object = listener,
	};
	g_autoptr(GError) error = NULL;
	struct entrance *entrance = entrance_new(&options, &error);

	if (entrance == NULL) {
		g_ptr_array_add(errors, g_strdup(error->message));
		return false;
	}
	entrance_free(listener->entrance);
	listener->entrance = entrance;
	g_free(listener->address);
	listener->address = g_strdup(options.address);
	return true;
}

/* It is added to them, be it open or not: what is wrong is added to errors. */
static struct listener *
open_one(struct listeners *listeners, struct config *config, const char *name,
    GPtrArray *errors)
{
	struct listener *listener = g_new0(struct listener, 1);
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(listeners->each, listener);
	listener->all = listeners;
	listener->rules = rules_new(config, name, errors);
	if (listener->rules == NULL)
		return listener;
	listener->keyring = keyring_new(listener->rules, &error);
	if (listener->keyring == NULL)
		g_ptr_array_add(errors, g_strdup(error->message));
	open_entrance(listener, errors);
	return listener;
}

/* Each is tried, so that all that is wrong is told at once. */
static bool
open_each(struct listeners *listeners, const char *const *name, GError **error)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *lines = NULL;

	if (*name == NULL)
		g_ptr_array_add(errors, g_strdup(RULES_NO_LISTENER));
	for (; *name != NULL; name++)
		open_one(listeners, listeners->options.config, *name, errors);
	if (errors->len == 0)
		return true;
	g_ptr_array_add(errors, NULL);
	lines = g_strjoinv("\n", (char **)errors->pdata);
	g_set_error_literal(
	    error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, lines);
	return false;
}

struct listeners *
listeners_open(const struct listeners_options *options, GError **error)
{
	struct listeners *listeners = g_new0(struct listeners, 1);
	const char *const *names = config_names(options->config, "listener");
	bool opened;

	listeners->options = *options;
	listeners->each = g_ptr_array_new_with_free_func(on_listener_free);
	listeners->activation = activation_take(names);
	opened = open_each(listeners, names, error);
	g_clear_pointer(&listeners->activation, activation_end);
	if (!opened)
		g_clear_pointer(&listeners, listeners_free);
	return listeners;
}

void
listeners_free(struct listeners *listeners)
{
	if (listeners == NULL)
		return;
	g_ptr_array_unref(listeners->each);
	g_free(listeners);
}

void
listeners_limit(struct listeners *listeners,
    uint64_t (*find)(void *object, const char *listener), void *object)
{
	for (unsigned i = 0; i < listeners->each->len; i++) {
		struct rules *rules = get(listeners, i)->rules;
		uint64_t most = find(object, rules->listener);

		if (most != 0)
			rules->limits.mail_bytes =
			    MIN(rules->limits.mail_bytes, most);
	}
}

/* The place of the one of this name; the number of all: there is none. */
static unsigned
find_place(const struct listeners *listeners, const char *name)
{
	unsigned i = 0;

	while (i < listeners->each->len &&
	       !g_str_equal(get(listeners, i)->rules->listener, name))
		i++;
	return i;
}

static void
close_one(struct listeners *listeners, unsigned place)
{
	struct listener *listener = get(listeners, place);

	log_info("listener closed",
	    log_str("listener", listener->rules->listener),
	    log_str("address", entrance_address(listener->entrance)));
	entrance_stop(listener->entrance);
	g_ptr_array_remove_index(listeners->each, place);
}

/* Their addresses may be free for others then. */
static void
close_others(struct listeners *listeners, const struct config *config)
{
	const char *const *names = config_names(config, "listener");

	for (unsigned i = listeners->each->len; i-- > 0;)
		if (!g_strv_contains(names, get(listeners, i)->rules->listener))
			close_one(listeners, i);
}

/* To where its rules are; clients are taken all the time. */
static void
move_one(struct listener *listener)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *before =
	    g_strdup(entrance_address(listener->entrance));

	if (open_entrance(listener, errors)) {
		log_info("listener closed",
		    log_str("listener", listener->rules->listener),
		    log_str("address", before));
		entrance_start(listener->entrance);
		return;
	}
	log_error("listener stays where it is until the next start",
	    log_str("listener", listener->rules->listener),
	    log_str("address", before), log_str("why", errors->pdata[0]),
	    log_str("advice", ADVICE_BIND));
}

static void
renew_one(struct listener *listener, struct config *config)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct rules *rules =
	    rules_new(config, listener->rules->listener, errors);

	if (rules == NULL || !keyring_renew(listener->keyring, rules)) {
		log_error("listener stays as it was",
		    log_str("listener", listener->rules->listener),
		    log_str("why", errors->len > 0
				       ? errors->pdata[0]
				       : "its certificates cannot be read"));
		rules_free(rules);
		return;
	}
	rules_free(listener->rules);
	listener->rules = rules;
	if (strcmp(listener->address, rules_address(rules)) != 0)
		move_one(listener);
}

static void
add_one(struct listeners *listeners, struct config *config, const char *name)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct listener *listener = open_one(listeners, config, name, errors);

	if (errors->len == 0) {
		entrance_start(listener->entrance);
		return;
	}
	log_error("listener takes effect at the next start",
	    log_str("listener", name), log_str("why", errors->pdata[0]),
	    log_str("advice", ADVICE_BIND));
	g_ptr_array_remove_index(listeners->each, listeners->each->len - 1);
}

void
listeners_renew(struct listeners *listeners, struct config *config)
{
	const char *const *name = config_names(config, "listener");

	close_others(listeners, config);
	for (; *name != NULL; name++) {
		unsigned place = find_place(listeners, *name);

		if (place < listeners->each->len)
			renew_one(get(listeners, place), config);
		else
			add_one(listeners, config, *name);
	}
}

void
listeners_each(const struct listeners *listeners,
    void (*each)(void *object, const struct listener *listener), void *object)
{
	for (unsigned i = 0; i < listeners->each->len; i++)
		each(object, get(listeners, i));
}

void
listeners_start(struct listeners *listeners)
{
	for (unsigned i = 0; i < listeners->each->len; i++)
		entrance_start(get(listeners, i)->entrance);
}

void
listeners_stop(struct listeners *listeners)
{
	for (unsigned i = 0; i < listeners->each->len; i++)
		entrance_stop(get(listeners, i)->entrance);
}

void
listeners_look(struct listeners *listeners)
{
	for (unsigned i = 0; i < listeners->each->len; i++)
		keyring_look(get(listeners, i)->keyring);
}

void
listeners_reread(struct listeners *listeners)
{
	for (unsigned i = 0; i < listeners->each->len; i++)
		keyring_reread(get(listeners, i)->keyring);
}

void
listeners_report(
    const struct listeners *listeners, struct complaints *complaints)
{
	for (unsigned i = 0; i < listeners->each->len; i++)
		keyring_report(get(listeners, i)->keyring, complaints);
}

const char *
listeners_address(const struct listeners *listeners, const char *name)
{
	for (unsigned i = 0; i < listeners->each->len; i++)
		if (g_str_equal(get(listeners, i)->rules->listener, name))
			return entrance_address(get(listeners, i)->entrance);
	return NULL;
}
