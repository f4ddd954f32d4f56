/*
 * One call to the ledger, kept until it is executed: what the queue between the loop and the
 * ledger's thread holds. A command owns its bytes.
 *
 * The life of a command: made by a function of ledger/ledger.h and pushed; executed with others in
 * one transaction of the store, again as a whole if that failed; once it is committed, queued again
 * if it goes on, or finished, which calls back if there is somebody to call; freed.
 */
#ifndef LC_LEDGER_LEDGER_COMMAND_H
#define LC_LEDGER_LEDGER_COMMAND_H

#include "base/arena.h"
#include "base/error.h"
#include "ledger/ledger_types.h"
#include "ledger/store.h"

#include <stdbool.h>
#include <sys/queue.h>

enum lc_ledger_command_kind {
#define LC_LEDGER_COMMAND(name, number, asks) LC_LEDGER_COMMAND_##name,
#include "tbl/ledger_commands.h"
};

/* Not one of them: a switch need not name it. */
enum {
	LC_LEDGER_COMMAND_COUNT = 0
#define LC_LEDGER_COMMAND(name, number, asks) +1
#include "tbl/ledger_commands.h"
};

struct lc_ledger_command {
	STAILQ_ENTRY(lc_ledger_command) next;
	enum lc_ledger_command_kind kind;
	union {
		uint32_t second; /* until, horizon */
		struct {
			uint32_t bound;
			uint32_t hour;      /* of this step; 0: the first one */
			uint32_t next_hour; /* of the next one; 0: this was the last */
			bool one_step;      /* what follows comes as a command of its own */
		} expire;
		struct {
			uint64_t shows_ms;
			uint64_t at_ms;
		} steady;
		struct {
			uint32_t bound;
			lc_ledger_horizon_callback *callback; /* may be NULL */
			uint32_t horizon;
		} lower;
		struct {
			struct lc_ledger_source source;
			struct lc_ledger_range *ranges;
			size_t count;
		} ranges;
		struct {
			struct lc_ledger_source source;
			struct lc_offset offset;
		} floor;
		struct lc_ledger_intent intent;
		struct {
			uint64_t intent_id;
			uint32_t last_second;
			enum lc_ledger_loss loss; /* SET_LOST */
		} closed;
		struct lc_ledger_target target;
		struct {
			lc_ledger_callback *callback;
		} when_durable;
		struct {
			lc_ledger_frozen_callback *callback;
			struct lc_error error;
			struct lc_ledger_frozen frozen;
		} freeze;
		struct {
			struct lc_ledger_source source;
			uint32_t from;
			uint32_t to;
			lc_ledger_hashes_callback *callback;
			struct lc_ledger_hashes hashes;
		} read_hashes;
		struct {
			struct lc_ledger_intents_question question;
			lc_ledger_intents_callback *callback;
			struct lc_ledger_intents answer;
		} read_intents;
		struct {
			struct lc_ledger_count *asked;
			size_t asked_count;
			lc_ledger_surplus_callback *callback; /* SET_COMMITTED: may be NULL */
			struct lc_ledger_count *found;
			size_t found_count;
		} find;
		struct {
			struct lc_ledger_source source; /* READ_DELIVERIES: its bucket alone */
			size_t limit;
			lc_ledger_objects_callback *callback;
			struct lc_ledger_object *objects;
			size_t count;
		} read_objects;
	} as;
	void *context;          /* of the callback */
	bool cancelled;         /* it does not run; the loop's side alone looks at this */
	struct lc_arena result; /* of a read: what it found */
	struct lc_arena bytes;  /* what the caller's views pointed to */
};

STAILQ_HEAD(lc_ledger_command_list, lc_ledger_command);

/* A command without content, whose bytes will take about `bytes`. */
struct lc_ledger_command *lc_ledger_command_new(enum lc_ledger_command_kind kind, size_t bytes);

/* NULL is allowed. */
void lc_ledger_command_free(struct lc_ledger_command *command);

/* Frees all commands of the list, which is empty then. */
void lc_ledger_command_free_all(struct lc_ledger_command_list *commands);

/* Whether it changes the store. What it changes follows from the command and from what the store
 * holds, and from nothing else: two stores with the same content have the same content again once
 * both have executed it, whatever was read, or rolled back, in between. */
bool lc_ledger_command_writes(const struct lc_ledger_command *command);

/* Does it, in the store's transaction. May be called again after a rollback; a read then forgets
 * what it found before. False with `error` as the functions of the store. */
bool lc_ledger_command_execute(struct lc_ledger_command *command, struct lc_store *store,
			       struct lc_error *error);

/* Begins a transaction and executes all commands in it; after an error it is rolled back. */
bool lc_ledger_command_begin_all(const struct lc_ledger_command_list *commands,
				 struct lc_store *store, struct lc_error *error);

/* Does what the commands ask for outside of the transaction, once it is committed: FREEZE, THAW. */
void lc_ledger_command_settle_all(const struct lc_ledger_command_list *commands,
				  struct lc_store *store);

/* Of a command that is committed: true if it has done a step of its work and is to be executed
 * again, for the next one. */
bool lc_ledger_command_goes_on(struct lc_ledger_command *command);

/* True if somebody is to be called back. */
bool lc_ledger_command_has_callback(const struct lc_ledger_command *command);

/* True if it answers a question: whoever has asked goes on with nothing else meanwhile. */
bool lc_ledger_command_asks(const struct lc_ledger_command *command);

/* Calls back with what was found, unless that was cancelled. */
void lc_ledger_command_finish(struct lc_ledger_command *command);

#endif
