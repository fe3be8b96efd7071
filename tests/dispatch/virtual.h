/* SPDX-License-Identifier: MIT */
/*
 * A core for the dispatcher in which time is a number: loop, pool, clock, log
 * and config of include/core/ for one thread, so that the real dispatcher runs
 * through hours in a millisecond and the same seed always gives the same run.
 * Included by one test, which is linked with these in place of the real ones.
 */
#ifndef TESTS_DISPATCH_VIRTUAL_H
#define TESTS_DISPATCH_VIRTUAL_H

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/pool.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A timer goes off earlier than it was set by less than that: the loop's clock
 * is a coarse one. */
#define EARLY_MS 4

struct virtual_event {
	int64_t at_ms;  /* not before */
	unsigned order; /* of those at the same time */
	loop_fn run;
	void *object;
};

/* What stands in the config, beside numbers. */
struct virtual_text {
	char *section, *key, *text;
	char **list; /* the same, at its commas */
};

/* All there is. */
static struct {
	int64_t now_ms;
	int64_t now_us;    /* of which these are the whole milliseconds */
	uint32_t creep_us; /* less than that passes with whatever is done, and
			    * each time a clock is read; 0: nothing */
	int64_t set_ms;    /* how far the wall clock was set forward */
	int64_t phase_us;  /* its milliseconds begin so much earlier */
	unsigned turns;    /* under way: 1, or of a death within one */
	bool timed;        /* this turn has read the clocks... */
	int64_t turn_ms, turn_wall_ms; /* ...which were this */
	unsigned order;
	GQueue events; /* struct virtual_event, in order */
	GRand *random;
	FILE *trace; /* what happens is written there; NULL: not wanted */
	/* called for each log line; NULL: none */
	void (*logged)(const char *event, const struct log_field *fields);

	/* the config */
	const char *const *list;   /* the providers */
	const char *const *routes; /* NULL: none, as the next one */
	const char *const *listeners;
	GPtrArray *texts;  /* struct virtual_text, where some are set */
	GArray *durations; /* of the only key that has some */
	struct {
		const char *key;
		int64_t number;
	} settings[16]; /* of [server], ending with a NULL */
} virtual;

static inline void
virtual_free_text(void *object)
{
	struct virtual_text *text = object;

	g_free(text->section);
	g_free(text->key);
	g_free(text->text);
	g_strfreev(text->list);
	g_free(text);
}

static inline void
virtual_set_time(int64_t now_us)
{
	virtual.now_us = now_us;
	virtual.now_ms = now_us / 1000;
}

/* Time passes. */
static inline void
virtual_creep(void)
{
	if (virtual.creep_us > 0)
		virtual_set_time(
		    virtual.now_us + g_rand_int_range(virtual.random, 0,
					 (gint32) virtual.creep_us));
}

static inline int64_t
virtual_wall_ms(void)
{
	return INT64_C(1795256640000) + virtual.set_ms +
	       (virtual.now_us + virtual.phase_us) / 1000;
}

static inline void
virtual_open(uint32_t seed)
{
	virtual_set_time(INT64_C(1000000000));
	virtual.creep_us = 0;
	virtual.phase_us = 0;
	virtual.turns = 0;
	virtual.timed = false;
	virtual.set_ms = 0;
	virtual.order = 0;
	g_queue_init(&virtual.events);
	virtual.random = g_rand_new_with_seed(seed);
	memset(virtual.settings, 0, sizeof virtual.settings);
	virtual.durations = g_array_new(FALSE, FALSE, sizeof(int64_t));
	virtual.routes = virtual.listeners = NULL;
	virtual.texts = g_ptr_array_new_with_free_func(virtual_free_text);
	g_random_set_seed(seed);
}

static inline void
virtual_say(const char *section, const char *key, const char *text)
{
	struct virtual_text *one = g_new0(struct virtual_text, 1);

	one->section = g_strdup(section);
	one->key = g_strdup(key);
	one->text = g_strdup(text);
	one->list = g_strsplit(text, ", ", -1);
	g_ptr_array_add(virtual.texts, one);
}

static inline void
virtual_set(const char *key, int64_t number)
{
	unsigned i = 0;

	while (virtual.settings[i].key != NULL)
		i++;
	virtual.settings[i].key = key;
	virtual.settings[i].number = number;
}

static inline void
virtual_close(void)
{
	g_assert(g_queue_is_empty(&virtual.events));
	g_rand_free(virtual.random);
	g_array_unref(virtual.durations);
	g_ptr_array_unref(virtual.texts);
}

static inline void virtual_trace(const char *format, ...) G_GNUC_PRINTF(1, 2);

static inline void
virtual_trace(const char *format, ...)
{
	va_list arguments;

	if (virtual.trace == NULL)
		return;
	fprintf(virtual.trace, "%9.3f  ", (double)virtual.now_ms / 1000 - 1000);
	va_start(arguments, format);
	vfprintf(virtual.trace, format, arguments);
	va_end(arguments);
	fputc('\n', virtual.trace);
}

