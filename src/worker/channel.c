#include "worker/channel.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

struct packet {
	STAILQ_ENTRY(packet) next;
	size_t size;
	unsigned char bytes[];
};

STAILQ_HEAD(packet_list, packet);

struct lc_channel {
	struct lc_loop *loop;
	int fd;
	enum lc_frame_direction direction;
	const struct lc_channel_callbacks *callbacks;
	void *context;
	struct lc_loop_watch *readable;
	struct lc_loop_watch *writable; /* while packets wait */
	struct packet_list queue;
	size_t queue_bytes; /* of memory */
	bool broken;
};

/* Nothing more is read or sent; the owner learns of it when the socket is read. */
static void give_up_sending(struct lc_channel *channel)
{
	struct packet *packet;

	lc_loop_watch_free(channel->writable);
	channel->writable = NULL;
	while ((packet = STAILQ_FIRST(&channel->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&channel->queue, next);
		free(packet);
	}
	channel->queue_bytes = 0;
	channel->broken = true;
}

static void on_readable(void *context)
{
	struct lc_channel *channel = context;
	char packet[LC_FRAME_SIZE_MAX + 1];
	ssize_t size = recv(channel->fd, packet, sizeof(packet), MSG_DONTWAIT);
	struct lc_error error;
	struct lc_frame frame;

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		give_up_sending(channel);
		lc_loop_watch_free(channel->readable);
		channel->readable = NULL;
		channel->callbacks->on_broken(channel->context);
	} else if (lc_frame_decode((struct lc_view){packet, (size_t)size}, channel->direction,
				   &frame, &error)) {
		channel->callbacks->on_frame(channel->context, &frame);
	} else {
		channel->callbacks->on_refused(channel->context, &error);
	}
}

struct lc_channel *lc_channel_new(struct lc_loop *loop, int fd, enum lc_frame_direction direction,
				  const struct lc_channel_callbacks *callbacks, void *context)
{
	struct lc_channel *channel = lc_memory_zero(1, sizeof(*channel));

	channel->loop = loop;
	channel->fd = fd;
	channel->direction = direction;
	channel->callbacks = callbacks;
	channel->context = context;
	STAILQ_INIT(&channel->queue);
	channel->readable = lc_loop_watch_readable(loop, fd, on_readable, channel);
	return channel;
}

void lc_channel_free(struct lc_channel *channel)
{
	if (channel == NULL)
		return;
	give_up_sending(channel);
	lc_loop_watch_free(channel->readable);
	close(channel->fd);
	free(channel);
}

enum sent { SENT, NOT_NOW, NEVER };

static enum sent send_packet(const struct lc_channel *channel, const unsigned char *bytes,
			     size_t size)
{
	ssize_t sent = send(channel->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0)
		return SENT;
	return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? NOT_NOW : NEVER;
}

static void on_writable(void *context)
{
	struct lc_channel *channel = context;
	struct packet *packet;

	while ((packet = STAILQ_FIRST(&channel->queue)) != NULL) {
		enum sent sent = send_packet(channel, packet->bytes, packet->size);

		if (sent == NOT_NOW)
			return;
		if (sent == NEVER) {
			give_up_sending(channel);
			return;
		}
		STAILQ_REMOVE_HEAD(&channel->queue, next);
		channel->queue_bytes -= sizeof(*packet) + packet->size;
		free(packet);
	}
	lc_loop_watch_free(channel->writable);
	channel->writable = NULL;
}

static bool has_room(const struct lc_channel *channel, size_t bytes)
{
	return !channel->broken && bytes <= LC_CHANNEL_QUEUE_MAX - channel->queue_bytes;
}

static void enqueue(struct lc_channel *channel, const unsigned char *bytes, size_t size)
{
	struct packet *packet = lc_memory_zero(1, sizeof(*packet) + size);

	packet->size = size;
	memcpy(packet->bytes, bytes, size);
	STAILQ_INSERT_TAIL(&channel->queue, packet, next);
	channel->queue_bytes += sizeof(*packet) + size;
	if (channel->writable == NULL)
		channel->writable =
		    lc_loop_watch_writable(channel->loop, channel->fd, on_writable, channel);
}

bool lc_channel_send(struct lc_channel *channel, const struct lc_frame *frame)
{
	unsigned char bytes[LC_FRAME_SIZE_MAX];
	size_t size = lc_frame_encode(frame, bytes);

	if (!has_room(channel, sizeof(struct packet) + size))
		return false;
	if (STAILQ_EMPTY(&channel->queue)) {
		enum sent sent = send_packet(channel, bytes, size);

		if (sent == SENT)
			return true;
		if (sent == NEVER) {
			give_up_sending(channel);
			return false;
		}
	}
	enqueue(channel, bytes, size);
	return true;
}

bool lc_channel_reply(struct lc_channel *channel, uint32_t id, unsigned status,
		      struct lc_view document)
{
	size_t pieces = document.size / LC_FRAME_BODY_MAX + 1;
	size_t overhead = sizeof(struct packet) + LC_FRAME_SIZE_MAX - LC_FRAME_BODY_MAX;
	struct lc_frame frame = {.type = LC_FRAME_REPLY, .id = id, .status = status};

	if (!has_room(channel, document.size + pieces * overhead))
		return false;
	while (!frame.last) {
		frame.body = document;
		frame.last = document.size <= LC_FRAME_BODY_MAX;
		if (!frame.last)
			frame.body.size = LC_FRAME_BODY_MAX;
		if (!lc_channel_send(channel, &frame))
			return false;
		document.data += frame.body.size;
		document.size -= frame.body.size;
	}
	return true;
}
