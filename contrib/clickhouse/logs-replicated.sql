-- The tables that log-courier reads and writes, as a production cluster has them: several shards, each replicated.
-- Documentation: the operator of ClickHouse owns the schema, log-courier never creates or changes a table.
-- Needs the macros cluster, shard and replica, and ClickHouse Keeper or ZooKeeper.

CREATE DATABASE IF NOT EXISTS logs ON CLUSTER '{cluster}';

-- Where a shard keeps its rows. insertedAt is set by the node that ingests.
CREATE TABLE IF NOT EXISTS logs.logs_local ON CLUSTER '{cluster}'
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/logs/logs_local', '{replica}')
PARTITION BY toStartOfDay(insertedAt)
ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id)
TTL insertedAt + INTERVAL 3 DAY DELETE;

-- All shards as one table: clickhouse.logs-table.
CREATE TABLE IF NOT EXISTS logs.logs ON CLUSTER '{cluster}' AS logs.logs_local
ENGINE = Distributed('{cluster}', logs, logs_local, raftSessionID);

-- Where the producer writes one row per S3 request. It stores nothing.
CREATE TABLE IF NOT EXISTS logs.logs_ingest_local ON CLUSTER '{cluster}' AS logs.logs_local
ENGINE = Null;

-- Only requests to buckets with logging enabled are kept.
CREATE MATERIALIZED VIEW IF NOT EXISTS logs.logs_ingest_view ON CLUSTER '{cluster}' TO logs.logs AS
SELECT * FROM logs.logs_ingest_local WHERE loggingEnabled = true;

-- How far log-courier got with each source. Several rows per source may exist until merges happen.
CREATE TABLE IF NOT EXISTS logs.offsets_local ON CLUSTER '{cluster}'
(
    bucketName               String,
    raftSessionID            UInt16,
    lastProcessedInsertedAt  DateTime,
    lastProcessedStartTime   DateTime64(3),
    lastProcessedReqId       String
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/logs/offsets_local', '{replica}',
                                      lastProcessedInsertedAt)
ORDER BY (bucketName, raftSessionID);

-- All shards as one table: clickhouse.offsets-table.
CREATE TABLE IF NOT EXISTS logs.offsets ON CLUSTER '{cluster}' AS logs.offsets_local
ENGINE = Distributed('{cluster}', logs, offsets_local, raftSessionID);
