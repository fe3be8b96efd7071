/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "alarm.h"
#include "confine/confine.h"
#include "confine/privileges.h"
#include "dispatch/dispatcher.h"
#include "ferry.h"
#include "smtp/server.h"
#include "smtp/users.h"
#include "status.h"
#include "status/handin.h"
#include "store.h"
#include <string.h>
#include <unistd.h>

/* The variables that sidecars are given, and what they stand for. */
static const struct {
	const char *variable;
	const char *stands_for;
	const char *type; /* what the section's _TYPE is then */
	const char *type_variable;
} usual[] = {
	{ "MAILGUN_API_KEY", "POSTFERRY_PROVIDER_MAILGUN_API_KEY", "mailgun",
	    "POSTFERRY_PROVIDER_MAILGUN_TYPE" },
	{ "MAILGUN_API_KEY_FILE", "POSTFERRY_PROVIDER_MAILGUN_API_KEY_FILE",
	    "mailgun", "POSTFERRY_PROVIDER_MAILGUN_TYPE" },
	{ "MAILGUN_DOMAIN", "POSTFERRY_PROVIDER_MAILGUN_DOMAIN", "mailgun",
	    "POSTFERRY_PROVIDER_MAILGUN_TYPE" },
	{ "MAILGUN_REGION", "POSTFERRY_PROVIDER_MAILGUN_REGION", "mailgun",
	    "POSTFERRY_PROVIDER_MAILGUN_TYPE" },
	{ "MANDRILL_API_KEY", "POSTFERRY_PROVIDER_MANDRILL_API_KEY", "mandrill",
	    "POSTFERRY_PROVIDER_MANDRILL_TYPE" },
	{ "MANDRILL_API_KEY_FILE", "POSTFERRY_PROVIDER_MANDRILL_API_KEY_FILE",
	    "mandrill", "POSTFERRY_PROVIDER_MANDRILL_TYPE" },
	{ "SMTP_HOST", "POSTFERRY_PROVIDER_UPSTREAM_HOST", "smtp",
	    "POSTFERRY_PROVIDER_UPSTREAM_TYPE" },
	{ "SMTP_PORT", "POSTFERRY_PROVIDER_UPSTREAM_PORT", "smtp",
	    "POSTFERRY_PROVIDER_UPSTREAM_TYPE" },
	{ "SMTP_USERNAME", "POSTFERRY_PROVIDER_UPSTREAM_USERNAME", "smtp",
	    "POSTFERRY_PROVIDER_UPSTREAM_TYPE" },
	{ "SMTP_PASSWORD", "POSTFERRY_PROVIDER_UPSTREAM_PASSWORD", "smtp",
	    "POSTFERRY_PROVIDER_UPSTREAM_TYPE" },
	{ "SMTP_PASSWORD_FILE", "POSTFERRY_PROVIDER_UPSTREAM_PASSWORD_FILE",
	    "smtp", "POSTFERRY_PROVIDER_UPSTREAM_TYPE" },
};

#define SIDECAR_ADDRESS_VARIABLE "POSTFERRY_LISTENER_LOCAL_ADDRESS"
#define SIDECAR_ADDRESS          "127.0.0.1:2525"

/* Without a disk that is named, a mail is its client's until a provider has
 * it. */
#define STATE_DIR_VARIABLE      "POSTFERRY_SERVER_STATE_DIR"
#define SIDECAR_ANSWER_VARIABLE "POSTFERRY_SERVER_ANSWER"

void
settings_collect(struct settings *settings)
{
	unsigned n = 0;

	settings->tables[n++] = ferry_settings;
	settings->tables[n++] = privileges_settings;
	settings->tables[n++] = confine_settings;
	for (unsigned i = 0; server_tables[i] != NULL; i++)
		settings->tables[n++] = server_tables[i];
	settings->tables[n++] = store_settings;
	settings->tables[n++] = status_http_settings;
	settings->tables[n++] = handin_settings;
	settings->tables[n++] = bell_settings;
	settings->tables[n++] = dispatcher_settings;
	settings->tables[n++] = route_settings;
	settings->tables[n++] = provider_settings;
	for (unsigned i = 0; registry[i] != NULL; i++) {
		g_assert(n + 1 < G_N_ELEMENTS(settings->tables));
		if (registry[i]->settings != NULL)
			settings->tables[n++] = registry[i]->settings;
	}
	settings->tables[n] = NULL;
}

