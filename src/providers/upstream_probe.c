/* SPDX-License-Identifier: MIT */
#include "upstream_probe.h"

#include <string.h>

bool
upstream_probe_ask(const struct provider *provider, struct exchange *exchange)
{
	(void)provider;
	exchange->smtp.probe = true;
	return true;
}

/* "554 5.7.1 go away" */
static char *
print_reply(const struct smtp_reply *reply)
{
	GString *text = g_string_new(NULL);

	if (reply->code != 0)
		g_string_append_printf(text, "%u ", reply->code);
	if (reply->enhanced != NULL)
		g_string_append_printf(text, "%s ", reply->enhanced);
	g_string_append(text, reply->text != NULL && *reply->text != '\0'
				  ? reply->text
				  : "no text");
	return g_string_free(text, FALSE);
}

/* There was a session, which ended with that reply. */
static void
read_reply(const struct exchange *exchange, struct health *health)
{
	const struct smtp_response *response = &exchange->smtp_response;
	const struct smtp_reply *reply = &response->greeting;
	g_autofree char *said = print_reply(reply);
	g_autofree char *text = NULL;

	if (response->auth_failed) {
		text = g_strdup_printf("the login is refused: %s", said);
		health_set(health, HEALTH_BAD, text,
		    "set username and password to what the server knows");
	} else if (response->tls_missing) {
		health_set(health, HEALTH_BAD,
		    "the server does not offer STARTTLS",
		    "look at host and port, and at who is between; set tls = "
		    "off only if its network is yours");
	} else if (reply->code >= 500) {
		text = g_strdup_printf("the server refuses us: %s", said);
		health_set(health, HEALTH_BAD, text,
		    "ask whoever runs it to let this host in");
	} else if (reply->code >= 400) {
		text = g_strdup_printf("the server puts us off: %s", said);
		health_set(health, HEALTH_UNREACHABLE, text,
		    "it may be busy; if it stays so, ask whoever runs it");
	} else {
		text = g_strdup_printf("what we need is not offered: %s", said);
		health_set(
		    health, HEALTH_BAD, text, "look at port, username and tls");
	}
}

static void
tell_good(const struct endpoint *endpoint, struct health *health)
{
	g_autofree char *text = g_strdup_printf("%s:%u greets us%s%s",
	    endpoint->host, endpoint->port,
	    endpoint->tls == ENDPOINT_TLS_OFF ? ", in clear" : ", over TLS",
	    endpoint->username != NULL ? ", and takes the login" : "");

	health_set(health, HEALTH_GOOD, text, NULL);
}

/* RFC 5321 4.2: the greeting begins with the server's name. */
static bool
has_our_name(const struct exchange *exchange)
{
	const char *name = exchange->endpoint->hostname;
	const char *text = exchange->smtp_response.greeting.text;
	size_t length = text != NULL ? strcspn(text, " ") : 0;

	return name != NULL && length == strlen(name) &&
	       g_ascii_strncasecmp(text, name, length) == 0;
}

/* Another server on this host may have it, too. */
static void
tell_circle(const struct endpoint *endpoint, struct health *health)
{
	g_autofree char *text = g_strdup_printf(
	    "%s:%u calls itself %s, as we do: is it this postferry?",
	    endpoint->host, endpoint->port, endpoint->hostname);

	health_set(health, HEALTH_DOUBTFUL, text,
	    "if mail sent there comes back to us, it goes in a circle: set "
	    "host and port of another server; else give one of the two "
	    "another name (hostname in [server])");
}

static bool
is_refused(const struct smtp_response *response)
{
	const struct smtp_reply *reply = &response->greeting;

	return response->auth_failed || response->tls_missing ||
	       reply->code >= 400 || (reply->code == 0 && reply->text != NULL);
}

static void
read_failure(const struct exchange *exchange, struct health *health)
{
	const char *error =
	    exchange->error != NULL ? exchange->error : "the session broke off";

	if (exchange->end == EXCHANGE_REFUSED_TLS)
		health_set(health, HEALTH_BAD, error,
		    "its certificate must have the name in host and be of an "
		    "authority of ca_file; look at the clock of this host "
		    "too");
	else
		health_set(health, HEALTH_UNREACHABLE, error,
		    "look at host and port, and at the network, DNS and "
		    "firewall of this host");
}

bool
upstream_probe_read(const struct provider *provider, struct exchange *exchange,
    struct health *health)
{
	(void)provider;
	if (is_refused(&exchange->smtp_response))
		read_reply(exchange, health);
	else if (exchange->end == EXCHANGE_ANSWERED && has_our_name(exchange))
		tell_circle(exchange->endpoint, health);
	else if (exchange->end == EXCHANGE_ANSWERED)
		tell_good(exchange->endpoint, health);
	else
		read_failure(exchange, health);
	return false;
}
