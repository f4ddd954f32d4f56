/* What a replica of the model's table answers: rows in blocks, all else as RowBinary. */
#include "sim/sim.h"

#include "base/memory.h"
#include "clients/clickhouse_sql.h"
#include "delivery/query.h"
#include "formats/discovery_row.h"
#include "formats/record_block.h"
#include "formats/row_binary.h"
#include "support/record_rows.h"

#include <stdlib.h>

enum { BLOCK_ROWS_MAX = 40 };

/* Blocks have any number of rows. */
static void append_records(struct lc_buffer *answer, uint64_t marker,
			   const struct sim_row *const *rows, size_t count)
{
	static struct sim_row_scratch scratch[BLOCK_ROWS_MAX];
	static struct lc_record records[BLOCK_ROWS_MAX];
	size_t most = sim_between(1, BLOCK_ROWS_MAX);

	for (size_t done = 0; done < count;) {
		size_t size = count - done < most ? count - done : most;

		for (size_t i = 0; i < size; i++)
			sim_row_record(rows[done + i], &scratch[i], &records[i]);
		record_rows_append_block(answer, records, size, marker);
		done += size;
	}
}

static void append_numbers(struct lc_buffer *answer, uint64_t marker, uint32_t session,
			   const char *bucket, uint64_t rows, uint32_t second,
			   const struct lc_offset *floor, uint64_t end)
{
	static const struct lc_offset none = {.req_id = {.data = "", .size = 0}};

	if (floor == NULL)
		floor = &none;
	lc_row_binary_append_number(answer, marker, 8);
	lc_row_binary_append_number(answer, session, 4);
	lc_row_binary_append_text(answer, lc_view_of(bucket));
	lc_row_binary_append_number(answer, rows, 8);
	lc_row_binary_append_number(answer, second, 4);
	lc_row_binary_append_number(answer, floor->inserted_at, 4);
	lc_row_binary_append_number(answer, (uint64_t)floor->start_time_ms, 8);
	lc_row_binary_append_text(answer, floor->req_id);
	lc_row_binary_append_number(answer, end, 8);
}

static void append_count(struct lc_buffer *answer, uint64_t marker, const struct sim_source *source,
			 uint64_t rows, uint32_t second, const struct lc_offset *floor)
{
	append_numbers(answer, marker, source->session, source->bucket, rows, second, floor,
		       marker);
}

/* The last row of an answer of numbers. */
static void append_last(const struct sim_query *query, struct lc_buffer *answer)
{
	uint64_t rows = sim_answer_rows(query, lc_buffer_view(answer));

	append_numbers(answer, query->marker, 0, "", rows, 0, NULL,
		       lc_discovery_row_last_marker(query->marker));
}

static bool is_of_records(const struct sim_query *query)
{
	return query->kind == SIM_QUERY_SCAN;
}

/* The bytes of the row, or of the block of rows, at the beginning; 0 when there is none. */
static size_t row_size(const struct sim_query *query, struct lc_view answer)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(answer);
	struct lc_record_block block;

	if (answer.size == 0)
		return 0;
	if (is_of_records(query)) {
		lc_record_block_begin(&block, query->marker);
		if (lc_record_block_walk(&block, answer, NULL) != LC_RECORD_BLOCK_WHOLE)
			sim_fail("an answer that is no block of rows");
		return block.size;
	}
	lc_row_binary_number(&reader, 8);
	lc_row_binary_number(&reader, 4);
	lc_row_binary_text(&reader);
	if (query->kind != SIM_QUERY_CLOCK) {
		lc_row_binary_number(&reader, 8);
		lc_row_binary_number(&reader, 4);
		lc_row_binary_number(&reader, 4);
		lc_row_binary_number(&reader, 8);
		lc_row_binary_text(&reader);
	}
	lc_row_binary_number(&reader, 8);
	return (size_t)((const char *)reader.next - answer.data);
}

static struct lc_view from_there_on(struct lc_view answer, size_t size)
{
	return (struct lc_view){.data = answer.data + size, .size = answer.size - size};
}

