#include "mesos/wire.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/exit.h"
#include "mesos/wire_shape.h"
#include "scheduler.pb-c.h"

/* ---- shapes ---- */

/* The generated structures have their members in the order of declaration;
 * the descriptor's fields are in that of their numbers. */
static int
by_offset(const void *a, const void *b)
{
	const struct rm_shape_member *x = a, *y = b;
	return (x->field->offset > y->field->offset) -
	       (x->field->offset < y->field->offset);
}

static const struct rm_shape *shape_of(
    struct rm_wire *wire, const ProtobufCMessageDescriptor *message);

static const ProtobufCMessageDescriptor *
inner(const ProtobufCMessageDescriptor *message,
    const ProtobufCFieldDescriptor *field)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return field->descriptor;
	return message == &rm__mesos__event__offers__descriptor
		   ? &rm__mesos__offer__descriptor
		   : NULL;
}

static const struct rm_shape *
shape_of(struct rm_wire *wire, const ProtobufCMessageDescriptor *message)
{
	for (struct rm_shape *s = wire->shapes; s != NULL; s = s->next)
		if (s->message == message)
			return s;
	struct rm_shape *shape = rm_alloc(sizeof(*shape));
	*shape = (struct rm_shape){ message,
		rm_alloc(message->n_fields * sizeof(*shape->members)),
		message->n_fields, wire->shapes };
	wire->shapes = shape;
	for (size_t i = 0; i < shape->count; i++) {
		struct rm_shape_member *m = &shape->members[i];
		m->field = &message->fields[i];
		m->key = rm_format("\"%s\":", m->field->name);
		m->key_len = strlen(m->key);
		const ProtobufCMessageDescriptor *sub = inner(
		    message, m->field);
		if (sub != NULL)
			m->sub = shape_of(wire, sub);
	}
	qsort(shape->members, shape->count, sizeof(*shape->members), by_offset);
	return shape;
}

struct rm_wire *
rm_wire_new(void)
{
	struct rm_wire *wire = rm_alloc(sizeof(*wire));
	wire->event = shape_of(wire, &rm__mesos__event__descriptor);
	return wire;
}

void
rm_wire_free(struct rm_wire *wire)
{
	struct rm_shape *next, *shape = wire != NULL ? wire->shapes : NULL;
	for (; shape != NULL; shape = next) {
		next = shape->next;
		for (size_t i = 0; i < shape->count; i++)
			free(shape->members[i].key);
		free(shape->members);
		free(shape);
	}
	free(wire);
}

/* ---- to JSON ---- */

/* As rapidjson, which masters write with, escapes. */
static void
write_text(struct rm_str *to, const char *text)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	rm_str_add(to, "\"", 1);
	for (const char *at = text; *at != '\0'; at++) {
		size_t plain = 0;
		while ((unsigned char)at[plain] >= 0x20 && at[plain] != '"' &&
		       at[plain] != '\\')
			plain++;
		rm_str_add(to, at, plain);
		at += plain;
		if (*at == '\0')
			break;
		const char *letter = letters;
		while (*letter != '\0' && *letter != *at)
			letter += 2;
		if (*letter != '\0')
			rm_str_printf(to, "\\%c", letter[1]);
		else
			rm_str_printf(to, "\\u%04X", (unsigned)*at);
	}
	rm_str_add(to, "\"", 1);
}

/* The fewest digits that read back as the same number, always with a point. */
static void
write_double(struct rm_str *to, double n)
{
	char text[40];
	if (n >= -1e15 && n <= 1e15 && n == (double)(int64_t)n) {
		rm_str_printf(to, "%" PRId64 ".0", (int64_t)n);
		return;
	}
	int digits = 15;
	do
		snprintf(text, sizeof(text), "%.*g", digits, n);
	while (digits++ < 17 && strtod(text, NULL) != n);
	/* JSON has no infinity and no nan; no master sends them. */
	rm_str_puts(to, isfinite(n) ? text : "null");
}

static void
write_bytes(struct rm_str *to, const ProtobufCBinaryData *bytes)
{
	rm_str_add(to, "\"", 1);
	rm_base64_encode(to, bytes->data, bytes->len);
	rm_str_add(to, "\"", 1);
}

static int write_message(
    const struct rm_shape *shape, const void *message, struct rm_str *to);

