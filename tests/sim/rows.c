/*
 * The rows of a history. Writers flush chunks of one source now and then; a chunk becomes visible
 * on each replica at a time of its own, some of them late; clocks of writers differ; rows stand in
 * the table twice; whole chunks share one offset; targets change at any row.
 */
#include "sim/sim.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

struct weather {
	size_t rows_wanted;
	uint64_t chunk_rows; /* at most */
	double late;         /* chance of a chunk */
	uint64_t late_ms;    /* at most */
	double too_late;     /* chance of a chunk to come when it may be older than the horizon */
	double stale;        /* chance of a replica to lag */
	uint64_t stale_ms;
	uint32_t clock_spread; /* of the writers, seconds */
	double equal;          /* chance of a chunk with one offset */
	double twins;          /* chance of a row */
	double moves;          /* chance of a row to have another target than the one before */
	uint64_t padding;
};

static struct weather make_weather(void)
{
	/* Past half of the horizon nothing new appears, whatever adds up. */
	uint64_t latest_ms = (uint64_t)sim->plan.horizon * 1000 / 3;
	uint64_t most = sim_chance(0.1) ? 5000 : sim_chance(0.5) ? 1000 : 200;

	return (struct weather){
	    .rows_wanted = sim_between(10, most),
	    .chunk_rows = sim_chance(0.5) ? 10 : 200,
	    .late = sim_chance(0.6) ? 0.5 * lc_random_unit(&sim->random) : 0,
	    .late_ms = sim_between(5000, latest_ms / 2),
	    .too_late = sim_chance(0.1) ? 0.1 : 0,
	    .stale = sim_chance(0.5) ? 0.3 * lc_random_unit(&sim->random) : 0,
	    .stale_ms = sim_between(1000, latest_ms / 2),
	    .clock_spread = sim_chance(0.3) ? 100 : 0,
	    .equal = sim_chance(0.4) ? 0.2 : 0,
	    .twins = sim_chance(0.4) ? 0.1 : 0,
	    .moves = sim_chance(0.4) ? 0.2 : 0.01,
	    .padding = sim_chance(0.3) ? 1000 : 100,
	};
}

static int compare_sources(const void *a, const void *b)
{
	const struct sim_source *left = a;
	const struct sim_source *right = b;

	if (left->session != right->session)
		return left->session < right->session ? -1 : 1;
	return lc_view_compare(lc_view_of(left->bucket), lc_view_of(right->bucket));
}

static void make_names(void)
{
	static const char *const forms[] = {"bucket-%u", "it's-%u", "back\\slash-%u"};

	sim->source_count = sim_between(1, sim_chance(0.3) ? SIM_SOURCES_MAX : 5);
	for (unsigned i = 0; i < sim->source_count; i++) {
		struct sim_source *source = &sim->sources[i];
		const char *form = forms[sim_chance(0.8) ? 0 : sim_below(3)];
		char number[12];

		source->session = (uint32_t)sim_below(6);
		snprintf(number, sizeof(number), "%u", i);
		snprintf(source->bucket, sizeof(source->bucket), "%.*s%s", (int)strcspn(form, "%"),
			 form, number);
		source->ours = sim->plan.all_shards ||
			       source->session % sim->plan.shard_count == sim->plan.shard;
	}
	qsort(sim->sources, sim->source_count, sizeof(sim->sources[0]), compare_sources);
	for (unsigned i = 0; i < sim->target_count; i++) {
		/* Some share a bucket and differ in their prefix. */
		snprintf(sim->targets[i].bucket, sizeof(sim->targets[i].bucket), "target-%u",
			 i / 2 * 2);
		snprintf(sim->targets[i].prefix, sizeof(sim->targets[i].prefix), "%s",
			 i % 2 == 0 ? "" : "logs/of-it/");
	}
}

static struct sim_row *add_row(size_t *capacity)
{
	sim->rows = lc_memory_grow(sim->rows, capacity, sim->row_count + 1, sizeof(sim->rows[0]));
	return &sim->rows[sim->row_count++];
}

/* When each replica shows what arrives at `at_ms`. */
static void make_visible(struct sim_row *row, const struct weather *weather, uint64_t at_ms,
			 bool late)
{
	uint64_t shown_ms = at_ms + sim_below(500) + (late ? sim_below(weather->late_ms) : 0);

	for (unsigned i = 0; i < SIM_SEATS_MAX; i++)
		row->visible_ms[i] =
		    shown_ms + sim_below(sim_chance(weather->stale) ? weather->stale_ms : 300);
}

