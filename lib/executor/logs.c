#include "executor/logs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

#define MOST  (256 << 10)
#define FILES 1000

static const char *const streams[] = { "stdout", "stderr" };

static bool
is_stream(const char *name)
{
	return strcmp(name, streams[0]) == 0 || strcmp(name, streams[1]) == 0;
}

static bool
is_name(const char *name)
{
	return *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

static jv
describe(const char *name, const struct stat *st)
{
	return JV_OBJECT(jv_string("name"), jv_string(name), jv_string("size"),
	    jv_number((double)st->st_size), jv_string("modified"),
	    jv_number((double)st->st_mtime));
}

/* Adds the regular files of a folder for which the filter is true. */
static jv
list_folder(jv list, const char *path, bool (*wanted)(const char *name))
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		struct stat st;
		char *file = rm_format("%s/%s", path, entries[i]->d_name);
		if (i < FILES && wanted(entries[i]->d_name) &&
		    lstat(file, &st) == 0 && S_ISREG(st.st_mode))
			list = jv_array_append(
			    list, describe(entries[i]->d_name, &st));
		free(file);
		free(entries[i]);
	}
	free(entries);
	return list;
}

jv
rm_logs_list(const char *root, const char *sandbox)
{
	char *path = rm_format("%s/log", root);
	jv list = list_folder(jv_array(), path, is_name);
	free(path);
	return list_folder(list, sandbox, is_stream);
}

/* The last bytes of a regular file; what else may lie there is not opened
 * for long enough to matter. */
static int
read_end(struct rm_str *to, int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	off_t from = st.st_size > MOST ? st.st_size - MOST : 0;
	char chunk[4096];
	while (to->len < MOST) {
		ssize_t n = pread(
		    fd, chunk, sizeof(chunk), from + (off_t)to->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? 0 : -1;
		rm_str_add(to, chunk, (size_t)n);
	}
	return 0;
}

/* Where the last lines begin. */
static size_t
find_lines(const struct rm_str *text, size_t lines)
{
	size_t at = text->len;
	if (at > 0 && text->text[at - 1] == '\n')
		at--;
	for (; at > 0; at--)
		if (text->text[at - 1] == '\n' && --lines == 0)
			return at;
	return 0;
}

int
rm_logs_tail(struct rm_str *to, const char *root, const char *sandbox,
    const char *name, size_t lines)
{
	if (!is_name(name))
		return -1;
	char *path = is_stream(name) ? rm_format("%s/%s", sandbox, name)
				     : rm_format("%s/log/%s", root, name);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct rm_str text = { 0 };
	free(path);
	int rc = fd >= 0 ? read_end(&text, fd) : -1;
	if (fd >= 0)
		close(fd);
	if (rc == 0 && text.len > 0 && lines > 0) {
		size_t from = find_lines(&text, lines);
		rm_str_add(to, text.text + from, text.len - from);
	}
	rm_str_free(&text);
	return rc;
}

void
rm_logs_hide(struct rm_str *to, const char *conf)
{
	static const char key[] = "distributed_cookie";
	while (*conf != '\0') {
		size_t len = strcspn(conf, "\n");
		size_t blank = strspn(conf, " \t");
		if (strncasecmp(conf + blank, key, sizeof(key) - 1) == 0)
			rm_str_printf(to, "%s = (hidden)", key);
		else
			rm_str_add(to, conf, len);
		conf += len;
		if (*conf == '\n') {
			rm_str_puts(to, "\n");
			conf++;
		}
	}
}
