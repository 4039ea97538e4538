#include "proxy/ring.h"

#include <openssl/evp.h>
#include <string.h>

/* ---- the formula ---- */

static void
add_head(EVP_MD_CTX *sha, unsigned char tag, const unsigned char *rest,
    size_t len)
{
	EVP_DigestUpdate(sha, &tag, 1);
	EVP_DigestUpdate(sha, rest, len);
}

/* BINARY_EXT. */
static void
add_binary(EVP_MD_CTX *sha, const struct rm_key_part *part)
{
	const unsigned char len[] = { (unsigned char)(part->len >> 24),
		(unsigned char)(part->len >> 16),
		(unsigned char)(part->len >> 8), (unsigned char)part->len };
	add_head(sha, 109, len, sizeof(len));
	EVP_DigestUpdate(sha, part->text, part->len);
}

/* SMALL_TUPLE_EXT of two. */
static void
add_pair(EVP_MD_CTX *sha)
{
	add_head(sha, 104, (const unsigned char *)"\2", 1);
}

unsigned
rm_ring_partition(const struct rm_key *key, unsigned size)
{
	static EVP_MD_CTX *sha; /* one for all: it costs more than its work */
	unsigned char index[EVP_MAX_MD_SIZE];
	if (sha == NULL)
		sha = EVP_MD_CTX_new();
	EVP_DigestInit_ex(sha, EVP_sha1(), NULL);
	EVP_DigestUpdate(sha, "\203", 1); /* version 131 */
	add_pair(sha);
	if (key->type.len > 0) {
		add_pair(sha);
		add_binary(sha, &key->type);
	}
	add_binary(sha, &key->bucket);
	add_binary(sha, &key->key);
	EVP_DigestFinal_ex(sha, index, NULL);
	/* index div (2^160 / size): its upper bits, as size is 2^n <= 2^16. */
	unsigned upper = (unsigned)index[0] << 8 | index[1];
	return (upper / (65536 / size) + 1) % size;
}

/* ---- requests of HTTP ---- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One part of a path, decoded to *at, which is moved. A plus may be a blank to
 * Riak, or not: false. */
static bool
decode(struct rm_key_part *to, const struct rm_key_part *from, char **at)
{
	char *out = *at;
	*to = (struct rm_key_part){ out, 0 };
	for (size_t i = 0; i < from->len; i++) {
		char c = from->text[i];
		if (c == '+')
			return false;
		if (c == '%') {
			if (i + 2 >= from->len || hex(from->text[i + 1]) < 0 ||
			    hex(from->text[i + 2]) < 0)
				return false;
			c = (char)(hex(from->text[i + 1]) * 16 +
				   hex(from->text[i + 2]));
			i += 2;
		}
		*out++ = c;
	}
	to->len = (size_t)(out - *at);
	*at = out;
	return to->len > 0;
}

static bool
is(const struct rm_key_part *part, const char *word)
{
	return part->len == strlen(word) &&
	       memcmp(part->text, word, part->len) == 0;
}

#define PARTS_MAX 6

/* The parts between slashes, without query; more than PARTS_MAX: 0. */
static unsigned
split(const char *target, size_t len, struct rm_key_part parts[PARTS_MAX])
{
	unsigned n = 0;
	for (size_t at = 0; at < len; at++) {
		if (target[at] == '?' || target[at] == '#')
			break;
		if (target[at] == '/') {
			if (n == PARTS_MAX)
				return 0;
			parts[n++] = (struct rm_key_part){ target + at + 1, 0 };
		} else if (n > 0) {
			parts[n - 1].len++;
		} else {
			return 0;
		}
	}
	return n;
}

