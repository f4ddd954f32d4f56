/*
 * Random histories: the real delivery code and the real store of the ledger, run by a simulated
 * event loop against a model ClickHouse and a model S3. One seed decides everything, so that a
 * history that failed can be run again, step by step.
 *
 * The models stand in for base/loop.h, clients/clickhouse.h, clients/s3.h and for the ledger's
 * thread at link time; clocks, entropy and the log are diverted by the linker (--wrap). The
 * functions they replace have no context, so there is one history at a time: `sim`.
 */
#ifndef LC_TESTS_SIM_SIM_H
#define LC_TESTS_SIM_SIM_H

#include "base/buffer.h"
#include "base/counters.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/view.h"
#include "config/settings.h"
#include "formats/offset.h"
#include "formats/record.h"
#include "ledger/replay_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SIM_SEATS_MAX = 3,
	SIM_SHARDS_MAX = 3,
	SIM_MACHINES_MAX = 3,
	SIM_SOURCES_MAX = 24,
	SIM_TARGETS_MAX = 6,
	SIM_PERIODS_MAX = 40,
	SIM_INTERRUPTIONS_MAX = 12,
	SIM_JUMPS_MAX = 3,
	SIM_REQ_ID_SIZE = 20,
	SIM_REPLAYS_MAX = 6,
	SIM_PRESENCE_MAX = 32, /* rows of presence that are not merged yet */
	SIM_PRESENCE_SIZE = 128,
	SIM_PIECE_MAX = 65536, /* bytes of an answer that come at once */
};

#define SIM_NEVER UINT64_MAX

/* ---- the table: all rows of a history, made before it begins ---- */

struct sim_source {
	uint32_t session;
	char bucket[32];
	bool ours; /* it is delivered here */
	size_t first_row;
	size_t row_count;
	bool has_offset; /* in ClickHouse's offsets table */
	uint32_t offset_second;
	int64_t offset_start_ms;
	char offset_req_id[SIM_REQ_ID_SIZE];
	uint32_t sent_second;     /* the greatest that an INSERT was sent for, */
	int sent_by;              /* and the machine that sent the last one */
	uint32_t recorded_second; /* the greatest that the ledger has on record as committed */
};

struct sim_target {
	char bucket[32];
	char prefix[32];
};

/* What one line of text stands for: a row, and its twins. Numbered from 1. */
struct sim_line {
	size_t row;        /* one of its rows */
	unsigned expected; /* rows in the table */
	unsigned timely;   /* of these, see struct sim_row */
	unsigned found;    /* lines in objects */
	bool may_be_lost;  /* its offset was said to be delivered to a courier without a ledger, or
			      its retention has ended */
};

struct sim_row {
	uint32_t source;
	uint32_t inserted_at;
	int64_t start_ms;
	char req_id[SIM_REQ_ID_SIZE];
	uint32_t line;
	uint8_t target;
	uint8_t host;     /* a column that does not stand in the line */
	uint16_t padding; /* bytes of the user agent */
	bool timely;      /* every replica shows it before any clock says that its second is over */
	uint64_t written_ms; /* whatever its writer's clock said */
	uint64_t visible_ms[SIM_SEATS_MAX];
	uint64_t expires_ms; /* its retention ends */
	uint64_t gone_ms;    /* it is deleted */
};

/* ---- what goes wrong, and when ---- */

enum sim_period_kind {
	SIM_PERIOD_SEAT_DOWN,
	SIM_PERIOD_TARGET_REFUSES,
	SIM_PERIOD_TARGET_FAILS,
	SIM_PERIOD_TARGET_SLOW,
	SIM_PERIOD_PREFIX_REFUSES,    /* one target of its bucket */
	SIM_PERIOD_SIZE_LIMITED,      /* a bucket refuses large objects */
	SIM_PERIOD_SOURCE_UNREADABLE, /* a scan that comes to it breaks */
	SIM_PERIOD_DISK_FULL,
	SIM_PERIOD_OFFSETS_FAIL,
};

