/* What must hold, at each step and at the end of a history. */
#include "sim/sim.h"

#include "base/assert.h"
#include "formats/line.h"
#include "formats/object_key.h"
#include "ledger/ledger.h"
#include "support/decompression.h"

#include <stdlib.h>
#include <time.h>

enum {
	LINE_BYTES_MAX = 16384,
	CLOCKS_DIFFER_MS = 10000,
	KEY_FIELD = 8,  /* number of the key's word in a line; the time is two words */
	DIGITS = 16,    /* that a key ends in */
	TIME_SIZE = 19, /* YYYY-mm-DD-HH-MM-SS */
};

/* The line that the text says it is; 0 if it says nothing. */
static size_t line_number(struct lc_view text)
{
	const char *end = text.data + text.size;
	const char *at = text.data;

	for (unsigned word = 0; word < KEY_FIELD; word++) {
		at = memchr(at, ' ', (size_t)(end - at));
		if (at == NULL)
			return 0;
		at++;
	}
	return *at == 'k' ? strtoul(at + 1, NULL, 10) : 0;
}

static const struct sim_row *find_row(struct lc_view text)
{
	struct lc_line_style style = {.region = {.data = ""}};
	struct sim_row_scratch scratch;
	struct lc_record record;
	const struct sim_row *row;
	char expected[LINE_BYTES_MAX];
	size_t number = line_number(text);
	size_t size;

	if (number == 0 || number > sim->line_count)
		sim_fail("a line that stands for no row: %.*s", (int)text.size, text.data);
	row = &sim->rows[sim->lines[number].row];
	sim_row_record(row, &scratch, &record);
	LC_ASSERT(lc_line_max_size(&record, &style) <= sizeof(expected));
	size = lc_line_write(&record, &style, expected);
	if (!lc_view_equal(text, (struct lc_view){.data = expected, .size = size}))
		sim_fail("a line differs from its row:\n%.*s%.*s", (int)text.size, text.data,
			 (int)size, expected);
	return row;
}

static void count_line(const struct sim_row *row, struct lc_view key)
{
	struct sim_line *line = &sim->lines[row->line];

	if (!sim->sources[row->source].ours)
		sim_fail("a row of another shard is delivered: line %u", row->line);
	if (line->expected == 0)
		sim_fail("line %u is not expected at all", row->line);
	if (++line->found == line->expected)
		sim->lines_missing--;
	if (line->found > line->expected && !sim->state_lost)
		sim_fail("line %u is delivered %u times, it stands in the table %u times; now in "
			 "%.*s",
			 row->line, line->found, line->expected, (int)key.size, key.data);
}

static bool in_order(const struct sim_row *last, struct lc_view last_text,
		     const struct sim_row *row, struct lc_view text)
{
	int order;

	if (last->start_ms != row->start_ms)
		return last->start_ms < row->start_ms;
	order = lc_view_compare(lc_view_of(last->req_id), lc_view_of(row->req_id));
	if (order == 0)
		order = lc_view_compare(last_text, text);
	return order <= 0;
}

/* The identity of the replay that the key says; empty: none. */
static struct lc_view replay_of(struct lc_view key)
{
	static const char mark[] = "-replay-";
	const char *at = memmem(key.data, key.size, mark, sizeof(mark) - 1);
	struct lc_view id = {.data = ""};

	if (at == NULL)
		return id;
	id.data = at + sizeof(mark) - 1;
	id.size = (size_t)(key.data + key.size - id.data);
	if (id.size <= DIGITS + 1)
		sim_fail("a key that ends early: %.*s", (int)key.size, key.data);
	id.size -= DIGITS + 1;
	return id;
}

