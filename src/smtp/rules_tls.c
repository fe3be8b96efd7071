/* SPDX-License-Identifier: MIT */
#include "rules.h"
#include "smtp/server.h"

#include <string.h>

const struct setting server_tls_settings[] = {
	{ "listener", "tls", SETTING_CHOICE,
	    .choices = "off|offered|required|implicit",
	    .help = "TLS with clients: offered = by STARTTLS, as they like; "
		    "required = nothing is taken before STARTTLS; implicit = "
		    "from the first byte, as on port 465; default: offered "
		    "where there is a tls_certificate, else off." },
	{ "listener", "tls_certificate", SETTING_LIST,
	    .help = "Files with certificate chains (PEM); the first is for "
		    "clients that ask for no name or an unknown one." },
	{ "listener", "tls_key", SETTING_LIST,
	    .help = "Files with the keys to these, in the same order; default: "
		    "the key is in the file of the certificate." },
	{ "listener", "tls_min", SETTING_CHOICE, "1.2",
	    .choices = "1.2|1.3|1.0",
	    .help = "Oldest version of TLS that is spoken; 1.0 is for old "
		    "printers, on a listener of their own without AUTH." },
	{ "listener", "tls_client_ca", SETTING_PATH,
	    .help = "File of authorities (PEM): clients with a certificate by "
		    "one of them may send mail through us." },
	{ "listener", "tls_client_fingerprints", SETTING_LIST,
	    .help = "SHA-256 fingerprints of client certificates that may "
		    "send mail through us." },
	{ "listener", "tls_timeout", SETTING_DURATION, "30s", 1, 600000,
	    .help = "Wait for the end of a TLS handshake." },
	{ .section = NULL },
};

bool
rules_read_tls(struct rules *rules, const struct rules_row *row, GError **error)
{
	struct rules_tls *tls = &rules->tls;

	(void)error;
	tls->handshake_ms =
	    config_number(row->config, row->section, "tls_timeout");
	return true;
}

void
rules_clear_tls(struct rules *rules)
{
	g_strfreev(rules->tls.client_fingerprints);
}
