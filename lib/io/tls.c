#include "io/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "base/str.h"
#include "io/secret.h"

struct rm_tls {
	struct rm_tls_files files;
	SSL_CTX *context;
};

static char why[256];

const char *
rm_tls_why(void)
{
	return why;
}

/* What OpenSSL says of the last error of this thread. */
static const char *
reason(void)
{
	unsigned long number = ERR_peek_last_error();
	const char *text = number != 0 ? ERR_reason_error_string(number) : NULL;
	ERR_clear_error();
	return text != NULL ? text : "TLS failed";
}

/* A key that wants a password is an error, not a question on a terminal. */
static int
no_password(char *to, int room, int writing, void *arg)
{
	(void)to;
	(void)room;
	(void)writing;
	(void)arg;
	return -1;
}

static int
failed(const char *file, struct rm_error *err)
{
	return rm_error_set(err, RM_EXIT_USAGE, "%s: %s", file, reason());
}

static int
load(SSL_CTX *context, const struct rm_tls_files *files, struct rm_error *err)
{
	const char *key = files->key != NULL ? files->key : files->cert;
	SSL_CTX_set_default_passwd_cb(context, no_password);
	if (key != NULL && rm_secret_check(key, err) != 0)
		return -1;
	if (files->cert != NULL &&
	    SSL_CTX_use_certificate_chain_file(context, files->cert) != 1)
		return failed(files->cert, err);
	if (key != NULL && (SSL_CTX_use_PrivateKey_file(context, key,
				SSL_FILETYPE_PEM) != 1 ||
			       SSL_CTX_check_private_key(context) != 1))
		return failed(key, err);
	if (files->ca != NULL &&
	    SSL_CTX_load_verify_locations(context, files->ca, NULL) != 1)
		return failed(files->ca, err);
	if (files->server && files->ca != NULL)
		SSL_CTX_set_client_CA_list(
		    context, SSL_load_client_CA_file(files->ca));
	if (!files->server && files->ca == NULL)
		SSL_CTX_set_default_verify_paths(context);
	return 0;
}

static SSL_CTX *
make(const struct rm_tls_files *files, struct rm_error *err)
{
	SSL_CTX *context = SSL_CTX_new(
	    files->server ? TLS_server_method() : TLS_client_method());
	if (context == NULL) {
		rm_error_set(err, RM_EXIT_OUTSIDE, "%s", reason());
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
		SSL_OP_NO_COMPRESSION);
	/* What is not taken is offered again from another place; an idle
	 * connection holds no buffers. */
	SSL_CTX_set_mode(context,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	if (!files->server)
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	else if (files->ca != NULL)
		SSL_CTX_set_verify(context,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* Every worker would know its own sessions only. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (files->server)
		SSL_CTX_set_session_id_context(
		    context, (const unsigned char *)"riak-mesos", 10);
	if (load(context, files, err) != 0) {
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

struct rm_tls *
rm_tls_new(const struct rm_tls_files *files, struct rm_error *err)
{
	SSL_CTX *context = make(files, err);
	if (context == NULL)
		return NULL;
	struct rm_tls *tls = rm_alloc(sizeof(*tls));
	tls->files = *files;
	tls->context = context;
	return tls;
}

int
rm_tls_reload(struct rm_tls *tls, struct rm_error *err)
{
	SSL_CTX *fresh = make(&tls->files, err);
	if (fresh == NULL)
		return -1;
	SSL_CTX_free(tls->context); /* connections keep it */
	tls->context = fresh;
	return 0;
}

void
rm_tls_free(struct rm_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

/* Whom a client wants to talk to. */
static bool
expect(SSL *ssl, const char *host)
{
	struct in6_addr address;
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	if (inet_pton(AF_INET, host, &address) == 1 ||
	    inet_pton(AF_INET6, host, &address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	return SSL_set1_host(ssl, host) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

SSL *
rm_tls_open(struct rm_tls *tls, int fd, const char *host)
{
	SSL *ssl = SSL_new(tls->context);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
	    (!tls->files.server && !expect(ssl, host))) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	if (tls->files.server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

SSL *
rm_tls_accept(struct rm_tls *tls)
{
	return SSL_new(tls->context);
}

static enum rm_tls_wish
wish_of(SSL *ssl, int rc)
{
	int error = SSL_get_error(ssl, rc);
	if (error == SSL_ERROR_NONE || error == SSL_ERROR_ZERO_RETURN)
		return RM_TLS_DONE;
	if (error == SSL_ERROR_WANT_READ)
		return RM_TLS_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return RM_TLS_WRITE;
	long verify = SSL_get_verify_result(ssl);
	snprintf(why, sizeof(why), "%s",
	    error == SSL_ERROR_SYSCALL && errno != 0 ? strerror(errno)
	    : verify != X509_V_OK ? X509_verify_cert_error_string(verify)
				  : reason());
	ERR_clear_error();
	return RM_TLS_FAILED;
}

enum rm_tls_wish
rm_tls_handshake(SSL *ssl)
{
	ERR_clear_error();
	errno = 0;
	return wish_of(ssl, SSL_do_handshake(ssl));
}

ssize_t
rm_tls_read(SSL *ssl, void *to, size_t room, enum rm_tls_wish *wish)
{
	ERR_clear_error();
	errno = 0;
	int n = SSL_read(ssl, to, room < 1 << 20 ? (int)room : 1 << 20);
	*wish = wish_of(ssl, n);
	return n > 0 ? n : *wish == RM_TLS_FAILED ? -1 : 0;
}

ssize_t
rm_tls_write(SSL *ssl, const void *from, size_t len, enum rm_tls_wish *wish)
{
	ERR_clear_error();
	errno = 0;
	int n = SSL_write(ssl, from, len < 1 << 20 ? (int)len : 1 << 20);
	*wish = wish_of(ssl, n);
	return n > 0 ? n : *wish == RM_TLS_FAILED ? -1 : 0;
}

bool
rm_tls_quiet(SSL *ssl)
{
	char byte;
	ERR_clear_error();
	errno = 0;
	/* A session's ticket is no answer. */
	return wish_of(ssl, SSL_peek(ssl, &byte, 1)) == RM_TLS_READ;
}

void
rm_tls_end(SSL *ssl)
{
	ERR_clear_error();
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}

void
rm_tls_close(SSL *ssl)
{
	SSL_free(ssl);
}
