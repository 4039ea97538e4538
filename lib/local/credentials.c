#include "local/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/exit.h"
#include "base/json.h"
#include "io/secret.h"

/* Consumes the document. */
static jv
from_json(jv document)
{
	jv known = jv_object(), list = rm_json_get(document, "credentials");
	if (jv_get_kind(list) == JV_KIND_ARRAY) {
		jv_array_foreach (list, i, one) {
			const char *principal = rm_json_text(
			    one, "principal", NULL);
			if (principal != NULL)
				known = rm_json_set(known, principal,
				    jv_string(rm_json_text(one, "secret", "")));
			jv_free(one);
		}
	}
	jv_free(list);
	jv_free(document);
	return known;
}

static int
from_lines(FILE *in, const char *path, jv *known, struct rm_error *err)
{
	char *line = NULL;
	size_t room = 0;
	int rc = 0;
	for (unsigned n = 1; rc == 0 && getline(&line, &room, in) > 0; n++) {
		char *rest = line;
		const char *principal = strsep(&rest, " \t\r\n");
		if (*principal == '\0')
			continue;
		const char *secret = rest != NULL ? strsep(&rest, " \t\r\n")
						  : "";
		if (*secret == '\0')
			rc = rm_error_set(err, RM_EXIT_USAGE,
			    "%s: line %u has no secret", path, n);
		else
			*known = rm_json_set(
			    *known, principal, jv_string(secret));
	}
	free(line);
	return rc;
}

int
rm_local_credentials_read(
    const char *path, jv *credentials, struct rm_error *err)
{
	FILE *in = rm_secret_open(path, err);
	if (in == NULL)
		return -1;
	int first = fgetc(in);
	ungetc(first, in);
	jv known = jv_object();
	int rc;
	if (first == '{') {
		jv document = jv_invalid();
		rc = rm_json_read(path, &document, err);
		if (rc == 0) {
			jv_free(known);
			known = from_json(document);
		}
	} else {
		rc = from_lines(in, path, &known, err);
	}
	fclose(in);
	if (rc == 0)
		*credentials = known;
	else
		jv_free(known);
	return rc;
}

char *
rm_local_credentials_check(jv credentials, const char *header)
{
	struct rm_str text = { 0 };
	char *principal = NULL;
	if (header == NULL || strncasecmp(header, "Basic ", 6) != 0 ||
	    rm_base64_decode(&text, header + 6, strlen(header + 6)) != 0)
		return NULL;
	char *colon = text.text != NULL ? strchr(text.text, ':') : NULL;
	if (colon != NULL) {
		*colon = '\0';
		const char *secret = rm_json_text(credentials, text.text, NULL);
		if (secret != NULL && strcmp(secret, colon + 1) == 0)
			principal = rm_strdup(text.text);
	}
	rm_str_free(&text);
	return principal;
}
