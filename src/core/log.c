/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include "core/clock.h"
#include "log_journal.h"
#include "thread.h"
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define WAITING_LINES 4096
#define VALUE_BYTES   256
#define LINE_BYTES    400 /* of most lines, and more */

/* Lines that come while the writer rests are written together. */
#define REST_US 10000

/* Over the rate one in so many is written. */
#define SAMPLE 100

#define CUT "..."

struct line {
	enum log_level level;
	GString *text;  /* owned */
	GString *entry; /* owned; the same for the journal; NULL: not for it */
};

/* The log has no object to hang from: it is the one thing that everybody may
 * call from anywhere.  level and dropped are read without the lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t posted;
	pthread_t thread;
	bool open, closing;
	struct line *lines; /* those that wait, in order */
	unsigned size, count;
	uint64_t lost;     /* dropped since the writer last said so */
	unsigned rate;     /* lines a second; 0: any */
	int64_t second;    /* the one that goes on */
	unsigned came;     /* lines in it */
	uint64_t left_out; /* in it, and not told yet */
	enum log_sink sink;
	enum log_form form;
	bool to_journal; /* standard error is journald's */
	struct log_journal journal;
	_Atomic enum log_level level;
	_Atomic uint64_t dropped;
} writer = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.posted = PTHREAD_COND_INITIALIZER,
	.level = LOG_LEVEL_INFO,
	.journal = { .fd = -1 },
};

static const struct {
	const char *name;
	int priority; /* of syslog(3) */
} levels[] = {
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
};

bool
log_wants(enum log_level level)
{
	return level >=
	       atomic_load_explicit(&writer.level, memory_order_relaxed);
}

uint64_t
log_dropped(void)
{
	return atomic_load_explicit(&writer.dropped, memory_order_relaxed);
}

