#include "delivery/plan.h"

#include "base/assert.h"
#include "formats/record.h"

#include <inttypes.h>
#include <stdlib.h>

bool lc_plan_ready(const struct lc_source *source, const struct lc_plan_thresholds *thresholds,
		   uint32_t now)
{
	uint32_t since;

	if (!lc_source_is_open(source))
		return false;
	if (source->flush || source->open_rows >= thresholds->rows)
		return true;
	since = lc_source_open_since(source);
	return now > since && now - since > thresholds->age_seconds;
}

static int compare_sources(const void *a, const void *b)
{
	uint32_t left = lc_source_open_from(*(struct lc_source *const *)a);
	uint32_t right = lc_source_open_from(*(struct lc_source *const *)b);

	return (left > right) - (left < right);
}

void lc_plan_sort(struct lc_source **sources, size_t count)
{
	if (count > 1)
		qsort(sources, count, sizeof(struct lc_source *), compare_sources);
}

static int compare_names(const void *a, const void *b)
{
	return lc_source_compare(*(struct lc_source *const *)a, *(struct lc_source *const *)b);
}

void lc_plan_sort_by_name(struct lc_source **sources, size_t count)
{
	if (count > 1)
		qsort(sources, count, sizeof(struct lc_source *), compare_names);
}

/* Bytes that a source takes in the query's list at most: every byte of its name escaped, the
 * session, brackets and commas around. */
static size_t list_bytes(const struct lc_source *source)
{
	return source->bucket.size * 2 + 32;
}

size_t lc_plan_group(struct lc_source *const *sources, size_t count)
{
	/* Reading settled seconds again costs what is in them: a source may start up to one minute
	 * after the oldest one of its group, or, when its own ranges are long, by their length. */
	const uint32_t near = 60;
	size_t bytes = 0;
	size_t group = 0;

	while (group < count) {
		uint32_t own = lc_source_open_from(sources[group]);
		uint32_t length = lc_source_open_to(sources[group]) - own;
		uint32_t early = own - lc_source_open_from(sources[0]);

		bytes += list_bytes(sources[group]);
		if (group > 0 && bytes > LC_PLAN_LIST_BYTES)
			break;
		if (early > near && early > length)
			break;
		group++;
	}
	return group;
}

void lc_plan_append_literal(struct lc_buffer *sql, struct lc_view text)
{
	lc_buffer_append_char(sql, '\'');
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '\0') {
			lc_buffer_append_text(sql, "\\0");
			continue;
		}
		if (c == '\'' || c == '\\')
			lc_buffer_append_char(sql, '\\');
		lc_buffer_append_char(sql, c);
	}
	lc_buffer_append_char(sql, '\'');
}

/* The sessions stand in a list of their own: that is what ClickHouse can skip granules by. */
static void append_sessions(struct lc_buffer *sql, struct lc_source *const *sources, size_t count)
{
	uint32_t last = 0;

	lc_buffer_append_text(sql, "raftSessionID IN (");
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && sources[i]->raft_session_id == last)
			continue;
		last = sources[i]->raft_session_id;
		lc_buffer_append_format(sql, "%s%" PRIu32, i == 0 ? "" : ",", last);
	}
	lc_buffer_append_char(sql, ')');
}

void lc_plan_append_scan(struct lc_buffer *sql, const char *database, const char *table,
			 uint64_t marker, struct lc_source *const *sources, size_t count,
			 uint32_t from, uint32_t until)
{
	LC_ASSERT(count > 0);
	lc_buffer_append_text(sql, "SELECT ");
	lc_record_append_columns(sql, marker);
	lc_buffer_append_format(sql, " FROM `%s`.`%s` WHERE ", database, table);
	append_sessions(sql, sources, count);
	lc_buffer_append_format(sql,
				" AND insertedAt >= toDateTime(%" PRIu32
				") AND insertedAt < toDateTime(%" PRIu32
				") AND (raftSessionID, bucketName) IN (",
				from, until);
	for (size_t i = 0; i < count; i++) {
		lc_buffer_append_format(sql, "%s(%" PRIu32 ",", i == 0 ? "" : ",",
					sources[i]->raft_session_id);
		lc_plan_append_literal(sql, sources[i]->bucket);
		lc_buffer_append_char(sql, ')');
	}
	lc_buffer_append_text(sql, ") ORDER BY raftSessionID, bucketName, insertedAt, startTime, "
				   "req_id FORMAT RowBinary");
}
