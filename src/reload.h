/* SPDX-License-Identifier: MIT */
/*
 * The reload: settings, secrets, certificates and users are read again while
 * mail goes on.  The new config is an object of its own: whatever comes from
 * then on is by the new one, what is under way ends by the one it began with.
 * One that does not make sense changes nothing, and the log says why.  Files of
 * secrets are looked at every `reread`; then they alone are read again, and the
 * settings are those that are in force.  The main thread.
 */
#ifndef RELOAD_H
#define RELOAD_H

struct ferry;
struct reload;

/* Looks at the files of secrets from now on, once the main loop runs. */
struct reload *reload_new(struct ferry *ferry);
/* NULL is fine. */
void reload_free(struct reload *reload);

/* Reads all of it again, and tells the log what came of it. */
void reload_settings(struct reload *reload);

#endif
