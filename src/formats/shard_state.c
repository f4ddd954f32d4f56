#include "formats/shard_state.h"

#include "base/assert.h"

#include <string.h>

static const char *const TEXTS[LC_SHARD_STATE_COUNT] = {
#define LC_SHARD_STATE(name, text, help) [LC_SHARD_STATE_##name] = (text),
#include "tbl/shard_states.h"
};

const char *lc_shard_state_text(enum lc_shard_state state)
{
	LC_ASSERT((unsigned)state < LC_SHARD_STATE_COUNT);
	return TEXTS[state];
}

bool lc_shard_state_of(const char *text, enum lc_shard_state *state)
{
	for (unsigned i = 0; i < LC_SHARD_STATE_COUNT; i++) {
		if (strcmp(text, TEXTS[i]) == 0) {
			*state = (enum lc_shard_state)i;
			return true;
		}
	}
	return false;
}
