/* SPDX-License-Identifier: MIT */
#include "mischief.h"
#include "odd.h"
#include "texts.h"
#include <string.h>

#define SIPS 20

/* Is the request recorded? */
enum keep {
	KEEP_YES,
	KEEP_NO,
	KEEP_ASKED, /* with the parameter "accepted" */
};

typedef enum door_action (*act_fn)(
    struct house *house, struct request *request);

struct act {
	enum fault_word word;
	enum keep keep;
	act_fn fn;
};

enum door_action
mischief_at_connect(struct house *house)
{
	struct fault *fault = faults_pick(house->faults, FAULT_AT_CONNECT);
	enum door_action action = DOOR_GO_ON;

	house->opened++;
	if (fault != NULL && fault->word == FAULT_BLACKHOLE)
		action = DOOR_HOLD;
	else if (fault != NULL && fault->word == FAULT_RESET_CONNECT)
		action = DOOR_RESET;
	fault_unref(fault);
	return action;
}

static void
count(struct house *house, const struct request *request)
{
	house->requests++;
	switch (request->moment) {
	case FAULT_AT_LOOKUP:
		house->lookups++;
		break;
	case FAULT_AT_PROBE:
		house->probes++;
		break;
	default:
		house->sends++;
		house->busy++;
		house->most_busy = MAX(house->most_busy, house->busy);
	}
}

void
mischief_at_close(struct house *house, const struct request *request)
{
	if (request->moment == FAULT_AT_REQUEST)
		house->busy--;
}

enum door_action
mischief_at_head(struct house *house, struct request *request)
{
	int moments = request->moment;

	if (request->ordinal > 1 && moments == FAULT_AT_REQUEST)
		moments |= FAULT_AT_REUSE;
	count(house, request);
	request->fault = faults_pick(house->faults, moments);
	if (request->fault == NULL)
		return DOOR_GO_ON;
	switch (request->fault->word) {
	case FAULT_BLACKHOLE:
		return DOOR_HOLD;
	case FAULT_RESET_BEFORE_BODY:
		return DOOR_RESET;
	case FAULT_SIP:
		if (request->body_length != G_MAXUINT64)
			request->sip_bytes =
			    (size_t)(request->body_length / SIPS + 1);
		return DOOR_GO_ON;
	case FAULT_EARLY:
		request->answer = texts_status(house, request->fault);
		return DOOR_GO_ON;
	default:
		return DOOR_GO_ON;
	}
}

enum door_action
mischief_at_body(struct house *house, struct request *request)
{
	const struct fault *fault = request->fault;
	uint64_t length = request->body_length;

	(void)house;
	if (fault != NULL && fault->word == FAULT_SIP) {
		request->delay_ms = (unsigned)fault->number;
		return request->delay_ms > 0 ? DOOR_HOLD : DOOR_GO_ON;
	}
	if (fault == NULL || (fault->word != FAULT_RESET_MID_BODY &&
				 fault->word != FAULT_STALL_MID_BODY))
		return DOOR_GO_ON;
	/* of a body of unknown length the first bytes are enough */
	if (length != G_MAXUINT64 &&
	    request->body_bytes < length / 100 * fault->number)
		return DOOR_GO_ON;
	return fault->word == FAULT_RESET_MID_BODY ? DOOR_RESET : DOOR_HOLD;
}

static enum door_action
hold(struct house *house, struct request *request)
{
	(void)house;
	request->delay_ms = 0;
	return DOOR_HOLD;
}

static enum door_action
reset(struct house *house, struct request *request)
{
	(void)house;
	(void)request;
	return DOOR_RESET;
}

static enum door_action
hang_up(struct house *house, struct request *request)
{
	(void)house;
	(void)request;
	return DOOR_CLOSE;
}

static enum door_action
delay(struct house *house, struct request *request)
{
	(void)house;
	request->delay_ms = (unsigned)request->fault->number;
	return request->delay_ms > 0 ? DOOR_HOLD : DOOR_GO_ON;
}

static enum door_action
drip(struct house *house, struct request *request)
{
	(void)house;
	request->raw.bytes = response_print(request->answer);
	request->raw.drip_ms = (unsigned)request->fault->number;
	if (fault_has(request->fault, "body"))
		request->raw.prompt = request->raw.bytes->len -
				      g_bytes_get_size(request->answer->body);
	return DOOR_RAW;
}

static enum door_action
cut_head(struct house *house, struct request *request)
{
	size_t body = g_bytes_get_size(request->answer->body);

	(void)house;
	request->raw.bytes = response_print(request->answer);
	g_string_truncate(
	    request->raw.bytes, (request->raw.bytes->len - body) / 2);
	request->raw.end = RAW_HOLD;
	return DOOR_RAW;
}

