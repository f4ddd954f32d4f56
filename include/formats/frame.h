/*
 * Frames between the supervisor and a worker, over a SOCK_SEQPACKET socket pair: one packet, one
 * frame. A frame is a header of four bytes: type and length of the payload behind it, each as an
 * unsigned 16-bit number, little endian. No frame of include/tbl/frames.h has a payload so far, so
 * the length is 0.
 *
 * Both ends are ours, yet either may be a process that has gone wrong: what does not decode is an
 * error, never an assert.
 */
#ifndef LC_FORMATS_FRAME_H
#define LC_FORMATS_FRAME_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>

enum lc_frame_type {
#define LC_FRAME(name, number, direction, help) LC_FRAME_##name = (number),
#include "tbl/frames.h"
};

/* Who a frame is meant for. */
enum lc_frame_direction {
	LC_FRAME_TO_SUPERVISOR,
	LC_FRAME_TO_WORKER,
};

/* Bytes of an encoded frame. A receiver offers one byte more, so that a packet that is too long
 * shows. */
enum { LC_FRAME_SIZE = 4 };

/* Writes the frame as one packet. */
void lc_frame_encode(enum lc_frame_type type, unsigned char packet[LC_FRAME_SIZE]);

/* Reads one packet. False with `error` set (LC_ERROR_CORRUPT) when it is no frame, of no known type
 * or not meant for the side that `direction` names. */
bool lc_frame_decode(struct lc_view packet, enum lc_frame_direction direction,
		     enum lc_frame_type *type, struct lc_error *error);

/* The type's name as in the table, for logs: "DRAIN". */
const char *lc_frame_name(enum lc_frame_type type);

#endif
