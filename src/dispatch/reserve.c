/* SPDX-License-Identifier: MIT */
#include "reserve.h"

#include "core/log.h"
#include "keeping.h"
#include "lane_state.h"

/* How one route is. */
struct branch {
	const struct route *route;
	bool used;        /* mail goes by its reserve */
	bool told;        /* of that */
	unsigned first;   /* the lane that is passed over */
	unsigned by;      /* the one mail went by last */
	int64_t since_ms; /* monotonic */
	int64_t since_wall_ms;
	unsigned mails;
};

struct reserve {
	struct dispatcher *dispatcher;
	struct branch *branches; /* one per route */
	unsigned count;
	struct loop_timer *timer; /* when one has lasted */
};

static void review_times(struct reserve *reserve);
static void review_route(
    struct dispatcher *dispatcher, const struct route *route);

static void
on_lasted(void *object)
{
	struct reserve *reserve = object;

	reserve_review(reserve->dispatcher);
	review_times(reserve);
}

struct reserve *
reserve_new(struct dispatcher *dispatcher)
{
	const struct route_map *map = dispatcher->map;
	struct reserve *reserve = g_new0(struct reserve, 1);

	reserve->dispatcher = dispatcher;
	reserve->count = map->routes->len;
	reserve->branches = g_new0(struct branch, reserve->count);
	for (unsigned i = 0; i < reserve->count; i++)
		reserve->branches[i].route = map->routes->pdata[i];
	reserve->timer =
	    loop_timer_new(dispatcher->options.loop, on_lasted, reserve);
	return reserve;
}

void
reserve_free(struct reserve *reserve)
{
	if (reserve == NULL)
		return;
	loop_timer_free(reserve->timer);
	g_free(reserve->branches);
	g_free(reserve);
}

static struct branch *
find_branch(struct reserve *reserve, const struct route *route)
{
	for (unsigned i = 0; i < reserve->count; i++)
		if (reserve->branches[i].route == route)
			return &reserve->branches[i];
	return NULL;
}

/* A gate that opens soon is nothing to tell of. */
static bool
is_brief(const struct lane *lane, int64_t now_ms)
{
	return lane_mode(lane, now_ms) == LANE_THROTTLED &&
	       lane_until(lane, now_ms) < now_ms + RESERVE_TELL_MS;
}

/* When this host is cut off that is told, and no provider's fault. */
static bool
is_down(const struct lane *lane, int64_t now_ms)
{
	enum lane_mode mode = lane_mode(lane, now_ms);

	return mode != LANE_OPEN && mode != LANE_CUT_OFF &&
	       !is_brief(lane, now_ms);
}

static void
mark_lanes(struct reserve *reserve)
{
	struct dispatcher *dispatcher = reserve->dispatcher;

	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		dispatcher->lanes[i]->reserve = false;
	for (unsigned i = 0; i < reserve->count; i++)
		if (reserve->branches[i].told)
			dispatcher->lanes[reserve->branches[i].by]->reserve =
			    true;
}

static void
tell(struct reserve *reserve, struct branch *branch)
{
	struct dispatcher *dispatcher = reserve->dispatcher;
	const struct lane *first = dispatcher->lanes[branch->first];
	const char *mode =
	    lane_state_word(lane_mode(first, dispatcher_now(dispatcher)));
	g_autofree char *text = g_strdup_printf(
	    "route %s: mail goes by %s, its reserve, because %s is %s%s%s",
	    branch->route->name, dispatcher->names[branch->by],
	    dispatcher->names[branch->first], mode,
	    first->why != NULL ? ": " : "",
	    first->why != NULL ? first->why : "");
	g_autofree char *advice =
	    g_strdup_printf("see what is wrong with %s; it is tried again by "
			    "itself, and mail returns to it when it is well",
		dispatcher->names[branch->first]);

	branch->told = true;
	mark_lanes(reserve);
	keeping_note(dispatcher);
	log_error("mail goes by the reserve",
	    log_str("route", branch->route->name),
	    log_str("provider", dispatcher->names[branch->by]),
	    log_str("instead_of", dispatcher->names[branch->first]),
	    log_str("state", mode), log_str("text", first->why),
	    log_num("mails", branch->mails));
	alarms_begin(dispatcher->alarms, &(struct alarm){ .kind = "reserve",
					     .subject = branch->route->name,
					     .since_ms = branch->since_wall_ms,
					     .text = text,
					     .advice = advice });
}

