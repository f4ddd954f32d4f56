#include "formats/frame.h"

#include "base/assert.h"

#include <stddef.h>

struct description {
	enum lc_frame_type type;
	enum lc_frame_direction direction;
	size_t head;
	const char *name;
};

static const struct description DESCRIPTIONS[] = {
#define LC_FRAME(name_, number, direction_, head_, help) \
	{.type = LC_FRAME_##name_,                       \
	 .direction = LC_FRAME_##direction_,             \
	 .head = (head_),                                \
	 .name = #name_},
#include "tbl/frames.h"
};

static const struct description *find(unsigned number)
{
	for (size_t i = 0; i < sizeof(DESCRIPTIONS) / sizeof(DESCRIPTIONS[0]); i++) {
		if ((unsigned)DESCRIPTIONS[i].type == number)
			return &DESCRIPTIONS[i];
	}
	return NULL;
}

static void put_16(unsigned char *bytes, unsigned number)
{
	bytes[0] = (unsigned char)(number & 0xFF);
	bytes[1] = (unsigned char)(number >> 8 & 0xFF);
}

static unsigned get_16(const unsigned char *bytes)
{
	return bytes[0] | (unsigned)bytes[1] << 8;
}

size_t lc_frame_encode(const struct lc_frame *frame, unsigned char packet[LC_FRAME_SIZE_MAX])
{
	const struct description *description = find((unsigned)frame->type);
	unsigned char *head = packet + LC_FRAME_HEADER_SIZE;

	LC_ASSERT(description != NULL && frame->body.size <= LC_FRAME_BODY_MAX);
	LC_ASSERT(description->head > 0 || frame->body.size == 0);
	put_16(packet, (unsigned)frame->type);
	put_16(packet + 2, (unsigned)(description->head + frame->body.size));
	if (description->head >= LC_FRAME_REQUEST_HEAD_SIZE) {
		put_16(head, frame->id & 0xFFFF);
		put_16(head + 2, frame->id >> 16);
	}
	if (description->head == LC_FRAME_REPLY_HEAD_SIZE) {
		put_16(head + 4, frame->status);
		put_16(head + 6, frame->last);
	}
	if (frame->body.size > 0)
		memcpy(head + description->head, frame->body.data, frame->body.size);
	return LC_FRAME_HEADER_SIZE + description->head + frame->body.size;
}

static bool check_length(const struct description *description, size_t announced, size_t came,
			 struct lc_error *error)
{
	if (announced != came)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "frame %s announces %zu bytes, %zu came", description->name,
				    announced, came);
	if (came < description->head)
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame %s has %zu bytes, too few",
				    description->name, came);
	if (came - description->head > (description->head == 0 ? 0 : LC_FRAME_BODY_MAX))
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame %s has %zu bytes, too many",
				    description->name, came);
	return true;
}

static bool read_payload(const struct description *description, const unsigned char *payload,
			 size_t size, struct lc_frame *frame, struct lc_error *error)
{
	*frame = (struct lc_frame){.type = description->type};
	if (description->head >= LC_FRAME_REQUEST_HEAD_SIZE)
		frame->id = get_16(payload) | (uint32_t)get_16(payload + 2) << 16;
	if (description->head == LC_FRAME_REPLY_HEAD_SIZE) {
		unsigned last = get_16(payload + 6);

		frame->status = get_16(payload + 4);
		frame->last = last == 1;
		if (last > 1)
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "frame %s is neither the last nor another",
					    description->name);
	}
	frame->body.data = (const char *)payload + description->head;
	frame->body.size = size - description->head;
	return true;
}

bool lc_frame_decode(struct lc_view packet, enum lc_frame_direction direction,
		     struct lc_frame *frame, struct lc_error *error)
{
	const unsigned char *bytes = (const unsigned char *)packet.data;
	const struct description *description;
	size_t size;

	if (packet.size < LC_FRAME_HEADER_SIZE)
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame of %zu bytes has no header",
				    packet.size);
	description = find(get_16(bytes));
	if (description == NULL)
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame of unknown type %u",
				    get_16(bytes));
	if (description->direction != direction)
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame %s is not meant for this side",
				    description->name);
	size = packet.size - LC_FRAME_HEADER_SIZE;
	return check_length(description, get_16(bytes + 2), size, error) &&
	       read_payload(description, bytes + LC_FRAME_HEADER_SIZE, size, frame, error);
}

const char *lc_frame_name(enum lc_frame_type type)
{
	const struct description *description = find((unsigned)type);

	return description == NULL ? "unknown" : description->name;
}
