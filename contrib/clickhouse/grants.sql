-- What log-courier's user may do in ClickHouse, and no more. On one node there are no other tables to grant rights on; where the tables
-- are Distributed, the rights on the local tables, the last two, are needed on each server of the cluster, too (ON CLUSTER).
-- Replace the password, and the names where they differ.

CREATE USER IF NOT EXISTS courier IDENTIFIED BY 'REPLACE-ME';
GRANT SELECT ON logs.logs TO courier;
GRANT SELECT, INSERT ON logs.offsets TO courier;
GRANT SELECT ON logs.logs_local TO courier;
GRANT SELECT, INSERT ON logs.offsets_local TO courier;
