/* SPDX-License-Identifier: MIT */
/*
 * The file of a Unix socket that is listened on: who may open it is who may
 * come.  One that a killed process left is replaced; one that somebody listens
 * on, or that is no socket, never is.
 */
#ifndef SMTP_SOCKET_FILE_H
#define SMTP_SOCKET_FILE_H

#include <sys/stat.h>
#include <sys/un.h>

struct socket_file {
	struct sockaddr_un address;
	mode_t mode;
	gid_t group; /* (gid_t)-1: as it comes */
	dev_t device;
	ino_t inode; /* as bound */
};

/* Binds the socket there; nobody can connect before listen().  0 or errno:
 * EADDRINUSE: somebody listens; EEXIST: there is something else, or the file
 * was replaced meanwhile.  Changes the umask for a moment: call it before
 * there are threads that make files. */
int socket_file_bind(struct socket_file *file, int fd);

/* Removes what socket_file_bind() made, if it still is what is there. */
void socket_file_remove(const struct socket_file *file);

#endif
