/*
 * Any bytes as ClickHouse's answer to each check of the preflight; the first byte says which. Then
 * the same as a table's engine. Checked: there is a verdict, a text without control bytes, and what
 * is read of an engine lies within it.
 */
#include "fuzz/fuzz.h"

#include "config/settings.h"
#include "preflight/clickhouse_checks.h"
#include "preflight/table_engine.h"

#include <stdlib.h>
#include <string.h>

static void check_verdict(const struct lc_verdict *verdict)
{
	size_t size = strnlen(verdict->text, sizeof verdict->text);

	LC_ASSERT(verdict->grade == LC_VERDICT_OK || verdict->grade == LC_VERDICT_WARN ||
		  verdict->grade == LC_VERDICT_FAIL);
	LC_ASSERT(size > 0 && size < sizeof verdict->text);
	for (size_t i = 0; i < size; i++)
		LC_ASSERT((unsigned char)verdict->text[i] >= 0x20 && verdict->text[i] != 0x7F);
}

static void check_within(struct lc_view part, struct lc_view whole)
{
	LC_ASSERT(part.size == 0 ||
		  (part.data >= whole.data && part.data + part.size <= whole.data + whole.size));
}

/* What an earlier answer has brought is at hand when the next one is judged. */
static void judge(unsigned id, struct lc_view answer, struct lc_preflight_facts *facts)
{
	struct lc_clickhouse_reply reply = {.answer = answer};
	struct lc_verdict verdict = {.grade = LC_VERDICT_GRADES};
	struct lc_buffer sql;

	lc_buffer_init(&sql, (size_t)64 * 1024);
	LC_CLICKHOUSE_CHECK_TABLE[id].append(&sql, facts);
	LC_ASSERT(sql.size > 0 && !lc_buffer_failed(&sql));
	lc_buffer_free(&sql);
	LC_CLICKHOUSE_CHECK_TABLE[id].judge(&reply, facts, &verdict);
	check_verdict(&verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_settings settings;
	struct lc_preflight_facts facts = {.delivery = {.settings = &settings, .shard_count = 1},
					   .url = "http://a:8123"};
	struct lc_view answer;
	struct lc_table_engine_ttl ttl;
	char *bytes;

	if (size == 0)
		return 0;
	bytes = malloc(size);
	LC_ASSERT(bytes != NULL);
	memcpy(bytes, data + 1, size - 1);
	answer = (struct lc_view){.data = bytes, .size = size - 1};
	lc_settings_default(&settings);
	judge(LC_CLICKHOUSE_CHECK_LOGS_TABLE, answer, &facts);
	judge(data[0] % LC_CLICKHOUSE_CHECKS, answer, &facts);
	judge(LC_CLICKHOUSE_CHECK_RETENTION, answer, &facts);
	lc_settings_free(&settings);

	ttl = lc_table_engine_ttl_of(answer);
	check_within(ttl.text, answer);
	for (unsigned i = 0; i < 4; i++)
		check_within(lc_table_engine_argument(answer, i), answer);
	free(bytes);
	return 0;
}
