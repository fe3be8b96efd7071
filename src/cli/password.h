/* SPDX-License-Identifier: MIT */
/*
 * A password, asked of whoever sits at the terminal, without showing it, or
 * read as one line when no one does.  The main thread.
 */
#ifndef PASSWORD_H
#define PASSWORD_H

/* As it is: once.  NULL: none was given; then a message says so. */
char *password_ask(const char *name);

/* A new one: at a terminal twice, and both must be the same. */
char *password_ask_new(const char *name);

/* Overwrites it.  NULL is fine. */
void password_free(char *password);

#endif
