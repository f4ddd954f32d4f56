/*
 * The event loop of a process: timers, descriptors and signals on one thread. A thin coat over
 * libevent that owns its events, so that each timer has one owner and ends with it.
 *
 * Callbacks run from lc_loop_run only, never from the call that set them up.
 */
#ifndef LC_BASE_LOOP_H
#define LC_BASE_LOOP_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct lc_loop;
struct lc_loop_timer;
struct lc_loop_watch;

typedef void lc_loop_callback(void *context);

/* A new loop, or NULL with `error` set. Freed by lc_loop_free, after all its timers and watches. */
struct lc_loop *lc_loop_new(struct lc_error *error);
void lc_loop_free(struct lc_loop *loop);

/* Runs callbacks until lc_loop_stop. */
void lc_loop_run(struct lc_loop *loop);
void lc_loop_stop(struct lc_loop *loop);

/* Monotonic milliseconds, read again at each call. */
uint64_t lc_loop_now_ms(const struct lc_loop *loop);

/* The libevent base, for libraries that plug into it (HTTP client, HTTP server). */
struct event_base *lc_loop_base(struct lc_loop *loop);

/* A timer, not running yet. */
struct lc_loop_timer *lc_loop_timer_new(struct lc_loop *loop, lc_loop_callback *callback,
					void *context);
/* Starts it (or starts it again) to fire once in `delay_ms`, never earlier by lc_loop_now_ms; 0
 * means as soon as the loop is back. */
void lc_loop_timer_start(struct lc_loop_timer *timer, uint64_t delay_ms);
/* Stops it; a timer that is not running stays so. */
void lc_loop_timer_stop(struct lc_loop_timer *timer);
bool lc_loop_timer_running(const struct lc_loop_timer *timer);
/* Stops and releases it; NULL is allowed. May be called from its own callback. */
void lc_loop_timer_free(struct lc_loop_timer *timer);

/* Calls back whenever `fd` is readable. The descriptor stays the caller's. */
struct lc_loop_watch *lc_loop_watch_readable(struct lc_loop *loop, int fd,
					     lc_loop_callback *callback, void *context);
/* Calls back as long as `fd` is writable. The descriptor stays the caller's. */
struct lc_loop_watch *lc_loop_watch_writable(struct lc_loop *loop, int fd,
					     lc_loop_callback *callback, void *context);
/* Ends a watch; NULL is allowed. May be called from its own callback. */
void lc_loop_watch_free(struct lc_loop_watch *watch);

#endif
