/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <string.h>

/* On this provider's list, which says nothing of another one: as a mail that it
 * does not take, and another may. */
static void
open_suppressed(struct outcome *outcome)
{
	for (unsigned i = 0; i < outcome->count; i++) {
		struct verdict *verdict = &outcome->verdicts[i];
		if (verdict->class == VERDICT_RECIPIENT && verdict->suppressed)
			verdict->class = VERDICT_PAYLOAD;
	}
}

/* The From domain that this provider has beside others; NULL: whatever it
 * refuses is the whole account. */
static char *
find_one_domain(
    const struct provider *provider, const struct delivery *delivery)
{
	g_autofree char *from = NULL;
	char *const *domains = provider->domains;

	if (provider->one_domain ||
	    (domains != NULL && (domains[0] == NULL || domains[1] == NULL)))
		return NULL;
	from = delivery_from_domain(delivery);
	return *from != '\0' ? g_strdup(provider_domain(provider, from)) : NULL;
}

static bool
is_domain_byte(char byte)
{
	return g_ascii_isalnum(byte) || byte == '-';
}

/* True when the domain is at, and neither a longer nor a lower one: what
 * follows a dot there is more of a name. */
static bool
is_domain(const char *text, const char *at, size_t length)
{
	const char *end = at + length;

	if (at > text && (is_domain_byte(at[-1]) || at[-1] == '.'))
		return false;
	return !is_domain_byte(*end) &&
	       (*end != '.' || !is_domain_byte(end[1]));
}

static bool
names_domain(const char *text, const char *domain)
{
	g_autofree char *low = g_ascii_strdown(text, -1);
	size_t length = strlen(domain);

	for (const char *at = strstr(low, domain); at != NULL;
	     at = strstr(at + 1, domain))
		if (is_domain(low, at, length))
			return true;
	return false;
}

/* It says why, and that is not the one domain it names. */
static bool
names_account(const char *text)
{
	return g_regex_match_simple(
	    "\\baccount\\b|\\bupgrade\\b|\\bsuspended\\b", text,
	    G_REGEX_CASELESS, 0);
}

/* The account is well, and this domain of it is not. */
static void
narrow_accounts(const struct provider *provider,
    const struct delivery *delivery, struct outcome *outcome)
{
	g_autofree char *domain = NULL;

	for (unsigned i = 0; i < outcome->count; i++) {
		struct verdict *verdict = &outcome->verdicts[i];
		if (verdict->class != VERDICT_ACCOUNT)
			continue;
		if (domain == NULL)
			domain = find_one_domain(provider, delivery);
		if (domain == NULL)
			return;
		if (names_domain(verdict->text, domain) &&
		    !names_account(verdict->text))
			verdict->class = VERDICT_SENDER;
	}
}

struct outcome *
judge_outcome(const struct provider *provider, const struct delivery *delivery,
    const struct exchange *exchange)
{
	struct outcome *outcome = outcome_new(delivery->count);

	switch (exchange->end) {
	case EXCHANGE_ANSWERED:
		provider->translator->decode(
		    provider, delivery, exchange, outcome);
		break;
	case EXCHANGE_UNSENT:
	case EXCHANGE_UNREADABLE:
		outcome_set_all(outcome, VERDICT_OUTAGE, 0, exchange->error);
		break;
	case EXCHANGE_REFUSED_TLS:
		outcome_set_all(outcome, VERDICT_ACCOUNT, 0, exchange->error);
		break;
	case EXCHANGE_LOST:
		outcome_set_all(outcome, VERDICT_DOUBT, 0, exchange->error);
		/* an SMTP server has said no to some before it was lost */
		if (exchange->kind == EXCHANGE_SMTP)
			provider->translator->decode(
			    provider, delivery, exchange, outcome);
		break;
	case EXCHANGE_PENDING:
		g_assert_not_reached();
	}
	if (exchange->end == EXCHANGE_ANSWERED)
		narrow_accounts(provider, delivery, outcome);
	if (!provider->respects_suppression)
		open_suppressed(outcome);
	return outcome;
}

/* What explains more ranks higher. */
static int
rank_verdict(const struct verdict *verdict)
{
	static const int ranks[] = {
		[VERDICT_ACCEPTED] = 0,
		[VERDICT_RECIPIENT] = 1,
		[VERDICT_PAYLOAD] = 2,
		[VERDICT_THROTTLE] = 3,
		[VERDICT_SENDER] = 4,
		[VERDICT_OUTAGE] = 5,
		[VERDICT_ACCOUNT] = 6,
		[VERDICT_NONE] = 7,
		[VERDICT_DOUBT] = 8,
	};
	return ranks[verdict->class];
}

