/* Names in the documents: the states of shards, cycles, targets and log objects, the severities of
 * findings, the grades of checks and the faults of include/tbl. The supervisor and the workers
 * decide them, log-courier-ctl shows them. The last of each, "unknown", is a word of another release
 * that was read: nobody decides it. */
#ifndef LC_FORMATS_DOCUMENT_NAMES_H
#define LC_FORMATS_DOCUMENT_NAMES_H

/* ---- shard_states.h ---- */

enum lc_shard_state {
#define LC_SHARD_STATE(name, text, help) LC_SHARD_STATE_##name,
#include "tbl/shard_states.h"
	LC_SHARD_STATE_COUNT
};

/* "backing-off" */
const char *lc_shard_state_name(enum lc_shard_state state);

/* ---- severities.h ---- */

enum lc_severity {
#define LC_SEVERITY(name, text, help) LC_SEVERITY_##name,
#include "tbl/severities.h"
	LC_SEVERITY_COUNT
};

/* "critical" */
const char *lc_severity_name(enum lc_severity severity);

/* ---- cycle_steps.h ---- */

enum lc_cycle_step {
#define LC_CYCLE_STEP(name, text, help) LC_CYCLE_##name,
#include "tbl/cycle_steps.h"
	LC_CYCLE_STEP_COUNT
};

/* "backing off" */
const char *lc_cycle_step_name(enum lc_cycle_step step);

/* ---- target_states.h ---- */

enum lc_target_state {
#define LC_TARGET_STATE(name, text, help) LC_TARGET_##name,
#include "tbl/target_states.h"
	LC_TARGET_STATE_COUNT
};

/* "aside" */
const char *lc_target_state_name(enum lc_target_state state);

/* ---- delivery_states.h ---- */

enum lc_delivery_state {
#define LC_DELIVERY_STATE(name, text, help) LC_DELIVERY_##name,
#include "tbl/delivery_states.h"
	LC_DELIVERY_STATE_COUNT
};

/* "expired" */
const char *lc_delivery_state_name(enum lc_delivery_state state);

/* ---- reload_states.h ---- */

enum lc_reload_state {
	LC_RELOAD_STATE_NONE, /* there was no reload */
#define LC_RELOAD_STATE(name, text, help) LC_RELOAD_STATE_##name,
#include "tbl/reload_states.h"
	LC_RELOAD_STATE_COUNT
};

/* ---- verdict_grades.h: the preflight decides them ---- */

enum lc_verdict_grade {
#define LC_VERDICT_GRADE(name, text, shown, counted, help) LC_VERDICT_##name,
#include "tbl/verdict_grades.h"
	LC_VERDICT_GRADES
};

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
	const char *what;
	const char *advice;
	enum lc_fault_reach reach;
	enum lc_fault_patience patience;
};

/* In the order of the enumeration. */
extern const struct lc_fault_description LC_FAULT_DESCRIPTIONS[LC_FAULT_COUNT];

/* ---- for the files of the documents ---- */

/* The texts of an enum's values, in its order; empty for none. "unknown" comes after the last. */
struct lc_document_names {
	const char *const *texts;
	unsigned count;
};

extern const struct lc_document_names LC_SHARD_STATE_NAMES;
extern const struct lc_document_names LC_SEVERITY_NAMES;
extern const struct lc_document_names LC_CYCLE_STEP_NAMES;
extern const struct lc_document_names LC_TARGET_STATE_NAMES;
extern const struct lc_document_names LC_DELIVERY_STATE_NAMES;
extern const struct lc_document_names LC_RELOAD_STATE_NAMES;
extern const struct lc_document_names LC_VERDICT_GRADE_NAMES;
extern const struct lc_document_names LC_FAULT_NAMES;

#endif