struct sim_period {
	enum sim_period_kind kind;
	unsigned which; /* seat, target or source */
	uint64_t from_ms;
	uint64_t until_ms;
};

enum sim_interruption_kind {
	SIM_CRASH,         /* of all shards */
	SIM_CRASH_ONE,     /* of one shard, or of none */
	SIM_DRAIN,         /* of all shards */
	SIM_CHANGE_SHARDS, /* drained, and started with another number */
	SIM_LOSE_STATE,    /* a crash, and the state directory is gone */
};

struct sim_interruption {
	enum sim_interruption_kind kind;
	uint64_t at_ms;
	uint64_t down_ms;
};

/* Clocks show so many seconds more than they should. */
struct sim_jump {
	uint64_t from_ms;
	uint64_t until_ms;
	int32_t seconds;
	unsigned seats; /* whose: one bit each */
	bool machine;   /* this machine's, too */
};

struct sim_plan {
	uint32_t epoch; /* ClickHouse's clock at 0 ms, seconds since 1970 */
	unsigned seat_count;
	int32_t seat_skew[SIM_SEATS_MAX]; /* of its clock, seconds */
	uint32_t delay;                   /* consumer.processing-delay-seconds */
	bool all_shards;                  /* run here; or only this one */
	unsigned shard;
	unsigned shard_count;
	uint64_t rows_end_ms;   /* the last rows come */
	uint64_t faults_end_ms; /* from here on all goes well */
	uint32_t retention;     /* seconds; rows are gone some time later */
	bool retention_is_short;
	uint32_t horizon;
	bool small_pieces;    /* answers come in very small pieces */
	uint64_t stale_ms;    /* an answer may come from a replica that is so late */
	double stale_answers; /* probabilities */
	double query_fails;
	double query_breaks;
	double insert_lost;
	double put_lost; /* stored, but the answer is lost */
	double put_fails;
	double step_crashes;   /* right after something durable */
	double put_crashes;    /* right after a PUT that was sent, and arrives */
	double move_crashes;   /* in the middle of a change of the number of shards */
	uint32_t window_most;  /* seconds of a count that ClickHouse can answer; 0: any */
	double window_crashes; /* after a transaction with a part of a window */
	bool replays;          /* are ordered now and then */
	bool key_formats;      /* each life has one of them, and rows are of two days */
	struct sim_period periods[SIM_PERIODS_MAX];
	size_t period_count;
	struct sim_interruption interruptions[SIM_INTERRUPTIONS_MAX];
	size_t interruption_count;
	struct sim_jump jumps[SIM_JUMPS_MAX];
	size_t jump_count;
};

/* A replay that somebody has ordered, or that was seen to deliver though nobody was told of it. */
struct sim_replay {
	struct lc_replay_record record; /* `id` is empty until it is known */
	bool known;                     /* what it is about */
	bool cancelled;
	uint64_t ordered_ms;
	uint32_t until;       /* rows were complete up to this second */
	unsigned shard;       /* that has taken the order, */
	unsigned shard_count; /* of so many */
	uint16_t *found;      /* its lines in objects, by number */
};

/* A row by which a life of a shard shows itself. */
struct sim_presence {
	uint32_t session;
	int64_t start_ms;
	char req_id[SIM_PRESENCE_SIZE];
};

struct sim_object;   /* s3.c */
struct sim_leftover; /* s3.c */

/* Where lives of shards run. Of a history without failover there is one, which has the loop that the
 * models have, and all of the directory. */
struct sim_machine {
	struct lc_loop *loop;
	uint64_t paused_until_ms; /* nothing of it runs before */
	char directory[80];       /* of its ledgers */
	char saved[80];           /* an earlier copy of it; empty: there is none */
};

struct sim_head;  /* register.c */
struct sim_piece; /* bucket.c */