static void
end(struct reserve *reserve, struct branch *branch)
{
	struct dispatcher *dispatcher = reserve->dispatcher;
	const char *first = dispatcher->names[branch->first];
	g_autofree char *text = g_strdup_printf(
	    "route %s: %s is back, mail goes by it again; %u mail%s went by the "
	    "reserve",
	    branch->route->name, first, branch->mails,
	    branch->mails == 1 ? "" : "s");

	branch->used = false;
	if (!branch->told)
		return;
	branch->told = false;
	mark_lanes(reserve);
	keeping_note(dispatcher);
	log_info("reserve no longer needed",
	    log_str("route", branch->route->name), log_str("provider", first),
	    log_num("mails", branch->mails),
	    log_num("ms", dispatcher_now(dispatcher) - branch->since_ms));
	alarms_end(dispatcher->alarms, "reserve", branch->route->name, text);
}

/* When one of its lanes may be idle: nothing else tells of that. */
static int64_t
find_idle(const struct dispatcher *dispatcher, const struct route *route,
    int64_t now_ms)
{
	int64_t first = INT64_MAX;

	if (!alarms_are_on(dispatcher->alarms, "all_down", route->name))
		return first;
	for (unsigned i = 0; i < route->count; i++) {
		int64_t until =
		    lane_until(dispatcher->lanes[route->numbers[i]], now_ms);
		first = MIN(first, MAX(until, now_ms) + RESERVE_IDLE_MS);
	}
	return first;
}

/* Tells of those that have lasted, waits for the next that may. */
static void
review_times(struct reserve *reserve)
{
	int64_t now = dispatcher_now(reserve->dispatcher), next = INT64_MAX;

	for (unsigned i = 0; i < reserve->count; i++)
		next = MIN(next, find_idle(reserve->dispatcher,
				     reserve->branches[i].route, now));
	for (unsigned i = 0; i < reserve->count; i++) {
		struct branch *branch = &reserve->branches[i];
		if (!branch->used || branch->told)
			continue;
		if (branch->mails >= RESERVE_TELL_MAILS ||
		    branch->since_ms + RESERVE_TELL_MS <= now)
			tell(reserve, branch);
		else
			next = MIN(next, branch->since_ms + RESERVE_TELL_MS);
	}
	if (next != INT64_MAX)
		loop_timer_set(reserve->timer, next - now);
	else
		loop_timer_clear(reserve->timer);
}

/* The first lane before this one that the flight passes over; NULL: none. */
static const struct lane *
find_passed(const struct dispatcher *dispatcher, const struct flight *flight,
    const struct lane *lane, int64_t now_ms)
{
	const struct flight_group *group = &flight->groups[flight->group];

	for (unsigned i = 0; i < group->order_count; i++) {
		const struct lane *one = dispatcher->lanes[group->order[i]];
		if (one == lane)
			return NULL;
		if (is_down(one, now_ms))
			return one;
	}
	return NULL;
}

/* What was told before the start, and is not so. */
static void
end_old(struct dispatcher *dispatcher, const struct branch *branch)
{
	const char *route = branch->route->name;

	review_route(dispatcher, branch->route);
	if (branch->told ||
	    !alarms_are_on(dispatcher->alarms, "reserve", route))
		return;
	g_autofree char *text = g_strdup_printf(
	    "route %s: mail goes by its first provider again", route);
	alarms_end(dispatcher->alarms, "reserve", route, text);
	keeping_note(dispatcher);
}

void
reserve_note(struct dispatcher *dispatcher, const struct flight *flight,
    const struct lane *lane)
{
	struct reserve *reserve = dispatcher->reserve;
	int64_t now = dispatcher_now(dispatcher);
	const struct lane *passed = find_passed(dispatcher, flight, lane, now);
	struct branch *branch =
	    find_branch(reserve, flight->groups[flight->group].route);

	if (branch == NULL || dispatcher->stopping || dispatcher->heir != NULL)
		return;
	if (passed == NULL) {
		end_old(dispatcher, branch);
		return;
	}
	if (!branch->used) {
		branch->used = true;
		branch->first = passed->number;
		branch->since_ms = now;
		branch->since_wall_ms = dispatcher_wall(dispatcher);
		branch->mails = 0;
	}
	branch->mails++;
	if (branch->by != lane->number) {
		branch->by = lane->number;
		mark_lanes(reserve);
	}
	if (!branch->told)
		review_times(reserve);
}

/* Its pause is over, and no mail is there that would tell whether it is back:
 * the next one will. */
static bool
is_idle(const struct lane *lane, int64_t now_ms)
{
	return lane_mode(lane, now_ms) == LANE_PROBING && lane->requests == 0 &&
	       lane_waiting(lane) == 0 &&
	       now_ms - lane->breaker.until_ms >= RESERVE_IDLE_MS;
}

static bool
is_all_down(const struct dispatcher *dispatcher, const struct route *route,
    int64_t now_ms)
{
	for (unsigned i = 0; i < route->count; i++) {
		const struct lane *lane = dispatcher->lanes[route->numbers[i]];
		if (!is_down(lane, now_ms) || is_idle(lane, now_ms))
			return false;
	}
	return route->count > 0;
}

