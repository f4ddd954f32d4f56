/*
 * The HTTP statuses that we send or look for, RFC 9110, section 15, and RFC 6585.
 *
 * LC_HTTP_STATUS(name, number, reason)
 */
#ifndef LC_HTTP_STATUS
#define LC_HTTP_STATUS(name, number, reason)
#endif

/* clang-format off */
LC_HTTP_STATUS(OK, 200, "OK")
LC_HTTP_STATUS(PARTIAL_CONTENT, 206, "Partial Content")
LC_HTTP_STATUS(NOT_MODIFIED, 304, "Not Modified")
LC_HTTP_STATUS(BAD_REQUEST, 400, "Bad Request")
LC_HTTP_STATUS(FORBIDDEN, 403, "Forbidden")
LC_HTTP_STATUS(NOT_FOUND, 404, "Not Found")
LC_HTTP_STATUS(METHOD_NOT_ALLOWED, 405, "Method Not Allowed")
LC_HTTP_STATUS(REQUEST_TIMEOUT, 408, "Request Timeout")
LC_HTTP_STATUS(CONFLICT, 409, "Conflict")
LC_HTTP_STATUS(PRECONDITION_FAILED, 412, "Precondition Failed")
LC_HTTP_STATUS(CONTENT_TOO_LARGE, 413, "Content Too Large")
LC_HTTP_STATUS(RANGE_NOT_SATISFIABLE, 416, "Range Not Satisfiable")
LC_HTTP_STATUS(TOO_MANY_REQUESTS, 429, "Too Many Requests")
LC_HTTP_STATUS(HEADER_FIELDS_TOO_LARGE, 431, "Request Header Fields Too Large")
LC_HTTP_STATUS(INTERNAL_SERVER_ERROR, 500, "Internal Server Error")
LC_HTTP_STATUS(NOT_IMPLEMENTED, 501, "Not Implemented")
LC_HTTP_STATUS(SERVICE_UNAVAILABLE, 503, "Service Unavailable")
LC_HTTP_STATUS(VERSION_NOT_SUPPORTED, 505, "HTTP Version Not Supported")
/* clang-format on */

#undef LC_HTTP_STATUS