/* One history. */
struct sim {
	uint64_t seed;
	bool trace;
	bool calm;                /* no clock jumps, and what goes with it */
	bool failover;            /* machines share the ledgers */
	struct lc_random random;  /* of the plan and the models */
	struct lc_random entropy; /* what the courier is given */
	struct lc_random deaths;  /* apart, so that without them a seed's history stays the same */
	struct lc_random tenants; /* apart, for the same reason */
	struct lc_random clocks;  /* the same of clocks.c */
	struct lc_random orders;  /* the same of replays.c */
	struct lc_random keys;    /* the same of key formats */
	struct lc_random parts;   /* and of uploads in parts */
	struct lc_random shares;  /* the same of machines and of what they share */
	struct sim_plan plan;
	char directory[64]; /* of the ledger */

	struct sim_source sources[SIM_SOURCES_MAX]; /* in the table's order */
	size_t source_count;
	struct sim_target targets[SIM_TARGETS_MAX];
	size_t target_count;
	struct sim_row *rows; /* in the table's order */
	size_t row_count;
	struct sim_line *lines; /* [0] is unused */
	size_t line_count;
	size_t lines_missing; /* lines with fewer found than expected */

	struct lc_loop *loop; /* of the models */
	struct sim_machine machines[SIM_MACHINES_MAX];
	unsigned machine_count;
	int running; /* the machine whose timer fires; negative: a model's */
	struct sim_head *heads;
	struct sim_piece *pieces;
	struct sim_object *objects;
	struct sim_leftover *leftovers;              /* parts of objects that are none */
	struct sim_presence shown[SIM_PRESENCE_MAX]; /* the newest come first */
	unsigned lives;
	bool state_lost;        /* at least once: rows may be delivered again */
	bool size_refused;      /* an object waits long for its target to take such a size again */
	bool strays;            /* an offset of a process that is gone has arrived since */
	bool crash_wanted;      /* by a model, at a step */
	bool reset_wanted;      /* with it */
	bool crashing;          /* the process is being thrown away */
	bool moving;            /* this process is the mover */
	uint64_t clock_told_ms; /* when ClickHouse was last asked for its clock, and answered */
	uint64_t began_ms;      /* the ledger */
	uint32_t oldest;        /* the latest second that was told to be the oldest */
	uint64_t as_of_ms;      /* what the answer being made shows */
	uint64_t puts;
	struct sim_replay replays[SIM_REPLAYS_MAX];
	size_t replay_count;
	uint64_t next_replay_ms;
};

extern struct sim *sim;

/* ---- sim.c ---- */

/* The history has shown a fault: prints seed and reason, and ends the process. */
_Noreturn void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of the trace, with the time. */
void sim_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

void sim_empty_directory(const char *directory);

/* Removes the state directory's files. */
void sim_forget_state(void);

/* Simulated milliseconds since the history's beginning. */
uint64_t sim_now_ms(void);

/* Runs the timer that is due next, if it is due before `until_ms`; else the time becomes that. */
bool sim_step(uint64_t until_ms);

/* ---- chance ---- */

/* below `bound`, which is not 0 */
uint64_t sim_below(uint64_t bound);
/* least <= n <= most */
uint64_t sim_between(uint64_t least, uint64_t most);
bool sim_chance(double probability);
/* As sim_chance, but never once faults have ended. */
bool sim_fault(double probability);
/* A delay in ms: mostly short, at times long. */
uint64_t sim_delay(uint64_t usual_ms, uint64_t rare_ms);
/* A step that crashes may follow upon. */
void sim_crash_point(const char *step);
/* As sim_fault, from the deaths' own chance. */
bool sim_dies(double probability);

/* ---- plan.c, rows.c ---- */

void sim_plan_make(void);
bool sim_in_period(enum sim_period_kind kind, unsigned which);
void sim_settings_make(struct lc_settings *settings, unsigned machine);
void sim_rows_make(void);

/* ---- clocks.c ---- */

