/*
 * What keeps ClickHouse or S3 from working for us, by what is to be done about it. Health says
 * "<what> for <n> s: <its own words>; <advice>".
 *
 * LC_FAULT(name, word, reach, patience, what, advice)
 *
 * word: in the status document. reach: WHOLE, the whole service is concerned; PART, perhaps one
 * target or source, perhaps all; ONE, a single target or source. patience: AT_ONCE, it stays until
 * somebody acts; LATER, it may pass, and is reported after health.unreachable-after-seconds.
 */
#ifndef LC_FAULT
#define LC_FAULT(name, word, reach, patience, what, advice)
#endif

/* clang-format off */
LC_FAULT(S3_UNREACHABLE, "s3-unreachable", WHOLE, LATER, "S3 has confirmed no upload",
	"make sure that s3.endpoint is right and its server is running; delivery resumes by itself")
LC_FAULT(S3_SILENT, "s3-silent", PART, LATER, "S3 has confirmed no upload",
	"S3 breaks connections, or takes longer than timeout.upload-operation-seconds: make sure that it is not overloaded; delivery resumes by itself")
LC_FAULT(S3_BUSY, "s3-busy", PART, LATER, "S3 has confirmed no upload",
	"S3, or a proxy in front of it, is overloaded or broken: repair it; delivery resumes by itself")
LC_FAULT(S3_TLS, "s3-tls", WHOLE, AT_ONCE, "S3 has confirmed no upload, because its certificate is not trusted",
	"name the authority that has signed it in s3.tls-ca-file and run log-courier-ctl reload, or have the certificate renewed; all rows are kept meanwhile")
LC_FAULT(S3_KEY, "s3-key", WHOLE, AT_ONCE, "S3 has refused the access key or its secret",
	"correct s3.access-key-id and s3.secret-access-key and run log-courier-ctl reload, or create the key again; all rows are kept meanwhile")
LC_FAULT(S3_CREDENTIALS, "s3-credentials", PART, AT_ONCE, "there have been no credentials to sign requests to S3 with",
	"repair the source that it names, or correct s3.credentials and run log-courier-ctl reload; delivery resumes by itself; all rows are kept meanwhile")
LC_FAULT(S3_SIGNATURE, "s3-signature", PART, AT_ONCE, "S3 has refused the access key or its secret",
	"correct s3.secret-access-key and run log-courier-ctl reload; a proxy that changes paths or headers has the same effect; all rows are kept meanwhile")
LC_FAULT(S3_CLOCK, "s3-clock", WHOLE, LATER, "S3 has confirmed no upload, because its clock and this machine's differ",
	"make sure that NTP works on both; delivery resumes by itself")
LC_FAULT(S3_REGION, "s3-region", PART, AT_ONCE, "S3 has confirmed no upload, because s3.region is not its region",
	"set s3.region to the one that S3 names and run log-courier-ctl reload; all rows are kept meanwhile")
LC_FAULT(S3_REDIRECT, "s3-redirect", PART, AT_ONCE, "S3 has answered with redirects, which are not followed, and confirmed no upload",
	"set s3.endpoint, s3.region or s3.addressing-style so that requests reach S3 itself and run log-courier-ctl reload; all rows are kept meanwhile")
LC_FAULT(S3_NOT_S3, "s3-not-s3", PART, AT_ONCE, "the server at s3.endpoint is not S3, and has confirmed no upload",
	"set s3.endpoint to the address of the S3 API and run log-courier-ctl reload, or find the proxy that answers in its place; all rows are kept meanwhile")
LC_FAULT(S3_NO_ETAG, "s3-no-etag", PART, AT_ONCE, "the server at s3.endpoint has taken uploads without returning an ETag, as S3 does, and so confirmed none",
	"set s3.endpoint to the address of the S3 API and run log-courier-ctl reload, or find the proxy that removes the ETag; all rows are kept meanwhile")
LC_FAULT(S3_HEADER, "s3-header", PART, AT_ONCE, "S3 has refused a header that a setting asks for",
	"correct s3.acl, s3.checksum, s3.encryption, s3.storage-class, s3.tags, s3.conditional-put or s3.multipart-threshold-bytes (for all buckets or under targets) and run log-courier-ctl reload; all rows are kept meanwhile")
