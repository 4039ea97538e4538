#include "proxy/proxy_header.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* "" when no address was told. */
static const char *
read_one(const char *data, size_t len, ssize_t *took)
{
	static char text[INET6_ADDRSTRLEN];
	union rm_sock_address peer = { .room.ss_family = AF_UNSPEC };
	*took = rm_proxy_header(data, len, &peer);
	text[0] = '\0';
	if (peer.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &peer.v4.sin_addr, text, sizeof(text));
	else if (peer.any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &peer.v6.sin6_addr, text, sizeof(text));
	return text;
}

#define ROW(text, took, peer) { text, sizeof(text) - 1, took, peer }

static void
headers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		int took; /* 1: all */
		const char *peer;
	} table[] = {
		ROW("PROXY TCP4 1.2.3.4 5.6.7.8 1 65535\r\n", 1, "1.2.3.4"),
		ROW("PROXY TCP6 2001:db8::1 ::1 0 1\r\n", 1, "2001:db8::1"),
		ROW("PROXY UNKNOWN\r\n", 1, ""),
		ROW("PROXY UNKNOWN what ever\r\n", 1, ""),
		ROW(SIGNATURE "\x20\x00\x00\x00", 1, ""),
		ROW(SIGNATURE "\x20\x11\x00\x00", 1, ""),
		ROW(SIGNATURE "\x21\x00\x00\x02xy", 1, ""),
		ROW(SIGNATURE "\x21\x11\x00\x0c\1\2\3\4\5\6\7\x8\0\1\0\2", 1,
		    "1.2.3.4"),
		ROW(SIGNATURE "\x21\x11\x00\x0f\1\2\3\4\5\6\7\x8\0\1\0\2tlv", 1,
		    "1.2.3.4"),
		ROW(SIGNATURE "\x21\x31\x00\x00", 1, ""), /* Unix sockets */

		ROW("GET / HTTP/1.1\r\n", -1, ""),
		ROW("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", -1, ""),
		ROW("PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", -1, ""),
		ROW("PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", -1, ""),
		ROW("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", -1, ""),
		ROW("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", -1, ""),
		ROW("PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", -1, ""),
		ROW("PROXY TCP4 ::1 ::1 1 2\r\n", -1, ""),
		ROW("PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n", -1, ""),
		ROW("PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", -1, ""),
		ROW("PROXY UNKNOWN\n", -1, ""),
		ROW("PROXY UNK\0WN\r\n", -1, ""),
		ROW("PROXY \r\n", -1, ""),
		ROW("PROXY \n", -1, ""),
		ROW(SIGNATURE "\x11\x11\x00\x00", -1, ""),
		ROW(SIGNATURE "\x22\x11\x00\x00", -1, ""),
		ROW(SIGNATURE "\x21\x11\x00\x0b\1\2\3\4\5\6\7\x8\0\1\0", -1,
		    ""),
		ROW(SIGNATURE "\x21\x21\x00\x0c\1\2\3\4\5\6\7\x8\0\1\0\2", -1,
		    ""),
		ROW(SIGNATURE "\x21\x11\xff\xff", -1, ""),
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		ssize_t took;
		const char *peer = read_one(
		    table[i].text, table[i].len, &took);
		ssize_t wanted = table[i].took > 0 ? (ssize_t)table[i].len
						   : -1;
		if (took != wanted || strcmp(peer, table[i].peer) != 0)
			fail_msg("row %zu: took %zd, peer '%s'", i, took, peer);
		/* Any beginning of a good one wants more. */
		for (size_t n = 1; wanted > 0 && n < table[i].len; n++) {
			read_one(table[i].text, n, &took);
			assert_int_equal(took, 0);
		}
	}
}

/* One that has no end is not waited for. */
static void
endless(void **state)
{
	(void)state;
	char line[200];
	ssize_t took;
	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	read_one(line, sizeof(line), &took);
	assert_int_equal(took, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(endless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