/* From 0 to most - 1. */
static inline unsigned
virtual_random(unsigned most)
{
	return (unsigned)g_rand_int_range(virtual.random, 0, (gint32)most);
}

static inline bool
virtual_chance(unsigned percent)
{
	return virtual_random(100) < percent;
}

static inline gint
virtual_compare(gconstpointer a, gconstpointer b, gpointer unused)
{
	const struct virtual_event *one = a, *other = b;

	(void)unused;
	if (one->at_ms != other->at_ms)
		return one->at_ms < other->at_ms ? -1 : 1;
	return one->order < other->order ? -1 : 1;
}

static inline struct virtual_event *
virtual_after(int64_t delay_ms, loop_fn run, void *object)
{
	struct virtual_event *event = g_new0(struct virtual_event, 1);

	event->at_ms = virtual.now_ms + MAX(delay_ms, 0);
	event->order = virtual.order++;
	event->run = run;
	event->object = object;
	g_queue_insert_sorted(&virtual.events, event, virtual_compare, NULL);
	return event;
}

/* Runs the next event; false when there is none. */
static inline bool
virtual_step(void)
{
	g_autofree struct virtual_event *event =
	    g_queue_pop_head(&virtual.events);

	if (event == NULL)
		return false;
	virtual_set_time(MAX(virtual.now_us, event->at_ms * 1000));
	virtual_creep();
	loop_turn(NULL);
	virtual.turns++;
	event->run(event->object);
	virtual.turns--;
	return true;
}

/* loop and pool */

struct loop_timer {
	loop_fn fn;
	void *object;
	struct virtual_event *event; /* NULL: not set */
};

static void
on_virtual_letter(void *object)
{
	struct letter *letter = object;
	letter_fn read = letter->read;

	letter->read = NULL; /* it is under way no more */
	read(NULL, letter);
}

void
loop_post(struct loop *loop, struct letter *letter, letter_fn read)
{
	(void)loop;
	letter->read = read;
	virtual_after(0, on_virtual_letter, letter);
}

/* Work takes its time. */
void
pool_post(struct pool *pool, struct letter *letter, letter_fn read)
{
	(void)pool;
	letter->read = read;
	virtual_after(virtual_random(30), on_virtual_letter, letter);
}

bool
loop_here(const struct loop *loop)
{
	(void)loop;
	return true;
}

void
loop_call(struct loop *loop, loop_fn fn, void *object)
{
	(void)loop;
	fn(object);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn fn, void *object)
{
	struct loop_timer *timer = g_new0(struct loop_timer, 1);

	(void)loop;
	timer->fn = fn;
	timer->object = object;
	return timer;
}

void
loop_timer_clear(struct loop_timer *timer)
{
	if (timer->event != NULL)
		g_queue_remove(&virtual.events, timer->event);
	g_clear_pointer(&timer->event, g_free);
}

static void
on_virtual_timer(void *object)
{
	struct loop_timer *timer = object;

	timer->event = NULL;
	timer->fn(timer->object);
}

void
loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	int64_t early_ms = virtual.creep_us > 0 ? virtual_random(EARLY_MS) : 0;

	loop_timer_clear(timer);
	timer->event =
	    virtual_after(delay_ms - early_ms, on_virtual_timer, timer);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer != NULL)
		loop_timer_clear(timer);
	g_free(timer);
}

void
loop_turn(struct loop *loop)
{
	(void)loop;
	virtual.timed = false;
}

static inline void
virtual_read_clocks(void)
{
	if (virtual.turns > 0 && virtual.timed)
		return;
	virtual.turn_ms = clock_monotonic_ms();
	virtual.turn_wall_ms = clock_wall_ms();
	virtual.timed = true;
}

int64_t
loop_now_ms(struct loop *loop)
{
	(void)loop;
	virtual_read_clocks();
	return virtual.turn_ms;
}

int64_t
loop_wall_ms(struct loop *loop)
{
	(void)loop;
	virtual_read_clocks();
	return virtual.turn_wall_ms;
}

/* clock */

int64_t
clock_monotonic_ms(void)
{
	virtual_creep();
	return virtual.now_ms;
}

int64_t
clock_wall_ms(void)
{
	virtual_creep();
	return virtual_wall_ms();
}

void
clock_rfc5322(int64_t wall_ms, char out[static CLOCK_RFC5322_LENGTH])
{
	(void)wall_ms;
	g_strlcpy(out, "Sat, 21 Nov 2026 10:24:00 +0000", CLOCK_RFC5322_LENGTH);
}

void
clock_rfc3339(int64_t wall_ms, char out[static CLOCK_RFC3339_LENGTH])
{
	(void)wall_ms;
	g_strlcpy(out, "2026-11-21T10:24:00.000Z", CLOCK_RFC3339_LENGTH);
}

/* log */

char *
log_redact(const char *value)
{
	(void)value;
	return NULL;
}

