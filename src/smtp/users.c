/* SPDX-License-Identifier: MIT */
#include "smtp/users.h"

#include "core/file.h"
#include "mail/address.h"
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Who put another file in its place need not read of each line. */
#define FAULTS_TOLD 20

/* Characters of the last part of a yescrypt hash (crypt(5)). */
#define YESCRYPT_TAIL 43

/* Begins what stands in the place of a token's hash: "$token$SCOPES$DIGEST". */
#define TOKEN "$token$"

struct users {
	GPtrArray *all; /* struct user *, in the order of the file */
	GHashTable *by_name;
	char *dummy;
};

/* One line of the file that is being read. */
struct reading {
	const char *path;
	unsigned line;
	GString *faults; /* a line each */
	unsigned count;  /* of the faults, told or not */
};

G_GNUC_PRINTF(2, 3)
static void
add_fault(struct reading *reading, const char *format, ...)
{
	va_list arguments;

	if (++reading->count > FAULTS_TOLD)
		return;
	if (reading->faults->len > 0)
		g_string_append_c(reading->faults, '\n');
	g_string_append_printf(
	    reading->faults, "%s:%u: ", reading->path, reading->line);
	va_start(arguments, format);
	g_string_append_vprintf(reading->faults, format, arguments);
	va_end(arguments);
}

static void
on_user_free(void *object)
{
	struct user *user = object;

	g_free(user->name);
	g_free(user->hash);
	g_strfreev(user->senders);
	g_free(user);
}

bool
users_is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > USERS_NAME_MAX || *name == '#')
		return false;
	for (; *name != '\0'; name++)
		if (!g_ascii_isgraph(*name) || *name == ':')
			return false;
	return true;
}

char *
users_sender(const char *text)
{
	enum address_fault fault;
	struct address *address;
	char *sender = NULL;

	if (*text == '@') {
		g_autofree char *domain = address_domain_to_ascii(text + 1);

		return domain == NULL ? NULL : g_strconcat("@", domain, NULL);
	}
	address = address_parse(text, strlen(text), NULL, &fault);
	if (address != NULL)
		sender = g_strdup(address->text);
	address_free(address);
	return sender;
}

/* The senders of a user; NULL: any, or a fault was told. */
static char **
read_senders(struct reading *reading, const char *name, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	GStrvBuilder *builder = g_strv_builder_new();
	char **senders;

	for (char **word = words; *word != NULL; word++) {
		g_autofree char *sender = users_sender(g_strstrip(*word));

		if (sender != NULL)
			g_strv_builder_add(builder, sender);
		else
			add_fault(reading,
			    "\"%.320s\" is no sender for %s; expected addresses "
			    "and domains separated by commas, like "
			    "shop@example.com or @example.com",
			    *word, name);
	}
	senders = g_strv_builder_end(builder);
	g_strv_builder_unref(builder);
	return senders;
}

/* A hash cut short at copying would never let anybody in. */
static bool
is_whole(const char *hash)
{
	return !g_str_has_prefix(hash, "$y$") ||
	       strlen(strrchr(hash, '$') + 1) == YESCRYPT_TAIL;
}

/* The digest behind the scopes; NULL: it is none. */
static const char *
find_digest(const char *hash)
{
	const char *digest = strrchr(hash, '$') + 1;

	return token_is_digest(digest) ? digest : NULL;
}

static unsigned
read_scopes(const char *hash)
{
	const char *text = hash + strlen(TOKEN);
	g_autofree char *list = g_strndup(text, strcspn(text, "$"));
	g_auto(GStrv) words = g_strsplit(list, ",", -1);
	const char *wrong;
	unsigned scopes;

	return token_read_scopes((const char *const *)words, &scopes, &wrong)
		   ? scopes
		   : 0;
}

/* 0: it is of a password, or a fault was told. */
static unsigned
check_token(struct reading *reading, const char *name, const char *hash)
{
	unsigned scopes = read_scopes(hash);

	if (scopes != 0 && find_digest(hash) != NULL)
		return scopes;
	add_fault(reading,
	    "what stands behind %s: is not all of a token; expected " TOKEN
	    "SCOPES$DIGEST with scopes of send, read, operate; make it with "
	    "`postferry user token %s --scope send`",
	    name, name);
	return 0;
}

