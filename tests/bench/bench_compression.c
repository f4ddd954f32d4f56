/*
 * What consumer.compression costs: processor time to hash a body of lines, as every upload does, as
 * it is and compressed. The lines are those of a busy source: keys, addresses, times and sizes of
 * their own, and request ids that no two share. Prints for each repetition of each kind its name,
 * nanoseconds a row, and how many bytes it makes of a hundred, with tabs between them. Usage:
 * bench_compression [rounds]
 */
#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "formats/compression.h"
#include "formats/line.h"
#include "formats/sigv4.h"
#include "support/record_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 20000, KEYS = 2000, CLIENTS = 200, TEXT_SIZE = 128, ROOM = 4096, REPETITIONS = 7 };

static struct lc_view lines[ROWS];
static char *packed; /* the compressed body */

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void make_line(struct lc_random *random, size_t index)
{
	const struct lc_line_style style = {.region = lc_view_of("us-east-1")};
	struct lc_record record = record_rows_example();
	uint64_t key = lc_random_next(random) % KEYS;
	char req_id[TEXT_SIZE];
	char client[TEXT_SIZE];
	char object_key[TEXT_SIZE];
	char uri[2 * TEXT_SIZE];
	char *line;

	snprintf(req_id, sizeof(req_id), "%016" PRIX64, lc_random_next(random));
	snprintf(client, sizeof(client), "192.0.2.%u",
		 (unsigned)(lc_random_next(random) % CLIENTS));
	snprintf(object_key, sizeof(object_key), "photos/2019/%02u/%08" PRIx64 ".jpg",
		 (unsigned)(key % 12), key * 2654435761U % UINT32_MAX);
	snprintf(uri, sizeof(uri), "GET /amzn-s3-demo-bucket/%s HTTP/1.1", object_key);
	record.start_time_ms += (int64_t)index * 3;
	record.req_id = lc_view_of(req_id);
	record.client_ip = lc_view_of(client);
	record.object_key = lc_view_of(object_key);
	record.request_uri = lc_view_of(uri);
	record.bytes_sent.value = key * 7919 % 1000000;
	record.object_size.value = record.bytes_sent.value;
	record.total_time.value = (float)(lc_random_next(random) % 1000);
	record.turn_around_time.value = record.total_time.value / 2;
	line = lc_memory_zero(1, lc_line_max_size(&record, &style));
	lines[index] = (struct lc_view){.data = line, .size = lc_line_write(&record, &style, line)};
}

static void hash(const struct lc_view *pieces, size_t count)
{
	struct lc_sigv4_hash *state = lc_sigv4_hash_new();
	char hex[LC_SIGV4_HASH_HEX_SIZE];

	for (size_t i = 0; i < count; i++)
		lc_sigv4_hash_add(state, pieces[i]);
	lc_sigv4_hash_end(state, hex);
	lc_sigv4_hash_free(state);
	if (hex[0] == '\0')
		abort();
}

static size_t compress(enum lc_compression kind, uint64_t size)
{
	struct lc_compressor *compressor = lc_compressor_new(kind, size);
	bool ended = false;
	size_t used = 0;

	for (size_t i = 0; i < ROWS; i++) {
		struct lc_view line = lines[i];

		while (line.size > 0)
			used += lc_compressor_add(compressor, &line, packed + used, ROOM);
	}
	while (!ended)
		used += lc_compressor_end(compressor, packed + used, ROOM, &ended);
	lc_compressor_free(compressor);
	return used;
}

static void measure(const char *name, enum lc_compression kind, uint64_t size, unsigned rounds)
{
	uint64_t began = cpu_ns();
	struct lc_view body = {.data = packed, .size = size};

	for (unsigned round = 0; round < rounds; round++) {
		if (kind == LC_COMPRESSION_NONE) {
			hash(lines, ROWS);
			continue;
		}
		body.size = compress(kind, size);
		hash(&body, 1);
	}
	printf("%s\t%.1f\t%.1f\n", name, (double)(cpu_ns() - began) / rounds / ROWS,
	       100.0 * (double)body.size / (double)size);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10;
	struct lc_random random;
	uint64_t size = 0;

	if (rounds == 0) {
		fprintf(stderr, "usage: bench_compression [rounds]\n");
		return 2;
	}
	lc_random_seed(&random, 1);
	for (size_t i = 0; i < ROWS; i++) {
		make_line(&random, i);
		size += lines[i].size;
	}
	packed = lc_memory_zero(1, 2 * size + ROOM);
	for (unsigned i = 0; i < REPETITIONS; i++) {
#define LC_COMPRESSION(name, text, suffix, encoding) \
	measure(text, LC_COMPRESSION_##name, size, rounds);
#include "tbl/compressions.h"
	}
	for (size_t i = 0; i < ROWS; i++)
		free((char *)(uintptr_t)lines[i].data);
	free(packed);
	return 0;
}
