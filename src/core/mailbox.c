/* SPDX-License-Identifier: MIT */
#include "core/mailbox.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A reader may free the mailbox as soon as it has the letter: a loop is rung
 * before unlocking, which is the last thing that a poster touches.  A worker
 * waits at a semaphore, which may be destroyed by whoever it let pass; it is
 * posted after unlocking, else the worker would wake to wait for the lock. */
struct mailbox {
	void *owner;
	pthread_mutex_t lock;
	sem_t posted; /* for workers: letters, and one more when shut */
	struct letter *first, *last;
	size_t length;
	int fd;    /* for a loop; -1: nobody asked for it */
	bool rung; /* fd is readable */
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

	while (!box->rung && write(box->fd, &one, sizeof(one)) < 0)
		g_assert(errno == EINTR);
	box->rung = true;
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
	if (for_loop)
		ring(box);
	pthread_mutex_unlock(&box->lock);
	if (!for_loop)
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
	if (box->rung && read(box->fd, &rings, sizeof(rings)) < 0)
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