static void
check_hash(struct reading *reading, const char *name, const char *hash)
{
	int verdict =
	    *hash == '\0' ? CRYPT_SALT_INVALID : crypt_checksalt(hash);

	if (verdict == CRYPT_SALT_METHOD_LEGACY)
		add_fault(reading,
		    "the hash of %s is of an old kind that is guessed too "
		    "fast; expected one that begins with $y$, make it with "
		    "`postferry user add %s`",
		    name, name);
	else if (verdict != CRYPT_SALT_OK || !is_whole(hash))
		add_fault(reading,
		    "what stands behind %s: is no hash of a password as in "
		    "crypt(5), or not all of one; make it with `postferry user "
		    "add %s`",
		    name, name);
}

/* name:hash[:senders] */
static void
read_user(struct users *users, struct reading *reading, const char *line)
{
	g_auto(GStrv) fields = g_strsplit(line, ":", 3);
	unsigned scopes = 0;
	struct user *user;

	if (!users_is_name(fields[0]) || fields[1] == NULL) {
		add_fault(reading,
		    "expected NAME:HASH:SENDERS, the name in up to %d "
		    "printable ASCII characters without blanks",
		    USERS_NAME_MAX);
		return;
	}
	if (g_str_has_prefix(fields[1], TOKEN))
		scopes = check_token(reading, fields[0], fields[1]);
	else
		check_hash(reading, fields[0], fields[1]);
	if (g_hash_table_contains(users->by_name, fields[0])) {
		add_fault(reading,
		    "there is a user %s already in a line above; each may be "
		    "there once",
		    fields[0]);
		return;
	}
	user = g_new0(struct user, 1);
	user->name = g_strdup(fields[0]);
	user->hash = g_strdup(fields[1]);
	user->scopes = scopes;
	if (fields[2] != NULL && *g_strstrip(fields[2]) != '\0')
		user->senders = read_senders(reading, user->name, fields[2]);
	g_ptr_array_add(users->all, user);
	g_hash_table_insert(users->by_name, user->name, user);
}

static void
read_lines(struct users *users, struct reading *reading, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		reading->line++;
		g_strchomp(*line);
		if (**line != '\0' && **line != '#')
			read_user(users, reading, *line);
	}
}

/* What a hash says of its cost: "$y$j9T$", "$2b$05$", "$6$rounds=9999$". */
static size_t
measure_kind(const char *hash)
{
	const char *at = strchr(hash + 1, '$');
	bool sha =
	    g_str_has_prefix(hash, "$5$") || g_str_has_prefix(hash, "$6$");

	if (at == NULL || (sha && !g_str_has_prefix(at + 1, "rounds=")))
		return at == NULL ? 0 : (size_t)(at - hash);
	at = strchr(at + 1, '$');
	return at == NULL ? 0 : (size_t)(at - hash);
}

/* The hash of the kind that most users have; the first of several. */
static const char *
find_usual(const struct users *users)
{
	g_autoptr(GHashTable) counts =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *usual = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < users->all->len; i++) {
		const struct user *user = users->all->pdata[i];

		if (user->scopes != 0)
			continue;
		char *kind = g_strndup(user->hash, measure_kind(user->hash));
		unsigned count =
		    1 + GPOINTER_TO_UINT(g_hash_table_lookup(counts, kind));

		g_hash_table_insert(counts, kind, GUINT_TO_POINTER(count));
		if (count <= most)
			continue;
		most = count;
		usual = user->hash;
	}
	return usual;
}

/* Of a password that nobody knows: yescrypt at the usual cost. */
#define NOBODY                           \
	"$y$j9T$aWKHY3BxRMr02DTP5sEn91$" \
	"KYAGhGxjlXmBAz8Q04pjqLrnls2UsUlY59drqLHKFl."

/* A hash with another last character is nobody's, and costs the same. */
static char *
make_dummy(const struct users *users)
{
	const char *usual = find_usual(users);
	char *dummy = g_strdup(usual != NULL ? usual : NOBODY);
	char *last = dummy + strlen(dummy) - 1;

	*last = *last == '.' ? '/' : '.';
	return dummy;
}

/* The file, when it can be trusted. */
static struct file *
read_file(const char *path, GError **error)
{
	struct file *file = file_read(path, USERS_FILE_MAX, error);

	if (file == NULL)
		return NULL;
	if (strlen(file->text->str) != file->text->len)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "%s holds NUL bytes: a users file of lines NAME:HASH:"
		    "SENDERS is expected there",
		    path);
	else if (!file_is_public(file))
		return file;
	else
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
		    "%s can be read by everybody on this host (mode %04o), and "
		    "whoever has the hashes can guess passwords; chmod 640 it, "
		    "and chgrp it to the group we run as",
		    path, (unsigned)(file->mode & 07777));
	file_free(file);
	return NULL;
}

