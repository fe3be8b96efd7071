/* SPDX-License-Identifier: MIT */
#include "addressee.h"

struct listing {
	const struct delivery *delivery;
	struct addressee *list;
	unsigned count;
	bool *listed; /* by recipient */
};

static void
add_addressee(struct listing *listing, unsigned recipient,
    enum addressee_role role, const char *name)
{
	listing->listed[recipient] = true;
	listing->list[listing->count++] = (struct addressee){
		.role = role,
		.name = name,
		.address = delivery_recipient(listing->delivery, recipient),
	};
}

static void
add_shown(struct listing *listing, const GPtrArray *addresses,
    enum addressee_role role)
{
	for (unsigned i = 0; i < addresses->len; i++) {
		const struct header_address *address = addresses->pdata[i];
		int found = delivery_find(listing->delivery, address->spec);

		if (found >= 0 && !listing->listed[found])
			add_addressee(
			    listing, (unsigned)found, role, address->name);
	}
}

struct addressee *
addressee_list(const struct delivery *delivery)
{
	g_autofree bool *listed = g_new0(bool, delivery->count);
	struct listing listing = {
		.delivery = delivery,
		.list = g_new0(struct addressee, delivery->count),
		.listed = listed,
	};

	if (delivery->guise.redirect != NULL) {
		add_addressee(&listing, 0, ADDRESSEE_TO, NULL);
		return listing.list;
	}
	add_shown(&listing, delivery->message->to, ADDRESSEE_TO);
	add_shown(&listing, delivery->message->cc, ADDRESSEE_CC);
	for (unsigned i = 0; i < delivery->count; i++)
		if (!listed[i])
			add_addressee(&listing, i, ADDRESSEE_BCC, NULL);
	return listing.list;
}
