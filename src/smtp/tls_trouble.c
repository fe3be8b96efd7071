/* SPDX-License-Identifier: MIT */
#include "tls_trouble.h"

#include <glib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define DISTRUST "the client does not take our certificate: "
#define PLAIN    "the client does not speak TLS: plain text came"

static const struct {
	int reason;
	const char *text;
} texts[] = {
	{ SSL_R_WRONG_VERSION_NUMBER, PLAIN },
	{ SSL_R_HTTP_REQUEST, PLAIN },
	{ SSL_R_HTTPS_PROXY_REQUEST, PLAIN },
	{ SSL_R_UNKNOWN_PROTOCOL,
	    "the client speaks no TLS as new as tls_min" },
	{ SSL_R_UNSUPPORTED_PROTOCOL,
	    "the client speaks no TLS as new as tls_min" },
	{ SSL_R_VERSION_TOO_LOW, "the client speaks no TLS as new as tls_min" },
	{ SSL_R_NO_SHARED_CIPHER,
	    "no cipher in common, or none for the kind of our key" },
	{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
	    "no signature in common, or none for the kind of our key" },
	{ SSL_R_NO_SHARED_GROUPS, "no curve in common" },
	{ SSL_R_NO_SUITABLE_KEY_SHARE, "no curve in common" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
	    "the client takes none of our versions of TLS (tls_min)" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
	    "the client found nothing in common" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, DISTRUST
	    "it does not know who signed it, or the chain is not complete" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, DISTRUST
	    "it is not for the name that the client knows, or damaged" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, DISTRUST "it has expired" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, DISTRUST "it was revoked" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
	    DISTRUST "it did not say why" },
	{ SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
	    DISTRUST "it does not know its kind" },
	{ SSL_R_TLSV1_ALERT_DECRYPT_ERROR,
	    DISTRUST "it could not check our signature" },
	{ SSL_R_EXCESSIVE_MESSAGE_SIZE,
	    "the client's certificate chain is too long" },
	{ SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
	    "what came was changed on its way, or is no TLS" },
};

const char *
tls_trouble_text(unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	const char *text;

	if (ERR_GET_LIB(error) == ERR_LIB_SSL)
		for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
			if (texts[i].reason == reason)
				return texts[i].text;
	text = ERR_reason_error_string(error);
	return text != NULL ? text : "TLS failed without saying why";
}