void
log_hide(const char *secret)
{
	(void)secret;
}

void
log_hide_login(const char *username, const char *password)
{
	(void)username;
	(void)password;
}

bool
log_wants(enum log_level level)
{
	(void)level;
	return virtual.trace != NULL || virtual.logged != NULL;
}

void
log_write(
    enum log_level level, const char *event, const struct log_field *field)
{
	g_autoptr(GString) line = NULL;

	(void)level;
	if (virtual.logged != NULL)
		virtual.logged(event, field);
	if (virtual.trace == NULL)
		return;
	line = g_string_new(event);
	for (; field->type != LOG_TYPE_END; field++) {
		g_string_append_printf(line, " %s=", field->key);
		if (field->type == LOG_TYPE_NUMBER)
			g_string_append_printf(line, "%" PRId64, field->number);
		else
			g_string_append_printf(line, "\"%s\"",
			    field->string != NULL ? field->string : "-");
	}
	virtual_trace("  log: %s", line->str);
}

/* config: the dispatcher's table, its defaults where the test sets nothing
 * else, and the providers */

extern const struct setting dispatcher_settings[];
extern const struct setting route_settings[];

struct config *
config_ref(struct config *config)
{
	return config;
}

void
config_unref(struct config *config)
{
	(void)config;
}

const char *const *
config_names(const struct config *config, const char *kind)
{
	static const char *const none[] = { NULL };
	const char *const *names = none;

	(void)config;
	if (strcmp(kind, "provider") == 0)
		names = virtual.list;
	else if (strcmp(kind, "route") == 0)
		names = virtual.routes;
	else if (strcmp(kind, "listener") == 0)
		names = virtual.listeners;
	return names != NULL ? names : none;
}

/* NULL: not set. */
static inline const struct virtual_text *
virtual_find(const char *section, const char *key)
{
	for (unsigned i = 0; i < virtual.texts->len; i++) {
		const struct virtual_text *text = virtual.texts->pdata[i];
		if (strcmp(text->section, section) == 0 &&
		    strcmp(text->key, key) == 0)
			return text;
	}
	return NULL;
}

/* "route default" is of the kind "route". */
static inline const struct setting *
virtual_row(const struct setting *row, const char *section, const char *key)
{
	size_t length = strcspn(section, " ");

	for (; row->section != NULL; row++)
		if (strlen(row->section) == length &&
		    strncmp(row->section, section, length) == 0 &&
		    strcmp(row->key, key) == 0)
			return row;
	return NULL;
}

const char *const *
config_list(const struct config *config, const char *section, const char *key)
{
	const struct virtual_text *text = virtual_find(section, key);

	(void)config;
	return text != NULL ? (const char *const *)text->list : NULL;
}

const char *
config_string(const struct config *config, const char *section, const char *key)
{
	const struct virtual_text *text = virtual_find(section, key);
	const struct setting *row = virtual_row(route_settings, section, key);

	(void)config;
	if (text != NULL)
		return text->text;
	return row != NULL ? row->fallback : NULL;
}

bool
config_bool(const struct config *config, const char *section, const char *key)
{
	(void)config;
	(void)section;
	(void)key;
	return false;
}

bool
config_is_set(const struct config *config, const char *section, const char *key)
{
	(void)config;
	return virtual_find(section, key) != NULL;
}

/* Listeners whose mail may give orders are none of the settings here. */
const GArray *
config_networks(
    const struct config *config, const char *section, const char *key)
{
	(void)config;
	(void)section;
	(void)key;
	return NULL;
}

const GArray *
config_durations(
    const struct config *config, const char *section, const char *key)
{
	(void)config;
	(void)section;
	(void)key;
	return virtual.durations;
}

const char *
config_origin(const struct config *config, const char *section, const char *key)
{
	(void)config;
	(void)section;
	return key;
}

static inline int64_t
virtual_read(const struct setting *setting)
{
	char *unit;
	int64_t number = g_ascii_strtoll(setting->fallback, &unit, 10);

	if (setting->type != SETTING_DURATION || g_str_equal(unit, "ms"))
		return number;
	number *= 1000;
	switch (*unit) {
	case 'd':
		return number * 24 * 3600;
	case 'h':
		return number * 3600;
	case 'm':
		return number * 60;
	default:
		return number;
	}
}

/* Of a route only what is set counts. */
int64_t
config_number(const struct config *config, const char *section, const char *key)
{
	const struct virtual_text *text = virtual_find(section, key);
	const struct setting *row =
	    virtual_row(dispatcher_settings, section, key);

	(void)config;
	if (text != NULL)
		return g_ascii_strtoll(text->text, NULL, 10);
	for (size_t i = 0; virtual.settings[i].key != NULL; i++)
		if (strcmp(section, "server") == 0 &&
		    strcmp(virtual.settings[i].key, key) == 0)
			return virtual.settings[i].number;
	return row != NULL ? virtual_read(row) : 0;
}

#endif
