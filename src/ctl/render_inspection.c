#include "ctl/render_inspection.h"

#include "base/clock.h"
#include "ctl/inspection_tables.h"
#include "ctl/terminal.h"

#include <inttypes.h>

/* ---- commands ---- */

static void append_more(const struct lc_inspection_tables_page *page)
{
	const struct lc_inspection *document = page->document;

	if (document->more > 0)
		lc_buffer_append_format(page->text, "%" PRIu64 " more; --limit shows up to %d\n",
					document->more, LC_CONTROL_REQUEST_LIMIT_MAX);
}

/* Each problem with a target once: shards see the same one. */
static void append_errors(const struct lc_inspection *document, struct lc_terminal_style style,
			  struct lc_buffer *text)
{
	for (size_t i = 0; i < document->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *target =
		    lc_inspection_row(document, LC_INSPECTION_TARGETS, i);
		struct lc_buffer words;

		if (target->last_error.size == 0)
			continue;
		lc_buffer_init(&words, target->last_error.size);
		lc_buffer_append_view(&words, target->last_error);
		lc_buffer_append_char(text, '\n');
		lc_terminal_append(target->bucket.data, target->bucket.size, text);
		if (!target->whole_bucket) {
			lc_buffer_append_char(text, '/');
			lc_terminal_append(target->prefix.data, target->prefix.size, text);
		}
		lc_buffer_append_format(text, ", as shard %" PRIu64 " sees it:\n", target->shard);
		lc_terminal_append_wrapped(lc_buffer_text(&words), style.width, text);
		lc_buffer_free(&words);
	}
}

static void append_source_name(const struct lc_control_request *request, struct lc_buffer *text)
{
	struct lc_view bucket = lc_control_request_bucket(request);

	lc_buffer_append_format(text, "source %" PRIu32 "/", request->raft_session_id);
	lc_terminal_append(bucket.data, bucket.size, text);
}

static void append_committed(const struct lc_inspection_source *source, struct lc_buffer *text)
{
	char start[LC_CLOCK_TEXT_SIZE];

	if (source->committed_inserted_at == 0)
		return;
	lc_clock_format((int64_t)source->committed_start_time_ms, start);
	lc_buffer_append_text(text, "committed to ClickHouse: insertedAt ");
	lc_inspection_tables_append_second(source->committed_inserted_at, text);
	lc_buffer_append_format(text, ", startTime %s, req_id ", start);
	lc_terminal_append(source->committed_req_id.data, source->committed_req_id.size, text);
	lc_buffer_append_char(text, '\n');
}

static void render_source(const struct lc_inspection_tables_page *page)
{
	const struct lc_inspection *document = page->document;
	struct lc_buffer *text = page->text;

	append_source_name(page->request, text);
	if (document->lists[LC_INSPECTION_SOURCES].count == 0) {
		lc_buffer_append_text(text, " has no undelivered rows\n");
	} else {
		lc_buffer_append_text(text, "\n\n");
		lc_inspection_tables_append(page, LC_INSPECTION_SOURCES);
		append_committed(lc_inspection_row(document, LC_INSPECTION_SOURCES, 0), text);
	}
	if (document->lists[LC_INSPECTION_RANGES].count > 0) {
		lc_buffer_append_text(text, "\nopen ranges, not read yet or not whole:\n");
		lc_inspection_tables_append(page, LC_INSPECTION_RANGES);
	}
	if (document->lists[LC_INSPECTION_OBJECTS].count > 0) {
		lc_buffer_append_text(text, "\nlast log objects:\n");
		lc_inspection_tables_append(page, LC_INSPECTION_OBJECTS);
	} else {
		lc_buffer_append_text(text, "the ledger has no log object of it\n");
	}
}

static void render_list(const struct lc_inspection_tables_page *page, enum lc_inspection_kind kind,
			const char *nothing)
{
	if (page->document->lists[kind].count == 0)
		lc_buffer_append_format(page->text, "%s\n", nothing);
	else
		lc_inspection_tables_append(page, kind);
	append_more(page);
}

static void render_flush(const struct lc_control_request *request,
			 const struct lc_inspection *document, struct lc_buffer *text)
{
	if (document->affected == 0 && document->lists[LC_INSPECTION_PROBLEMS].count > 0)
		return;
	if (lc_control_request_has(request, LC_CONTROL_REQUEST_ARGUMENT_ALL)) {
		lc_buffer_append_format(text,
					"%" PRIu64 " sources are read now, and those with rows "
					"that are new since the last look\n",
					document->affected);
		return;
	}
	append_source_name(request, text);
	lc_buffer_append_text(text, " is read now\n");
}

static void render_retry(const struct lc_inspection *document, struct lc_buffer *text)
{
	if (document->affected == 0)
		lc_buffer_append_text(text, "no shard has anything to try again there\n");
	else
		lc_buffer_append_format(
		    text, "tried again now by %" PRIu64 "%s\n", document->affected,
		    document->affected == 1 ? " shard's target" : " shards' targets");
}

