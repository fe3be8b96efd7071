/* SPDX-License-Identifier: MIT */
#include "confine/privileges.h"

#include "core/log.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whom we become when nobody says anything. */
#define ACCOUNT "postferry"

const struct setting privileges_settings[] = {
	{ "server", "user", SETTING_STRING,
	    .help = "Started as root: the account, or its number, that it "
		    "runs as once its addresses are bound and its keys are "
		    "read; default: the owner of state_dir, else " ACCOUNT
		    ".  root: it stays root." },
	{ "server", "group", SETTING_STRING,
	    .help = "Its group, or the number of it; default: that of the "
		    "account." },
	{ .section = NULL },
};

struct privileges {
	bool silent;  /* warns of nothing */
	bool changes; /* else we stay who we are */
	uid_t uid;
	gid_t gid;
	char *name;     /* of the account, or its number */
	bool named;     /* it is an account, with groups of its own */
	bool group_set; /* gid was said */
};

static GQuark
privileges_error(void)
{
	return g_quark_from_static_string("privileges");
}

static bool
fail(GError **error, const char *what)
{
	int wrong = errno;

	g_set_error(error, privileges_error(), wrong,
	    "cannot give up the rights of root: %s: %s; nothing is served, "
	    "start postferry as the user it is to run as",
	    what, g_strerror(wrong));
	return false;
}

/* ---- whom ---- */

/* True when the text is a number that can name a user or group. */
static bool
read_id(const char *text, unsigned *id)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(
		text, 10, 0, G_MAXUINT32 - 1, &number, NULL))
		return false;
	*id = (unsigned)number;
	return true;
}

static void
take_account(struct privileges *privileges, const struct passwd *account)
{
	privileges->uid = account->pw_uid;
	if (!privileges->group_set)
		privileges->gid = account->pw_gid;
	g_free(privileges->name);
	privileges->name = g_strdup(account->pw_name);
	privileges->named = true;
}

/* The group first: an account without an entry has none of its own. */
static bool
read_group(
    struct privileges *privileges, const struct config *config, GError **error)
{
	const char *text = config_string(config, "server", "group");
	const struct group *group = text != NULL ? getgrnam(text) : NULL;
	unsigned id = 0;

	if (text == NULL)
		return true;
	if (group == NULL && !read_id(text, &id)) {
		g_set_error(error, privileges_error(), 0,
		    "%s: [server] group = %s: there is no such group; make it "
		    "(addgroup --system %s), or name another",
		    config_origin(config, "server", "group"), text, text);
		return false;
	}
	privileges->gid = group != NULL ? group->gr_gid : id;
	privileges->group_set = true;
	return true;
}

static bool
read_user(
    struct privileges *privileges, const struct config *config, GError **error)
{
	const char *text = config_string(config, "server", "user");
	const struct passwd *account = getpwnam(text);
	unsigned id;

	if (account == NULL && read_id(text, &id))
		account = getpwuid(id);
	else if (account == NULL) {
		g_set_error(error, privileges_error(), 0,
		    "%s: [server] user = %s: there is no such account; make "
		    "it (adduser --system --group %s), or name another",
		    config_origin(config, "server", "user"), text, text);
		return false;
	}
	if (account != NULL) {
		take_account(privileges, account);
		return true;
	}
	if (!privileges->group_set) {
		g_set_error(error, privileges_error(), 0,
		    "%s: [server] user = %s: no account has this number, so "
		    "nobody knows its group; set [server] group too",
		    config_origin(config, "server", "user"), text);
		return false;
	}
	privileges->uid = id;
	privileges->name = g_strdup(text);
	return true;
}

/* Who else than root owns state_dir is whom it was made for. */
static bool
take_owner(struct privileges *privileges, const char *directory)
{
	const struct passwd *account;
	struct stat status;

	if (directory == NULL || stat(directory, &status) != 0 ||
	    status.st_uid == 0)
		return false;
	account = getpwuid(status.st_uid);
	if (account != NULL) {
		take_account(privileges, account);
		return true;
	}
	privileges->uid = status.st_uid;
	if (!privileges->group_set)
		privileges->gid = status.st_gid;
	privileges->name = g_strdup_printf("%u", (unsigned)status.st_uid);
	return true;
}

static void
warn_root(
    const struct privileges *privileges, const char *why, const char *advice)
{
	if (!privileges->silent)
		log_warn("running as root", log_str("why", why),
		    log_str("advice", advice));
}

/* Nobody said whom. */
static void
choose_user(struct privileges *privileges, const struct config *config)
{
	const char *directory = config_string(config, "server", "state_dir");
	const struct passwd *account;

	if (take_owner(privileges, directory))
		return;
	account = getpwnam(ACCOUNT);
	if (account != NULL) {
		take_account(privileges, account);
		return;
	}
	privileges->name = g_strdup("root");
	privileges->named = true;
	warn_root(privileges,
	    "there is no account " ACCOUNT
	    ", and nobody else owns the state_dir",
	    "adduser --system --group " ACCOUNT ", and chown -R " ACCOUNT
	    ": the state_dir; or name an account in [server] user (root: this "
	    "is meant)");
}

static bool
has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[capability / 32].effective &
		   (UINT32_C(1) << (capability % 32))) != 0;
}

static void
check_not_root(const struct config *config)
{
	const char *user = config_string(config, "server", "user");
	const struct passwd *account = user ? getpwnam(user) : NULL;

	if (user != NULL && (account == NULL || account->pw_uid != geteuid()))
		log_warn("the setting user is not obeyed: only root can become "
			 "another",
		    log_str("user", user), log_num("uid", geteuid()));
}

