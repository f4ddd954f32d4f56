/* The model's table: order, visibility, rows as records. */
#include "sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

static struct lc_record_uint uint_of(uint64_t value)
{
	return (struct lc_record_uint){.value = value, .present = true};
}

void sim_row_record(const struct sim_row *row, struct sim_row_scratch *scratch,
		    struct lc_record *record)
{
	const struct sim_source *source = &sim->sources[row->source];
	const struct sim_target *target = &sim->targets[row->target];
	struct lc_view empty = {.data = "", .size = 0};
	size_t agent =
	    row->padding < sizeof(scratch->agent) ? row->padding : sizeof(scratch->agent);

	*record = (struct lc_record){0};
#define LC_FIELD_TEXT(name, expression) record->name = empty;
#include "tbl/record_fields.h"
	snprintf(scratch->key, sizeof(scratch->key), "k%" PRIu32, row->line);
	snprintf(scratch->host, sizeof(scratch->host), "node%u", row->host);
	memset(scratch->agent, 'a', agent);
	record->raft_session_id = source->session;
	record->bucket = lc_view_of(source->bucket);
	record->inserted_at = row->inserted_at;
	record->start_time_ms = row->start_ms;
	record->req_id = lc_view_of(row->req_id);
	record->target_bucket = lc_view_of(target->bucket);
	record->target_prefix = lc_view_of(target->prefix);
	record->operation = lc_view_of("REST.GET.OBJECT");
	record->object_key = lc_view_of(scratch->key);
	record->http_code = uint_of(200);
	record->bytes_sent = uint_of(row->line);
	record->user_agent = (struct lc_view){.data = scratch->agent, .size = agent};
	record->hostname = lc_view_of(scratch->host);
}

struct lc_offset sim_row_offset(const struct sim_row *row)
{
	return (struct lc_offset){.inserted_at = row->inserted_at,
				  .start_time_ms = row->start_ms,
				  .req_id = lc_view_of(row->req_id)};
}

int sim_row_compare(const struct sim_row *a, const struct sim_row *b)
{
	struct lc_offset left = sim_row_offset(a);
	struct lc_offset right = sim_row_offset(b);

	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	return lc_offset_compare(&left, &right);
}

bool sim_row_visible(const struct sim_row *row, unsigned seat)
{
	return row->visible_ms[seat] <= sim->as_of_ms && sim_now_ms() < row->gone_ms;
}

bool sim_source_offset(const struct sim_source *source, struct lc_offset *offset)
{
	*offset = (struct lc_offset){.inserted_at = source->offset_second,
				     .start_time_ms = source->offset_start_ms,
				     .req_id = lc_view_of(source->offset_req_id)};
	return source->has_offset;
}

struct sim_source *sim_source_find(uint32_t session, struct lc_view bucket)
{
	for (size_t i = 0; i < sim->source_count; i++) {
		struct sim_source *source = &sim->sources[i];

		if (source->session == session && lc_view_equal(lc_view_of(source->bucket), bucket))
			return source;
	}
	return NULL;
}
