/* SPDX-License-Identifier: MIT */
#include "store/medium.h"

#include "core/log.h"
#include <linux/magic.h>
#include <sys/vfs.h>

/* Not in every linux/magic.h. */
#define MAGIC_FUSE 0x65735546L
#define MAGIC_CIFS 0xff534d42L

#define MEMORY                                                   \
	"it is memory: what is queued is lost when the machine " \
	"stops; set state_dir to a directory on a disk"
#define LAYERED                                                           \
	"it is a container's own layer: what is queued is lost with the " \
	"container; mount a volume there"
#define REMOTE                                                              \
	"it is another machine's: a sync is only as true as that machine, " \
	"and locks may fail; set state_dir to a local disk"
#define FOREIGN                                                            \
	"a program keeps it: a sync is only as true as that program; set " \
	"state_dir to a local disk"

static const struct {
	long type;
	const char *doubt;
} rows[] = {
	{ TMPFS_MAGIC, MEMORY },
	{ RAMFS_MAGIC, MEMORY },
	{ OVERLAYFS_SUPER_MAGIC, LAYERED },
	{ NFS_SUPER_MAGIC, REMOTE },
	{ SMB_SUPER_MAGIC, REMOTE },
	{ MAGIC_CIFS, REMOTE },
	{ MAGIC_FUSE, FOREIGN },
};

const char *
medium_doubt(long type)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return rows[i].doubt;
	return NULL;
}

const char *
medium_doubt_of(const char *directory)
{
	struct statfs is;

	return statfs(directory, &is) == 0 ? medium_doubt((long)is.f_type)
					   : NULL;
}

void
medium_warn(const char *directory)
{
	const char *doubt = medium_doubt_of(directory);

	if (doubt != NULL)
		log_warn("the queue's directory may not keep what was promised",
		    log_str("directory", directory), log_str("why", doubt));
}
