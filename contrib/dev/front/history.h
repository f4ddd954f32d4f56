/*
 * The statements that were run, as ClickHouse's system.query_log would tell of them, which the
 * library does not have: /admin/queries (see README.md). Threads add, the loop looks.
 */
#ifndef FRONT_HISTORY_H
#define FRONT_HISTORY_H

#include "request.h"

#include <stdint.h>

struct history_statement {
	const struct request *request;
	const char *text;
	size_t length;
	uint64_t microseconds;
	uint64_t rows_read; /* from tables */
	uint64_t bytes_read;
	uint64_t written; /* bytes of the answer */
};

/* Remembers a statement that has ended; the oldest ones are forgotten beyond 16 MiB. */
void history_add(const struct history_statement *statement);

/* Answers /admin/queries: GET shows the statements, the oldest first, DELETE forgets them. Returns
 * the HTTP status. */
int history_administer(const struct request *request, struct evbuffer *answer);

#endif
