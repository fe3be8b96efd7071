/* SPDX-License-Identifier: MIT */
#include "sweep.h"

#include "mail/id.h"
#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

/* Files of one step. */
#define SLICE 100

struct sweep {
	DIR *directory;
	sweep_needs_fn needs;
	void *object;
	unsigned count;
};

struct sweep *
sweep_new(const char *directory, sweep_needs_fn needs, void *object)
{
	DIR *opened = opendir(directory);
	struct sweep *sweep;

	if (opened == NULL)
		return NULL;
	sweep = g_new0(struct sweep, 1);
	sweep->directory = opened;
	sweep->needs = needs;
	sweep->object = object;
	return sweep;
}

void
sweep_free(struct sweep *sweep)
{
	if (sweep == NULL)
		return;
	closedir(sweep->directory);
	g_free(sweep);
}

/* The id of "ID" and of "ID.new", a copy that was not finished. */
static bool
read_id(const char *name, char id[static ID_LENGTH + 1])
{
	size_t length = strspn(name, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");

	if (length != ID_LENGTH ||
	    (name[ID_LENGTH] != '\0' && strcmp(name + ID_LENGTH, ".new") != 0))
		return false;
	memcpy(id, name, ID_LENGTH);
	id[ID_LENGTH] = '\0';
	return true;
}

static void
look(struct sweep *sweep, const char *name)
{
	char id[ID_LENGTH + 1];

	if (read_id(name, id) && !sweep->needs(sweep->object, id) &&
	    unlinkat(dirfd(sweep->directory), name, 0) == 0)
		sweep->count++;
}

bool
sweep_step(struct sweep *sweep)
{
	for (unsigned i = 0; i < SLICE; i++) {
		const struct dirent *entry = readdir(sweep->directory);

		if (entry == NULL)
			return false;
		look(sweep, entry->d_name);
	}
	return true;
}

unsigned
sweep_count(const struct sweep *sweep)
{
	return sweep->count;
}
