/* SPDX-License-Identifier: MIT */
/*
 * The MIME structure of one mail as plain data: what GMime found and where it
 * lies, before anyone judges what may be sent how.  Made by parse.c, read by
 * structure.c, gone after the parse.
 */
#ifndef MAIL_NODE_H
#define MAIL_NODE_H

#include "mail/message.h"

enum node_kind {
	NODE_LEAF,
	NODE_MULTIPART,
	NODE_MESSAGE, /* message/rfc822 and its like: never looked into */
};

struct node {
	enum node_kind kind;
	char *type;       /* "text/plain", lower case */
	char *parameters; /* of Content-Type but name and boundary, printed */
	char *charset;    /* NULL: none */
	char *start;      /* of multipart/related, without <>; NULL: none */

	char *disposition; /* lower case; NULL: none */
	char *name;        /* as decoded; NULL: none */
	char *content_id;  /* without <>; NULL: none */

	enum part_encoding encoding;
	uint64_t offset, length; /* of the encoded content in the spool */

	bool more_fields;     /* fields that an API has no place for */
	bool more_parameters; /* of Content-Type, that a body cannot keep */
	uint64_t traits;      /* that GMime's reading itself shows */
	GPtrArray *children;  /* struct node *; of a multipart */
};

struct node *node_new(enum node_kind kind);
void node_free(struct node *node);

/* The type is this one, or of this kind when it ends with /. */
bool node_is(const struct node *node, const char *type);

/* Appends "; name=value" of a Content-Type; false, and nothing appended, when
 * that cannot be printed in ASCII. */
bool node_print_parameter(GString *out, const char *name, const char *value);

/* The offset at which the first line begins, from offset on, that is one of the
 * boundaries (char *, without --); its size when there is none.  The line end
 * before a boundary belongs to it (RFC 2046 5.1.1) and is not counted. */
uint64_t node_find_end(
    const struct spool *spool, uint64_t offset, const GPtrArray *boundaries);

#endif