/* The time that the key says, in ms since 1970. */
static int64_t time_of(struct lc_view key, struct lc_view replay)
{
	size_t rest = replay.size + (replay.size > 0 ? sizeof("replay-") : 0) + DIGITS + 1;
	char text[TIME_SIZE + 1] = "";
	struct tm date = {.tm_mday = 0};

	if (key.size < TIME_SIZE + rest)
		sim_fail("a key that is too short: %.*s", (int)key.size, key.data);
	memcpy(text, key.data + key.size - rest - TIME_SIZE, TIME_SIZE);
	if (strptime(text, "%Y-%m-%d-%H-%M-%S", &date) != text + TIME_SIZE)
		sim_fail("a key without a time: %.*s", (int)key.size, key.data);
	return (int64_t)timegm(&date) * 1000;
}

static bool is_of_format(struct lc_view key, enum lc_object_key_format format,
			 const struct sim_row *first)
{
	struct lc_object_key expected = {
	    .format = format,
	    .prefix = lc_view_of(sim->targets[first->target].prefix),
	    .account = lc_view_of("-"),
	    .region = lc_view_of("us-east-1"),
	    .bucket = lc_view_of(sim->sources[first->source].bucket),
	    .time_ms = first->start_ms,
	    .replay = replay_of(key),
	};
	struct lc_buffer text;
	bool same;

	if (format == LC_OBJECT_KEY_DELIVERY_TIME)
		expected.time_ms = time_of(key, expected.replay);
	lc_buffer_init(&text, 4096);
	lc_object_key_append(&text, &expected);
	same = key.size == text.size && memcmp(key.data, text.data, key.size - DIGITS) == 0;
	lc_buffer_free(&text);
	return same;
}

/* The key's format. It may be that of an earlier life. */
static enum lc_object_key_format check_name(const char *bucket, struct lc_view key,
					    const struct sim_row *first)
{
	enum lc_object_key_format most =
	    sim->plan.key_formats ? LC_OBJECT_KEY_DELIVERY_TIME : LC_OBJECT_KEY_SIMPLE;

	if (strcmp(bucket, sim->targets[first->target].bucket) == 0) {
		for (enum lc_object_key_format i = LC_OBJECT_KEY_SIMPLE; i <= most; i++) {
			if (is_of_format(key, i, first))
				return i;
		}
	}
	sim_fail("an object's name %s/%.*s does not fit its first line", bucket, (int)key.size,
		 key.data);
}

static void check_lines(const char *bucket, struct lc_view key, struct lc_view body)
{
	const struct sim_row *first = NULL;
	const struct sim_row *last = NULL;
	struct lc_view last_text = {.data = "", .size = 0};
	struct lc_view replay = replay_of(key);
	enum lc_object_key_format format = LC_OBJECT_KEY_SIMPLE;

	sim_trace("object %s/%.*s, %zu bytes", bucket, (int)key.size, key.data, body.size);
	while (body.size > 0) {
		const char *newline = memchr(body.data, '\n', body.size);
		struct lc_view text = {.data = body.data};
		const struct sim_row *row;

		if (newline == NULL)
			sim_fail("an object ends inside a line");
		text.size = (size_t)(newline - body.data) + 1;
		row = find_row(text);
		if (first == NULL) {
			first = row;
			format = check_name(bucket, key, first);
		}
		if (row->source != first->source || row->target != first->target)
			sim_fail("an object holds rows of several sources or targets");
		if (!lc_object_key_may_share(format, first->start_ms, row->start_ms))
			sim_fail("an object of one day holds rows of several: lines %u, %u",
				 first->line, row->line);
		if (last != NULL && !in_order(last, last_text, row, text))
			sim_fail("lines of an object are out of order: %u, %u", last->line,
				 row->line);
		if (replay.size > 0)
			sim_replays_count(replay, row);
		else
			count_line(row, key);
		sim_trace("\tline %u, inserted %u", row->line, row->inserted_at);
		last = row;
		last_text = text;
		body.data += text.size;
		body.size -= text.size;
	}
	if (first == NULL)
		sim_fail("an empty object");
}

