/* SPDX-License-Identifier: MIT */
#include "core/cgroup.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* How the two versions name things; /proc/self/cgroup has lines
 * "number:controllers:/path", where version 2 names no controllers. */
static const struct {
	const char *controller, *folder, *file;
} versions[] = {
	{ "", "/sys/fs/cgroup", "memory.max" },
	{ "memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes" },
};

/* UINT64_MAX: none.  "max" is no number; no number of bytes has more digits. */
static uint64_t
read_limit(const char *folder, const char *file)
{
	g_autofree char *path = g_build_filename(folder, file, NULL);
	g_autofree char *text = NULL;
	uint64_t limit;

	if (!g_file_get_contents(path, &text, NULL, NULL) ||
	    !g_ascii_string_to_unsigned(
		g_strstrip(text), 10, 1, UINT64_MAX, &limit, NULL))
		return UINT64_MAX;
	return limit;
}

/* The least on the way up from this path; a container may show only its own
 * part of the tree, with a path that is not in it. */
static uint64_t
climb(unsigned version, const char *root, const char *path)
{
	g_autofree char *at = g_strdup(path);
	uint64_t least = UINT64_MAX;

	for (;;) {
		g_autofree char *folder =
		    g_build_filename(root, versions[version].folder, at, NULL);
		char *slash;

		least = MIN(least, read_limit(folder, versions[version].file));
		slash = strrchr(at, '/');
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

static bool
is_of(const char *controllers, const char *controller)
{
	g_auto(GStrv) names = g_strsplit(controllers, ",", -1);

	if (*controller == '\0')
		return *controllers == '\0';
	return g_strv_contains((const char *const *)names, controller);
}

static uint64_t
read_line(const char *root, const char *line)
{
	g_auto(GStrv) parts = g_strsplit(line, ":", 3);

	if (g_strv_length(parts) < 3)
		return UINT64_MAX;
	for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++)
		if (is_of(parts[1], versions[i].controller))
			return climb(i, root, parts[2]);
	return UINT64_MAX;
}

static uint64_t
read_cgroups(const char *root)
{
	g_autofree char *path =
	    g_build_filename(root, "proc/self/cgroup", NULL);
	g_autofree char *text = NULL;
	uint64_t least = UINT64_MAX;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return least;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++)
		least = MIN(least, read_line(root, *line));
	return least;
}

uint64_t
cgroup_memory(const char *root)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	uint64_t least = read_cgroups(root);

	if (pages > 0 && size > 0)
		least = MIN(least, (uint64_t)pages * (uint64_t)size);
	return least == UINT64_MAX ? 0 : least;
}
