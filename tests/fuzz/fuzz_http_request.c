/* Any bytes as the start of a connection. A whole request stays whole when more bytes follow, and
 * its views lie within what was given. */
#include "fuzz/fuzz.h"

#include "formats/http_request.h"

static void check_within(struct lc_view part, struct lc_view whole)
{
	LC_ASSERT(part.size > 0 && part.data >= whole.data &&
		  part.data + part.size <= whole.data + whole.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view bytes = {(const char *)data, size};
	struct lc_http_request request;
	enum lc_http_request_result result = lc_http_request_decode(bytes, &request);

	if (result == LC_HTTP_REQUEST_WHOLE) {
		check_within(request.method, bytes);
		check_within(request.path, bytes);
		(void)lc_http_request_prefers(&request, "application/openmetrics-text");
		LC_ASSERT(request.path.data[0] == '/' && request.refusal == 0);
	} else if (result == LC_HTTP_REQUEST_REFUSED) {
		LC_ASSERT(request.refusal >= 400 && request.refusal < 600);
	} else {
		LC_ASSERT(size < LC_HTTP_REQUEST_HEAD_MAX);
	}
	return 0;
}
