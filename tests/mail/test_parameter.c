/* SPDX-License-Identifier: MIT */
#include "parameter.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NI_HAO "\xe4\xbd\xa0\xe5\xa5\xbd"

static const struct {
	const char *field, *text;
} rows[] = {
	{ "attachment", NULL },
	{ "", NULL },
	{ ";", NULL },
	{ "attachment; filename", "" },
	{ "attachment; size=1", NULL },
	{ "attachment; filename=a.pdf", "a.pdf" },
	{ "attachment;FileName = a b.pdf ; size=1", "a b.pdf" },
	{ "attachment; filename=\"a;b.pdf\"; size=1", "a;b.pdf" },
	{ "attachment; filename=\"a \\\"b\\\" \\\\ C:\\d\"",
	    "a \"b\" \\ C:\\d" },
	{ "attachment; filename=\"open", "open" },
	{ "attachment; filenames=a; xfilename=b; filename=c", "c" },
	{ "attachment; filename=a; filename=b", "a" },
	{ "\"x; filename=no\"; filename=yes", "yes" },
	/* RFC 2231 4: a charset */
	{ "a; filename*=utf-8''%E4%BD%A0%e5%a5%bd", NI_HAO },
	{ "a; filename*=utf-8'zh'x%20y", "x y" },
	{ "a; filename=old; filename*=gb2312''%C4%E3%BA%C3", NI_HAO },
	{ "a; filename*=gb2312''%C4%E3%BA%C3; filename=old", NI_HAO },
	{ "a; filename*=\"utf-8''%E4%BD%A0\"", "\xe4\xbd\xa0" },
	{ "a; filename*=klingon''caf%E9", "caf\xc3\xa9" },
	{ "a; filename*=''caf%E9", "caf\xc3\xa9" },
	{ "a; filename*=caf%C3%A9", "caf\xc3\xa9" },
	{ "a; filename*=utf-8''100%25%", "100%%" },
	{ "a; filename*=utf-8''a%0D%0ABcc:%20b", "a Bcc: b" },
	{ "a; filename*=iso-2022-jp''%1B%24B-!%1B(B", "\xe2\x91\xa0" },
	/* RFC 2231 3: pieces, in any order, within a character too */
	{ "a; filename*0=one; filename*1=\" two\"", "one two" },
	{ "a;\r\n filename*1=b.pdf;\r\n filename*0=a", "ab.pdf" },
	{ "a; filename*0*=utf-8''%E4%BD; filename*1*=%A0; filename*2=.x",
	    "\xe4\xbd\xa0.x" },
	{ "a; filename*10=k; filename*9=j; filename*0=a", "ajk" },
	{ "a; filename=whole; filename*0=part", "part" },
	{ "a; filename*0=%41", "%41" },
	{ "a; filename*x=1; filename*0x=2; filename**=3; filename*1**=4",
	    NULL },
	{ "a; filename*99999999999999999999=z", NULL },
	/* encoded words, which do not belong there */
	{ "a; filename=\"=?utf-8?B?5L2g?= =?utf-8?B?5aW9?=\"", NI_HAO },
	{ "a; filename==?gb2312?B?xOM=?=", "\xe4\xbd\xa0" },
	{ "a; filename=\"=?gb2312?B?xA==?=\r\n =?gb2312?B?4w==?=\"",
	    "\xe4\xbd\xa0" },
	{ "a; filename*0=\"=?utf-8?B?5L2g?=\"; filename*1=\".pdf\"",
	    "\xe4\xbd\xa0.pdf" },
	{ "a; filename=\"=?utf-8?B?5L2g\"", "=?utf-8?B?5L2g" },
	/* bytes */
	{ "a; filename=\"\xe4\xbd\xa0\"", "\xe4\xbd\xa0" },
	{ "a; filename=caf\xe9", "caf\xc3\xa9" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
		    parameter_find(rows[i].field, "filename");

		if (g_strcmp0(text, rows[i].text) != 0)
			fail_msg("%s is %s, not %s", rows[i].field, text,
			    rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
