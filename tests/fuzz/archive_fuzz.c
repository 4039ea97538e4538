/*
 * A package of Riak as an archive: in one that is taken there is riak/bin/riak,
 * and nothing that, as a path is walked, leaves it or comes to the volume.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "riak/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VOLUME "data"

/* The path as it is walked: without empty parts and ".". "..", or a beginning
 * at the root, is the end. The caller's. */
static char *
walk(const char *name)
{
	struct rm_str path = { 0 };
	if (*name == '/')
		abort();
	rm_str_puts(&path, "");
	while (*name != '\0') {
		size_t n = strcspn(name, "/");
		if (n == 2 && name[0] == '.' && name[1] == '.')
			abort();
		if (n > 0 && !(n == 1 && name[0] == '.')) {
			rm_str_puts(&path, "/");
			rm_str_add(&path, name, n);
		}
		name += n + (name[n] == '/');
	}
	return rm_str_take(&path);
}

static bool
check_name(const char *name)
{
	static const char program[] = "/riak/bin/riak";
	char *path = walk(name);
	if (strcmp(path, "/" VOLUME) == 0 ||
	    strncmp(path, "/" VOLUME "/", sizeof("/" VOLUME)) == 0)
		abort();
	size_t n = strlen(path), m = sizeof(program) - 1;
	bool is = n >= m && strcmp(path + n - m, program) == 0;
	free(path);
	return is;
}

static void
check(const uint8_t *data, size_t size)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	bool found = false;
	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_zip(a);
	int rc = archive_read_open_memory(a, data, size);
	while (rc == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		rc = archive_read_next_header(a, &entry);
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			break;
		const char *name = archive_entry_pathname(entry);
		found |= name != NULL && check_name(name);
	}
	if (!found)
		abort();
	archive_read_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	char path[64];
	if (fd < 0)
		fd = memfd_create("archive", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ftruncate(fd, 0) != 0 ||
	    pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	struct rm_error err = { 0 };
	if (rm_riak_archive_check(path, VOLUME, &err) == 0)
		check(data, size);
	else if (err.code == 0 || err.text[0] == '\0')
		abort();
	return 0;
}
