/* SPDX-License-Identifier: MIT */
/*
 * An order is what a command that asks the queue was told to do: its options,
 * read once by one table.  The main thread.
 */
#ifndef ORDER_H
#define ORDER_H

#include <stdbool.h>

/* Options a command may have beside --config and --help. */
enum order_option {
	ORDER_JSON = 1 << 0,      /* --json */
	ORDER_STATE = 1 << 1,     /* --state WORD */
	ORDER_LIMIT = 1 << 2,     /* --limit NUMBER */
	ORDER_ALL = 1 << 3,       /* --all */
	ORDER_READY = 1 << 4,     /* --ready */
	ORDER_RECIPIENT = 1 << 5, /* --recipient ADDRESS */
};

/* What a command takes. */
struct order_form {
	const char *name;  /* "queue list" */
	const char *verb;  /* its last word: "list" */
	const char *usage; /* what --help prints */
	unsigned options;  /* enum order_option */
};

struct order {
	const struct order_form *form;
	const char *config; /* NULL: no --config */
	bool json, all, ready;
	const char *state;         /* NULL: any */
	const char *recipient;     /* NULL: any */
	unsigned limit;            /* 0: none */
	const char *const *things; /* what is left, ends with NULL */
};

/* Reads the options.  False: the command ends with *exit_code. */
bool order_read(int argc, char **argv, const struct order_form *form,
    struct order *order, int *exit_code);

#endif
