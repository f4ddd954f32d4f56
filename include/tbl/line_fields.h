/*
 * The fields of a log line in their order (Amazon S3 User Guide, "Amazon S3 server access log
 * format"): how each is written, and which field of the row it shows. The source region, which is
 * not part of a row, may follow as the last one.
 *
 * LC_LINE_PLAIN(name)     text, unquoted
 * LC_LINE_PATH(name)      text, unquoted, as a path of a URI
 * LC_LINE_QUOTED(name)    text in quotes
 * LC_LINE_WORD(name)      the same, without spaces
 * LC_LINE_UINT(name)      integer
 * LC_LINE_DURATION(name)  time in ms
 * LC_LINE_TIME(name)      [06/Feb/2019:00:00:38 +0000]
 * LC_LINE_NOTHING(what)   always "-": rows do not have it
 */
#ifndef LC_LINE_PLAIN
#define LC_LINE_PLAIN(name)
#endif
#ifndef LC_LINE_PATH
#define LC_LINE_PATH(name)
#endif
#ifndef LC_LINE_QUOTED
#define LC_LINE_QUOTED(name)
#endif
#ifndef LC_LINE_WORD
#define LC_LINE_WORD(name)
#endif
#ifndef LC_LINE_UINT
#define LC_LINE_UINT(name)
#endif
#ifndef LC_LINE_DURATION
#define LC_LINE_DURATION(name)
#endif
#ifndef LC_LINE_TIME
#define LC_LINE_TIME(name)
#endif
#ifndef LC_LINE_NOTHING
#define LC_LINE_NOTHING(what)
#endif

LC_LINE_PLAIN(bucket_owner)
LC_LINE_PLAIN(bucket)
LC_LINE_TIME(start_time_ms)
LC_LINE_PLAIN(client_ip)
LC_LINE_PLAIN(requester)
LC_LINE_PLAIN(req_id)
LC_LINE_PLAIN(operation)
LC_LINE_PATH(object_key)
LC_LINE_QUOTED(request_uri)
LC_LINE_UINT(http_code)
LC_LINE_PLAIN(error_code)
LC_LINE_UINT(bytes_sent)
LC_LINE_UINT(object_size)
LC_LINE_DURATION(total_time)
LC_LINE_DURATION(turn_around_time)
LC_LINE_WORD(referer)
LC_LINE_QUOTED(user_agent)
LC_LINE_PLAIN(version_id)
LC_LINE_NOTHING("host id")
LC_LINE_PLAIN(signature_version)
LC_LINE_PLAIN(cipher_suite)
LC_LINE_PLAIN(authentication_type)
LC_LINE_PLAIN(host_header)
LC_LINE_PLAIN(tls_version)
LC_LINE_NOTHING("access point ARN")
LC_LINE_PLAIN(acl_required)

#undef LC_LINE_PLAIN
#undef LC_LINE_PATH
#undef LC_LINE_QUOTED
#undef LC_LINE_WORD
#undef LC_LINE_UINT
#undef LC_LINE_DURATION
#undef LC_LINE_TIME
#undef LC_LINE_NOTHING
