/* What there is to say about a target that a source waits for; for the files of explain. */
#ifndef LC_CTL_EXPLAIN_TARGET_H
#define LC_CTL_EXPLAIN_TARGET_H

#include "base/buffer.h"
#include "ctl/explain.h"
#include "formats/inspection.h"

/* The situation that the target is in; COUNT when it works. */
enum lc_explain_situation lc_explain_target_situation(const struct lc_inspection_target *target);

/* Appends a sentence, `what` being "has refused log objects": "Its target 'logs' has refused log
 * objects for 3 min (HTTP 403 AccessDenied); next try in 40 s." */
void lc_explain_target_append(const struct lc_inspection_target *target, const char *what,
			      struct lc_buffer *sentence);

/* Appends what mends it, by S3's own word for what is wrong. */
void lc_explain_target_append_cure(const struct lc_inspection_target *target,
				   struct lc_buffer *advice);

#endif
