/*
 * One end of the channel between the supervisor and a worker: sends and receives the frames of
 * formats/frame.h without blocking. What the other side does not take at once waits in a queue of
 * LC_CHANNEL_QUEUE_MAX bytes.
 *
 * Callbacks run from the loop, never from these functions; each may free the channel.
 */
#ifndef LC_WORKER_CHANNEL_H
#define LC_WORKER_CHANNEL_H

#include "base/loop.h"
#include "formats/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum { LC_CHANNEL_QUEUE_MAX = 4 * 1024 * 1024 };

struct lc_channel;

struct lc_channel_callbacks {
	/* A frame has come; its views are valid until the callback returns. */
	void (*on_frame)(void *context, const struct lc_frame *frame);
	/* A packet that is no frame for this side has come and is dropped. */
	void (*on_refused)(void *context, const struct lc_error *error);
	/* The other side is gone: nothing comes any more, and nothing is sent. Once. */
	void (*on_broken)(void *context);
};

/* The end of a SOCK_SEQPACKET socket pair that accepts the frames of `direction`. The descriptor,
 * not blocking, now belongs to the channel. */
struct lc_channel *lc_channel_new(struct lc_loop *loop, int fd, enum lc_frame_direction direction,
				  const struct lc_channel_callbacks *callbacks, void *context);

/* Closes the descriptor; what waits in the queue is dropped. NULL is allowed. */
void lc_channel_free(struct lc_channel *channel);

/* Sends a frame, after those sent before. False when the other side is gone, or the queue is full
 * because it does not read. */
bool lc_channel_send(struct lc_channel *channel, const struct lc_frame *frame);

/* Sends a whole document in as many REPLYs as it takes, or nothing. */
bool lc_channel_reply(struct lc_channel *channel, uint32_t id, unsigned status,
		      struct lc_view document);

#endif
