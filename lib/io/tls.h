/*
 * TLS (OpenSSL): certificates and keys from files, read again when asked, and
 * the two ends of a connection. 1.2 or later.
 */
#ifndef RM_IO_TLS_H
#define RM_IO_TLS_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct rm_tls;

struct rm_tls_files {
	/* PEM; the chain, and the key, which others may not read and which wants
	 * no password. NULL: none; a key of NULL is in the chain's file. */
	const char *cert, *key;
	/* Who has to have signed the other's certificate. Of a server NULL asks
	 * for none; of a client NULL is the system's authorities. */
	const char *ca;
	bool server;
};

/* Borrows the names. Errors name the file, RM_EXIT_USAGE. */
struct rm_tls *rm_tls_new(
    const struct rm_tls_files *files, struct rm_error *err);
/* Reads the files again, for connections from now on; when they are bad all
 * stays as it was. */
int rm_tls_reload(struct rm_tls *tls, struct rm_error *err);
void rm_tls_free(struct rm_tls *tls);

/* A connection over fd, which stays the caller's. host: of a client, whose name
 * or address has to be in the certificate. NULL: no memory. */
SSL *rm_tls_open(struct rm_tls *tls, int fd, const char *host);
/* A server's, for a bufferevent, which takes it over. NULL: no memory. */
SSL *rm_tls_accept(struct rm_tls *tls);

/* What is wanted before it can go on. */
enum rm_tls_wish { RM_TLS_DONE, RM_TLS_READ, RM_TLS_WRITE, RM_TLS_FAILED };
enum rm_tls_wish rm_tls_handshake(SSL *ssl);
/* Bytes; 0 and READ or WRITE; 0 and DONE: the peer has ended; -1 and FAILED:
 * also when it ended without saying so. */
ssize_t rm_tls_read(SSL *ssl, void *to, size_t room, enum rm_tls_wish *wish);
ssize_t rm_tls_write(
    SSL *ssl, const void *from, size_t len, enum rm_tls_wish *wish);
/* Nothing has come that was not read. */
bool rm_tls_quiet(SSL *ssl);
/* Tells the peer that no more will come. */
void rm_tls_end(SSL *ssl);
/* Accepts NULL. */
void rm_tls_close(SSL *ssl);
/* Why the last one failed; a static buffer. */
const char *rm_tls_why(void);

#endif
