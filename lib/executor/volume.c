#include "executor/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"

#define LOCK_NAME ".rm-executor.lock"

static int
check_folder(const char *path, struct stat *st, struct rm_error *err)
{
	if (stat(path, st) != 0)
		return rm_error_set(err, RM_EXIT_USAGE, "no volume at %s: %s",
		    path, strerror(errno));
	if (!S_ISDIR(st->st_mode))
		return rm_error_set(
		    err, RM_EXIT_USAGE, "no volume at %s: not a folder", path);
	return 0;
}

static int
check_neighbour(const char *root, const char *data_dir,
    const struct stat *volume, struct rm_error *err)
{
	struct stat st;
	char *path = rm_format("%s/%s", root, data_dir);
	bool same = stat(path, &st) == 0 && st.st_dev == volume->st_dev &&
		    st.st_ino == volume->st_ino;
	free(path);
	if (same)
		return 0;
	return rm_error_set(err, RM_EXIT_OUTSIDE,
	    "%s is not the volume as seen from %s", data_dir, root);
}

int
rm_volume_open(struct rm_volume *volume, const char *sandbox,
    const char *container_path, const char *root, const char *data_dir,
    struct rm_error *err)
{
	struct stat st;
	*volume = (struct rm_volume){ .lock = -1 };
	volume->path = rm_format("%s/%s", sandbox, container_path);
	if (check_folder(volume->path, &st, err) != 0 ||
	    check_neighbour(root, data_dir, &st, err) != 0)
		return -1;
	char *file = rm_format("%s/%s", volume->path, LOCK_NAME);
	volume->lock = open(
	    file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (volume->lock < 0)
		rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: %s", file, strerror(errno));
	free(file);
	return volume->lock < 0 ? -1 : 0;
}

int
rm_volume_lock(struct rm_volume *volume, struct rm_error *err)
{
	if (flock(volume->lock, LOCK_EX | LOCK_NB) == 0)
		return 1;
	if (errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	return rm_error_set(err, RM_EXIT_OUTSIDE, "%s: can't be locked: %s",
	    volume->path, strerror(errno));
}

void
rm_volume_close(struct rm_volume *volume)
{
	if (volume->path != NULL && volume->lock >= 0)
		close(volume->lock);
	free(volume->path);
	*volume = (struct rm_volume){ .lock = -1 };
}
