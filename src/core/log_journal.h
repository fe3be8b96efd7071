/* SPDX-License-Identifier: MIT */
/*
 * What systemd's journal is told of a line besides its text: each key of it as
 * a field of its own, so that `journalctl POSTFERRY_MAIL=ID` finds all of one
 * mail.  By the journal's native protocol: one datagram a line, fields
 * separated by line ends (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
 * Values are whole and as they came, but for secrets; journalctl makes them
 * harmless when it shows them.
 */
#ifndef CORE_LOG_JOURNAL_H
#define CORE_LOG_JOURNAL_H

#include "core/log.h"
#include <sys/socket.h>
#include <sys/un.h>

/* Bytes of a value; of a longer one the rest is "...". */
#define LOG_JOURNAL_VALUE 4096

struct log_journal {
	int fd; /* owned; -1: none */
	struct sockaddr_un address;
};

/* True when standard error is connected to the journal. */
bool log_journal_is_read(void);

/* Makes the socket, for datagrams to that path (NULL: the journal's own, of at
 * most 107 bytes).  The path may come to life later. */
void log_journal_open(struct log_journal *journal, const char *path);

void log_journal_close(struct log_journal *journal);

/* One line as the journal takes it: message is its text without a line end,
 * priority syslog(3)'s, fields as log_write() has them. */
GString *log_journal_entry(int priority, const char *message, const char *event,
    const struct log_field *fields);

/* Sends it; false when nobody is there to take it: then it goes elsewhere.
 * Waits as long as the journal is busy; any thread. */
bool log_journal_send(const struct log_journal *journal, const GString *entry);

#endif