void sim_clocks_plan(void);
/* By how many seconds the clock of a seat, or this machine's, is ahead. */
int64_t sim_clock_error(unsigned seat, uint64_t at_ms);
int64_t sim_clock_machine_error(uint64_t at_ms);
/* The seat that takes in some rows. */
unsigned sim_clock_writer(void);
/* How long a process is away that was to be away for so long. */
uint64_t sim_clock_down_ms(uint64_t usual_ms);
/* All processes are to die here. */
bool sim_clock_window_dies(void);
/* When a clock shows this second for the first time; negative: before the history. */
int64_t sim_clock_reaches_ms(uint32_t second);
/* The most that the horizon's clock can have shown until then, in ms since the history's beginning,
 * for a ledger that began at `began_ms`. */
int64_t sim_clock_steady_ms(uint64_t began_ms, uint64_t at_ms);

/* ---- table.c ---- */

/* The row as a record; views into `scratch` and the row, valid until the next call with it. */
struct sim_row_scratch {
	char key[32];
	char host[16];
	char agent[1024];
};
void sim_row_record(const struct sim_row *row, struct sim_row_scratch *scratch,
		    struct lc_record *record);
int sim_row_compare(const struct sim_row *a, const struct sim_row *b);
struct lc_offset sim_row_offset(const struct sim_row *row);
bool sim_row_visible(const struct sim_row *row, unsigned seat);
bool sim_source_offset(const struct sim_source *source, struct lc_offset *offset);
struct sim_source *sim_source_find(uint32_t session, struct lc_view bucket);

/* ---- answers.c: what ClickHouse answers ---- */

enum sim_query_kind {
	SIM_QUERY_CLOCK,
	SIM_QUERY_OFFSETS,
	SIM_QUERY_PRESENCE,
	SIM_QUERY_OLDEST,
	SIM_QUERY_DOUBTFUL_WINDOW,
	SIM_QUERY_WINDOW,
	SIM_QUERY_SCAN,
	SIM_QUERY_SLOTS,
	SIM_QUERY_SECONDS,
	SIM_QUERY_REST,
	SIM_QUERY_REST_OF_SOURCE, /* a shape of the text; read as SIM_QUERY_REST */
	SIM_QUERY_MATCHES,
	SIM_QUERY_MATCHES_OF_SOURCE,
	SIM_QUERY_INSERT,
};

struct sim_query {
	enum sim_query_kind kind;
	uint64_t marker;
	unsigned shard;
	unsigned shard_count;
	uint32_t from;
	uint32_t until;
	uint32_t rest_from; /* SIM_QUERY_REST: of the list's first source; 0: none */
	bool filtered;      /* only rows that a replay is about: */
	int64_t from_ms;
	int64_t to_ms;
	int target; /* negative: any */
	bool whole_bucket;
	uint32_t session;      /* SIM_QUERY_MATCHES_OF_SOURCE */
	struct lc_view bucket; /* its name, as a literal */
	struct lc_view list;   /* of sources, in the query's text */
};

/* queries.c: reads a query's text; one of no known shape fails the history. */
/* `plain` is empty, and must stay as long as the query is used. */
struct sim_query sim_query_parse(struct lc_view sql, struct lc_buffer *plain);
/* Takes the next "(session,'bucket')" or "(session,'bucket',slot)" of a list. */
bool sim_query_next_source(struct lc_view *list, uint32_t *session, struct lc_buffer *bucket,
			   uint32_t *slot);

/* Appends the answer of a seat, as ClickHouse sends it. False if it broke on the way. */
bool sim_answer(const struct sim_query *query, unsigned seat, struct lc_buffer *answer);
/* Where the answer's first `rows` rows end, or blocks of rows, or the answer does. */
size_t sim_answer_end_of(const struct sim_query *query, struct lc_view answer, uint64_t rows);
/* How many of them there are. */
uint64_t sim_answer_rows(const struct sim_query *query, struct lc_view answer);

