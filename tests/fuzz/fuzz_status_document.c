/* Any bytes as a service's answer: decoded, encoded, decoded again, and shown. */
#include "fuzz/fuzz.h"

#include "ctl/render_status.h"
#include "formats/status_document.h"

static void check_shown(const struct lc_status_document *document)
{
	struct lc_buffer text;

	lc_buffer_init(&text, LC_STATUS_DOCUMENT_BYTES_MAX);
	lc_render_status(document, document, 1000, (struct lc_terminal_style){.width = 60}, &text);
	lc_render_status_health(document, (struct lc_terminal_style){.width = 60}, &text);
	LC_ASSERT(!lc_buffer_failed(&text));
	for (size_t i = 0; i < text.size; i++)
		LC_ASSERT((unsigned char)text.data[i] >= 0x20 || text.data[i] == '\n');
	lc_buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_status_document document;
	struct lc_status_document again;
	struct lc_buffer json;
	struct lc_error error;

	if (!lc_status_document_decode((struct lc_view){(const char *)data, size}, &document,
				       &error))
		return 0;
	check_shown(&document);
	lc_buffer_init(&json, LC_STATUS_DOCUMENT_BYTES_MAX);
	lc_status_document_encode(&document, true, &json);
	LC_ASSERT(lc_status_document_decode(lc_buffer_view(&json), &again, &error));
	LC_ASSERT(again.shards_size == document.shards_size &&
		  again.findings_size == document.findings_size);
	lc_status_document_free(&again);
	lc_status_document_free(&document);
	lc_buffer_free(&json);
	return 0;
}
