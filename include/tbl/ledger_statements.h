/*
 * Every SQL statement that the ledger runs more than once. LC_STATEMENT(name, sql) is prepared once
 * a ledger; LC_HOUR_STATEMENT(name, sql) once for each table of log objects, whose name stands in
 * for %s. Include it with the macros below defined; those not needed may be left undefined.
 */
#ifndef LC_STATEMENT
#define LC_STATEMENT(name, sql)
#endif
#ifndef LC_HOUR_STATEMENT
#define LC_HOUR_STATEMENT(name, sql)
#endif

/* clang-format off */
LC_STATEMENT(BEGIN, "BEGIN")
LC_STATEMENT(COMMIT, "COMMIT")
LC_STATEMENT(ROLLBACK, "ROLLBACK")

LC_STATEMENT(READ_META, "SELECT value FROM meta WHERE name = ?1")
LC_STATEMENT(SET_META, "UPDATE meta SET value = ?2 WHERE name = ?1")
LC_STATEMENT(RAISE_META, "UPDATE meta SET value = ?2 WHERE name = ?1 AND value < ?2")
LC_STATEMENT(PUT_META, "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")

LC_STATEMENT(READ_HOURS, "SELECT hour, oldest_second FROM hour ORDER BY hour")
LC_STATEMENT(ADD_HOUR, "INSERT INTO hour (hour, oldest_second) VALUES (?1, ?2)")
LC_STATEMENT(LOWER_HOUR, "UPDATE hour SET oldest_second = ?2 WHERE hour = ?1")
LC_STATEMENT(DROP_HOUR, "DELETE FROM hour WHERE hour = ?1")
LC_STATEMENT(HOUR_IS_NEEDED, "SELECT 1 WHERE EXISTS (SELECT 1 FROM open_intent WHERE hour = ?1) "
	"OR EXISTS (SELECT 1 FROM open_range WHERE first_second < ?2)")

LC_STATEMENT(FIND_SOURCE, "SELECT id, floor_second, floor_start_ms, floor_req_id, committed_second "
	"FROM source WHERE session = ?1 AND bucket = ?2")
LC_STATEMENT(ADD_SOURCE, "INSERT INTO source (session, bucket) VALUES (?1, ?2)")
LC_STATEMENT(SET_FLOOR, "UPDATE source SET floor_second = ?2, floor_start_ms = ?3, floor_req_id = ?4, "
	"committed_second = max(committed_second, ?2) WHERE id = ?1")
LC_STATEMENT(SET_COMMITTED, "UPDATE source SET committed_second = ?2 WHERE id = ?1")
LC_STATEMENT(SET_LAST_SECOND, "UPDATE source SET last_second = ?2 WHERE id = ?1 AND last_second < ?2")
LC_STATEMENT(AFTER_FLOORS, "SELECT coalesce(max(floor_second) + 1, 0) FROM source")
LC_STATEMENT(DROP_FLOORS, "UPDATE source SET floor_second = NULL, floor_start_ms = NULL, floor_req_id = NULL "
	"WHERE floor_second < ?1 AND NOT EXISTS (SELECT 1 FROM open_range "
	"WHERE open_range.source = source.id AND first_second <= floor_second)")
LC_STATEMENT(DROP_SOURCES, "DELETE FROM source WHERE floor_second IS NULL AND committed_second < ?1 "
	"AND last_second < ?1 AND id NOT IN (SELECT source FROM open_range) "
	"AND id NOT IN (SELECT source FROM open_intent)")

LC_STATEMENT(ADD_RANGE, "INSERT INTO open_range (source, first_second, until, since) VALUES (?1, ?2, ?3, ?4)")
LC_STATEMENT(DROP_RANGES, "DELETE FROM open_range WHERE source = ?1")
LC_STATEMENT(READ_RANGES, "SELECT first_second, until, since FROM open_range WHERE source = ?1 "
	"ORDER BY first_second")