const struct verdict *
judge_worst(const struct outcome *outcome)
{
	const struct verdict *worst = &outcome->verdicts[0];

	for (unsigned i = 1; i < outcome->count; i++)
		if (rank_verdict(&outcome->verdicts[i]) > rank_verdict(worst))
			worst = &outcome->verdicts[i];
	return worst;
}

/* The first verdict that says most of the provider; NULL: none says anything.
 * A recipient who is put off alone is no fault of it, nor one too many beside
 * others that were taken. */
static const struct verdict *
find_telling(const struct outcome *outcome, bool taken)
{
	const struct verdict *worst = NULL;

	for (unsigned i = 0; i < outcome->count; i++) {
		const struct verdict *verdict = &outcome->verdicts[i];
		if (verdict->single || (verdict->surplus && taken))
			continue;
		if (worst == NULL ||
		    rank_verdict(verdict) > rank_verdict(worst))
			worst = verdict;
	}
	return worst;
}

enum standing
judge_standing(const struct exchange *exchange, const struct outcome *outcome)
{
	bool taken = ledger_accepted(outcome) > 0;
	const struct verdict *telling = find_telling(outcome, taken);

	if (exchange->end == EXCHANGE_UNREADABLE)
		return STANDING_UNKNOWN;
	if (telling == NULL)
		return STANDING_WELL;
	switch (telling->class) {
	case VERDICT_ACCEPTED:
	case VERDICT_RECIPIENT:
	case VERDICT_PAYLOAD:
		return STANDING_WELL;
	case VERDICT_SENDER:
		return STANDING_SENDER;
	case VERDICT_ACCOUNT:
		return STANDING_UNUSABLE;
	case VERDICT_THROTTLE:
		return taken ? STANDING_WELL : STANDING_THROTTLED;
	case VERDICT_OUTAGE:
	case VERDICT_NONE:
	case VERDICT_DOUBT:
		return taken ? STANDING_WELL : STANDING_DOWN;
	}
	g_assert_not_reached();
}

unsigned
judge_refused(const struct outcome *outcome)
{
	unsigned count = 0;

	if (outcome->split && outcome->count > 1)
		return 0;
	for (unsigned i = 0; i < outcome->count; i++) {
		const struct verdict *verdict = &outcome->verdicts[i];
		count += (verdict->class == VERDICT_PAYLOAD ||
			     verdict->class == VERDICT_RECIPIENT) &&
			 !verdict->suppressed;
	}
	return count;
}

unsigned
judge_taken(const struct outcome *outcome)
{
	unsigned count = 0;

	for (unsigned i = 0; i < outcome->count; i++)
		count += outcome->verdicts[i].class == VERDICT_ACCEPTED ||
			 outcome->verdicts[i].class == VERDICT_DOUBT ||
			 outcome->verdicts[i].class == VERDICT_NONE;
	return count;
}

static const struct ledger_recipient *
find_state(const struct ledger *ledger, enum recipient_state state)
{
	for (unsigned i = 0; i < ledger->count; i++)
		if (ledger->recipients[i].state == state)
			return &ledger->recipients[i];
	return NULL;
}

/* Of whom nobody gave the last verdict, or one that is set no more. */
static const char *
name_provider(const struct ledger_recipient *r, const char *const *names)
{
	return r->provider != LEDGER_NOBODY ? names[r->provider] : NULL;
}

static const char *
name_anyone(const struct ledger_recipient *r, const char *const *names)
{
	const char *name = name_provider(r, names);

	return name != NULL ? name : "a provider that is set no more";
}

/* Whoever is not sent to by the settings is told of, and no fault. */
static void
tell_dropped(GString *text, const struct ledger *ledger)
{
	unsigned dropped = ledger_count(ledger, RECIPIENT_DROPPED);

	if (dropped == ledger->count)
		g_string_append(
		    text, find_state(ledger, RECIPIENT_DROPPED)->text);
	else if (dropped > 0)
		g_string_append_printf(text, "; %u of %u recipients %s",
		    dropped, ledger->count,
		    find_state(ledger, RECIPIENT_DROPPED)->text);
}