/* An INSERT with these rows is sent. */
void sim_check_sent(struct lc_view data);
/* Takes the rows of an INSERT. */
void sim_insert_offsets(struct lc_view data);
/* Whether they are a row of presence (delivery/presence.h), which is no offset. */
bool sim_is_presence(struct lc_view data);

/* ---- s3.c ---- */

/* Frees the model's objects at the end of a history. */
void sim_objects_free(void);

/* ---- machines.c ---- */

/* Below `bound`; and as sim_fault: of the chance of machines. */
uint64_t sim_shares_below(uint64_t bound);
bool sim_shares_fault(double probability);
/* A delay in ms, mostly short; at times minutes. */
uint64_t sim_shares_delay(uint64_t usual_ms);

void sim_machines_begin(void);
void sim_machines_free(void);
/* As sim_step, of all loops. */
bool sim_machines_step(uint64_t until_ms);
bool sim_machine_paused(unsigned machine);
void sim_machine_pause(unsigned machine, uint64_t ms);
void sim_machine_go_on(unsigned machine);
/* Copies the directory, and takes that copy for it, if there is one. No ledger of it is open. */
void sim_machine_save(unsigned machine);
void sim_machine_roll_back(unsigned machine);
/* It is empty from now on. */
void sim_machine_lose(unsigned machine);

/* ---- register.c: the heads of the shards ---- */

struct lc_chain_position;

/* Heads of ledgers that have yet to begin. */
void sim_heads_make(void);
void sim_heads_free(void);
/* The value that holds now. */
const char *sim_head_value(unsigned shard);
/* Fails the history unless a head has named this segment, at any time. */
void sim_check_named(unsigned shard, const struct lc_chain_position *position);

/* ---- bucket.c: S3 for what machines share ---- */

#define SIM_LEDGERS_BUCKET "ledgers"

struct lc_buffer;

/* The object's bytes; NULL: it is not there. */
const struct lc_buffer *sim_pieces_find(const char *key);
void sim_pieces_free(void);

/* ---- chain.c ---- */

/* Fails the history unless this file, which is not open, holds what the segments of its shard's chain
 * make up to where it stands. */
void sim_check_restored(const char *path, unsigned shard);

/* ---- check.c ---- */

/* An object was stored for the first time. */
void sim_check_object(const char *bucket, struct lc_view key, struct lc_view stored);
/* An offset of this second is about to be written. */
void sim_check_forward(const struct sim_source *source, uint32_t second);
/* An offset was written to ClickHouse. */
void sim_check_offset(const struct sim_source *source);
/* A row may be lost or doubled from now on without fault of the courier's. */
void sim_excuse_floors(void);
void sim_excuse_late(void);
void sim_excuse_expired(void);
/* All rows stand in objects. */
bool sim_all_found(void);
/* What must hold at the end of a history. */
void sim_check_end(void);
/* What was delivered is committed, some time later. */
void sim_check_committed(void);

/* ---- move.c ---- */

/* Gives all sources to so many shards, with what is known of them; at times in several attempts,
 * since the one who does it dies. */
void sim_move(unsigned shard_count);

/* ---- replays.c ---- */

struct lc_shard;

/* Somebody orders a replay in one of the running shards (`shards`, NULL for those that are not), or
 * cancels one, if it is time. */
void sim_replays_act(struct lc_shard *const *shards, unsigned count);
/* All that were ordered have ended, or are gone with the state. */
bool sim_replays_ended(struct lc_shard *const *shards, unsigned count);
/* What must hold of those that have ended. */
void sim_replays_check(void);
/* The state directory is gone. */
void sim_replays_forget(void);
/* A line of an object of the replay was stored. */
void sim_replays_count(struct lc_view id, const struct sim_row *row);
void sim_replays_free(void);

/* ---- life.c ---- */

/* Runs the history; returns if nothing was wrong. */
void sim_live(void);

#endif
