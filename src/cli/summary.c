/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include "dispatch/dispatcher.h"
#include "mail/address.h"
#include "provider.h"
#include "smtp/outline.h"
#include "smtp/users.h"
#include "summary_route.h"
#include <stdio.h>
#include <string.h>

static void
print_listeners(struct config *config)
{
	const char *const *name = config_names(config, "listener");

	for (; *name != NULL; name++) {
		g_autoptr(GPtrArray) lines = outline_listener(config, *name);

		printf("  listener %s: %s\n", *name,
		    (const char *)lines->pdata[0]);
		for (unsigned i = 1; i < lines->len; i++)
			printf("    %s\n", (const char *)lines->pdata[i]);
	}
}

/* Where it is asked: its own place, or what base_url says. */
static void
print_provider(struct config *config, const char *name)
{
	struct provider *provider = provider_open(name, config, NULL);
	const struct endpoint *endpoint;

	if (provider == NULL)
		return;
	endpoint = &provider->endpoint;
	printf("  provider %s: %s, ", name, provider->translator->type);
	if (endpoint->base_url != NULL)
		printf("%s\n", endpoint->base_url);
	else
		printf("%s:%u\n", endpoint->host, endpoint->port);
	provider_unref(provider);
}

static void
print_providers(struct config *config)
{
	const char *const *name = config_names(config, "provider");

	for (; *name != NULL; name++)
		print_provider(config, *name);
}

static void
print_queue(const struct config *config)
{
	const char *directory = config_string(config, "server", "state_dir");

	printf("  queue: %s\n",
	    directory != NULL ? directory
			      : "none; mail that no provider takes at once is "
				"answered 451");
}

/* ---- bounces ---- */

/* ".example.com" means those below it. */
static bool
has_domain(char *const *patterns, const char *domain)
{
	for (; *patterns != NULL; patterns++)
		if (**patterns == '.' ? g_str_has_suffix(domain, *patterns)
				      : strcmp(domain, *patterns) == 0)
			return true;
	return false;
}

static void
add_missing(GPtrArray *missing, char *const *covered, const char *domain)
{
	char *ascii = address_domain_to_ascii(domain);

	if (ascii == NULL || has_domain(covered, ascii) ||
	    g_ptr_array_find_with_equal_func(missing, ascii, g_str_equal, NULL))
		g_free(ascii);
	else
		g_ptr_array_add(missing, ascii);
}

/* The providers' domains whose senders get none. */
static char *
list_missing(const struct config *config, char *const *covered)
{
	const char *const *name = config_names(config, "provider");
	g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);

	for (; *name != NULL; name++) {
		g_autofree char *section =
		    g_strconcat("provider ", *name, NULL);
		const char *domain = config_string(config, section, "domain");
		const char *const *domains =
		    config_list(config, section, "domains");

		if (domain != NULL && strcmp(domain, "from") != 0)
			add_missing(missing, covered, domain);
		for (; domains != NULL && *domains != NULL; domains++)
			add_missing(missing, covered, *domains);
	}
	g_ptr_array_add(missing, NULL);
	return g_strjoinv(", ", (char **)missing->pdata);
}

/* Without a queue the clients hear it all. */
static void
print_bounces(struct config *config)
{
	g_auto(GStrv) domains = dispatcher_bounce_domains(config);
	g_autofree char *list = g_strjoinv(", ", domains);
	g_autofree char *missing = list_missing(config, domains);

	if (config_string(config, "server", "state_dir") == NULL)
		return;
	if (*list == '\0')
		printf("  bounces go to nobody: set [server] bounce_domains\n");
	else
		printf("  bounces go to senders in: %s\n", list);
	if (*missing != '\0')
		printf("  warning: these senders get no bounces, though "
		       "providers carry their mail: %s; what is refused of it "
		       "is held; add them to [server] bounce_domains\n",
		    missing);
}

static void
warn_of_users(
    const struct config *config, const struct users *users, const char *section)
{
	const char *const *name = config_list(config, section, "user");

	for (; name != NULL && *name != NULL; name++)
		if (users_find(users, *name) == NULL)
			printf("  warning: [%s] user: there is no user \"%s\" "
			       "by now: `postferry user add %s` makes one\n",
			    section, *name, *name);
}

/* Those that routes name and nobody made. */
static void
print_users(const struct config *config)
{
	const char *path = config_string(config, "server", "users");
	const char *const *name = config_names(config, "route");
	struct users *users = path != NULL ? users_read(path, NULL) : NULL;

	for (; users != NULL && *name != NULL; name++) {
		g_autofree char *section = g_strconcat("route ", *name, NULL);

		warn_of_users(config, users, section);
	}
	users_free(users);
}

void
summary_print(struct config *config)
{
	print_listeners(config);
	print_queue(config);
	print_bounces(config);
	print_providers(config);
	summary_route_print(config);
	print_users(config);
}
