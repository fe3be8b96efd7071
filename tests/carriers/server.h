/* SPDX-License-Identifier: MIT */
/*
 * An SMTP server that follows a script: a reply to each command, where a reply
 * may be an action: "!close", "!reset", "!stall" (until the client hangs up),
 * "!deaf" (reads nothing until the test is over).  NULL is what a well-behaved
 * server says.  A recipient like 450@... is refused with that code.
 */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include "carriers/peer.h"

#include <stdlib.h>

struct server_script {
	const char *greeting;
	const char *ehlo;     /* instead of the features */
	const char *features; /* of EHLO, by spaces; _ is a space in one */
	const char *starttls; /* the reply; may hold lines slipped in */
	const char *auth;     /* to AUTH, or to the end of AUTH LOGIN */
	const char *mail;
	const char *rcpt; /* to the second RCPT of a mail */
	const char *data;
	const char *body; /* an action after 100,000 bytes of the mail */
	const char *dot;  /* to the final dot, or BDAT LAST */
	const char *last; /* to QUIT */
	unsigned only;    /* mail, data, body, dot hold for the mail of this
			   * number in a session (from 1); 0: for each */
	bool ready;       /* 354 even if no recipient is left */
};

struct server_talk {
	struct link *link;
	const struct server_script *script;
	unsigned mail;     /* number in this session */
	unsigned accepted; /* recipients of it */
	uint64_t size;     /* bytes of it by BDAT */
	bool over;
};

static inline bool
server_applies(const struct server_talk *talk)
{
	return talk->script->only == 0 || talk->script->only == talk->mail;
}

/* Says a reply or acts it; true when the talk goes on. */
static inline bool
server_act(struct server_talk *talk, const char *reply, const char *fallback)
{
	const char *text = reply != NULL ? reply : fallback;

	if (text[0] != '!') {
		link_say(talk->link, "%s\r\n", text);
		return true;
	}
	talk->over = true;
	if (strcmp(text, "!reset") == 0)
		link_reset(talk->link);
	else if (strcmp(text, "!stall") == 0)
		link_await_end(talk->link);
	else if (strcmp(text, "!deaf") == 0)
		link_await_stop(talk->link);
	return false;
}

static inline void
server_features(struct server_talk *talk)
{
	const char *features = talk->script->features;
	g_auto(GStrv) words =
	    g_strsplit(features != NULL ? features : "", " ", 0);
	g_autoptr(GString) reply = g_string_new("250-peer at your service");

	for (char **word = words; *word != NULL && **word != '\0'; word++) {
		if (talk->link->ssl != NULL && strcmp(*word, "STARTTLS") == 0)
			continue;
		g_strdelimit(*word, "_", ' ');
		g_string_append_printf(reply, "\r\n250-%s", *word);
	}
	g_string_append(reply, "\r\n250 HELP");
	server_act(talk, talk->script->ehlo, reply->str);
}

static inline void
server_on_rcpt(struct server_talk *talk, const char *line)
{
	unsigned long code = strtoul(line + strlen("RCPT TO:<"), NULL, 10);

	if (code == 0) {
		const char *reply =
		    ++talk->accepted == 2 ? talk->script->rcpt : NULL;

		server_act(talk, reply, "250 2.1.5 recipient ok");
		if (reply != NULL && g_str_has_prefix(reply, "421"))
			talk->over = true;
	} else {
		link_say(talk->link, "%lu %lu.1.1 not this one\r\n", code,
		    code / 100);
	}
}

/* The body up to the dot, with what DATA makes of it taken back. */
static inline bool
server_read_body(struct server_talk *talk, GString *body)
{
	const char *action = server_applies(talk) ? talk->script->body : NULL;
	char line[4096];

	while (link_line(talk->link, line, sizeof line)) {
		if (strcmp(line, ".") == 0)
			return true;
		g_string_append(body, line[0] == '.' ? line + 1 : line);
		g_string_append(body, "\r\n");
		if (action != NULL && body->len > 100000)
			return server_act(talk, action, NULL);
	}
	talk->over = true;
	return false;
}

