/*
 * The address of a network interface of this host, by the interface's name.
 */
#ifndef RM_EXECUTOR_INTERFACE_H
#define RM_EXECUTOR_INTERFACE_H

#include "base/error.h"

/* Its first IPv4 address, else its first IPv6 one that is not of the link
 * alone; the caller's. NULL: "no interface eth9 here (there is eth0, lo)", or
 * "interface eth1 has no address", RM_EXIT_OUTSIDE. */
char *rm_interface_address(const char *name, struct rm_error *err);

#endif
