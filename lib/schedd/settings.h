/*
 * The settings record as rm-schedd makes it from its options; rm-records(5)
 * says what it holds. Pure.
 */
#ifndef RM_SCHEDD_SETTINGS_H
#define RM_SCHEDD_SETTINGS_H

#include <jv.h>

#include "base/error.h"
#include "base/option.h"

#define RM_SETTINGS_SCHEMA 1

/* As they were typed. */
struct rm_settings {
	const char *framework, *role, *principal, *user;
	const char *hostname, *webui_url, *zookeeper, *network_interface;
	bool zookeeper_auth; /* executors are given our user and password */
	double failover_timeout;
	double node_cpus, node_mem, node_disk, executor_cpus, executor_mem;
	const char *constraints; /* JSON */
	const char *where; /* jq program, or NULL */
	struct rm_option_list resources; /* KEY=URL */
	const char *resource_urls; /* JSON object, or NULL */
	double spread_wait, refuse_seconds, kill_grace, launch_limit;
	double start_limit;
	bool no_operation_ids;
};

/* err names the option whose value is wrong (RM_EXIT_USAGE). */
int rm_settings_make(
    const struct rm_settings *from, jv *record, struct rm_error *err);

/* Whether a record that is there may be replaced by ours: a newer schema may
 * not (RM_EXIT_CONFLICT). text is the znode's value; NULL: there is none. */
int rm_settings_check(const char *text, size_t len, struct rm_error *err);

#endif
