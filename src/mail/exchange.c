/* SPDX-License-Identifier: MIT */
#include "mail/exchange.h"

#include <string.h>

static void
free_address(void *address)
{
	address_free(address);
}

struct exchange *
exchange_new(
    enum exchange_kind kind, const struct endpoint *endpoint, const char *id)
{
	struct exchange *exchange = g_new0(struct exchange, 1);

	exchange->kind = kind;
	exchange->endpoint = endpoint;
	g_strlcpy(exchange->id, id, sizeof exchange->id);
	exchange->http.fields = g_ptr_array_new_with_free_func(g_free);
	exchange->smtp.recipients =
	    g_ptr_array_new_with_free_func(free_address);
	exchange->http_response.body = g_string_new(NULL);
	return exchange;
}

static void
clear_reply(struct smtp_reply *reply)
{
	g_clear_pointer(&reply->enhanced, g_free);
	g_clear_pointer(&reply->text, g_free);
	reply->code = 0;
}

static void
clear_request(struct exchange *exchange)
{
	g_free(exchange->http.method);
	g_free(exchange->http.path);
	g_ptr_array_unref(exchange->http.fields);
	g_clear_pointer(&exchange->smtp.sender, address_free);
	g_ptr_array_unref(exchange->smtp.recipients);
	g_clear_pointer(&exchange->smtp.wishes, g_array_unref);
	g_clear_pointer(&exchange->smtp.envid, g_free);
}

/* There is one reply per recipient of the request. */
static void
clear_smtp_response(struct smtp_response *response, unsigned recipients)
{
	clear_reply(&response->greeting);
	clear_reply(&response->sender);
	clear_reply(&response->data);
	for (unsigned i = 0; response->recipients != NULL && i < recipients;
	     i++)
		clear_reply(&response->recipients[i]);
	g_free(response->recipients);
}

static void
clear(struct exchange *exchange)
{
	clear_smtp_response(
	    &exchange->smtp_response, exchange->smtp.recipients->len);
	clear_request(exchange);
	segments_unref(exchange->body);
	segments_unref(exchange->smtp.seven);
	g_free(exchange->error);
	g_free(exchange->http_response.content_type);
	g_string_free(exchange->http_response.body, TRUE);
}

void
exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	clear(exchange);
	g_free(exchange);
}

void
exchange_renew(struct exchange *exchange)
{
	struct exchange *fresh =
	    exchange_new(exchange->kind, exchange->endpoint, exchange->id);

	fresh->renewed = exchange->renewed + 1;
	fresh->done = exchange->done;
	fresh->object = exchange->object;
	fresh->deadline_ms = exchange->deadline_ms;
	clear(exchange);
	*exchange = *fresh;
	g_free(fresh);
}

/* A line end in a value would be a field, or a request, of its own. */
void
exchange_add_field(
    struct exchange *exchange, const char *name, const char *value)
{
	GString *field = g_string_new(name);

	g_string_append(field, ": ");
	for (; *value != '\0'; value++)
		if (*value != '\r' && *value != '\n')
			g_string_append_c(field, *value);
	g_ptr_array_add(exchange->http.fields, g_string_free(field, FALSE));
}

void
smtp_reply_set(struct smtp_reply *reply, unsigned code, const char *enhanced,
    const char *text)
{
	char *enhanced_copy = g_strdup(enhanced);
	char *text_copy = g_strdup(text);

	clear_reply(reply);
	reply->code = code;
	reply->enhanced = enhanced_copy;
	reply->text = text_copy;
}
