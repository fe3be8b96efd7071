/* SPDX-License-Identifier: MIT */
#include "texts.h"
#include "core/clock.h"
#include <stdio.h>
#include <string.h>

#define NOT_ALLOWED "Domain %D is not allowed to send: "
#define HTML        "text/html; charset=utf-8"

/* In a text %D is the sending domain, %T a date, %S seconds.  The first row of
 * a status is what status=N answers. */
struct text {
	enum fault_kind kind;
	const char *name;
	unsigned status;
	int code; /* Mandrill's own */
	const char *message;
};

static const struct text texts[] = {
	{ FAULT_MAILGUN, "address", 400, 0,
	    "'to' parameter is not a valid address. please check "
	    "documentation" },
	{ FAULT_MAILGUN, "sandbox", 400, 0,
	    NOT_ALLOWED "Sandbox subdomains are for test purposes only. "
			"Please add your own domain or add the address to "
			"authorized recipients in Account Settings." },
	{ FAULT_MAILGUN, "free", 400, 0,
	    NOT_ALLOWED "Free accounts are for test purposes only. Please "
			"upgrade or add the address to authorized recipients "
			"in Account Settings." },
	{ FAULT_MAILGUN, "unverified", 400, 0,
	    NOT_ALLOWED "The domain is unverified and requires DNS "
			"configuration. Log in to your control panel to view "
			"required DNS records." },
	{ FAULT_MAILGUN, "activate", 400, 0,
	    NOT_ALLOWED "Please activate your Mailgun account. Check your "
			"inbox or log in to your control panel to resend the "
			"activation email." },
	{ FAULT_MAILGUN, "probation", 400, 0,
	    NOT_ALLOWED "You are sending too fast. Your account is on "
			"probation and the account has been temporarily "
			"disabled." },
	{ FAULT_MAILGUN, "eof", 400, 0,
	    "unable to parse request: unexpected EOF" },
	{ FAULT_MAILGUN, "secondary-dkim", 400, 0,
	    "is not a valid secondary dkim domain name" },
	{ FAULT_MAILGUN, "private-key", 401, 0, "Invalid private key" },
	{ FAULT_MAILGUN, "request-failed", 402, 0, "Request Failed" },
	{ FAULT_MAILGUN, "large-batches", 403, 0,
	    "Domain %D is not allowed to send large batches yet" },
	{ FAULT_MAILGUN, "ip", 403, 0,
	    "Rejected: IP 192.0.2.1 can't be used to send the message" },
	{ FAULT_MAILGUN, "domain", 404, 0, "Domain not found: %D" },
	{ FAULT_MAILGUN, "size", 413, 0, "request size exceeds 52.4MiB limit" },
	{ FAULT_MAILGUN, "recipient-limit", 420, 0,
	    NOT_ALLOWED "recipient limit exceeded, try again after %T" },
	{ FAULT_MAILGUN, "account-limit", 429, 0,
	    NOT_ALLOWED "account-requests-per-sec limit exceeded, try again "
			"after %S seconds" },
	{ FAULT_MAILGUN, "request-limit", 429, 0,
	    NOT_ALLOWED "request limit exceeded, try again after %T" },
	{ FAULT_MAILGUN, "bytes-limit", 429, 0,
	    NOT_ALLOWED "bytes limit exceeded, try again after %T" },
	{ FAULT_MAILGUN, "internal", 500, 0, "Internal Server Error" },

	{ FAULT_MANDRILL, "ValidationError", 400, -2,
	    "Validation error: {\"message\":{\"from_email\":\"An email "
	    "address must contain a single @\"}}" },
	{ FAULT_MANDRILL, "Invalid_Key", 401, -1, "Invalid API key" },
	{ FAULT_MANDRILL, "PaymentRequired", 402, 10,
	    "Email scheduling is only available for accounts with a positive "
	    "balance." },
	{ FAULT_MANDRILL, "MC_Exception_PaymentRequired", 402, 10,
	    "Email scheduling is only available for accounts with a positive "
	    "balance." },
	{ FAULT_MANDRILL, "Unknown_Subaccount", 404, 12,
	    "No subaccount exists with the id customer-123" },
	{ FAULT_MANDRILL, "Unknown_Template", 404, 5,
	    "No such template \"MyTemplate\"" },
	{ FAULT_MANDRILL, "Unknown_Message", 404, 11,
	    "No message exists with the id X" },
	{ FAULT_MANDRILL, "ValidationError", 422, -2,
	    "Validation error: {\"message\":{\"to\":[{\"email\":\"Not a "
	    "valid email address\"}]}}" },
	{ FAULT_MANDRILL, "RequestLimitExceeded", 429, 429,
	    "Too Many Requests attempted recently" },
	{ FAULT_MANDRILL, "GeneralError", 500, -1,
	    "An unknown error occurred processing your request. Please try "
	    "again later." },
	{ FAULT_MANDRILL, "ServiceUnavailable", 503, -2,
	    "Service Temporarily Unavailable" },
	{ FAULT_MANDRILL, "Unknown_Name", 400, 99,
	    "An error that no list of errors has" },
};

