/* SPDX-License-Identifier: MIT */
/*
 * A process that is confined as the daemon is, and tries what it may not do.
 * Each row runs in a child of its own, for there is no way back.
 */
#include "confine/confine.h"

#include "core/log.h"
#include "fence.h"
#include "filter.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <iconv.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* state is what may be written; outside is beside it. */
struct place {
	char *folder;
	const char *state, *outside, *read;
	GPtrArray *paths; /* char * */
};

static struct place place;

/* 0, or the errno. */
static int
read_errno(long result)
{
	return result < 0 ? errno : 0;
}

static int
try_open(const char *path, int flags)
{
	return read_errno(open(path, flags | O_CLOEXEC, 0600));
}

/* The path; it lasts as long as the place. */
static const char *
in(const char *folder, const char *name)
{
	char *path = g_build_filename(folder, name, NULL);

	g_ptr_array_add(place.paths, path);
	return path;
}

/* ---- files ---- */

static int
write_state(void)
{
	return try_open(in(place.state, "queue"), O_RDWR | O_CREAT | O_TRUNC);
}

static int
move_state(void)
{
	int fd = open(in(place.state, "a"), O_WRONLY | O_CREAT, 0600);

	return read_errno(fd) != 0 ? EBADF
				   : read_errno(rename(in(place.state, "a"),
					 in(place.state, "b")));
}

static int
name_spool(void)
{
	int fd = open(place.state, O_TMPFILE | O_RDWR, 0600);
	char self[32];

	g_snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return read_errno(linkat(AT_FDCWD, self, AT_FDCWD,
	    in(place.state, "spool"), AT_SYMLINK_FOLLOW));
}

static int
read_settings(void)
{
	return try_open(place.read, O_RDONLY);
}

static int
write_settings(void)
{
	return try_open(place.read, O_WRONLY);
}

/* As an administrator replaces a certificate. */
static int
read_new_settings(void)
{
	return try_open(in(place.folder, "conf/new"), O_RDONLY);
}

static int
read_names(void)
{
	return try_open("/etc/nsswitch.conf", O_RDONLY);
}

static int
write_etc(void)
{
	return try_open("/etc/postferry-test", O_WRONLY | O_CREAT);
}

static int
read_outside(void)
{
	return try_open(in(place.outside, "file"), O_RDONLY);
}

static int
write_outside(void)
{
	return try_open(in(place.outside, "new"), O_WRONLY | O_CREAT);
}

static int
list_outside(void)
{
	return try_open(place.outside, O_RDONLY | O_DIRECTORY);
}

static int
remove_outside(void)
{
	return read_errno(unlink(in(place.outside, "file")));
}

static int
move_outside(void)
{
	write_state();
	return read_errno(
	    rename(in(place.state, "queue"), in(place.outside, "queue")));
}

static int
read_other_process(void)
{
	return try_open("/proc/1/status", O_RDONLY);
}

static int
make_device(void)
{
	return read_errno(
	    mknod(in(place.state, "disk"), S_IFBLK | 0600, 0x801));
}

static int
link_out(void)
{
	return read_errno(symlink("/etc/shadow", in(place.state, "link")));
}

/* ---- programs and processes ---- */

static int
execute(void)
{
	char *const words[] = { (char *)"true", NULL };

	return read_errno(execv("/bin/true", words));
}

static int
execute_memory(void)
{
	char *const words[] = { (char *)"true", NULL };
	int fd = (int)syscall(SYS_memfd_create, "x", 0);

	return read_errno(
	    syscall(SYS_execveat, fd, "", words, words, AT_EMPTY_PATH));
}

static int
make_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return read_errno(pid);
}

static int
vfork_process(void)
{
	return read_errno(
	    syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0));
}

static void *
on_thread(void *object)
{
	*(int *)object = 0;
	return NULL;
}

static int
make_thread(void)
{
	int result = EAGAIN;
	pthread_t thread;

	if (pthread_create(&thread, NULL, on_thread, &result) == 0)
		pthread_join(thread, NULL);
	return result;
}

static int
make_namespace(void)
{
	return read_errno(unshare(CLONE_NEWUSER));
}

