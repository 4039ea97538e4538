/* From JSON to protocol buffers: wire.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/exit.h"
#include "base/json.h"
#include "mesos/wire.h"
#include "mesos/wire_shape.h"

static int
wrong(const struct rm_shape_member *member, struct rm_error *err)
{
	return rm_error_set(
	    err, RM_EXIT_REJECTED, "%s: wrong value", member->field->name);
}

static ProtobufCMessage *read_message(
    const struct rm_shape *shape, jv json, struct rm_error *err);

/* Takes over what is in the buffer. */
static ProtobufCBinaryData
binary(struct rm_str *bytes)
{
	size_t len = bytes->len;
	return (ProtobufCBinaryData){ len, (uint8_t *)rm_str_take(bytes) };
}

static void
pack(const ProtobufCMessage *message, struct rm_str *to)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = rm_alloc(len);
	protobuf_c_message_pack(message, bytes);
	rm_str_add(to, bytes, len);
	free(bytes);
}

static int
read_bytes(const struct rm_shape_member *member, jv json,
    ProtobufCBinaryData *to, struct rm_error *err)
{
	struct rm_str bytes = { 0 };
	if (member->sub != NULL) {
		ProtobufCMessage *message = read_message(
		    member->sub, json, err);
		if (message == NULL)
			return -1;
		pack(message, &bytes);
		protobuf_c_message_free_unpacked(message, NULL);
	} else if (jv_get_kind(json) != JV_KIND_STRING ||
		   rm_base64_decode(&bytes, jv_string_value(json),
		       strlen(jv_string_value(json))) != 0) {
		rm_str_free(&bytes);
		return wrong(member, err);
	}
	*to = binary(&bytes);
	return 0;
}

static int
read_enum(const struct rm_shape_member *member, jv json, int *to,
    struct rm_error *err)
{
	const ProtobufCEnumValue *value = NULL;
	if (jv_get_kind(json) == JV_KIND_STRING)
		value = protobuf_c_enum_descriptor_get_value_by_name(
		    member->field->descriptor, jv_string_value(json));
	if (value == NULL)
		return wrong(member, err);
	*to = value->value;
	return 0;
}

/* A number within the type's bounds. */
static int
read_number(const struct rm_shape_member *member, jv json, void *to,
    struct rm_error *err)
{
	double n = jv_get_kind(json) == JV_KIND_NUMBER ? jv_number_value(json)
						       : (double)NAN;
	switch (member->field->type) {
	case PROTOBUF_C_TYPE_UINT32:
		if (!(n >= 0 && n <= UINT32_MAX))
			return wrong(member, err);
		*(uint32_t *)to = (uint32_t)n;
		return 0;
	case PROTOBUF_C_TYPE_INT32:
		if (!(n >= INT32_MIN && n <= INT32_MAX))
			return wrong(member, err);
		*(int32_t *)to = (int32_t)n;
		return 0;
	case PROTOBUF_C_TYPE_UINT64:
		if (!(n >= 0 && n < 0x1p64))
			return wrong(member, err);
		*(uint64_t *)to = (uint64_t)n;
		return 0;
	case PROTOBUF_C_TYPE_INT64:
		/* cppcheck-suppress incorrectLogicOperator; reads -0x as 0 */
		if (!(n >= -0x1p63 && n < 0x1p63))
			return wrong(member, err);
		*(int64_t *)to = (int64_t)n;
		return 0;
	default:
		*(double *)to = n;
		return n == n ? 0 : wrong(member, err);
	}
}

/* at: where a value of the member's type goes. */
static int
read_value(const struct rm_shape_member *member, jv json, void *at,
    struct rm_error *err)
{
	jv_kind kind = jv_get_kind(json);
	switch (member->field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		*(void **)at = read_message(member->sub, json, err);
		return *(void **)at != NULL ? 0 : -1;
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(member, json, at, err);
	case PROTOBUF_C_TYPE_STRING:
		if (kind != JV_KIND_STRING)
			return wrong(member, err);
		*(char **)at = rm_strdup(jv_string_value(json));
		return 0;
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(member, json, at, err);
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)at = kind == JV_KIND_TRUE;
		return kind == JV_KIND_TRUE || kind == JV_KIND_FALSE
			   ? 0
			   : wrong(member, err);
	default:
		return read_number(member, json, at, err);
	}
}

static int
read_list(const struct rm_shape_member *member, jv json, char *message,
    struct rm_error *err)
{
	const ProtobufCFieldDescriptor *field = member->field;
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	size_t stride = field->type == PROTOBUF_C_TYPE_BYTES
			    ? sizeof(ProtobufCBinaryData)
			    : sizeof(void *);
	if (jv_get_kind(json) != JV_KIND_ARRAY)
		return wrong(member, err);
	size_t n = (size_t)jv_array_length(jv_copy(json));
	char *items = rm_alloc(n * stride);
	*(char **)(void *)(message + field->offset) = items;
	for (int rc = 0; *count < n && rc == 0;) {
		jv one = jv_array_get(jv_copy(json), (int)*count);
		rc = read_value(member, one, items + *count * stride, err);
		jv_free(one);
		if (rc != 0)
			return -1;
		(*count)++;
	}
	return 0;
}

static int
read_member(const struct rm_shape_member *member, jv json, char *message,
    struct rm_error *err)
{
	const ProtobufCFieldDescriptor *field = member->field;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(member, json, message, err);
	if (read_value(member, json, message + field->offset, err) != 0)
		return -1;
	if (field->type != PROTOBUF_C_TYPE_MESSAGE &&
	    field->type != PROTOBUF_C_TYPE_STRING)
		*(protobuf_c_boolean *)(void *)(message +
						field->quantifier_offset) = 1;
	return 0;
}

static ProtobufCMessage *
read_message(const struct rm_shape *shape, jv json, struct rm_error *err)
{
	if (jv_get_kind(json) != JV_KIND_OBJECT) {
		rm_error_set(err, RM_EXIT_REJECTED, "no object");
		return NULL;
	}
	char *message = rm_alloc(shape->message->sizeof_message);
	shape->message->message_init((ProtobufCMessage *)(void *)message);
	int rc = 0;
	for (size_t i = 0; i < shape->count && rc == 0; i++) {
		const struct rm_shape_member *m = &shape->members[i];
		jv value = rm_json_get(json, m->field->name);
		if (jv_is_valid(value))
			rc = read_member(m, value, message, err);
		jv_free(value);
	}
	if (rc == 0)
		return (ProtobufCMessage *)(void *)message;
	protobuf_c_message_free_unpacked(
	    (ProtobufCMessage *)(void *)message, NULL);
	return NULL;
}

int
rm_wire_protobuf(
    struct rm_wire *wire, jv event, struct rm_str *to, struct rm_error *err)
{
	ProtobufCMessage *message = read_message(wire->event, event, err);
	if (message == NULL)
		return -1;
	pack(message, to);
	protobuf_c_message_free_unpacked(message, NULL);
	return 0;
}
