#include "io/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/exit.h"
#include "base/str.h"

static int
check(const char *path, const struct stat *st, struct rm_error *err)
{
	if (S_ISDIR(st->st_mode))
		return rm_error_set(
		    err, RM_EXIT_USAGE, "%s: %s", path, strerror(EISDIR));
	if (st->st_mode & S_IRWXO)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "%s: others may read it; try 'chmod 600'", path);
	return 0;
}

FILE *
rm_secret_open(const char *path, struct rm_error *err)
{
	struct stat st;
	FILE *file = fopen(path, "re");
	if (file == NULL || fstat(fileno(file), &st) != 0)
		rm_error_set(
		    err, RM_EXIT_USAGE, "%s: %s", path, strerror(errno));
	else if (check(path, &st, err) == 0) {
		setvbuf(file, NULL, _IONBF, 0);
		return file;
	}
	if (file != NULL)
		fclose(file);
	return NULL;
}

int
rm_secret_check(const char *path, struct rm_error *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "%s: %s", path, strerror(errno));
	return check(path, &st, err);
}

char *
rm_secret_line(const char *path, size_t most, struct rm_error *err)
{
	FILE *file = rm_secret_open(path, err);
	if (file == NULL)
		return NULL;
	char *line = rm_alloc(most + 1);
	for (size_t len = 0; len < most; len++) {
		int c = fgetc(file);
		if (c == EOF || c == '\n' || c == '\r')
			break;
		line[len] = (char)c;
	}
	fclose(file);
	return line;
}
