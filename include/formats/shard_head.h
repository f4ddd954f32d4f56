/*
 * The head of a shard whose ledger several machines share: who owns the shard, and where its chain
 * of segments (formats/chain.h) ends. It is one text, which is changed by compare-and-swap alone.
 * Pure.
 *
 * The text is words with a blank between them, each a key, '=' and a value, the version first:
 *
 *	version=1 generation=G epoch=E state=S owner=O nonce=H change=C
 *	last=E:Q:HASH segment=NAME checkpointed=E:Q:HASH checkpoint=NAME
 *
 * (on one line). Numbers are decimal, without leading zeros; nonce and hashes are lower-case hex
 * digits; S is one of include/tbl/shard_head_states.h; '-' stands for nobody and for no name.
 */
#ifndef LC_FORMATS_SHARD_HEAD_H
#define LC_FORMATS_SHARD_HEAD_H

#include "base/error.h"
#include "base/view.h"
#include "formats/chain.h"
#include "formats/machine_beat.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LC_SHARD_HEAD_NAME_MAX = LC_MACHINE_NAME_MAX + 1, /* of an owner, terminated */
	LC_SHARD_HEAD_TEXT_MAX = 1024,                    /* of the text, terminated */
};

enum lc_shard_head_state {
#define LC_SHARD_HEAD_STATE(name, text) LC_SHARD_HEAD_##name,
#include "tbl/shard_head_states.h"
	LC_SHARD_HEAD_STATE_COUNT
};

struct lc_shard_head {
	uint64_t generation; /* of the layout: changes with the number of shards */
	uint64_t epoch;      /* grows with each owner */
	enum lc_shard_head_state state;
	char owner[LC_SHARD_HEAD_NAME_MAX]; /* name of a machine; "-": nobody, of no owned shard */
	char nonce[LC_CHAIN_NONCE_SIZE];    /* of the process that wrote it: makes values unique */
	uint64_t change; /* grows with each swap of an epoch: no value is ever used twice */
	struct lc_chain_position last;         /* the last segment; its epoch may be a former one */
	char segment[LC_CHAIN_NAME_SIZE];      /* the last segment's object; empty at seq 0 */
	struct lc_chain_position checkpointed; /* where the checkpoint stands, at `last` at most */
	char checkpoint[LC_CHAIN_NAME_SIZE];   /* its object; empty: none, the ledger began empty */
};

/* What the head of a shard is called in the table: "shard-3-of-16". */
enum { LC_SHARD_HEAD_ROW_SIZE = 48 };
void lc_shard_head_row(unsigned shard, unsigned shard_count, char name[LC_SHARD_HEAD_ROW_SIZE]);

/* "owned" */
const char *lc_shard_head_state_name(enum lc_shard_head_state state);

/* Writes the text, terminated. The head is one that lc_shard_head_parse takes. */
void lc_shard_head_format(const struct lc_shard_head *head, char text[LC_SHARD_HEAD_TEXT_MAX]);

/* Reads a text. False with `error` (LC_ERROR_CORRUPT), which names the word that is wrong, unless
 * each word is there once, in any order after the version, and they agree with each other: no
 * segment or checkpoint lies past what comes later, and the segment's name says where it stands. */
bool lc_shard_head_parse(struct lc_view text, struct lc_shard_head *head, struct lc_error *error);

#endif
