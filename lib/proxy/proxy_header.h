/*
 * The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): what
 * a load balancer says of the client before the client's own bytes. Pure.
 */
#ifndef RM_PROXY_PROXY_HEADER_H
#define RM_PROXY_PROXY_HEADER_H

#include <sys/types.h>

#include "proxy/sock.h"

/* Longer ones, with more than 4 KiB behind their head, are refused. */
#define RM_PROXY_HEADER_MAX (16 + 4096)

/* The length of the header that begins here; 0: more is needed; -1: it is
 * none. *peer is set when the header tells an address of TCP, and else left as
 * it is (LOCAL, UNKNOWN). */
ssize_t rm_proxy_header(
    const char *data, size_t len, union rm_sock_address *peer);

#endif
