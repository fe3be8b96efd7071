/* SPDX-License-Identifier: MIT */
#include "upload.h"

#include "core/log.h"
#include "mail/spool.h"
#include "page.h"
#include <errno.h>

/* Read of a request that is refused already. */
#define IN_VAIN_MOST (UINT64_C(64) << 20)

void
upload_open(
    struct upload *upload, const struct spool_place *place, uint64_t most)
{
	upload->place = place;
	upload->most = most;
}

void
upload_refuse(struct upload *upload, struct status_answer *refusal)
{
	upload->refusal = *refusal;
	*refusal = (struct status_answer){ 0 };
	g_clear_pointer(&upload->spool, spool_unref);
}

static void
refuse_size(struct upload *upload)
{
	struct status_answer refusal = { 0 };

	page_refuse(&refusal, 413,
	    "the body is too large: %" G_GUINT64_FORMAT
	    " bytes are allowed here",
	    upload->most);
	upload_refuse(upload, &refusal);
}

bool
upload_announce(struct upload *upload, uint64_t length)
{
	if (upload->refusal.code == 0 && length > upload->most)
		refuse_size(upload);
	return upload->refusal.code == 0 || length <= IN_VAIN_MOST;
}

/* The client is not to blame, and may come again. */
static void
refuse_room(struct upload *upload)
{
	struct status_answer refusal = { 0 };
	const char *why = g_strerror(errno);
	bool full = errno == ENOSPC || errno == EDQUOT;

	page_refuse(&refusal, full ? 507 : 503,
	    "the body cannot be kept now: %s; send it again later", why);
	refusal.retry_after = 30;
	log_warn("body of a request not kept", log_str("why", why));
	upload_refuse(upload, &refusal);
}

static void
keep(struct upload *upload, const void *bytes, size_t length)
{
	if (upload->place == NULL)
		return;
	if (upload->spool == NULL)
		upload->spool = spool_new(upload->place);
	if (!spool_append(upload->spool, bytes, length))
		refuse_room(upload);
}

bool
upload_take(struct upload *upload, const void *bytes, size_t length)
{
	upload->seen += length;
	if (upload->refusal.code == 0 && upload->seen > upload->most)
		refuse_size(upload);
	if (upload->refusal.code != 0)
		return upload->seen <= upload->most + IN_VAIN_MOST;
	keep(upload, bytes, length);
	return true;
}

bool
upload_finish(
    struct upload *upload, struct spool **body, struct status_answer *answer)
{
	if (upload->refusal.code == 0 && upload->spool != NULL &&
	    !spool_seal(upload->spool))
		refuse_room(upload);
	*body = upload->spool;
	if (upload->refusal.code == 0)
		return true;
	*answer = upload->refusal;
	upload->refusal = (struct status_answer){ 0 };
	return false;
}

void
upload_close(struct upload *upload)
{
	g_clear_pointer(&upload->spool, spool_unref);
	status_answer_clear(&upload->refusal);
}
