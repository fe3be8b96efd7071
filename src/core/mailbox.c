/* SPDX-License-Identifier: MIT */
#include "core/mailbox.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Whoever reads is woken after unlocking, else it would wake to wait for the
 * lock.  But a reader may free the mailbox as soon as it has the letter: a
 * semaphore may be destroyed by whom it let pass, and a loop's mailbox waits
 * for those who are about to ring. */
struct mailbox {
	void *owner;
	pthread_mutex_t lock;
	sem_t posted; /* for workers: letters, and one more when shut */
	struct letter *first, *last;
	size_t length;
	int fd;              /* for a loop; -1: nobody asked for it */
	bool rung;           /* fd is readable, or about to be */
	atomic_uint ringing; /* posters about to write to fd */
	bool shut;
};

struct mailbox *
mailbox_new(void *owner)
{
	struct mailbox *box = g_new0(struct mailbox, 1);

	box->owner = owner;
	box->fd = -1;
	pthread_mutex_init(&box->lock, NULL);
	sem_init(&box->posted, 0, 0);
	return box;
}

void
mailbox_free(struct mailbox *box)
{
	if (box == NULL)
		return;
	g_assert(mailbox_length(box) == 0);
	while (atomic_load(&box->ringing) > 0)
		sched_yield();
	sem_destroy(&box->posted);
	pthread_mutex_destroy(&box->lock);
	if (box->fd >= 0)
		close(box->fd);
	g_free(box);
}

static void
ring(struct mailbox *box)
{
	uint64_t one = 1;

	while (write(box->fd, &one, sizeof(one)) < 0)
		g_assert(errno == EINTR);
	atomic_fetch_sub(&box->ringing, 1);
}

static void
append(struct mailbox *box, struct letter *letter)
{
	g_assert(!box->shut);
	letter->next = NULL;
	if (box->first == NULL)
		box->first = letter;
	else
		box->last->next = letter;
	box->last = letter;
	box->length++;
}

void
mailbox_post(struct mailbox *box, struct letter *letter, letter_fn read)
{
	letter->read = read;
	pthread_mutex_lock(&box->lock);
	append(box, letter);
	bool for_loop = box->fd >= 0;
	bool rings = for_loop && !box->rung;
	if (rings) {
		box->rung = true;
		atomic_fetch_add(&box->ringing, 1);
	}
	pthread_mutex_unlock(&box->lock);
	if (rings)
		ring(box);
	else if (!for_loop)
		sem_post(&box->posted);
}

bool
mailbox_post_silently(
    struct mailbox *box, struct letter *letter, letter_fn read)
{
	letter->read = read;
	pthread_mutex_lock(&box->lock);
	bool was_empty = box->first == NULL;
	append(box, letter);
	pthread_mutex_unlock(&box->lock);
	return was_empty;
}

int
mailbox_fd(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	if (box->fd < 0) {
		box->rung = box->first != NULL;
		box->fd = eventfd(box->rung, EFD_CLOEXEC | EFD_NONBLOCK);
		if (box->fd < 0)
			g_error("no eventfd for a mailbox: %s; raise the limit "
				"of open files",
			    g_strerror(errno));
	}
	int fd = box->fd;
	pthread_mutex_unlock(&box->lock);
	return fd;
}

static struct letter *
take_all(struct mailbox *box)
{
	uint64_t rings;

	pthread_mutex_lock(&box->lock);
	struct letter *first = box->first;
	box->first = box->last = NULL;
	box->length = 0;
	/* one who was about to ring may have done it after the last time */
	if (box->fd >= 0 && read(box->fd, &rings, sizeof(rings)) < 0)
		g_assert(errno == EAGAIN);
	box->rung = false;
	pthread_mutex_unlock(&box->lock);
	return first;
}

size_t
mailbox_read_all(struct mailbox *box)
{
	struct letter *letter = take_all(box);
	size_t count = 0;

	while (letter != NULL) {
		struct letter *next = letter->next;

		letter->read(box->owner, letter);
		letter = next;
		count++;
	}
	return count;
}

static struct letter *
take_one(struct mailbox *box)
{
	while (sem_wait(&box->posted) != 0)
		g_assert(errno == EINTR);
	pthread_mutex_lock(&box->lock);
	struct letter *letter = box->first;
	if (letter != NULL) {
		box->first = letter->next;
		box->length--;
	}
	pthread_mutex_unlock(&box->lock);
	return letter;
}

bool
mailbox_read_one(struct mailbox *box)
{
	struct letter *letter = take_one(box);

	/* shut: whoever leaves lets the next one leave */
	if (letter == NULL)
		sem_post(&box->posted);
	else
		letter->read(box->owner, letter);
	return letter != NULL;
}

size_t
mailbox_length(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	size_t length = box->length;
	pthread_mutex_unlock(&box->lock);
	return length;
}

void
mailbox_shut(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	box->shut = true;
	pthread_mutex_unlock(&box->lock);
	sem_post(&box->posted);
}
