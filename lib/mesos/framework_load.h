/*
 * Who this framework is, from what was typed and from its records in
 * ZooKeeper: `settings` says what it is called, `framework` its id.
 */
#ifndef RM_MESOS_FRAMEWORK_LOAD_H
#define RM_MESOS_FRAMEWORK_LOAD_H

#include "base/error.h"
#include "io/zk_wait.h"
#include "mesos/framework.h"

/* The framework's znode: "/riak/frameworks/<name>". The caller's. */
char *rm_framework_root(const char *name);

/*
 * Fills what *framework does not say yet from the records of the framework
 * `name`, and then what is left with defaults. zk NULL: no records. A record
 * that can't be read is not an absent one: RM_EXIT_USAGE.
 */
int rm_framework_load(struct rm_framework *framework, const char *name,
    struct rm_zk_wait *zk, struct rm_error *err);

#endif
