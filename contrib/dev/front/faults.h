/*
 * What is to go wrong: the list of faults that tests set through /admin/fault (see README.md). The
 * loop changes the list, any thread may look at it.
 */
#ifndef FRONT_FAULTS_H
#define FRONT_FAULTS_H

#include "request.h"

#include <stdint.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_EXCEPTION, /* an exception after so many bytes */
	FAULT_CUT,       /* the connection closes after so many bytes */
	FAULT_RESET,     /* the connection is reset after so many bytes */
	FAULT_STALL,     /* nothing more after so many bytes */
	FAULT_DELAY,     /* the statement starts later */
	FAULT_STATUS,    /* a plain error status, the statement does not run */
	FAULT_HTML,      /* a proxy's page with status 200, the statement does not run */
	FAULT_STALE,     /* SELECTs don't see some rows */
};

/* How an exception looks in the middle of an answer. */
enum fault_style {
	FAULT_STYLE_TEXT,   /* before 24.11: text, the stream ends cleanly */
	FAULT_STYLE_MARKER, /* 24.11 to 25.10: __exception__, no last chunk */
	FAULT_STYLE_TAGGED, /* 25.11 on: the block with the tag, no last chunk */
};

struct fault {
	enum fault_kind kind;
	enum fault_style style;
	uint64_t id;
	uint64_t after;        /* body bytes that still go out */
	uint64_t milliseconds; /* of a delay */
	int status;
	int code; /* of the exception */
};

/* The style of exceptions that are not injected. */
void faults_set_style(enum fault_style style);
enum fault_style faults_style(void);
/* Reads "text", "marker" or "tagged". */
bool faults_parse_style(const char *text, enum fault_style *style);

/* Answers /admin/fault: POST sets one, DELETE withdraws one or all, GET lists them. Returns the
 * HTTP status. */
int faults_administer(const struct request *request, struct evbuffer *answer);

/* The fault that the next query, with this text, has to suffer; it counts as suffered. */
struct fault faults_take(const char *text, size_t length);

/* Whether a fault is still set. Faults that are used up count until they are withdrawn. */
bool faults_holds(uint64_t id);

/* Appends a value for additional_table_filters that hides what the stale faults hide; false if
 * there are none. */
bool faults_filters(struct evbuffer *filters);

#endif
