/*
 * What a segment holds is described once, for both directions: a function pass_...() takes a value
 * to the bytes, or from them.
 */
#include "ledger/segment.h"

#include "base/assert.h"
#include "formats/row_hash.h"
#include "formats/taken_rows.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

enum {
	MAGIC_SIZE = 8,
	HASH_SIZE = 16,
	VERSION_END = MAGIC_SIZE + 4,
	COMMAND_CHUNK = 256, /* of the bytes that a command owns, if it has any */
};

static const char MAGIC[] = "LCledseg";

struct stream {
	struct lc_buffer *out;  /* they go there; NULL: they come from `rest` */
	struct lc_view rest;    /* what is still to be read */
	struct lc_arena *bytes; /* of the command that is read */
	struct lc_error *error;
};

/* ---- values ---- */

static bool pass_bytes(struct stream *stream, void *bytes, size_t size)
{
	if (stream->out != NULL) {
		lc_buffer_append(stream->out, bytes, size);
		return true;
	}
	if (stream->rest.size < size)
		return lc_error_set(stream->error, LC_ERROR_CORRUPT, "it ends within a value");
	if (size > 0)
		memcpy(bytes, stream->rest.data, size);
	stream->rest.data += size;
	stream->rest.size -= size;
	return true;
}

static bool pass_u32(struct stream *stream, uint32_t *value)
{
	uint32_t bytes = htole32(*value);
	bool passed = pass_bytes(stream, &bytes, sizeof bytes);

	*value = le32toh(bytes);
	return passed;
}

static bool pass_u64(struct stream *stream, uint64_t *value)
{
	uint64_t bytes = htole64(*value);
	bool passed = pass_bytes(stream, &bytes, sizeof bytes);

	*value = le64toh(bytes);
	return passed;
}

/* A number of milliseconds since 1970, which may be before. */
static bool pass_i64(struct stream *stream, int64_t *value)
{
	uint64_t number = (uint64_t)*value;
	bool passed = pass_u64(stream, &number);

	*value = (int64_t)number;
	return passed;
}

static bool pass_bool(struct stream *stream, bool *value)
{
	unsigned char byte = *value ? 1 : 0;

	if (!pass_bytes(stream, &byte, sizeof byte))
		return false;
	*value = byte == 1;
	return byte <= 1 || lc_error_set(stream->error, LC_ERROR_CORRUPT,
					 "it says %u where yes or no is expected", byte);
}

/* How many things follow, of which each takes `least` bytes or more. */
static bool pass_count(struct stream *stream, size_t *count, size_t least)
{
	uint32_t number = (uint32_t)*count;

	LC_ASSERT(*count <= UINT32_MAX);
	if (!pass_u32(stream, &number))
		return false;
	*count = number;
	return stream->out != NULL || stream->rest.size / least >= number ||
	       lc_error_set(stream->error, LC_ERROR_CORRUPT, "it names %u things and ends",
			    (unsigned)number);
}

static bool pass_view(struct stream *stream, struct lc_view *view)
{
	if (!pass_count(stream, &view->size, 1))
		return false;
	if (stream->out != NULL) {
		lc_buffer_append_view(stream->out, *view);
		return true;
	}
	*view = lc_arena_copy(stream->bytes,
			      (struct lc_view){.data = stream->rest.data, .size = view->size});
	stream->rest.data += view->size;
	stream->rest.size -= view->size;
	return true;
}

static bool pass_hash(struct stream *stream, struct lc_chain_hash *hash)
{
	return pass_u64(stream, &hash->high) && pass_u64(stream, &hash->low);
}

static bool pass_source(struct stream *stream, struct lc_ledger_source *source)
{
	return pass_u32(stream, &source->raft_session_id) && pass_view(stream, &source->bucket);
}

/* ---- commands ---- */

/* What the store, or SQLite, relies on. */
static bool demand(struct stream *stream, bool holds, const char *what)
{
	return holds || lc_error_set(stream->error, LC_ERROR_CORRUPT, "%s", what);
}

