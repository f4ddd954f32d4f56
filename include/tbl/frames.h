/*
 * The frames between supervisor and worker. Each side accepts only the frames that are meant for
 * it.
 *
 * LC_FRAME(name, number, direction, help)    direction: TO_SUPERVISOR or TO_WORKER
 *
 * A frame that says "drained" is not needed: the worker's exit code says it.
 */
#ifndef LC_FRAME
#define LC_FRAME(name, number, direction, help)
#endif

/* clang-format off */
LC_FRAME(READY, 1, TO_SUPERVISOR,
	"the first discovery has succeeded, or is being retried against an unreachable server")
LC_FRAME(DRAIN, 2, TO_WORKER,
	"stop discovering, let uploads end, commit, exit")
LC_FRAME(ABANDON, 3, TO_WORKER,
	"the time for draining is over: cancel uploads, commit what was delivered, exit")
/* clang-format on */

#undef LC_FRAME
