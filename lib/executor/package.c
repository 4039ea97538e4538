#include "executor/package.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "executor/file.h"

#define DEPTH      6 /* folders between the sandbox and the package */
#define LISTED_MAX 200 /* bytes of names in an error */

static bool
is_file_to_run(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

/* Folders only, and no links: the volume may be one. */
static bool
is_folder(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static char *search(const char *dir, const char *except, int depth);

/* Looks into each folder of dir, one level less deep. */
static char *
search_below(const char *dir, const char *except, int depth)
{
	struct dirent **names = NULL;
	char *found = NULL;
	int n = scandir(dir, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		char *path = rm_format("%s/%s", dir, name);
		if (found == NULL && strcmp(name, ".") != 0 &&
		    strcmp(name, "..") != 0 &&
		    (except == NULL || strcmp(name, except) != 0) &&
		    is_folder(path))
			found = search(path, NULL, depth - 1);
		free(path);
		free(names[i]);
	}
	free(names);
	return found;
}

/* The folder riak/ exactly depth folders below dir, or NULL. */
static char *
search(const char *dir, const char *except, int depth)
{
	if (depth > 0)
		return search_below(dir, except, depth);
	char *program = rm_format("%s/riak/bin/riak", dir);
	char *found = is_file_to_run(program) ? rm_format("%s/riak", dir)
					      : NULL;
	free(program);
	return found;
}

static int
none_found(const char *sandbox, struct rm_error *err)
{
	struct dirent **names = NULL;
	struct rm_str list = { 0 };
	int n = scandir(sandbox, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' && list.len < LISTED_MAX)
			rm_str_printf(&list, " %s", names[i]->d_name);
		free(names[i]);
	}
	free(names);
	rm_error_set(err, RM_EXIT_USAGE,
	    "no package of Riak: no riak/bin/riak in the sandbox, which "
	    "holds:%s",
	    list.len > 0 ? list.text : " nothing");
	rm_str_free(&list);
	return -1;
}

static int
move(const char *from, const char *to, struct rm_error *err)
{
	if (strcmp(from, to) == 0 || rename(from, to) == 0)
		return 0;
	return rm_error_set(err, RM_EXIT_OUTSIDE, "can't move %s to %s: %s",
	    from, to, strerror(errno));
}

/* The first match, the caller's, or NULL. */
static char *
first_match(const char *root, const char *pattern)
{
	char *whole = rm_format("%s/%s", root, pattern), *found = NULL;
	glob_t matches = { 0 };
	if (glob(whole, 0, NULL, &matches) == 0)
		found = rm_strdup(matches.gl_pathv[0]);
	globfree(&matches);
	free(whole);
	return found;
}

/* Riak's nodetool runs `epmd -daemon` for each command, whatever flags the VM
 * has. While rm-cepmd is there that fails in silence; a command that outlives
 * it for a moment would leave an epmd behind that no next run gets the port
 * from. This copy of the package needs none. */
static int
disarm_epmd(const struct rm_package *package, struct rm_error *err)
{
	static const char nothing[] = "#!/bin/sh\nexit 0\n";
	char *path = first_match(package->root, "erts-*/bin/epmd");
	struct rm_str text = { 0 };
	int rc = 0;
	rm_str_puts(&text, nothing);
	if (path != NULL && (rc = rm_file_write(path, &text, err)) == 0 &&
	    chmod(path, S_IRWXU) != 0)
		rc = rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
	rm_str_free(&text);
	free(path);
	return rc;
}

int
rm_package_open(struct rm_package *package, const char *sandbox,
    const char *except, struct rm_error *err)
{
	char *found = NULL;
	*package = (struct rm_package){ 0 };
	for (int depth = 0; found == NULL && depth <= DEPTH; depth++)
		found = search(sandbox, except, depth);
	if (found == NULL)
		return none_found(sandbox, err);
	package->root = rm_format("%s/riak", sandbox);
	int rc = move(found, package->root, err);
	free(found);
	if (rc == 0)
		rc = disarm_epmd(package, err);
	if (rc != 0) {
		rm_package_free(package);
		return -1;
	}
	package->erts_bin = first_match(package->root, "erts-*/bin");
	return 0;
}

void
rm_package_free(struct rm_package *package)
{
	free(package->root);
	free(package->erts_bin);
	*package = (struct rm_package){ 0 };
}

static bool
names(const char *file, const char *word)
{
	struct rm_str text = { 0 };
	bool found = rm_file_read(&text, file, NULL) == 0 && text.len > 0 &&
		     strstr(text.text, word) != NULL;
	rm_str_free(&text);
	return found;
}

bool
rm_package_knows(const struct rm_package *package, const char *key)
{
	char *pattern = rm_format("%s/share/schema/*.schema", package->root);
	char *quoted = rm_format("\"%s\"", key);
	glob_t matches = { 0 };
	bool known = glob(pattern, 0, NULL, &matches) != 0;
	for (size_t i = 0; !known && i < matches.gl_pathc; i++)
		known = names(matches.gl_pathv[i], quoted);
	globfree(&matches);
	free(quoted);
	free(pattern);
	return known;
}

bool
rm_package_runs(const struct rm_package *package, const char *path)
{
	char *whole = rm_format("%s/%s", package->root, path);
	bool runs = is_file_to_run(whole);
	free(whole);
	return runs;
}
