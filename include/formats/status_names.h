/* Names in the status document: the states of shards, the severities of findings and the faults of
 * include/tbl. The supervisor and the workers decide them, log-courier-ctl shows them. */
#ifndef LC_FORMATS_STATUS_NAMES_H
#define LC_FORMATS_STATUS_NAMES_H

#include <stdbool.h>

/* ---- shard_states.h ---- */

enum lc_shard_state {
#define LC_SHARD_STATE(name, text, help) LC_SHARD_STATE_##name,
#include "tbl/shard_states.h"
	LC_SHARD_STATE_COUNT
};

/* The state's text: "backing-off". */
const char *lc_shard_state_text(enum lc_shard_state state);

/* Text -> state; false for anything else. */
bool lc_shard_state_of(const char *text, enum lc_shard_state *state);

/* ---- severities.h ---- */

enum lc_severity {
#define LC_SEVERITY(name, text, help) LC_SEVERITY_##name,
#include "tbl/severities.h"
	LC_SEVERITY_COUNT
};

/* The severity's text: "critical". */
const char *lc_severity_text(enum lc_severity severity);

/* Text -> severity; false for anything else. */
bool lc_severity_of(const char *text, enum lc_severity *severity);

/* ---- faults.h: workers find them, the supervisor makes findings of them ---- */

enum lc_fault {
	LC_FAULT_NONE,
#define LC_FAULT(name, word, reach, patience, what, advice) LC_FAULT_##name,
#include "tbl/faults.h"
	LC_FAULT_COUNT
};

enum lc_fault_reach {
	LC_FAULT_ONE,
	LC_FAULT_PART,
	LC_FAULT_WHOLE,
};

enum lc_fault_patience {
	LC_FAULT_LATER,
	LC_FAULT_AT_ONCE,
};

struct lc_fault_description {
	const char *word; /* "" for none */
	const char *what;
	const char *advice;
	enum lc_fault_reach reach;
	enum lc_fault_patience patience;
};

/* In the order of the enumeration. */
extern const struct lc_fault_description LC_FAULT_DESCRIPTIONS[LC_FAULT_COUNT];

/* The fault with this word; LC_FAULT_NONE if there is none. */
enum lc_fault lc_fault_of(const char *word);

#endif
