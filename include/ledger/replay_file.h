/*
 * The files of replays. A replay delivers rows again on purpose, and has a ledger of its own: what
 * it takes and delivers never stands in the shard's. The file, replay-<identity>.db in the state
 * directory, is a ledger as ledger/schema.h describes it with one table more, `replay`, whose one
 * row says what it is about. It is made whole under another name: whenever the process dies, there
 * is a replay or there is none. When the replay has ended, a file without its rows takes its place,
 * to tell how it ended.
 *
 * The identity is the UTC time when it was ordered and the number of the shard, 20261130T081500Z-0:
 * no two of a deployment are alike, and they sort by age.
 *
 * Errors: LC_ERROR_CORRUPT when the file is damaged, LC_ERROR_SYSTEM when it cannot be read or
 * written now.
 */
#ifndef LC_LEDGER_REPLAY_FILE_H
#define LC_LEDGER_REPLAY_FILE_H

#include "base/error.h"
#include "base/view.h"
#include "ledger/ledger_types.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lc_replay_state {
	LC_REPLAY_UNFINISHED,
	LC_REPLAY_DONE,
	LC_REPLAY_CANCELLED,
	LC_REPLAY_FAILED, /* its ledger is damaged or lost */
	LC_REPLAY_STATE_COUNT,
};

enum {
	LC_REPLAY_ID_SIZE = 32,      /* with its terminator */
	LC_REPLAY_NAME_MAX = 1024,   /* bytes of a bucket's name, and of a prefix */
	LC_REPLAY_REASON_SIZE = 512, /* with its terminator */
};

struct lc_replay_record {
	char id[LC_REPLAY_ID_SIZE];
	bool of_target;                  /* all rows that name the target; or those of one source */
	uint32_t raft_session_id;        /* of the source */
	char bucket[LC_REPLAY_NAME_MAX]; /* of the source, or the target's; any bytes */
	size_t bucket_size;
	char prefix[LC_REPLAY_NAME_MAX]; /* the target's, unless it is the whole bucket */
	size_t prefix_size;
	bool whole_bucket;
	uint32_t from; /* from <= startTime < to, seconds since 1970 */
	uint32_t to;
	uint32_t ordered_at; /* wall clock, seconds since 1970 */
	uint32_t ended_at;   /* 0: it has not */
	enum lc_replay_state state;
	char reason[LC_REPLAY_REASON_SIZE]; /* why it has failed; otherwise empty */
	uint64_t sources;                   /* that have such rows, when it was ordered */
	uint64_t rows;                      /* that there were then */
	uint64_t delivered;                 /* of these, so far */
};

/* A source with rows to deliver again: from <= insertedAt < until. */
struct lc_replay_source {
	struct lc_ledger_source name;
	uint32_t from;
	uint32_t until;
};

struct lc_view lc_replay_bucket(const struct lc_replay_record *record);
struct lc_view lc_replay_prefix(const struct lc_replay_record *record);

/* The identity of a replay ordered at that time (seconds since 1970) in this shard. */
void lc_replay_id_make(char id[LC_REPLAY_ID_SIZE], uint32_t ordered_at, unsigned shard);

/* Whether the text is an identity, and of which shard. */
bool lc_replay_id_read(struct lc_view text, unsigned *shard);

/* The path of its file. False with LC_ERROR_USAGE if it is too long. */
bool lc_replay_file_path(char path[PATH_MAX], const char *directory, const char *id,
			 struct lc_error *error);

/* Whether a file of this name is, or belongs to, the file of a replay. `id` gets its identity;
 * *whole is false for drafts and what SQLite lays beside. */
bool lc_replay_file_parse(const char *name, char id[LC_REPLAY_ID_SIZE], bool *whole);

/* Makes the file, durably, in the place of one that is there, which nobody has open. `shard` and
 * `shard_count`: whose ledger it is. The sources' seconds are open ranges in it; an ended replay has
 * none. */
bool lc_replay_file_make(const char *path, const struct lc_replay_record *record, unsigned shard,
			 unsigned shard_count, const struct lc_replay_source *sources, size_t count,
			 struct lc_error *error);

/* Reads what a file says, which nobody has open, and whose ledger it is. A file of an earlier
 * release is upgraded. `delivered` of an unfinished replay is counted: rows taken that wait for no
 * upload. */
bool lc_replay_file_read(const char *path, struct lc_replay_record *record, unsigned *shard,
			 unsigned *shard_count, struct lc_error *error);

#endif
