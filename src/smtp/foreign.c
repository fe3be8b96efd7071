/* SPDX-License-Identifier: MIT */
#include "foreign.h"

#include "proxy.h"
#include "starttls.h"

static const char proxied[] =
    "the client speaks the PROXY protocol: if it is a proxy of yours, name its "
    "address in `proxy` of this listener";

/* A record of type handshake, version 3.x (RFC 8446 5.1). */
static bool
is_tls(const unsigned char *bytes, size_t length)
{
	return length >= 2 && bytes[0] == 0x16 && bytes[1] == 0x03;
}

/* A PROXY header of version 2: no lines, though it holds line ends. */
static bool
is_binary(const unsigned char *bytes, size_t length)
{
	return length > 0 && bytes[0] == '\r' && proxy_is_begun(bytes, length);
}

static void
refuse_tls(struct session *session)
{
	session->verb = "tls";
	session->quote.advice =
	    starttls_offered(session)
		? "have the client begin TLS with STARTTLS, or connect it to a "
		  "listener with `tls = implicit`"
		: "set `tls = implicit` for this listener, or have the client "
		  "speak without TLS";
	session_close(session, REPLY_TLS_EARLY, NULL);
}

static void
refuse_binary(struct session *session)
{
	session->verb = "proxy";
	session->quote.advice = proxied;
	session_close(session, REPLY_SYNTAX, "a PROXY header");
}

bool
foreign_refuse(
    struct session *session, const unsigned char *bytes, size_t length)
{
	if (session->skipped > 0)
		return false;
	if (channel_tls(session->channel) == NULL && is_tls(bytes, length))
		refuse_tls(session);
	else if (is_binary(bytes, length))
		refuse_binary(session);
	else
		return false;
	session->quote.advice = NULL;
	return true;
}

const char *
foreign_advise(const unsigned char *bytes, size_t length)
{
	return proxy_is_begun(bytes, length) ? proxied : NULL;
}
