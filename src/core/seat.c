/* SPDX-License-Identifier: MIT */
#include "core/seat.h"

#include <glib.h>
#include <pthread.h>

struct seat {
	pthread_mutex_t mutex;
	void *object;
	seat_hold_fn hold;
};

struct seat *
seat_new(void *object, seat_hold_fn hold)
{
	struct seat *seat = g_new0(struct seat, 1);

	pthread_mutex_init(&seat->mutex, NULL);
	seat->object = object;
	seat->hold = hold;
	return seat;
}

void
seat_free(struct seat *seat)
{
	if (seat == NULL)
		return;
	pthread_mutex_destroy(&seat->mutex);
	g_free(seat);
}

void *
seat_take(struct seat *seat)
{
	void *object;

	pthread_mutex_lock(&seat->mutex);
	object = seat->object;
	seat->hold(object);
	pthread_mutex_unlock(&seat->mutex);
	return object;
}

void
seat_put(struct seat *seat, void *object)
{
	pthread_mutex_lock(&seat->mutex);
	seat->object = object;
	pthread_mutex_unlock(&seat->mutex);
}