static const struct text *
find_name(enum fault_kind kind, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (texts[i].kind == kind && strcmp(texts[i].name, name) == 0)
			return &texts[i];
	}
	return NULL;
}

static const struct text *
find_status(enum fault_kind kind, unsigned status)
{
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (texts[i].kind == kind && texts[i].status == status)
			return &texts[i];
	}
	return NULL;
}

bool
texts_has(enum fault_kind kind, const char *name)
{
	return find_name(kind, name) != NULL;
}

char *
texts_names(int kinds)
{
	GString *page = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (((int)texts[i].kind & kinds) != 0)
			g_string_append_printf(page, "    %-28s %u\n",
			    texts[i].name, texts[i].status);
	}
	return g_string_free(page, FALSE);
}

static char *
print_date(uint64_t seconds)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) then =
	    g_date_time_add_seconds(now, (double)seconds);

	return g_date_time_format(then, "%a, %d %b %Y %H:%M:%S UTC");
}

static char *
fill(const struct house *house, const char *message, uint64_t seconds)
{
	g_autoptr(GString) text = g_string_new(message);
	g_autofree char *date = print_date(seconds);
	g_autofree char *number =
	    g_strdup_printf("%" G_GUINT64_FORMAT, seconds);

	g_string_replace(text, "%D",
	    house->asked != NULL     ? house->asked
	    : house->domains != NULL ? house->domains[0]
				     : "example.com",
	    0);
	g_string_replace(text, "%T", date, 0);
	g_string_replace(text, "%S", number, 0);
	return g_strdup(text->str);
}

static struct response *
print_error(unsigned status, int code, const char *name, const char *message)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(
	    object, "status", json_object_new_string("error"));
	json_object_object_add(object, "code", json_object_new_int(code));
	json_object_object_add(object, "name", json_object_new_string(name));
	json_object_object_add(
	    object, "message", json_object_new_string(message));
	return response_new_json(status, object);
}

struct response *
texts_mandrill(unsigned status, const char *name, const char *message)
{
	const struct text *row = find_name(FAULT_MANDRILL, name);

	return print_error(status, row != NULL ? row->code : -1, name, message);
}

/* Adds what the fault's parameters ask for. */
static struct response *
dress(struct response *answer, const struct fault *fault)
{
	if (fault == NULL)
		return answer;
	const char *status = fault_parameter(fault, "status");
	const char *after = fault_parameter(fault, "retry-after");
	const char *reset = fault_parameter(fault, "reset");

	if (status != NULL)
		answer->status = (unsigned)g_ascii_strtoull(status, NULL, 10);
	else if (fault_has(fault, "old"))
		answer->status = 500;
	if (after != NULL)
		response_add(answer, "Retry-After", after);
	if (reset != NULL)
		response_add(answer, "X-RateLimit-Reset", reset);
	return answer;
}

