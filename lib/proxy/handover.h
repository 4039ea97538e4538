/*
 * Listening sockets that go from a running process to the one that takes its
 * place, over a Unix socket (SCM_RIGHTS, unix(7)): one message with all
 * descriptors and their names, and a byte back once the new one accepts
 * clients. Both accept meanwhile, so nobody is refused. Only the same user, or
 * root, is spoken to.
 */
#ifndef RM_PROXY_HANDOVER_H
#define RM_PROXY_HANDOVER_H

#include "io/inherit.h"

/* Asks whoever listens at path for its sockets. Returns the connection, -1 with
 * err untouched when nobody is there, or -1 with err set. */
int rm_handover_ask(
    const char *path, struct rm_inherited *to, struct rm_error *err);
/* This process accepts clients: the old one may go. Closes the connection. */
void rm_handover_done(int connection);

/* Listens at path for the one that comes next, in the place of whoever did
 * before; -1: err. */
int rm_handover_listen(const char *path, struct rm_error *err);
/* Takes who connects and gives it the sockets. The connection, or -1. */
int rm_handover_give(int listening, const struct rm_inherited *sockets);
/* The connection is readable: 1 the new one is there, 0 it has gone again. */
int rm_handover_answered(int connection);

#endif
