#include "proxy/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct rm_key_part
part(const char *text)
{
	return (struct rm_key_part){ text, strlen(text) };
}

/* What a Riak with 64 partitions said over protocol buffers (33/34). */
static const struct {
	const char *type, *bucket, *key;
	unsigned partition;
} lists[] = {
	{ "default", "b", "key-28", 45 },
	{ "default", "b", "key-4", 44 },
	{ "default", "b", "key-41", 35 },
	{ "plain", "users", "u58", 19 },
	{ "default", "b\303\251 /\077%", "k 1", 54 },
	{ "default", "b\303\251 /\077%", "k 22", 21 },
	{ "plain", "users", "u10", 11 },
	{ "plain", "users", "u47", 53 },
	{ "default", "b", "key-13", 53 },
	{ "default", "b", "key-64", 44 },
	{ "plain", "users", "u11", 29 },
	{ "default", "b\303\251 /\077%", "k 6", 41 },
	{ "default", "b", "key-6", 13 },
	{ "default", "b", "key-67", 30 },
	{ "default", "b", "key-75", 43 },
	{ "default", "b", "key-3", 61 },
	{ "default", "b\303\251 /\077%", "k 14", 40 },
	{ "default", "b\303\251 /\077%", "k 25", 11 },
	{ "default", "b", "key-29", 41 },
	{ "maps", "m", "m26", 1 },
	{ "plain", "users", "u4", 31 },
	{ "default", "b", "key-25", 5 },
	{ "plain", "users", "u18", 32 },
	{ "default", "b", "key-1", 61 },
	{ "default", "b", "key-33", 42 },
	{ "default", "b", "key-66", 19 },
	{ "default", "b", "key-32", 63 },
	{ "plain", "users", "u5", 33 },
	{ "maps", "m", "m28", 37 },
	{ "plain", "users", "u48", 7 },
	{ "plain", "users", "u3", 15 },
	{ "maps", "m", "m11", 31 },
	{ "plain", "users", "u20", 60 },
	{ "maps", "m", "m10", 13 },
	{ "maps", "m", "m17", 56 },
	{ "plain", "users", "u22", 57 },
	{ "maps", "m", "m9", 2 },
	{ "maps", "m", "m24", 12 },
	{ "default", "b", "key-72", 32 },
	{ "default", "b", "key-47", 38 },
	{ "default", "b", "key-37", 32 },
	{ "maps", "m", "m8", 21 },
	{ "default", "b", "key-0", 42 },
	{ "plain", "users", "u29", 32 },
	{ "default", "b", "key-42", 62 },
	{ "default", "b", "key-69", 33 },
	{ "default", "b\303\251 /\077%", "k 3", 29 },
	{ "plain", "users", "u41", 41 },
	{ "plain", "users", "u2", 41 },
	{ "plain", "users", "u0", 24 },
	{ "plain", "users", "u13", 50 },
	{ "plain", "users", "u59", 20 },
	{ "default", "b\303\251 /\077%", "k 23", 47 },
	{ "maps", "m", "m15", 43 },
	{ "plain", "users", "u42", 18 },
	{ "default", "b", "key-79", 12 },
	{ "maps", "m", "m12", 18 },
	{ "default", "b", "key-68", 2 },
	{ "default", "b", "key-55", 41 },
	{ "default", "b\303\251 /\077%", "k 18", 22 },
	{ "plain", "users", "u53", 39 },
	{ "default", "b\303\251 /\077%", "k 10", 7 },
	{ "plain", "users", "u55", 18 },
	{ "default", "b", "key-35", 51 },
	{ "default", "b", "key-51", 56 },
	{ "default", "b\303\251 /\077%", "k 11", 43 },
	{ "plain", "users", "u45", 33 },
	{ "default", "b", "key-10", 17 },
	{ "default", "b\303\251 /\077%", "k 20", 49 },
	{ "default", "b", "key-70", 30 },
	{ "default", "b", "key-50", 5 },
	{ "maps", "m", "m5", 38 },
	{ "plain", "users", "u35", 21 },
	{ "default", "b\303\251 /\077%", "k 4", 63 },
	{ "default", "b", "key-27", 32 },
	{ "plain", "users", "u25", 43 },
	{ "default", "b\303\251 /\077%", "k 19", 28 },
	{ "maps", "m", "m19", 2 },
	{ "plain", "users", "u8", 10 },
	{ "default", "b", "key-45", 23 },
	{ "default", "b", "key-59", 42 },
	{ "default", "b", "key-2", 38 },
	{ "default", "b\303\251 /\077%", "k 26", 62 },
	{ "default", "b", "key-49", 56 },
	{ "plain", "users", "u14", 0 },
	{ "plain", "users", "u15", 21 },
	{ "maps", "m", "m2", 17 },
	{ "maps", "m", "m29", 53 },
	{ "default", "b", "key-39", 6 },
	{ "default", "b", "key-7", 29 },
};

static void
partitions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct rm_key key = { part(lists[i].type),
			part(lists[i].bucket), part(lists[i].key) };
		if (strcmp(lists[i].type, "default") == 0)
			key.type.len = 0;
		if (rm_ring_partition(&key, 64) != lists[i].partition)
			fail_msg("%s %s %s", lists[i].type, lists[i].bucket,
			    lists[i].key);
	}
}

