/* SPDX-License-Identifier: MIT */
#include "fence.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library knows none of it, and the headers of Debian 12 not all. */
#define SYS_CREATE_RULESET 444
#define SYS_ADD_RULE       445
#define SYS_RESTRICT_SELF  446

#define BIT(n) (UINT64_C(1) << (n))

enum {
	REFER_VERSION = 2,
	TRUNCATE_VERSION = 3,
	NET_VERSION = 4,
	IOCTL_VERSION = 5,
	SCOPE_VERSION = 6,
};

#define TRUNCATE  BIT(14)
#define IOCTL_DEV BIT(15)
#define BIND_TCP  BIT(0)
/* Abstract Unix sockets, and signals to those outside. */
#define SCOPES (BIT(0) | BIT(1))

/* struct landlock_ruleset_attr as newer kernels have it; older ones take the
 * zeros at its end. */
struct ruleset {
	uint64_t files, net, scopes;
};

struct fence {
	int version;
	int fd;
	uint64_t files; /* what is forbidden unless a rule allows it */
};

static const uint64_t file_rights = LANDLOCK_ACCESS_FS_WRITE_FILE |
				    LANDLOCK_ACCESS_FS_READ_FILE | TRUNCATE |
				    IOCTL_DEV;

static const uint64_t rights[] = {
	[FENCE_READ] =
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	[FENCE_WRITE] =
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
	    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
	    LANDLOCK_ACCESS_FS_REFER | TRUNCATE,
	[FENCE_SOCKET] =
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE,
	[FENCE_DEVICE] =
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
};

static uint64_t
list_files(int version)
{
	uint64_t files = BIT(13) - 1; /* of version 1 */

	if (version >= REFER_VERSION)
		files |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= TRUNCATE_VERSION)
		files |= TRUNCATE;
	if (version >= IOCTL_VERSION)
		files |= IOCTL_DEV;
	return files;
}

struct fence *
fence_new(void)
{
	int version = (int)syscall(SYS_CREATE_RULESET, NULL, (size_t)0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset ruleset = { .files = list_files(version) };
	struct fence *fence;
	int fd;

	if (version < 1)
		return NULL;
	/* the addresses we listen on are bound before */
	if (version >= NET_VERSION)
		ruleset.net = BIND_TCP;
	if (version >= SCOPE_VERSION)
		ruleset.scopes = SCOPES;
	fd = (int)syscall(SYS_CREATE_RULESET, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return NULL;
	fence = g_new0(struct fence, 1);
	fence->version = version;
	fence->fd = fd;
	fence->files = ruleset.files;
	return fence;
}

void
fence_allow(struct fence *fence, const char *path, enum fence_right right)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights[right] & fence->files,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat status;

	if (rule.parent_fd < 0)
		return;
	/* a rule for a file may not speak of directories */
	if (fstat(rule.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.allowed_access &= file_rights;
	syscall(SYS_ADD_RULE, fence->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

bool
fence_close(struct fence *fence)
{
	return syscall(SYS_RESTRICT_SELF, fence->fd, 0) == 0;
}

int
fence_version(const struct fence *fence)
{
	return fence->version;
}

void
fence_free(struct fence *fence)
{
	if (fence == NULL)
		return;
	close(fence->fd);
	g_free(fence);
}
