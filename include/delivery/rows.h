/*
 * Reading rows: one query for rows of many sources, the stream of its answer, and the proof that
 * this came to its end.
 *
 * A stream of rows cannot prove that itself: ClickHouse sends it as it reads, and has no way to add
 * a last row without holding the others back. So once it has ended ClickHouse is asked for the
 * number of rows from the last second on that came. More than came means that the answer was cut,
 * whoever did it; or that rows have become visible meanwhile, which the next scan will find. Fewer
 * mean nothing. The question reads key columns, of what comes from the last second on only.
 */
#ifndef LC_DELIVERY_ROWS_H
#define LC_DELIVERY_ROWS_H

#include "base/error.h"
#include "base/view.h"
#include "delivery/delivery.h"
#include "delivery/query.h"
#include "delivery/source.h"
#include "formats/discovery_row.h"
#include "formats/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_clickhouse_query;
struct lc_record_stream;

/* Who reads. */
struct lc_rows_reader {
	/* A row; false ends the stream, and on_data says why. */
	bool (*on_record)(void *context, const struct lc_record *record);
	/* A piece of the answer, for lc_rows_feed; false with `error` ends the query. */
	bool (*on_data)(void *context, struct lc_view piece, struct lc_error *error);
	/* The query is over: `error` kind NONE if nothing is known to have gone wrong. */
	void (*on_end)(void *context, const struct lc_error *error);
};

/* `error` has kind NONE if the answer was whole. */
typedef void lc_rows_callback(void *context, const struct lc_error *error);

/* All zero: nothing is read. Read it freely. It may be used again after its release: then it knows
 * whether rows were too large for blocks of the usual size. */
struct lc_rows {
	const struct lc_delivery *delivery;
	const struct lc_rows_reader *reader;
	void *context;
	unsigned seat;
	uint32_t from; /* from <= insertedAt < until */
	uint32_t until;
	struct lc_clickhouse_query *query; /* NULL: no rows are coming */
	struct lc_record_stream *stream;   /* NULL: nothing is read */
	unsigned smaller; /* how much smaller blocks have to be: by so many steps */
	bool resized;     /* smaller than was asked for: next time all may go well */

	const struct lc_source *last; /* of the last row; NULL if none came */
	uint32_t second;              /* of the last row */
	uint64_t count;               /* rows that came of this second and source */

	struct lc_clickhouse_query *check; /* for what comes after these; NULL: none */
	struct lc_discovery_answer answer; /* to it */
	struct lc_error cut;               /* what was left out */
	lc_rows_callback *on_checked;
};

/* Asks for these rows. */
void lc_rows_start(struct lc_rows *rows, const struct lc_delivery *delivery, unsigned seat,
		   const struct lc_query_rows *asked, const struct lc_rows_reader *reader,
		   void *context);

/* Reads a piece: on_record gets its rows. */
bool lc_rows_feed(struct lc_rows *rows, struct lc_view piece, struct lc_error *error);

/* One more row has come; to be called with each. */
void lc_rows_pass(struct lc_rows *rows, const struct lc_source *source, uint32_t second);

/* Asks whether the answer was whole, after on_end: about these sources of those that were asked
 * for, from the last row's on. The callback runs from the loop. */
void lc_rows_check(struct lc_rows *rows, struct lc_source *const *sources, size_t count,
		   lc_rows_callback *callback);

/* Releases what is left of the reading, and cancels what is under way: nobody is called back. */
void lc_rows_release(struct lc_rows *rows);

#endif
