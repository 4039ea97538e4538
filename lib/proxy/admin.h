/*
 * The admin port: the original Director's API. Reading is for everyone who
 * reaches it; a change only for who asks from this machine, unless open.
 */
#ifndef RM_PROXY_ADMIN_H
#define RM_PROXY_ADMIN_H

#include "base/error.h"
#include "proxy/directory.h"

struct rm_admin;

struct rm_admin_options {
	struct rm_proxy *proxy;
	struct rm_directory *directory;
	const char *addresses; /* as of rm_listener_new() */
	int port;
	bool open;
};

struct rm_admin *rm_admin_new(
    const struct rm_admin_options *options, struct rm_error *err);
int rm_admin_port(const struct rm_admin *admin);
void rm_admin_free(struct rm_admin *admin);

#endif
