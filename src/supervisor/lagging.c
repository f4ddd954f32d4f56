#include "supervisor/lagging.h"

#include "base/memory.h"
#include "formats/inspection.h"
#include "supervisor/inquiry.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	ASK_MS = 15000,
	SAMPLES_MAX =
	    LC_LAGGING_MAX * 16384, /* bytes: a bucket's name may be long, escapes twice */
};

struct lc_lagging {
	struct lc_loop *loop;
	const struct lc_report *report;
	struct lc_loop_timer *timer;
	struct lc_inquiry *inquiry; /* NULL: none is under way */
	struct lc_buffer samples;   /* as they were told last */
};

static const char FAMILY[] =
#define LC_SOURCE_METRIC(family, type, labels, help) family
#include "tbl/service_metrics.h"
    ;

static void append_sample(struct lc_buffer *text, const struct lc_inspection_source *source)
{
	lc_buffer_append_format(text, "%s{shard=\"%" PRIu64 "\",source=\"%" PRIu64 "/", FAMILY,
				source->shard, source->raft_session_id);
	lc_metrics_text_append_label(text, source->bucket);
	lc_buffer_append_format(text, "\"} %" PRIu32 "\n", source->oldest_undelivered);
}

/* A shard that did not answer has no sources in it: rather none than old ones. */
static void on_answers(void *context, const struct lc_inspection *document, bool answered)
{
	struct lc_lagging *lagging = context;

	(void)answered;
	lc_buffer_clear(&lagging->samples);
	for (size_t i = 0; i < document->lists[LC_INSPECTION_SOURCES].count; i++)
		append_sample(&lagging->samples,
			      lc_inspection_row(document, LC_INSPECTION_SOURCES, i));
	if (lc_buffer_failed(&lagging->samples))
		lc_buffer_clear(&lagging->samples);
	lc_inquiry_free(lagging->inquiry);
	lagging->inquiry = NULL;
	lc_loop_timer_start(lagging->timer, ASK_MS);
}

static void on_timer(void *context)
{
	struct lc_lagging *lagging = context;
	struct lc_control_request request;

	lc_control_request_init(&request, LC_CONTROL_REQUEST_SOURCES);
	request.given =
	    1U << LC_CONTROL_REQUEST_ARGUMENT_LAGGING | 1U << LC_CONTROL_REQUEST_ARGUMENT_LIMIT;
	request.limit = LC_LAGGING_MAX;
	lagging->inquiry =
	    lc_inquiry_new(lagging->loop, lagging->report, &request, on_answers, lagging);
}

struct lc_lagging *lc_lagging_new(struct lc_loop *loop, const struct lc_report *report)
{
	struct lc_lagging *lagging = lc_memory_zero(1, sizeof(*lagging));

	lagging->loop = loop;
	lagging->report = report;
	lc_buffer_init(&lagging->samples, SAMPLES_MAX);
	lagging->timer = lc_loop_timer_new(loop, on_timer, lagging);
	lc_loop_timer_start(lagging->timer, 0);
	return lagging;
}

void lc_lagging_free(struct lc_lagging *lagging)
{
	if (lagging == NULL)
		return;
	lc_inquiry_free(lagging->inquiry);
	lc_loop_timer_free(lagging->timer);
	lc_buffer_free(&lagging->samples);
	free(lagging);
}

void lc_lagging_append(const struct lc_lagging *lagging, enum lc_metrics_text_format format,
		       struct lc_buffer *text)
{
#define LC_SOURCE_METRIC(family, type, labels, help) \
	lc_metrics_text_append_family(text, format, (family), (type), (help));
#include "tbl/service_metrics.h"
	lc_buffer_append(text, lagging->samples.data, lagging->samples.size);
}
