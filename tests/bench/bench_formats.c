/*
 * What the formats cost: processor time to decode a row of about 900 bytes, to hash it and to write
 * it as a line, and to sign a request. Prints for each repetition of each part its name, unit and
 * value, of a row or of a request, with tabs between them.
 * Usage: bench_formats [rounds]
 */
#include "formats/line.h"
#include "formats/record_stream.h"
#include "formats/row_hash.h"
#include "formats/sigv4.h"
#include "support/record_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ROWS = 20000,
	BLOCK_ROWS = 1024,  /* as they are asked for */
	PIECE_SIZE = 65536, /* as they come from a socket */
	MAX_ROW_BYTES = 1048576,
	REPETITIONS = 5,
};

static const uint64_t MARKER = UINT64_C(0x5ee0d0c0ffee1234);

struct work {
	uint64_t rows;
	uint64_t sum; /* of results, so that none is optimised away */
	char *line;
};

static bool only_decode(void *context, const struct lc_record *record)
{
	struct work *work = context;

	work->rows++;
	work->sum += record->user_agent.size;
	return true;
}

static bool hash_too(void *context, const struct lc_record *record)
{
	struct work *work = context;

	work->rows++;
	work->sum += lc_row_hash(record);
	return true;
}

static bool write_too(void *context, const struct lc_record *record)
{
	struct work *work = context;
	struct lc_line_style style = {.region = lc_view_of("us-east-1")};
	size_t size = lc_line_write(record, &style, work->line);

	work->rows++;
	work->sum += (unsigned char)work->line[size / 2];
	return true;
}

static bool hash_and_write(void *context, const struct lc_record *record)
{
	struct work *work = context;

	work->sum += lc_row_hash(record);
	return write_too(context, record);
}

static void make_rows(struct lc_buffer *rows)
{
	static char texts[ROWS][64];
	static struct lc_record records[ROWS];
	struct lc_record record = record_rows_example();

	record.request_uri = lc_view_of(
	    "GET /amzn-s3-demo-bucket/backups/2019/02/06/database-full/part-000123.tar.zst"
	    "?X-Amz-Algorithm=AWS4-HMAC-SHA256&partNumber=12&uploadId=2~Mzk4NjA0NTYyMTE"
	    "&x-id=GetObject HTTP/1.1");
	record.user_agent = lc_view_of(
	    "aws-sdk-java/2.20.43 Linux/5.15.0-1031-aws OpenJDK_64-Bit_Server_VM/17.0.6+10 "
	    "Java/17.0.6 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/legacy");
	for (unsigned i = 0; i < ROWS; i++) {
		int size = snprintf(texts[i], sizeof texts[i],
				    "backups/2019/02/06/database full/part-%06u.tar.zst", i);

		record.object_key = (struct lc_view){.data = texts[i], .size = (size_t)size};
		record.start_time_ms += 7;
		record.bytes_sent.value = (uint64_t)i * 7919;
		record.total_time.value = (float)(i * 37 % 300000) / 1000;
		record.turn_around_time.value = (float)(i * 17 % 90000) / 1000;
		records[i] = record;
	}
	for (unsigned i = 0; i < ROWS; i += BLOCK_ROWS)
		record_rows_append_block(rows, records + i,
					 ROWS - i < BLOCK_ROWS ? ROWS - i : BLOCK_ROWS, MARKER);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void measure(const char *name, lc_record_stream_callback *callback, struct lc_view rows,
		    unsigned rounds)
{
	struct work work = {.line = malloc(MAX_ROW_BYTES)};
	uint64_t began = cpu_ns();

	for (unsigned round = 0; round < rounds; round++) {
		struct lc_record_stream *stream =
		    lc_record_stream_new(MARKER, MAX_ROW_BYTES, callback, &work);
		struct lc_error error;

		for (size_t at = 0; at < rows.size; at += PIECE_SIZE) {
			size_t left = rows.size - at;
			struct lc_view piece = {.data = rows.data + at,
						.size = left < PIECE_SIZE ? left : PIECE_SIZE};

			if (!lc_record_stream_feed(stream, piece, &error))
				abort();
		}
		if (!lc_record_stream_end(stream, &error))
			abort();
		lc_record_stream_free(stream);
	}
	if (work.sum == 0)
		abort();
	printf("%s\tns\t%.1f\n", name, (double)(cpu_ns() - began) / (double)work.rows);
	free(work.line);
}

/* A PUT as clients/s3 signs it, with the day's key at hand. */
static void measure_signing(unsigned requests)
{
	const struct lc_sigv4_header headers[] = {
	    {lc_view_of("content-type"), lc_view_of("text/plain")},
	    {lc_view_of("host"), lc_view_of("127.0.0.1:8000")},
	    {lc_view_of("x-amz-content-sha256"), lc_view_of(LC_SIGV4_EMPTY_HASH)},
	    {lc_view_of("x-amz-date"), lc_view_of("20231114T221320Z")},
	};
	const struct lc_sigv4_request request = {
	    .method = lc_view_of("PUT"),
	    .path = lc_view_of("/amzn-s3-demo-logs/logs/2023-11-14-22-13-20-0123456789ABCDEF"),
	    .headers = headers,
	    .header_count = sizeof(headers) / sizeof(headers[0]),
	    .payload_hash = lc_view_of(LC_SIGV4_EMPTY_HASH),
	    .time_seconds = 1700000000,
	};
	struct lc_sigv4_signer signer;
	struct lc_buffer value;
	uint64_t began;

	lc_sigv4_signer_init(&signer, lc_view_of("AKIAIOSFODNN7EXAMPLE"),
			     lc_view_of("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
			     lc_view_of("us-east-1"));
	lc_buffer_init(&value, 4096);
	began = cpu_ns();
	for (unsigned i = 0; i < requests; i++) {
		lc_buffer_clear(&value);
		lc_sigv4_append_authorization(&signer, &request, &value);
	}
	if (lc_buffer_failed(&value))
		abort();
	printf("sign a request\tns\t%.1f\n", (double)(cpu_ns() - began) / requests);
	lc_buffer_free(&value);
	lc_sigv4_signer_clear(&signer);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 50;
	struct lc_buffer rows;

	if (rounds == 0) {
		fprintf(stderr, "usage: bench_formats [rounds]\n");
		return 2;
	}
	lc_buffer_init(&rows, SIZE_MAX);
	make_rows(&rows);
	for (unsigned i = 0; i < REPETITIONS; i++) {
		measure("decode", only_decode, lc_buffer_view(&rows), rounds);
		measure("decode and hash", hash_too, lc_buffer_view(&rows), rounds);
		measure("decode and line", write_too, lc_buffer_view(&rows), rounds);
		measure("decode, hash and line", hash_and_write, lc_buffer_view(&rows), rounds);
		measure_signing(1000 * rounds);
	}
	lc_buffer_free(&rows);
	return 0;
}
