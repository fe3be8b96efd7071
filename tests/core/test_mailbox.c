/* SPDX-License-Identifier: MIT */
#include "core/mailbox.h"

#include "threads.h"
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <glib.h>

#define LETTERS 5000

/* A letter that says who sent it, and as which of theirs. */
struct note {
	struct letter letter;
	unsigned sender, number;
};

/* Who reads: what was read last of each sender. */
struct reader {
	struct mailbox *box;
	unsigned count;
	unsigned next[THREADS];
	bool out_of_order;
	struct note *repost; /* posted by the next letter read */
};

static void
on_note(void *owner, struct letter *letter)
{
	struct reader *reader = owner;
	struct note *note = LETTER_OF(letter, struct note, letter);

	if (note->number != reader->next[note->sender]++)
		reader->out_of_order = true;
	reader->count++;
	if (reader->repost != NULL)
		mailbox_post(reader->box, &reader->repost->letter, on_note);
	reader->repost = NULL;
	free(note);
}

static struct note *
make_note(unsigned sender, unsigned number)
{
	struct note *note = calloc(1, sizeof(*note));

	note->sender = sender;
	note->number = number;
	return note;
}

static bool
is_readable(int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	return poll(&ready, 1, 0) == 1;
}

static void
test_order_and_wakeup(void **state)
{
	struct reader reader = { 0 };
	struct mailbox *box = reader.box = mailbox_new(&reader);
	int fd = mailbox_fd(box);

	(void)state;
	assert_int_equal(mailbox_fd(box), fd);
	assert_false(is_readable(fd));
	assert_int_equal(mailbox_read_all(box), 0);
	for (unsigned i = 0; i < 3; i++)
		mailbox_post(box, &make_note(0, i)->letter, on_note);
	assert_true(is_readable(fd));
	assert_int_equal(mailbox_length(box), 3);
	assert_int_equal(mailbox_read_all(box), 3);
	assert_false(is_readable(fd));
	assert_int_equal(mailbox_length(box), 0);
	assert_false(reader.out_of_order);
	mailbox_free(box);
}

static void
test_silence(void **state)
{
	struct reader reader = { 0 };
	struct mailbox *box = reader.box = mailbox_new(&reader);
	int fd = mailbox_fd(box);

	(void)state;
	for (unsigned i = 0; i < 6; i += 3) {
		assert_true(mailbox_post_silently(
		    box, &make_note(0, i)->letter, on_note));
		assert_false(mailbox_post_silently(
		    box, &make_note(0, i + 1)->letter, on_note));
		assert_false(is_readable(fd));
		mailbox_post(box, &make_note(0, i + 2)->letter, on_note);
		assert_true(is_readable(fd));
		assert_int_equal(mailbox_read_all(box), 3);
		assert_false(is_readable(fd));
	}
	assert_false(reader.out_of_order);
	mailbox_free(box);
}

static void
test_letter_that_posts(void **state)
{
	struct reader reader = { .repost = make_note(0, 1) };
	struct mailbox *box = reader.box = mailbox_new(&reader);
	int fd = mailbox_fd(box);

	(void)state;
	mailbox_post(box, &make_note(0, 0)->letter, on_note);
	/* what is posted while reading waits for the next time */
	assert_int_equal(mailbox_read_all(box), 1);
	assert_true(is_readable(fd));
	assert_int_equal(mailbox_read_all(box), 1);
	assert_false(is_readable(fd));
	mailbox_free(box);
}

static void
test_fd_asked_for_late(void **state)
{
	struct reader reader = { 0 };
	struct mailbox *box = mailbox_new(&reader);

	(void)state;
	mailbox_post(box, &make_note(0, 0)->letter, on_note);
	assert_true(is_readable(mailbox_fd(box)));
	assert_int_equal(mailbox_read_all(box), 1);
	assert_false(is_readable(mailbox_fd(box)));
	mailbox_free(box);
}

struct sender {
	struct mailbox *box;
	unsigned number;
};

static void *
on_send(void *object)
{
	struct sender *sender = object;

	for (unsigned i = 0; i < LETTERS; i++)
		mailbox_post(sender->box, &make_note(sender->number, i)->letter,
		    on_note);
	return NULL;
}

static void *
on_send_all(void *object)
{
	struct sender senders[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		senders[i] = (struct sender){ object, i };
	run_threads(on_send, senders, sizeof(senders[0]));
	return NULL;
}

/* As a loop reads: sleeps on the descriptor, takes all. */
static void
test_many_senders_one_loop(void **state)
{
	struct reader reader = { 0 };
	struct mailbox *box = reader.box = mailbox_new(&reader);
	struct pollfd ready = { mailbox_fd(box), POLLIN, 0 };
	pthread_t senders;

	(void)state;
	pthread_create(&senders, NULL, on_send_all, box);
	while (reader.count < THREADS * LETTERS) {
		assert_int_equal(poll(&ready, 1, 60000), 1);
		mailbox_read_all(box);
	}
	pthread_join(senders, NULL);
	assert_false(reader.out_of_order);
	mailbox_free(box);
}

/* As a worker reads: one by one, until it is shut and empty. */
static void *
on_read(void *object)
{
	struct reader *reader = object;

	while (mailbox_read_one(reader->box))
		;
	return NULL;
}

static void
test_many_senders_one_worker(void **state)
{
	struct reader reader = { 0 };
	struct mailbox *box = reader.box = mailbox_new(&reader);
	pthread_t worker;

	(void)state;
	pthread_create(&worker, NULL, on_read, &reader);
	on_send_all(box);
	mailbox_shut(box);
	pthread_join(worker, NULL);
	assert_int_equal(reader.count, THREADS * LETTERS);
	assert_false(reader.out_of_order);
	mailbox_free(box);
}

static void
test_shut(void **state)
{
	struct reader reader = { 0 };
	struct mailbox *box = mailbox_new(&reader);

	(void)state;
	mailbox_post(box, &make_note(0, 0)->letter, on_note);
	mailbox_shut(box);
	assert_true(mailbox_read_one(box));
	assert_false(mailbox_read_one(box));
	assert_int_equal(reader.count, 1);
	mailbox_free(box);
	mailbox_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_wakeup),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_letter_that_posts),
		cmocka_unit_test(test_fd_asked_for_late),
		cmocka_unit_test(test_many_senders_one_loop),
		cmocka_unit_test(test_many_senders_one_worker),
		cmocka_unit_test(test_shut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
