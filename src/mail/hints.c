/* SPDX-License-Identifier: MIT */
#include "mail/hints.h"

void
hints_read(struct hints *hints, const struct message *message)
{
	(void)message;
	*hints = (struct hints){ 0 };
}

void
hints_clear(struct hints *hints)
{
	g_free(hints->route);
	g_free(hints->fault);
	*hints = (struct hints){ 0 };
}
