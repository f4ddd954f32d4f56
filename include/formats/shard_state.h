/* The states of include/tbl/shard_states.h, shared by the supervisor, who decides them, and
 * log-courier-ctl, which shows them. */
#ifndef LC_FORMATS_SHARD_STATE_H
#define LC_FORMATS_SHARD_STATE_H

#include <stdbool.h>

enum lc_shard_state {
#define LC_SHARD_STATE(name, text, help) LC_SHARD_STATE_##name,
#include "tbl/shard_states.h"
	LC_SHARD_STATE_COUNT
};

/* The state's text: "backing-off". */
const char *lc_shard_state_text(enum lc_shard_state state);

/* Text -> state; false for anything else. */
bool lc_shard_state_of(const char *text, enum lc_shard_state *state);

#endif