static bool pass_second(struct stream *stream, struct lc_ledger_command *command)
{
	return pass_u32(stream, &command->as.second);
}

static bool pass_steady_clock(struct stream *stream, struct lc_ledger_command *command)
{
	return pass_u64(stream, &command->as.steady.shows_ms) &&
	       pass_u64(stream, &command->as.steady.at_ms) &&
	       demand(stream,
		      command->as.steady.shows_ms <= INT64_MAX &&
			  command->as.steady.at_ms <= INT64_MAX,
		      "a clock is later than any");
}

static bool are_ranges(const struct lc_ledger_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].from >= ranges[i].to || (i > 0 && ranges[i - 1].to > ranges[i].from))
			return false;
	}
	return true;
}

static bool pass_ranges(struct stream *stream, struct lc_ledger_command *command)
{
	size_t *count = &command->as.ranges.count;

	if (!pass_source(stream, &command->as.ranges.source) || !pass_count(stream, count, 12))
		return false;
	if (stream->out == NULL)
		command->as.ranges.ranges =
		    lc_arena_alloc(stream->bytes, *count * sizeof(struct lc_ledger_range));
	for (size_t i = 0; i < *count; i++) {
		struct lc_ledger_range *range = &command->as.ranges.ranges[i];

		if (!pass_u32(stream, &range->from) || !pass_u32(stream, &range->to) ||
		    !pass_u32(stream, &range->since))
			return false;
	}
	return demand(stream, are_ranges(command->as.ranges.ranges, *count),
		      "ranges overlap or are empty");
}

static bool pass_floor(struct stream *stream, struct lc_ledger_command *command)
{
	struct lc_offset *offset = &command->as.floor.offset;

	return pass_source(stream, &command->as.floor.source) &&
	       pass_u32(stream, &offset->inserted_at) && pass_i64(stream, &offset->start_time_ms) &&
	       pass_view(stream, &offset->req_id);
}

static bool is_intent(const struct lc_ledger_intent *intent, struct lc_error *error)
{
	struct lc_taken_summary summary = {.rows = intent->rows,
					   .first_second = intent->first_second,
					   .last_second = intent->last_second};

	if (intent->id == 0 || intent->id >= INT64_MAX || intent->bytes > INT64_MAX)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "an intent has the number %" PRIu64 " and %" PRIu64 " bytes",
				    intent->id, intent->bytes);
	return lc_taken_rows_check(intent->taken_rows, &summary, error) ||
	       lc_error_prefix(error, "intent %" PRIu64, intent->id);
}

static bool pass_intent(struct stream *stream, struct lc_ledger_command *command)
{
	struct lc_ledger_intent *intent = &command->as.intent;

	return pass_u64(stream, &intent->id) && pass_source(stream, &intent->source) &&
	       pass_view(stream, &intent->target_bucket) &&
	       pass_view(stream, &intent->target_prefix) && pass_view(stream, &intent->key) &&
	       pass_u32(stream, &intent->first_second) && pass_u32(stream, &intent->last_second) &&
	       pass_u64(stream, &intent->rows) && pass_u64(stream, &intent->bytes) &&
	       pass_view(stream, &intent->taken_rows) &&
	       (stream->out != NULL || is_intent(intent, stream->error));
}

static bool pass_closed(struct stream *stream, struct lc_ledger_command *command)
{
	uint32_t loss = command->as.closed.loss;

	if (!pass_u64(stream, &command->as.closed.intent_id) ||
	    !pass_u32(stream, &command->as.closed.last_second) || !pass_u32(stream, &loss))
		return false;
	command->as.closed.loss = (enum lc_ledger_loss)loss;
	return demand(stream, command->as.closed.intent_id <= INT64_MAX,
		      "an intent has a number that is none") &&
	       demand(stream, loss <= LC_LEDGER_LOST_DISCARDED,
		      "a log object is lost in an unknown way");
}

