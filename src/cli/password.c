/* SPDX-License-Identifier: MIT */
#include "password.h"

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* What crypt(3) takes. */
#define LENGTH_MAX 511

#define BREAK 0x03 /* Ctrl-C */

void
password_free(char *password)
{
	if (password == NULL)
		return;
	explicit_bzero(password, strlen(password));
	g_free(password);
}

/* One line of standard input, without its end, and of one that is too long so
 * much that this is seen; NULL: none came, or it was broken off. */
static char *
read_line(void)
{
	char line[LENGTH_MAX + 3] = { 0 };
	char *password = NULL;
	size_t length = 0;
	char *end;

	/* byte by byte, and not by stdio, which would keep a copy */
	while (length < sizeof(line) - 1 &&
	       read(STDIN_FILENO, line + length, 1) == 1 &&
	       line[length] != '\n' && line[length] != BREAK)
		length++;
	if (line[length] != BREAK) {
		line[length] = '\0';
		end = length > 0 ? line + length - 1 : line;
		/* blanks are the password's own */
		if (*end == '\r')
			*end = '\0';
		password = *line != '\0' ? g_strdup(line) : NULL;
	}
	explicit_bzero(line, sizeof(line));
	return password;
}

/* Ctrl-C must not leave a terminal that shows nothing: it ends the line, and
 * signals wait until it was read. */
static char *
read_hidden(const char *prompt)
{
	struct termios shown, hidden;
	sigset_t all, before;
	char *password;

	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return read_line();
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	hidden.c_cc[VEOL] = BREAK;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fputs(prompt, stderr);
	password = read_line();
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return password;
}

char *
password_ask(const char *name)
{
	g_autofree char *prompt = g_strdup_printf("Password of %s: ", name);
	char *password = read_hidden(prompt);

	if (password == NULL)
		fputs("postferry user: no password was given\n", stderr);
	return password;
}

/* NULL: a client can log in with it. */
static const char *
find_fault(const char *password)
{
	/* what SASL would not let through */
	for (const char *c = password; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "a password may have no control characters";
	if (strlen(password) > LENGTH_MAX)
		return "a password may have 511 bytes, and this has more";
	return NULL;
}

char *
password_ask_new(const char *name)
{
	char *password = password_ask(name);
	const char *fault;
	char *again;

	if (password == NULL)
		return NULL;
	fault = find_fault(password);
	if (fault == NULL && isatty(STDIN_FILENO)) {
		again = read_hidden("The same again: ");
		if (g_strcmp0(password, again) != 0)
			fault = "the two are not the same";
		password_free(again);
	}
	if (fault == NULL)
		return password;
	fprintf(stderr, "postferry user: %s; nothing was changed\n", fault);
	password_free(password);
	return NULL;
}