static struct response *
print_text(const struct house *house, const struct text *row, uint64_t seconds)
{
	g_autofree char *message = fill(house, row->message, seconds);

	if (house->kind == FAULT_MAILGUN)
		return response_new_message(row->status, message);
	return print_error(row->status, row->code, row->name, message);
}

struct response *
texts_named(
    const struct house *house, const char *name, const struct fault *fault)
{
	const struct text *row = find_name(house->kind, name);

	if (row == NULL)
		return NULL;
	return dress(print_text(house, row, 60), fault);
}

struct response *
texts_unauthorized(const struct house *house, const struct fault *fault)
{
	if (house->kind == FAULT_MANDRILL)
		return texts_named(house, "Invalid_Key", fault);
	if (fault != NULL && fault_has(fault, "json"))
		return response_new(401, "application/json", "\"Forbidden\"");
	return response_new(401, "text/plain; charset=utf-8", "Forbidden");
}

static struct response *
print_html(unsigned status)
{
	const char *phrase = response_phrase(status);
	g_autofree char *page = g_strdup_printf(
	    "<html>\r\n<head><title>%u %s</title></head>\r\n<body>\r\n"
	    "<center><h1>%u %s</h1></center>\r\n<hr><center>nginx</center>\r\n"
	    "</body>\r\n</html>\r\n",
	    status, phrase, status, phrase);

	return response_new(status, HTML, page);
}

static struct response *
print_status(const struct house *house, const struct fault *fault)
{
	unsigned status = (unsigned)fault->number;
	const struct text *row = find_status(house->kind, status);

	if (fault_has(fault, "empty"))
		return response_new(status, NULL, NULL);
	if (fault_has(fault, "html"))
		return print_html(status);
	if (status == 401)
		return texts_unauthorized(house, NULL);
	if (row != NULL)
		return print_text(house, row, 60);
	if (!fault_has(fault, "json"))
		return print_html(status);
	if (house->kind == FAULT_MAILGUN)
		return response_new_message(status, response_phrase(status));
	return print_error(
	    status, (int)status, "Unknown_Name", response_phrase(status));
}

struct response *
texts_status(const struct house *house, const struct fault *fault)
{
	return dress(print_status(house, fault), fault);
}

static void
add_times(struct response *answer, const struct fault *fault)
{
	int64_t until = clock_wall_ms() / 1000 + (int64_t)fault->number;
	char text[32];

	snprintf(text, sizeof text, "%" G_GINT64_FORMAT "%s", until,
	    fault_has(fault, "reset-fraction") ? ".25" : "");
	if (fault_has(fault, "reset") || fault_has(fault, "reset-fraction"))
		response_add(answer, "X-RateLimit-Reset", text);
	snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, fault->number);
	if (fault_has(fault, "retry-after"))
		response_add(answer, "Retry-After", text);
	if (!fault_has(fault, "retry-date"))
		return;
	g_autofree char *date = print_date(fault->number);
	g_autofree char *gmt = g_strndup(date, strlen(date) - 3);
	g_autofree char *full = g_strconcat(gmt, "GMT", NULL);
	response_add(answer, "Retry-After", full);
}

struct response *
texts_throttle(const struct house *house, const struct fault *fault)
{
	bool date = fault_has(fault, "date");
	const char *name = house->kind == FAULT_MANDRILL
			       ? "RequestLimitExceeded"
			   : date ? "recipient-limit"
				  : "account-limit";
	struct response *answer;

	if (fault_has(fault, "plain"))
		answer = response_new(429, "text/plain", "Too Many Requests");
	else
		answer = print_text(
		    house, find_name(house->kind, name), fault->number);
	answer->status = 429;
	add_times(answer, fault);
	return dress(answer, fault);
}
