/* SPDX-License-Identifier: MIT */
/*
 * A mail of the queue is in one of these places:
 *
 *	waiting   due is set: dispatch gets it then
 *	active    due and hold are NULL: dispatch has it
 *	held      hold is set: why
 *
 * `remaining` counts the recipients that are not final; with none left the mail
 * is finished and only waits for its removal.  The indexes are partial, so that
 * what is asked often touches only what it asks for, however long the queue.
 */
#include "schema.h"

#include <glib.h>

#define RECIPIENT_COLUMNS                              \
	" address TEXT NOT NULL,"                      \
	" state INTEGER NOT NULL,"                     \
	" class INTEGER NOT NULL DEFAULT 0,"           \
	" status INTEGER NOT NULL DEFAULT 0,"          \
	" suppressed INTEGER NOT NULL DEFAULT 0,"      \
	" provider TEXT, provider_id TEXT, text TEXT," \
	" refused_by TEXT," /* names, one a line */    \
	" until INTEGER NOT NULL DEFAULT 0,"

/* What both databases keep of each mail beside the mail itself. */
#define STORY_TABLES                                                \
	"CREATE TABLE recipient ("                                  \
	" mail INTEGER NOT NULL REFERENCES mail ON DELETE CASCADE," \
	" number INTEGER NOT NULL," RECIPIENT_COLUMNS               \
	" PRIMARY KEY (mail, number)) STRICT, WITHOUT ROWID;"       \
	"CREATE TABLE attempt ("                                    \
	" mail INTEGER NOT NULL REFERENCES mail ON DELETE CASCADE," \
	" number INTEGER NOT NULL,"                                 \
	" provider TEXT NOT NULL,"                                  \
	" form INTEGER NOT NULL,"                                   \
	" recipients TEXT NOT NULL," /* a JSON array of numbers */  \
	" begun INTEGER NOT NULL,"                                  \
	" ended INTEGER," /* NULL: it is open */                    \
	" sent_bytes INTEGER NOT NULL DEFAULT 0,"                   \
	" class INTEGER NOT NULL DEFAULT 0,"                        \
	" status INTEGER NOT NULL DEFAULT 0,"                       \
	" text TEXT,"                                               \
	" PRIMARY KEY (mail, number)) STRICT, WITHOUT ROWID;"       \
	"CREATE TABLE act ("                                        \
	" number INTEGER PRIMARY KEY,"                              \
	" mail INTEGER NOT NULL REFERENCES mail ON DELETE CASCADE," \
	" at INTEGER NOT NULL,"                                     \
	" what TEXT NOT NULL,"                                      \
	" who TEXT NOT NULL) STRICT;"                               \
	"CREATE INDEX act_mail ON act (mail);"

/* The second step of both. */
#define COUNT_DOUBTS \
	"ALTER TABLE recipient ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0;"

/* The third: how long and how often the provider was asked, and what it is to
 * be asked about, as the mail left then. */
#define TIME_DOUBTS                                                           \
	"ALTER TABLE recipient ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"  \
	"ALTER TABLE recipient ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;"   \
	"ALTER TABLE recipient ADD COLUMN absent INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE attempt ADD COLUMN message_id TEXT;"                     \
	"ALTER TABLE attempt ADD COLUMN from_domain TEXT;"                    \
	"ALTER TABLE attempt ADD COLUMN redirect TEXT;"

/* The fourth: by what the mail came, whose it is, and what its sender wants to
 * be told (RFC 3461).  told: as in struct recipient. */
#define KEEP_WISHES                                                           \
	"ALTER TABLE mail ADD COLUMN protocol TEXT;"                          \
	"ALTER TABLE mail ADD COLUMN user TEXT;"                              \
	"ALTER TABLE mail ADD COLUMN envid TEXT;"                             \
	"ALTER TABLE mail ADD COLUMN ret INTEGER NOT NULL DEFAULT 0;"         \
	"ALTER TABLE recipient ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE recipient ADD COLUMN orcpt TEXT;"                        \
	"ALTER TABLE recipient ADD COLUMN told INTEGER NOT NULL DEFAULT 0;"

/* What a list shows of a mail beside its envelope, as far as it has been read:
 * Subject and From as people read them, and what it is marked with, one a
 * line. */
#define KEEP_HEADLINES                                \
	"ALTER TABLE mail ADD COLUMN subject TEXT;"   \
	"ALTER TABLE mail ADD COLUMN from_text TEXT;" \
	"ALTER TABLE mail ADD COLUMN tags TEXT;"