static struct answer *
answer_accepted(const struct ledger *ledger,
    const struct submission *submission, const char *const *names)
{
	g_autoptr(GString) text = g_string_new(NULL);
	uint64_t told = 0;

	g_string_append_printf(text, "Ok: %s ", submission->id);
	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		uint64_t bit = UINT64_C(1)
			       << MIN(r->provider, LEDGER_PROVIDERS_MAX);
		if (r->state != RECIPIENT_ACCEPTED || told & bit)
			continue;
		g_string_append_printf(text, "%s%s",
		    told ? " and " : "accepted by ", name_anyone(r, names));
		told |= bit;
	}
	tell_dropped(text, ledger);
	return answer_new(
	    submission->return_to.session, 250, "2.0.0", text->str);
}

static char *
explain_doubt(const struct ledger_recipient *r, const char *const *names)
{
	const char *name = name_anyone(r, names);

	if (r->status == 0)
		return g_strdup_printf(
		    "%s may have taken it and did not say; try again later",
		    name);
	return g_strdup_printf(
	    "%s may have taken it and answered %u; try again later", name,
	    r->status);
}

static char *
explain_waiting(const struct ledger_recipient *r, const char *const *names)
{
	const char *name = name_provider(r, names);

	if (r->text == NULL)
		return g_strdup("no provider could take it in time");
	return g_strdup_printf("no provider takes it now; last%s%s: %s",
	    name != NULL ? " tried " : "", name != NULL ? name : "", r->text);
}

/* Of one that is not final. */
static char *
explain_open(const struct ledger_recipient *r, const char *const *names)
{
	if (r->state == RECIPIENT_DOUBT)
		return explain_doubt(r, names);
	if (r->state == RECIPIENT_OPEN)
		return g_strdup("no answer in time; try again later");
	return explain_waiting(r, names);
}

static struct answer *
answer_later(const struct ledger *ledger, const struct submission *submission,
    const char *const *names)
{
	const struct ledger_recipient *r = find_state(ledger, RECIPIENT_DOUBT);
	g_autofree char *why = NULL, *text = NULL;

	if (r == NULL)
		r = find_state(ledger, RECIPIENT_OPEN);
	if (r == NULL)
		r = find_state(ledger, RECIPIENT_WAITING);
	why = explain_open(r, names);
	text = g_strdup_printf("%s: %s", submission->id, why);
	return answer_new(submission->return_to.session, 451, "4.4.1", text);
}

/* RFC 3463: 5.1.1 no such mailbox, 5.7.1 not allowed to be sent there, 5.3.4
 * too large, 5.6.0 content. */
static unsigned
choose_refusal(const struct ledger_recipient *r, const char **enhanced)
{
	if (r->class == VERDICT_RECIPIENT || r->suppressed) {
		*enhanced = r->suppressed ? "5.7.1" : "5.1.1";
		return 550;
	}
	if (r->status == 413 || r->status == 552) {
		*enhanced = "5.3.4";
		return 552;
	}
	*enhanced = "5.6.0";
	return 554;
}

/* What fits into one reply line (RFC 5321 4.5.3.1.5), and what is told of each
 * of several: whom it is about goes before why. */
#define REFUSED_TEXT_MAX 470
#define REFUSED_WHY_MAX  60

static char *
explain_refusal(const struct ledger_recipient *r, size_t most)
{
	if (r->text == NULL || *r->text == '\0')
		return g_strdup("refused");
	return verdict_clean(r->text, strlen(r->text), most);
}

static void
name_refused(GString *text, const struct ledger *ledger,
    const struct submission *submission, const char *const *names)
{
	unsigned refused = ledger_count(ledger, RECIPIENT_REFUSED), told = 0;
	size_t most = refused == 1 ? REFUSED_TEXT_MAX : REFUSED_WHY_MAX;

	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state != RECIPIENT_REFUSED)
			continue;
		g_autofree char *why = explain_refusal(r, most);
		const char *name = name_provider(r, names);
		g_autofree char *one =
		    g_strdup_printf("%s<%s>%s%s: %s", told > 0 ? "; " : "",
			envelope_recipient(submission->envelope, i)->text,
			name != NULL ? " " : "", name != NULL ? name : "", why);
		if (told > 0 && text->len + strlen(one) > REFUSED_TEXT_MAX)
			break;
		g_string_append(text, one);
		told++;
	}
	if (told < refused)
		g_string_append_printf(text, "; and %u more", refused - told);
}

