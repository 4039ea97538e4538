/*
 * The persistent volume, below the sandbox (a folder, a link or a mount), and
 * its lock: one Riak at a time, whatever became of the executor before us.
 * The lock is a flock(2) that the VM inherits, so it is held for as long as
 * any of them lives.
 */
#ifndef RM_EXECUTOR_VOLUME_H
#define RM_EXECUTOR_VOLUME_H

#include "base/error.h"

struct rm_volume {
	char *path; /* "<sandbox>/data" */
	int lock; /* descriptor, -1: none */
};

/*
 * Checks that it is there, can be written, and is what `data_dir` means from
 * Riak's root; opens the lock's file, without taking the lock. Error: one
 * line, RM_EXIT_USAGE or RM_EXIT_OUTSIDE.
 */
int rm_volume_open(struct rm_volume *volume, const char *sandbox,
    const char *container_path, const char *root, const char *data_dir,
    struct rm_error *err);
/* 1: it is ours; 0: somebody has it; -1: it can't be taken. */
int rm_volume_lock(struct rm_volume *volume, struct rm_error *err);
/* Gives up our part of the lock. */
void rm_volume_close(struct rm_volume *volume);

#endif
