/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include "answer.h"
#include "heard.h"
#include <string.h>

/* Mails that a list holds when nobody says how many. */
#define LIST_DEFAULT 1000u

/* An id is made a while before its mail is received, and the clock may be set
 * meanwhile. */
#define SLACK_MS (INT64_C(24) * 3600 * 1000)

/* Behind every id. */
#define LAST "~"

static unsigned
find_limit(const struct store_ask *ask)
{
	return ask->limit == 0 ? LIST_DEFAULT : ask->limit;
}

/* True when every mail of the place is wanted. */
static bool
is_open(const struct store_filter *filter)
{
	return filter->sender == NULL && filter->recipient == NULL &&
	       filter->provider == NULL && filter->listener == NULL &&
	       filter->tag == NULL && filter->subject == NULL &&
	       filter->since_ms == 0 && filter->until_ms == 0;
}

void
listing_begin(struct listing *listing, const struct store_ask *ask)
{
	const struct store_filter *filter = &ask->filter;
	const char *after = ask->id;

	*listing = (struct listing){ .high = LAST };
	listing->looks = is_open(filter) ? find_limit(ask) : LISTING_LOOKS;
	if (filter->since_ms != 0)
		id_print_time(
		    MAX(filter->since_ms - SLACK_MS, 0), listing->low);
	if (filter->until_ms != 0)
		id_print_time(filter->until_ms + SLACK_MS, listing->high);
	if (after != NULL && ask->newest && strcmp(after, listing->high) < 0)
		g_strlcpy(listing->high, after, sizeof listing->high);
	if (after != NULL && !ask->newest && strcmp(after, listing->low) > 0)
		g_strlcpy(listing->low, after, sizeof listing->low);
}

void
listing_put(struct query *query, const struct listing *listing)
{
	query_put_text(query, listing->low);
	query_put_text(query, listing->high);
	query_put_number(query, listing->looks);
}

/* ---- which are wanted ---- */

/* As it is compared: letters that look alike are. */
static char *
fold(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *normal = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL);

	return g_utf8_casefold(normal, -1);
}

/* folded: what is looked for. */
static bool
has_subject(const struct store_mail *mail, const char *folded)
{
	g_autofree char *subject =
	    mail->subject == NULL ? NULL : fold(mail->subject);

	return subject != NULL && strstr(subject, folded) != NULL;
}

static bool
is_same(const char *text, const char *wanted)
{
	return wanted == NULL ||
	       (text != NULL && g_ascii_strcasecmp(text, wanted) == 0);
}

/* alias: the same by another name; NULL: it has none. */
static bool
is_either(const char *address, const char *wanted, const char *alias)
{
	return is_same(address, wanted) ||
	       (alias != NULL && is_same(address, alias));
}

static bool
has_tag(const struct store_mail *mail, const char *tag)
{
	return tag == NULL ||
	       (mail->tags != NULL &&
		   g_strv_contains((const char *const *)mail->tags, tag));
}

/* By what its row says. */
static bool
fits_mail(const struct store_filter *filter, const struct store_mail *mail)
{
	return mail->received_ms >= filter->since_ms &&
	       (filter->until_ms == 0 ||
		   mail->received_ms < filter->until_ms) &&
	       is_either(mail->sender, filter->sender, filter->sender_alias) &&
	       is_same(mail->listener, filter->listener) &&
	       has_tag(mail, filter->tag);
}

static bool
has_recipient(const struct store_mail *mail, const struct store_filter *filter)
{
	for (unsigned i = 0; i < mail->recipients->len; i++) {
		const struct store_recipient *one = mail->recipients->pdata[i];

		if (is_either(one->address, filter->recipient,
			filter->recipient_alias))
			return true;
	}
	return false;
}

static bool
has_provider(const struct store_mail *mail, const char *provider)
{
	for (unsigned i = 0; i < mail->recipients->len; i++) {
		const struct store_recipient *one = mail->recipients->pdata[i];

		if (is_same(one->is.provider, provider))
			return true;
	}
	return false;
}

/* By its recipients, which are read last. */
static bool
fits_recipients(
    const struct store_filter *filter, const struct store_mail *mail)
{
	return has_recipient(mail, filter) &&
	       has_provider(mail, filter->provider);
}

/* ---- a page ---- */

/* A page that is being made. */
struct page {
	struct store_ask *ask;
	story_mail_fn read;
	char *subject; /* folded; NULL: any */
};

