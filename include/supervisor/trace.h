/*
 * A dead worker's backtrace in words. A frame is the module that holds it and how far into it, for
 * addr2line: "log-courier+0x1a2b3", which `addr2line -f -e log-courier 0x1a2b3` takes to a line,
 * with the function's name when the module tells it. A call's frame is the end of the call
 * instruction less one, so that it names the caller's line and not the next one.
 */
#ifndef LC_SUPERVISOR_TRACE_H
#define LC_SUPERVISOR_TRACE_H

#include "base/buffer.h"
#include "worker/page.h"

/* Appends all frames: "log-courier+0x1a2b3 lc_loop_run, libc.so.6+0x27249, ...". */
void lc_trace_append(const struct lc_page_trace *trace, struct lc_buffer *text);

/* Appends the first `most` frames that are in our own program, which are what a reader looks for
 * first; nothing if there is none. */
void lc_trace_append_ours(const struct lc_page_trace *trace, unsigned most, struct lc_buffer *text);

#endif