size_t sim_answer_end_of(const struct sim_query *query, struct lc_view answer, uint64_t rows)
{
	size_t end = 0;

	while (rows-- > 0 && end < answer.size)
		end += row_size(query, from_there_on(answer, end));
	return end;
}

uint64_t sim_answer_rows(const struct sim_query *query, struct lc_view answer)
{
	uint64_t rows = 0;

	for (size_t end = 0; end < answer.size; rows++)
		end += row_size(query, from_there_on(answer, end));
	return rows;
}

/* Whether the query is about the row, as far as a replay has a say. */
static bool passes(const struct sim_query *query, const struct sim_row *row)
{
	const struct sim_target *wanted;
	const struct sim_target *own = &sim->targets[row->target];

	if (!query->filtered)
		return true;
	if (row->start_ms < query->from_ms || row->start_ms >= query->to_ms)
		return false;
	if (query->target < 0)
		return true;
	wanted = &sim->targets[query->target];
	return strcmp(own->bucket, wanted->bucket) == 0 &&
	       (query->whole_bucket || strcmp(own->prefix, wanted->prefix) == 0);
}

static bool of_shard(const struct sim_query *query, const struct sim_source *source)
{
	return source->session % query->shard_count == query->shard;
}

/* The first row of the source from `second` on. */
static size_t first_from(const struct sim_source *source, uint32_t second)
{
	size_t low = source->first_row;
	size_t high = source->first_row + source->row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sim->rows[middle].inserted_at < second)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Counts the visible rows of a source by units of `unit` seconds (0: all together). */
static void count_rows(const struct sim_query *query, unsigned seat,
		       const struct sim_source *source, uint32_t unit, struct lc_buffer *answer)
{
	size_t end = first_from(source, query->until);
	uint64_t count = 0;
	uint32_t key = 0;

	for (size_t i = first_from(source, query->from); i < end; i++) {
		const struct sim_row *row = &sim->rows[i];
		uint32_t own = unit == 0 ? row->inserted_at : row->inserted_at / unit * unit;

		if (!sim_row_visible(row, seat) || !passes(query, row))
			continue;
		if (count > 0 && unit != 0 && own != key) {
			append_count(answer, query->marker, source, count, key, NULL);
			count = 0;
		}
		if (count++ == 0)
			key = own;
	}
	if (count > 0)
		append_count(answer, query->marker, source, count, key, NULL);
}

static void answer_counts(const struct sim_query *query, unsigned seat, uint32_t unit,
			  struct lc_buffer *answer)
{
	size_t first = sim_below(sim->source_count);

	/* Groups come in any order. */
	for (size_t i = 0; i < sim->source_count; i++) {
		const struct sim_source *source = &sim->sources[(first + i) % sim->source_count];

		if (of_shard(query, source))
			count_rows(query, seat, source, unit, answer);
	}
}

static void answer_seconds(const struct sim_query *query, unsigned seat, struct lc_buffer *answer)
{
	struct lc_view list = query->list;
	struct lc_buffer bucket;
	uint32_t session;
	uint32_t slot = 0;

	lc_buffer_init(&bucket, 4096);
	while (sim_query_next_source(&list, &session, &bucket, &slot)) {
		const struct sim_source *source = sim_source_find(session, lc_buffer_view(&bucket));
		struct sim_query part = *query;

		if (source == NULL)
			sim_fail("a question for seconds of a source that there is not");
		part.from = slot > query->from ? slot : query->from;
		part.until = slot + 300 < query->until ? slot + 300 : query->until;
		count_rows(&part, seat, source, 1, answer);
	}
	lc_buffer_free(&bucket);
}

