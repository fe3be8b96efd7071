/* SPDX-License-Identifier: MIT */
/*
 * A mailbox is how threads talk: anyone may post a letter, its one owner (or
 * the workers of one pool) reads.  A letter is embedded in what is sent; what
 * you post you no longer own.  The only locks of the program are here and in
 * the log.
 *
 * A letter carries the function that reads it, so a mailbox takes letters of
 * every kind:
 *
 *	struct submission { struct letter letter; ... };
 *	mailbox_post(box, &submission->letter, on_submission);
 *
 * and on_submission(owner, letter) runs on the reading thread, gets the
 * submission back with LETTER_OF(), and owns it.
 */
#ifndef CORE_MAILBOX_H
#define CORE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct letter;
struct mailbox;

/* Reads one letter on the receiving thread.  owner is what the mailbox was
 * made for; the letter belongs to the callee. */
typedef void (*letter_fn)(void *owner, struct letter *letter);

struct letter {
	struct letter *next;
	letter_fn read;
};

/* The struct of this type that embeds `letter` as its member. */
#define LETTER_OF(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* owner is handed to every letter's function; borrowed. */
struct mailbox *mailbox_new(void *owner);

/* The mailbox must be empty.  NULL is fine. */
void mailbox_free(struct mailbox *box);

/* Any thread: appends the letter, to be read by `read`.  Letters of one sender
 * are read in the order posted. */
void mailbox_post(struct mailbox *box, struct letter *letter, letter_fn read);

/* The same, but the owner, a loop, is not woken: it reads the letter with the
 * next one that is posted aloud.  True when no other waited. */
bool mailbox_post_silently(
    struct mailbox *box, struct letter *letter, letter_fn read);

/* Becomes readable (an eventfd) when a letter was posted aloud: for a loop,
 * which then reads with mailbox_read_all().  Made when first asked for, so that
 * a pool's mailbox costs no descriptor.  Owned by the mailbox. */
int mailbox_fd(struct mailbox *box);

/* The owner's thread: reads all that waits now, without blocking.  Returns the
 * number of letters read. */
size_t mailbox_read_all(struct mailbox *box);

/* A worker's thread: waits for a letter, reads that one.  False when the
 * mailbox was shut and is empty. */
bool mailbox_read_one(struct mailbox *box);

/* Letters waiting now. */
size_t mailbox_length(struct mailbox *box);

/* Any thread: wakes all who wait in mailbox_read_one(); what still waits is
 * read first, posting to a shut mailbox is a mistake of the program. */
void mailbox_shut(struct mailbox *box);

#endif
