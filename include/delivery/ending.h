/*
 * Whether an answer of rows came to its end. A stream of rows cannot prove that itself: ClickHouse
 * sends it as it reads, and has no way to add a last row without holding the others back. So once
 * it has ended ClickHouse is asked for the number of rows from the last second on that came. More
 * than came means that the answer was cut, whoever did it; or that rows have become visible
 * meanwhile, which the next scan will find. Fewer mean nothing. The question reads key columns, of
 * what comes from the last second on only.
 */
#ifndef LC_DELIVERY_ENDING_H
#define LC_DELIVERY_ENDING_H

#include "delivery/delivery.h"
#include "delivery/query.h"
#include "delivery/source.h"
#include "formats/discovery_row.h"

#include <stdint.h>

/* `error` has kind NONE if the answer was whole. */
typedef void lc_ending_callback(void *context, const struct lc_error *error);

/* How far the answer came. */
struct lc_ending_place {
	const struct lc_source *source; /* of the last row; NULL if none came */
	uint32_t second;                /* of the last row */
	uint64_t rows;                  /* that came of this second and source */
};

/* All zero: nothing is asked. */
struct lc_ending {
	struct lc_clickhouse_query *query; /* NULL: none */
	struct lc_discovery_answer answer;
	struct lc_ending_place place;
	struct lc_error error; /* what was left out */
	lc_ending_callback *callback;
	void *context;
};

/* One more row; before the first one the place is all zero. */
void lc_ending_place_pass(struct lc_ending_place *place, const struct lc_source *source,
			  uint32_t second);

/* Asks about these rows of the scan: those of the sources from the place's on. The callback runs
 * from the loop. */
void lc_ending_ask(struct lc_ending *ending, const struct lc_delivery *delivery, unsigned seat,
		   const struct lc_query_rows *rows, const struct lc_ending_place *place,
		   lc_ending_callback *callback, void *context);

/* No callback will run. */
void lc_ending_cancel(struct lc_ending *ending);

#endif
