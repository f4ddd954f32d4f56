/*
 * The fields of a row, in the order in which they are asked for and sent. The expression gives each
 * one fixed type (formats/record_block.c), whatever the table declares.
 *
 * LC_FIELD_NUMBER  UInt32, never NULL
 * LC_FIELD_TIME    Int64, ms since 1970, never NULL
 * LC_FIELD_TEXT    Nullable(String); NULL and empty mean the same
 * LC_FIELD_UINT    Nullable(UInt64)
 * LC_FIELD_FLOAT   Nullable(Float32)
 *
 * A new field goes to the end. The first LC_ROW_HASH_FIELDS, their order and their types make up
 * the row hash, by which ledgers know their rows: see formats/row_hash.h.
 */
#ifndef LC_FIELD_NUMBER
#define LC_FIELD_NUMBER(name, expression)
#endif
#ifndef LC_FIELD_TIME
#define LC_FIELD_TIME(name, expression)
#endif
#ifndef LC_FIELD_TEXT
#define LC_FIELD_TEXT(name, expression)
#endif
#ifndef LC_FIELD_UINT
#define LC_FIELD_UINT(name, expression)
#endif
#ifndef LC_FIELD_FLOAT
#define LC_FIELD_FLOAT(name, expression)
#endif

LC_FIELD_NUMBER(raft_session_id, "toUInt32(raftSessionID)")
LC_FIELD_TEXT(bucket, "CAST(bucketName, 'Nullable(String)')")
LC_FIELD_NUMBER(inserted_at, "toUInt32(insertedAt)")
LC_FIELD_TIME(start_time_ms, "toUnixTimestamp64Milli(startTime)")
LC_FIELD_TEXT(req_id, "CAST(req_id, 'Nullable(String)')")
LC_FIELD_TEXT(target_bucket, "CAST(loggingTargetBucket, 'Nullable(String)')")
LC_FIELD_TEXT(target_prefix, "CAST(loggingTargetPrefix, 'Nullable(String)')")
LC_FIELD_TEXT(bucket_owner, "CAST(bucketOwner, 'Nullable(String)')")
LC_FIELD_TEXT(client_ip, "CAST(clientIP, 'Nullable(String)')")
LC_FIELD_TEXT(requester, "CAST(requester, 'Nullable(String)')")
LC_FIELD_TEXT(operation, "CAST(operation, 'Nullable(String)')")
LC_FIELD_TEXT(object_key, "CAST(objectKey, 'Nullable(String)')")
LC_FIELD_TEXT(request_uri, "CAST(requestURI, 'Nullable(String)')")
LC_FIELD_UINT(http_code, "accurateCastOrNull(httpCode, 'UInt64')")
LC_FIELD_TEXT(error_code, "CAST(errorCode, 'Nullable(String)')")
LC_FIELD_UINT(bytes_sent, "accurateCastOrNull(bytesSent, 'UInt64')")
LC_FIELD_UINT(object_size, "accurateCastOrNull(objectSize, 'UInt64')")
LC_FIELD_FLOAT(total_time, "accurateCastOrNull(totalTime, 'Float32')")
LC_FIELD_FLOAT(turn_around_time, "accurateCastOrNull(turnAroundTime, 'Float32')")
LC_FIELD_TEXT(referer, "CAST(referer, 'Nullable(String)')")
LC_FIELD_TEXT(user_agent, "CAST(userAgent, 'Nullable(String)')")
LC_FIELD_TEXT(version_id, "CAST(versionId, 'Nullable(String)')")
LC_FIELD_TEXT(signature_version, "CAST(signatureVersion, 'Nullable(String)')")
LC_FIELD_TEXT(cipher_suite, "CAST(cipherSuite, 'Nullable(String)')")
LC_FIELD_TEXT(authentication_type, "CAST(authenticationType, 'Nullable(String)')")
LC_FIELD_TEXT(host_header, "CAST(hostHeader, 'Nullable(String)')")
LC_FIELD_TEXT(tls_version, "CAST(tlsVersion, 'Nullable(String)')")
LC_FIELD_TEXT(acl_required, "CAST(aclRequired, 'Nullable(String)')")
LC_FIELD_TEXT(hostname, "CAST(hostname, 'Nullable(String)')")
LC_FIELD_TEXT(log_format_version, "CAST(logFormatVersion, 'Nullable(String)')")
LC_FIELD_TEXT(aws_access_key_id, "CAST(awsAccessKeyID, 'Nullable(String)')")

#undef LC_FIELD_NUMBER
#undef LC_FIELD_TIME
#undef LC_FIELD_TEXT
#undef LC_FIELD_UINT
#undef LC_FIELD_FLOAT
