#include "mesos/credential.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "io/secret.h"

#define FILE_MAX 4096

static int
parse_json(char *text, struct rm_credential *to)
{
	jv value;
	if (rm_json_parse(text, strlen(text), &value, NULL) != 0)
		return -1;
	const char *principal = rm_json_text(value, "principal", NULL);
	const char *secret = rm_json_text(value, "secret", NULL);
	if (principal != NULL && secret != NULL) {
		to->principal = rm_strdup(principal);
		to->secret = rm_strdup(secret);
	}
	jv_free(value);
	return to->secret != NULL ? 0 : -1;
}

static int
parse_words(char *text, struct rm_credential *to)
{
	char *rest = NULL;
	const char *principal = strtok_r(text, " \t\r\n", &rest);
	const char *secret = strtok_r(NULL, " \t\r\n", &rest);
	if (secret == NULL || strtok_r(NULL, " \t\r\n", &rest) != NULL)
		return -1;
	to->principal = rm_strdup(principal);
	to->secret = rm_strdup(secret);
	return 0;
}

/* HTTP Basic ends the user at the first colon (RFC 7617). */
static bool
fits(const struct rm_credential *to)
{
	return to->principal[0] != '\0' && strchr(to->principal, ':') == NULL &&
	       to->secret[0] != '\0';
}

int
rm_credential_read(
    const char *path, struct rm_credential *to, struct rm_error *err)
{
	char text[FILE_MAX + 1] = "";
	struct rm_credential got = { 0 };
	if (path == NULL)
		return 0;
	FILE *file = rm_secret_open(path, err);
	if (file == NULL)
		return -1;
	size_t n = fread(text, 1, FILE_MAX, file);
	fclose(file);
	text[n] = '\0';
	const char *first = text + strspn(text, " \t\r\n");
	int rc = *first == '{' ? parse_json(text, &got)
			       : parse_words(text, &got);
	explicit_bzero(text, sizeof(text));
	if (rc != 0 || !fits(&got)) {
		rm_credential_free(&got);
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: neither {\"principal\",\"secret\"} in JSON nor a "
		    "line PRINCIPAL SECRET",
		    path);
	}
	rm_credential_free(to);
	*to = got;
	return 0;
}

void
rm_credential_free(struct rm_credential *credential)
{
	if (credential->secret != NULL)
		explicit_bzero(credential->secret, strlen(credential->secret));
	free(credential->secret);
	free(credential->principal);
	*credential = (struct rm_credential){ 0 };
}
