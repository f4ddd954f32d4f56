#include "formats/fault.h"

#include <string.h>

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

enum lc_fault lc_fault_of(const char *word)
{
	for (unsigned i = LC_FAULT_NONE + 1; i < LC_FAULT_COUNT; i++) {
		if (strcmp(word, LC_FAULT_DESCRIPTIONS[i].word) == 0)
			return (enum lc_fault)i;
	}
	return LC_FAULT_NONE;
}