/* A compressed body must hold lines like any other. */
void sim_check_object(const char *bucket, struct lc_view key, struct lc_view stored)
{
	enum lc_compression compression = lc_compression_of_key(key);
	struct lc_buffer lines;

	lc_buffer_init(&lines, SIZE_MAX / 2);
	if (!decompression_append(compression, stored, &lines))
		sim_fail("a body that cannot be decompressed: %.*s", (int)key.size, key.data);
	key.size -= strlen(lc_compression_suffix(compression));
	check_lines(bucket, key, lc_buffer_view(&lines));
	lc_buffer_free(&lines);
}

/* Once the retention of a log object's youngest row has ended, one that is gone gives up all. */
static bool is_excused(const struct sim_row *row)
{
	return sim->lines[row->line].may_be_lost ||
	       row->expires_ms <= sim_now_ms() + CLOCKS_DIFFER_MS;
}

/* Rows that came late may still be under way before an offset; others may not. */
void sim_check_offset(const struct sim_source *source)
{
	struct lc_offset committed;

	sim_source_offset(source, &committed);
	sim_trace("offset of %u %s: %u", source->session, source->bucket, committed.inserted_at);
	for (size_t i = source->first_row; i < source->first_row + source->row_count; i++) {
		const struct sim_row *row = &sim->rows[i];
		const struct sim_line *line = &sim->lines[row->line];
		struct lc_offset offset = sim_row_offset(row);

		if (lc_offset_compare(&offset, &committed) > 0)
			break;
		if (row->timely && line->found < line->timely && !is_excused(row))
			sim_fail("an offset of session %u, bucket %s is ahead of line %u, inserted "
				 "at %u, which is not delivered",
				 source->session, source->bucket, row->line, row->inserted_at);
	}
}

/* What is older than the horizon may be forgotten. */
void sim_check_forward(const struct sim_source *source, uint32_t second)
{
	int64_t sent_ms = ((int64_t)source->sent_second - sim->plan.epoch) * 1000;
	int64_t bound_ms =
	    sim_clock_steady_ms(sim->began_ms, sim_now_ms()) - (int64_t)sim->plan.horizon * 1000;

	/* Whoever was replaced may send what he had on record. */
	if (source->sent_by != sim->running)
		return;
	if (second < source->sent_second && sent_ms >= bound_ms)
		sim_fail("an offset of session %u, bucket %s goes back from %u to %u",
			 source->session, source->bucket, source->sent_second, second);
}

static bool visible_everywhere(const struct sim_row *row)
{
	for (unsigned i = 0; i < sim->plan.seat_count; i++) {
		if (row->visible_ms[i] + sim->plan.stale_ms > sim_now_ms())
			return false;
	}
	return true;
}

/* A start without a ledger takes what lies at or before an offset for delivered, and does not look
 * for late rows in the slot that holds it. */
static void excuse_floor(const struct sim_source *source)
{
	uint32_t slot = source->offset_second / LC_LEDGER_SLOT_SECONDS;
	struct lc_offset floor;

	sim_source_offset(source, &floor);
	for (size_t i = source->first_row; i < source->first_row + source->row_count; i++) {
		const struct sim_row *row = &sim->rows[i];
		struct lc_offset offset = sim_row_offset(row);

		if (row->inserted_at / LC_LEDGER_SLOT_SECONDS > slot)
			break;
		if (lc_offset_compare(&offset, &floor) <= 0 ||
		    (!row->timely && !visible_everywhere(row)))
			sim->lines[row->line].may_be_lost = true;
	}
}

static int64_t inserted_ms(const struct sim_row *row)
{
	return ((int64_t)row->inserted_at - sim->plan.epoch) * 1000;
}

/* With the clock as the service follows it, at that time. */
static bool is_past_horizon(const struct sim_row *row, uint64_t at_ms)
{
	return sim_clock_steady_ms(sim->began_ms, at_ms) >
	       inserted_ms(row) + (int64_t)sim->plan.horizon * 800;
}

/* It may appear past the horizon: then nobody looks for it. A ledger that begins while the clock is
 * ahead never knows what was past the horizon by that clock. */
