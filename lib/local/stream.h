/*
 * A subscription's answer as a sink: events go out framed as RecordIO.
 */
#ifndef RM_LOCAL_STREAM_H
#define RM_LOCAL_STREAM_H

#include <stdbool.h>

#include "io/http_server.h"
#include "local/local.h"

/*
 * Answers the request with 200 and keeps it open. stream_id may be NULL.
 * protobuf: a scheduler's events go out as protocol buffers.
 * closed(owner, subject) is called when the peer went away; the sink is no
 * good after that, nor after its end or cut. subject: what
 * rm_local_stream_serve() said.
 */
struct rm_local_sink rm_local_stream_begin(struct rm_request *request,
    const char *stream_id, bool protobuf,
    void (*closed)(void *owner, void *subject), void *owner);
void rm_local_stream_serve(const struct rm_local_sink *sink, void *subject);

#endif