static bool pass_target(struct stream *stream, struct lc_ledger_command *command)
{
	struct lc_ledger_target *target = &command->as.target;
	uint32_t given_up = target->given_up;

	if (!pass_view(stream, &target->bucket) || !pass_view(stream, &target->prefix) ||
	    !pass_bool(stream, &target->whole) || !pass_bool(stream, &target->refused) ||
	    !pass_u32(stream, &target->failures) || !pass_i64(stream, &target->probe_at_ms) ||
	    !pass_u32(stream, &given_up))
		return false;
	target->given_up = (enum lc_ledger_given_up)given_up;
	return demand(stream, !target->whole || target->prefix.size == 0,
		      "a target bucket has a prefix") &&
	       demand(stream, given_up <= LC_LEDGER_DISCARDED,
		      "a target was given up in an unknown way");
}

/* The step that was done, not what is left to do: other commands may come in between. */
static bool pass_expiry(struct stream *stream, struct lc_ledger_command *command)
{
	if (stream->out == NULL)
		command->as.expire.one_step = true;
	return pass_u32(stream, &command->as.expire.bound) &&
	       pass_u32(stream, &command->as.expire.hour);
}

static bool pass_committed(struct stream *stream, struct lc_ledger_command *command)
{
	size_t *count = &command->as.find.asked_count;

	if (!pass_count(stream, count, 12))
		return false;
	if (stream->out == NULL)
		command->as.find.asked =
		    lc_arena_alloc(stream->bytes, *count * sizeof(struct lc_ledger_count));
	for (size_t i = 0; i < *count; i++) {
		struct lc_ledger_count *offset = &command->as.find.asked[i];

		if (stream->out == NULL)
			*offset = (struct lc_ledger_count){.rows = 0};
		if (!pass_source(stream, &offset->source) || !pass_u32(stream, &offset->second))
			return false;
	}
	return true;
}

static bool pass_lower_horizon(struct stream *stream, struct lc_ledger_command *command)
{
	return pass_u32(stream, &command->as.lower.bound);
}

static bool (*const PASS[LC_LEDGER_COMMAND_COUNT])(struct stream *stream,
						   struct lc_ledger_command *command) = {
    [LC_LEDGER_COMMAND_SET_UNTIL] = pass_second,
    [LC_LEDGER_COMMAND_SET_HORIZON] = pass_second,
    [LC_LEDGER_COMMAND_SET_STEADY_CLOCK] = pass_steady_clock,
    [LC_LEDGER_COMMAND_SET_RANGES] = pass_ranges,
    [LC_LEDGER_COMMAND_SET_FLOOR] = pass_floor,
    [LC_LEDGER_COMMAND_ADD_INTENT] = pass_intent,
    [LC_LEDGER_COMMAND_SET_DELIVERED] = pass_closed,
    [LC_LEDGER_COMMAND_SET_LOST] = pass_closed,
    [LC_LEDGER_COMMAND_WITHDRAW_INTENT] = pass_closed,
    [LC_LEDGER_COMMAND_SET_TARGET] = pass_target,
    [LC_LEDGER_COMMAND_EXPIRE] = pass_expiry,
    [LC_LEDGER_COMMAND_SET_COMMITTED] = pass_committed,
    [LC_LEDGER_COMMAND_LOWER_HORIZON] = pass_lower_horizon,
};

static const unsigned char NUMBERS[LC_LEDGER_COMMAND_COUNT] = {
#define LC_LEDGER_COMMAND(name, number, asks) [LC_LEDGER_COMMAND_##name] = (number),
#include "tbl/ledger_commands.h"
};

/* ---- the header ---- */

static bool has_previous(const struct lc_segment_header *header)
{
	uint64_t epoch;
	uint64_t seq;

	if (header->previous.seq == 0)
		return header->previous_name[0] == '\0' &&
		       lc_chain_hash_equal(header->previous.hash, (struct lc_chain_hash){.low = 0});
	return lc_chain_name_parse(lc_view_of(header->previous_name), LC_CHAIN_SEGMENT, &epoch,
				   &seq) &&
	       epoch == header->previous.epoch && seq == header->previous.seq;
}