static int
write_packed(const struct rm_shape *shape, const ProtobufCBinaryData *bytes,
    struct rm_str *to)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(
	    shape->message, NULL, bytes->len, bytes->data);
	if (message == NULL)
		return -1;
	int rc = write_message(shape, message, to);
	protobuf_c_message_free_unpacked(message, NULL);
	return rc;
}

/* The name of an enumeration's value; "" for one that is newer than we. */
static const char *
enum_name(const ProtobufCFieldDescriptor *field, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(
	    field->descriptor, value);
	return known != NULL ? known->name : "";
}

/* at: where a value of the member's type is. */
static int
write_value(
    const struct rm_shape_member *member, const void *at, struct rm_str *to)
{
	switch (member->field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return write_message(member->sub, *(const void *const *)at, to);
	case PROTOBUF_C_TYPE_BYTES:
		if (member->sub != NULL)
			return write_packed(member->sub, at, to);
		write_bytes(to, at);
		break;
	case PROTOBUF_C_TYPE_STRING:
		write_text(to, *(char *const *)at);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		write_text(to, enum_name(member->field, *(const int *)at));
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		write_double(to, *(const double *)at);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		rm_str_puts(
		    to, *(const protobuf_c_boolean *)at ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_UINT32:
		rm_str_printf(to, "%" PRIu32, *(const uint32_t *)at);
		break;
	case PROTOBUF_C_TYPE_INT32:
		rm_str_printf(to, "%" PRId32, *(const int32_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT64:
		rm_str_printf(to, "%" PRIu64, *(const uint64_t *)at);
		break;
	case PROTOBUF_C_TYPE_INT64:
		rm_str_printf(to, "%" PRId64, *(const int64_t *)at);
		break;
	default: /* scheduler.proto has no others */
		return -1;
	}
	return 0;
}

/* How far apart the elements of a repeated member are. */
static size_t
stride(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default: /* messages and texts; scheduler.proto repeats no others */
		return sizeof(void *);
	}
}

static int
write_list(const struct rm_shape_member *member, const char *message,
    struct rm_str *to)
{
	const ProtobufCFieldDescriptor *field = member->field;
	size_t count = *(
	    const size_t *)(const void *)(message + field->quantifier_offset);
	const char *at = *(
	    const char *const *)(const void *)(message + field->offset);
	int rc = 0;
	rm_str_add(to, "[", 1);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (i > 0)
			rm_str_add(to, ",", 1);
		rc = write_value(member, at + i * stride(field), to);
	}
	rm_str_add(to, "]", 1);
	return rc;
}

/* Whether JSON has the member: it is set, or has a default. */
static bool
shows(const ProtobufCFieldDescriptor *field, const char *message)
{
	const void *counted = message + field->quantifier_offset;
	const void *at = message + field->offset;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)counted > 0;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE ||
	    field->type == PROTOBUF_C_TYPE_STRING)
		return *(const void *const *)at != NULL;
	if (!*(const protobuf_c_boolean *)counted)
		return field->default_value != NULL;
	return field->type != PROTOBUF_C_TYPE_ENUM ||
	       *enum_name(field, *(const int *)at) != '\0';
}

static int
write_message(
    const struct rm_shape *shape, const void *message, struct rm_str *to)
{
	const char *comma = "";
	int rc = 0;
	rm_str_add(to, "{", 1);
	for (size_t i = 0; i < shape->count && rc == 0; i++) {
		const struct rm_shape_member *m = &shape->members[i];
		if (!shows(m->field, message))
			continue;
		rm_str_puts(to, comma);
		comma = ",";
		rm_str_add(to, m->key, m->key_len);
		rc = m->field->label == PROTOBUF_C_LABEL_REPEATED
			 ? write_list(m, message, to)
			 : write_value(
			       m, (const char *)message + m->field->offset, to);
	}
	rm_str_add(to, "}", 1);
	return rc;
}

int
rm_wire_json(struct rm_wire *wire, const void *record, size_t len,
    struct rm_str *to, struct rm_error *err)
{
	size_t before = to->len;
	ProtobufCBinaryData bytes = { len, (uint8_t *)(uintptr_t)record };
	if (write_packed(wire->event, &bytes, to) == 0)
		return 0;
	to->len = before;
	return rm_error_set(
	    err, RM_EXIT_REJECTED, "not an event in protocol buffers");
}
