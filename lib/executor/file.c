#include "executor/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"

static int
read_all(int fd, struct rm_str *to)
{
	char chunk[4096];
	ssize_t n;
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n > 0)
			rm_str_add(to, chunk, (size_t)n);
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

int
rm_file_read(struct rm_str *to, const char *path, struct rm_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : read_all(fd, to);
	if (rc != 0)
		rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

void
rm_file_tail(struct rm_str *to, const char *path, size_t most)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > (off_t)most ? size - (off_t)most : 0;
	if (size >= 0 && lseek(fd, from, SEEK_SET) == from) {
		struct rm_str text = { 0 };
		if (read_all(fd, &text) == 0 && text.len > 0)
			rm_str_add(
			    to, text.text, text.len < most ? text.len : most);
		rm_str_free(&text);
	}
	close(fd);
}

static int
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int
rm_file_write(const char *path, const struct rm_str *text, struct rm_error *err)
{
	char *fresh = rm_format("%s.new", path);
	int fd = open(
	    fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = fd < 0 ? -1 : write_all(fd, text->text, text->len);
	if (fd >= 0 && close(fd) != 0)
		rc = -1;
	if (rc == 0)
		rc = rename(fresh, path);
	if (rc != 0) {
		rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
		unlink(fresh);
	}
	free(fresh);
	return rc;
}
