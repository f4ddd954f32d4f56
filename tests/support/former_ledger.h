/*
 * A ledger of schema version 1, as an earlier release left it. It is made with SQL alone, so that
 * the program of today has no part in it.
 *
 * It has two sources of raft session shard + shards, "b" and "c", and one of shard + 2 * shards,
 * "b". Of their log objects those numbered 2, 3, 4, 6, 7 and 8 are open, in three hours, for
 * targets a/ and b/ in bucket t1 and the empty prefix in bucket t2; both buckets are blocked.
 */
#ifndef LC_SUPPORT_FORMER_LEDGER_H
#define LC_SUPPORT_FORMER_LEDGER_H

enum { LC_FORMER_LEDGER_START = 1699999200 }; /* the first hour's first second */

enum lc_former_ledger_how {
	LC_FORMER_LEDGER_CLOSED, /* by a worker that ended */
	LC_FORMER_LEDGER_KILLED, /* what was written last stands in the write-ahead log alone */
	LC_FORMER_LEDGER_MOVED,  /* by a change of the number of shards, and not opened since */
};

void lc_former_ledger_make(const char *path, unsigned shard, unsigned shards,
			   enum lc_former_ledger_how how);

#endif