static void render_decision(const struct lc_control_request *request,
			    const struct lc_inspection *document, struct lc_buffer *text)
{
	static const char *const decisions[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
	    [LC_CONTROL_REQUEST_TARGETS_IGNORE] =
		"is ignored: its rows wait, and health leaves them out",
	    [LC_CONTROL_REQUEST_TARGETS_DISCARD] =
		"is discarded: its rows are closed without delivery, those to come too",
	    [LC_CONTROL_REQUEST_TARGETS_KEEP] = "is neither ignored nor discarded",
	};
	struct lc_view bucket = lc_control_request_bucket(request);
	struct lc_view prefix = lc_control_request_prefix(request);

	if (document->affected == 0)
		return;
	lc_terminal_append(bucket.data, bucket.size, text);
	if (!request->whole_bucket)
		lc_buffer_append_char(text, '/');
	lc_terminal_append(prefix.data, prefix.size, text);
	lc_buffer_append_format(text, " %s (%" PRIu64 " shard%s)\n", decisions[request->command],
				document->affected, document->affected == 1 ? "" : "s");
}

static void render_order(enum lc_control_request_command command,
			 const struct lc_inspection *document, struct lc_buffer *text)
{
	static const char *const deeds[LC_CONTROL_REQUEST_COMMAND_COUNT] = {
	    [LC_CONTROL_REQUEST_RELOAD] = "the configuration is right; it concerns",
	    [LC_CONTROL_REQUEST_RESTART] = "another worker takes over for",
	    [LC_CONTROL_REQUEST_PAUSE] = "told to finish and to pause:",
	    [LC_CONTROL_REQUEST_RESUME] = "told to go on:",
	    [LC_CONTROL_REQUEST_LOG_LEVEL] = "told what to log:",
	    [LC_CONTROL_REQUEST_DRAIN] = "told to finish and to pause:",
	};

	lc_buffer_append_format(text, "%s %" PRIu64 " shard%s\n", deeds[command],
				document->affected, document->affected == 1 ? "" : "s");
}

static void append_problems(const struct lc_inspection *document, struct lc_terminal_style style,
			    struct lc_buffer *text)
{
	for (size_t i = 0; i < document->lists[LC_INSPECTION_PROBLEMS].count; i++) {
		const struct lc_inspection_problem *problem =
		    lc_inspection_row(document, LC_INSPECTION_PROBLEMS, i);
		struct lc_buffer words;

		lc_buffer_init(&words, problem->text.size);
		lc_buffer_append_view(&words, problem->text);
		lc_buffer_append_format(text, "%sno answer of shard %" PRIu64 ":%s\n",
					style.colour ? LC_TERMINAL_BOLD : "", problem->shard,
					style.colour ? LC_TERMINAL_PLAIN : "");
		lc_terminal_append_wrapped(lc_buffer_text(&words), style.width, text);
		lc_buffer_free(&words);
	}
}

static void render_answer(const struct lc_inspection_tables_page *page)
{
	const struct lc_inspection *document = page->document;

	switch (page->request->command) {
	case LC_CONTROL_REQUEST_SOURCES:
		render_list(page, LC_INSPECTION_SOURCES, "no such source has undelivered rows");
		break;
	case LC_CONTROL_REQUEST_SOURCE:
		render_source(page);
		break;
	case LC_CONTROL_REQUEST_TARGETS:
		render_list(page, LC_INSPECTION_TARGETS, "no such target is known");
		append_errors(document, page->style, page->text);
		break;
	case LC_CONTROL_REQUEST_DELIVERIES:
		render_list(page, LC_INSPECTION_OBJECTS,
			    "the ledgers have no log object of this bucket, or for it");
		break;
	case LC_CONTROL_REQUEST_FLUSH:
		render_flush(page->request, document, page->text);
		break;
	case LC_CONTROL_REQUEST_RETRY:
		render_retry(document, page->text);
		break;
	case LC_CONTROL_REQUEST_TARGETS_IGNORE:
	case LC_CONTROL_REQUEST_TARGETS_DISCARD:
	case LC_CONTROL_REQUEST_TARGETS_KEEP:
		render_decision(page->request, document, page->text);
		break;
	case LC_CONTROL_REQUEST_RELOAD:
	case LC_CONTROL_REQUEST_LOG_LEVEL:
	case LC_CONTROL_REQUEST_RESTART:
	case LC_CONTROL_REQUEST_PAUSE:
	case LC_CONTROL_REQUEST_RESUME:
	case LC_CONTROL_REQUEST_DRAIN:
		render_order(page->request->command, document, page->text);
		break;
	case LC_CONTROL_REQUEST_EXPLAIN:
	case LC_CONTROL_REQUEST_STATUS:
	case LC_CONTROL_REQUEST_HEALTH:
	case LC_CONTROL_REQUEST_LEDGER_CHECK:
	case LC_CONTROL_REQUEST_LEDGER_RESET:
	case LC_CONTROL_REQUEST_COMMAND_COUNT:
		break;
	}
}

void lc_render_inspection(const struct lc_control_request *request,
			  const struct lc_inspection *document, const struct lc_inspection *before,
			  uint64_t milliseconds, struct lc_terminal_style style,
			  struct lc_buffer *text)
{
	struct lc_inspection_tables_page page = {.request = request,
						 .document = document,
						 .before = before,
						 .milliseconds = milliseconds,
						 .style = style,
						 .text = text};

	render_answer(&page);
	append_problems(document, style, text);
}
