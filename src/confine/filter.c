/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <errno.h>
#include <glib.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the daemon and its libraries call (curl, OpenSSL, GLib, GMime, SQLite,
 * libESMTP, libmicrohttpd, libevent, getaddrinfo, iconv), whatever the
 * arguments.  Names that an architecture has not are left out there. */
static const char *const allowed[] = {
	/* bytes */
	"read",
	"write",
	"readv",
	"writev",
	"pread64",
	"pwrite64",
	"preadv",
	"pwritev",
	"preadv2",
	"pwritev2",
	"lseek",
	"_llseek",
	"sendfile",
	"sendfile64",
	"splice",
	"tee",
	"copy_file_range",
	"close",
	"close_range",
	"dup",
	"dup2",
	"dup3",
	"fcntl",
	"fcntl64",
	"pipe",
	"pipe2",
	"memfd_create", /* never executed, says mmap() */
	/* files */
	"open",
	"openat",
	"openat2",
	"creat",
	"access",
	"faccessat",
	"faccessat2",
	"stat",
	"lstat",
	"fstat",
	"stat64",
	"lstat64",
	"fstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"fstatfs",
	"statfs64",
	"fstatfs64",
	"getdents",
	"getdents64",
	"readlink",
	"readlinkat",
	"getcwd",
	"mkdir",
	"mkdirat",
	"rmdir",
	"unlink",
	"unlinkat",
	"rename",
	"renameat",
	"renameat2",
	"link",
	"linkat",
	"truncate",
	"truncate64",
	"ftruncate",
	"ftruncate64",
	"fallocate",
	"fadvise64",
	"fadvise64_64",
	"readahead",
	"fsync",
	"fdatasync",
	"sync_file_range",
	"sync_file_range2",
	"flock",
	"chmod",
	"fchmod",
	"fchmodat",
	"fchown",
	"fchown32",
	"utime",
	"utimes",
	"utimensat",
	"futimesat",
	"umask",
	"inotify_init1",
	"inotify_add_watch",
	"inotify_rm_watch",
	/* sockets: which, says socket() */
	"socketpair",
	"bind",
	"connect",
	"listen",
	"accept",
	"accept4",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"shutdown",
	/* waiting */
	"poll",
	"ppoll",
	"select",
	"_newselect",
	"pselect6",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"eventfd",
	"eventfd2",
	"signalfd",
	"signalfd4",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_gettime",
	"futex",
	"futex_waitv",
	"nanosleep",
	"clock_nanosleep",
	"pause",
	"restart_syscall",
	"wait4",
	"waitid",
	/* memory: that nothing new is executed, says mmap() */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	"mincore",
	"msync",
	"membarrier",
	/* time, and who we are */
	"clock_gettime",
	"clock_getres",
	"gettimeofday",
	"time",
	"times",
	"setitimer",
	"getitimer",
	"alarm",
	"getpid",
	"gettid",
	"getppid",
	"getpgid",
	"getpgrp",
	"getsid",
	"getuid",
	"getgid",
	"geteuid",
	"getegid",
	"getuid32",
	"getgid32",
	"geteuid32",
	"getegid32",
	"getresuid",
	"getresgid",
	"getresuid32",
	"getresgid32",
	"getgroups",
	"getgroups32",
	"capget",
	"uname",
	"sysinfo",
	"getrusage",
	"getrlimit",
	"ugetrlimit",
	"getrandom",
	"getcpu",
	"getpriority",
	/* threads and signals: new ones, say clone() and tgkill() */
	"set_robust_list",
	"get_robust_list",
	"set_tid_address",
	"rseq",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"sched_getattr",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigpending",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"sigreturn",
	"sigaltstack",
	"exit",
	"exit_group",
	"arch_prctl",
	"prctl",
};

/* Younger calls whose callers know an older way, and all that are younger than
 * this list. */
static const char *const unknown[] = { "clone3", "io_uring_setup",
	"io_uring_enter", "io_uring_register", "pidfd_open",
	"pidfd_send_signal", "pidfd_getfd", "open_tree", "memfd_secret" };
