/* The metrics of the service, as a reference for those who chart them and write alert rules. */
#ifndef LC_CTL_METRICS_REFERENCE_H
#define LC_CTL_METRICS_REFERENCE_H

#include "base/buffer.h"

/* Appends the reference in Markdown, made from the tables of the metrics: docs/metrics.md. */
void lc_metrics_reference_append(struct lc_buffer *text);

#endif
