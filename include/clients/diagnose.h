/*
 * Which fault (include/tbl/faults.h) a failed request shows, as a pure rule over HTTP status, S3's
 * <Code>, ClickHouse's exception code and the kind of error. Texts never decide.
 */
#ifndef LC_CLIENTS_DIAGNOSE_H
#define LC_CLIENTS_DIAGNOSE_H

#include "base/error.h"
#include "clients/s3.h"
#include "formats/document_names.h"

#include <stdbool.h>

/* Of an answer to a PUT that did not store the object. */
enum lc_fault lc_diagnose_s3(const struct lc_s3_answer *answer);

/* Whether a query's error is something that came from ClickHouse, be it nonsense: then what it was
 * asked may be the reason. */
bool lc_diagnose_answered(const struct lc_error *error);

/* Of a query's error, whose `code` is ClickHouse's exception code. */
enum lc_fault lc_diagnose_clickhouse(const struct lc_error *error);

#endif
