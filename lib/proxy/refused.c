#include "proxy/refused.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int
hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, c >= 'A' ? c | 0x20 : c)
				      : NULL;
	return found != NULL ? (int)(found - digits) : -1;
}

/* Where the path of a target begins. */
static size_t
path_start(const char *target, size_t len)
{
	if (len == 0 || target[0] == '/' || len < 7)
		return 0;
	const char *slash = memchr(target + 7, '/', len - 7);
	return slash != NULL ? (size_t)(slash - target) : len;
}

/* The path as the server sees it, never longer than the target; its length. */
static size_t
plain(const char *target, size_t len, char *to)
{
	size_t n = 0;
	for (size_t i = path_start(target, len); i < len; i++) {
		char c = target[i];
		if (c == '?' || c == '#')
			break;
		if (c == '%' && i + 2 < len && hex(target[i + 1]) >= 0 &&
		    hex(target[i + 2]) >= 0) {
			c = (char)(hex(target[i + 1]) * 16 +
				   hex(target[i + 2]));
			i += 2;
		}
		if (c != '/' || n == 0 || to[n - 1] != '/')
			to[n++] = c;
	}
	return n;
}

/* "." and ".." taken away (RFC 3986, 5.2.4); the new length. Decoded slashes
 * count: a reader in front of Riak may do both in either order. */
static size_t
flatten(char *path, size_t len)
{
	size_t n = 0;
	for (size_t at = 0; at < len;) {
		const char *slash = at + 1 < len ? memchr(path + at + 1, '/',
						       len - at - 1)
						 : NULL;
		size_t end = slash != NULL ? (size_t)(slash - path) : len;
		size_t part = end - at; /* "/name" */
		if (part == 3 && memcmp(path + at, "/..", 3) == 0) {
			while (n > 0 && path[--n] != '/')
				;
		} else if (part != 2 || memcmp(path + at, "/.", 2) != 0) {
			memmove(path + n, path + at, part);
			n += part;
		}
		at = end;
	}
	return n;
}

/* Whether the path is one of these, or below it. */
static bool
below(const char *paths, const char *path, size_t n)
{
	while (*paths != '\0') {
		size_t want = strcspn(paths, ", ");
		const char *next = paths + want + (paths[want] != '\0');
		while (want > 0 && paths[want - 1] == '/')
			want--;
		if (want > 0 && want <= n && memcmp(path, paths, want) == 0 &&
		    (want == n || path[want] == '/'))
			return true;
		paths = next;
	}
	return false;
}

bool
rm_path_refused(const char *paths, const char *target, size_t len)
{
	if (paths == NULL || *paths == '\0')
		return false;
	char *path = rm_alloc(len + 1);
	size_t n = plain(target, len, path);
	bool refused = below(paths, path, n) ||
		       below(paths, path, flatten(path, n));
	free(path);
	return refused;
}
