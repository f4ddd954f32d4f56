/*
 * The sources that lag most, for the metrics: workers are asked for them now and then, because a
 * metric with a label for each source would have no bound.
 */
#ifndef LC_SUPERVISOR_LAGGING_H
#define LC_SUPERVISOR_LAGGING_H

#include "base/buffer.h"
#include "base/loop.h"
#include "formats/metrics_text.h"
#include "supervisor/report.h"

enum { LC_LAGGING_MAX = 10 }; /* sources */

struct lc_lagging;

/* Asks the shards of the report's fleet from now on, first when the loop runs. */
struct lc_lagging *lc_lagging_new(struct lc_loop *loop, const struct lc_report *report);
/* NULL is allowed. */
void lc_lagging_free(struct lc_lagging *lagging);

/* Appends the family, with a sample for each of the sources that were told last. */
void lc_lagging_append(const struct lc_lagging *lagging, enum lc_metrics_text_format format,
		       struct lc_buffer *text);

#endif
