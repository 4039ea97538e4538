/*
 * The two forms of a scheduler event: Mesos's JSON and its protocol buffers
 * (scheduler.proto; application/x-protobuf of scheduler-http-api.md). The JSON
 * that is made of a message is what a master would have written itself, member
 * for member; what scheduler.proto does not have is left out. Pure.
 */
#ifndef RM_MESOS_WIRE_H
#define RM_MESOS_WIRE_H

#include <jv.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct rm_wire; /* what is known of the messages, made ready once */

struct rm_wire *rm_wire_new(void);
/* Accepts NULL. */
void rm_wire_free(struct rm_wire *wire);

/* Appends the event's JSON. -1 when the record is no such message: to is then
 * as it was (RM_EXIT_REJECTED). */
int rm_wire_json(struct rm_wire *wire, const void *record, size_t len,
    struct rm_str *to, struct rm_error *err);
/* The other way; borrows event. err names the member that is not of its kind.
 * Whole numbers beyond 2^53 are as exact as libjq has them. */
int rm_wire_protobuf(
    struct rm_wire *wire, jv event, struct rm_str *to, struct rm_error *err);

#endif
