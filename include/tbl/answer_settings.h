/*
 * ClickHouse's settings that could shorten or change an answer, each with the value under which the
 * answer is what was asked for. They stand in the text of every statement (delivery/query): there
 * they go before the user's profile, and a proxy that drops URL parameters leaves them alone. A
 * server obeys them or refuses the statement. ClickHouse 23.10 and all later versions know them; an
 * unknown one would be error 115.
 *
 * Not here, because no statement can set or see them: row policies, and constraints of the user as
 * whom a Distributed table's shards are asked.
 *
 * LC_ANSWER_SETTING(name, value)
 *
 * Younger settings, with the value that may shorten or change an answer: what a server that knows
 * them has is read with its clock, and nothing is read from a server that has it.
 *
 * LC_ANSWER_YOUNG_SETTING(name, value)
 */
#ifndef LC_ANSWER_SETTING
#define LC_ANSWER_SETTING(name, value)
#endif
#ifndef LC_ANSWER_YOUNG_SETTING
#define LC_ANSWER_YOUNG_SETTING(name, value)
#endif

/* Rows of the result that are left out, or others than the statement's own. */
LC_ANSWER_SETTING("limit", "0")
LC_ANSWER_SETTING("offset", "0")
LC_ANSWER_SETTING("additional_result_filter", "''")
LC_ANSWER_SETTING("additional_table_filters", "{}")
LC_ANSWER_SETTING("extremes", "0")
LC_ANSWER_SETTING("partial_result_on_first_cancel", "0")
LC_ANSWER_SETTING("use_query_cache", "0")
LC_ANSWER_SETTING("empty_result_for_aggregation_by_empty_set", "0")

/* A limit that is reached fails the statement. */
LC_ANSWER_SETTING("read_overflow_mode", "'throw'")
LC_ANSWER_SETTING("read_overflow_mode_leaf", "'throw'")
LC_ANSWER_SETTING("result_overflow_mode", "'throw'")
LC_ANSWER_SETTING("timeout_overflow_mode", "'throw'")
LC_ANSWER_SETTING("group_by_overflow_mode", "'throw'")
LC_ANSWER_SETTING("sort_overflow_mode", "'throw'")
LC_ANSWER_SETTING("distinct_overflow_mode", "'throw'")
LC_ANSWER_SETTING("set_overflow_mode", "'throw'")
LC_ANSWER_SETTING("join_overflow_mode", "'throw'")
LC_ANSWER_SETTING("transfer_overflow_mode", "'throw'")

/* All shards answer, each once and with all its rows. A sharding key does not say where rows are:
 * they may have been written to a shard's own table. */
LC_ANSWER_SETTING("skip_unavailable_shards", "0")
LC_ANSWER_SETTING("optimize_skip_unused_shards", "0")
LC_ANSWER_SETTING("distributed_group_by_no_merge", "0")
LC_ANSWER_SETTING("max_parallel_replicas", "1")
LC_ANSWER_SETTING("allow_experimental_parallel_reading_from_replicas", "0")
LC_ANSWER_SETTING("parallel_replicas_count", "0")
LC_ANSWER_SETTING("parallel_replica_offset", "0")
LC_ANSWER_SETTING("parallel_replicas_custom_key", "''")

/* Each row as it is stored. */
LC_ANSWER_SETTING("final", "0")
LC_ANSWER_SETTING("apply_deleted_mask", "1")
LC_ANSWER_SETTING("join_use_nulls", "0")
LC_ANSWER_SETTING("any_join_distinct_right_table_keys", "0")
LC_ANSWER_SETTING("prefer_column_name_to_alias", "0")
LC_ANSWER_SETTING("aggregate_functions_null_for_empty", "0")
LC_ANSWER_SETTING("cast_keep_nullable", "0")

/* An INSERT is answered when its rows are where they can be read: without these a Distributed table
 * or the server's buffer would answer before. The first is the older name, which all know. */
LC_ANSWER_SETTING("insert_distributed_sync", "1")
LC_ANSWER_SETTING("async_insert", "0")
LC_ANSWER_SETTING("wait_for_async_insert", "1")

/* Since 24.2: max_execution_time_leaf, on the shards of a Distributed table. */
LC_ANSWER_YOUNG_SETTING("timeout_overflow_mode_leaf", "break")
/* Since 24.7: types in the heads of blocks are numbers, not names (formats/record_block.h). */
LC_ANSWER_YOUNG_SETTING("output_format_native_encode_types_in_binary_format", "1")

#undef LC_ANSWER_SETTING
#undef LC_ANSWER_YOUNG_SETTING
