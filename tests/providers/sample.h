/* SPDX-License-Identifier: MIT */
/*
 * Providers for tests: settings become the provider [provider t], through the
 * real settings reader.
 */
#ifndef TESTS_PROVIDERS_SAMPLE_H
#define TESTS_PROVIDERS_SAMPLE_H

#include "mail/sample.h"
#include "provider.h"

/* What a case of this type has unless it says otherwise. */
static const struct {
	const char *type, *key, *value;
} sample_settings[] = {
	{ "mailgun", "domain", "mg.example.com" },
	{ "mailgun", "api_key", "key-of-mailgun" },
	{ "mandrill", "api_key", "key-of-mandrill" },
	{ "smtp", "host", "smtp.example.net" },
};

/* A provider of the type; settings are added to those above.  NULL and error
 * when it cannot be. */
static inline struct provider *
sample_provider(const char *type, GHashTable *settings, GError **error)
{
	static const struct setting server[] = {
		{ .section = "server",
		    .key = "hostname",
		    .type = SETTING_HOST,
		    .fallback = "mail.example.com" },
		{ 0 },
	};
	static const struct setting *tables[8] = { server, provider_settings };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter walk;
	void *key, *value;

	for (unsigned i = 0; registry[i] != NULL; i++)
		tables[2 + i] = registry[i]->settings;
	for (size_t i = 0; i < G_N_ELEMENTS(sample_settings); i++)
		if (strcmp(sample_settings[i].type, type) == 0 &&
		    !g_hash_table_contains(settings, sample_settings[i].key))
			g_hash_table_insert(settings,
			    g_strdup(sample_settings[i].key),
			    g_strdup(sample_settings[i].value));
	g_hash_table_insert(settings, g_strdup("type"), g_strdup(type));
	g_hash_table_iter_init(&walk, settings);
	while (g_hash_table_iter_next(&walk, &key, &value)) {
		g_autofree char *name = g_ascii_strup(key, -1);

		g_ptr_array_add(
		    lines, g_strdup_printf("POSTFERRY_PROVIDER_T_%s=%s", name,
			       (const char *)value));
	}
	g_ptr_array_add(lines, NULL);
	struct config_source source = {
		.environment = (char *const *)lines->pdata,
	};
	struct config *config = config_read(&source, tables, errors);

	if (config == NULL)
		fail_msg("%s", (const char *)errors->pdata[0]);
	struct provider *provider = provider_open("t", config, error);

	config_unref(config);
	return provider;
}

static inline GHashTable *
sample_settings_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

#endif
