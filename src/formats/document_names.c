#include "formats/document_names.h"

#include "base/assert.h"

/* After the words that this release knows. */
static const char OTHER[] = "unknown";

static const char *const SHARD_STATES[LC_SHARD_STATE_COUNT + 1] = {
#define LC_SHARD_STATE(name, text, help) [LC_SHARD_STATE_##name] = (text),
#include "tbl/shard_states.h"
    [LC_SHARD_STATE_COUNT] = OTHER,
};

static const char *const SEVERITIES[LC_SEVERITY_COUNT + 1] = {
#define LC_SEVERITY(name, text, help) [LC_SEVERITY_##name] = (text),
#include "tbl/severities.h"
    [LC_SEVERITY_COUNT] = OTHER,
};

static const char *const CYCLE_STEPS[LC_CYCLE_STEP_COUNT + 1] = {
#define LC_CYCLE_STEP(name, text, help) [LC_CYCLE_##name] = (text),
#include "tbl/cycle_steps.h"
    [LC_CYCLE_STEP_COUNT] = OTHER,
};

static const char *const TARGET_STATES[LC_TARGET_STATE_COUNT + 1] = {
#define LC_TARGET_STATE(name, text, help) [LC_TARGET_##name] = (text),
#include "tbl/target_states.h"
    [LC_TARGET_STATE_COUNT] = OTHER,
};

static const char *const DELIVERY_STATES[LC_DELIVERY_STATE_COUNT + 1] = {
#define LC_DELIVERY_STATE(name, text, help) [LC_DELIVERY_##name] = (text),
#include "tbl/delivery_states.h"
    [LC_DELIVERY_STATE_COUNT] = OTHER,
};

static const char *const RELOAD_STATES[LC_RELOAD_STATE_COUNT + 1] = {
    [LC_RELOAD_STATE_NONE] = "",
#define LC_RELOAD_STATE(name, text, help) [LC_RELOAD_STATE_##name] = (text),
#include "tbl/reload_states.h"
    [LC_RELOAD_STATE_COUNT] = OTHER,
};

static const char *const VERDICT_GRADES[LC_VERDICT_GRADES + 1] = {
#define LC_VERDICT_GRADE(name, text, shown, counted, help) [LC_VERDICT_##name] = (text),
#include "tbl/verdict_grades.h"
    [LC_VERDICT_GRADES] = OTHER,
};

static const char *const FAULTS[LC_FAULT_COUNT + 1] = {
    [LC_FAULT_NONE] = "",
#define LC_FAULT(name, word, reach, patience, what, advice) [LC_FAULT_##name] = (word),
#include "tbl/faults.h"
    [LC_FAULT_COUNT] = OTHER,
};

const struct lc_document_names LC_SHARD_STATE_NAMES = {SHARD_STATES, LC_SHARD_STATE_COUNT};
const struct lc_document_names LC_SEVERITY_NAMES = {SEVERITIES, LC_SEVERITY_COUNT};
const struct lc_document_names LC_CYCLE_STEP_NAMES = {CYCLE_STEPS, LC_CYCLE_STEP_COUNT};
const struct lc_document_names LC_TARGET_STATE_NAMES = {TARGET_STATES, LC_TARGET_STATE_COUNT};
const struct lc_document_names LC_DELIVERY_STATE_NAMES = {DELIVERY_STATES, LC_DELIVERY_STATE_COUNT};
const struct lc_document_names LC_RELOAD_STATE_NAMES = {RELOAD_STATES, LC_RELOAD_STATE_COUNT};
const struct lc_document_names LC_VERDICT_GRADE_NAMES = {VERDICT_GRADES, LC_VERDICT_GRADES};
const struct lc_document_names LC_FAULT_NAMES = {FAULTS, LC_FAULT_COUNT};

const struct lc_fault_description LC_FAULT_DESCRIPTIONS[LC_FAULT_COUNT] = {
    [LC_FAULT_NONE] = {.what = "", .advice = ""},
#define LC_FAULT(name, word, reach_, patience_, what_, advice_) \
	[LC_FAULT_##name] = {.what = (what_),                   \
			     .advice = (advice_),               \
			     .reach = LC_FAULT_##reach_,        \
			     .patience = LC_FAULT_##patience_},
#include "tbl/faults.h"
};

const char *lc_shard_state_name(enum lc_shard_state state)
{
	LC_ASSERT((unsigned)state <= LC_SHARD_STATE_COUNT);
	return SHARD_STATES[state];
}

const char *lc_severity_name(enum lc_severity severity)
{
	LC_ASSERT((unsigned)severity <= LC_SEVERITY_COUNT);
	return SEVERITIES[severity];
}

const char *lc_cycle_step_name(enum lc_cycle_step step)
{
	LC_ASSERT((unsigned)step <= LC_CYCLE_STEP_COUNT);
	return CYCLE_STEPS[step];
}

const char *lc_target_state_name(enum lc_target_state state)
{
	LC_ASSERT((unsigned)state <= LC_TARGET_STATE_COUNT);
	return TARGET_STATES[state];
}

const char *lc_delivery_state_name(enum lc_delivery_state state)
{
	LC_ASSERT((unsigned)state <= LC_DELIVERY_STATE_COUNT);
	return DELIVERY_STATES[state];
}
