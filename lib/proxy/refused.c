#include "proxy/refused.h"

#include <string.h>

/* More of a path than this decides nothing. */
#define PATH_MAX_COMPARED 512

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

/* The beginning of the path as the server sees it; its length. */
static size_t
plain(const char *target, size_t len, char to[PATH_MAX_COMPARED])
{
	size_t n = 0;
	for (size_t i = path_start(target, len);
	     i < len && n < PATH_MAX_COMPARED; i++) {
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

bool
rm_path_refused(const char *paths, const char *target, size_t len)
{
	char path[PATH_MAX_COMPARED];
	if (paths == NULL || *paths == '\0')
		return false;
	size_t n = plain(target, len, path);
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
