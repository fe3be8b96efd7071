/* SPDX-License-Identifier: MIT */
#include "answer.h"

static void
on_recipient_free(void *object)
{
	struct store_recipient *recipient = object;

	g_free(recipient->address);
	recipient_clear(&recipient->is);
	g_free(recipient->wish.original);
	g_free(recipient);
}

static void
on_attempt_free(void *object)
{
	journal_attempt_free(object);
}

static void
on_act_free(void *object)
{
	struct store_act *act = object;

	g_free(act->what);
	g_free(act->who);
	g_free(act);
}

static void
on_event_free(void *object)
{
	struct store_event *event = object;

	g_free(event->provider);
	g_free(event->event_id);
	g_free(event->recipient);
	g_free(event->enhanced);
	g_free(event->text);
	g_free(event);
}

static void
on_mail_free(void *object)
{
	store_mail_free(object);
}

struct store_mail *
store_mail_new(void)
{
	struct store_mail *mail = g_new0(struct store_mail, 1);

	mail->recipients = g_ptr_array_new_with_free_func(on_recipient_free);
	mail->attempts = g_ptr_array_new_with_free_func(on_attempt_free);
	mail->acts = g_ptr_array_new_with_free_func(on_act_free);
	mail->events = g_ptr_array_new_with_free_func(on_event_free);
	return mail;
}

void
store_mail_free(struct store_mail *mail)
{
	if (mail == NULL)
		return;
	g_free(mail->listener);
	g_free(mail->peer);
	g_free(mail->helo);
	g_free(mail->protocol);
	g_free(mail->user);
	g_free(mail->envid);
	g_free(mail->sender);
	g_free(mail->subject);
	g_free(mail->from);
	g_strfreev(mail->tags);
	g_free(mail->hold);
	g_ptr_array_unref(mail->recipients);
	g_ptr_array_unref(mail->attempts);
	g_ptr_array_unref(mail->acts);
	g_ptr_array_unref(mail->events);
	g_free(mail);
}

GPtrArray *
store_mails_new(void)
{
	return g_ptr_array_new_with_free_func(on_mail_free);
}

struct store_recipient *
store_mail_add_recipient(struct store_mail *mail, const char *address)
{
	struct store_recipient *recipient = g_new0(struct store_recipient, 1);

	recipient->address = g_strdup(address);
	g_ptr_array_add(mail->recipients, recipient);
	return recipient;
}

void
store_mail_add_act(struct store_mail *mail, const struct store_act *act)
{
	struct store_act *copy = g_new(struct store_act, 1);

	copy->at_ms = act->at_ms;
	copy->what = g_strdup(act->what);
	copy->who = g_strdup(act->who);
	g_ptr_array_add(mail->acts, copy);
}

void
store_owed_free(struct store_owed *owed)
{
	if (owed == NULL)
		return;
	g_free(owed->provider);
	g_free(owed->enhanced);
	g_free(owed->text);
	g_free(owed);
}

void
store_ask_clear(struct store_ask *ask)
{
	g_clear_pointer(&ask->obstacle, g_free);
	g_clear_pointer(&ask->mails, g_ptr_array_unref);
	g_clear_pointer(&ask->spool, spool_unref);
	g_clear_pointer(&ask->suppressions, g_ptr_array_unref);
	g_clear_pointer(&ask->next_address, g_free);
}

const char *
store_place_text(enum store_place place)
{
	switch (place) {
	case STORE_WAITING:
		return "waiting";
	case STORE_ACTIVE:
		return "active";
	case STORE_HELD:
		return "held";
	case STORE_FINISHED:
		return "finished";
	}
	g_assert_not_reached();
}
