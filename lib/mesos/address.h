/*
 * Where masters are: the value of --master, the Location of a 307, and what a
 * master says of itself in ZooKeeper (high-availability.md; MasterInfo in
 * mesos.proto). An address is "host:port", or "https://host:port" for TLS;
 * an IPv6 host has its brackets. Pure.
 */
#ifndef RM_MESOS_ADDRESS_H
#define RM_MESOS_ADDRESS_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Either a list of addresses or the masters' group in ZooKeeper. */
struct rm_masters {
	char **addresses;
	size_t count;
	char *zk_hosts; /* "host:port,host:port", or NULL */
	char *zk_path; /* "/mesos" */
};

/*
 * "host:port[,host:port…]", each with http:// or https:// before it or as the
 * one before, or "zk://host:port[,…]/path". Replaces nothing: *to is empty.
 * RM_EXIT_USAGE names the bad word.
 */
int rm_masters_parse(
    const char *text, struct rm_masters *to, struct rm_error *err);
void rm_masters_free(struct rm_masters *masters);

/* The address in a Location, or NULL: "//host:port/path" (no scheme: that of
 * the request) or a whole URL. The caller's. */
char *rm_address_of_location(const char *location, bool tls);

/* The address in MasterInfo: hostname with TLS, since certificates name hosts,
 * else the IP. NULL when it has none. Borrows info; the caller's. */
char *rm_address_of_master(jv info, bool tls);

bool rm_address_is_tls(const char *address);
/* "http://host:port" and the path. The caller's. */
char *rm_address_url(const char *address, const char *path);

#endif
