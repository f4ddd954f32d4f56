/*
 * A segment of the ledger's chain (formats/chain.h): those commands of one group commit that change
 * the store, as bytes for another machine. Whoever executes the commands of all segments, in order,
 * in a store with the content of ours has a store with the content of ours. Pure.
 *
 *	magic             8 bytes, "LCledseg"
 *	format            4 bytes: LC_SEGMENT_VERSION
 *	row hash          4 bytes: LC_ROW_HASH_VERSION (formats/row_hash.h), of the hashes within
 *	shard, of         4 bytes each
 *	generation        8 bytes
 *	epoch, seq        8 bytes each
 *	previous          epoch, seq, 8 bytes each; hash, 16 bytes; name, a text
 *	commands          4 bytes: how many; then each: 1 byte, its number in
 *	                  include/tbl/ledger_commands.h, and what it says (the table in segment.c)
 *	hash              16 bytes: XXH3 with 128 bits over all before it
 *
 * Numbers are little-endian; of a hash, the higher half comes first; a text or a blob is 4 bytes,
 * its size, and its bytes. Every format, of whatever version, begins with magic and version and ends
 * with the hash, so that a segment of a newer release can be told from a damaged one.
 *
 * The version grows with what the bytes mean, too: when a command of the same bytes comes to change
 * the store in another way, releases that differ in that must not read each other's segments.
 */
#ifndef LC_LEDGER_SEGMENT_H
#define LC_LEDGER_SEGMENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/chain.h"
#include "ledger/ledger_command.h"

#include <stdbool.h>
#include <stdint.h>

enum { LC_SEGMENT_VERSION = 1 };

struct lc_segment_header {
	uint32_t shard; /* less than shard_count */
	uint32_t shard_count;
	uint64_t generation;                    /* of the layout */
	struct lc_chain_position previous;      /* of the segment before */
	char previous_name[LC_CHAIN_NAME_SIZE]; /* its object; empty: there is none, seq is 0 */
	uint64_t epoch;                         /* of this one, not less than the previous one's */
	uint64_t seq;                           /* from 1 on */
};

/* Whether one of the commands changes the store, so that a segment is needed. */
bool lc_segment_needed(const struct lc_ledger_command_list *commands);

/* Makes the segment of those that do: `out`, which has no cap, holds it alone afterwards. `hash` is
 * that of all its bytes, as the next one's `previous` needs it. To be called before
 * lc_ledger_command_goes_on: of a command that goes on, the present step is written. */
void lc_segment_encode(const struct lc_segment_header *header,
		       const struct lc_ledger_command_list *commands, struct lc_buffer *out,
		       struct lc_chain_hash *hash);

/* Reads a segment. The commands, in order, are the caller's, to execute once and to free
 * (lc_ledger_command_free_all): they own their bytes, call nobody back, and none goes on; what
 * followed here follows as a command of its own. False with `error` (LC_ERROR_CORRUPT) and no
 * commands if the bytes are no segment, or one that this release cannot read; that does not pass by
 * waiting. Whether it belongs to a chain is for the caller to check: shard, generation, and that its
 * bytes have the hash by which the next one, or the head, calls it. */
bool lc_segment_decode(struct lc_view bytes, struct lc_segment_header *header,
		       struct lc_ledger_command_list *commands, struct lc_error *error);

#endif
