/* An explanation as text for people, and as JSON. */
#include "base/assert.h"
#include "ctl/explain.h"
#include "ctl/terminal.h"

#include <inttypes.h>

static void append_title(const char *title, struct lc_terminal_style style, struct lc_buffer *text)
{
	lc_buffer_append_format(text, "%s%s%s\n", style.colour ? LC_TERMINAL_BOLD : "", title,
				style.colour ? LC_TERMINAL_PLAIN : "");
}

static void append_heading(const struct lc_explain_facts *facts, struct lc_terminal_style style,
			   struct lc_buffer *text)
{
	struct lc_buffer title;

	lc_buffer_init(&title, SIZE_MAX / 2);
	lc_buffer_append_format(&title, "source %" PRIu32 "/", facts->raft_session_id);
	lc_terminal_append(facts->bucket.data, facts->bucket.size, &title);
	append_title(lc_buffer_text(&title), style, text);
	lc_buffer_free(&title);
}

void lc_explain_append(const struct lc_explain_facts *facts,
		       const struct lc_explanation *explanation, struct lc_terminal_style style,
		       struct lc_buffer *text)
{
	bool titled = false;

	append_heading(facts, style, text);
	for (size_t i = 0; i < explanation->count; i++) {
		struct lc_buffer sentence = explanation->remarks[i].sentence;

		lc_terminal_append_wrapped(lc_buffer_text(&sentence), style.width, text);
	}
	for (size_t i = 0; i < explanation->count; i++) {
		struct lc_buffer advice = explanation->remarks[i].advice;

		if (advice.size == 0)
			continue;
		if (!titled)
			append_title("what to do", style, text);
		titled = true;
		lc_terminal_append_wrapped(lc_buffer_text(&advice), style.width, text);
	}
}

static json_t *remark_of(const struct lc_explain_remark *remark)
{
	json_t *object = json_object();

	lc_document_set(object, "situation", json_string(lc_explain_word(remark->situation)));
	lc_document_set(object, "sentence", lc_document_text(lc_buffer_view(&remark->sentence)));
	lc_document_set(object, "advice",
			remark->advice.size == 0
			    ? json_null()
			    : lc_document_text(lc_buffer_view(&remark->advice)));
	return object;
}

/* The document as the service sent it. */
static json_t *facts_of(const struct lc_inspection *document)
{
	struct lc_buffer text;
	json_t *object;

	lc_buffer_init(&text, SIZE_MAX / 2);
	lc_inspection_encode(document, &text);
	object = json_loadb(text.data, text.size, 0, NULL);
	LC_ASSERT(object != NULL);
	lc_buffer_free(&text);
	return object;
}

void lc_explain_append_json(const struct lc_explain_facts *facts,
			    const struct lc_explanation *explanation, struct lc_buffer *json)
{
	json_t *object = json_object();
	json_t *remarks = json_array();

	lc_document_set(object, "raft_session_id", lc_document_count(facts->raft_session_id));
	lc_document_set(object, "bucket", lc_document_text(facts->bucket));
	for (size_t i = 0; i < explanation->count; i++)
		LC_ASSERT(json_array_append_new(remarks, remark_of(&explanation->remarks[i])) == 0);
	lc_document_set(object, "remarks", remarks);
	lc_document_set(object, "facts", facts_of(facts->document));
	lc_document_finish(object, json);
}
