/*
 * Why a source is where it is: a pure rule from what the service tells to sentences, by the
 * situations of include/tbl/explain_situations.h. Each that applies says something; some say what
 * to do.
 */
#ifndef LC_CTL_EXPLAIN_H
#define LC_CTL_EXPLAIN_H

#include "base/buffer.h"
#include "base/view.h"
#include "ctl/terminal.h"
#include "formats/inspection.h"
#include "formats/status_document.h"

#include <stddef.h>
#include <stdint.h>

struct lc_explain_facts {
	uint32_t raft_session_id;
	struct lc_view bucket;
	const struct lc_inspection *document;     /* the answer to the command explain */
	const struct lc_status_document *service; /* NULL when it is not known */
};

enum lc_explain_situation {
#define LC_EXPLAIN_SITUATION(name, word, help) LC_EXPLAIN_SITUATION_##name,
#include "tbl/explain_situations.h"
	LC_EXPLAIN_SITUATION_COUNT
};

struct lc_explain_remark {
	enum lc_explain_situation situation;
	struct lc_buffer sentence;
	struct lc_buffer advice; /* empty for none */
};

enum { LC_EXPLAIN_REMARKS_MAX = 64 };

struct lc_explanation {
	struct lc_explain_remark remarks[LC_EXPLAIN_REMARKS_MAX];
	size_t count;
};

/* "waits-for-threshold" */
const char *lc_explain_word(enum lc_explain_situation situation);

/* Says what there is to say; to be released with lc_explain_free. */
void lc_explain(const struct lc_explain_facts *facts, struct lc_explanation *explanation);
void lc_explain_free(struct lc_explanation *explanation);

/* Appends it for people. */
void lc_explain_append(const struct lc_explain_facts *facts,
		       const struct lc_explanation *explanation, struct lc_terminal_style style,
		       struct lc_buffer *text);

/* Appends it as JSON, with the facts. */
void lc_explain_append_json(const struct lc_explain_facts *facts,
			    const struct lc_explanation *explanation, struct lc_buffer *json);

#endif
