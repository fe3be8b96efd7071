/* SPDX-License-Identifier: MIT */
#include "sweep.h"

#include "body.h"
#include "world.h"
#include <errno.h>

/* What lies in bodies/, and whether it is still there afterwards.  Rows refer
 * to N, nothing else. */
static const struct {
	const char *name;
	bool stays;
} files[] = {
	{ "0000000000000000000000000A", false },
	{ "0000000000000000000000000N", true },
	{ "0000000000000000000000000B.new", false },
	{ "0000000000000000000000000N.new", true },
	{ "0000000000000000000000000A.old", true },
	{ "0000000000000000000000000", true },
	{ "000000000000000000000000000A", true },
	{ "0000000000000000000000000a", true },
	{ "README", true },
};

static void
make_file(const struct world *world, const char *name)
{
	g_autofree char *path =
	    g_build_filename(world->directory, "bodies", name, NULL);

	assert_true(g_file_set_contents(path, "x", 1, NULL));
}

static bool
has_body(const struct world *world, const char *name)
{
	g_autofree char *path = g_build_filename("bodies", name, NULL);

	return world_has_file(world, path);
}

static void
make_bodies(const struct world *world)
{
	g_autofree char *bodies = world_path(world, "bodies");

	assert_int_equal(mkdir(bodies, 0700), 0);
}

static void
test_files(void **state)
{
	struct world *world = world_new("");

	(void)state;
	make_bodies(world);
	world->fake.needed = "N";
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		make_file(world, files[i].name);
	world_open(world);
	while (has_body(world, "0000000000000000000000000A") ||
	       has_body(world, "0000000000000000000000000B.new"))
		world_settle(world);
	world_close(world);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		if (has_body(world, files[i].name) != files[i].stays)
			fail_msg("%s", files[i].name);
	world_free(world);
}

static void
test_offline(void **state)
{
	struct world *world = world_new("");

	(void)state;
	make_bodies(world);
	make_file(world, "0000000000000000000000000A");
	world->offline = true;
	world_open(world);
	world_settle(world);
	assert_null(world->store->sweep);
	world_close(world);
	assert_true(has_body(world, "0000000000000000000000000A"));
	world_free(world);
}

static bool
on_needed(void *object, const char *id)
{
	const struct world *world = object;

	return body_is_under_way(world->store->bodies, id) ||
	       strchr("N", fake_letter(id)) != NULL;
}

/* A body is not swept between its keeping and its commit. */
static void
test_under_way(void **state)
{
	struct world *world = world_start("INLINE_MAX=0");
	g_autofree char *bodies = world_path(world, "bodies");
	struct sweep *sweep = sweep_new(bodies, on_needed, world);

	(void)state;
	fake_hold(&world->fake, true);
	world_accept(world, 'A');
	fake_await(&world->fake, "at-commit");
	/* the store stands still, so its thread's things may be looked at */
	while (sweep_step(sweep))
		;
	assert_true(has_body(world, "0000000000000000000000000A"));
	assert_int_equal(sweep_count(sweep), 0);
	sweep_free(sweep);
	fake_hold(&world->fake, false);
	fake_await(&world->fake, "onward A");
	world_settle(world);
	assert_false(body_is_under_way(
	    world->store->bodies, "0000000000000000000000000A"));
	world_free(world);
}

static void
test_slices(void **state)
{
	struct world *world = world_new("");
	g_autofree char *bodies = world_path(world, "bodies");
	struct sweep *sweep;
	unsigned steps = 1;

	(void)state;
	world->offline = true; /* no other sweep */
	world_open(world);
	for (unsigned i = 0; i < 250; i++) {
		g_autofree char *name = g_strdup_printf("%026u", i);

		make_file(world, name);
	}
	sweep = sweep_new(bodies, on_needed, world);
	while (sweep_step(sweep)) {
		assert_true(sweep_count(sweep) <= steps * 100);
		steps++;
	}
	assert_int_equal(sweep_count(sweep), 250);
	assert_true(steps >= 3);
	sweep_free(sweep);
	assert_null(sweep_new("/nonexistent", on_needed, world));
	sweep_free(NULL);
	world_free(world);
}

/* What an errno of keeping a body means. */
static const struct {
	int wrong;
	enum body_fault fault;
} faults[] = {
	{ ENOSPC, BODY_FULL },
	{ EDQUOT, BODY_FULL },
	{ EMFILE, BODY_BUSY },
	{ ENFILE, BODY_BUSY },
	{ ENOMEM, BODY_BUSY },
	{ EFBIG, BODY_BUSY },
	{ EACCES, BODY_BUSY },
	{ EPERM, BODY_BUSY },
	{ ENOENT, BODY_BUSY },
	{ ENOTDIR, BODY_BUSY },
	{ EROFS, BODY_BUSY },
	{ EIO, BODY_FATAL },
	{ EBADMSG, BODY_FATAL },
};

static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
		assert_int_equal(body_fault(faults[i].wrong), faults[i].fault);
}

/* What is at bodies/ when the store opens. */
static const struct {
	const char *name;
	bool file;
	mode_t mode;      /* of a directory; 0: there is none */
	const char *said; /* NULL: it opens */
} places[] = {
	{ "nothing", .said = NULL },
	{ "a directory", .mode = 0700 },
	{ "not to be read", .mode = 0300, .said = "may write" },
	{ "not to be written", .mode = 0500, .said = "may write" },
	{ "not to be entered", .mode = 0600, .said = "may write" },
	{ "a file", .file = true, .said = "a directory is expected" },
};

/* Root may do everything, so it is someone else meanwhile. */
static struct bodies *
open_as_other(const char *directory, GError **error)
{
	struct bodies *bodies;
	bool root = geteuid() == 0;

	if (root) {
		assert_int_equal(chown(directory, 65534, (gid_t)-1), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	bodies = body_open(directory, NULL, true, error);
	if (root)
		assert_int_equal(seteuid(0), 0);
	return bodies;
}

static void
test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		struct world *world = world_new("");
		g_autofree char *path = world_path(world, "bodies");
		g_autoptr(GError) error = NULL;
		struct bodies *bodies;

		if (places[i].mode != 0)
			assert_int_equal(mkdir(path, places[i].mode), 0);
		if (places[i].mode != 0 && geteuid() == 0)
			assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
		if (places[i].file)
			assert_true(g_file_set_contents(path, "x", 1, NULL));
		bodies = open_as_other(world->directory, &error);
		if ((bodies == NULL) != (places[i].said != NULL))
			fail_msg("%s", places[i].name);
		if (bodies == NULL) {
			assert_non_null(strstr(error->message, path));
			assert_non_null(strstr(error->message, places[i].said));
		}
		body_free(bodies);
		chmod(path, 0700);
		if (places[i].file)
			unlink(path);
		world_free(world);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
