/* SPDX-License-Identifier: MIT */
#include "online.h"

#include "carrier.h"
#include "core/clock.h"
#include "core/loop.h"
#include "provider.h"
#include <json-c/json.h>
#include <stdio.h>
#include <sysexits.h>

/* One exchange; of a probe that takes several each. */
#define ANSWER_MS 20000

#define RENEWALS_MAX 20

struct online {
	struct loop *loop;
	struct carrier http, relay;
	GPtrArray *probes; /* struct probe *, in the order of the settings */
	unsigned waiting;  /* that are not done */
};

struct probe {
	struct online *online;
	struct provider *provider; /* NULL: it could not be opened */
	const char *name;          /* the config's */
	struct health health;
	unsigned renewals;
};

static void
free_probe(void *object)
{
	struct probe *probe = object;

	provider_unref(probe->provider);
	health_clear(&probe->health);
	g_free(probe);
}

/* ---- asking ---- */

static void
finish(struct probe *probe)
{
	struct online *online = probe->online;

	if (--online->waiting == 0)
		loop_quit(online->loop);
}

static void on_done(void *object, struct exchange *exchange);

static void
send_exchange(struct probe *probe, struct exchange *exchange)
{
	struct online *online = probe->online;
	struct carrier *carrier =
	    exchange->kind == EXCHANGE_HTTP ? &online->http : &online->relay;

	exchange->done = on_done;
	exchange->object = probe;
	exchange->deadline_ms = clock_monotonic_ms() + ANSWER_MS;
	carrier->send(carrier->self, exchange);
}

static void
on_done(void *object, struct exchange *exchange)
{
	struct probe *probe = object;
	const struct translator *translator = probe->provider->translator;
	bool more =
	    translator->probed(probe->provider, exchange, &probe->health);

	if (more && ++probe->renewals <= RENEWALS_MAX) {
		send_exchange(probe, exchange);
		return;
	}
	if (more)
		health_set(&probe->health, HEALTH_UNKNOWN,
		    "its answers have no end", NULL);
	exchange_free(exchange);
	finish(probe);
}

static void
ask(struct probe *probe)
{
	const struct translator *translator = probe->provider->translator;
	struct exchange *exchange =
	    exchange_new(translator->kind, &probe->provider->endpoint, "probe");

	if (translator->probe != NULL &&
	    translator->probe(probe->provider, exchange)) {
		probe->online->waiting++;
		send_exchange(probe, exchange);
		return;
	}
	exchange_free(exchange);
	health_set(&probe->health, HEALTH_UNKNOWN,
	    "it cannot be asked without sending mail", NULL);
}

/* On the loop, so that what a carrier does at once is seen as done later. */
static void
on_begin(void *object)
{
	struct online *online = object;

	online->waiting = 1;
	for (unsigned i = 0; i < online->probes->len; i++) {
		struct probe *probe = online->probes->pdata[i];

		if (probe->provider != NULL)
			ask(probe);
	}
	if (--online->waiting == 0)
		loop_quit(online->loop);
}

static void
add_probe(struct online *online, struct config *config, const char *name)
{
	struct probe *probe = g_new0(struct probe, 1);
	g_autoptr(GError) error = NULL;

	probe->online = online;
	probe->name = name;
	probe->provider = provider_open(name, config, &error);
	if (probe->provider == NULL)
		health_set(&probe->health, HEALTH_BAD, error->message,
		    "correct the settings");
	g_ptr_array_add(online->probes, probe);
}

static void
probe_all(struct online *online)
{
	struct carrier_relay_options relay = {
		.threads = MAX(online->probes->len, 1u),
		.session_mails = 1,
	};
	struct loop_timer *begin;

	online->loop = loop_new("online", NULL);
	online->http = carrier_http_new(online->loop);
	online->relay = carrier_relay_new(online->loop, &relay);
	begin = loop_timer_new(online->loop, on_begin, online);
	loop_timer_set(begin, 0);
	loop_run(online->loop);
	loop_timer_free(begin);
	online->http.free(online->http.self);
	online->relay.free(online->relay.self);
	loop_free(online->loop);
}

/* ---- telling ---- */

static const char *
name_type(const struct probe *probe)
{
	return probe->provider == NULL ? "?"
				       : probe->provider->translator->type;
}

static void
print_line(const struct probe *probe)
{
	const struct health *health = &probe->health;

	printf("%s (%s): %s", probe->name, name_type(probe),
	    health_state_text(health->state));
	if (health->text != NULL)
		printf(": %s", health->text);
	putchar('\n');
	if (health->advice != NULL)
		printf("    %s\n", health->advice);
}

static struct json_object *
make_text(const char *text)
{
	return text == NULL ? NULL : json_object_new_string(text);
}

static struct json_object *
make_json(const struct probe *probe)
{
	struct json_object *object = json_object_new_object();
	const struct health *health = &probe->health;

	json_object_object_add(object, "name", make_text(probe->name));
	json_object_object_add(object, "type", make_text(name_type(probe)));
	json_object_object_add(
	    object, "health", make_text(health_state_text(health->state)));
	json_object_object_add(object, "text", make_text(health->text));
	json_object_object_add(object, "advice", make_text(health->advice));
	return object;
}

static void
print_json(const GPtrArray *probes)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < probes->len; i++)
		json_object_array_add(array, make_json(probes->pdata[i]));
	json_object_object_add(object, "providers", array);
	puts(json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static bool
is_well(const GPtrArray *probes)
{
	for (unsigned i = 0; i < probes->len; i++) {
		const struct probe *probe = probes->pdata[i];

		if (probe->health.state == HEALTH_BAD ||
		    probe->health.state == HEALTH_UNREACHABLE)
			return false;
	}
	return true;
}

/* Asked and done; to be unref'd. */
static GPtrArray *
ask_all(struct config *config)
{
	struct online online = {
		.probes = g_ptr_array_new_with_free_func(free_probe),
	};

	for (const char *const *name = config_names(config, "provider");
	     *name != NULL; name++)
		add_probe(&online, config, *name);
	probe_all(&online);
	return online.probes;
}

void
online_ask(struct config *config, online_fn tell, void *object)
{
	g_autoptr(GPtrArray) probes = ask_all(config);

	for (unsigned i = 0; i < probes->len; i++) {
		const struct probe *probe = probes->pdata[i];

		tell(object, probe->name, name_type(probe), &probe->health);
	}
}

int
online_check(struct config *config, bool json)
{
	g_autoptr(GPtrArray) probes = ask_all(config);

	for (unsigned i = 0; !json && i < probes->len; i++)
		print_line(probes->pdata[i]);
	if (json)
		print_json(probes);
	return is_well(probes) ? EX_OK : EX_UNAVAILABLE;
}
