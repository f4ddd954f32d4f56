/* How ClickHouse words its failures over HTTP. */
#ifndef FRONT_REPLY_H
#define FRONT_REPLY_H

#include "exchange.h"

/* The number in "Code: N. DB::Exception: ...", or 1002 (UNKNOWN_EXCEPTION). */
int reply_exception_code(const char *message);

/* The HTTP status that ClickHouse gives an exception before its answer has begun. */
int reply_status_of(int exception_code);

/* The reason phrase of a status. */
const char *reply_reason(int status);

/* Ends the answer with an exception: as an error status while nothing was sent, else in the middle
 * of the body in the style given. */
void reply_exception(struct exchange *exchange, const struct exchange_head *head,
		     enum fault_style style, const char *message);

/* A whole answer of one text that ClickHouse did not write. */
void reply_text(struct exchange *exchange, int status, const char *content_type, const char *text);

#endif
