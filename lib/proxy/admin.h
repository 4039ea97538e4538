/*
 * The admin port: the original Director's API. Reading is for everyone who
 * reaches it; a change only for who asks from this machine, unless open.
 */
#ifndef RM_PROXY_ADMIN_H
#define RM_PROXY_ADMIN_H

#include "base/error.h"
#include "io/inherit.h"
#include "proxy/directory.h"

struct rm_admin;

#define RM_ADMIN_NAME "admin"

struct rm_admin_options {
	struct rm_proxy *proxy;
	struct rm_directory *directory;
	const struct rm_inherited *sockets; /* those of RM_ADMIN_NAME */
	bool open;
	void (*configured)(void *arg); /* something new is on the board */
	void *arg;
};

struct rm_admin *rm_admin_new(
    const struct rm_admin_options *options, struct rm_error *err);
void rm_admin_free(struct rm_admin *admin);

#endif
