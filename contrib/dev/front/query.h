/* Answers POST / and GET /: from the HTTP request to statements for the engine, and back. */
#ifndef FRONT_QUERY_H
#define FRONT_QUERY_H

#include "exchange.h"

struct query_options {
	const char *user; /* NULL: everybody may in */
	const char *password;
	unsigned max_threads; /* of one query, unless it says otherwise */
};

/* Call before the first query_answer(); the options must stay. */
void query_configure(const struct query_options *options);

/* Answers one exchange; an exchange_worker. */
void query_answer(struct exchange *exchange);

/* Chooses the fault that this request has to suffer, by the text of its query. */
struct fault query_choose_fault(const struct request *request);

/* Asks the engine to end the statement of an exchange; an exchange_kill. */
void query_kill(uint64_t number);

#endif
