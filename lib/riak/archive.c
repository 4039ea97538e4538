#include "riak/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"

#define BLOCK (1 << 16)

/* Without "./" in front, as often as it is there. */
static const char *
plain(const char *name)
{
	while (name[0] == '.' && name[1] == '/') {
		name += 2;
		name += strspn(name, "/");
	}
	return name;
}

static bool
is_below(const char *name, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(name, folder, n) == 0 &&
	       (name[n] == '/' || name[n] == '\0');
}

/* Absolute, or with a part "..": such a way may lead anywhere. */
static bool
is_astray(const char *name)
{
	if (name[0] == '/')
		return true;
	for (const char *p = name; (p = strstr(p, "..")) != NULL; p += 2)
		if ((p == name || p[-1] == '/') &&
		    (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static bool
is_program(const char *name)
{
	static const char program[] = "riak/bin/riak";
	size_t n = strlen(name), m = sizeof(program) - 1;
	return n >= m && strcmp(name + n - m, program) == 0 &&
	       (n == m || name[n - m - 1] == '/');
}

static int
check_names(struct archive *a, const char *file, const char *volume,
    struct rm_error *err)
{
	struct archive_entry *entry;
	bool found = false;
	int rc;
	while ((rc = archive_read_next_header(a, &entry)) == ARCHIVE_OK ||
	       rc == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(entry);
		if (name == NULL)
			continue;
		name = plain(name);
		if (is_astray(name))
			return rm_error_set(err, RM_EXIT_USAGE,
			    "%s: %.200s would lie outside of the package", file,
			    name);
		if (is_below(name, volume))
			return rm_error_set(err, RM_EXIT_USAGE,
			    "%s: %.200s would lie in the volume, %s", file,
			    name, volume);
		found |= is_program(name);
	}
	if (rc != ARCHIVE_EOF)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: no archive that can be unpacked: %s", file,
		    archive_error_string(a) != NULL ? archive_error_string(a)
						    : "it is damaged");
	return found ? 0
		     : rm_error_set(err, RM_EXIT_USAGE,
			   "%s: no package of Riak: no riak/bin/riak in it",
			   file);
}

/* Some of archive_read_support_filter_all() run programs, such as lrzip, that
 * the file's first bytes choose. */
static void
support(struct archive *a)
{
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_compress(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_zip(a);
}

int
rm_riak_archive_check(
    const char *file, const char *volume, struct rm_error *err)
{
	if (access(file, R_OK) != 0)
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: %s", file, strerror(errno));
	struct archive *a = archive_read_new();
	support(a);
	/* What can't be opened has no names, and tells so. */
	archive_read_open_filename(a, file, BLOCK);
	int rc = check_names(a, file, volume, err);
	archive_read_free(a);
	return rc;
}

int
rm_riak_archive_check_url(
    const char *url, const char *volume, struct rm_error *err)
{
	static const char scheme[] = "file://";
	const char *path = url;
	if (strncmp(url, scheme, sizeof(scheme) - 1) == 0)
		path = url + sizeof(scheme) - 1;
	if (path[0] != '/' || access(path, R_OK) != 0)
		return 0;
	return rm_riak_archive_check(path, volume, err);
}