/* A root that may not become anybody, as in a container that took its
 * capabilities, is what it is. */
static void
decide(struct privileges *privileges, const struct config *config)
{
	bool said = config_is_set(config, "server", "user");

	privileges->changes = privileges->uid != 0;
	if (!privileges->changes && said)
		warn_root(privileges, "the setting user says so",
		    "an account of its own is safer");
	if (!privileges->changes || said || has_capability(CAP_SETUID))
		return;
	privileges->changes = false;
	warn_root(privileges,
	    "it may not become another user here (CAP_SETUID is missing)",
	    "start postferry as the user it is to run as");
}

static struct privileges *
find(const struct config *config, bool silent, GError **error)
{
	struct privileges *privileges = g_new0(struct privileges, 1);
	bool found = true;

	privileges->silent = silent;
	if (geteuid() != 0) {
		if (!silent)
			check_not_root(config);
		privileges->name = g_strdup_printf("%u", (unsigned)geteuid());
		return privileges;
	}
	if (!read_group(privileges, config, error))
		found = false;
	else if (config_is_set(config, "server", "user"))
		found = read_user(privileges, config, error);
	else
		choose_user(privileges, config);
	if (found)
		decide(privileges, config);
	else
		g_clear_pointer(&privileges, privileges_free);
	return privileges;
}

struct privileges *
privileges_new(const struct config *config, GError **error)
{
	return find(config, false, error);
}

struct privileges *
privileges_find(const struct config *config, GError **error)
{
	return find(config, true, error);
}

bool
privileges_stay_root(const struct privileges *privileges)
{
	return geteuid() == 0 && !privileges->changes;
}

/* ---- there, and not back ---- */

bool
privileges_lend(const struct privileges *privileges, GError **error)
{
	if (!privileges->changes)
		return true;
	/* the user last: who is not root may change no group */
	if (setegid(privileges->gid) != 0 || seteuid(privileges->uid) != 0)
		return fail(error, "seteuid");
	return true;
}

bool
privileges_return(const struct privileges *privileges, GError **error)
{
	if (!privileges->changes)
		return true;
	if (seteuid(0) != 0 || setegid(0) != 0)
		return fail(error, "seteuid(0)");
	return true;
}

/* An account's further groups may be why it can read a key (ssl-cert). */
static bool
set_groups(const struct privileges *privileges)
{
	if (privileges->named)
		return initgroups(privileges->name, privileges->gid) == 0;
	return setgroups(0, NULL) == 0;
}

/* What the calls said is not believed: the kernel is asked. */
static bool
is_dropped(const struct privileges *privileges)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	return getresuid(&real, &effective, &saved) == 0 &&
	       getresgid(&real_group, &effective_group, &saved_group) == 0 &&
	       real == privileges->uid && effective == privileges->uid &&
	       saved == privileges->uid && real_group == privileges->gid &&
	       effective_group == privileges->gid &&
	       saved_group == privileges->gid;
}

/* True when any of the ways back is open. */
static bool
can_return(const struct privileges *privileges)
{
	if (setuid(0) == 0 || seteuid(0) == 0 || setresuid(0, 0, 0) == 0)
		return true;
	if (privileges->gid != 0 &&
	    (setgid(0) == 0 || setegid(0) == 0 || setresgid(0, 0, 0) == 0))
		return true;
	return setgroups(0, NULL) == 0;
}

bool
privileges_drop(const struct privileges *privileges, GError **error)
{
	if (!privileges->changes)
		return true;
	if (!set_groups(privileges))
		return fail(error, "setgroups");
	if (setresgid(privileges->gid, privileges->gid, privileges->gid) != 0)
		return fail(error, "setresgid");
	if (setresuid(privileges->uid, privileges->uid, privileges->uid) != 0)
		return fail(error, "setresuid");
	if (is_dropped(privileges) && !can_return(privileges)) {
#ifdef SANITIZED
		/* a change of user hides memory, where leaks are looked for */
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
		return true;
	}
	errno = EPERM;
	return fail(error, "it could be taken back");
}

static bool
has_any_capability(void)
{
	for (unsigned capability = 0; capability < 64; capability++)
		if (has_capability(capability))
			return true;
	return false;
}

/* All that this process has; what root executes would have its own anew. */
static bool
give_capabilities(GError **error)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* EINVAL: a kernel without ambient capabilities */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 &&
	    errno != EINVAL)
		return fail(error, "ambient capabilities");
	if (syscall(SYS_capset, &header, none) != 0)
		return fail(error, "capset");
	if (!has_any_capability())
		return true;
	errno = EPERM;
	return fail(error, "capabilities are left");
}

bool
privileges_seal(GError **error)
{
	if (!give_capabilities(error))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(error, "no_new_privs");
	return true;
}

bool
privileges_limit(GError **error)
{
	bool may = has_capability(CAP_SETPCAP);

	/* the first that this kernel has not ends it */
	for (unsigned long capability = 0; may; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
			if (errno != EINVAL)
				return fail(error, "bounding set");
			break;
		}
	return give_capabilities(error);
}

void
privileges_hide_memory(void)
{
	struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}

const char *
privileges_name(const struct privileges *privileges)
{
	return privileges->name;
}

gid_t
privileges_group(const struct privileges *privileges)
{
	return privileges->changes && has_capability(CAP_CHOWN)
		   ? privileges->gid
		   : 0;
}

void
privileges_free(struct privileges *privileges)
{
	if (privileges == NULL)
		return;
	g_free(privileges->name);
	g_free(privileges);
}
