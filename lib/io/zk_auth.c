#include "io/zk_auth.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "io/secret.h"

#define AUTH_MAX 1023

char *
rm_zk_auth_read(const char *path, struct rm_error *err)
{
	char *text = rm_secret_line(path, AUTH_MAX, err);
	if (text == NULL || rm_zk_auth_ok(text))
		return text;
	rm_zk_auth_wipe(text);
	rm_error_set(err, RM_EXIT_USAGE,
	    "%s: its first line is not user:password", path);
	return NULL;
}

bool
rm_zk_auth_ok(const char *text)
{
	size_t len = strlen(text);
	const char *colon = strchr(text, ':');
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)text[i]))
			return false;
	return len <= AUTH_MAX && colon != NULL && colon != text &&
	       colon[1] != '\0';
}

void
rm_zk_auth_wipe(char *auth)
{
	if (auth != NULL)
		explicit_bzero(auth, strlen(auth));
	free(auth);
}
