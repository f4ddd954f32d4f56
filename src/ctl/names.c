#include "ctl/names.h"

#include "ctl/client.h"
#include "formats/inspection.h"
#include "formats/status_document.h"

#include <inttypes.h>

typedef void take_name(void *taker, struct lc_view name);

/* A completion that can not be had is no error: nothing is offered. */
static bool ask(const char *socket, const char *target, struct lc_buffer *json)
{
	struct lc_error error;

	lc_buffer_init(json, LC_STATUS_DOCUMENT_BYTES_MAX);
	return lc_client_ask(socket, "GET", target, json, &error);
}

static void ask_shards(const char *socket, take_name *take, void *taker)
{
	struct lc_status_document document;
	struct lc_error error;
	struct lc_buffer json;

	if (ask(socket, "/v1/status", &json) &&
	    lc_status_document_decode(lc_buffer_view(&json), &document, &error)) {
		for (size_t i = 0; i < document.shards_size; i++) {
			struct lc_buffer name;

			lc_buffer_init(&name, SIZE_MAX / 2);
			lc_buffer_append_format(&name, "%u", document.shards[i].shard);
			take(taker, lc_buffer_view(&name));
			lc_buffer_free(&name);
		}
		lc_status_document_free(&document);
	}
	lc_buffer_free(&json);
}

static void take_rows(const struct lc_inspection *document, take_name *take, void *taker)
{
	struct lc_buffer name;

	lc_buffer_init(&name, SIZE_MAX / 2);
	for (size_t i = 0; i < document->lists[LC_INSPECTION_SOURCES].count; i++) {
		const struct lc_inspection_source *source =
		    lc_inspection_row(document, LC_INSPECTION_SOURCES, i);

		lc_buffer_clear(&name);
		lc_buffer_append_format(&name, "%" PRIu64 "/", source->raft_session_id);
		lc_buffer_append_view(&name, source->bucket);
		take(taker, lc_buffer_view(&name));
	}
	for (size_t i = 0; i < document->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *target =
		    lc_inspection_row(document, LC_INSPECTION_TARGETS, i);

		take(taker, target->bucket);
	}
	lc_buffer_free(&name);
}

void lc_names_ask(void *context, enum lc_completion_names names,
		  void (*take)(void *taker, struct lc_view name), void *taker)
{
	const char *socket = *(const char **)context;
	struct lc_inspection document;
	struct lc_error error;
	struct lc_buffer json;

	if (names == LC_COMPLETION_SHARDS) {
		ask_shards(socket, take, taker);
		return;
	}
	if (ask(socket, names == LC_COMPLETION_SOURCES ? "/v1/sources" : "/v1/targets", &json) &&
	    lc_inspection_decode(lc_buffer_view(&json), &document, &error)) {
		take_rows(&document, take, taker);
		lc_inspection_free(&document);
	}
	lc_buffer_free(&json);
}
