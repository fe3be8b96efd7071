/* SPDX-License-Identifier: MIT */
#include "core/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define M (UINT64_C(1) << 20)

#define V2 "/sys/fs/cgroup"
#define V1 "/sys/fs/cgroup/memory"

/* What /proc/self/cgroup says, and the limits ("FILE=TEXT") that are there;
 * 0: that of the machine. */
static const struct {
	const char *name, *groups, *limits[4];
	uint64_t memory;
} rows[] = {
	{ "no groups", NULL, { NULL }, 0 },
	{ "none known", "", { NULL }, 0 },
	{ "a limit", "0::/a\n", { V2 "/a/memory.max=67108864\n" }, 64 * M },
	{ "no limit", "0::/a\n", { V2 "/a/memory.max=max\n" }, 0 },
	{ "one above is less", "0::/a/b\n",
	    { V2 "/a/memory.max=33554432\n", V2 "/a/b/memory.max=67108864\n" },
	    32 * M },
	{ "one above is more", "0::/a/b\n",
	    { V2 "/a/memory.max=67108864\n", V2 "/a/b/memory.max=33554432\n" },
	    32 * M },
	{ "in a container", "0::/\n", { V2 "/memory.max=67108864\n" }, 64 * M },
	{ "another tree than it says", "0::/../../x\n",
	    { V2 "/memory.max=67108864\n" }, 64 * M },
	{ "version 1", "5:cpu,cpuacct:/a\n4:memory:/a\n0::/b\n",
	    { V1 "/a/memory.limit_in_bytes=67108864\n",
		V2 "/cpu/a/memory.limit_in_bytes=1048576\n" },
	    64 * M },
	{ "version 1, with others", "4:hugetlb,memory:/a\n",
	    { V1 "/a/memory.limit_in_bytes=67108864\n" }, 64 * M },
	{ "version 1 without a limit", "4:memory:/a\n",
	    { V1 "/a/memory.limit_in_bytes=9223372036854771712\n" }, 0 },
	{ "no number", "0::/a\n", { V2 "/a/memory.max=64M\n" }, 0 },
	{ "empty", "0::/a\n", { V2 "/a/memory.max=" }, 0 },
	{ "none at all is none", "0::/a\n", { V2 "/a/memory.max=0\n" }, 0 },
	{ "a line of another time", "cgroup\n", { NULL }, 0 },
};

static void
write_file(const char *root, const char *file, const char *text)
{
	g_autofree char *path = g_build_filename(root, file, NULL);
	g_autofree char *folder = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
remove_tree(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *below = g_build_filename(path, name, NULL);

		remove_tree(below);
	}
	if (dir != NULL)
		g_dir_close(dir);
	g_remove(path);
}

static void
test_rows(void **state)
{
	uint64_t machine = cgroup_memory("/nonexistent");

	(void)state;
	assert_true(machine > 64 * M);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *root = g_dir_make_tmp("cgroup-XXXXXX", NULL);
		uint64_t memory;

		if (rows[i].groups != NULL)
			write_file(root, "proc/self/cgroup", rows[i].groups);
		for (unsigned n = 0; n < G_N_ELEMENTS(rows[i].limits) &&
				     rows[i].limits[n] != NULL;
		     n++) {
			g_auto(GStrv) limit =
			    g_strsplit(rows[i].limits[n], "=", 2);

			write_file(root, limit[0], limit[1]);
		}
		memory = cgroup_memory(root);
		remove_tree(root);
		if (memory != (rows[i].memory ? rows[i].memory : machine))
			fail_msg(
			    "%s: %" G_GUINT64_FORMAT, rows[i].name, memory);
	}
}

/* Ours, whatever it is. */
static void
test_own(void **state)
{
	(void)state;
	assert_in_range(cgroup_memory("/"), 1, cgroup_memory("/nonexistent"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
