/*
 * The page: memory that a worker shares with its supervisor. The supervisor makes it before the
 * first fork and keeps it while workers of the shard come and go, so that counters survive a death
 * and a dead worker's last words can be read. The worker writes, the supervisor reads, without
 * locks; log_level alone goes the other way.
 *
 * The supervisor reads text from it that a process which went wrong may have written: it copies the
 * text with lc_page_last_words and trusts no terminator.
 */
#ifndef LC_WORKER_PAGE_H
#define LC_WORKER_PAGE_H

#include "base/counters.h"
#include "base/error.h"

#include <stdatomic.h>
#include <stdint.h>

/* How far the worker has come, by its own account. */
enum lc_page_phase {
	LC_PAGE_STARTING,
	LC_PAGE_READY,
	LC_PAGE_DRAINING,
};

enum {
	LC_PAGE_LAST_WORDS_SIZE = 512, /* bytes, terminator included */
	LC_PAGE_TRACE_MAX = 32,        /* frames of a backtrace that are kept */
};

struct lc_page {
	struct lc_counters counters;
	_Atomic uint64_t heartbeat_ms; /* lc_clock_monotonic_ms of the worker's last sign of life */
	_Atomic unsigned phase;        /* enum lc_page_phase */
	_Atomic unsigned log_level;    /* enum lc_log_level, written by the supervisor */
	_Atomic char last_words[LC_PAGE_LAST_WORDS_SIZE];
	_Atomic unsigned trace_size; /* frames in `trace` */
	_Atomic uintptr_t trace[LC_PAGE_TRACE_MAX];
};

/* Where a worker was when it died, as addresses of its code: first the instruction that was at
 * work, then those after the calls that led there. A worker is a fork that runs the same program,
 * so they mean the same to the supervisor. */
struct lc_page_trace {
	unsigned size;
	uintptr_t addresses[LC_PAGE_TRACE_MAX];
};

/* A page of zeros, shared with children forked later; NULL with `error` set (LC_ERROR_SYSTEM) when
 * there is no memory. A child inherits it only between lc_page_share and lc_page_keep, so that a
 * worker can reach no page but its own. */
struct lc_page *lc_page_new(struct lc_error *error);
void lc_page_free(struct lc_page *page);

/* Before and after the fork of the page's worker. */
void lc_page_share(struct lc_page *page);
void lc_page_keep(struct lc_page *page);

/* Makes the page ready for the next worker: gauges back to 0, complaints, phase, heartbeat (now),
 * last words and backtrace empty; counters and histograms stay. */
void lc_page_prepare(struct lc_page *page, uint64_t now_ms);

/* Keeps `text`, cut when too long, as last words. May be called from a signal handler. */
void lc_page_say_last_words(struct lc_page *page, const char *text);

/* Copies the last words, with a terminator and without line ends at the end; empty if there are
 * none. */
void lc_page_last_words(const struct lc_page *page, char text[LC_PAGE_LAST_WORDS_SIZE]);

/* Keeps a backtrace, innermost frame first; frames beyond LC_PAGE_TRACE_MAX are left out. May be
 * called from a signal handler. */
void lc_page_keep_trace(struct lc_page *page, void *const *frames, unsigned count);

/* Copies the backtrace; empty if there is none. */
void lc_page_trace(const struct lc_page *page, struct lc_page_trace *trace);

/* The phase's name, for logs: "ready"; "unknown" for a number that is no phase. */
const char *lc_page_phase_name(unsigned phase);

#endif
