/* SPDX-License-Identifier: MIT */
/* What OpenSSL calls a trouble with a client, said for people. */
#ifndef SMTP_TLS_TROUBLE_H
#define SMTP_TLS_TROUBLE_H

/* Of an error of its queue; a literal or lasting. */
const char *tls_trouble_text(unsigned long error);

#endif
