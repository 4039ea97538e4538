#include "api/access.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/exit.h"
#include "io/loopback.h"
#include "io/secret.h"

#define TOKEN_LEAST 16
#define TOKEN_MOST  4096

bool
rm_access_needed(const struct rm_request *request)
{
	const char *method = rm_request_method(request);
	bool asks = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	return !asks || strncmp(rm_request_path(request), "/riak/", 6) == 0;
}

static bool
has_token(const struct rm_request *request, const char *token)
{
	const char *header = rm_request_header(request, "Authorization");
	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return false;
	header += 7 + strspn(header + 7, " ");
	size_t len = strlen(token);
	return strlen(header) == len && CRYPTO_memcmp(header, token, len) == 0;
}

int
rm_access_check(const struct rm_access *access,
    const struct rm_request *request, const char **why)
{
	if (access->token != NULL) {
		*why = "a token is needed: Authorization: Bearer TOKEN, "
		       "or --token-file of riak-mesos";
		return has_token(request, access->token) ? 0 : 401;
	}
	/* A page in a browser on this machine asks with an Origin. */
	if (rm_request_header(request, "Origin") != NULL) {
		*why = "not for pages of a browser; see --token-file";
		return 403;
	}
	*why = "changes and Riak itself are for this machine only; see "
	       "--token-file and --open of rm-api";
	return access->open || rm_loopback(rm_request_peer(request)) ? 0 : 403;
}

static int
check_token(const char *path, const char *token, struct rm_error *err)
{
	if (strlen(token) < TOKEN_LEAST)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: its first line is no token: shorter than %d "
		    "characters",
		    path, TOKEN_LEAST);
	for (const char *p = token; *p != '\0'; p++)
		if (!isgraph((unsigned char)*p))
			return rm_error_set(err, RM_EXIT_USAGE,
			    "%s: its first line is no token: a blank or "
			    "control character in it",
			    path);
	return 0;
}

char *
rm_access_read_token(const char *path, struct rm_error *err)
{
	char *token = rm_secret_line(path, TOKEN_MOST, err);
	if (token == NULL || check_token(path, token, err) == 0)
		return token;
	explicit_bzero(token, strlen(token));
	free(token);
	return NULL;
}
