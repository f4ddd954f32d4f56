-- The two tables through which several machines agree on who delivers which shard. They are kept in ClickHouse Keeper, or ZooKeeper:
-- each server of ClickHouse needs <keeper_map_path_prefix> in its configuration, and both tables, on the same path everywhere
-- (ON CLUSTER, or run this on each). So all servers see the same rows. The database must be Atomic or Replicated.
-- Nobody may delete rows, truncate or drop these tables while log-courier runs.
--
-- What log-courier's user may do there, and no more:
--	GRANT SELECT, INSERT, ALTER UPDATE ON logs.courier_heads TO courier
--	GRANT SELECT, INSERT ON logs.courier_machines TO courier

-- One row per shard: the end of its ledger's chain, changed by compare-and-swap alone.
CREATE TABLE IF NOT EXISTS logs.courier_heads
(
    name  String,
    value String
)
ENGINE = KeeperMap('/log-courier/heads')
PRIMARY KEY name;

-- One row per machine: its sign of life, written by this machine alone.
CREATE TABLE IF NOT EXISTS logs.courier_machines
(
    name  String,
    value String
)
ENGINE = KeeperMap('/log-courier/machines')
PRIMARY KEY name;
