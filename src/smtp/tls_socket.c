/* SPDX-License-Identifier: MIT */
#include "tls_socket.h"

#include <errno.h>
#include <openssl/bio.h>
#include <string.h>
#include <sys/socket.h>

static ssize_t
take(struct tls_socket *self, char *bytes, size_t wanted)
{
	ssize_t got;

	if (self->early != NULL) {
		wanted = MIN(wanted, self->early->len);
		memcpy(bytes, self->early->data, wanted);
		g_byte_array_remove_range(self->early, 0, (unsigned)wanted);
		if (self->early->len == 0)
			g_clear_pointer(&self->early, g_byte_array_unref);
		return (ssize_t)wanted;
	}
	do
		got = recv(self->fd, bytes, wanted, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

static int
on_read(BIO *bio, char *bytes, int length)
{
	struct tls_socket *self = BIO_get_data(bio);
	size_t wanted = MIN((size_t)length, self->allowance);
	ssize_t got;

	BIO_clear_retry_flags(bio);
	if (wanted == 0) {
		self->need = TLS_NEEDS_TURN;
		BIO_set_retry_read(bio);
		return -1;
	}
	got = take(self, bytes, wanted);
	if (got > 0) {
		self->allowance -= (size_t)got;
	} else if (got == 0) {
		self->ended = true;
	} else if (errno == EAGAIN) {
		self->need = TLS_NEEDS_INPUT;
		BIO_set_retry_read(bio);
	} else {
		self->error = errno;
	}
	return (int)got;
}

static int
on_write(BIO *bio, const char *bytes, int length)
{
	struct tls_socket *self = BIO_get_data(bio);
	ssize_t done;

	BIO_clear_retry_flags(bio);
	do
		done = send(self->fd, bytes, (size_t)length, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	if (done < 0 && errno == EAGAIN) {
		self->need = TLS_NEEDS_OUTPUT;
		BIO_set_retry_write(bio);
	} else if (done < 0) {
		self->error = errno;
	}
	return (int)done;
}

static long
on_control(BIO *bio, int command, long number, void *pointer)
{
	const struct tls_socket *self = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return self->ended;
	return command == BIO_CTRL_FLUSH;
}

struct bio_method_st *
tls_socket_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "client");

	g_assert(method != NULL);
	BIO_meth_set_read(method, on_read);
	BIO_meth_set_write(method, on_write);
	BIO_meth_set_ctrl(method, on_control);
	return method;
}
