/*
 * In which state the head of a shard (formats/shard_head.h) may be.
 *
 * LC_SHARD_HEAD_STATE(name, text)    text: as it stands in the head
 */
#ifndef LC_SHARD_HEAD_STATE
#define LC_SHARD_HEAD_STATE(name, text)
#endif

/* clang-format off */
LC_SHARD_HEAD_STATE(OWNED, "owned")         /* its owner may deliver */
LC_SHARD_HEAD_STATE(RELEASED, "released")   /* nobody delivers; whoever takes it goes on */
LC_SHARD_HEAD_STATE(WITHDRAWN, "withdrawn") /* its ledger has gone back to one machine */
/* clang-format on */

#undef LC_SHARD_HEAD_STATE