#define UNKNOWN_FIRST 450
#define UNKNOWN_LAST  520

/* One argument of a call that is allowed with it: (argument & mask) == value.
 */
struct condition {
	const char *call;
	unsigned argument;
	scmp_datum_t mask, value;
};

#define ANY   (~(scmp_datum_t)0)
#define WHOLE UINT32_MAX

/* A thread shares all with its process; what does not is another process. */
#define THREAD \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACES                                                   \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	    CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)

static const struct condition conditions[] = {
	/* the Internet, local sockets, and the kernel's list of addresses */
	{ "socket", 0, WHOLE, AF_UNIX },
	{ "socket", 0, WHOLE, AF_INET },
	{ "socket", 0, WHOLE, AF_INET6 },
	/* no code but what is there: not even of a file, which may be one that
	 * we have written (modules.h) */
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_EXEC, 0 },
	{ "mprotect", 2, PROT_EXEC, 0 },
	{ "clone", 0, THREAD | NAMESPACES, THREAD },
	{ "ioctl", 1, WHOLE, FIONREAD },
	{ "ioctl", 1, WHOLE, FIONBIO },
	{ "ioctl", 1, WHOLE, TCGETS },
	/* limits are read */
	{ "prlimit64", 2, ANY, 0 },
};

static int
add_names(scmp_filter_ctx filter)
{
	int wrong = 0;

	for (unsigned i = 0; wrong == 0 && i < G_N_ELEMENTS(allowed); i++) {
		int call = seccomp_syscall_resolve_name(allowed[i]);

		if (call != __NR_SCMP_ERROR)
			wrong =
			    seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	return wrong;
}

static int
add_conditions(scmp_filter_ctx filter)
{
	int wrong = 0;

	for (unsigned i = 0; wrong == 0 && i < G_N_ELEMENTS(conditions); i++) {
		const struct condition *row = &conditions[i];
		int call = seccomp_syscall_resolve_name(row->call);

		if (call != __NR_SCMP_ERROR)
			wrong =
			    seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				SCMP_CMP(row->argument, SCMP_CMP_MASKED_EQ,
				    row->mask, row->value));
	}
	return wrong;
}

/* Those with two conditions each. */
static int
add_pairs(scmp_filter_ctx filter)
{
	scmp_datum_t self = (scmp_datum_t)getpid();
	const struct scmp_arg_cmp route[] = {
		SCMP_CMP(0, SCMP_CMP_MASKED_EQ, WHOLE, AF_NETLINK),
		SCMP_CMP(2, SCMP_CMP_MASKED_EQ, WHOLE, NETLINK_ROUTE),
	};
	int wrong = seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, route);

	/* signals: to ourselves, as abort() does */
	if (wrong == 0)
		wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, self));
	if (wrong == 0)
		wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill),
		    1, SCMP_A0(SCMP_CMP_EQ, self));
	return wrong;
}

static int
add_unknown(scmp_filter_ctx filter)
{
	int wrong = 0;

	for (unsigned i = 0; wrong == 0 && i < G_N_ELEMENTS(unknown); i++) {
		int call = seccomp_syscall_resolve_name(unknown[i]);

		if (call != __NR_SCMP_ERROR)
			wrong = seccomp_rule_add(
			    filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
	}
	for (int call = UNKNOWN_FIRST; wrong == 0 && call <= UNKNOWN_LAST;
	     call++)
		wrong =
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
	return wrong;
}

int
filter_close(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int wrong;

	if (filter == NULL)
		return ENOMEM;
	/* a tree of comparisons: every call of a hot path goes through it */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	wrong = add_names(filter);
	if (wrong == 0)
		wrong = add_conditions(filter);
	if (wrong == 0)
		wrong = add_pairs(filter);
	if (wrong == 0)
		wrong = add_unknown(filter);
	if (wrong == 0)
		wrong = seccomp_load(filter);
	seccomp_release(filter);
	return -wrong;
}
