/* What there is to say about the shard that delivers a source, when it does not work as it should;
 * for the files of explain. Each appends a sentence and what to do. */
#ifndef LC_CTL_EXPLAIN_SHARD_H
#define LC_CTL_EXPLAIN_SHARD_H

#include "base/buffer.h"
#include "formats/inspection.h"
#include "formats/status_document.h"

/* It has not answered. `shard` is NULL when the service has not told of it. */
void lc_explain_shard_append_silent(const struct lc_inspection_problem *problem,
				    const struct lc_status_document_shard *shard,
				    struct lc_buffer *sentence, struct lc_buffer *advice);

/* ClickHouse does not answer it, or refuses its user. */
void lc_explain_shard_append_clickhouse(const struct lc_status_document_shard *shard,
					struct lc_buffer *sentence, struct lc_buffer *advice);

/* Its ledger can not be written. */
void lc_explain_shard_append_ledger(const struct lc_status_document_shard *shard,
				    struct lc_buffer *sentence, struct lc_buffer *advice);

/* S3 confirms no upload. */
void lc_explain_shard_append_s3(const struct lc_status_document_shard *shard,
				struct lc_buffer *sentence, struct lc_buffer *advice);

#endif