static void answer_rest(const struct sim_query *query, unsigned seat, struct lc_buffer *answer)
{
	struct lc_view list = query->list;
	struct sim_query part = *query;
	struct lc_buffer bucket;
	uint32_t session;

	if (query->rest_from > part.from)
		part.from = query->rest_from;
	lc_buffer_init(&bucket, 4096);
	while (sim_query_next_source(&list, &session, &bucket, NULL)) {
		const struct sim_source *source = sim_source_find(session, lc_buffer_view(&bucket));

		if (source == NULL || !source->ours)
			sim_fail("a question for the rest of a source that there is not, or not "
				 "ours");
		count_rows(&part, seat, source, 0, answer);
		part.from = query->from;
	}
	lc_buffer_free(&bucket);
}

static void answer_offsets(const struct sim_query *query, struct lc_buffer *answer)
{
	for (size_t i = 0; i < sim->source_count; i++) {
		struct lc_offset offset;

		if (of_shard(query, &sim->sources[i]) &&
		    sim_source_offset(&sim->sources[i], &offset))
			append_count(answer, query->marker, &sim->sources[i], 1, 0, &offset);
	}
}

static void answer_presence(const struct sim_query *query, struct lc_buffer *answer)
{
	for (size_t i = 0; i < SIM_PRESENCE_MAX && sim->shown[i].req_id[0] != '\0'; i++) {
		const struct sim_presence *shown = &sim->shown[i];
		struct lc_offset offset = {.start_time_ms = shown->start_ms,
					   .req_id = lc_view_of(shown->req_id)};

		if (shown->session % query->shard_count == query->shard)
			append_numbers(answer, query->marker, shown->session,
				       LC_QUERY_PRESENCE_BUCKET, 1, 0, &offset, query->marker);
	}
}

static void answer_oldest(const struct sim_query *query, unsigned seat, struct lc_buffer *answer)
{
	uint32_t oldest = UINT32_MAX;
	uint64_t found = 0;

	for (size_t i = 0; i < sim->row_count; i++) {
		const struct sim_row *row = &sim->rows[i];

		if (!sim_row_visible(row, seat))
			continue;
		found++;
		if (row->inserted_at < oldest)
			oldest = row->inserted_at;
	}
	oldest = oldest == UINT32_MAX ? 0 : oldest;
	if (oldest > sim->oldest)
		sim->oldest = oldest;
	append_numbers(answer, query->marker, 0, "", found, oldest, NULL, query->marker);
}

static void answer_doubtful_window(const struct sim_query *query, unsigned seat,
				   struct lc_buffer *answer)
{
	for (size_t i = 0; i < sim->source_count; i++) {
		const struct sim_source *source = &sim->sources[i];
		size_t end = first_from(source, query->until);
		struct lc_offset floor;
		bool has_floor = sim_source_offset(source, &floor);
		uint64_t count = 0;
		uint32_t oldest = 0;

		if (!of_shard(query, source))
			continue;
		for (size_t j = first_from(source, query->from); j < end; j++) {
			struct lc_offset offset = sim_row_offset(&sim->rows[j]);

			if (!sim_row_visible(&sim->rows[j], seat) ||
			    (has_floor && lc_offset_compare(&offset, &floor) <= 0))
				continue;
			if (count++ == 0)
				oldest = offset.inserted_at;
		}
		if (count > 0)
			append_count(answer, query->marker, source, count, oldest,
				     has_floor ? &floor : NULL);
	}
}

static bool is_source(const struct sim_query *query, const struct sim_source *source)
{
	struct lc_buffer literal;
	bool same;

	lc_buffer_init(&literal, 4096);
	lc_clickhouse_sql_append_literal(&literal, lc_view_of(source->bucket));
	same = source->session == query->session &&
	       lc_view_equal(lc_buffer_view(&literal), query->bucket);
	lc_buffer_free(&literal);
	return same;
}