LC_STATEMENT(ADD_OPEN_INTENT, "INSERT INTO open_intent (id, hour, source, target_bucket, first_second, rows, "
	"target_prefix) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
LC_STATEMENT(CLOSE_INTENT, "DELETE FROM open_intent WHERE id = ?1")
LC_STATEMENT(READ_OPEN_INTENTS, "SELECT o.id, o.hour, s.session, s.bucket FROM open_intent o "
	"JOIN source s ON s.id = o.source WHERE o.target_bucket = ?1 AND o.target_prefix = ?2 AND o.id > ?3 "
	"ORDER BY o.id LIMIT ?4")
LC_STATEMENT(OLDEST_OPEN_INTENT, "SELECT min(first_second) FROM open_intent "
	"WHERE target_bucket = ?1 AND target_prefix = ?2")

LC_STATEMENT(ADD_TO_SLOT, "INSERT INTO slot (slot, source, rows) VALUES (?1, ?2, ?3) "
	"ON CONFLICT (slot, source) DO UPDATE SET rows = rows + excluded.rows")
LC_STATEMENT(READ_SLOT, "SELECT rows FROM slot WHERE slot = ?1 AND source = ?2")
LC_STATEMENT(TAKE_FROM_SLOT, "UPDATE slot SET rows = rows - ?3 WHERE slot = ?1 AND source = ?2")
LC_STATEMENT(DROP_EMPTY_SLOT, "DELETE FROM slot WHERE slot = ?1 AND source = ?2 AND rows <= 0")
LC_STATEMENT(DROP_SLOTS, "DELETE FROM slot WHERE slot < ?1")
LC_STATEMENT(SLOTS_TO_DROP, "SELECT max("
	"(SELECT coalesce(max(slot) + 1, 0) FROM slot WHERE slot < ?1), "
	"(SELECT coalesce(max(floor_second) / ?2 + 1, 0) FROM source WHERE floor_second < ?1 * ?2), "
	"(SELECT coalesce((max(horizon) + ?2 - 1) / ?2, 0) FROM origin "
	"WHERE horizon <= (SELECT value FROM meta WHERE name = 'horizon')))")

LC_STATEMENT(SET_TARGET, "INSERT OR REPLACE INTO target (bucket, whole, prefix, refused, failures, "
	"probe_at_ms, given_up) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
LC_STATEMENT(DROP_TARGET, "DELETE FROM target WHERE bucket = ?1 AND whole = ?2 AND prefix = ?3")

LC_STATEMENT(READ_ORIGINS, "SELECT modulus, remainder, until, horizon FROM origin")
LC_STATEMENT(IS_SEEN_ELSEWHERE, "SELECT 1 FROM origin WHERE until > 0 AND ?1 % modulus = remainder")
LC_STATEMENT(DROP_ORIGINS, "DELETE FROM origin WHERE until <= (SELECT value FROM meta WHERE name = 'until') "
	"AND horizon <= (SELECT value FROM meta WHERE name = 'horizon')")

LC_STATEMENT(STATE_SOURCES, "SELECT id, session, bucket FROM source "
	"WHERE id IN (SELECT source FROM open_range) ORDER BY id")
LC_STATEMENT(STATE_UNCOMMITTED, "SELECT session, bucket, last_second FROM source "
	"WHERE last_second > committed_second AND last_second >= ?1")
LC_STATEMENT(STATE_TARGETS, "SELECT bucket, whole, prefix, refused, failures, probe_at_ms, given_up FROM target")
LC_STATEMENT(STATE_INTENTS, "SELECT s.session, s.bucket, o.target_bucket, o.target_prefix, o.intents, o.rows, "
	"o.oldest FROM (SELECT source, target_bucket, target_prefix, count(*) AS intents, sum(rows) AS rows, "
	"min(first_second) AS oldest FROM open_intent GROUP BY source, target_bucket, target_prefix) o "
	"JOIN source s ON s.id = o.source")

LC_HOUR_STATEMENT(ADD, "INSERT INTO %s (id, source, first_second, last_second, rows, bytes, expired, "
	"target_bucket, target_prefix, key, taken_rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10)")
LC_HOUR_STATEMENT(CLOSE, "UPDATE %s SET expired = ?2 WHERE id = ?1")
LC_HOUR_STATEMENT(WITHDRAW, "DELETE FROM %s WHERE id = ?1")
LC_HOUR_STATEMENT(READ_BLOB, "SELECT id, first_second, last_second, rows, taken_rows, source FROM %s WHERE id = ?1")
LC_HOUR_STATEMENT(THIN_OUT, "DELETE FROM %s WHERE id NOT IN (SELECT id FROM open_intent WHERE hour = ?1) "
	"AND source NOT IN (SELECT source FROM open_range WHERE first_second < ?2)")
LC_HOUR_STATEMENT(READ, "SELECT first_second, last_second, rows, bytes, target_prefix, key, taken_rows "
	"FROM %s WHERE id = ?1")
LC_HOUR_STATEMENT(READ_BLOBS, "SELECT id, first_second, last_second, rows, taken_rows FROM %s "
	"WHERE source = ?1 AND last_second >= ?2 AND first_second < ?3")
LC_HOUR_STATEMENT(READ_NEWEST, "SELECT b.id, b.first_second, b.last_second, b.rows, b.bytes, "
	"b.target_bucket, b.target_prefix, b.key, b.expired, o.id IS NOT NULL "
	"FROM %s b LEFT JOIN open_intent o ON o.id = b.id WHERE b.source = ?1 ORDER BY b.id DESC LIMIT ?2")
LC_HOUR_STATEMENT(READ_DELIVERIES, "SELECT b.id, b.first_second, b.last_second, b.rows, b.bytes, "
	"b.target_bucket, b.target_prefix, b.key, b.expired, o.id IS NOT NULL, s.session, s.bucket "
	"FROM %s b JOIN source s ON s.id = b.source LEFT JOIN open_intent o ON o.id = b.id "
	"WHERE b.target_bucket = ?1 OR s.bucket = ?1 ORDER BY b.id DESC LIMIT ?2")
/* clang-format on */

#undef LC_STATEMENT
#undef LC_HOUR_STATEMENT
