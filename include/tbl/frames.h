/*
 * The frames between the supervisor and a worker, and between the supervisor and the process of
 * machines/machines.h. Each side accepts only the frames that are meant for it.
 *
 * LC_FRAME(name, number, direction, head, help)
 *
 * direction: TO_SUPERVISOR (from a worker), TO_WORKER, OF_MACHINES (to the supervisor) or
 * TO_MACHINES. head: bytes at the start of the payload, as
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
LC_FRAME(TAKE, 6, OF_MACHINES, LC_FRAME_REQUEST_HEAD_SIZE,
	"the shard with this number is to have a worker, which takes it over; body: the epoch that was seen in its head (8 bytes)")
LC_FRAME(RELEASE, 7, OF_MACHINES, LC_FRAME_REQUEST_HEAD_SIZE,
	"the shard with this number is to have none: another machine is to have it")
LC_FRAME(LOOKED, 8, OF_MACHINES, LC_FRAME_REQUEST_HEAD_SIZE,
	"the tables were looked at, or could not be; body: what machines/machines.h calls a report")
LC_FRAME(HOLDS, 9, TO_MACHINES, LC_FRAME_REQUEST_HEAD_SIZE,
	"what this machine can do, as a number; body: two bytes for each shard, what it does with it and whether it refuses it, then why")
/* clang-format on */

#undef LC_FRAME
