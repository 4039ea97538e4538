#include "cli/write_file.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"

/* mode 0: as files are made. */
static int
write_to(const char *path, const struct rm_str *text, mode_t mode)
{
	FILE *file = fopen(path, "we");
	bool good = file != NULL &&
		    (mode == 0 || fchmod(fileno(file), mode) == 0) &&
		    fwrite(text->text, 1, text->len, file) == text->len;
	if (file != NULL && fclose(file) != 0)
		good = false;
	return good ? 0 : -1;
}

static int
replace(const char *path, const struct rm_str *text, mode_t mode)
{
	char *fresh = rm_format("%s.%ld", path, (long)getpid());
	int rc = write_to(fresh, text, mode);
	if (rc == 0)
		rc = rename(fresh, path);
	if (rc != 0) {
		int why = errno;
		unlink(fresh);
		errno = why;
	}
	free(fresh);
	return rc;
}

int
rm_cli_write_file(
    const char *path, const struct rm_str *text, struct rm_error *err)
{
	struct stat st;
	char target[PATH_MAX];
	int rc;
	if (stat(path, &st) != 0)
		rc = replace(path, text, 0);
	else if (S_ISREG(st.st_mode) && realpath(path, target) != NULL)
		rc = replace(target, text, st.st_mode & ALLPERMS);
	else
		rc = write_to(path, text, 0);
	if (rc == 0)
		return 0;
	return rm_error_set(
	    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
}
