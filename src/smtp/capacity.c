/* SPDX-License-Identifier: MIT */
#include "smtp/capacity.h"

#include "core/log.h"
#include <glib.h>
#include <sys/resource.h>

/* Of one client: its socket, and its mail. */
#define FILES_EACH 2
/* Of all else: the queue, providers, upstream servers, libraries. */
#define FILES_OTHER 256

unsigned
capacity_fit(unsigned wanted, uint64_t files)
{
	uint64_t most =
	    files > FILES_OTHER ? (files - FILES_OTHER) / FILES_EACH : 0;

	return (unsigned)CLAMP(most, 1, wanted);
}

uint64_t
capacity_files(unsigned connections)
{
	return (uint64_t)connections * FILES_EACH + FILES_OTHER;
}

unsigned
capacity_find(unsigned wanted)
{
	struct rlimit files;
	unsigned most;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur == RLIM_INFINITY)
		return wanted;
	most = capacity_fit(wanted, files.rlim_cur);
	if (most < wanted)
		log_warn("connections lowered to what the limit of open files "
			 "allows",
		    log_num("connections", most), log_num("wanted", wanted),
		    log_num("files", (int64_t)files.rlim_cur),
		    log_num("files_needed", (int64_t)capacity_files(wanted)),
		    log_str("advice",
			"raise the limit (LimitNOFILE= of the unit, ulimit "
			"-n), or lower `connections` in [server]"));
	return most;
}
