/* SPDX-License-Identifier: MIT */
#include "descent.h"

#include "confine/confine.h"
#include "core/log.h"
#include "core/network.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The settings that name files which are read again while we serve. */
static const struct {
	const char *kind, *key;
	bool list;
} files[] = {
	{ "server", "users", false },
	{ "listener", "tls_certificate", true },
	{ "listener", "tls_key", true },
	{ "listener", "tls_client_ca", false },
	{ "provider", "ca_file", false },
};

struct walk {
	struct config *config;
	GPtrArray *files; /* char * of the config */
	/* of one that we cannot read, for errno; NULL: nobody is told */
	void (*unreadable)(void *object, const char *setting, const char *path);
	void *object;
};

/* Now that we are who we will be.  Whatever was read as root is served until
 * it is read again, which may be in months: that is no time to find out. */
static void
on_unreadable(void *object, const char *setting, const char *path)
{
	(void)object;
	log_warn("a file could be read by root and cannot be read again",
	    log_str("file", path), log_str("why", g_strerror(errno)),
	    log_num("uid", geteuid()), log_str("setting", setting),
	    log_str("advice",
		"let the user read it (chgrp, chmod g+r, and x on the "
		"directories above), or restart postferry after each change"));
}

static void
add_file(struct walk *walk, const char *setting, const char *path)
{
	g_ptr_array_add(walk->files, (char *)path);
	if (walk->unreadable != NULL &&
	    faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0)
		walk->unreadable(walk->object, setting, path);
}

static void
take_file(
    struct walk *walk, const char *section, const char *key, const char *path)
{
	if (path != NULL)
		add_file(walk, config_origin(walk->config, section, key), path);
}

static void
take_key(struct walk *walk, const char *section, unsigned row)
{
	const char *key = files[row].key;
	const char *const *path;

	if (!files[row].list) {
		take_file(walk, section, key,
		    config_string(walk->config, section, key));
		return;
	}
	path = config_list(walk->config, section, key);
	for (; path != NULL && *path != NULL; path++)
		take_file(walk, section, key, *path);
}

static void
take_row(struct walk *walk, unsigned row)
{
	const char *const *name;

	if (strcmp(files[row].kind, "server") == 0) {
		take_key(walk, "server", row);
		return;
	}
	name = config_names(walk->config, files[row].kind);
	for (; *name != NULL; name++) {
		g_autofree char *section =
		    g_strdup_printf("%s %s", files[row].kind, *name);

		take_key(walk, section, row);
	}
}

static void
take_secrets(struct walk *walk)
{
	const char *const *path = config_secret_files(walk->config);

	for (; *path != NULL; path++)
		add_file(walk, "that of a secret", *path);
}

static void
walk_files(struct walk *walk)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++)
		take_row(walk, i);
	take_secrets(walk);
}

static GPtrArray *
list_files(const struct descent *descent, bool warn)
{
	struct walk walk = {
		.config = descent->config,
		.files = g_ptr_array_new(),
		.unreadable = warn ? on_unreadable : NULL,
	};

	walk_files(&walk);
	if (descent->settings_file != NULL)
		g_ptr_array_add(walk.files, (char *)descent->settings_file);
	return walk.files;
}

/* The Unix sockets that we listen on: their files go at the stop. */
static GPtrArray *
list_sockets(const struct config *config)
{
	const char *const *name = config_names(config, "listener");
	GPtrArray *sockets = g_ptr_array_new();

	for (; *name != NULL; name++) {
		g_autofree char *section =
		    g_strdup_printf("listener %s", *name);
		const char *address = config_string(config, section, "address");

		if (g_str_has_prefix(address, NETWORK_UNIX))
			g_ptr_array_add(
			    sockets, (char *)address + strlen(NETWORK_UNIX));
	}
	return sockets;
}

static void
confine(const struct descent *descent, GPtrArray *readable)
{
	g_autoptr(GPtrArray) sockets = list_sockets(descent->config);
	const char *obstacle = confine_obstacle();
	struct confine_paths paths = {
		.state_dir =
		    config_string(descent->config, "server", "state_dir"),
		.drop = config_string(descent->config, "server", "drop"),
		.files = readable,
		.sockets = sockets,
	};

	if (!config_bool(descent->config, "server", "confine"))
		obstacle = "the settings say confine = no";
	if (obstacle != NULL) {
		log_info("not confined", log_str("why", obstacle));
		return;
	}
	privileges_hide_memory();
	confine_apply(&paths);
}

bool
descent_end(
    const struct descent *descent, struct herald **herald, GError **error)
{
	const char *command =
	    config_string(descent->config, "server", "alarm_command");
	bool was_root = geteuid() == 0;
	g_autoptr(GPtrArray) readable = NULL;

	if (!privileges_drop(descent->privileges, error))
		return false;
	readable = list_files(descent, was_root && geteuid() != 0);
	if (command != NULL && (*herald = herald_new(command, error)) == NULL)
		return false;
	if (!privileges_seal(error))
		return false;
	log_info("rights given up",
	    log_str("user", privileges_name(descent->privileges)),
	    log_num("uid", geteuid()), log_num("gid", getegid()),
	    log_str("capabilities", "none"));
	confine(descent, readable);
	return true;
}

static void
add_text(void *texts, const char *setting, const char *path)
{
	g_ptr_array_add(texts,
	    g_strdup_printf("%s (%s): %s", path, setting, g_strerror(errno)));
}

GPtrArray *
descent_foresee(struct config *config)
{
	struct privileges *privileges = privileges_find(config, NULL);
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	struct walk walk = {
		.config = config,
		.files = g_ptr_array_new(),
		.unreadable = add_text,
		.object = texts,
	};

	if (geteuid() == 0 && privileges != NULL &&
	    !privileges_stay_root(privileges) &&
	    privileges_drop(privileges, NULL))
		walk_files(&walk);
	g_ptr_array_unref(walk.files);
	privileges_free(privileges);
	return texts;
}
