/* How ClickHouse words its answers over HTTP: heads, and failures. */
#ifndef FRONT_REPLY_H
#define FRONT_REPLY_H

#include "exchange.h"

/* The number in "Code: N. DB::Exception: ...", or 1002 (UNKNOWN_EXCEPTION). */
int reply_exception_code(const char *message);

/* The HTTP status that ClickHouse gives an exception before its answer has begun. */
int reply_status_of(int exception_code);

/* Ends the answer with an exception: as an error status while nothing was sent, else in the middle
 * of the body in the style given. */
void reply_exception(struct exchange *exchange, const struct exchange_head *head,
		     enum fault_style style, const char *message);

/* A whole answer of one text that ClickHouse did not write. */
void reply_text(struct exchange *exchange, int status, const char *content_type, const char *text);

/* Fills in a random name of `length` small letters, and the NUL after it. */
void reply_make_name(char *name, size_t length);

/* Appends a head's first lines, without the empty line. */
void reply_add_head(struct evbuffer *out, int status, const char *content_type, bool keep_alive);
/* Appends the whole head of an exchange's answer. */
void reply_add_exchange_head(struct evbuffer *out, const struct exchange_head *head,
			     bool keep_alive, bool chunked);

#endif