/* What providers tell of a mail they took: once each, and of which recipient
 * (NULL: of none that is known); and how such a mail is found that they name by
 * an id of their own, or, in doubt, by its Message-ID. */
#define KEEP_EVENTS                                                 \
	"CREATE TABLE event ("                                      \
	" number INTEGER PRIMARY KEY,"                              \
	" mail INTEGER NOT NULL REFERENCES mail ON DELETE CASCADE," \
	" recipient INTEGER,"                                       \
	" kind INTEGER NOT NULL,"                                   \
	" provider TEXT NOT NULL,"                                  \
	" event TEXT NOT NULL,"                                     \
	" at INTEGER NOT NULL,"                                     \
	" heard INTEGER NOT NULL,"                                  \
	" status INTEGER NOT NULL,"                                 \
	" enhanced TEXT, text TEXT,"                                \
	" UNIQUE (provider, event)) STRICT;"                        \
	"CREATE INDEX event_mail ON event (mail, recipient);"       \
	"CREATE INDEX recipient_known ON recipient (provider_id)"   \
	" WHERE provider_id IS NOT NULL;"                           \
	"CREATE INDEX attempt_doubt ON attempt (message_id) WHERE class = 8;"

static const char *const queue_steps[] = {
	"CREATE TABLE mail ("
	" number INTEGER PRIMARY KEY,"
	" id TEXT NOT NULL UNIQUE,"
	" received INTEGER NOT NULL,"
	" listener TEXT, peer TEXT NOT NULL, helo TEXT,"
	" esmtp INTEGER NOT NULL,"
	" repaired INTEGER NOT NULL,"
	" sender TEXT," /* NULL: the null sender */
	" eightbit INTEGER NOT NULL,"
	" declared INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" digest INTEGER NOT NULL,"
	/* what the limiter saw */
	" header_end INTEGER NOT NULL, header_start INTEGER NOT NULL,"
	" long_lines INTEGER NOT NULL, folds INTEGER NOT NULL,"
	" body_escapes INTEGER NOT NULL, traits INTEGER NOT NULL,"
	" opaque_why TEXT,"
	/* what the queue knows */
	" in_file INTEGER NOT NULL,"
	" report INTEGER NOT NULL,"
	" warned INTEGER NOT NULL DEFAULT 0,"
	" rounds INTEGER NOT NULL DEFAULT 0,"
	" attempts INTEGER NOT NULL DEFAULT 0,"
	" remaining INTEGER NOT NULL,"
	" due INTEGER, landed INTEGER, hold TEXT,"
	" CHECK (due IS NULL OR hold IS NULL)) STRICT;"
	"CREATE INDEX mail_fresh ON mail (due)"
	" WHERE due IS NOT NULL AND rounds = 0;"
	"CREATE INDEX mail_tried ON mail (due)"
	" WHERE due IS NOT NULL AND rounds > 0;"
	"CREATE INDEX mail_woken ON mail (landed)"
	" WHERE due IS NOT NULL AND landed IS NOT NULL;"
	"CREATE INDEX mail_active ON mail (id)"
	" WHERE due IS NULL AND hold IS NULL;"
	"CREATE INDEX mail_held ON mail (id) WHERE hold IS NOT NULL;"
	"CREATE INDEX mail_finished ON mail (id) WHERE remaining = 0;"
	"CREATE TABLE body ("
	" mail INTEGER PRIMARY KEY REFERENCES mail ON DELETE CASCADE,"
	" bytes BLOB NOT NULL) STRICT;" STORY_TABLES
	"CREATE INDEX attempt_open ON attempt (mail) WHERE ended IS NULL;"
	/* One row: recipients since the queue was made, then what is there. */
	"CREATE TABLE total ("
	" one INTEGER PRIMARY KEY CHECK (one = 1),"
	" accepted INTEGER NOT NULL, settled INTEGER NOT NULL,"
	" bounced INTEGER NOT NULL, dead INTEGER NOT NULL,"
	" remaining INTEGER NOT NULL, doubts INTEGER NOT NULL,"
	" waiting INTEGER NOT NULL, active INTEGER NOT NULL,"
	" held INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;"
	"INSERT INTO total VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);",
	COUNT_DOUBTS,
	TIME_DOUBTS
	/* How each was when it was noted last, in words of dispatch. */
	"CREATE TABLE provider ("
	" name TEXT PRIMARY KEY,"
	" state TEXT NOT NULL,"
	" at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"ALTER TABLE total ADD COLUMN doubts_seen INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE total ADD COLUMN resolved INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE total ADD COLUMN possible INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE total ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;",
	KEEP_WISHES
	"UPDATE mail SET protocol ="
	" CASE esmtp WHEN 0 THEN 'SMTP' ELSE 'ESMTP' END;"
	"ALTER TABLE mail DROP COLUMN esmtp;"
	/* By what a resend of the client is known; NULL: it is not. */
	"ALTER TABLE mail ADD COLUMN resend TEXT;"
	/* One row per recipient that is not refused: a digest (queue_resend.c),
	 * and the id of the mail that is the first.  Kept when that mail is
	 * gone. */
	"CREATE TABLE resend ("
	" key BLOB PRIMARY KEY,"
	" mail TEXT NOT NULL,"
	" at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX resend_at ON resend (at);",
	/* When it was due before a person wanted it at another time; 0: never;
	 * NULL: nobody did. */
	"ALTER TABLE mail ADD COLUMN planned INTEGER;"
	"CREATE INDEX mail_planned ON mail (planned)"
	" WHERE planned IS NOT NULL;",
	KEEP_HEADLINES,
	KEEP_EVENTS
	/* Events that were heard, those of finished mail too: a digest of the
	 * provider's name and its id of the event. */
	"CREATE TABLE heard ("
	" key BLOB PRIMARY KEY,"
	" at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX heard_at ON heard (at);",
	/* Keys that programs gave to mails (queue_key.c): a digest of each, the
	 * id of its mail, and a digest of what was said.  Kept when that mail
	 * is gone. */
	"CREATE TABLE idempotency ("
	" key BLOB PRIMARY KEY,"
	" mail TEXT NOT NULL,"
	" digest TEXT NOT NULL,"
	" at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX idempotency_at ON idempotency (at);",
	/* Who gets no mail any more, and why; addresses in small letters. */
	"CREATE TABLE suppression ("
	" address TEXT PRIMARY KEY,"
	" why INTEGER NOT NULL,"
	" provider TEXT, mail TEXT, text TEXT,"
	" who TEXT NOT NULL,"
	" at INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
	/* Reports that are owed, of mails that may be finished.  made: NULL:
	 * it is still to be made; its id, or "-": none is. */
	"CREATE TABLE owed ("
	" number INTEGER PRIMARY KEY,"
	" mail TEXT NOT NULL,"
	" recipient INTEGER NOT NULL,"
	" provider TEXT NOT NULL,"
	" status INTEGER NOT NULL,"
	" enhanced TEXT, text TEXT,"
	" at INTEGER NOT NULL,"
	" heard INTEGER NOT NULL,"
	" made TEXT,"
	" UNIQUE (mail, recipient)) STRICT;"
	"CREATE INDEX owed_open ON owed (number) WHERE made IS NULL;"
	"CREATE INDEX owed_made ON owed (heard) WHERE made IS NOT NULL;",
};

