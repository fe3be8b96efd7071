/* SPDX-License-Identifier: MIT */
#include "lift.h"

#include "core/base64.h"
#include "core/json_lift.h"
#include <string.h>

#define JSON_BYTES ((size_t)8 * 1024 * 1024)

struct lift {
	struct json_lift *scanner;
	const char *directory;
	GPtrArray *lifted;
	struct lifted *current; /* the last of them */
	struct base64 base64;   /* of it */
};

static void
destroy_lifted(gpointer pointer)
{
	struct lifted *lifted = pointer;

	blob_free(lifted->text);
	blob_free(lifted->decoded);
	g_free(lifted);
}

static const char *
find_key(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

static bool
on_begin(void *object, const char *path)
{
	static const char *const keys[] = { "raw_message", "content", "html",
		"text", NULL };
	struct lift *lift = object;
	const char *key = find_key(path);

	if (!g_strv_contains(keys, key))
		return false;
	lift->current = g_new0(struct lifted, 1);
	lift->current->text = blob_new(lift->directory);
	if (strcmp(key, "content") == 0)
		lift->current->decoded = blob_new(lift->directory);
	if (strcmp(key, "raw_message") == 0)
		blob_watch(lift->current->text);
	lift->base64 = (struct base64){ .leave = BASE64_STRICT };
	g_ptr_array_add(lift->lifted, lift->current);
	return true;
}

static void
decode(struct lift *lift, const char *bytes, size_t length)
{
	guchar out[BASE64_ROOM(4 * 1024)];

	while (length > 0) {
		size_t now = MIN(length, 4 * 1024);
		size_t n = base64_feed(&lift->base64, bytes, now, out);

		blob_append(lift->current->decoded, out, n);
		bytes += now;
		length -= now;
	}
}

static void
on_text(void *object, const char *bytes, size_t length)
{
	struct lift *lift = object;

	blob_append(lift->current->text, bytes, length);
	if (lift->current->decoded != NULL)
		decode(lift, bytes, length);
}

static void
on_end(void *object, bool utf8)
{
	struct lift *lift = object;
	struct lifted *lifted = lift->current;

	lifted->utf8 = utf8;
	lifted->base64 =
	    lifted->decoded != NULL && base64_is_whole(&lift->base64);
}

static const struct json_lift_hooks hooks = { on_begin, on_text, on_end };

struct lift *
lift_new(const char *directory)
{
	struct lift *lift = g_new0(struct lift, 1);
	struct json_lift_options options = {
		.bytes_most = JSON_BYTES,
		.hooks = &hooks,
		.object = lift,
	};

	lift->directory = directory;
	lift->scanner = json_lift_new(&options);
	lift->lifted = g_ptr_array_new_with_free_func(destroy_lifted);
	return lift;
}

void
lift_free(struct lift *lift)
{
	if (lift == NULL)
		return;
	json_lift_free(lift->scanner);
	g_ptr_array_unref(lift->lifted);
	g_free(lift);
}

void
lift_feed(struct lift *lift, const char *bytes, size_t length)
{
	json_lift_feed(lift->scanner, bytes, length);
}

const GString *
lift_json(const struct lift *lift, const char **problem)
{
	return json_lift_json(lift->scanner, problem);
}

struct lifted *
lift_find(const struct lift *lift, const char *value)
{
	long n = json_lift_mark(value);

	return n >= 0 && n < (long)lift->lifted->len ? lift->lifted->pdata[n]
						     : NULL;
}
