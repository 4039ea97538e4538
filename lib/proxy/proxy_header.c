#include "proxy/proxy_header.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* "PROXY UNKNOWN" and the longest addresses, with CRLF (2.1). */
#define LINE_MAX_V1 107
#define HEAD_V2     16

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
#define SIGNATURE_LEN (sizeof(signature) - 1)

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A port as text, without signs, blanks or leading zeros. */
static int
port(const char *text)
{
	long n = 0;
	size_t len = strlen(text);
	if (len == 0 || len > 5 || strspn(text, "0123456789") != len ||
	    (len > 1 && *text == '0'))
		return -1;
	n = strtol(text, NULL, 10);
	return n <= 65535 ? (int)n : -1;
}

/* Behind "PROXY ": "TCP4 from to port port". */
static int
addresses(char *rest, union rm_sock_address *peer)
{
	const char *family = strsep(&rest, " "), *from = strsep(&rest, " "),
		   *to = strsep(&rest, " "), *from_port = strsep(&rest, " "),
		   *to_port = rest;
	union rm_sock_address a = { .room.ss_family = AF_UNSPEC }, b;
	if (strcmp(family, "UNKNOWN") == 0)
		return 0;
	if (to_port == NULL || port(from_port) < 0 || port(to_port) < 0)
		return -1;
	if (strcmp(family, "TCP4") == 0) {
		a.v4.sin_family = AF_INET;
		if (inet_pton(AF_INET, from, &a.v4.sin_addr) != 1 ||
		    inet_pton(AF_INET, to, &b.v4.sin_addr) != 1)
			return -1;
	} else if (strcmp(family, "TCP6") == 0) {
		a.v6.sin6_family = AF_INET6;
		if (inet_pton(AF_INET6, from, &a.v6.sin6_addr) != 1 ||
		    inet_pton(AF_INET6, to, &b.v6.sin6_addr) != 1)
			return -1;
	} else {
		return -1;
	}
	a.v6.sin6_port = htons((uint16_t)port(from_port));
	*peer = a;
	return 0;
}

static ssize_t
version_1(const char *data, size_t len, union rm_sock_address *peer)
{
	char line[LINE_MAX_V1];
	const char *lf = memchr(data, '\n', least(len, LINE_MAX_V1));
	if (lf == NULL)
		return len < LINE_MAX_V1 ? 0 : -1;
	size_t n = (size_t)(lf - data);
	if (n < 7 || data[n - 1] != '\r' || memchr(data, '\0', n) != NULL)
		return -1;
	memcpy(line, data + 6, n - 7);
	line[n - 7] = '\0';
	return addresses(line, peer) == 0 ? (ssize_t)n + 1 : -1;
}

static ssize_t
version_2(const char *data, size_t len, union rm_sock_address *peer)
{
	const unsigned char *head = (const unsigned char *)data;
	if (len < HEAD_V2)
		return 0;
	size_t rest = (size_t)head[14] << 8 | head[15];
	bool local = head[12] == 0x20;
	if ((!local && head[12] != 0x21) ||
	    HEAD_V2 + rest > RM_PROXY_HEADER_MAX)
		return -1;
	if (len < HEAD_V2 + rest)
		return 0;
	union rm_sock_address a = { .room.ss_family = AF_UNSPEC };
	if (!local && head[13] == 0x11) { /* TCP over IPv4 */
		if (rest < 12)
			return -1;
		a.v4.sin_family = AF_INET;
		memcpy(&a.v4.sin_addr, head + 16, 4);
		memcpy(&a.v4.sin_port, head + 24, 2);
		*peer = a;
	} else if (!local && head[13] == 0x21) { /* TCP over IPv6 */
		if (rest < 36)
			return -1;
		a.v6.sin6_family = AF_INET6;
		memcpy(&a.v6.sin6_addr, head + 16, 16);
		memcpy(&a.v6.sin6_port, head + 48, 2);
		*peer = a;
	}
	return (ssize_t)(HEAD_V2 + rest);
}

ssize_t
rm_proxy_header(const char *data, size_t len, union rm_sock_address *peer)
{
	if (memcmp(data, "PROXY ", least(len, 6)) == 0)
		return len < 6 ? 0 : version_1(data, len, peer);
	if (memcmp(data, signature, least(len, SIGNATURE_LEN)) == 0)
		return len < SIGNATURE_LEN ? 0 : version_2(data, len, peer);
	return -1;
}