static bool check_header(const struct lc_segment_header *header, struct lc_error *error)
{
	struct lc_chain_position own = {.epoch = header->epoch, .seq = header->seq};

	if (header->shard >= header->shard_count)
		return lc_error_set(error, LC_ERROR_CORRUPT, "it is of shard %u of %u",
				    (unsigned)header->shard, (unsigned)header->shard_count);
	if (header->seq == 0 || lc_chain_position_compare(&header->previous, &own) >= 0)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "it is number %" PRIu64 " of epoch %" PRIu64
				    " and comes after number %" PRIu64 " of epoch %" PRIu64,
				    header->seq, header->epoch, header->previous.seq,
				    header->previous.epoch);
	return has_previous(header) ||
	       lc_error_set(error, LC_ERROR_CORRUPT,
			    "the one before is called \"%s\", which is not number %" PRIu64
			    " of epoch %" PRIu64,
			    header->previous_name, header->previous.seq, header->previous.epoch);
}

static bool pass_previous_name(struct stream *stream, char name[LC_CHAIN_NAME_SIZE])
{
	size_t size = strlen(name);

	if (!pass_count(stream, &size, 1))
		return false;
	if (size >= LC_CHAIN_NAME_SIZE)
		return lc_error_set(stream->error, LC_ERROR_CORRUPT,
				    "the name of the one before has %zu bytes", size);
	return pass_bytes(stream, name, size) &&
	       demand(stream, strlen(name) == size, "the name of the one before has a byte 0");
}

static bool pass_header(struct stream *stream, struct lc_segment_header *header)
{
	return pass_u32(stream, &header->shard) && pass_u32(stream, &header->shard_count) &&
	       pass_u64(stream, &header->generation) && pass_u64(stream, &header->epoch) &&
	       pass_u64(stream, &header->seq) && pass_u64(stream, &header->previous.epoch) &&
	       pass_u64(stream, &header->previous.seq) &&
	       pass_hash(stream, &header->previous.hash) &&
	       pass_previous_name(stream, header->previous_name);
}

/* ---- writing ---- */

static size_t count_writes(const struct lc_ledger_command_list *commands)
{
	const struct lc_ledger_command *command;
	size_t count = 0;

	STAILQ_FOREACH(command, commands, next)
	{
		count += lc_ledger_command_writes(command) ? 1 : 0;
	}
	return count;
}

bool lc_segment_needed(const struct lc_ledger_command_list *commands)
{
	return count_writes(commands) > 0;
}

static void encode_commands(struct stream *stream, const struct lc_ledger_command_list *commands)
{
	size_t count = count_writes(commands);
	struct lc_ledger_command *command;

	LC_ASSERT(pass_count(stream, &count, 1));
	STAILQ_FOREACH(command, commands, next)
	{
		if (!lc_ledger_command_writes(command))
			continue;
		lc_buffer_append_char(stream->out, (char)NUMBERS[command->kind]);
		LC_ASSERT(PASS[command->kind](stream, command));
	}
}

void lc_segment_encode(const struct lc_segment_header *header,
		       const struct lc_ledger_command_list *commands, struct lc_buffer *out,
		       struct lc_chain_hash *hash)
{
	struct lc_segment_header copy = *header;
	struct stream stream = {.out = out};
	uint32_t version = LC_SEGMENT_VERSION;
	uint32_t row_hash_version = LC_ROW_HASH_VERSION;
	struct lc_chain_hash own;

	LC_ASSERT(check_header(header, NULL));
	lc_buffer_clear(out);
	lc_buffer_append(out, MAGIC, MAGIC_SIZE);
	LC_ASSERT(pass_u32(&stream, &version) && pass_u32(&stream, &row_hash_version) &&
		  pass_header(&stream, &copy));
	encode_commands(&stream, commands);
	own = lc_chain_hash_of(lc_buffer_view(out));
	LC_ASSERT(pass_hash(&stream, &own) && !lc_buffer_failed(out));
	*hash = lc_chain_hash_of(lc_buffer_view(out));
}

