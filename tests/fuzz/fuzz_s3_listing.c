/*
 * Any bytes as the list of a bucket's objects. Checked: what is taken has keys of 1 to 1,024 bytes
 * in their order, and says that more come only after a key; what is refused says why.
 */
#include "fuzz/fuzz.h"

#include "formats/s3_listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_s3_listing listing;
	struct lc_error error = {.kind = LC_ERROR_NONE};

	lc_s3_listing_init(&listing);
	if (lc_s3_listing_parse((struct lc_view){.data = (const char *)data, .size = size},
				&listing, &error)) {
		LC_ASSERT(error.kind == LC_ERROR_NONE);
		LC_ASSERT(!listing.truncated || listing.count > 0);
		for (size_t i = 0; i < listing.count; i++) {
			struct lc_view key = listing.objects[i].key;

			LC_ASSERT(key.size >= 1 && key.size <= LC_S3_LISTING_KEY_MAX);
			LC_ASSERT(i == 0 || lc_view_compare(listing.objects[i - 1].key, key) < 0);
		}
	} else {
		LC_ASSERT(error.kind == LC_ERROR_CORRUPT && error.message[0] != '\0');
	}
	lc_s3_listing_free(&listing);
	return 0;
}
