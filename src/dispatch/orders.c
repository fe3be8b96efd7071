/* SPDX-License-Identifier: MIT */
#include "orders.h"

#include "core/network.h"
#include <string.h>

struct door {
	char *listener;
	bool obeys;          /* control_headers */
	bool said;           /* it was set */
	const GArray *allow; /* of the config */
};

struct orders {
	struct config *config; /* counted */
	GArray *doors;         /* struct door, one per listener */
};

static void
on_door_clear(void *door)
{
	g_free(((struct door *)door)->listener);
}

struct orders *
orders_new(struct config *config)
{
	const char *const *name = config_names(config, "listener");
	struct orders *orders = g_new0(struct orders, 1);

	orders->config = config_ref(config);
	orders->doors = g_array_new(FALSE, FALSE, sizeof(struct door));
	g_array_set_clear_func(orders->doors, on_door_clear);
	for (; *name != NULL; name++) {
		g_autofree char *section =
		    g_strconcat("listener ", *name, NULL);
		struct door door = { .listener = g_strdup(*name) };

		door.obeys = config_bool(config, section, "control_headers");
		door.said = config_is_set(config, section, "control_headers");
		door.allow = config_networks(config, section, "allow");
		g_array_append_val(orders->doors, door);
	}
	return orders;
}

void
orders_free(struct orders *orders)
{
	if (orders == NULL)
		return;
	g_array_unref(orders->doors);
	config_unref(orders->config);
	g_free(orders);
}

/* NULL: of a listener that is no longer there mail may be waiting still. */
static const struct door *
find_door(const struct orders *orders, const char *listener)
{
	for (unsigned i = 0; i < orders->doors->len; i++) {
		const struct door *door =
		    &g_array_index(orders->doors, struct door, i);

		if (g_strcmp0(door->listener, listener) == 0)
			return door;
	}
	return NULL;
}

bool
orders_obey(const struct orders *orders, const struct submission *submission)
{
	const struct door *door = find_door(orders, submission->listener);

	return !submission->report && (door == NULL || door->obeys);
}

/* By whom it was brought, not by the login: a program that is trusted logs in
 * as well. */
bool
orders_may_name(
    const struct orders *orders, const struct submission *submission)
{
	const struct door *door = find_door(orders, submission->listener);

	return door == NULL || (door->said && door->obeys) ||
	       network_contains_peer(door->allow, submission->peer);
}
