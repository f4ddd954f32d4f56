/*
 * The beat of a machine: what it tells the other machines of a deployment, as the text of its row
 * in failover.machines-table. The row's name is the machine's. One line of words, in this order,
 * each there once, with one blank between two:
 *
 *	1                     the version of this format
 *	boot=0123456789abcdef a random number of the process that beats, 16 hexadecimal digits
 *	counter=17            how often this process has beaten
 *	capacity=8            its weight when shards are shared out
 *	settings=0123...      a hash of the settings in which all machines have to agree, 16 digits
 *	software=1.2.3        its release
 *	state=fit             a text of include/tbl/machine_states.h
 *	shards=0:12,3:4-,7+   ascending by shard: 0 it has, with epoch 12; 3 it has, and is giving up;
 *	                      7 it is about to take. At the end of an item: ! it is not to have the
 *	                      shard, as in 9! or 3:4-!; ? rather another machine, as in 9? or 7+?
 *	reason=               why it is unfit, up to the end of the text; may be empty
 *
 * Numbers are decimal without leading zeros. What a beat says decides only who should have a shard:
 * the head of the shard says who has it.
 */
#ifndef LC_FORMATS_MACHINE_BEAT_H
#define LC_FORMATS_MACHINE_BEAT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_machine_state {
#define LC_MACHINE_STATE(name, text, help) LC_MACHINE_STATE_##name,
#include "tbl/machine_states.h"
	LC_MACHINE_STATE_COUNT
};

enum {
	LC_MACHINE_SHARDS_MAX =
	    1024, /* shards of a deployment whose machines stand in for each other */
	LC_MACHINE_NAME_MAX = 64,
	LC_MACHINE_CAPACITY_MAX = 65536,
	LC_MACHINE_SOFTWARE_MAX = 32,
	LC_MACHINE_REASON_MAX = 200,
	LC_MACHINE_BEAT_MAX = 64 * 1024, /* bytes of a text */
};

/* What a machine does with a shard. */
enum lc_machine_hold {
	LC_MACHINE_AWAY,   /* nothing; not in its beat, unless it is refused */
	LC_MACHINE_TAKING, /* its worker is about to bid */
	LC_MACHINE_HAS,
	LC_MACHINE_RELEASING, /* its worker is ending, the head will say so */
};

/* Why another machine is to have a shard. */
enum lc_machine_refusal {
	LC_MACHINE_NO_REFUSAL,
	LC_MACHINE_AVOIDS,  /* its workers keep dying here: rather another one */
	LC_MACHINE_REFUSES, /* the operator wants it, or they cannot work here at all */
};

struct lc_machine_shard {
	uint32_t shard;
	enum lc_machine_hold hold;
	uint64_t epoch; /* HAS, RELEASING */
	enum lc_machine_refusal refusal;
};

struct lc_machine_beat {
	uint64_t boot;
	uint64_t counter;
	uint32_t capacity; /* 1 to LC_MACHINE_CAPACITY_MAX */
	uint64_t settings;
	char software[LC_MACHINE_SOFTWARE_MAX + 1];
	enum lc_machine_state state;
	char reason[LC_MACHINE_REASON_MAX + 1];
	size_t shard_count;
	struct lc_machine_shard shards[LC_MACHINE_SHARDS_MAX];
};

/* "fit" */
const char *lc_machine_state_name(enum lc_machine_state state);

/* True for what may be a machine's name: 1 to LC_MACHINE_NAME_MAX printable ASCII characters, none
 * of them a blank, a quote or a backslash; and not "-", which is nobody's (formats/shard_head.h). */
bool lc_machine_name_is_good(struct lc_view name);

/* Sets the reason: `text`, cut at LC_MACHINE_REASON_MAX bytes, with '?' for what is not printable
 * ASCII. */
void lc_machine_beat_set_reason(struct lc_machine_beat *beat, const char *text);

/* Appends the text. The beat is one that could be read back. */
void lc_machine_beat_append(struct lc_buffer *text, const struct lc_machine_beat *beat);

/* Reads a text, all of it. False with `error` set: LC_ERROR_OUTDATED when it is of another version
 * of this format, LC_ERROR_CORRUPT when it is none; `beat` then means nothing. */
bool lc_machine_beat_read(struct lc_view text, struct lc_machine_beat *beat,
			  struct lc_error *error);

#endif