static char *
print_left(const struct lane *lane, int64_t now_ms)
{
	int64_t left = (lane_until(lane, now_ms) - now_ms + 999) / 1000;

	if (left <= 0)
		return g_strdup("is being tried");
	if (left < 120)
		return g_strdup_printf(
		    "is asked again in %" G_GINT64_FORMAT " s", left);
	return g_strdup_printf(
	    "is asked again in %" G_GINT64_FORMAT " min", (left + 59) / 60);
}

/* "one is unusable (HTTP 401: Forbidden) and is asked again in 5 min; two..."
 */
static char *
list_lanes(const struct dispatcher *dispatcher, const struct route *route,
    int64_t now_ms)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < route->count; i++) {
		const struct lane *lane = dispatcher->lanes[route->numbers[i]];
		enum lane_mode mode = lane_mode(lane, now_ms);
		g_autofree char *left = print_left(lane, now_ms);
		g_string_append_printf(text, "%s%s is %s", i > 0 ? "; " : "",
		    lane->provider->name, lane_state_word(mode));
		if (lane->why != NULL)
			g_string_append_printf(text, " (%s)", lane->why);
		g_string_append_printf(text, " and %s", left);
	}
	return g_string_free(text, FALSE);
}

static const char *
choose_advice(const struct dispatcher *dispatcher, const struct route *route,
    int64_t now_ms)
{
	for (unsigned i = 0; i < route->count; i++) {
		enum lane_mode mode =
		    lane_mode(dispatcher->lanes[route->numbers[i]], now_ms);
		if (mode == LANE_UNUSABLE || mode == LANE_DISTRUST)
			return "look at the key, payment and domain of those "
			       "that refuse us; each is asked again by itself";
	}
	return "nothing, unless it lasts: each is asked again by itself";
}

static void
tell_all_down(struct dispatcher *dispatcher, const struct route *route)
{
	int64_t now = dispatcher_now(dispatcher);
	const char *advice = choose_advice(dispatcher, route, now);
	g_autofree char *lanes = NULL, *text = NULL;

	if (alarms_are_on(dispatcher->alarms, "all_down", route->name))
		return;
	lanes = list_lanes(dispatcher, route, now);
	text = g_strdup_printf("route %s: none of its providers can be asked "
			       "now, its mail waits: %s",
	    route->name, lanes);
	log_error("no provider can be asked", log_str("route", route->name),
	    log_str("providers", lanes), log_str_if("advice", advice));
	alarms_begin(dispatcher->alarms, &(struct alarm){ .kind = "all_down",
					     .subject = route->name,
					     .text = text,
					     .advice = advice });
	keeping_note(dispatcher);
}

static bool
has_waiting(const struct flight *flight, unsigned group)
{
	for (unsigned i = 0; i < flight->ledger->count; i++) {
		const struct ledger_recipient *r =
		    &flight->ledger->recipients[i];
		if (r->state == RECIPIENT_WAITING && r->group == group)
			return true;
	}
	return false;
}

void
reserve_miss(struct dispatcher *dispatcher, const struct flight *flight)
{
	int64_t now = dispatcher_now(dispatcher);

	for (unsigned i = 0; i < flight->group_count; i++) {
		const struct route *route = flight->groups[i].route;
		if (has_waiting(flight, i) &&
		    is_all_down(dispatcher, route, now))
			tell_all_down(dispatcher, route);
	}
	review_times(dispatcher->reserve);
}

static void
review_route(struct dispatcher *dispatcher, const struct route *route)
{
	if (!alarms_are_on(dispatcher->alarms, "all_down", route->name) ||
	    is_all_down(dispatcher, route, dispatcher_now(dispatcher)))
		return;
	g_autofree char *text = g_strdup_printf(
	    "route %s: a provider can be asked again", route->name);
	log_info(
	    "a provider can be asked again", log_str("route", route->name));
	alarms_end(dispatcher->alarms, "all_down", route->name, text);
	keeping_note(dispatcher);
}

void
reserve_review(struct dispatcher *dispatcher)
{
	struct reserve *reserve = dispatcher->reserve;
	int64_t now = dispatcher_now(dispatcher);

	if (dispatcher->stopping || dispatcher->heir != NULL)
		return;
	for (unsigned i = 0; i < reserve->count; i++) {
		struct branch *branch = &reserve->branches[i];
		if (branch->used &&
		    !is_down(dispatcher->lanes[branch->first], now))
			end(reserve, branch);
		review_route(dispatcher, branch->route);
	}
}

void
reserve_stop(struct dispatcher *dispatcher)
{
	loop_timer_clear(dispatcher->reserve->timer);
}