static enum door_action
half_close(struct house *house, struct request *request)
{
	(void)house;
	request->raw.bytes = g_string_new(NULL);
	request->raw.end = RAW_HALF;
	return DOOR_RAW;
}

/* Half the body; what comes behind is the caller's. */
static void
cut(struct request *request, enum raw_end end)
{
	size_t body = g_bytes_get_size(request->answer->body);

	request->raw.bytes = response_print(request->answer);
	g_string_truncate(
	    request->raw.bytes, request->raw.bytes->len - (body + 1) / 2);
	request->raw.end = end;
}

static enum door_action
cut_and_reset(struct house *house, struct request *request)
{
	(void)house;
	cut(request, RAW_RESET);
	return DOOR_RAW;
}

static enum door_action
cut_and_hold(struct house *house, struct request *request)
{
	(void)house;
	cut(request, RAW_HOLD);
	return DOOR_RAW;
}

static enum door_action
answer_and_close(struct house *house, struct request *request)
{
	(void)house;
	request->raw.bytes = response_print(request->answer);
	g_string_replace(request->raw.bytes, "Connection: close\r\n", "", 1);
	return DOOR_RAW;
}

static void
replace(struct request *request, struct response *answer)
{
	response_free(request->answer);
	request->answer = answer;
}

/* Refusals name the domain of the path. */
static void
note_asked(struct house *house, const struct request *request)
{
	g_auto(GStrv) parts = g_strsplit(request->path, "/", 5);
	bool listed =
	    g_strv_length(parts) > 3 && strcmp(parts[2], "domains") == 0;

	g_clear_pointer(&house->asked, g_free);
	if (house->kind == FAULT_MAILGUN && g_strv_length(parts) > 3)
		house->asked =
		    g_uri_unescape_string(parts[listed ? 3 : 2], NULL);
}

static enum door_action
say_status(struct house *house, struct request *request)
{
	replace(request, texts_status(house, request->fault));
	return DOOR_GO_ON;
}

static enum door_action
say_elsewhere(struct house *house, struct request *request)
{
	const char *status = fault_parameter(request->fault, "status");
	const char *url = request->fault->argument;

	(void)house;
	replace(
	    request, response_new(status != NULL ? (unsigned)atoi(status) : 307,
			 "text/plain", "Elsewhere"));
	response_add(request->answer, "Location",
	    strcmp(url, "self") == 0 ? request->path : url);
	return DOOR_GO_ON;
}

static enum door_action
say_text(struct house *house, struct request *request)
{
	replace(request,
	    texts_named(house, request->fault->argument, request->fault));
	return DOOR_GO_ON;
}

static enum door_action
say_magnificent(struct house *house, struct request *request)
{
	(void)house;
	replace(request,
	    response_new(200, "text/plain", "Mailgun Magnificent API"));
	return DOOR_GO_ON;
}

static enum door_action
say_unauthorized(struct house *house, struct request *request)
{
	replace(request, texts_unauthorized(house, request->fault));
	return DOOR_GO_ON;
}

static enum door_action
say_throttle(struct house *house, struct request *request)
{
	replace(request, texts_throttle(house, request->fault));
	return DOOR_GO_ON;
}

static enum door_action
say_nothing(struct house *house, struct request *request)
{
	(void)house;
	replace(request,
	    response_new((unsigned)request->fault->number, NULL, NULL));
	return DOOR_GO_ON;
}

static enum door_action
say_garbage(struct house *house, struct request *request)
{
	static const char bytes[] =
	    "\x16\x03\x01\x00\xff\x00HTTP?\r\n\xfe\xff nothing of the kind\r\n"
	    "\r\n{\"id\":";

	(void)house;
	request->raw.bytes = g_string_new_len(bytes, sizeof bytes);
	return DOOR_RAW;
}

static enum door_action
say_huge(struct house *house, struct request *request)
{
	(void)house;
	request->raw.spaces = request->fault->number * 1024 * 1024;
	request->raw.bytes = g_string_new(NULL);
	g_string_printf(request->raw.bytes,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: %" G_GUINT64_FORMAT "\r\n\r\n",
	    request->raw.spaces);
	return DOOR_RAW;
}

static enum door_action
say_oddly(struct house *house, struct request *request)
{
	(void)house;
	request->raw.bytes =
	    odd_print(request->fault->argument, request->answer);
	return DOOR_RAW;
}

