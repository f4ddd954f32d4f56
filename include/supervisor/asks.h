/*
 * What one worker is being asked: requests sent through its channel that wait for their answers,
 * several at once. Each ends in an answer, or in an error when the worker does not answer within
 * LC_ASKS_SECONDS, says more than it may, or ends.
 */
#ifndef LC_SUPERVISOR_ASKS_H
#define LC_SUPERVISOR_ASKS_H

#include "base/error.h"
#include "base/loop.h"
#include "base/view.h"
#include "formats/frame.h"
#include "worker/channel.h"

enum { LC_ASKS_SECONDS = 5 };

struct lc_asks;
struct lc_ask;

/* The answer: an HTTP status and a document, valid until the callback returns; or `error` with
 * another kind than NONE. Runs from the loop; the ask is released behind it. */
typedef void lc_asks_callback(void *context, unsigned status, struct lc_view document,
			      const struct lc_error *error);

struct lc_asks *lc_asks_new(struct lc_loop *loop, unsigned shard);
/* There are no asks any more. NULL is allowed. */
void lc_asks_free(struct lc_asks *asks);

/* Asks through `channel`, which is NULL when there is no worker. NULL with `error` set
 * (LC_ERROR_UNREACHABLE) when there is none, or it takes nothing more. */
struct lc_ask *lc_asks_start(struct lc_asks *asks, struct lc_channel *channel, struct lc_view text,
			     lc_asks_callback *callback, void *context, struct lc_error *error);

/* Gives it up: no callback runs any more. */
void lc_asks_cancel(struct lc_ask *ask);

/* A REPLY has come. What belongs to no ask (any more) is dropped. */
void lc_asks_take(struct lc_asks *asks, const struct lc_frame *reply);

/* The worker is gone: each ask ends in an error. */
void lc_asks_fail(struct lc_asks *asks);

#endif
