/*
 * The messages of scheduler.proto as JSON has them: members in the order of
 * their declaration, each with its key. Only wire.c and wire_read.c include
 * this.
 */
#ifndef RM_MESOS_WIRE_SHAPE_H
#define RM_MESOS_WIRE_SHAPE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct rm_shape;

struct rm_shape_member {
	const ProtobufCFieldDescriptor *field;
	char *key; /* "name":, with its quotes; owned */
	size_t key_len;
	/* Of a message; of bytes, the message that is packed in them; or
	 * NULL. */
	const struct rm_shape *sub;
};

struct rm_shape {
	const ProtobufCMessageDescriptor *message;
	struct rm_shape_member *members; /* owned */
	size_t count;
	struct rm_shape *next; /* in the wire's list */
};

struct rm_wire {
	struct rm_shape *shapes; /* owned */
	const struct rm_shape *event;
};

#endif
