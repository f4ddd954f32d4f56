/*
 * Frames between the supervisor and a worker, or another child of its, over a SOCK_SEQPACKET socket pair: one packet, one
 * frame. A frame is a header of four bytes, type and length of the payload after it, each as an
 * unsigned 16-bit number, then the payload. Those of include/tbl/frames.h with a head have a
 * payload:
 *
 *	REQUEST    id, 4 bytes; body: the text of a control request (formats/control_request.h)
 *	REPLY      id, 4 bytes; status, 2 bytes; last, 2 bytes, 0 or 1; body: a piece of the
 *	           document
 *	others     id, 4 bytes; body
 *
 * All numbers are little-endian. A document larger than a frame's body comes in several REPLYs, in
 * order; other frames may stand between them.
 *
 * Both ends are ours, yet either may be a process that has gone wrong: what does not decode is an
 * error, never an assert.
 */
#ifndef LC_FORMATS_FRAME_H
#define LC_FORMATS_FRAME_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

enum lc_frame_type {
#define LC_FRAME(name, number, direction, head, help) LC_FRAME_##name = (number),
#include "tbl/frames.h"
};

/* Who a frame is meant for. */
enum lc_frame_direction {
	LC_FRAME_TO_SUPERVISOR,
	LC_FRAME_TO_WORKER,
	LC_FRAME_OF_MACHINES,
	LC_FRAME_TO_MACHINES,
};

enum {
	LC_FRAME_HEADER_SIZE = 4,
	LC_FRAME_REQUEST_HEAD_SIZE = 4,
	LC_FRAME_REPLY_HEAD_SIZE = 8,
	LC_FRAME_BODY_MAX = 48 * 1024,
	/* Bytes of the longest frame. A receiver offers one byte more, so that a packet that is too
	   long shows. */
	LC_FRAME_SIZE_MAX = LC_FRAME_HEADER_SIZE + LC_FRAME_REPLY_HEAD_SIZE + LC_FRAME_BODY_MAX,
};

struct lc_frame {
	enum lc_frame_type type;
	uint32_t id;         /* of a frame with a head */
	unsigned status;     /* REPLY: 0 to 65535 */
	bool last;           /* REPLY */
	struct lc_view body; /* of a frame with a head; at most LC_FRAME_BODY_MAX bytes */
};

/* Writes the frame as one packet and returns its size. */
size_t lc_frame_encode(const struct lc_frame *frame, unsigned char packet[LC_FRAME_SIZE_MAX]);

/* Reads one packet; `frame` has views into it. False with `error` set (LC_ERROR_CORRUPT) when it is
 * no frame, of no known type or not meant for the side that `direction` names. */
bool lc_frame_decode(struct lc_view packet, enum lc_frame_direction direction,
		     struct lc_frame *frame, struct lc_error *error);

/* The type's name as in the table, for logs: "DRAIN". */
const char *lc_frame_name(enum lc_frame_type type);

#endif
