/*
 * The port mapper's messages. The first byte chooses: a request, whose parts
 * must lie inside of it and come out again when they are answered with; a
 * reply as a client reads it; or a record of ZooKeeper.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "riak/epmd.h"
#include "riak/epmd_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libjq 1.6 loses memory on some texts that are not JSON. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libjq";
}

/* What a node registered is what others are told. */
static void
check_told(const struct rm_epmd_node *node)
{
	struct rm_str reply = { 0 };
	struct rm_epmd_node back;
	rm_epmd_put_port2(&reply, node);
	if (rm_epmd_port2_parse(
		&back, (unsigned char *)reply.text, reply.len) != 0 ||
	    strcmp(back.name, node->name) != 0 ||
	    back.extra_len != node->extra_len || back.port != node->port ||
	    memcmp(back.extra, node->extra, node->extra_len) != 0)
		abort();
	rm_str_free(&reply);
}

static void
check_record(const struct rm_epmd_node *node)
{
	struct rm_str key = { 0 }, value = { 0 };
	rm_epmd_record_key(&key, node->name);
	rm_epmd_record_write(&value, node, 7, "10.0.0.1", 4369, 1.5);
	struct rm_epmd_record *r = rm_epmd_record_parse(
	    key.text, value.text, value.len, NULL);
	if (r == NULL || strcmp(r->node.name, node->name) != 0 ||
	    r->node.port != node->port || r->node.type != node->type)
		abort();
	free(r);
	rm_str_free(&key);
	rm_str_free(&value);
}

static void
request(const uint8_t *data, size_t size)
{
	int whole = rm_epmd_request_size(data, size);
	if (whole <= 0 || (size_t)whole > size)
		return;
	size_t len = (size_t)whole - 2;
	/* One byte more, as the header says, and none beyond. */
	unsigned char *body = malloc(len + 1);
	memcpy(body, data + 2, len);
	struct rm_epmd_request r;
	if (rm_epmd_request_parse(&r, body, len) == 0 &&
	    r.code == RM_EPMD_ALIVE2 && !r.refused) {
		check_told(&r.node);
		if (*r.node.name != '\0')
			check_record(&r.node);
	}
	free(body);
}

static void
reply(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size > 0 ? size : 1);
	if (size > 0)
		memcpy(copy, data, size);
	struct rm_epmd_node node;
	if (rm_epmd_port2_parse(&node, copy, size) == 0)
		check_told(&node);
	free(copy);
}

/* "key\nvalue" */
static void
record(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	if (end == NULL)
		return;
	struct rm_str key = { 0 }, value = { 0 };
	rm_str_add(&key, data, (size_t)(end - data));
	rm_str_add(&value, end + 1, size - (size_t)(end - data) - 1);
	free(rm_epmd_record_parse(key.text, value.text, value.len, NULL));
	rm_str_free(&key);
	rm_str_free(&value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] == 'r')
		reply(data + 1, size - 1);
	else if (data[0] == 'z')
		record(data + 1, size - 1);
	else
		request(data + 1, size - 1);
	return 0;
}
