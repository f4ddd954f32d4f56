/* What there is to say about a worker that has ended. */
#ifndef LC_SUPERVISOR_OBITUARY_H
#define LC_SUPERVISOR_OBITUARY_H

#include "base/buffer.h"
#include "formats/status_document.h"
#include "worker/page.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { LC_OBITUARY_REASON_SIZE = 160 }; /* bytes, terminator included */

struct lc_obituary {
	unsigned shard;
	pid_t pid;
	int status; /* as waitpid gave it */
	uint64_t uptime_ms;
	const char *phase;                    /* how far it had come, by its own account */
	char reason[LC_OBITUARY_REASON_SIZE]; /* why the supervisor ended it; or empty */
	char last_words[LC_PAGE_LAST_WORDS_SIZE];
	struct lc_page_trace trace;
};

/* Gathers what the page of the dead worker still tells. `reason`: as in the struct, is cut. */
void lc_obituary_compose(struct lc_obituary *obituary, unsigned shard, pid_t pid, int status,
			 uint64_t uptime_ms, const char *reason, const struct lc_page *page);

/* The exit code, or -1 when a signal ended it. */
int lc_obituary_exit_code(const struct lc_obituary *obituary);

/* One sentence: "worker 4711 was ended by SIGABRT (core dumped) after 12.3 s, while ready: gave no
 * sign of life for 30 s; last words; at log-courier+0x1a2b3 lc_loop_run, ...", each part if there
 * is something to say. */
void lc_obituary_sentence(const struct lc_obituary *obituary,
			  char text[LC_STATUS_DOCUMENT_TEXT_SIZE]);

/* One log line; an error unless the end was `expected`. next_start_ms: until the next worker
 * starts; negative if none will. */
void lc_obituary_log(const struct lc_obituary *obituary, bool expected, int64_t next_start_ms);

/* Appends a dead worker's backtrace in words, its first `most` frames: "log-courier+0x1a2b3
 * lc_loop_run, libc.so.6+0x27249, ...". A frame is the module that holds it and how far into it,
 * which `addr2line -f -e log-courier 0x1a2b3` takes to a line; with the function's name when the
 * module tells it. A call's frame is the end of the call instruction less one, so that it names the
 * caller's line and not the next one. `ours_alone`: only the frames in our own program, which are
 * what a reader looks for first. */
void lc_obituary_append_trace(const struct lc_page_trace *trace, unsigned most, bool ours_alone,
			      struct lc_buffer *text);

#endif
