/*
 * The tables that Riak draws:
 *
 *     +-----+------+
 *     |type |index |
 *     +-----+------+
 *     | x   | 0    |
 *     +-----+------+
 *
 * as an array of one object a row, all cells strings without outer blanks:
 * what the same command prints with --format=json.
 */
#ifndef RM_RIAK_ADMIN_TABLE_H
#define RM_RIAK_ADMIN_TABLE_H

#include "riak/admin_lines.h"

/* 0 and the rows, or -1. */
int rm_admin_take_table(struct rm_admin_lines *l, jv *rows);

#endif