/* Line ends, terminal controls and what turns the direction of text. */
static bool
is_harmful(gunichar c)
{
	static const struct {
		gunichar first, last;
	} ranges[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Writes the character at *value into piece as a line of that form shows it,
 * and moves on to the next.  JSON knows no \xNN: it is text there. */
static void
take_character(const char **value, enum log_form form, char piece[static 32])
{
	gunichar c = g_utf8_get_char_validated(*value, -1);
	bool valid = c != (gunichar)-1 && c != (gunichar)-2;
	size_t length = valid ? (size_t)g_unichar_to_utf8(c, NULL) : 1;
	char *end = piece;

	memset(piece, 0, 32);
	if (c == '"' || c == '\\')
		*end++ = '\\';
	if (valid && !is_harmful(c))
		memcpy(end, *value, length);
	else
		for (size_t i = 0; i < length; i++)
			end += g_snprintf(end, 6, "%sx%02x",
			    form == LOG_FORM_JSON ? "\\\\" : "\\",
			    (unsigned char)(*value)[i]);
	*value += length;
}

/* The length of what most values are, and is shown as it is: a few printable
 * characters of ASCII.  0: anything else. */
static size_t
measure_plain(const char *value)
{
	size_t length = 0;

	for (; length <= VALUE_BYTES && value[length] != '\0'; length++)
		if (value[length] < ' ' || value[length] > '~' ||
		    value[length] == '"' || value[length] == '\\')
			return 0;
	return length <= VALUE_BYTES ? length : 0;
}

static void
append_escaped(GString *line, const char *value, enum log_form form)
{
	g_autofree char *clean = log_redact(value);
	const char *at = clean ? clean : value;
	size_t plain = measure_plain(at);
	size_t begin = line->len;
	char piece[32];

	g_string_append_len(line, at, (gssize)plain);
	at += plain;

	while (*at != '\0') {
		take_character(&at, form, piece);
		if (line->len - begin + strlen(piece) > VALUE_BYTES) {
			g_string_append(line, CUT);
			return;
		}
		g_string_append(line, piece);
	}
}

void
log_escape(GString *line, const char *value)
{
	bool quoted;

	if (value == NULL) {
		g_string_append_c(line, '-');
		return;
	}
	/* empty, or what would be read as "not there" */
	quoted = *value == '\0' || strcmp(value, "-") == 0 ||
		 strpbrk(value, " =\"") != NULL;
	if (quoted)
		g_string_append_c(line, '"');
	append_escaped(line, value, LOG_FORM_TEXT);
	if (quoted)
		g_string_append_c(line, '"');
}

static void
append_number(GString *line, int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		digits[--at] = '-';
	g_string_append_len(line, digits + at, (gssize)(sizeof(digits) - at));
}

static void
append_text(GString *line, const struct log_field *field)
{
	g_string_append_c(line, ' ');
	g_string_append(line, field->key);
	g_string_append_c(line, '=');
	if (field->type == LOG_TYPE_NUMBER)
		append_number(line, field->number);
	else
		log_escape(line, field->string);
}

static void
append_json_string(GString *line, const char *value)
{
	g_string_append_c(line, '"');
	append_escaped(line, value, LOG_FORM_JSON);
	g_string_append_c(line, '"');
}

static void
append_json(GString *line, const struct log_field *field)
{
	g_string_append_printf(line, ",\"%s\":", field->key);
	if (field->type == LOG_TYPE_NUMBER)
		append_number(line, field->number);
	else if (field->string == NULL)
		g_string_append(line, "null");
	else
		append_json_string(line, field->string);
}

/* NULL ends them.  Several times as fast as printf. */
static void
append_words(GString *line, const char *const *words)
{
	for (; *words != NULL; words++)
		g_string_append(line, *words);
}

static GString *
make_text(
    enum log_level level, const char *event, const struct log_field *fields)
{
	GString *line = g_string_sized_new(LINE_BYTES);
	bool json = writer.form == LOG_FORM_JSON;
	char time[CLOCK_RFC3339_LENGTH];

	clock_rfc3339(clock_wall_ms(), time);
	if (writer.to_journal)
		g_string_append_printf(line, "<%d>", levels[level].priority);
	if (json)
		g_string_append_printf(line,
		    "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", time,
		    levels[level].name, event);
	else if (writer.to_journal ||
		 writer.sink == LOG_SINK_SYSLOG) /* has both of its own */
		g_string_append(line, event);
	else
		append_words(line, (const char *const[]){ time, " ",
				       levels[level].name, " ", event, NULL });
	for (; fields->type != LOG_TYPE_END; fields++)
		if (fields->type != LOG_TYPE_NOTHING)
			(json ? append_json : append_text)(line, fields);
	g_string_append(line, json ? "}\n" : "\n");
	return line;
}

static struct line
make_line(
    enum log_level level, const char *event, const struct log_field *fields)
{
	struct line line = { level, make_text(level, event, fields), NULL };

	if (writer.journal.fd >= 0) {
		const char *begin = strchr(line.text->str, '>') + 1;
		g_autofree char *message = g_strndup(begin,
		    line.text->len - (size_t)(begin - line.text->str) - 1);

		line.entry = log_journal_entry(
		    levels[level].priority, message, event, fields);
	}
	return line;
}

static void
clear_line(const struct line *line)
{
	g_string_free(line->text, TRUE);
	if (line->entry != NULL)
		g_string_free(line->entry, TRUE);
}

/* Whoever reads the other end may be slow, or gone: then there is nobody to
 * tell. */
static void
write_stderr(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = write(STDERR_FILENO, bytes, length);
		struct pollfd ready = { STDERR_FILENO, POLLOUT, 0 };

		if (done >= 0) {
			bytes += done;
			length -= (size_t)done;
		} else if (errno == EAGAIN) {
			poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			return;
		}
	}
}

static void
write_lines(const struct line *lines, unsigned count)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (unsigned i = 0; i < count; i++) {
		if (writer.sink == LOG_SINK_SYSLOG)
			syslog(levels[lines[i].level].priority, "%.*s",
			    (int)lines[i].text->len - 1, lines[i].text->str);
		else if (lines[i].entry == NULL ||
			 !log_journal_send(&writer.journal, lines[i].entry))
			g_string_append_len(all, lines[i].text->str,
			    (gssize)lines[i].text->len);
		clear_line(&lines[i]);
	}
	write_stderr(all->str, all->len);
}

/* What was not written, since it was last told. */
struct missing {
	uint64_t lost;     /* the ring was full */
	uint64_t left_out; /* over the rate */
};

static void
write_missing(const struct missing *missing)
{
	struct log_field lost[] = { log_num("lines", (int64_t)missing->lost),
		{ .type = LOG_TYPE_END } };
	struct log_field left_out[] = { log_num("lines",
					    (int64_t)missing->left_out),
		log_num("log_rate", writer.rate), { .type = LOG_TYPE_END } };
	struct line line;

	if (missing->lost > 0) {
		line = make_line(LOG_LEVEL_WARN, "log lines dropped", lost);
		write_lines(&line, 1);
	}
	if (missing->left_out > 0) {
		line =
		    make_line(LOG_LEVEL_WARN, "log lines left out", left_out);
		write_lines(&line, 1);
	}
}