/* What a replay is about, of the sources of a shard or of one. */
static void answer_matches(const struct sim_query *query, unsigned seat, struct lc_buffer *answer)
{
	for (size_t i = 0; i < sim->source_count; i++) {
		const struct sim_source *source = &sim->sources[i];
		size_t end = first_from(source, query->until);
		struct lc_offset latest = {.req_id = {.data = "", .size = 0}};
		uint32_t oldest = 0;
		uint64_t count = 0;

		if (query->kind == SIM_QUERY_MATCHES ? !of_shard(query, source)
						     : !is_source(query, source))
			continue;
		for (size_t j = first_from(source, query->from); j < end; j++) {
			const struct sim_row *row = &sim->rows[j];

			if (!sim_row_visible(row, seat) || !passes(query, row))
				continue;
			if (count++ == 0)
				oldest = row->inserted_at;
			latest.inserted_at = row->inserted_at;
		}
		if (count > 0)
			append_count(answer, query->marker, source, count, oldest, &latest);
	}
}

/* Rows with equal offsets come in any order. */
static void shuffle_equals(const struct sim_row **rows, size_t count)
{
	for (size_t begin = 0; begin < count;) {
		size_t end = begin + 1;

		while (end < count && sim_row_compare(rows[begin], rows[end]) == 0)
			end++;
		for (size_t i = end - begin; i > 1; i--) {
			size_t other = begin + sim_below(i);
			const struct sim_row *row = rows[begin + i - 1];

			rows[begin + i - 1] = rows[other];
			rows[other] = row;
		}
		begin = end;
	}
}

static bool is_unreadable(const struct sim_source *source)
{
	return sim_in_period(SIM_PERIOD_SOURCE_UNREADABLE, (unsigned)(source - sim->sources));
}

static bool answer_scan(const struct sim_query *query, unsigned seat, struct lc_buffer *answer)
{
	const struct sim_row **rows = lc_memory_zero(sim->row_count + 1, sizeof(rows[0]));
	struct lc_view list = query->list;
	const struct sim_source *last = NULL;
	struct lc_buffer bucket;
	uint32_t session;
	size_t count = 0;
	bool whole = true;

	lc_buffer_init(&bucket, 4096);
	while (whole && sim_query_next_source(&list, &session, &bucket, NULL)) {
		const struct sim_source *source = sim_source_find(session, lc_buffer_view(&bucket));
		size_t end;

		if (source == NULL || !source->ours)
			sim_fail("a scan of a source that there is not, or not ours");
		if (last != NULL && source <= last)
			sim_fail("a scan's list of sources is not in the table's order");
		last = source;
		whole = !is_unreadable(source);
		end = first_from(source, query->until);
		for (size_t i = first_from(source, query->from); whole && i < end; i++) {
			if (sim_row_visible(&sim->rows[i], seat) && passes(query, &sim->rows[i]))
				rows[count++] = &sim->rows[i];
		}
	}
	shuffle_equals(rows, count);
	append_records(answer, query->marker, rows, count);
	lc_buffer_free(&bucket);
	free(rows);
	return whole;
}

bool sim_answer(const struct sim_query *query, unsigned seat, struct lc_buffer *answer)
{
	int64_t now = (int64_t)sim->plan.epoch + (int64_t)(sim_now_ms() / 1000) +
		      sim_clock_error(seat, sim_now_ms());
	uint64_t behind_ms = sim_fault(sim->plan.stale_answers) ? sim_below(sim->plan.stale_ms) : 0;
	bool whole = true;

	sim->as_of_ms = sim_now_ms() > behind_ms ? sim_now_ms() - behind_ms : 0;
	switch (query->kind) {
	case SIM_QUERY_CLOCK:
		lc_row_binary_append_number(answer, query->marker, 8);
		lc_row_binary_append_number(answer, (uint64_t)(now + sim->plan.seat_skew[seat]), 4);
		lc_row_binary_append_text(answer, lc_view_of(""));
		lc_row_binary_append_number(answer, query->marker, 8);
		break;
	case SIM_QUERY_OFFSETS:
		answer_offsets(query, answer);
		break;
	case SIM_QUERY_PRESENCE:
		answer_presence(query, answer);
		break;
	case SIM_QUERY_OLDEST:
		answer_oldest(query, seat, answer);
		break;
	case SIM_QUERY_DOUBTFUL_WINDOW:
		answer_doubtful_window(query, seat, answer);
		break;
	case SIM_QUERY_WINDOW:
		answer_counts(query, seat, 0, answer);
		break;
	case SIM_QUERY_SLOTS:
		answer_counts(query, seat, 300, answer);
		break;
	case SIM_QUERY_SECONDS:
		answer_seconds(query, seat, answer);
		break;
	case SIM_QUERY_REST:
		answer_rest(query, seat, answer);
		break;
	case SIM_QUERY_SCAN:
		whole = answer_scan(query, seat, answer);
		break;
	case SIM_QUERY_MATCHES:
	case SIM_QUERY_MATCHES_OF_SOURCE:
		answer_matches(query, seat, answer);
		break;
	case SIM_QUERY_REST_OF_SOURCE:
	case SIM_QUERY_INSERT:
		break;
	}
	if (!is_of_records(query) && query->kind != SIM_QUERY_CLOCK)
		append_last(query, answer);
	return whole;
}

