/*
 * What a machine says of itself in its beat: whether it is to have shards.
 *
 * LC_MACHINE_STATE(name, text, help)    text: as in the beat, and as shown to people
 */
#ifndef LC_MACHINE_STATE
#define LC_MACHINE_STATE(name, text, help)
#endif

/* clang-format off */
LC_MACHINE_STATE(FIT, "fit", "takes its share of the shards")
LC_MACHINE_STATE(STARTING, "starting", "keeps the shards that it has, and takes others once it knows which machines are alive")
LC_MACHINE_STATE(UNFIT, "unfit", "cannot deliver, and gives its shards to machines that can; the reason says why")
LC_MACHINE_STATE(LEAVING, "leaving", "gives up all its shards, because the operator released it")
/* clang-format on */

#undef LC_MACHINE_STATE