static void
assert_key(bool found, const struct rm_key *key, const char *wanted)
{
	char text[200];
	snprintf(text, sizeof(text), "%.*s|%.*s|%.*s", (int)key->type.len,
	    key->type.text, (int)key->bucket.len, key->bucket.text,
	    (int)key->key.len, key->key.text);
	assert_string_equal(found ? text : "", wanted);
}

static void
targets(void **state)
{
	(void)state;
	static const struct {
		const char *target, *key;
	} table[] = {
		{ "/buckets/b/keys/k", "|b|k" },
		{ "/buckets/b/keys/k?r=2", "|b|k" },
		{ "/types/t/buckets/b/keys/k", "t|b|k" },
		{ "/types/default/buckets/b/keys/k", "|b|k" },
		{ "/types/t/buckets/b/datatypes/k", "t|b|k" },
		{ "/buckets/b/counters/k", "|b|k" },
		{ "/riak/b/k", "|b|k" },
		{ "/buckets/a%2Fb/keys/%C3%A4", "|a/b|\xc3\xa4" },
		{ "/types/t%20/buckets/%62/keys/k", "t |b|k" },

		{ "/buckets/b/keys", "" },
		{ "/buckets/b/keys/", "" },
		{ "/buckets/b/keys?keys=true", "" },
		{ "/buckets/b/keys/k/", "" },
		{ "/buckets/b/props", "" },
		{ "/buckets//keys/k", "" },
		{ "/buckets/b/keys/a+b", "" },
		{ "/buckets/b/keys/a%", "" },
		{ "/buckets/b/keys/a%4", "" },
		{ "/buckets/b/keys/a%zz", "" },
		{ "/buckets/b/index/i/v", "" },
		{ "/riak/b", "" },
		{ "/ping", "" },
		{ "/", "" },
		{ "", "" },
		{ "*", "" },
		{ "http://h/buckets/b/keys/k", "" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_key key;
		char room[100];
		bool found = rm_key_of_target(
		    &key, table[i].target, strlen(table[i].target), room);
		assert_key(found, &key, table[i].key);
	}
}

#define MESSAGE(code, text, key) { code, text, sizeof(text) - 1, key }

static void
messages(void **state)
{
	(void)state;
	static const struct {
		int code;
		const char *text;
		size_t len;
		const char *key;
	} table[] = {
		MESSAGE(9, "\x0a\1b\x12\1k", "|b|k"),
		MESSAGE(9, "\x0a\1b\x12\1k\x18\3\x6a\1t", "t|b|k"),
		MESSAGE(9, "\x0a\1b\x12\1k\x6a\7default", "|b|k"),
		MESSAGE(11, "\x0a\1b\x12\1k\x22\2xx\x82\1\1t", "t|b|k"),
		MESSAGE(13, "\x0a\1b\x12\1k", "|b|k"),
		MESSAGE(80, "\x0a\1b\x12\1k\x1a\1t", "t|b|k"),
		MESSAGE(52, "\x0a\1b\x12\1k\x1d\1\2\3\4", "|b|k"),

		MESSAGE(11, "\x0a\1b\x22\2xx", ""), /* Riak makes the key */
		MESSAGE(9, "\x0a\1b\x12\2k", ""),
		MESSAGE(9, "\x0a\1b\x12\1k\x0c", ""),
		MESSAGE(9, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", ""),
		MESSAGE(9, "", ""),
		MESSAGE(17, "\x0a\1b\x12\1k", ""),
		MESSAGE(1, "", ""),
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_key key;
		bool found = rm_key_of_message(
		    &key, table[i].code, table[i].text, table[i].len);
		assert_key(found, &key, table[i].key);
	}
}

static void
owners(void **state)
{
	(void)state;
	static struct rm_ring_map map;
	for (unsigned i = 0; i < 8; i++)
		rm_ring_claim(&map, 1 + i % 3, i);
	rm_ring_close(&map);
	assert_int_equal(map.size, 8);
	assert_int_equal(map.owners[4], 2);
	/* one that nobody claims, one that two claim, one that can't be */
	rm_ring_clear(&map);
	for (unsigned i = 0; i < 8; i++)
		if (i != 3)
			rm_ring_claim(&map, 1, i);
	rm_ring_close(&map);
	assert_int_equal(map.size, 0);
	static const double bad[] = { 3, -1, RM_RING_MAX, 1e300 };
	for (size_t k = 0; k < sizeof(bad) / sizeof(*bad); k++) {
		rm_ring_clear(&map);
		for (unsigned i = 0; i < 8; i++)
			rm_ring_claim(&map, 1, i);
		rm_ring_claim(&map, 2, bad[k]);
		rm_ring_close(&map);
		assert_int_equal(map.size, 0);
	}
	/* five of them are no ring; nor is nobody's */
	rm_ring_clear(&map);
	for (unsigned i = 0; i < 5; i++)
		rm_ring_claim(&map, 1, i);
	rm_ring_close(&map);
	assert_int_equal(map.size, 0);
	rm_ring_clear(&map);
	rm_ring_close(&map);
	assert_int_equal(map.size, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitions),
		cmocka_unit_test(targets),
		cmocka_unit_test(messages),
		cmocka_unit_test(owners),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