/* ---- reading ---- */

/* Takes the hash off the end of the bytes, and the magic off their beginning. */
static bool check_whole(struct stream *stream, struct lc_view bytes)
{
	struct lc_chain_hash found;
	struct lc_chain_hash own = {.high = 0};

	if (!lc_view_begins_with(bytes, lc_view_of(MAGIC)))
		return lc_error_set(stream->error, LC_ERROR_CORRUPT, "it does not begin like one");
	if (bytes.size < VERSION_END + HASH_SIZE)
		return lc_error_set(stream->error, LC_ERROR_CORRUPT, "it has only %zu bytes",
				    bytes.size);
	bytes.size -= HASH_SIZE;
	found = lc_chain_hash_of(bytes);
	stream->rest = (struct lc_view){.data = bytes.data + bytes.size, .size = HASH_SIZE};
	if (!pass_hash(stream, &own) || !lc_chain_hash_equal(found, own))
		return lc_error_set(stream->error, LC_ERROR_CORRUPT,
				    "it is damaged or cut: its hash is not that of its bytes");
	stream->rest =
	    (struct lc_view){.data = bytes.data + MAGIC_SIZE, .size = bytes.size - MAGIC_SIZE};
	return true;
}

static bool check_version(struct stream *stream, const char *what, uint32_t known)
{
	uint32_t version = 0;

	if (!pass_u32(stream, &version))
		return false;
	return version == known ||
	       lc_error_set(stream->error, LC_ERROR_CORRUPT,
			    "%s is version %u, this release knows version %u only; waiting does "
			    "not help: run the release that wrote it on this machine too",
			    what, (unsigned)version, (unsigned)known);
}

static bool find_kind(struct stream *stream, enum lc_ledger_command_kind *kind)
{
	unsigned char number = 0;

	if (!pass_bytes(stream, &number, sizeof number))
		return false;
	for (unsigned i = 0; number != 0 && i < LC_LEDGER_COMMAND_COUNT; i++) {
		if (NUMBERS[i] == number) {
			*kind = (enum lc_ledger_command_kind)i;
			return true;
		}
	}
	return lc_error_set(stream->error, LC_ERROR_CORRUPT, "it holds a command %u, which is none",
			    number);
}

static bool decode_command(struct stream *stream, struct lc_ledger_command_list *commands)
{
	enum lc_ledger_command_kind kind = LC_LEDGER_COMMAND_WHEN_DURABLE;
	struct lc_ledger_command *command;

	if (!find_kind(stream, &kind))
		return false;
	command = lc_ledger_command_new(kind, COMMAND_CHUNK);
	STAILQ_INSERT_TAIL(commands, command, next);
	stream->bytes = &command->bytes;
	LC_ASSERT(PASS[kind] != NULL); /* only kinds that write have a number */
	return PASS[kind](stream, command);
}

static bool decode_commands(struct stream *stream, struct lc_ledger_command_list *commands)
{
	size_t count = 0;

	if (!pass_count(stream, &count, 1))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!decode_command(stream, commands))
			return lc_error_prefix(stream->error, "command %zu of %zu", i + 1, count);
	}
	return demand(stream, stream->rest.size == 0, "it goes on after its last command");
}

bool lc_segment_decode(struct lc_view bytes, struct lc_segment_header *header,
		       struct lc_ledger_command_list *commands, struct lc_error *error)
{
	struct stream stream = {.error = error};

	*header = (struct lc_segment_header){.shard = 0};
	STAILQ_INIT(commands);
	if (check_whole(&stream, bytes) &&
	    check_version(&stream, "its format", LC_SEGMENT_VERSION) &&
	    check_version(&stream, "the hash of its rows", LC_ROW_HASH_VERSION) &&
	    pass_header(&stream, header) && check_header(header, error) &&
	    decode_commands(&stream, commands))
		return true;
	lc_ledger_command_free_all(commands);
	return lc_error_prefix(error, "the segment cannot be read");
}
