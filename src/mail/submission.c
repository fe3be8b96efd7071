/* SPDX-License-Identifier: MIT */
#include "mail/submission.h"

#include "core/config.h"
#include <string.h>

/* Of one reply line, without its CRLF (RFC 5321 4.5.3.1.5). */
#define LINE_MAX_OCTETS 510

/* There is one for each recipient of the envelope. */
static void
free_known(struct submission *submission)
{
	if (submission->known == NULL)
		return;
	for (unsigned i = 0; i < submission->envelope->recipients->len; i++)
		recipient_clear(&submission->known[i]);
	g_free(submission->known);
}

void
submission_free(struct submission *submission)
{
	if (submission == NULL)
		return;
	free_known(submission);
	envelope_free(submission->envelope);
	spool_unref(submission->spool);
	g_free(submission->helo);
	g_free(submission->user);
	g_free(submission->resend_key);
	g_free(submission->idempotency_key);
	g_free(submission->idempotency_digest);
	if (submission->config != NULL)
		config_unref(submission->config);
	g_free(submission);
}

void
submission_answer(const struct submission *submission, unsigned code,
    const char *enhanced, const char *text)
{
	const struct return_address *to = &submission->return_to;

	to->post(to->server, answer_new(to->session, code, enhanced, text));
}

/* A copy that fits one reply line: at most so many octets, printable ASCII. A
 * line break becomes one blank, any other foreign byte a question mark. */
static char *
clean_text(const char *text, size_t most)
{
	char *clean = g_malloc(most + 1), *to = clean;

	for (; *text != '\0' && to < clean + most; text++) {
		unsigned char c = (unsigned char)*text;
		bool blank = c == ' ' || (c >= '\t' && c <= '\r');

		if (!blank)
			*to++ = c < 0x20 || c > 0x7e ? '?' : (char)c;
		else if (to > clean && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > clean && to[-1] == ' ')
		to--;
	*to = '\0';
	return clean;
}

/* The text of one line with this enhanced code. */
static char *
fit_text(const char *enhanced, const char *text)
{
	size_t taken = strlen("250 ") + strlen(enhanced) + strlen(" ");

	g_assert(taken < LINE_MAX_OCTETS);
	return clean_text(text, LINE_MAX_OCTETS - taken);
}

struct answer *
answer_new(
    uint64_t session, unsigned code, const char *enhanced, const char *text)
{
	struct answer *answer = g_new0(struct answer, 1);

	answer->session = session;
	answer->code = code;
	answer->enhanced = g_strdup(enhanced);
	answer->text = fit_text(enhanced, text);
	return answer;
}

void
answer_set_each(
    struct answer *answer, unsigned count, unsigned i, struct answer_line line)
{
	if (answer->each == NULL) {
		answer->each = g_new0(struct answer_line, count);
		answer->count = count;
	}
	g_assert(i < answer->count);
	g_free(answer->each[i].enhanced);
	g_free(answer->each[i].text);
	answer->each[i] = (struct answer_line){
		.code = line.code,
		.enhanced = g_strdup(line.enhanced),
		.text = fit_text(line.enhanced, line.text),
	};
}

void
answer_said(struct answer *answer)
{
	if (answer->told != NULL)
		answer->told(answer->object, true);
	answer->told = NULL;
}

void
answer_free(struct answer *answer)
{
	if (answer == NULL)
		return;
	if (answer->told != NULL)
		answer->told(answer->object, false);
	for (unsigned i = 0; i < answer->count; i++) {
		g_free(answer->each[i].enhanced);
		g_free(answer->each[i].text);
	}
	g_free(answer->each);
	g_free(answer->enhanced);
	g_free(answer->text);
	g_free(answer);
}
