#include "io/loopback.h"

#include <arpa/inet.h>
#include <string.h>

bool
rm_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 &&
	       (IN6_IS_ADDR_LOOPBACK(&v6) ||
		   (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127));
}
