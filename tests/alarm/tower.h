/* SPDX-License-Identifier: MIT */
/*
 * Where a bell hangs in tests: the main loop on the test's own thread, a folder
 * with a command that writes what it was given into a FIFO, and the log in a
 * file.
 */
#ifndef TESTS_ALARM_TOWER_H
#define TESTS_ALARM_TOWER_H

#include "core/loop.h"
#include <event2/event.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* How long a test waits for what must come. */
#define TOWER_PATIENCE_MS 30000

struct tower {
	struct loop *main;
	struct loop_timer *timer;
	char *folder, *fifo, *script, *log;
	struct event *heard;
	int fd;
	int saved; /* the real stderr */
	GString *text;
	const char *awaited;
	unsigned times;
	bool late;
};

static inline void
tower_on_late(void *object)
{
	struct tower *tower = object;

	tower->late = true;
	loop_quit(tower->main);
}

static inline unsigned
tower_count(const char *text, const char *word)
{
	unsigned count = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		count++;
	return count;
}

static inline void
tower_on_heard(evutil_socket_t fd, short what, void *object)
{
	struct tower *tower = object;
	char bytes[4096];
	ssize_t got;

	(void)what;
	while ((got = read((int)fd, bytes, sizeof bytes)) > 0)
		g_string_append_len(tower->text, bytes, got);
	if (tower->awaited != NULL &&
	    tower_count(tower->text->str, tower->awaited) >= tower->times)
		loop_quit(tower->main);
}

/* The script is run by sh, with $FIFO set. */
static inline struct tower *
tower_new(const char *script)
{
	struct tower *tower = g_new0(struct tower, 1);
	g_autofree char *text = NULL;
	int log;

	tower->main = loop_new("main", NULL);
	tower->timer = loop_timer_new(tower->main, tower_on_late, tower);
	tower->folder = g_dir_make_tmp("alarm-XXXXXX", NULL);
	tower->fifo = g_build_filename(tower->folder, "fifo", NULL);
	tower->script = g_build_filename(tower->folder, "script", NULL);
	tower->log = g_build_filename(tower->folder, "log", NULL);
	tower->text = g_string_new(NULL);
	assert_int_equal(mkfifo(tower->fifo, 0600), 0);
	tower->fd = open(tower->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	text =
	    g_strdup_printf("#!/bin/sh\nFIFO='%s'\n%s\n", tower->fifo, script);
	assert_true(g_file_set_contents(tower->script, text, -1, NULL));
	assert_int_equal(chmod(tower->script, 0700), 0);
	tower->heard = event_new(loop_base(tower->main), tower->fd,
	    EV_READ | EV_PERSIST, tower_on_heard, tower);
	event_add(tower->heard, NULL);
	log = open(tower->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	tower->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(log, STDERR_FILENO);
	close(log);
	return tower;
}

static inline void
tower_run(struct tower *tower)
{
	loop_timer_set(tower->timer, TOWER_PATIENCE_MS);
	loop_run(tower->main);
	loop_timer_clear(tower->timer);
}

/* Runs until the commands have said the word so often in all. */
static inline void
tower_await(struct tower *tower, const char *word, unsigned times)
{
	tower->awaited = word;
	tower->times = times;
	if (tower_count(tower->text->str, word) < times)
		tower_run(tower);
	tower->awaited = NULL;
	if (tower->late)
		print_error("no \"%s\" in \"%s\"\n", word, tower->text->str);
	assert_false(tower->late);
}

/* What was logged since the start; new string. */
static inline char *
tower_log(const struct tower *tower)
{
	char *text = NULL;

	assert_true(g_file_get_contents(tower->log, &text, NULL, NULL));
	return text;
}

/* Runs until so many lines with the word are logged. */
static inline void
tower_await_log(struct tower *tower, const char *word, unsigned times)
{
	for (unsigned i = 0; i < TOWER_PATIENCE_MS; i++) {
		g_autofree char *log = tower_log(tower);

		if (tower_count(log, word) >= times)
			return;
		loop_timer_set(tower->timer, 1);
		loop_run(tower->main);
		tower->late = false;
	}
	fail_msg("not logged: %s", word);
}

/* Whatever hangs in it is gone already. */
static inline void
tower_free(struct tower *tower)
{
	dup2(tower->saved, STDERR_FILENO);
	close(tower->saved);
	event_free(tower->heard);
	loop_timer_free(tower->timer);
	loop_free(tower->main);
	close(tower->fd);
	g_unlink(tower->fifo);
	g_unlink(tower->script);
	g_unlink(tower->log);
	assert_int_equal(g_rmdir(tower->folder), 0);
	g_free(tower->folder);
	g_free(tower->fifo);
	g_free(tower->script);
	g_free(tower->log);
	g_string_free(tower->text, TRUE);
	g_free(tower);
}

#endif
