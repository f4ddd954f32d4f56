-- The tables that log-courier reads and writes, as a production cluster has them: several shards, each replicated.
-- Documentation: the operator of ClickHouse owns the schema, log-courier never creates or changes a table.
-- Needs the macros cluster, shard and replica, and ClickHouse Keeper or ZooKeeper.
-- This is the layout whose Distributed tables are called access_logs_federated and offsets_federated.

CREATE DATABASE IF NOT EXISTS logs ON CLUSTER '{cluster}';

-- Where a shard keeps its rows. insertedAt is set by the node that ingests.
CREATE TABLE IF NOT EXISTS logs.access_logs ON CLUSTER '{cluster}'
(
    insertedAt           DateTime DEFAULT now(),
    hostname             LowCardinality(Nullable(String)),
    startTime            DateTime64(3),
    requester            Nullable(String),
    operation            Nullable(String),
    requestURI           Nullable(String),
    errorCode            Nullable(String),
    objectSize           Nullable(UInt64),
    totalTime            Nullable(Float32),
    turnAroundTime       Nullable(Float32),
    referer              Nullable(String),
    userAgent            Nullable(String),
    versionId            Nullable(String),
    hostHeader           Nullable(String),
    signatureVersion     LowCardinality(Nullable(String)),
    cipherSuite          LowCardinality(Nullable(String)),
    authenticationType   LowCardinality(Nullable(String)),
    tlsVersion           LowCardinality(Nullable(String)),
    aclRequired          LowCardinality(Nullable(String)),
    bucketName           String,
    bucketOwner          Nullable(String),
    req_id               String,
    bytesSent            Nullable(UInt64),
    clientIP             Nullable(String),
    httpCode             Nullable(UInt16),
    objectKey            Nullable(String),
    logFormatVersion     LowCardinality(Nullable(String)),
    loggingEnabled       Bool,
    loggingTargetBucket  String,
    loggingTargetPrefix  String,
    awsAccessKeyID       Nullable(String),
    raftSessionID        UInt16
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/logs/access_logs', '{replica}')
PARTITION BY toStartOfDay(insertedAt)
ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id)
TTL insertedAt + INTERVAL 3 DAY DELETE;

-- All shards as one table: clickhouse.logs-table.
CREATE TABLE IF NOT EXISTS logs.access_logs_federated ON CLUSTER '{cluster}' AS logs.access_logs
ENGINE = Distributed('{cluster}', logs, access_logs, raftSessionID);

-- Where the producer writes one row per S3 request. It stores nothing.
CREATE TABLE IF NOT EXISTS logs.access_logs_ingest ON CLUSTER '{cluster}' AS logs.access_logs
ENGINE = Null;

-- Only requests to buckets with logging enabled are kept.
CREATE MATERIALIZED VIEW IF NOT EXISTS logs.access_logs_ingest_view ON CLUSTER '{cluster}' TO logs.access_logs_federated AS
SELECT * FROM logs.access_logs_ingest WHERE loggingEnabled = true;

-- How far log-courier got with each source. Several rows per source may exist until merges happen.
CREATE TABLE IF NOT EXISTS logs.offsets ON CLUSTER '{cluster}'
(
    bucketName               String,
    raftSessionID            UInt16,
    lastProcessedInsertedAt  DateTime,
    lastProcessedStartTime   DateTime64(3),
    lastProcessedReqId       String
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/logs/offsets', '{replica}',
                                      lastProcessedInsertedAt)
ORDER BY (bucketName, raftSessionID);

-- All shards as one table: clickhouse.offsets-table.
CREATE TABLE IF NOT EXISTS logs.offsets_federated ON CLUSTER '{cluster}' AS logs.offsets
ENGINE = Distributed('{cluster}', logs, offsets, raftSessionID);
