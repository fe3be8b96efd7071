/* SPDX-License-Identifier: MIT */
#include "sasl.h"

struct sasl *
sasl_new(const char *mechanism)
{
	(void)mechanism;
	return NULL;
}

void
sasl_free(struct sasl *sasl)
{
	(void)sasl;
}

enum sasl_step
sasl_take(struct sasl *sasl, const char *response)
{
	(void)sasl;
	(void)response;
	return SASL_BAD;
}

const char *
sasl_challenge(const struct sasl *sasl)
{
	(void)sasl;
	return "";
}

const char *
sasl_name(const struct sasl *sasl)
{
	(void)sasl;
	return "";
}

const char *
sasl_password(const struct sasl *sasl)
{
	(void)sasl;
	return "";
}
