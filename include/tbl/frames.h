/*
 * The frames between supervisor and worker. Each side accepts only the frames that are meant for
 * it.
 *
 * LC_FRAME(name, number, direction, head, help)
 *
 * direction: TO_SUPERVISOR or TO_WORKER. head: bytes at the start of the payload, as
 * formats/frame.h describes; a frame without head has no payload, after a head comes a body.
 *
 * A frame that says "drained" is not needed: the worker's exit code says it.
 */
#ifndef LC_FRAME
#define LC_FRAME(name, number, direction, head, help)
#endif

/* clang-format off */
LC_FRAME(READY, 1, TO_SUPERVISOR, 0,
	"the first discovery has succeeded, or is being retried against an unreachable server")
LC_FRAME(DRAIN, 2, TO_WORKER, 0,
	"stop discovering, let uploads end, commit, exit")
LC_FRAME(ABANDON, 3, TO_WORKER, 0,
	"the time for draining is over: cancel uploads, commit what was delivered, exit")
LC_FRAME(REQUEST, 4, TO_WORKER, LC_FRAME_REQUEST_HEAD_SIZE,
	"answer this with the same number: id (4 bytes); the text of a control request")
LC_FRAME(REPLY, 5, TO_SUPERVISOR, LC_FRAME_REPLY_HEAD_SIZE,
	"a piece of an answer: id (4 bytes), HTTP status (2), 1 in the last piece, else 0 (2); document")
/* clang-format on */

#undef LC_FRAME