static void
read_parts(const struct story *story, unsigned parts, struct store_mail *mail)
{
	if ((parts & STORE_ATTEMPTS) != 0)
		story_read_attempts(story, mail);
	if ((parts & STORE_ACTS) != 0)
		story_read_acts(story, mail);
	if ((parts & STORE_EVENTS) != 0)
		heard_read(story, mail);
}

/* The next row: added, or not one of those that are wanted. */
static void
take_row(const struct page *page, struct query *query)
{
	const struct store_filter *filter = &page->ask->filter;
	struct story story = { .database = query->database };
	struct store_mail *mail = page->read(query, &story.mail);
	bool fits = fits_mail(filter, mail) &&
		    (page->subject == NULL || has_subject(mail, page->subject));

	g_strlcpy(page->ask->next, mail->id, sizeof page->ask->next);
	if (fits)
		story_read_recipients(&story, mail);
	if (!fits || !fits_recipients(filter, mail)) {
		store_mail_free(mail);
		return;
	}
	read_parts(&story, page->ask->parts, mail);
	g_ptr_array_add(page->ask->mails, mail);
}

void
listing_answer(struct query *query, story_mail_fn read, struct store_ask *ask)
{
	unsigned limit = find_limit(ask);
	unsigned looks = is_open(&ask->filter) ? limit : LISTING_LOOKS;
	unsigned looked = 0;
	g_autofree char *subject =
	    ask->filter.subject == NULL ? NULL : fold(ask->filter.subject);
	const struct page page = { ask, read, subject };

	*ask->next = '\0';
	while (ask->mails->len < limit && query_next(query)) {
		take_row(&page, query);
		looked++;
	}
	if (ask->mails->len == limit)
		query_end(query);
	else if (looked < looks)
		*ask->next = '\0';
	ask->found = true;
}

/* ---- two lists ---- */

void
listing_take(struct listing_part *part, struct store_ask *ask)
{
	part->mails = g_steal_pointer(&ask->mails);
	memcpy(part->next, ask->next, sizeof part->next);
}

static const char *
id_at(const GPtrArray *mails, unsigned i)
{
	return ((const struct store_mail *)mails->pdata[i])->id;
}

/* True when the one stands before the other. */
static bool
is_before(const struct store_ask *ask, const char *one, const char *other)
{
	int order = strcmp(one, other);

	return ask->newest ? order > 0 : order < 0;
}

/* How far both lists reach: a mail behind it may be missing from one.  "": as
 * far as there are mails. */
static const char *
find_reach(const struct listing_part *part, const struct store_ask *ask)
{
	if (*part->next == '\0')
		return ask->next;
	if (*ask->next == '\0' || is_before(ask, part->next, ask->next))
		return part->next;
	return ask->next;
}

/* The first of either list, which no longer has it; NULL: both are empty.  Of
 * two that are one the records' is it: they were asked later. */
static struct store_mail *
take_first(GPtrArray *queued, GPtrArray *finished, const struct store_ask *ask)
{
	int order = 1;

	if (queued->len == 0 && finished->len == 0)
		return NULL;
	if (finished->len == 0 ||
	    (queued->len > 0 &&
		is_before(ask, id_at(queued, 0), id_at(finished, 0))))
		return g_ptr_array_steal_index(queued, 0);
	if (queued->len > 0)
		order = strcmp(id_at(queued, 0), id_at(finished, 0));
	if (order == 0)
		g_ptr_array_remove_index(queued, 0);
	return g_ptr_array_steal_index(finished, 0);
}

void
listing_join(struct listing_part *part, struct store_ask *ask)
{
	g_autoptr(GPtrArray) queued = g_steal_pointer(&part->mails);
	g_autoptr(GPtrArray) finished = ask->mails;
	unsigned limit = find_limit(ask);
	char reach[ID_LENGTH + 1];
	struct store_mail *mail;

	g_strlcpy(reach, find_reach(part, ask), sizeof reach);
	g_strlcpy(ask->next, reach, sizeof ask->next);
	ask->mails = store_mails_new();
	while (ask->mails->len < limit &&
	       (mail = take_first(queued, finished, ask)) != NULL) {
		if (*reach != '\0' && is_before(ask, reach, mail->id)) {
			store_mail_free(mail);
			return;
		}
		g_ptr_array_add(ask->mails, mail);
	}
	if (ask->mails->len == limit &&
	    (queued->len > 0 || finished->len > 0 || *reach != '\0'))
		g_strlcpy(
		    ask->next, id_at(ask->mails, limit - 1), sizeof ask->next);
}
