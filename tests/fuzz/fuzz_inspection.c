/* Any text as an inspection document. What is accepted says the same once written and read again,
 * and is shown and explained without a byte that could steer a terminal. */
#include "fuzz/fuzz.h"

#include "ctl/explain.h"
#include "ctl/render_inspection.h"
#include "formats/inspection.h"

static void check_shown(const struct lc_buffer *text)
{
	LC_ASSERT(!lc_buffer_failed(text));
	for (size_t i = 0; i < text->size; i++)
		LC_ASSERT((unsigned char)text->data[i] >= 0x20 || text->data[i] == '\n');
}

static void show(const struct lc_inspection *document, const char *target)
{
	struct lc_control_request request;
	struct lc_error error;
	struct lc_buffer text;

	LC_ASSERT(lc_control_request_decode(lc_view_of(target), &request, &error));
	lc_buffer_init(&text, SIZE_MAX / 4);
	lc_render_inspection(&request, document, document, 1000,
			     (struct lc_terminal_style){.width = 50}, &text);
	check_shown(&text);
	lc_buffer_free(&text);
}

static void explain(const struct lc_inspection *document)
{
	struct lc_explain_facts facts = {.bucket = lc_view_of("b"), .document = document};
	struct lc_explanation explanation;
	struct lc_buffer text;

	lc_explain(&facts, &explanation);
	lc_buffer_init(&text, SIZE_MAX / 4);
	lc_explain_append(&facts, &explanation, (struct lc_terminal_style){.width = 50}, &text);
	check_shown(&text);
	lc_buffer_clear(&text);
	lc_explain_append_json(&facts, &explanation, &text);
	LC_ASSERT(!lc_buffer_failed(&text));
	lc_buffer_free(&text);
	lc_explain_free(&explanation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_inspection document;
	struct lc_inspection again;
	struct lc_buffer first;
	struct lc_buffer second;
	struct lc_error error;

	if (!lc_inspection_decode((struct lc_view){(const char *)data, size}, &document, &error))
		return 0;
	lc_inspection_sort(&document);
	show(&document, "/v1/sources");
	show(&document, "/v1/source?source=7/b");
	show(&document, "/v1/targets");
	show(&document, "/v1/deliveries?bucket=b");
	explain(&document);
	lc_buffer_init(&first, SIZE_MAX / 4);
	lc_inspection_encode(&document, &first);
	LC_ASSERT(lc_inspection_decode(lc_buffer_view(&first), &again, &error));
	lc_buffer_init(&second, SIZE_MAX / 4);
	lc_inspection_encode(&again, &second);
	LC_ASSERT(lc_view_equal(lc_buffer_view(&first), lc_buffer_view(&second)));
	lc_buffer_free(&first);
	lc_buffer_free(&second);
	lc_inspection_free(&document);
	lc_inspection_free(&again);
	return 0;
}
