/*
 * The parsers of lib/riak/admin.c's table: one noun a file. Each takes all
 * lines but the verdict (`ok`), puts its JSON into *value and returns 0; or
 * -1, and the lines stand behind or at the one that it does not know.
 */
#ifndef RM_RIAK_ADMIN_PARSE_H
#define RM_RIAK_ADMIN_PARSE_H

#include "riak/admin_lines.h"

int rm_admin_parse_ping(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_pid(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_services(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_wait(struct rm_admin_lines *l, jv *value);

int rm_admin_parse_members(struct rm_admin_lines *l, jv *value);
/* Stays behind the table: a plan holds several. */
int rm_admin_take_members(struct rm_admin_lines *l, jv *value);

int rm_admin_parse_ringready(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_ring(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_status(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_partitions(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_transfers(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_plan(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_aae(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_types(struct rm_admin_lines *l, jv *value);
int rm_admin_parse_type(struct rm_admin_lines *l, jv *value);

#endif
