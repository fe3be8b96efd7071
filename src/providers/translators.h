/* SPDX-License-Identifier: MIT */
/* The translators, each at the foot of the file named as it. */
#ifndef PROVIDERS_TRANSLATORS_H
#define PROVIDERS_TRANSLATORS_H

#include "provider.h"

extern const struct translator mailgun;
extern const struct translator mandrill;
extern const struct translator upstream;

/* What open() says when settings make no sense together. */
#define TRANSLATOR_ERROR g_quark_from_static_string("provider")

#endif
