/*
 * The chain of a shared ledger: its segments (ledger/segment.h), of which each names the one before,
 * and how the objects that hold segments and checkpoints are called. A place in the chain is told by
 * the epoch of the segment that stands there, its number, and the hash of its bytes. Pure.
 *
 * Names begin in the folder of the shard:
 *
 *	segment/<epoch>-<seq>-<nonce>
 *	pack/<epoch>-<seq>-<nonce>
 *	checkpoint/<epoch>-<seq>-<nonce>
 *
 * each of the three being 16 lower-case hex digits, so that names of one kind sort by epoch and
 * number. The nonce makes them different from each other: no name is ever used twice.
 */
#ifndef LC_FORMATS_CHAIN_H
#define LC_FORMATS_CHAIN_H

#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LC_CHAIN_HASH_TEXT_SIZE = 33, /* 32 hex digits, terminated */
	LC_CHAIN_NONCE_SIZE = 17,     /* 16 hex digits, terminated */
	LC_CHAIN_NAME_SIZE = 64,      /* of an object's name, terminated */
};

/* XXH3 with 128 bits (xxHash specification). */
struct lc_chain_hash {
	uint64_t high;
	uint64_t low;
};

struct lc_chain_position {
	uint64_t epoch;
	uint64_t seq;              /* of the segment; 0: before the first one */
	struct lc_chain_hash hash; /* of all of its bytes; zero at seq 0 */
};

enum lc_chain_object {
	LC_CHAIN_SEGMENT,
	LC_CHAIN_PACK,
	LC_CHAIN_CHECKPOINT,
};

/* ---- hashes ---- */

struct lc_chain_hash lc_chain_hash_of(struct lc_view bytes);
bool lc_chain_hash_equal(struct lc_chain_hash a, struct lc_chain_hash b);

/* As 32 lower-case hex digits, as xxhsum -H2 prints it. */
void lc_chain_hash_format(struct lc_chain_hash hash, char text[LC_CHAIN_HASH_TEXT_SIZE]);

/* False if the text is anything else. */
bool lc_chain_hash_parse(struct lc_view text, struct lc_chain_hash *hash);

/* ---- positions ---- */

/* Orders positions of one chain: by epoch, then by seq. */
int lc_chain_position_compare(const struct lc_chain_position *a, const struct lc_chain_position *b);

/* Whether the same segment stands at both. */
bool lc_chain_position_equal(const struct lc_chain_position *a, const struct lc_chain_position *b);

/* ---- names ---- */

/* Whether the text is 16 lower-case hex digits. */
bool lc_chain_is_nonce(struct lc_view text);

/* Such a text of any number. */
void lc_chain_nonce_format(uint64_t number, char nonce[LC_CHAIN_NONCE_SIZE]);

/* What the names of a kind begin with: "segment/". */
const char *lc_chain_folder(enum lc_chain_object kind);

/* A text that sorts after the names of this kind up to this epoch and seq, and before all that come
 * later. */
void lc_chain_after_format(enum lc_chain_object kind, uint64_t epoch, uint64_t seq,
			   char text[LC_CHAIN_NAME_SIZE]);

/* The name of an object; `nonce` is one. */
void lc_chain_name_format(enum lc_chain_object kind, uint64_t epoch, uint64_t seq,
			  const char *nonce, char name[LC_CHAIN_NAME_SIZE]);

/* Reads epoch and seq out of the name of an object of this kind; false if none is called so. */
bool lc_chain_name_parse(struct lc_view name, enum lc_chain_object kind, uint64_t *epoch,
			 uint64_t *seq);

#endif