static int
trace(void)
{
	return read_errno(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int
read_memory(void)
{
	return read_errno(
	    syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int
kill_other(void)
{
	return read_errno(kill(getppid(), 0));
}

static int
kill_self(void)
{
	return read_errno(kill(getpid(), 0));
}

static int
limit_other(void)
{
	struct rlimit none = { 0, 0 };

	return read_errno(setrlimit(RLIMIT_NOFILE, &none));
}

/* ---- the kernel ---- */

#define CALL(name, ...)                                  \
	static int name(void)                            \
	{                                                \
		return read_errno(syscall(__VA_ARGS__)); \
	}

CALL(mount_disk, SYS_mount, "none", place.state, "tmpfs", 0, NULL)
CALL(load_program, SYS_bpf, 0, NULL, 0)
CALL(read_keys, SYS_keyctl, 0, 0, 0, 0, 0)
CALL(change_root, SYS_chroot, place.state)
CALL(become_root, SYS_setresuid, 0, 0, 0)
CALL(load_module, SYS_init_module, NULL, 0, "")
CALL(set_clock, SYS_clock_settime, 0, NULL)
CALL(watch_faults, SYS_userfaultfd, 0)
CALL(count_events, SYS_perf_event_open, NULL, 0, 0, 0, 0)
CALL(filter_again, SYS_seccomp, 1, 0, NULL)
CALL(use_ring, 425 /* io_uring_setup */, 1, NULL)
CALL(clone_newer, 435 /* clone3 */, NULL, 0)
CALL(call_unborn, 470)

static int
map_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : 0;
}

static int
make_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return read_errno(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int
map_file(int fd)
{
	void *at = MAP_FAILED;

	if (ftruncate(fd, 4096) == 0)
		at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	return at == MAP_FAILED ? errno : 0;
}

static int
map_state(void)
{
	return map_file(open(in(place.state, "code"), O_RDWR | O_CREAT, 0700));
}

static int
map_memory(void)
{
	return map_file((int)syscall(SYS_memfd_create, "x", 0));
}

static int
map_library(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
	    open("/bin/sh", O_RDONLY | O_CLOEXEC), 0);

	return at == MAP_FAILED ? errno : 0;
}

/* ---- sockets ---- */

static int
open_socket(int family, int type, int protocol)
{
	return read_errno(socket(family, type | SOCK_CLOEXEC, protocol));
}

static int
open_inet(void)
{
	return open_socket(AF_INET6, SOCK_STREAM, 0);
}

static int
open_route(void)
{
	return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int
open_netlink(void)
{
	return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
}

static int
open_packet(void)
{
	return open_socket(AF_PACKET, SOCK_RAW, 0);
}

static int
open_crypto(void)
{
	return open_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int
bind_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return read_errno(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* ---- libraries ---- */

static int
find_host(void)
{
	struct addrinfo *found = NULL;
	int result = getaddrinfo("localhost", "25", NULL, &found);

	if (result == 0)
		freeaddrinfo(found);
	return result;
}

/* Each is a module of its own, which was not used before. */
static int
convert_text(void)
{
	static const char *const names[] = { "ISO-2022-JP", "BIG5", "EUC-KR",
		"GB18030", "KOI8-R", "SJIS", "WINDOWS-1251", "IBM037" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		iconv_t converter = iconv_open("UTF-8", names[i]);

		if (converter == (iconv_t)-1)
			return errno;
		iconv_close(converter);
	}
	return 0;
}

static void *
on_leaving(void *object)
{
	*(int *)object = 0;
	pthread_exit(NULL);
}

/* It is unwound with what is loaded for that. */
static int
leave_thread(void)
{
	int result = EAGAIN;
	pthread_t thread;

	if (pthread_create(&thread, NULL, on_leaving, &result) == 0)
		pthread_join(thread, NULL);
	return result;
}

static const struct {
	const char *name;
	int (*attempt)(void);
	int expected; /* errno */
	int version;  /* of Landlock, that keeps us from it; 0: seccomp */
} rows[] = {
	{ "write in state_dir", write_state, 0, 0 },
	{ "rename in state_dir", move_state, 0, 0 },
	{ "name a file that has none", name_spool, 0, 0 },
	{ "read the settings", read_settings, 0, 0 },
	{ "read what replaces them", read_new_settings, 0, 0 },
	{ "read /etc/nsswitch.conf", read_names, 0, 0 },
	{ "make a thread", make_thread, 0, 0 },
	{ "open a socket of the Internet", open_inet, 0, 0 },
	{ "open the list of addresses", open_route, 0, 0 },
	{ "find a host", find_host, 0, 0 },
	{ "use modules of iconv", convert_text, 0, 0 },
	{ "leave a thread", leave_thread, 0, 0 },
	{ "signal ourselves", kill_self, 0, 0 },

	{ "write the settings", write_settings, EACCES, 1 },
	{ "write in /etc", write_etc, EACCES, 1 },
	{ "read outside", read_outside, EACCES, 1 },
	{ "write outside", write_outside, EACCES, 1 },
	{ "list outside", list_outside, EACCES, 1 },
	{ "remove outside", remove_outside, EACCES, 1 },
	{ "move outside", move_outside, EACCES, 2 },
	{ "read another process", read_other_process, EACCES, 1 },
	{ "bind a port", bind_port, EACCES, 4 },

	{ "make a device", make_device, EPERM, 0 },
	{ "make a symbolic link", link_out, EPERM, 0 },
	{ "execute a program", execute, EPERM, 0 },
	{ "execute from memory", execute_memory, EPERM, 0 },
	{ "make a process", make_process, EPERM, 0 },
	{ "make a process that shares memory", vfork_process, EPERM, 0 },
	{ "make a namespace", make_namespace, EPERM, 0 },
	{ "trace another process", trace, EPERM, 0 },
	{ "read another's memory", read_memory, EPERM, 0 },
	{ "signal another process", kill_other, EPERM, 0 },
	{ "change a limit", limit_other, EPERM, 0 },
	{ "mount", mount_disk, EPERM, 0 },
	{ "load a program of the kernel", load_program, EPERM, 0 },
	{ "read the keys of the kernel", read_keys, EPERM, 0 },
	{ "change the root", change_root, EPERM, 0 },
	{ "become root", become_root, EPERM, 0 },
	{ "load a module of the kernel", load_module, EPERM, 0 },
	{ "set the clock", set_clock, EPERM, 0 },
	{ "watch faults", watch_faults, EPERM, 0 },
	{ "count events", count_events, EPERM, 0 },
	{ "another filter", filter_again, EPERM, 0 },
	{ "map code that can be written", map_code, EPERM, 0 },
	{ "make code of data", make_code, EPERM, 0 },
	{ "map code of a file of ours", map_state, EPERM, 0 },
	{ "map code of memory that is a file", map_memory, EPERM, 0 },
	{ "map code of another program", map_library, EPERM, 0 },
	{ "open a socket of the kernel", open_netlink, EPERM, 0 },
	{ "open a socket of frames", open_packet, EPERM, 0 },
	{ "open a socket of ciphers", open_crypto, EPERM, 0 },
	{ "a ring of calls", use_ring, ENOSYS, 0 },
	{ "the newer clone()", clone_newer, ENOSYS, 0 },
	{ "a call not made yet", call_unborn, ENOSYS, 0 },
};

static void
make_file(const char *folder, const char *name)
{
	assert_true(g_file_set_contents(in(folder, name), "text", 4, NULL));
}

static int
make_place(void **state)
{
	const char *conf;

	(void)state;
	place.paths = g_ptr_array_new_with_free_func(g_free);
	place.folder = g_dir_make_tmp("confine-XXXXXX", NULL);
	place.state = in(place.folder, "state");
	place.outside = in(place.folder, "outside");
	conf = in(place.folder, "conf");
	place.read = in(conf, "settings");
	g_mkdir(place.state, 0700);
	g_mkdir(place.outside, 0700);
	g_mkdir(conf, 0700);
	make_file(place.outside, "file");
	make_file(conf, "settings");
	make_file(conf, "new");
	return 0;
}

static void
remove_all(const char *path)
{
	GDir *folder = g_dir_open(path, 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
		remove_all(in(path, name));
	}
	g_clear_pointer(&folder, g_dir_close);
	g_remove(path);
}

static int
remove_place(void **state)
{
	(void)state;
	remove_all(place.folder);
	g_free(place.folder);
	g_ptr_array_unref(place.paths);
	return 0;
}

static void
confine(void)
{
	struct log_options quiet = { .level = LOG_LEVEL_ERROR };
	GPtrArray *files = g_ptr_array_new();
	struct confine_paths paths = {
		.state_dir = place.state,
		.files = files,
		.sockets = g_ptr_array_new(),
	};

	g_ptr_array_add(files, (char *)place.read);
	log_prepare(&quiet);
	confine_apply(&paths);
}

/* What the attempt came to in a process that is confined. */
static int
try_confined(int (*attempt)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		confine();
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
find_version(void)
{
	struct fence *fence = fence_new();
	int version = fence != NULL ? fence_version(fence) : 0;

	fence_free(fence);
	return version;
}

static void
test_rows(void **state)
{
	int version = find_version();

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		if (version < rows[i].version)
			continue;
		assert_int_equal(
		    try_confined(rows[i].attempt), rows[i].expected);
	}
}

/* Where nothing is confined these go through: the rows above say something. */
static void
test_unconfined(void **state)
{
	(void)state;
	assert_int_equal(read_outside(), 0);
	assert_int_equal(write_outside(), 0);
	assert_int_equal(list_outside(), 0);
	assert_int_equal(make_process(), 0);
	assert_int_equal(kill_other(), 0);
	assert_int_equal(bind_port(), 0);
	assert_int_equal(map_code(), 0);
	assert_int_equal(make_code(), 0);
	assert_int_equal(map_state(), 0);
	assert_int_equal(map_memory(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unconfined),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
