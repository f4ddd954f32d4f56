#include "formats/frame.h"

#include <stddef.h>
#include <stdint.h>

struct description {
	enum lc_frame_type type;
	enum lc_frame_direction direction;
	const char *name;
};

static const struct description DESCRIPTIONS[] = {
#define LC_FRAME(name_, number, direction_, help) \
	{.type = LC_FRAME_##name_, .direction = LC_FRAME_##direction_, .name = #name_},
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

void lc_frame_encode(enum lc_frame_type type, unsigned char packet[LC_FRAME_SIZE])
{
	packet[0] = (unsigned char)((unsigned)type & 0xFF);
	packet[1] = (unsigned char)((unsigned)type >> 8);
	packet[2] = 0;
	packet[3] = 0;
}

bool lc_frame_decode(struct lc_view packet, enum lc_frame_direction direction,
		     enum lc_frame_type *type, struct lc_error *error)
{
	const unsigned char *bytes = (const unsigned char *)packet.data;
	const struct description *description;
	unsigned number;
	unsigned length;

	if (packet.size < LC_FRAME_SIZE)
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame of %zu bytes has no header",
				    packet.size);
	number = bytes[0] | (unsigned)bytes[1] << 8;
	length = bytes[2] | (unsigned)bytes[3] << 8;
	description = find(number);
	if (description == NULL)
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame of unknown type %u", number);
	if (description->direction != direction)
		return lc_error_set(error, LC_ERROR_CORRUPT, "frame %s is not meant for this side",
				    description->name);
	if (length != 0 || packet.size != LC_FRAME_SIZE)
		return lc_error_set(
		    error, LC_ERROR_CORRUPT,
		    "frame %s has no payload, but %u bytes are announced and %zu came",
		    description->name, length, packet.size - LC_FRAME_SIZE);
	*type = description->type;
	return true;
}

const char *lc_frame_name(enum lc_frame_type type)
{
	const struct description *description = find((unsigned)type);

	return description == NULL ? "unknown" : description->name;
}
