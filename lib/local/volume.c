#include "local/volume.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"

char *
rm_local_volume_path(
    const struct rm_local_agent *agent, const struct rm_identity *volume)
{
	if (volume->source == RM_DISK_MOUNT && volume->root != NULL)
		return rm_strdup(volume->root);
	const char *base = volume->source == RM_DISK_PATH &&
				   volume->root != NULL
			       ? volume->root
			       : agent->work_dir;
	const char *role = volume->depth > 0
			       ? volume->reservations[volume->depth - 1].role
			       : "*";
	char *name = rm_strdup(role);
	for (char *p = name; *p != '\0'; p++)
		if (*p == '/')
			*p = ' '; /* as a real agent does it */
	char *path = rm_format(
	    "%s/volumes/roles/%s/%s", base, name, volume->persistence_id);
	free(name);
	return path;
}

int
rm_local_make_directories(const char *path, struct rm_error *err)
{
	char *copy = rm_strdup(path);
	int rc = 0;
	for (char *p = copy + 1; rc == 0; p++) {
		char was = *p;
		if (was != '/' && was != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0750) != 0 && errno != EEXIST)
			rc = rm_error_set(err, RM_EXIT_OUTSIDE, "%s: %s", copy,
			    strerror(errno));
		if (was == '\0')
			break;
		*p = was;
	}
	free(copy);
	return rc;
}

int
rm_local_volume_create(
    struct rm_local_agent *agent, jv resource, struct rm_error *err)
{
	const struct rm_identity *id = rm_identity_parse(resource, err);
	if (id == NULL)
		return -1;
	char *path = rm_local_volume_path(agent, id);
	int rc = rm_local_make_directories(path, err);
	free(path);
	rm_identity_unref(id);
	return rc;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	if (at->level > 0 && remove(path) != 0)
		rm_log_warn("can't remove %s: %s", path, strerror(errno));
	return 0;
}

void
rm_local_volume_destroy(struct rm_local_agent *agent, jv resource)
{
	const struct rm_identity *id = rm_identity_parse(resource, NULL);
	if (id == NULL)
		return;
	char *path = rm_local_volume_path(agent, id);
	nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	/* A MOUNT disk stays, emptied. */
	if (id->source != RM_DISK_MOUNT && rmdir(path) != 0 && errno != ENOENT)
		rm_log_warn("can't remove %s: %s", path, strerror(errno));
	free(path);
	rm_identity_unref(id);
}