static struct answer *
answer_refused(const struct ledger *ledger, const struct submission *submission,
    const char *const *names)
{
	unsigned refused = ledger_count(ledger, RECIPIENT_REFUSED);
	unsigned dropped = ledger_count(ledger, RECIPIENT_DROPPED);
	g_autoptr(GString) text = g_string_new(NULL);
	const char *enhanced;
	unsigned code =
	    choose_refusal(find_state(ledger, RECIPIENT_REFUSED), &enhanced);

	g_string_append_printf(text, "%s: ", submission->id);
	if (refused < ledger->count)
		g_string_append_printf(text,
		    "%u of %u recipients refused, the others were %s: ",
		    refused, ledger->count,
		    dropped > 0 ? "accepted or dropped" : "accepted");
	name_refused(text, ledger, submission, names);
	return answer_new(
	    submission->return_to.session, code, enhanced, text->str);
}

static struct answer *
answer_all(const struct ledger *ledger, const struct submission *submission,
    const char *const *names)
{
	if (ledger->count == 0)
		return answer_new(submission->return_to.session, 554, "5.5.1",
		    "No valid recipients");
	if (ledger_count(ledger, RECIPIENT_ACCEPTED) +
		ledger_count(ledger, RECIPIENT_DROPPED) ==
	    ledger->count)
		return answer_accepted(ledger, submission, names);
	if (ledger_count(ledger, RECIPIENT_DOUBT) ||
	    ledger_count(ledger, RECIPIENT_OPEN) ||
	    ledger_count(ledger, RECIPIENT_WAITING))
		return answer_later(ledger, submission, names);
	return answer_refused(ledger, submission, names);
}

static void
tell_line(struct answer *answer, unsigned recipient,
    const struct ledger *ledger, struct answer_line line)
{
	answer_set_each(answer, ledger->count, recipient, line);
}

static void
tell_taken(struct answer *answer, unsigned i, const struct ledger *ledger,
    const char *text)
{
	tell_line(answer, i, ledger,
	    (struct answer_line){ 250, (char *)"2.0.0", (char *)text });
}

static void
tell_refused(struct answer *answer, unsigned i, const struct ledger *ledger,
    const char *text)
{
	const char *enhanced;
	unsigned code = choose_refusal(&ledger->recipients[i], &enhanced);

	tell_line(answer, i, ledger,
	    (struct answer_line){ code, (char *)enhanced, (char *)text });
}

/* "01J...: mailgun: no such user" */
static char *
explain_one(const struct ledger_recipient *r,
    const struct submission *submission, const char *const *names)
{
	const char *name = name_provider(r, names);
	g_autofree char *why = explain_refusal(r, REFUSED_TEXT_MAX);

	return g_strdup_printf("%s: %s%s%s", submission->id,
	    name != NULL ? name : "", name != NULL ? ": " : "", why);
}

void
judge_each(struct answer *answer, const struct ledger *ledger,
    const struct submission *submission, const char *const *names)
{
	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		g_autofree char *text = NULL;

		if (r->state == RECIPIENT_ACCEPTED) {
			text = g_strdup_printf("Ok: %s accepted by %s",
			    submission->id, name_anyone(r, names));
			tell_taken(answer, i, ledger, text);
		} else if (r->state == RECIPIENT_DROPPED) {
			text = g_strdup_printf(
			    "Ok: %s %s", submission->id, r->text);
			tell_taken(answer, i, ledger, text);
		} else if (r->state == RECIPIENT_REFUSED) {
			text = explain_one(r, submission, names);
			tell_refused(answer, i, ledger, text);
		}
	}
}

/* Each that is not final its own 451: the answer's is about one of them. */
static void
put_off_each(struct answer *answer, const struct ledger *ledger,
    const struct submission *submission, const char *const *names)
{
	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];

		if (recipient_is_final(r->state))
			continue;
		g_autofree char *why = explain_open(r, names);
		g_autofree char *text =
		    g_strdup_printf("%s: %s", submission->id, why);
		tell_line(answer, i, ledger,
		    (struct answer_line){ 451, (char *)"4.4.1", text });
	}
}

struct answer *
judge_answer(const struct ledger *ledger, const struct submission *submission,
    const char *const *names)
{
	struct answer *answer = answer_all(ledger, submission, names);

	if (submission->each) {
		judge_each(answer, ledger, submission, names);
		put_off_each(answer, ledger, submission, names);
	}
	return answer;
}