/* NULL, too, when it is empty: that counts as not set, as config_read() has it.
 */
static const char *
find_variable(char *const *environment, const char *variable)
{
	const char *value = g_environ_getenv((char **)environment, variable);

	return value != NULL && *value != '\0' ? value : NULL;
}

static void
set_unless_set(GStrvBuilder *builder, char *const *environment,
    const char *variable, const char *value)
{
	if (find_variable(environment, variable) != NULL)
		return;
	g_autofree char *line = g_strdup_printf("%s=%s", variable, value);
	g_strv_builder_add(builder, line);
}

/* True when a usual variable of the type is set. */
static bool
is_type_wanted(char *const *environment, const char *type)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(usual); i++)
		if (strcmp(usual[i].type, type) == 0 &&
		    find_variable(environment, usual[i].variable) != NULL)
			return true;
	return false;
}

/* The environment with what the usual variables stand for added.  The type of
 * a section comes behind the rest: an error of the whole section names the
 * first of its variables, and that is then one the user set. */
static char **
translate_usual(char *const *environment)
{
	GStrvBuilder *builder = g_strv_builder_new();

	g_strv_builder_addv(builder, (const char **)environment);
	for (unsigned i = 0; i < G_N_ELEMENTS(usual); i++) {
		const char *value =
		    find_variable(environment, usual[i].variable);
		bool last = i + 1 == G_N_ELEMENTS(usual) ||
			    strcmp(usual[i].type, usual[i + 1].type) != 0;

		if (value != NULL)
			set_unless_set(
			    builder, environment, usual[i].stands_for, value);
		if (last && is_type_wanted(environment, usual[i].type))
			set_unless_set(builder, environment,
			    usual[i].type_variable, usual[i].type);
	}
	set_unless_set(
	    builder, environment, SIDECAR_ADDRESS_VARIABLE, SIDECAR_ADDRESS);
	if (find_variable(environment, STATE_DIR_VARIABLE) == NULL)
		set_unless_set(
		    builder, environment, SIDECAR_ANSWER_VARIABLE, "delivered");
	char **result = g_strv_builder_end(builder);
	g_strv_builder_unref(builder);
	return result;
}

static char *
replace_all(char *text, const char *from, const char *to)
{
	GString *string = g_string_new(text);

	g_free(text);
	g_string_replace(string, from, to, 0);
	return g_string_free(string, FALSE);
}

/* Errors name the variable that the user set or may set, not what it stands
 * for, nor the type that comes of itself.  From the last row on, so that _FILE
 * is seen before what it begins with. */
static void
name_usual(GPtrArray *errors, char *const *environment)
{
	for (unsigned e = 0; e < errors->len; e++)
		for (unsigned i = G_N_ELEMENTS(usual); i-- > 0;) {
			if (find_variable(environment, usual[i].stands_for))
				continue;
			errors->pdata[e] = replace_all(errors->pdata[e],
			    usual[i].stands_for, usual[i].variable);
		}
}

const char *
settings_find(const char *path)
{
	if (path == NULL && access(SETTINGS_PATH, F_OK) == 0)
		return SETTINGS_PATH;
	return path;
}

char *
settings_ignored(const char *path, char *const *environment)
{
	GString *names = g_string_new(NULL);
	g_autofree char *text = NULL;

	if (path != NULL && g_file_get_contents(path, &text, NULL, NULL))
		for (unsigned i = 0; i < G_N_ELEMENTS(usual); i++) {
			g_autofree char *used =
			    g_strconcat("${", usual[i].variable, "}", NULL);

			if (find_variable(environment, usual[i].variable) &&
			    strstr(text, used) == NULL)
				g_string_append_printf(names, "%s%s",
				    names->len > 0 ? ", " : "",
				    usual[i].variable);
		}
	return g_string_free(names, names->len == 0);
}

/* What is wrong with `user` of a route; NULL: nothing.  users NULL: whom there
 * is cannot be known here.  Users come and go while we serve, so one of those
 * named is enough.  New string. */
