/*
 * Any bytes as a path and as headers to be signed. Checked: the encoded text holds only what URIs
 * may hold and decodes to the text; a signature is well formed, repeats, and changes with the path.
 */
#include "fuzz/fuzz.h"

#include "formats/sigv4.h"

#include "support/line_check.h"

#include <stdbool.h>
#include <stdlib.h>

static void check_encoded(struct lc_view text, bool keep_slash)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%/";
	struct lc_buffer out;
	char *decoded = malloc(text.size + 1);
	const char *encoded;
	size_t size;

	lc_buffer_init(&out, SIZE_MAX);
	lc_sigv4_append_encoded(&out, text, keep_slash);
	encoded = lc_buffer_text(&out);
	LC_ASSERT(decoded != NULL && encoded != NULL && strlen(encoded) == out.size);
	LC_ASSERT(strspn(encoded, allowed) == out.size);
	LC_ASSERT(keep_slash || strchr(encoded, '/') == NULL);
	size = line_check_decode(lc_buffer_view(&out), decoded);
	LC_ASSERT(lc_view_equal((struct lc_view){.data = decoded, .size = size}, text));
	free(decoded);
	lc_buffer_free(&out);
}

static void sign(struct lc_sigv4_signer *signer, struct lc_view path, struct lc_view value,
		 int64_t time, struct lc_buffer *out)
{
	const struct lc_sigv4_header headers[] = {
	    {.name = {.data = "host", .size = 4}, .value = value},
	    {.name = {.data = "x-amz-date", .size = 10}, .value = path},
	};
	const struct lc_sigv4_request request = {
	    .method = lc_view_of("PUT"),
	    .path = path,
	    .query = value,
	    .headers = headers,
	    .header_count = 2,
	    .payload_hash = lc_view_of("UNSIGNED-PAYLOAD"),
	    .time_seconds = time,
	};

	lc_sigv4_append_authorization(signer, &request, out);
	LC_ASSERT(!lc_buffer_failed(out));
}

static void check_signed(struct lc_view path, struct lc_view value)
{
	struct lc_sigv4_signer signer;
	struct lc_buffer once;
	struct lc_buffer twice;
	struct lc_buffer other;
	struct lc_buffer other_path;
	int64_t time = 0;

	memcpy(&time, value.data, value.size < sizeof time ? value.size : sizeof time);
	lc_buffer_init(&once, SIZE_MAX);
	lc_buffer_init(&twice, SIZE_MAX);
	lc_buffer_init(&other, SIZE_MAX);
	lc_buffer_init(&other_path, SIZE_MAX);
	lc_buffer_append_view(&other_path, path);
	lc_buffer_append_char(&other_path, 'x');
	lc_sigv4_signer_init(&signer, lc_view_of("id"), value, path);
	sign(&signer, path, value, time, &once);
	sign(&signer, lc_buffer_view(&other_path), value, time, &other);
	sign(&signer, path, value, time, &twice);
	LC_ASSERT(lc_view_equal(lc_buffer_view(&once), lc_buffer_view(&twice)));
	LC_ASSERT(!lc_view_equal(lc_buffer_view(&once), lc_buffer_view(&other)));
	LC_ASSERT(once.size == sizeof "AWS4-HMAC-SHA256 Credential=id/20130524//s3/aws4_request,"
				      "SignedHeaders=host;x-amz-date,Signature=" -
				   1 + path.size + LC_SIGV4_HASH_HEX_SIZE - 1);
	lc_sigv4_signer_clear(&signer);
	lc_buffer_free(&once);
	lc_buffer_free(&twice);
	lc_buffer_free(&other);
	lc_buffer_free(&other_path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_view bytes = {.data = (const char *)data, .size = size};
	size_t half = size / 2;

	if (size == 0)
		return 0;
	check_encoded(bytes, true);
	check_encoded(bytes, false);
	check_signed((struct lc_view){.data = bytes.data, .size = half},
		     (struct lc_view){.data = bytes.data + half, .size = size - half});
	return 0;
}