LC_FAULT(S3_REQUEST, "s3-request", PART, AT_ONCE, "S3 has refused uploads as requests that are not valid",
	"correct what S3 names (a bucket with Object Lock needs s3.checksum; some services refuse s3.encryption so; EntityTooSmall asks for a larger s3.multipart-part-bytes) and run log-courier-ctl reload; all rows are kept meanwhile")
LC_FAULT(S3_RIGHTS, "s3-rights", ONE, LATER, "S3 has confirmed no upload",
	"allow the access key s3:PutObject on the target buckets; delivery resumes by itself")
LC_FAULT(S3_NO_BUCKET, "s3-no-bucket", ONE, LATER, "S3 has confirmed no upload",
	"create the target buckets; if they exist, correct s3.endpoint or s3.addressing-style and run log-courier-ctl reload")
LC_FAULT(S3_OBJECT, "s3-object", ONE, LATER, "S3 has confirmed no upload",
	"run log-courier-ctl targets --blocked and correct what S3 names")
LC_FAULT(S3_OTHER, "s3-other", PART, LATER, "S3 has confirmed no upload",
	"correct what it names; the log and log-courier-ctl targets --blocked say more; delivery resumes by itself")

LC_FAULT(CLICKHOUSE_UNREACHABLE, "clickhouse-unreachable", WHOLE, LATER, "ClickHouse has answered no query",
	"make sure that the servers of clickhouse.url are running; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_TLS, "clickhouse-tls", WHOLE, AT_ONCE, "ClickHouse has answered no query, because its certificate is not trusted",
	"name the authority that has signed it in clickhouse.tls-ca-file and run log-courier-ctl reload, or have the certificate renewed; all rows are kept meanwhile")
LC_FAULT(CLICKHOUSE_USER, "clickhouse-user", WHOLE, AT_ONCE, "ClickHouse has refused the user, its password or its rights",
	"correct clickhouse.username and clickhouse.password and run log-courier-ctl reload, or grant SELECT on the logs table and the offsets table; all rows are kept meanwhile")
LC_FAULT(CLICKHOUSE_SCHEMA, "clickhouse-schema", WHOLE, AT_ONCE, "ClickHouse has lacked a database, table or column that its queries need",
	"correct clickhouse.database, clickhouse.logs-table and clickhouse.offsets-table and run log-courier-ctl reload, or create what is missing; all rows are kept meanwhile")
LC_FAULT(CLICKHOUSE_PROFILE, "clickhouse-profile", WHOLE, AT_ONCE, "ClickHouse has not let the user change the settings that its queries need",
	"give the user a settings profile with readonly 0 and without the setting or constraint that ClickHouse names; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_QUOTA, "clickhouse-quota", WHOLE, LATER, "ClickHouse has refused queries because the user's quota is used up",
	"raise the quota or wait for the end of its interval; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_LIMIT, "clickhouse-limit", PART, LATER, "ClickHouse has stopped queries at one of its limits",
	"raise the limit that ClickHouse names, in the user's settings profile or for the server; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_BUSY, "clickhouse-busy", WHOLE, LATER, "ClickHouse has refused queries because it has too much to do",
	"take load off it, or raise the limit that it names; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_CLUSTER, "clickhouse-cluster", WHOLE, LATER, "ClickHouse's servers have not reached each other or their Keeper",
	"make sure that the servers that ClickHouse names are running; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_STORAGE, "clickhouse-storage", ONE, LATER, "ClickHouse has been unable to read or write its own data",
	"repair the disk or the part that ClickHouse names; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_NONSENSE, "clickhouse-nonsense", PART, LATER, "the server at clickhouse.url has not answered as ClickHouse does",
	"make sure that clickhouse.url names ClickHouse's HTTP port, and check any proxy in front of it; delivery resumes by itself")
LC_FAULT(CLICKHOUSE_OTHER, "clickhouse-other", PART, LATER, "ClickHouse has answered queries with an exception",
	"correct what ClickHouse names; delivery resumes by itself")
/* clang-format on */

#undef LC_FAULT