static inline void
server_on_dot(struct server_talk *talk, uint64_t size)
{
	struct peer *peer = talk->link->peer;
	const char *reply = server_applies(talk) ? talk->script->dot : NULL;

	atomic_fetch_add(&peer->requests, 1);
	atomic_fetch_add(&peer->received, size);
	server_act(talk, reply, "250 2.0.0 queued");
	talk->accepted = 0;
	talk->size = 0;
}

static inline void
server_on_data(struct server_talk *talk)
{
	const char *reply = server_applies(talk) ? talk->script->data : NULL;
	g_autoptr(GString) body = g_string_new(NULL);

	if (reply == NULL && talk->accepted == 0 && !talk->script->ready)
		reply = "554 5.5.1 no valid recipients";
	if (!server_act(talk, reply, "354 go") ||
	    (reply != NULL && reply[0] != '3'))
		return;
	if (!server_read_body(talk, body))
		return;
	peer_note(talk->link->peer, body->str);
	server_on_dot(talk, body->len);
}

static inline void
server_on_chunk(struct server_talk *talk, const char *line)
{
	uint64_t size = g_ascii_strtoull(line + 5, NULL, 10);
	const char *action = server_applies(talk) ? talk->script->body : NULL;

	talk->over = !link_skip(talk->link, size);
	talk->size += size;
	if (talk->over)
		return;
	if (action != NULL && talk->size > 100000) {
		server_act(talk, action, NULL);
		return;
	}
	if (talk->accepted == 0)
		link_say(talk->link, "503 5.5.1 no valid recipients\r\n");
	else if (strstr(line, "LAST") != NULL)
		server_on_dot(talk, talk->size);
	else
		link_say(talk->link, "250 2.0.0 chunk ok\r\n");
}

static inline void
server_on_auth(struct server_talk *talk, const char *line)
{
	char answer[1024];

	if (strcmp(line, "AUTH LOGIN") == 0) {
		link_say(talk->link, "334 VXNlcm5hbWU6\r\n");
		link_line(talk->link, answer, sizeof answer);
	}
	if (g_str_has_prefix(line, "AUTH LOGIN")) {
		link_say(talk->link, "334 UGFzc3dvcmQ6\r\n");
		link_line(talk->link, answer, sizeof answer);
		peer_note(talk->link->peer, answer);
	}
	server_act(talk, talk->script->auth, "235 2.7.0 welcome");
}

static inline void
server_on_mail(struct server_talk *talk)
{
	talk->mail++;
	talk->accepted = 0;
	server_act(talk, server_applies(talk) ? talk->script->mail : NULL,
	    "250 2.1.0 sender ok");
}

static inline void
server_command(struct server_talk *talk, const char *line)
{
	const struct server_script *script = talk->script;

	if (g_str_has_prefix(line, "EHLO") || g_str_has_prefix(line, "HELO")) {
		server_features(talk);
	} else if (strcmp(line, "STARTTLS") == 0) {
		if (server_act(talk, script->starttls, "220 2.0.0 go"))
			talk->over = !link_secure(talk->link);
	} else if (g_str_has_prefix(line, "AUTH")) {
		server_on_auth(talk, line);
	} else if (g_str_has_prefix(line, "MAIL")) {
		server_on_mail(talk);
	} else if (g_str_has_prefix(line, "RCPT")) {
		server_on_rcpt(talk, line);
	} else if (strcmp(line, "DATA") == 0) {
		server_on_data(talk);
	} else if (g_str_has_prefix(line, "BDAT")) {
		server_on_chunk(talk, line);
	} else if (strcmp(line, "QUIT") == 0) {
		server_act(talk, script->last, "221 2.0.0 bye");
		talk->over = true;
	} else {
		server_act(talk, NULL, "250 2.0.0 ok");
	}
}

static inline void
server_serve(struct link *link)
{
	struct server_talk talk = { .link = link,
		.script = link->peer->script };
	char line[4096];

	if (!server_act(&talk, talk.script->greeting, "220 peer ESMTP"))
		return;
	while (!talk.over && link_line(link, line, sizeof line)) {
		peer_note(link->peer, line);
		server_command(&talk, line);
	}
}

#endif