static bool is_too_late(const struct sim_row *row)
{
	uint64_t shown_ms = 0;

	for (unsigned i = 0; i < sim->plan.seat_count; i++) {
		if (row->visible_ms[i] + sim->plan.stale_ms > shown_ms)
			shown_ms = row->visible_ms[i] + sim->plan.stale_ms;
	}
	/* Its writer's clock may have been ahead as ClickHouse's still is. */
	return shown_ms > row->written_ms + (uint64_t)sim->plan.horizon * 800 ||
	       is_past_horizon(row, shown_ms) ||
	       (inserted_ms(row) <= (int64_t)sim->began_ms && shown_ms > sim->began_ms &&
		is_past_horizon(row, sim->began_ms));
}

/* The ledger begins now, by the clock that it was told last. */
void sim_excuse_late(void)
{
	sim->began_ms = sim->clock_told_ms;
	for (size_t i = 0; i < sim->row_count; i++) {
		if (is_too_late(&sim->rows[i]))
			sim->lines[sim->rows[i].line].may_be_lost = true;
	}
}

void sim_excuse_floors(void)
{
	for (size_t i = 0; i < sim->source_count; i++) {
		if (sim->sources[i].has_offset)
			excuse_floor(&sim->sources[i]);
	}
}

bool sim_all_found(void)
{
	if (sim->lines_missing == 0)
		return true;
	for (size_t i = 0; i < sim->row_count; i++) {
		const struct sim_line *line = &sim->lines[sim->rows[i].line];

		if (line->found < line->expected && !is_excused(&sim->rows[i]))
			return false;
	}
	return true;
}

/* A replica may have shown it long before another one. */
static bool shown_late(const struct sim_row *row)
{
	for (unsigned i = 0; i < sim->plan.seat_count; i++) {
		if (row->visible_ms[i] > row->visible_ms[0] + 300 ||
		    row->visible_ms[0] > row->visible_ms[i] + 300)
			return true;
	}
	return sim->plan.stale_ms > 0;
}

/* Also when a process died between the two, unless it was about to write the offset: then the next
 * row of the source makes up for it, as when a stale replica does not show the last ones. What lies
 * older than the horizon may be forgotten. */
static void check_committed(const struct sim_source *source)
{
	struct lc_offset committed;

	sim_source_offset(source, &committed);
	for (size_t i = source->first_row; i < source->first_row + source->row_count; i++) {
		const struct sim_row *row = &sim->rows[i];
		const struct sim_line *line = &sim->lines[row->line];
		struct lc_offset offset = sim_row_offset(row);

		/* What is excused may hold the offset back. */
		if (line->found < line->expected || is_excused(row) || shown_late(row))
			return;
		if (!is_past_horizon(row, sim_now_ms()) &&
		    row->inserted_at > source->recorded_second &&
		    lc_offset_compare(&offset, &committed) > 0)
			sim_fail("line %u of session %u, bucket %s, inserted at %u, is delivered, "
				 "but committed is %u",
				 row->line, source->session, source->bucket, row->inserted_at,
				 committed.inserted_at);
	}
}

void sim_check_committed(void)
{
	if (sim->size_refused)
		return;
	for (size_t i = 0; i < sim->source_count; i++) {
		if (sim->sources[i].ours)
			check_committed(&sim->sources[i]);
	}
}

void sim_check_end(void)
{
	for (size_t i = 0; i < sim->row_count; i++) {
		const struct sim_row *row = &sim->rows[i];
		const struct sim_line *line = &sim->lines[row->line];

		if (line->found < line->expected && !is_excused(row))
			sim_fail("line %u of session %u, bucket %s, inserted at %u, visible at "
				 "%llu ms, is delivered %u times, it stands in the table %u times",
				 row->line, sim->sources[row->source].session,
				 sim->sources[row->source].bucket, row->inserted_at,
				 (unsigned long long)row->visible_ms[0], line->found,
				 line->expected);
	}
}
