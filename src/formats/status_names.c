#include "formats/status_names.h"

#include "base/assert.h"

#include <string.h>

static const char *const STATES[LC_SHARD_STATE_COUNT] = {
#define LC_SHARD_STATE(name, text, help) [LC_SHARD_STATE_##name] = (text),
#include "tbl/shard_states.h"
};

static const char *const SEVERITIES[LC_SEVERITY_COUNT] = {
#define LC_SEVERITY(name, text, help) [LC_SEVERITY_##name] = (text),
#include "tbl/severities.h"
};

const struct lc_fault_description LC_FAULT_DESCRIPTIONS[LC_FAULT_COUNT] = {
    [LC_FAULT_NONE] = {.word = "", .what = "", .advice = ""},
#define LC_FAULT(name, word_, reach_, patience_, what_, advice_) \
	[LC_FAULT_##name] = {.word = (word_),                    \
			     .what = (what_),                    \
			     .advice = (advice_),                \
			     .reach = LC_FAULT_##reach_,         \
			     .patience = LC_FAULT_##patience_},
#include "tbl/faults.h"
};

/* The place of the text among `count` of them; `count` if it is not there. */
static unsigned place_of(const char *text, const char *const *texts, unsigned count)
{
	unsigned place = 0;

	while (place < count && strcmp(text, texts[place]) != 0)
		place++;
	return place;
}

const char *lc_shard_state_text(enum lc_shard_state state)
{
	LC_ASSERT((unsigned)state < LC_SHARD_STATE_COUNT);
	return STATES[state];
}

bool lc_shard_state_of(const char *text, enum lc_shard_state *state)
{
	*state = (enum lc_shard_state)place_of(text, STATES, LC_SHARD_STATE_COUNT);
	return *state < LC_SHARD_STATE_COUNT;
}

const char *lc_severity_text(enum lc_severity severity)
{
	LC_ASSERT((unsigned)severity < LC_SEVERITY_COUNT);
	return SEVERITIES[severity];
}

bool lc_severity_of(const char *text, enum lc_severity *severity)
{
	*severity = (enum lc_severity)place_of(text, SEVERITIES, LC_SEVERITY_COUNT);
	return *severity < LC_SEVERITY_COUNT;
}

enum lc_fault lc_fault_of(const char *word)
{
	for (unsigned i = LC_FAULT_NONE + 1; i < LC_FAULT_COUNT; i++) {
		if (strcmp(word, LC_FAULT_DESCRIPTIONS[i].word) == 0)
			return (enum lc_fault)i;
	}
	return LC_FAULT_NONE;
}
