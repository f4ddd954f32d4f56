/* The choices of include/tbl/ledger_choices.h, shared by the settings, which take them, and the
 * worker, which follows them. */
#ifndef LC_FORMATS_LEDGER_CHOICES_H
#define LC_FORMATS_LEDGER_CHOICES_H

/* STOP: the shard stops, with exit code 66. ADOPT: it goes on from ClickHouse's offsets. */
enum lc_ledger_when_behind {
#define LC_LEDGER_WHEN_BEHIND(name, text) LC_LEDGER_WHEN_BEHIND_##name,
#include "tbl/ledger_choices.h"
};

#endif
