#include "local/fetcher.h"

#include <archive.h>
#include <archive_entry.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/str.h"
#include "local/volume.h"

/* A download slower than this for so long has stalled. */
#define STALL_SECONDS 60L
#define STALL_BYTES   1L

static int
failed(struct rm_error *err, const char *path)
{
	return rm_error_set(
	    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n > m && strcmp(text + n - m, end) == 0;
}

int
rm_local_is_archive(const char *name)
{
	static const char *const ends[] = { ".tar", ".tar.gz", ".tgz",
		".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".zip" };
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends_with(name, ends[i]))
			return 1;
	return 0;
}

/* Below the working directory, whatever links there are. */
static bool
stays_inside(const char *path)
{
	if (*path == '\0' || *path == '/')
		return false;
	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return false;
		p += n + (p[n] == '/');
	}
	return true;
}

static int
copy_file(const char *from, int to, struct rm_error *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(err, from);
	char chunk[65536];
	ssize_t n;
	int rc = 0;
	while (rc == 0 && (n = read(fd, chunk, sizeof(chunk))) != 0)
		if (n < 0 || write(to, chunk, (size_t)n) != n)
			rc = failed(err, from);
	close(fd);
	return rc;
}

static size_t
got_data(char *data, size_t size, size_t count, void *arg)
{
	const int *fd = arg;
	size_t n = size * count, done = 0;
	while (done < n) {
		ssize_t wrote = write(*fd, data + done, n - done);
		if (wrote <= 0)
			return 0;
		done += (size_t)wrote;
	}
	return n;
}

static int
download(const char *url, int to, struct rm_error *err)
{
	char words[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	if (curl == NULL)
		return rm_error_set(err, RM_EXIT_OUTSIDE, "%s: no curl", url);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, got_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &to);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	if (code == CURLE_OK)
		return 0;
	return rm_error_set(err, RM_EXIT_OUTSIDE, "%s: %s", url,
	    *words != '\0' ? words : curl_easy_strerror(code));
}

/* The name that a URL's file gets. The caller's. */
static char *
name_of(const char *url)
{
	size_t n = strcspn(url, "?#");
	while (n > 0 && url[n - 1] == '/')
		n--;
	size_t from = n;
	while (from > 0 && url[from - 1] != '/')
		from--;
	return rm_format("%.*s", (int)(n - from), url + from);
}

static int
bring(const char *url, const char *name, struct rm_error *err)
{
	const char *slash = strrchr(name, '/');
	if (slash != NULL) {
		char *parent = rm_strdup(name);
		parent[slash - name] = '\0';
		int rc = rm_local_make_directories(parent, err);
		free(parent);
		if (rc != 0)
			return -1;
	}
	int fd = open(
	    name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return failed(err, name);
	int rc;
	if (strncmp(url, "file://", 7) == 0)
		rc = copy_file(url + 7, fd, err);
	else if (*url == '/')
		rc = copy_file(url, fd, err);
	else if (strncmp(url, "http://", 7) == 0 ||
		 strncmp(url, "https://", 8) == 0)
		rc = download(url, fd, err);
	else
		rc = rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: only file, http and https are fetched", url);
	if (close(fd) != 0 && rc == 0)
		rc = failed(err, name);
	return rc;
}

static int
bad_archive(struct rm_error *err, const char *path, struct archive *a)
{
	const char *words = archive_error_string(a);
	return rm_error_set(err, RM_EXIT_REJECTED, "%s: %s", path,
	    words != NULL ? words : "can't be extracted");
}

static int
copy_entry(const char *path, struct archive *from, struct archive *to,
    struct archive_entry *entry, struct rm_error *err)
{
	const char *name = archive_entry_pathname(entry);
	const char *target = archive_entry_hardlink(entry);
	if (name == NULL || !stays_inside(name) ||
	    (target != NULL && !stays_inside(target)))
		return rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: entry leaves the sandbox: %s", path,
		    name != NULL ? name : "");
	if (archive_write_header(to, entry) < ARCHIVE_WARN)
		return bad_archive(err, path, to);
	const void *data;
	size_t size;
	la_int64_t offset;
	int rc;
	while ((rc = archive_read_data_block(from, &data, &size, &offset)) ==
	       ARCHIVE_OK)
		if (archive_write_data_block(to, data, size, offset) <
		    ARCHIVE_WARN)
			return bad_archive(err, path, to);
	if (rc != ARCHIVE_EOF)
		return bad_archive(err, path, from);
	return archive_write_finish_entry(to) < ARCHIVE_WARN
		   ? bad_archive(err, path, to)
		   : 0;
}

static int
extract_all(const char *path, struct archive *from, struct archive *to,
    struct rm_error *err)
{
	archive_read_support_filter_all(from);
	archive_read_support_format_tar(from);
	archive_read_support_format_zip(from);
	archive_write_disk_set_options(
	    to, ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM |
		    ARCHIVE_EXTRACT_UNLINK | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
		    ARCHIVE_EXTRACT_SECURE_NODOTDOT |
		    ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
	if (archive_read_open_filename(from, path, 1 << 16) != ARCHIVE_OK)
		return bad_archive(err, path, from);
	struct archive_entry *entry;
	int rc;
	while ((rc = archive_read_next_header(from, &entry)) == ARCHIVE_OK ||
	       rc == ARCHIVE_WARN)
		if (copy_entry(path, from, to, entry, err) != 0)
			return -1;
	return rc == ARCHIVE_EOF ? 0 : bad_archive(err, path, from);
}

int
rm_local_extract(const char *path, struct rm_error *err)
{
	struct archive *from = archive_read_new();
	struct archive *to = archive_write_disk_new();
	int rc = extract_all(path, from, to, err);
	if (archive_write_close(to) != ARCHIVE_OK && rc == 0)
		rc = bad_archive(err, path, to);
	archive_read_free(from);
	archive_write_free(to);
	return rc;
}

int
rm_local_fetch(jv uri, struct rm_error *err)
{
	const char *url = rm_json_text(uri, "value", "");
	const char *output = rm_json_text(uri, "output_file", NULL);
	bool executable = rm_json_bool(uri, "executable", false);
	bool extract = rm_json_bool(uri, "extract", true);
	char *name = output != NULL ? rm_strdup(output) : name_of(url);
	int rc = 0;
	if (!stays_inside(name))
		rc = rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: output file leaves the sandbox: %s", url, name);
	else
		rc = bring(url, name, err);
	if (rc == 0 && executable && chmod(name, 0755) != 0)
		rc = failed(err, name);
	if (rc == 0 && !executable && extract && rm_local_is_archive(name))
		rc = rm_local_extract(name, err);
	free(name);
	return rc;
}
