#include "cli/read_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"

int
rm_cli_read_file(const char *path, struct rm_str *text, struct rm_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	char chunk[8192];
	size_t n;
	rm_str_puts(text, "");
	while (file != NULL && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		rm_str_add(text, chunk, n);
	bool bad = file == NULL || ferror(file);
	int number = errno;
	if (file != NULL && !standard)
		fclose(file);
	if (!bad)
		return 0;
	return rm_error_set(
	    err, RM_EXIT_USAGE, "%s: %s", path, strerror(number));
}