bool
rm_key_of_target(struct rm_key *to, const char *target, size_t len, char *room)
{
	struct rm_key_part parts[PARTS_MAX], *p = parts;
	unsigned n = split(target, len, parts);
	*to = (struct rm_key){ 0 };
	if (n == 3 && is(&p[0], "riak"))
		return decode(&to->bucket, &p[1], &room) &&
		       decode(&to->key, &p[2], &room);
	if (n == 6 && is(&p[0], "types")) {
		if (!decode(&to->type, &p[1], &room))
			return false;
		if (is(&to->type, "default"))
			to->type.len = 0;
		p += 2;
		n -= 2;
	}
	return n == 4 && is(&p[0], "buckets") &&
	       (is(&p[2], "keys") || is(&p[2], "datatypes") ||
		   is(&p[2], "counters")) &&
	       decode(&to->bucket, &p[1], &room) &&
	       decode(&to->key, &p[3], &room);
}

/* ---- requests of protocol buffers ---- */

/* Bucket is field 1 and key 2 in all of them. */
static const struct {
	int code;
	unsigned type; /* field of the bucket's type; 0: it has none */
} messages[] = {
	{ 9, 13 }, /* get */
	{ 11, 16 }, /* put */
	{ 13, 13 }, /* delete */
	{ 50, 0 }, /* counter update */
	{ 52, 0 }, /* counter get */
	{ 80, 3 }, /* data type get */
	{ 82, 3 }, /* data type update */
};

static bool
varint(const char **at, const char *end, uint64_t *to)
{
	*to = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*(*at)++;
		*to |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return true;
	}
	return false;
}

/* One field: its number, its bytes where it has some; false: nonsense. */
static bool
field(const char **at, const char *end, uint64_t *number,
    struct rm_key_part *bytes)
{
	uint64_t tag, n = 0;
	*bytes = (struct rm_key_part){ 0 };
	if (!varint(at, end, &tag))
		return false;
	*number = tag >> 3;
	switch (tag & 7) {
	case 0:
		return varint(at, end, &n);
	case 1:
		n = 8;
		break;
	case 2:
		if (!varint(at, end, &n))
			return false;
		break;
	case 5:
		n = 4;
		break;
	default:
		return false;
	}
	if (n > (uint64_t)(end - *at))
		return false;
	if ((tag & 7) == 2)
		*bytes = (struct rm_key_part){ *at, (size_t)n };
	*at += n;
	return true;
}

bool
rm_key_of_message(struct rm_key *to, int code, const char *data, size_t len)
{
	const char *at = data, *end = data + len;
	size_t i = 0, count = sizeof(messages) / sizeof(*messages);
	while (i < count && messages[i].code != code)
		i++;
	*to = (struct rm_key){ 0 };
	while (i < count && at < end) {
		uint64_t number;
		struct rm_key_part bytes;
		if (!field(&at, end, &number, &bytes))
			return false;
		if (number == 1)
			to->bucket = bytes;
		else if (number == 2)
			to->key = bytes;
		else if (number == messages[i].type)
			to->type = bytes;
	}
	if (is(&to->type, "default"))
		to->type.len = 0;
	return i < count && to->bucket.len > 0 && to->key.len > 0;
}

/* ---- owners ---- */

void
rm_ring_clear(struct rm_ring_map *map)
{
	memset(map, 0, sizeof(*map));
}

/* What can't be, makes the whole unknown: size is RM_RING_MAX + 1 then. */
void
rm_ring_claim(struct rm_ring_map *map, uint32_t id, double partition)
{
	unsigned n = partition >= 0 && partition < RM_RING_MAX
			 ? (unsigned)partition
			 : RM_RING_MAX;
	if (n == RM_RING_MAX || map->owners[n] != 0)
		map->size = RM_RING_MAX + 1;
	else
		map->owners[n] = id;
}

void
rm_ring_close(struct rm_ring_map *map)
{
	unsigned known = 0, last = 0;
	for (unsigned i = 0; i < RM_RING_MAX; i++)
		if (map->owners[i] != 0) {
			known++;
			last = i + 1;
		}
	bool good = map->size == 0 && known == last && known > 0 &&
		    (known & (known - 1)) == 0;
	map->size = good ? known : 0;
}
