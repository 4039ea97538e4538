#include "local/stream.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "local/write.h"
#include "mesos/recordio.h"
#include "mesos/wire.h"

struct rm_local_stream {
	struct rm_request *request;
	void (*closed)(void *owner, void *subject);
	void *owner, *subject;
	struct rm_wire *wire; /* NULL: events go out as JSON */
};

static void
stream_free(struct rm_local_stream *stream)
{
	rm_wire_free(stream->wire);
	free(stream);
}

static void
write_event(struct rm_local_stream *stream, jv event, struct rm_str *to)
{
	struct rm_error err = { 0 };
	if (stream->wire == NULL) {
		rm_local_write(to, event);
		return;
	}
	if (rm_wire_protobuf(stream->wire, event, to, &err) != 0)
		rm_log_error("an event in protocol buffers: %s", err.text);
	jv_free(event);
}

static void
stream_send(void *arg, jv event)
{
	struct rm_local_stream *stream = arg;
	struct rm_str text = { 0 }, frame = { 0 };
	write_event(stream, event, &text);
	rm_recordio_add(&frame, text.text, text.len);
	rm_stream_send(stream->request, frame.text, frame.len);
	rm_str_free(&frame);
	rm_str_free(&text);
}

static void
stream_end(void *arg)
{
	struct rm_local_stream *stream = arg;
	rm_stream_end(stream->request);
	stream_free(stream);
}

static void
stream_cut(void *arg)
{
	struct rm_local_stream *stream = arg;
	rm_request_abort(stream->request);
	stream_free(stream);
}

static void
peer_gone(void *arg)
{
	struct rm_local_stream stream = *(struct rm_local_stream *)arg;
	stream_free(arg);
	if (stream.subject != NULL)
		stream.closed(stream.owner, stream.subject);
}

struct rm_local_sink
rm_local_stream_begin(struct rm_request *request, const char *stream_id,
    bool protobuf, void (*closed)(void *owner, void *subject), void *owner)
{
	struct rm_local_stream *stream = rm_alloc(sizeof(*stream));
	*stream = (struct rm_local_stream){ request, closed, owner, NULL,
		protobuf ? rm_wire_new() : NULL };
	if (stream_id != NULL)
		rm_request_add_header(request, "Mesos-Stream-Id", stream_id);
	rm_stream_begin(request, 200,
	    protobuf ? "application/x-protobuf" : "application/json", peer_gone,
	    stream);
	return (struct rm_local_sink){ stream_send, stream_end, stream_cut,
		stream };
}

void
rm_local_stream_serve(const struct rm_local_sink *sink, void *subject)
{
	struct rm_local_stream *stream = sink->arg;
	stream->subject = subject;
}
