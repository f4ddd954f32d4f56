/* Any text as a control request. What is accepted says the same once written and read again. */
#include "fuzz/fuzz.h"

#include "formats/control_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_control_request request;
	struct lc_control_request again;
	struct lc_buffer text;
	struct lc_error error;

	if (!lc_control_request_decode((struct lc_view){(const char *)data, size}, &request,
				       &error))
		return 0;
	lc_buffer_init(&text, LC_CONTROL_REQUEST_TEXT_MAX);
	lc_control_request_append(&request, &text);
	LC_ASSERT(!lc_buffer_failed(&text));
	LC_ASSERT(lc_control_request_decode(lc_buffer_view(&text), &again, &error));
	LC_ASSERT(again.command == request.command && again.given == request.given);
	LC_ASSERT(again.limit == request.limit);
	LC_ASSERT(again.level == request.level && again.shard == request.shard);
	LC_ASSERT(again.raft_session_id == request.raft_session_id);
	LC_ASSERT(
	    lc_view_equal(lc_control_request_bucket(&again), lc_control_request_bucket(&request)));
	lc_buffer_free(&text);
	return 0;
}