static int64_t
find_second(void)
{
	return clock_monotonic_ms() / 1000;
}

/* Those of a second are told of when it is over. */
static uint64_t
take_left_out(void)
{
	uint64_t left_out = writer.left_out;

	if (!writer.closing && writer.second == find_second())
		return 0;
	writer.left_out = 0;
	return left_out;
}

/* Waits for lines, takes all there are into `lines`.  False when there are none
 * and the log is being closed. */
static bool
take_lines(struct line *lines, unsigned *count, struct missing *missing)
{
	pthread_mutex_lock(&writer.lock);
	while (writer.count == 0 && writer.lost == 0 && !writer.closing)
		pthread_cond_wait(&writer.posted, &writer.lock);
	*count = writer.count;
	missing->lost = writer.lost;
	missing->left_out = take_left_out();
	memcpy(lines, writer.lines, *count * sizeof(*lines));
	writer.count = 0;
	writer.lost = 0;
	pthread_mutex_unlock(&writer.lock);
	return *count > 0 || missing->lost > 0 || missing->left_out > 0;
}

static void *
on_write(void *object)
{
	g_autofree struct line *lines = g_new(struct line, writer.size);
	struct missing missing;
	unsigned count;

	(void)object;
	while (take_lines(lines, &count, &missing)) {
		write_lines(lines, count);
		write_missing(&missing);
		g_usleep(REST_US);
	}
	return NULL;
}

void
log_prepare(const struct log_options *options)
{
	g_assert(!writer.open);
	writer.sink = options->sink;
	writer.form = options->form;
	writer.to_journal =
	    options->sink == LOG_SINK_STDERR && log_journal_is_read();
	log_journal_close(&writer.journal);
	if (writer.to_journal)
		log_journal_open(&writer.journal, options->journal);
	writer.rate = options->rate;
	writer.came = 0;
	atomic_store(&writer.level, options->level);
	if (options->sink == LOG_SINK_SYSLOG)
		openlog("postferry", LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_open(const struct log_options *options)
{
	struct thread_options thread = { .name = "log", .run = on_write };

	log_prepare(options);
	writer.size = options->ring_lines ? options->ring_lines : WAITING_LINES;
	writer.lines = g_new(struct line, writer.size);
	writer.closing = false;
	writer.open = true;
	writer.thread = thread_start(&thread);
}

void
log_close(void)
{
	pthread_mutex_lock(&writer.lock);
	g_assert(writer.open);
	writer.open = false;
	writer.closing = true;
	pthread_cond_signal(&writer.posted);
	pthread_mutex_unlock(&writer.lock);
	pthread_join(writer.thread, NULL);
	if (writer.sink == LOG_SINK_SYSLOG)
		closelog();
	g_clear_pointer(&writer.lines, g_free);
	writer.sink = LOG_SINK_STDERR;
	writer.form = LOG_FORM_TEXT;
	writer.to_journal = false;
	log_journal_close(&writer.journal);
	writer.rate = 0;
}

/* Counts the line; true when it comes too fast to be written. */
static bool
is_left_out(enum log_level level)
{
	int64_t now = find_second();
	bool left_out;

	if (writer.rate == 0 || level >= LOG_LEVEL_ERROR)
		return false;
	pthread_mutex_lock(&writer.lock);
	if (writer.second != now)
		writer.came = 0;
	writer.second = now;
	left_out = ++writer.came > writer.rate &&
		   (writer.came - writer.rate) % SAMPLE != 0;
	writer.left_out += left_out;
	pthread_mutex_unlock(&writer.lock);
	if (left_out)
		atomic_fetch_add_explicit(
		    &writer.dropped, 1, memory_order_relaxed);
	return left_out;
}

/* Takes the line over; drops it when too many wait.  False when there is no
 * writer. */
static bool
post_line(struct line line)
{
	pthread_mutex_lock(&writer.lock);
	bool open = writer.open;
	bool full = writer.count == writer.size;
	if (open && full) {
		writer.lost++;
		atomic_fetch_add_explicit(
		    &writer.dropped, 1, memory_order_relaxed);
		clear_line(&line);
	} else if (open) {
		writer.lines[writer.count++] = line;
		if (writer.count == 1)
			pthread_cond_signal(&writer.posted);
	}
	pthread_mutex_unlock(&writer.lock);
	return open;
}

void
log_write(
    enum log_level level, const char *event, const struct log_field *fields)
{
	struct line line;

	if (is_left_out(level))
		return;
	line = make_line(level, event, fields);
	if (!post_line(line))
		write_lines(&line, 1);
}
