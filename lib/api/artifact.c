/* Files for the Mesos fetcher, below one directory. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/handlers.h"
#include "base/str.h"

/* No part of it may be hidden, or lead up or out. */
static bool
is_plain(const char *name)
{
	if (*name == '\0')
		return false;
	for (const char *part = name; part != NULL;) {
		if (*part == '.' || *part == '/' || *part == '\0')
			return false;
		part = strchr(part, '/');
		if (part != NULL)
			part++;
	}
	return true;
}

/* Whether path, links followed, is still below dir. */
static bool
is_below(const char *dir, const char *path)
{
	char real_dir[PATH_MAX], real[PATH_MAX];
	if (realpath(dir, real_dir) == NULL || realpath(path, real) == NULL)
		return false;
	size_t len = strlen(real_dir);
	return strncmp(real, real_dir, len) == 0 &&
	       (real[len] == '/' || real_dir[len - 1] == '/');
}

/* A descriptor of a regular file, or -1. */
static int
open_file(const char *dir, const char *name, struct stat *st)
{
	if (dir == NULL || !is_plain(name))
		return -1;
	char *path = rm_format("%s/%s", dir, name);
	/* NONBLOCK: a FIFO must not stop us. */
	int fd = is_below(dir, path)
		     ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
		     : -1;
	free(path);
	if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	close(fd);
	return -1;
}

static void
http_date(time_t at, char *to, size_t size)
{
	struct tm tm;
	gmtime_r(&at, &tm);
	strftime(to, size, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* RFC 9110, 13.2.2: If-None-Match goes before If-Modified-Since. */
static bool
is_known(const struct rm_request *request, const char *etag, time_t modified)
{
	const char *match = rm_request_header(request, "If-None-Match");
	const char *since = rm_request_header(request, "If-Modified-Since");
	if (match != NULL)
		return strcmp(match, "*") == 0 || strstr(match, etag) != NULL;
	struct tm tm = { 0 };
	return since != NULL &&
	       strptime(since, "%a, %d %b %Y %H:%M:%S GMT", &tm) != NULL &&
	       modified <= timegm(&tm);
}

void
rm_api_get_artifact(struct rm_request *request, void *arg)
{
	struct rm_api *api = arg;
	const char *name = rm_request_param(request, "*");
	struct stat st;
	int fd = open_file(api->options.static_dir, name, &st);
	if (fd < 0) {
		rm_api_refuse_as(request, 404,
		    api->options.static_dir != NULL ? "no such file: %s"
						    : "no --static here: %s",
		    name);
		return;
	}
	char date[64], *etag = rm_format("\"%llx-%llx.%lx\"",
			   (unsigned long long)st.st_size,
			   (unsigned long long)st.st_mtim.tv_sec,
			   (unsigned long)st.st_mtim.tv_nsec);
	http_date(st.st_mtime, date, sizeof(date));
	rm_request_add_header(request, "ETag", etag);
	rm_request_add_header(request, "Last-Modified", date);
	if (is_known(request, etag, st.st_mtime)) {
		close(fd);
		rm_reply(request, 304, NULL, "", 0);
	} else {
		rm_reply_file(request, 200, "application/octet-stream", fd,
		    (size_t)st.st_size);
	}
	free(etag);
}