struct users *
users_parse(const char *path, const char *text, GError **error)
{
	struct users *users = g_new0(struct users, 1);
	g_autoptr(GString) faults = g_string_new(NULL);
	struct reading reading = { .path = path, .faults = faults };

	users->all = g_ptr_array_new_with_free_func(on_user_free);
	users->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	read_lines(users, &reading, text);
	if (reading.count > FAULTS_TOLD)
		g_string_append_printf(faults, "\n%s: and %u more", path,
		    reading.count - FAULTS_TOLD);
	if (faults->len > 0) {
		g_set_error_literal(
		    error, G_FILE_ERROR, G_FILE_ERROR_INVAL, faults->str);
		users_free(users);
		return NULL;
	}
	users->dummy = make_dummy(users);
	return users;
}

struct users *
users_read(const char *path, GError **error)
{
	struct file *file = read_file(path, error);
	struct users *users = NULL;

	if (file != NULL)
		users = users_parse(path, file->text->str, error);
	file_free(file);
	return users;
}

void
users_free(struct users *users)
{
	if (users == NULL)
		return;
	g_hash_table_unref(users->by_name);
	g_ptr_array_unref(users->all);
	g_free(users->dummy);
	g_free(users);
}

const struct user *
users_find(const struct users *users, const char *name)
{
	return g_hash_table_lookup(users->by_name, name);
}

const struct user *
users_find_login(const struct users *users, const char *name)
{
	const struct user *user = users_find(users, name);

	return user != NULL && user->scopes == 0 ? user : NULL;
}

GPtrArray *
users_tokens(const struct users *users)
{
	GPtrArray *tokens = g_ptr_array_new();

	for (unsigned i = 0; i < users->all->len; i++) {
		const struct user *user = users->all->pdata[i];

		if (user->scopes != 0)
			g_ptr_array_add(tokens,
			    token_new(user->name, user->scopes,
				find_digest(user->hash), user->senders));
	}
	return tokens;
}

unsigned
users_token_count(const struct users *users)
{
	unsigned count = 0;

	for (unsigned i = 0; i < users->all->len; i++)
		count += users_at(users, i)->scopes != 0;
	return count;
}

unsigned
users_count(const struct users *users)
{
	return users->all->len;
}

const struct user *
users_at(const struct users *users, unsigned i)
{
	return g_ptr_array_index(users->all, i);
}

const char *
users_dummy(const struct users *users)
{
	return users->dummy;
}

/* What crypt(3) makes of the password; NULL: the setting is none. */
static char *
hash_password(const char *setting, const char *password)
{
	void *room = NULL;
	int size = 0;
	const char *made = crypt_ra(password, setting, &room, &size);
	char *hash = g_strdup(made);
	int failure = errno;

	/* it holds the password in parts */
	if (room != NULL)
		explicit_bzero(room, (size_t)size);
	free(room);
	errno = failure;
	return hash;
}

char *
users_hash(const char *password, unsigned cost)
{
	char *setting = crypt_gensalt_ra("$y$", cost, NULL, 0);
	char *hash;

	if (setting == NULL)
		return NULL;
	hash = hash_password(setting, password);
	free(setting);
	return hash;
}

/* How long it takes does not tell where they differ. */
static bool
is_same(const char *a, const char *b)
{
	size_t length = strlen(a);
	unsigned char differs = 0;

	if (strlen(b) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

char *
users_token_hash(unsigned scopes, const char *secret)
{
	g_autofree char *words = token_print_scopes(scopes);
	char digest[TOKEN_DIGEST_LENGTH + 1];

	token_digest(secret, digest);
	return g_strconcat(TOKEN, words, "$", digest, NULL);
}

static bool
verify_token(const char *hash, const char *secret)
{
	char digest[TOKEN_DIGEST_LENGTH + 1];

	token_digest(secret, digest);
	return is_same(find_digest(hash), digest);
}

bool
users_verify(const char *hash, const char *password)
{
	if (g_str_has_prefix(hash, TOKEN))
		return verify_token(hash, password);
	g_autofree char *made = hash_password(hash, password);
	return made != NULL && is_same(made, hash);
}
