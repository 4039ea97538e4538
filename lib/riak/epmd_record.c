#include "riak/epmd_record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/exit.h"
#include "base/json.h"

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

char *
rm_epmd_record_name(const char *key)
{
	struct rm_str name = { 0 };
	for (; *key != '\0'; key++) {
		char c = *key;
		if (c == '%') {
			int high = hex_digit(key[1]);
			int low = high < 0 ? -1 : hex_digit(key[2]);
			if (low < 0 || (high == 0 && low == 0)) {
				rm_str_free(&name);
				return NULL;
			}
			c = (char)(high << 4 | low);
			key += 2;
		}
		rm_str_add(&name, &c, 1);
	}
	return name.len > 0 ? rm_str_take(&name) : NULL;
}

void
rm_epmd_record_key(struct rm_str *to, const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		bool plain = (c < 0x80 && isalnum(c)) || c == '-' || c == '_' ||
			     c == '@' || (c == '.' && p != name);
		if (plain)
			rm_str_add(to, p, 1);
		else
			rm_str_printf(to, "%%%02X", c);
	}
}

/* A member that is a whole number from 0 to most, or -1. */
static long
whole(jv object, const char *key, long most)
{
	double n = rm_json_number(object, key, -1);
	if (!(n >= 0 && n <= (double)most))
		return -1;
	long w = (long)n;
	return (double)w < n ? -1 : w;
}

static struct rm_epmd_record *
record_new(const char *name, const char *host)
{
	size_t name_size = strlen(name) + 1, host_size = strlen(host) + 1;
	struct rm_epmd_record *r = rm_alloc(sizeof(*r) + name_size + host_size);
	memcpy(r->bytes, name, name_size);
	memcpy(r->bytes + name_size, host, host_size);
	r->node.name = r->link.key = r->bytes;
	r->host = r->bytes + name_size;
	return r;
}

/* Borrows value. */
static struct rm_epmd_record *
from_json(const char *name, jv value)
{
	const char *host = rm_json_text(value, "host", NULL);
	long port = whole(value, "port", 65535);
	long cepmd_port = whole(value, "cepmd_port", 65535);
	long type = whole(value, "type", 255);
	long protocol = whole(value, "protocol", 255);
	long highest = whole(value, "highest", 65535);
	long lowest = whole(value, "lowest", 65535);
	if (host == NULL || port < 0 || cepmd_port < 0 || type < 0 ||
	    protocol < 0 || highest < 0 || lowest < 0 ||
	    strlen(host) > RM_EPMD_BYTES_MAX ||
	    strlen(name) > RM_EPMD_BYTES_MAX)
		return NULL;
	struct rm_epmd_record *r = record_new(name, host);
	r->node.port = (uint16_t)port;
	r->node.type = (uint8_t)type;
	r->node.protocol = (uint8_t)protocol;
	r->node.highest = (uint16_t)highest;
	r->node.lowest = (uint16_t)lowest;
	r->cepmd_port = (int)cepmd_port;
	r->since = rm_json_number(value, "since", 0);
	return r;
}

struct rm_epmd_record *
rm_epmd_record_parse(
    const char *key, const char *value, size_t len, struct rm_error *err)
{
	char *name = rm_epmd_record_name(key);
	struct rm_epmd_record *r = NULL;
	jv parsed = jv_invalid();
	if (name == NULL)
		rm_error_set(err, RM_EXIT_REJECTED, "not a name: %s", key);
	else if (rm_json_parse(value, len, &parsed, err) != 0)
		rm_error_prefix(err, "%s", key);
	else if ((r = from_json(name, parsed)) == NULL)
		rm_error_set(err, RM_EXIT_REJECTED,
		    "%s: not a registered node: %.*s", key, (int)len, value);
	jv_free(parsed);
	free(name);
	return r;
}

void
rm_epmd_record_write(struct rm_str *to, const struct rm_epmd_node *node,
    uint32_t creation, const char *host, int cepmd_port, double since)
{
	struct rm_str extra = { 0 };
	rm_base64_encode(&extra, node->extra, node->extra_len);
	jv r = jv_object();
	r = rm_json_set(r, "name", jv_string(node->name));
	r = rm_json_set(r, "host", jv_string(host));
	r = rm_json_set(r, "port", jv_number(node->port));
	r = rm_json_set(r, "type", jv_number(node->type));
	r = rm_json_set(r, "protocol", jv_number(node->protocol));
	r = rm_json_set(r, "highest", jv_number(node->highest));
	r = rm_json_set(r, "lowest", jv_number(node->lowest));
	r = rm_json_set(r, "extra", jv_string(extra.text ? extra.text : ""));
	r = rm_json_set(r, "creation", jv_number(creation));
	r = rm_json_set(r, "cepmd_port", jv_number(cepmd_port));
	r = rm_json_set(r, "since", jv_number(since));
	rm_json_write(to, r);
	rm_str_free(&extra);
}