static const char *const records_steps[] = {
	"CREATE TABLE mail ("
	" number INTEGER PRIMARY KEY,"
	" id TEXT NOT NULL UNIQUE,"
	" received INTEGER NOT NULL,"
	" listener TEXT, peer TEXT NOT NULL, helo TEXT,"
	" sender TEXT,"
	" size INTEGER NOT NULL,"
	" report INTEGER NOT NULL,"
	" rounds INTEGER NOT NULL,"
	" finished INTEGER NOT NULL) STRICT;"
	"CREATE INDEX mail_finished ON mail (finished);" STORY_TABLES,
	COUNT_DOUBTS,
	TIME_DOUBTS,
	KEEP_WISHES,
	KEEP_HEADLINES,
	KEEP_EVENTS,
	"CREATE INDEX mail_sender ON mail (sender COLLATE NOCASE, id);"
	"CREATE INDEX recipient_address"
	" ON recipient (address COLLATE NOCASE);",
};

const struct schema schema_queue = {
	.file = "queue.db",
	.application_id = 0x70667131, /* "pfq1" */
	.steps = queue_steps,
	.version = G_N_ELEMENTS(queue_steps),
	.remedy = "stop postferry and restore the file, or mend it with the "
		  ".recover command of sqlite3; without it the mails in it "
		  "are not sent: to begin anew move the whole state_dir "
		  "aside, so that nothing of them is removed",
};

const struct schema schema_records = {
	.file = "records.db",
	.application_id = 0x70667231, /* "pfr1" */
	.steps = records_steps,
	.version = G_N_ELEMENTS(records_steps),
};
