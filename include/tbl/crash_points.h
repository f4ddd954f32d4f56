/*
 * Places between two durable steps where a test may kill a process (base/crash_point.h).
 *
 * LC_CRASH_POINT_ENTRY(name, text, help)    text: as LOG_COURIER_TEST_CRASH_AT names it
 */
#ifndef LC_CRASH_POINT_ENTRY
#define LC_CRASH_POINT_ENTRY(name, text, help)
#endif

/* clang-format off */
LC_CRASH_POINT_ENTRY(LEDGER_BEFORE_COMMIT, "ledger.before-commit", "a group of writes is executed, not committed")
LC_CRASH_POINT_ENTRY(LEDGER_AFTER_COMMIT, "ledger.after-commit", "a group of writes is on disk, nobody is told yet")
LC_CRASH_POINT_ENTRY(SHARE_SEGMENT_STORED, "share.segment-stored", "the segment of a group of writes is in S3, the head does not name it")
LC_CRASH_POINT_ENTRY(SHARE_HEAD_MOVED, "share.head-moved", "the head names the segment, the local ledger does not have it")
LC_CRASH_POINT_ENTRY(BUILD_QUEUED, "build.queued", "an intent is queued for the ledger, not certain to be on disk")
LC_CRASH_POINT_ENTRY(UPLOAD_BEFORE_PUT, "upload.before-put", "an intent is on disk, its PUT has not started")
LC_CRASH_POINT_ENTRY(MULTIPART_CREATED, "multipart.created", "an upload in parts is begun, it has none yet")
LC_CRASH_POINT_ENTRY(MULTIPART_PART, "multipart.part", "a part is stored, others are to come")
LC_CRASH_POINT_ENTRY(MULTIPART_WHOLE, "multipart.whole", "all parts are stored, they are no object yet")
LC_CRASH_POINT_ENTRY(UPLOAD_ANSWERED, "upload.answered", "a PUT is confirmed, the ledger does not know it")
LC_CRASH_POINT_ENTRY(SCAN_RANGES, "scan.ranges", "what a scan has settled is queued for the ledger")
LC_CRASH_POINT_ENTRY(DISCOVERY_WINDOW, "discovery.window", "the end of a window is queued for the ledger")
LC_CRASH_POINT_ENTRY(COMMIT_BEFORE_INSERT, "commit.before-insert", "the ledger knows the offsets, ClickHouse does not")
LC_CRASH_POINT_ENTRY(COMMIT_AFTER_INSERT, "commit.after-insert", "ClickHouse has taken the offsets")
LC_CRASH_POINT_ENTRY(RECONCILE_OPENED, "reconcile.opened", "seconds opened again are queued for the ledger")
LC_CRASH_POINT_ENTRY(RECONCILE_EXPIRED, "reconcile.expired", "a new lower bound of the horizon is queued for the ledger")
LC_CRASH_POINT_ENTRY(REBUILD_BEFORE_SUBMIT, "rebuild.before-submit", "a log object was rebuilt, its PUT is not queued")
LC_CRASH_POINT_ENTRY(REPLAY_ORDERED, "replay.ordered", "a replay has its file, nobody is told")
LC_CRASH_POINT_ENTRY(REPLAY_OVER, "replay.over", "nothing is left of a replay, its file does not know")
LC_CRASH_POINT_ENTRY(REPLAY_ENDED, "replay.ended", "the file of a replay says that it has ended")
LC_CRASH_POINT_ENTRY(MOVE_COPIED, "move.copied", "the content of one old ledger stands in a new one, not committed")
LC_CRASH_POINT_ENTRY(MOVE_BUILT, "move.built", "a new ledger is whole under a name of its own")
LC_CRASH_POINT_ENTRY(MOVE_ALL_BUILT, "move.all-built", "all new ledgers are whole, none has its name")
LC_CRASH_POINT_ENTRY(MOVE_RENAMED, "move.renamed", "a new ledger has its name")
LC_CRASH_POINT_ENTRY(LAYOUT_WRITTEN, "layout.written", "the new layout is whole under a name of its own")
LC_CRASH_POINT_ENTRY(LAYOUT_REPLACED, "layout.replaced", "the new layout is in force, the old ledgers are still there")
LC_CRASH_POINT_ENTRY(LAYOUT_REMOVED, "layout.removed", "a file of another layout was removed")
/* clang-format on */

#undef LC_CRASH_POINT_ENTRY
