#include "machines/table.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "clients/clickhouse.h"
#include "formats/row_binary.h"

#include <stdlib.h>

enum {
	SQL_MAX = 1024,
	ANSWER_MAX = 32 * 1024 * 1024,
	ROW_MAX = 2 * LC_MACHINE_BEAT_MAX,
};

struct lc_table {
	struct lc_table_options options;
	lc_table_callback *callback;
	void *context;
	struct lc_clickhouse_query *query; /* that is under way, or NULL */
	bool reading;
	struct lc_buffer answer;
	struct lc_peer_row *rows; /* views into the answer */
	size_t row_count;
	size_t row_capacity;
};

struct lc_table *lc_table_new(const struct lc_table_options *options, lc_table_callback *callback,
			      void *context)
{
	struct lc_table *table = lc_memory_zero(1, sizeof *table);

	table->options = *options;
	table->callback = callback;
	table->context = context;
	lc_buffer_init(&table->answer, ANSWER_MAX);
	return table;
}

void lc_table_free(struct lc_table *table)
{
	if (table == NULL)
		return;
	if (table->query != NULL)
		lc_clickhouse_cancel(table->query);
	lc_buffer_free(&table->answer);
	free(table->rows);
	free(table);
}

const struct lc_peer_row *lc_table_rows(const struct lc_table *table, size_t *count)
{
	*count = table->row_count;
	return table->rows;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_table *table = context;

	lc_buffer_append_view(&table->answer, piece);
	return !lc_buffer_failed(&table->answer) ||
	       lc_error_set(error, LC_ERROR_LIMIT, "table %s: an answer of more than %d bytes",
			    table->options.table, (int)ANSWER_MAX);
}

static bool read_rows(struct lc_table *table, struct lc_error *error)
{
	struct lc_row_binary_reader reader =
	    lc_row_binary_reader_of(lc_buffer_view(&table->answer));

	while (reader.next < reader.end) {
		struct lc_peer_row row = {.name = lc_row_binary_text(&reader)};

		row.text = lc_row_binary_text(&reader);
		if (reader.state != LC_ROW_BINARY_GOOD)
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "table %s: found an answer that ends within a row",
					    table->options.table);
		table->rows = lc_memory_grow(table->rows, &table->row_capacity,
					     table->row_count + 1, sizeof *table->rows);
		table->rows[table->row_count++] = row;
	}
	return true;
}

static void on_done(void *context, const struct lc_error *error)
{
	struct lc_table *table = context;
	struct lc_error fault = *error;

	table->query = NULL;
	if (fault.kind == LC_ERROR_NONE && table->reading)
		(void)read_rows(table, &fault);
	table->callback(table->context, &fault);
}

static void start(struct lc_table *table, struct lc_clickhouse_spec *spec)
{
	LC_ASSERT(table->query == NULL);
	spec->timeout_ms = table->options.timeout_ms;
	spec->on_data = on_data;
	spec->on_done = on_done;
	spec->context = table;
	lc_buffer_clear(&table->answer);
	table->row_count = 0;
	table->query = lc_clickhouse_start(table->options.clickhouse, spec);
}

void lc_table_read(struct lc_table *table, unsigned seat)
{
	struct lc_clickhouse_spec spec = {.seat = seat};
	struct lc_buffer sql;

	lc_buffer_init(&sql, SQL_MAX);
	lc_buffer_append_format(&sql, "SELECT name, value FROM `%s`.`%s` FORMAT RowBinary",
				table->options.database, table->options.table);
	spec.sql = lc_buffer_view(&sql);
	table->reading = true;
	start(table, &spec);
	lc_buffer_free(&sql);
}

void lc_table_write(struct lc_table *table, unsigned seat, struct lc_view name,
		    struct lc_view value)
{
	/* In strict mode the row must not be there yet. */
	static const struct lc_clickhouse_setting settings[] = {
	    {.name = "keeper_map_strict_mode", .value = "0"}};
	struct lc_clickhouse_spec spec = {.seat = seat, .settings = settings, .setting_count = 1};
	struct lc_buffer sql;
	struct lc_buffer row;

	lc_buffer_init(&sql, SQL_MAX);
	lc_buffer_init(&row, ROW_MAX);
	lc_buffer_append_format(&sql, "INSERT INTO `%s`.`%s` (name, value) FORMAT RowBinary",
				table->options.database, table->options.table);
	lc_row_binary_append_text(&row, name);
	lc_row_binary_append_text(&row, value);
	LC_ASSERT(!lc_buffer_failed(&row) && !lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	spec.data = lc_buffer_view(&row);
	table->reading = false;
	start(table, &spec);
	lc_buffer_free(&sql);
	lc_buffer_free(&row);
}
