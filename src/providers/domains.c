/* SPDX-License-Identifier: MIT */
#include "domains.h"

#include "translators.h"
#include <string.h>

bool
domains_read(struct provider *provider, GError **error)
{
	const char *const *listed =
	    config_list(provider->config, provider->section, "domains");
	g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);

	for (; listed != NULL && *listed != NULL; listed++) {
		char *ascii = address_domain_to_ascii(*listed);

		if (ascii == NULL || strchr(ascii, '.') == NULL) {
			g_free(ascii);
			g_set_error(error, TRANSLATOR_ERROR, 0,
			    "%s: [%s] domains: %s is no domain; domains of "
			    "senders are expected, like example.com, "
			    "example.org",
			    config_origin(
				provider->config, provider->section, "domains"),
			    provider->section, *listed);
			return false;
		}
		g_ptr_array_add(domains, ascii);
	}
	if (domains->len == 0)
		return true;
	g_ptr_array_add(domains, NULL);
	provider->domains =
	    (char **)g_ptr_array_free(g_steal_pointer(&domains), FALSE);
	return true;
}

bool
domains_check(const struct provider *provider, const struct delivery *delivery,
    GError **error)
{
	g_autofree char *domain = delivery_from_domain(delivery);
	g_autofree char *list = NULL;

	if (provider_domain(provider, domain) != NULL)
		return true;
	list = g_strjoinv(", ", provider->domains);
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "provider %s carries mail from %s only, and From is of %s; add "
	    "the domain to `domains` of [%s], or send it by another provider",
	    provider->name, list,
	    *domain != '\0' ? domain : "no domain that can be read",
	    provider->section);
	return false;
}
