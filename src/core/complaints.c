/* SPDX-License-Identifier: MIT */
#include "core/complaints.h"

#include "core/clock.h"
#include <pthread.h>
#include <string.h>

struct complaints {
	pthread_mutex_t mutex;
	GPtrArray *list;       /* struct complaint */
	complaints_fn changed; /* NULL: nobody watches; the main thread's */
	void *object;
};

static struct complaint *
copy_complaint(const struct complaint *complaint)
{
	struct complaint *copy = g_memdup2(complaint, sizeof *complaint);

	copy->subject = g_strdup(complaint->subject);
	copy->text = g_strdup(complaint->text);
	copy->advice = g_strdup(complaint->advice);
	return copy;
}

void
complaints_free_one(void *object)
{
	struct complaint *complaint = object;

	if (complaint == NULL)
		return;
	g_free((char *)complaint->subject);
	g_free((char *)complaint->text);
	g_free((char *)complaint->advice);
	g_free(complaint);
}

struct complaints *
complaints_new(void)
{
	struct complaints *complaints = g_new0(struct complaints, 1);

	pthread_mutex_init(&complaints->mutex, NULL);
	complaints->list = g_ptr_array_new_with_free_func(complaints_free_one);
	return complaints;
}

void
complaints_free(struct complaints *complaints)
{
	if (complaints == NULL)
		return;
	g_ptr_array_unref(complaints->list);
	pthread_mutex_destroy(&complaints->mutex);
	g_free(complaints);
}

static void
tell(const struct complaints *complaints, const struct complaint *complaint,
    bool over)
{
	if (complaints->changed != NULL)
		complaints->changed(complaints->object, complaint, over);
}

/* Nobody else changes the list, so what only reads it here needs no lock. */
void
complaints_watch(
    struct complaints *complaints, complaints_fn changed, void *object)
{
	complaints->changed = changed;
	complaints->object = object;
	for (unsigned i = 0; i < complaints->list->len; i++)
		tell(complaints, complaints->list->pdata[i], false);
}

/* Its number in the list; the length: it is not there. */
static unsigned
find_complaint(
    const struct complaints *complaints, const char *kind, const char *subject)
{
	unsigned i = 0;

	for (; i < complaints->list->len; i++) {
		const struct complaint *complaint = complaints->list->pdata[i];

		if (strcmp(complaint->kind, kind) == 0 &&
		    strcmp(complaint->subject, subject) == 0)
			break;
	}
	return i;
}

void
complaints_set(struct complaints *complaints, const struct complaint *complaint)
{
	unsigned at =
	    find_complaint(complaints, complaint->kind, complaint->subject);
	struct complaint *copy = copy_complaint(complaint), *old = NULL;

	pthread_mutex_lock(&complaints->mutex);
	if (at < complaints->list->len) {
		old = complaints->list->pdata[at];
		complaints->list->pdata[at] = copy;
	} else {
		g_ptr_array_add(complaints->list, copy);
	}
	if (copy->since_ms == 0)
		copy->since_ms = old != NULL ? old->since_ms : clock_wall_ms();
	pthread_mutex_unlock(&complaints->mutex);
	if (old == NULL)
		tell(complaints, copy, false);
	complaints_free_one(old);
}

void
complaints_clear(
    struct complaints *complaints, const char *kind, const char *subject)
{
	unsigned at = find_complaint(complaints, kind, subject);
	struct complaint *old;

	if (at == complaints->list->len)
		return;
	pthread_mutex_lock(&complaints->mutex);
	old = g_ptr_array_steal_index(complaints->list, at);
	pthread_mutex_unlock(&complaints->mutex);
	tell(complaints, old, true);
	complaints_free_one(old);
}

void
complaints_list(struct complaints *complaints, GPtrArray *out)
{
	pthread_mutex_lock(&complaints->mutex);
	for (unsigned i = 0; i < complaints->list->len; i++)
		g_ptr_array_add(
		    out, copy_complaint(complaints->list->pdata[i]));
	pthread_mutex_unlock(&complaints->mutex);
}
