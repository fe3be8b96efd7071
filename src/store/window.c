/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <glib.h>

#define KINDS 2

/* Of the window, while the other kind waits. */
#define SHARE_PERCENT 70

struct share {
	unsigned mails;
	uint64_t bytes;
	bool waits;
};

struct seat {
	enum window_kind kind;
	uint64_t bytes;
};

struct window {
	unsigned mails; /* at most */
	uint64_t bytes;
	struct share shares[KINDS];
	GHashTable *seats; /* id -> struct seat */
};

struct window *
window_new(unsigned mails, uint64_t bytes)
{
	struct window *window = g_new0(struct window, 1);

	window->mails = mails;
	window->bytes = bytes;
	window->seats =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return window;
}

void
window_free(struct window *window)
{
	if (window == NULL)
		return;
	g_hash_table_unref(window->seats);
	g_free(window);
}

static bool
share_fits(const struct window *window, const struct share *share)
{
	unsigned mails = window->mails * SHARE_PERCENT / 100;
	uint64_t bytes = window->bytes / 100 * SHARE_PERCENT;

	return share->mails < MAX(mails, 1) && share->bytes < MAX(bytes, 1);
}

bool
window_fits(const struct window *window, enum window_kind kind)
{
	const struct share *own = &window->shares[kind];
	const struct share *other = &window->shares[!kind];

	if (own->mails + other->mails >= window->mails ||
	    own->bytes + other->bytes >= window->bytes)
		return false;
	return !other->waits || share_fits(window, own);
}

unsigned
window_room(const struct window *window)
{
	unsigned taken = g_hash_table_size(window->seats);

	return taken < window->mails ? window->mails - taken : 0;
}

unsigned
window_count(const struct window *window, enum window_kind kind)
{
	return window->shares[kind].mails;
}

void
window_enter(struct window *window, const char *id, enum window_kind kind,
    uint64_t bytes)
{
	struct seat *seat;

	if (window_has(window, id))
		return;
	seat = g_new(struct seat, 1);
	*seat = (struct seat){ kind, bytes };
	g_hash_table_insert(window->seats, g_strdup(id), seat);
	window->shares[kind].mails++;
	window->shares[kind].bytes += bytes;
}

void
window_leave(struct window *window, const char *id)
{
	const struct seat *seat = g_hash_table_lookup(window->seats, id);

	if (seat == NULL)
		return;
	window->shares[seat->kind].mails--;
	window->shares[seat->kind].bytes -= seat->bytes;
	g_hash_table_remove(window->seats, id);
}

bool
window_has(const struct window *window, const char *id)
{
	return g_hash_table_contains(window->seats, id);
}

void
window_wait(struct window *window, enum window_kind kind, bool waits)
{
	window->shares[kind].waits = waits;
}
