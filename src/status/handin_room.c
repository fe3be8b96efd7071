/* SPDX-License-Identifier: MIT */
#include "handin_room.h"

#include "core/clock.h"
#include <pthread.h>
#include <time.h>

/* Who answers keeps the deadline; this is for who does not. */
#define GRACE_MS 5000

struct handin_room {
	pthread_mutex_t mutex;
	GHashTable *guests; /* number -> struct guest */
	uint64_t last;      /* number that was given */
	unsigned under_way; /* posted, and not answered */
	bool closed;
	void (*emptied)(void *object); /* NULL: nobody wants to know, or was
					* told */
	void *object;
};

/* On the stack of who waits. */
struct guest {
	pthread_cond_t told; /* its answer came */
	uint64_t number;
	struct answer *answer; /* NULL: not yet */
};

struct handin_room *
handin_room_new(void)
{
	struct handin_room *room = g_new0(struct handin_room, 1);

	pthread_mutex_init(&room->mutex, NULL);
	room->guests = g_hash_table_new(g_int64_hash, g_int64_equal);
	return room;
}

void
handin_room_free(struct handin_room *room)
{
	if (room == NULL)
		return;
	g_assert(g_hash_table_size(room->guests) == 0);
	g_hash_table_unref(room->guests);
	pthread_mutex_destroy(&room->mutex);
	g_free(room);
}

/* Locked: who is to be told that it is empty; NULL: nobody, or it is not. */
static void (*take_emptied(struct handin_room *room))(void *object)
{
	void (*emptied)(void *object) = room->emptied;

	if (!room->closed || room->under_way > 0)
		return NULL;
	room->emptied = NULL;
	return emptied;
}

/* An answer_fn: whoever it is for may have left. */
static void
on_answer(void *object, struct answer *answer)
{
	struct handin_room *room = object;
	void (*emptied)(void *object);
	struct guest *guest;

	pthread_mutex_lock(&room->mutex);
	guest = g_hash_table_lookup(room->guests, &answer->session);
	if (guest != NULL && guest->answer == NULL) {
		guest->answer = g_steal_pointer(&answer);
		pthread_cond_signal(&guest->told);
	}
	room->under_way--;
	emptied = take_emptied(room);
	pthread_mutex_unlock(&room->mutex);
	if (answer != NULL)
		answer_free(answer);
	if (emptied != NULL)
		emptied(room->object);
}

static bool
enter(struct handin_room *room, struct guest *guest)
{
	bool open;

	pthread_mutex_lock(&room->mutex);
	open = !room->closed;
	if (open) {
		guest->number = ++room->last;
		g_hash_table_insert(room->guests, &guest->number, guest);
		room->under_way++;
	}
	pthread_mutex_unlock(&room->mutex);
	return open;
}

static void
make_guest(struct guest *guest)
{
	pthread_condattr_t attributes;

	*guest = (struct guest){ 0 };
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&guest->told, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void
wait_until(struct handin_room *room, struct guest *guest, int64_t until_ms)
{
	struct timespec until = {
		.tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000,
	};
	int end = 0;

	pthread_mutex_lock(&room->mutex);
	while (guest->answer == NULL && end == 0)
		end =
		    pthread_cond_timedwait(&guest->told, &room->mutex, &until);
	g_hash_table_remove(room->guests, &guest->number);
	pthread_mutex_unlock(&room->mutex);
}

struct answer *
handin_room_wait(struct handin_room *room, struct submission *submission,
    submission_fn onward, void *stage, bool *posted)
{
	struct guest guest;
	int64_t until_ms = submission->deadline_ms + GRACE_MS;

	make_guest(&guest);
	*posted = enter(room, &guest);
	if (*posted) {
		submission->return_to = (struct return_address){
			.post = on_answer,
			.server = room,
			.session = guest.number,
		};
		onward(stage, submission);
		wait_until(room, &guest, until_ms);
	} else {
		submission_free(submission);
	}
	pthread_cond_destroy(&guest.told);
	return guest.answer;
}

void
handin_room_close(
    struct handin_room *room, void (*emptied)(void *object), void *object)
{
	pthread_mutex_lock(&room->mutex);
	room->closed = true;
	room->emptied = emptied;
	room->object = object;
	emptied = take_emptied(room);
	pthread_mutex_unlock(&room->mutex);
	if (emptied != NULL)
		emptied(object);
}
