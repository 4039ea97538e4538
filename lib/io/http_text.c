#include "io/http_text.h"

#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void
rm_http_texts_free(struct rm_http_text **texts)
{
	while (*texts != NULL) {
		struct rm_http_text *text = *texts;
		*texts = text->next;
		free(text->name);
		free(text->value);
		free(text);
	}
}

const char *
rm_http_texts_find(const struct rm_http_text *texts, const char *name)
{
	for (; texts != NULL; texts = texts->next)
		if (strcmp(texts->name, name) == 0)
			return texts->value;
	return NULL;
}

char *
rm_http_text_decode(const char *from, size_t len, bool form)
{
	char *raw = rm_format("%.*s", (int)len, from);
	size_t size = 0;
	char *decoded = evhttp_uridecode(raw, form, &size);
	free(raw);
	if (decoded != NULL && strlen(decoded) != size) {
		free(decoded);
		return NULL;
	}
	return decoded;
}

/* Consumes name and value; false when one could not be decoded. */
static bool
text_add(struct rm_http_text **texts, char *name, char *value)
{
	if (name == NULL || value == NULL) {
		free(name);
		free(value);
		return false;
	}
	struct rm_http_text *text = rm_alloc(sizeof(*text));
	text->name = name;
	text->value = value;
	while (*texts != NULL)
		texts = &(*texts)->next;
	*texts = text;
	return true;
}

bool
rm_http_texts_query(struct rm_http_text **texts, const char *query)
{
	while (query != NULL && *query != '\0') {
		size_t len = strcspn(query, "&");
		size_t name = strcspn(query, "=&");
		size_t value = name < len ? name + 1 : len;
		if (name > 0 &&
		    !text_add(texts, rm_http_text_decode(query, name, true),
			rm_http_text_decode(query + value, len - value, true)))
			return false;
		query += len + (query[len] == '&');
	}
	return true;
}

/* Compares one segment of a route with one of a path. */
static bool
match_segment(const char *route, size_t route_len, const char *path,
    size_t path_len, struct rm_http_text **texts)
{
	if (route_len > 0 && route[0] == ':')
		return path_len > 0 &&
		       text_add(texts,
			   rm_format("%.*s", (int)route_len - 1, route + 1),
			   rm_http_text_decode(path, path_len, false));
	return route_len == path_len && memcmp(route, path, path_len) == 0;
}

bool
rm_http_texts_route(
    struct rm_http_text **texts, const char *route, const char *path)
{
	while (*route == '/' && *path == '/') {
		route++, path++;
		if (strcmp(route, "*") == 0)
			return text_add(texts, rm_strdup("*"),
			    rm_http_text_decode(path, strlen(path), false));
		size_t route_len = strcspn(route, "/");
		size_t path_len = strcspn(path, "/");
		if (!match_segment(route, route_len, path, path_len, texts))
			return false;
		route += route_len;
		path += path_len;
	}
	return *route == '\0' && *path == '\0';
}