static char *
find_user_fault(const struct users *users, const char *const *names)
{
	bool found = users == NULL;

	for (unsigned i = 0; names[i] != NULL; i++)
		if (!users_is_name(names[i]))
			return g_strdup_printf(
			    "\"%s\" cannot be the name of a user; names are "
			    "expected, separated by commas",
			    names[i]);
		else
			found = found || users_find(users, names[i]) != NULL;
	if (found)
		return NULL;
	return g_strdup_printf("nothing goes by it, for there is no user "
			       "\"%s\": `postferry user list` shows those "
			       "there are, `postferry user add %s` makes one",
	    names[0], names[0]);
}

static void
check_route_users(const struct config *config, const struct users *users,
    const char *section, GPtrArray *errors)
{
	const char *const *names = config_list(config, section, "user");
	bool none = names != NULL && !config_is_set(config, "server", "users");
	g_autofree char *fault =
	    names == NULL || none ? NULL : find_user_fault(users, names);

	if (none)
		fault = g_strdup("nothing goes by it, for there are no users: "
				 "set `users` in [server], or leave the "
				 "condition out");
	if (fault != NULL)
		g_ptr_array_add(
		    errors, g_strdup_printf("%s: [%s] user: %s",
				config_origin(config, section, "user"), section,
				fault));
}

/* Mail has a user only where users log in. */
static void
check_users(const struct config *config, GPtrArray *errors)
{
	const char *const *name = config_names(config, "route");
	const char *path = config_string(config, "server", "users");
	/* what is wrong with the file is told elsewhere */
	struct users *users = path != NULL ? users_read(path, NULL) : NULL;

	for (; *name != NULL; name++) {
		g_autofree char *section = g_strconcat("route ", *name, NULL);

		check_route_users(config, users, section, errors);
	}
	users_free(users);
}

/* Values by themselves were read; now all of it together, as far as it can be
 * read. */
static bool
check(struct config *config, const struct config_source *source,
    GPtrArray *errors)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	bool fits = true;

	if (source->only == NULL) {
		check_users(config, found);
		fits = ferry_check(config, found) && found->len == 0;
	}
	config_drop_told(config, found);
	while (found->len > 0)
		g_ptr_array_add(errors, g_ptr_array_steal_index(found, 0));
	config_sort_errors(errors);
	return fits && !config_is_faulty(config);
}

/* What the daemon has is read by the daemon; where it is must be known. */
static bool
is_enough(const struct config *config)
{
	return config_is_set(config, "server", "state_dir") &&
	       config_string(config, "server", "state_dir") != NULL;
}

static struct config *
load(const struct settings *settings, const struct config_source *given,
    bool tolerant, GPtrArray *errors)
{
	struct config_source source = *given;
	g_auto(GStrv) translated = NULL;

	if (source.path == NULL) {
		translated = translate_usual(given->environment);
		source.environment = translated;
	}
	struct config *config =
	    config_read_on(&source, settings->tables, errors);
	if (config != NULL && !check(config, &source, errors) &&
	    !(tolerant && is_enough(config)))
		g_clear_pointer(&config, config_unref);
	if (source.path == NULL)
		name_usual(errors, given->environment);
	return config;
}

struct config *
settings_load(const struct settings *settings, const char *path,
    char *const *environment, GPtrArray *errors)
{
	struct config_source source = { .path = settings_find(path),
		.environment = environment };

	return load(settings, &source, false, errors);
}

struct config *
settings_load_again(const struct settings *settings, const char *path,
    const struct config *again, GPtrArray *errors)
{
	struct config_source source = { .path = settings_find(path),
		.environment = environ,
		.again = again };

	return load(settings, &source, false, errors);
}

struct config *
settings_load_server(const struct settings *settings, const char *path,
    char *const *environment, GPtrArray *errors)
{
	struct config_source source = { .path = settings_find(path),
		.environment = environment,
		.only = "server" };

	return load(settings, &source, false, errors);
}

struct config *
settings_load_asking(const struct settings *settings, const char *path,
    char *const *environment, GPtrArray *errors)
{
	struct config_source source = { .path = settings_find(path),
		.environment = environment,
		.only = "server" };

	return load(settings, &source, true, errors);
}
