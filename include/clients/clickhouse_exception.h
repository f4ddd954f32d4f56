/*
 * How ClickHouse tells, in the body of an answer whose status already was 200, that the query
 * failed. A pure scanner over the body's last bytes. The styles by server version:
 *
 *   before 24.11   "Code: 241. DB::Exception: ..." somewhere at the end
 *   24.11 - 25.10  "__exception__\r\nCode: 241. DB::Exception: ..." and no last chunk
 *   25.11 on       "\r\n__exception__\r\n<TAG>\r\n<message>\n<length> <TAG>\r\n__exception__\r\n",
 *                  TAG being the answer's X-ClickHouse-Exception-Tag
 *
 * Only the last can be told from rows that merely contain such text, for nobody who writes rows
 * knows the tag. The others end the stream without its last chunk or break a row: that is what
 * makes them failures, and the text found here only explains.
 */
#ifndef LC_CLIENTS_CLICKHOUSE_EXCEPTION_H
#define LC_CLIENTS_CLICKHOUSE_EXCEPTION_H

#include "base/buffer.h"
#include "base/view.h"

#include <stdbool.h>

enum {
	LC_CLICKHOUSE_EXCEPTION_TAIL_SIZE = 20 * 1024, /* ClickHouse cuts the message at 16 KiB */
	LC_CLICKHOUSE_EXCEPTION_TAG_MAX = 64,
};

/* The last bytes of a body: at least LC_CLICKHOUSE_EXCEPTION_TAIL_SIZE of them, if there were as
 * many. */
struct lc_clickhouse_exception_tail {
	struct lc_buffer bytes;
};

void lc_clickhouse_exception_tail_init(struct lc_clickhouse_exception_tail *tail);
void lc_clickhouse_exception_tail_free(struct lc_clickhouse_exception_tail *tail);
void lc_clickhouse_exception_tail_add(struct lc_clickhouse_exception_tail *tail,
				      struct lc_view piece);
/* What is kept; valid until the next add. */
struct lc_view lc_clickhouse_exception_tail_view(const struct lc_clickhouse_exception_tail *tail);

struct lc_clickhouse_exception {
	int code;            /* ClickHouse's number, 0 when it cannot be read */
	struct lc_view text; /* the first line of the message, within the bytes given; may be
				empty */
	bool certain;        /* told with the answer's own tag, at the very end of the body */
};

/* Looks for an exception at the end of a body's last bytes. `tag` is empty when the answer had
 * none. False when there is nothing that looks like one. */
bool lc_clickhouse_exception_find(struct lc_view tail, struct lc_view tag,
				  struct lc_clickhouse_exception *exception);

/* Reads a body that is an exception's text as a whole, as answers of another status than 200 have
 * it: "Code: 60. DB::Exception: ...". False for any other body (a proxy's page). */
bool lc_clickhouse_exception_read(struct lc_view body, struct lc_clickhouse_exception *exception);

#endif
