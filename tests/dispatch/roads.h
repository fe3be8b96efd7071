/* SPDX-License-Identifier: MIT */
/*
 * The routes of the made-up world: which mail goes by which, and by whom, as
 * the settings say it, found apart from the program.
 */
#ifndef TESTS_DISPATCH_ROADS_H
#define TESTS_DISPATCH_ROADS_H

#include "world.h"

static unsigned
find_place(unsigned recipient)
{
	return recipient % G_N_ELEMENTS(places);
}

/* Of our own reports, and of mail from a listener that is not trusted, no
 * orders are taken. */
static bool
may_order(const struct mail *mail)
{
	return mail->about == NULL && !mail->deaf;
}

static const struct road *
find_road(const struct mail *mail, unsigned recipient)
{
	unsigned i = 0;

	if (mail->about != NULL && world.reports != ANY)
		return &world.roads[world.reports];
	if (may_order(mail) && mail->wants != ANY)
		return &world.roads[mail->wants];
	for (; i + 1 < world.road_count; i++) {
		const struct road *road = &world.roads[i];
		if ((road->sender == ANY || road->sender == (int)mail->from) &&
		    (road->place == ANY ||
			road->place == (int)find_place(recipient)))
			break;
	}
	return &world.roads[i];
}

/* Of its suppliers, a bit each. */
static uint32_t
list_takers(const struct mail *mail, unsigned recipient)
{
	const struct road *road = find_road(mail, recipient);
	uint32_t takers = 0;

	for (unsigned i = 0; i < road->count; i++)
		takers |= 1u << road->list[i];
	return takers;
}

static enum doubt_policy
find_policy(const struct mail *mail, unsigned recipient)
{
	if (may_order(mail) && mail->policy != ANY)
		return (enum doubt_policy)mail->policy;
	return find_road(mail, recipient)->doubt;
}

static unsigned
sum_weights(const struct road *road)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < road->count; i++)
		sum += road->weights[i];
	return sum;
}

/* One drawn by its weight goes before the others. */
static void
check_drawn(const struct road *road, unsigned first)
{
	unsigned at = 0;

	while (at + 1 < road->count && road->list[at] != first)
		at++;
	happened[HAPPENED_WEIGHED]++;
	lots.count++;
	lots.first += at == 0;
	lots.expected += (double)road->weights[0] / sum_weights(road);
	if (road->list[at] != first || road->weights[at] == 0)
		violate("p%u is asked first, with no weight", first);
}

/* Those of the road, as it lists them, but for the one drawn. */
static void
check_order(const struct road *road, const unsigned *order, unsigned count)
{
	unsigned at = 0, first = road->weighted ? 1 : 0;

	if (count != road->count)
		violate("%u of %u providers are asked", count, road->count);
	if (road->weighted && count > 0)
		check_drawn(road, order[0]);
	for (unsigned i = first; i < count && at < road->count; i++, at++) {
		if (road->weighted && road->list[at] == order[0])
			at++;
		if (at < road->count && road->list[at] != order[i])
			violate("p%u is asked out of its turn", order[i]);
	}
}

/* Making */

static char *
print_names(const struct road *road)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < road->count; i++)
		g_string_append_printf(
		    text, "%s%s", i > 0 ? ", " : "", names[road->list[i]]);
	return g_string_free(text, FALSE);
}

static void
say_weights(const struct road *road, const char *section)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < road->count; i++)
		g_string_append_printf(
		    text, "%s%u", i > 0 ? ", " : "", road->weights[i]);
	virtual_say(section, "order", "weighted");
	virtual_say(section, "weights", text->str);
}

/* As it stands in the settings. */
static void
say_road(const struct road *road, const char *name)
{
	g_autofree char *section = g_strconcat("route ", name, NULL);
	g_autofree char *providers = print_names(road);

	virtual_say(section, "providers", providers);
	virtual_say(section, "doubt", policies[road->doubt]);
	if (road->weighted)
		say_weights(road, section);
	if (road->sender != ANY)
		virtual_say(section, "sender_domains", domains[road->sender]);
	/* those below it, of the one that is below another */
	if (road->place != ANY)
		virtual_say(section, "recipient_domains",
		    road->place == 2 ? ".example.org" : places[road->place]);
}

/* All suppliers, or some, in any order. */
static void
choose_suppliers(struct road *road)
{
	road->count = world.suppliers;
	for (unsigned i = 0; i < road->count; i++)
		road->list[i] = i;
	if (!world.signposts)
		return;
	for (unsigned i = road->count - 1; i > 0; i--) {
		unsigned other = virtual_random(i + 1), one = road->list[i];
		road->list[i] = road->list[other];
		road->list[other] = one;
	}
	road->count = 1 + virtual_random(world.suppliers);
}

static void
make_road(struct road *road, bool last)
{
	*road = (struct road){ .sender = ANY, .place = ANY };
	choose_suppliers(road);
	if (!world.signposts)
		return;
	if (!last && virtual_chance(60))
		road->sender = (int)virtual_random(2);
	if (!last && (road->sender == ANY || virtual_chance(40)))
		road->place = (int)virtual_random(G_N_ELEMENTS(places));
	if (world.queue && virtual_chance(15))
		road->doubt =
		    virtual_chance(50) ? DOUBT_PREFER_ONCE : DOUBT_NEVER_TWICE;
	road->weighted = virtual_chance(30);
	for (unsigned i = 0; i < road->count; i++)
		road->weights[i] = virtual_random(4);
	road->weights[virtual_random(road->count)]++;
}

static void
make_roads(void)
{
	static const char *const listeners[] = { "deaf", NULL };
	static const char *list[ROADS + 1];

	world.signposts = virtual_chance(60);
	world.road_count = world.signposts ? 1 + virtual_random(ROADS) : 1;
	world.reports = ANY;
	if (world.signposts && virtual_chance(20))
		world.reports = (int)virtual_random(world.road_count);
	for (unsigned i = 0; i <= ROADS; i++)
		list[i] = NULL;
	for (unsigned i = 0; i < world.road_count; i++) {
		bool last = i + 1 == world.road_count;
		make_road(&world.roads[i], last);
		list[i] = last ? "default" : road_names[i];
		if (world.signposts)
			say_road(&world.roads[i], list[i]);
	}
	if (world.reports != ANY)
		virtual_say("server", "bounce_route", list[world.reports]);
	virtual.routes = world.signposts ? list : NULL;
	virtual.listeners = listeners;
}

#endif
