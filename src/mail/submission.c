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

struct answer *
answer_new(
    uint64_t session, unsigned code, const char *enhanced, const char *text)
{
	struct answer *answer = g_new0(struct answer, 1);
	size_t taken = strlen("250 ") + strlen(enhanced) + strlen(" ");

	g_assert(taken < LINE_MAX_OCTETS);
	answer->session = session;
	answer->code = code;
	answer->enhanced = g_strdup(enhanced);
	answer->text = clean_text(text, LINE_MAX_OCTETS - taken);
	return answer;
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
	g_free(answer->enhanced);
	g_free(answer->text);
	g_free(answer);
}
