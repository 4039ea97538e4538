/*
 * Tells whoever started this process that it is ready: by a newline on a
 * descriptor that was given (then closed), and by a datagram to the socket
 * that NOTIFY_SOCKET names (sd_notify(3)).
 */
#ifndef RM_IO_READY_H
#define RM_IO_READY_H

#include "base/error.h"

/* Whether the descriptor is there; 0 is none and fine. Keeps it from
 * children. To be called before anything else is opened. */
int rm_ready_check(long fd, struct rm_error *err);
/* Writes a line with the port, whole or not at all. Errors name the file. */
int rm_ready_port_file(const char *path, int port, struct rm_error *err);
/* status is what systemd shows. Takes NOTIFY_SOCKET out of the environment.
 * Both ways are tried, whatever becomes of the other. */
int rm_ready_tell(long fd, const char *status, struct rm_error *err);

#endif
