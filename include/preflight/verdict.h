/*
 * What a check of the preflight has found: a grade, and one sentence or two that say what was found
 * and, unless all is well, what to do. Pure.
 */
#ifndef LC_PREFLIGHT_VERDICT_H
#define LC_PREFLIGHT_VERDICT_H

#include "base/buffer.h"
#include "base/error.h"
#include "formats/document_names.h"

enum { LC_VERDICT_TEXT_SIZE = 1024 };

struct lc_verdict {
	enum lc_verdict_grade grade;
	char text[LC_VERDICT_TEXT_SIZE]; /* terminated, cut when longer; no control bytes */
};

/* Sets grade and text, printf-like. Control bytes become spaces. */
void lc_verdict_set(struct lc_verdict *verdict, enum lc_verdict_grade grade, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

/* What makes no sense any more, because the check with the subject `failed` has failed. */
void lc_verdict_set_not_checked(struct lc_verdict *verdict, const char *failed);

/* A failure: the error's own words without `url`, which the line names already, and what is to be
 * done, a sentence. */
void lc_verdict_set_failure(struct lc_verdict *verdict, const struct lc_error *error,
			    const char *url, const char *advice);

/* The same with what the fault's row of include/tbl/faults.h says is to be done. */
void lc_verdict_set_fault(struct lc_verdict *verdict, const struct lc_error *error,
			  enum lc_fault fault, const char *url);

/* Appends what is to be done about a fault before the service has started: the advice of
 * include/tbl/faults.h without what speaks of a service that runs. A sentence. */
void lc_verdict_append_advice(struct lc_buffer *text, enum lc_fault fault);

#endif
