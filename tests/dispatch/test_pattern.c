/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include "mail/sample.h"

static const char *const *given;

/* The list of the row; read as the settings have it. */
const char *const *
config_list(const struct config *config, const char *section, const char *key)
{
	(void)config;
	(void)section;
	(void)key;
	return given;
}

const char *
config_origin(const struct config *config, const char *section, const char *key)
{
	(void)config;
	(void)section;
	(void)key;
	return "FILE:3";
}

static const struct {
	const char *pattern, *address;
	bool has;
} rows[] = {
	{ "example.com", "a@example.com", true },
	{ "Example.COM", "a@EXAMPLE.com", true },
	{ "example.com", "a@mail.example.com", false },
	{ "example.com", "a@badexample.com", false },
	{ ".example.com", "a@mail.example.com", true },
	{ ".example.com", "a@x.mail.example.com", true },
	{ ".example.com", "a@example.com", false },
	{ ".example.com", "a@badexample.com", false },
	{ "*.example.com", "a@mail.example.com", true },
	{ "*.example.com", "a@example.com", false },
	{ "b\xc3\xbc"
	  "cher.example",
	    "a@xn--bcher-kva.example", true },
	{ "ann@example.com", "ann@example.com", true },
	{ "ann@example.com", "Ann@Example.com", true },
	{ "ann@example.com", "bob@example.com", false },
	{ "ann@example.com", "ann@x.example.com", false },
};

static char **
read_one(const char *pattern, bool domains, GPtrArray *errors)
{
	const struct pattern_place place = { NULL, "route x", "only_to" };
	const char *const list[] = { pattern, NULL };
	char **patterns;

	given = list;
	patterns = domains ? pattern_read_domains(&place, errors)
			   : pattern_read_people(&place, errors);
	given = NULL;
	return patterns;
}

static void
test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) errors = g_ptr_array_new();
		g_auto(GStrv) patterns =
		    read_one(rows[i].pattern, false, errors);
		struct address *address = sample_address(rows[i].address);
		bool whole = strchr(rows[i].pattern, '@') == NULL;

		assert_int_equal(errors->len, 0);
		if (pattern_has_address(patterns, address) != rows[i].has ||
		    (whole && pattern_has_domain(patterns, address->domain) !=
				  rows[i].has))
			fail_msg("%s: %s", rows[i].pattern, rows[i].address);
		address_free(address);
	}
}

static const struct {
	const char *pattern;
	bool domain, person; /* allowed as */
} forms[] = {
	{ "example.com", true, true },
	{ "localhost", true, true },
	{ ".example.com", true, true },
	{ "ann@example.com", false, true },
	{ "*", false, false },
	{ "*example.com", false, false },
	{ "mail.*.example.com", false, false },
	{ "*.*.example.com", false, false },
	{ "mail*.example.com", false, false },
	{ "mail.example.*", false, false },
	{ "..example.com", false, false },
	{ "exa..mple.com", false, false },
	{ ".", false, false },
	{ "@example.com", false, false },
	{ "ann@", false, false },
	{ "ann@*.example.com", false, false },
};

static void
check_form(const char *pattern, bool domains, bool good)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) patterns = read_one(pattern, domains, errors);

	if ((errors->len == 0) != good || g_strv_length(patterns) != good)
		fail_msg("%s: %u errors", pattern, errors->len);
	if (good)
		return;
	assert_non_null(strstr(errors->pdata[0], "FILE:3: [route x] only_to"));
	assert_non_null(strstr(errors->pdata[0], pattern));
	assert_non_null(strstr(errors->pdata[0], ".example.com"));
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
		check_form(forms[i].pattern, true, forms[i].domain);
		check_form(forms[i].pattern, false, forms[i].person);
	}
}

static void
test_not_set(void **state)
{
	const struct pattern_place place = { NULL, "route x", "only_to" };

	(void)state;
	assert_null(pattern_read_domains(&place, NULL));
	assert_null(pattern_read_people(&place, NULL));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_not_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
