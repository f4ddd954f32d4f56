/* Any packet, on either side. What is accepted encodes to the same packet. */
#include "fuzz/fuzz.h"

#include "formats/frame.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view packet = {(const char *)data, size};
	unsigned accepted = 0;

	for (unsigned side = LC_FRAME_TO_SUPERVISOR; side <= LC_FRAME_TO_MACHINES; side++) {
		unsigned char again[LC_FRAME_SIZE_MAX];
		struct lc_error error;
		struct lc_frame frame;

		if (!lc_frame_decode(packet, (enum lc_frame_direction)side, &frame, &error))
			continue;
		LC_ASSERT(lc_frame_encode(&frame, again) == size && memcmp(again, data, size) == 0);
		accepted++;
	}
	LC_ASSERT(accepted <= 1);
	return 0;
}