bool sim_is_presence(struct lc_view data)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(data);

	return data.size > 0 &&
	       lc_view_equal(lc_row_binary_text(&reader), lc_view_of(LC_QUERY_PRESENCE_BUCKET));
}

static void insert_presence(struct lc_view data)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(data);
	struct sim_presence shown = {.session = 0};
	uint32_t second;
	struct lc_view req_id;

	lc_row_binary_text(&reader);
	shown.session = (uint32_t)lc_row_binary_number(&reader, 2);
	second = (uint32_t)lc_row_binary_number(&reader, 4);
	shown.start_ms = (int64_t)lc_row_binary_number(&reader, 8);
	req_id = lc_row_binary_text(&reader);
	if (reader.state != LC_ROW_BINARY_GOOD || second != 0 || reader.next != reader.end ||
	    req_id.size >= sizeof(shown.req_id))
		sim_fail("a row of presence that cannot be read");
	memcpy(shown.req_id, req_id.data, req_id.size);
	memmove(sim->shown + 1, sim->shown, sizeof(sim->shown) - sizeof(sim->shown[0]));
	sim->shown[0] = shown;
}

static struct sim_source *read_offset(struct lc_row_binary_reader *reader, struct lc_offset *offset)
{
	struct lc_view bucket = lc_row_binary_text(reader);
	uint32_t session = (uint32_t)lc_row_binary_number(reader, 2);
	struct sim_source *source = sim_source_find(session, bucket);

	offset->inserted_at = (uint32_t)lc_row_binary_number(reader, 4);
	offset->start_time_ms = (int64_t)lc_row_binary_number(reader, 8);
	offset->req_id = lc_row_binary_text(reader);
	if (reader->state != LC_ROW_BINARY_GOOD || source == NULL || !source->ours ||
	    offset->req_id.size >= SIM_REQ_ID_SIZE)
		sim_fail("an INSERT of offsets that cannot be read, or of a strange source");
	return source;
}

void sim_check_sent(struct lc_view data)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(data);

	if (sim_is_presence(data))
		return;
	while (reader.next < reader.end) {
		struct lc_offset offset;
		struct sim_source *source = read_offset(&reader, &offset);

		sim_check_forward(source, offset.inserted_at);
		if (offset.inserted_at > source->sent_second)
			source->sent_second = offset.inserted_at;
		source->sent_by = sim->running;
	}
}

/* The greatest offset of a source counts, whatever the order of the inserts. */
void sim_insert_offsets(struct lc_view data)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(data);

	if (sim_is_presence(data)) {
		insert_presence(data);
		return;
	}
	while (reader.next < reader.end) {
		struct lc_offset before;
		struct lc_offset now;
		struct sim_source *source = read_offset(&reader, &now);

		if (sim_source_offset(source, &before) && lc_offset_compare(&now, &before) <= 0)
			continue;
		source->has_offset = true;
		source->offset_second = now.inserted_at;
		source->offset_start_ms = now.start_time_ms;
		memcpy(source->offset_req_id, now.req_id.data, now.req_id.size);
		source->offset_req_id[now.req_id.size] = '\0';
		sim_check_offset(source);
	}
}
