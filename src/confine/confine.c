/* SPDX-License-Identifier: MIT */
#include "confine/confine.h"

#include "core/log.h"
#include "fence.h"
#include "filter.h"
#include "modules.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct setting confine_settings[] = {
	{ "server", "confine", SETTING_BOOL, "yes",
	    .help = "Serve without the right to execute programs, to open "
		    "files that the settings do not name, to dump memory "
		    "(seccomp, Landlock, as far as the kernel has them); no: "
		    "for debuggers." },
	{ .section = NULL },
};

/* What libraries read while we serve.  Directories, not files: what is written
 * anew (resolv.conf) is another file. */
static const struct {
	const char *path;
	enum fence_right right;
} places[] = {
	{ "/etc", FENCE_READ }, /* names, addresses, certificates, zones */
	{ "/usr", FENCE_READ }, /* NSS modules, gconv, certificates */
	{ "/lib", FENCE_READ },
	{ "/lib32", FENCE_READ },
	{ "/lib64", FENCE_READ },
	{ "/nix/store", FENCE_READ },
	{ "/gnu/store", FENCE_READ },
	{ "/run/systemd/resolve", FENCE_READ }, /* where resolv.conf leads */
	{ "/run/resolvconf", FENCE_READ },
	{ "/run/NetworkManager", FENCE_READ },
	{ "/run/nscd", FENCE_READ },
	{ "/var/lib/sss/mc", FENCE_READ },
	{ "/var/lib/ca-certificates", FENCE_READ },
	{ "/proc/self", FENCE_READ },
	{ "/proc/sys/vm/overcommit_memory", FENCE_READ }, /* malloc */
	{ "/sys/devices/system/cpu", FENCE_READ },
	{ "/dev/null", FENCE_DEVICE },
	{ "/dev/random", FENCE_READ },
	{ "/dev/urandom", FENCE_READ },
};

#ifdef SANITIZED
const char *
confine_obstacle(void)
{
	return "this build has a sanitizer, whose calls nobody lists";
}
#else
const char *
confine_obstacle(void)
{
	return NULL;
}
#endif

/* Its directory, for files are replaced and not rewritten; but never the
 * whole of the disk. */
static void
allow_around(struct fence *fence, const char *path, enum fence_right right)
{
	g_autofree char *directory = g_path_get_dirname(path);

	if (strcmp(directory, "/") != 0)
		fence_allow(fence, directory, right);
	else if (right == FENCE_READ)
		fence_allow(fence, path, right);
}

/* Where the name leads now, too: a link may point anywhere. */
static void
allow_file(struct fence *fence, const char *path)
{
	g_autofree char *real = NULL;
	char *resolved = realpath(path, NULL);

	real = g_strdup(resolved);
	free(resolved);
	allow_around(fence, path, FENCE_READ);
	if (real != NULL)
		allow_around(fence, real, FENCE_READ);
}

static void
allow_all(struct fence *fence, const struct confine_paths *paths)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
		fence_allow(fence, places[i].path, places[i].right);
	allow_file(fence, "/etc/resolv.conf");
	for (unsigned i = 0; i < paths->files->len; i++)
		allow_file(fence, paths->files->pdata[i]);
	for (unsigned i = 0; i < paths->sockets->len; i++)
		allow_around(fence, paths->sockets->pdata[i], FENCE_SOCKET);
	if (paths->state_dir != NULL)
		fence_allow(fence, paths->state_dir, FENCE_WRITE);
	if (paths->drop != NULL)
		fence_allow(fence, paths->drop, FENCE_WRITE);
}

/* "version 7", or why not. */
static char *
close_fence(const struct confine_paths *paths)
{
	struct fence *fence = fence_new();
	char *told;

	if (fence == NULL)
		return g_strdup_printf("no: %s", g_strerror(errno));
	allow_all(fence, paths);
	if (fence_close(fence))
		told = g_strdup_printf("version %d", fence_version(fence));
	else
		told = g_strdup_printf("no: %s", g_strerror(errno));
	fence_free(fence);
	return told;
}

static char *
close_filter(void)
{
	int wrong = filter_close();

	return wrong == 0 ? g_strdup("yes")
			  : g_strdup_printf("no: %s", g_strerror(wrong));
}

void
confine_apply(const struct confine_paths *paths)
{
	/* while they can be opened and mapped */
	unsigned modules = modules_load();
	/* the filter last: it lets no fence be made */
	g_autofree char *landlock = close_fence(paths);
	g_autofree char *seccomp = close_filter();

	log_info("confined: no programs, no new code, no files outside",
	    log_str("seccomp", seccomp), log_str("landlock", landlock),
	    log_num("modules", modules));
}
