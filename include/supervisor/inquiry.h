/*
 * An inquiry: one control request that is put to the workers of the shards it concerns, all at the
 * same time, and whose answers become one document. A shard that does not answer becomes a problem
 * in it.
 */
#ifndef LC_SUPERVISOR_INQUIRY_H
#define LC_SUPERVISOR_INQUIRY_H

#include "base/loop.h"
#include "formats/control_request.h"
#include "formats/inspection.h"
#include "supervisor/report.h"

#include <stdbool.h>

struct lc_inquiry;

/* The answers, sorted and cut to the request's limit; valid until the callback returns. `answered`:
 * at least one shard did, or none had to. Runs once, from the loop; the inquiry is to be freed then
 * or later. */
typedef void lc_inquiry_callback(void *context, const struct lc_inspection *document,
				 bool answered);

/* Asks the keepers of `report` that the request concerns: all, or that of the named source. */
struct lc_inquiry *lc_inquiry_new(struct lc_loop *loop, const struct lc_report *report,
				  const struct lc_control_request *request,
				  lc_inquiry_callback *callback, void *context);

/* Gives up what is under way. NULL is allowed. */
void lc_inquiry_free(struct lc_inquiry *inquiry);

#endif
