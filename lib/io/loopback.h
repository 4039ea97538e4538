/*
 * Whether a peer is on this machine.
 */
#ifndef RM_IO_LOOPBACK_H
#define RM_IO_LOOPBACK_H

#include <stdbool.h>

/* An address as rm_request_peer() tells it: 127.0.0.0/8, ::1, and the former
 * inside of IPv6. */
bool rm_loopback(const char *address);

#endif