static const struct act acts[] = {
	{ FAULT_STALL, KEEP_NO, hold },
	{ FAULT_STALL_ACCEPTED, KEEP_YES, hold },
	{ FAULT_STALL_MID_BODY, KEEP_NO, hold },
	{ FAULT_RESET_MID_BODY, KEEP_NO, reset },
	{ FAULT_RESET_AFTER_BODY, KEEP_NO, reset },
	{ FAULT_RESET_ACCEPTED, KEEP_YES, reset },
	{ FAULT_CLOSE_REUSED, KEEP_YES, hang_up },
	{ FAULT_CLOSE_AFTER_BODY, KEEP_NO, hang_up },
	{ FAULT_CLOSE_ACCEPTED, KEEP_YES, hang_up },
	{ FAULT_CLOSE_IDLE, KEEP_YES, answer_and_close },
	{ FAULT_CUT_ANSWER, KEEP_YES, cut_and_reset },
	{ FAULT_STALL_ANSWER, KEEP_YES, cut_and_hold },
	{ FAULT_SLOW, KEEP_YES, delay },
	{ FAULT_DRIP, KEEP_YES, drip },
	{ FAULT_STATUS, KEEP_ASKED, say_status },
	{ FAULT_TEXT, KEEP_ASKED, say_text },
	{ FAULT_MAGNIFICENT, KEEP_NO, say_magnificent },
	{ FAULT_UNAUTHORIZED, KEEP_NO, say_unauthorized },
	{ FAULT_THROTTLE, KEEP_NO, say_throttle },
	{ FAULT_GARBAGE, KEEP_ASKED, say_garbage },
	{ FAULT_EMPTY, KEEP_ASKED, say_nothing },
	{ FAULT_HUGE, KEEP_ASKED, say_huge },
	{ FAULT_ODD, KEEP_YES, say_oddly },
	{ FAULT_STALL_HEAD, KEEP_YES, cut_head },
	{ FAULT_HALF_CLOSE, KEEP_ASKED, half_close },
	{ FAULT_REDIRECT, KEEP_NO, say_elsewhere },
};

static const struct act *
find_act(const struct fault *fault)
{
	for (size_t i = 0; fault != NULL && i < G_N_ELEMENTS(acts); i++) {
		if (acts[i].word == fault->word)
			return &acts[i];
	}
	return NULL;
}

static bool
is_kept(const struct act *act, const struct fault *fault)
{
	if (act == NULL)
		return true;
	if (act->word == FAULT_ODD)
		return !odd_refuses(fault->argument);
	if (act->keep == KEEP_YES)
		return true;
	return act->keep == KEEP_ASKED && fault_has(fault, "accepted");
}

static void
keep(struct house *house, struct request *request)
{
	g_autoptr(GError) error = NULL;
	struct record *record = g_steal_pointer(&request->record);

	record->path = g_strdup(request->path);
	g_ptr_array_extend_and_steal(
	    record->notes, g_steal_pointer(&request->notes));
	request->notes = g_ptr_array_new_with_free_func(g_free);
	if (house_keep(house, record, &error))
		return;
	house_note(house, request->path, error->message);
	replace(request, response_new(500, "text/plain", error->message));
}

enum door_action
mischief_at_end(struct house *house, struct request *request)
{
	const struct act *act = find_act(request->fault);

	if (request->record != NULL && is_kept(act, request->fault))
		keep(house, request);
	for (guint i = 0; i < request->notes->len; i++)
		house_note(house, request->path, request->notes->pdata[i]);
	note_asked(house, request);
	return act != NULL ? act->fn(house, request) : DOOR_GO_ON;
}

static const char *const domain_states[] = { "active", "unverified", "disabled",
	NULL };

static bool
is_known(enum fault_kind kind, const struct fault *fault)
{
	unsigned up, down;

	switch (fault->word) {
	case FAULT_TEXT:
		return texts_has(kind, fault->argument);
	case FAULT_ODD:
		return odd_has(kind, fault->argument);
	case FAULT_FLAP:
		return fault_times(fault, &up, &down);
	case FAULT_DOMAIN_STATE:
		return g_strv_contains(domain_states, fault->argument);
	default:
		return true;
	}
}

struct faults *
mischief_parse(enum fault_kind kind, const char *text, GError **error)
{
	struct faults *faults = faults_parse(text, (int)kind, error);
	const struct fault *fault;

	for (unsigned i = 0;
	     faults != NULL && (fault = faults_get(faults, i)) != NULL; i++) {
		if (is_known(kind, fault))
			continue;
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "\"%s\" is not known to this simulator; "
		    "`postferry simulate --help` lists what is",
		    fault->argument);
		g_clear_pointer(&faults, faults_free);
	}
	return faults;
}