static void add_chunk(const struct weather *weather, size_t *capacity)
{
	uint64_t at_ms = sim_below(sim->plan.rows_end_ms);
	uint32_t inserted_at = sim->plan.epoch + (uint32_t)(at_ms / 1000);
	struct sim_row chunk = {.source = (uint32_t)sim_below(sim->source_count),
				.target = (uint8_t)sim_below(sim->target_count)};
	bool equal = sim_chance(weather->equal);
	uint32_t spread = (uint32_t)sim_between(1, 3);

	inserted_at += (uint32_t)sim_below(2 * weather->clock_spread + 1) - weather->clock_spread;
	if (!sim->calm)
		inserted_at += (uint32_t)sim_clock_error(sim_clock_writer(), at_ms);
	chunk.written_ms = at_ms;
	if (sim_chance(weather->too_late))
		at_ms += (uint64_t)sim->plan.horizon * 500 + sim_below(sim->plan.horizon * 1000);
	make_visible(&chunk, weather, at_ms, sim_chance(weather->late));
	chunk.start_ms = (int64_t)inserted_at * 1000;
	snprintf(chunk.req_id, sizeof(chunk.req_id), "R%06X", (unsigned)sim_below(1 << 20));
	for (uint64_t i = sim_between(1, weather->chunk_rows); i > 0; i--) {
		struct sim_row row = chunk;

		row.line = (uint32_t)++sim->line_count;
		row.inserted_at = equal ? inserted_at : inserted_at + (uint32_t)sim_below(spread);
		row.padding = (uint16_t)sim_below(weather->padding);
		if (!equal) {
			row.start_ms -= (int64_t)sim_below(20000);
			snprintf(row.req_id, sizeof(row.req_id), "Q%06X", (unsigned)sim_below(99));
		}
		if (sim_chance(weather->moves))
			chunk.target = row.target = (uint8_t)sim_below(sim->target_count);
		*add_row(capacity) = row;
		while (sim_chance(weather->twins)) {
			row.host = (uint8_t)sim_below(2);
			if (sim_chance(0.3))
				make_visible(&row, weather, at_ms, true);
			*add_row(capacity) = row;
		}
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct sim_row *left = a;
	const struct sim_row *right = b;
	int order = sim_row_compare(left, right);

	/* The rest only makes the order the same in every run. */
	if (order == 0)
		order = (left->line > right->line) - (left->line < right->line);
	return order;
}

static bool is_timely(const struct sim_row *row)
{
	int64_t closes_ms = sim_clock_reaches_ms(row->inserted_at + sim->plan.delay);
	bool timely = true;

	for (unsigned i = 0; i < sim->plan.seat_count; i++)
		timely &= (int64_t)(row->visible_ms[i] + sim->plan.stale_ms) < closes_ms;
	return timely;
}

/* Sources, lines and what is expected of them. */
static void enter_row(size_t number)
{
	struct sim_row *row = &sim->rows[number];
	struct sim_source *source = &sim->sources[row->source];
	struct sim_line *line = &sim->lines[row->line];
	int64_t age_ms = ((int64_t)row->inserted_at - sim->plan.epoch) * 1000;

	if (source->row_count++ == 0)
		source->first_row = number;
	row->timely = is_timely(row);
	row->expires_ms = (uint64_t)(age_ms + (int64_t)sim->plan.retention * 1000);
	row->gone_ms = row->expires_ms + sim_below(300000);
	line->row = number;
	if (!source->ours)
		return;
	if (line->expected++ == 0)
		sim->lines_missing++;
	line->timely += row->timely;
}

void sim_rows_make(void)
{
	struct weather weather = make_weather();
	size_t capacity = 0;

	make_names();
	while (sim->row_count < weather.rows_wanted)
		add_chunk(&weather, &capacity);
	qsort(sim->rows, sim->row_count, sizeof(sim->rows[0]), compare_rows);
	sim->lines = lc_memory_zero(sim->line_count + 1, sizeof(sim->lines[0]));
	for (size_t i = 0; i < sim->row_count; i++)
		enter_row(i);
}
