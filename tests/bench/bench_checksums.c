/*
 * What the checksum of s3.checksum costs: processor time to hash a body of lines of 900 bytes, as
 * every upload does, with each of the checksums beside. Prints for each repetition of each kind its
 * name, a tab, and nanoseconds a row. Usage: bench_checksums [rounds]
 */
#include "base/memory.h"
#include "formats/checksum.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 18000, ROW_BYTES = 900, REPETITIONS = 7 };

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void hash_once(enum lc_s3_checksum kind, const char *body)
{
	struct lc_sigv4_hash *hash = lc_sigv4_hash_new();
	struct lc_checksum *checksum = lc_checksum_begin(kind);
	char hex[LC_SIGV4_HASH_HEX_SIZE];
	char text[LC_CHECKSUM_TEXT_SIZE];

	for (size_t i = 0; i < ROWS; i++) {
		struct lc_view line = {.data = body + i * ROW_BYTES, .size = ROW_BYTES};

		lc_sigv4_hash_add(hash, line);
		lc_checksum_add(checksum, line);
	}
	lc_sigv4_hash_end(hash, hex);
	lc_sigv4_hash_free(hash);
	lc_checksum_end(checksum, hex, text);
	if (hex[0] == '\0')
		abort();
}

static void measure(const char *name, enum lc_s3_checksum kind, const char *body, unsigned rounds)
{
	uint64_t began = cpu_ns();

	for (unsigned round = 0; round < rounds; round++)
		hash_once(kind, body);
	printf("%s\t%.1f\n", name, (double)(cpu_ns() - began) / rounds / ROWS);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10;
	char *body = lc_memory_zero(ROWS, ROW_BYTES);

	if (rounds == 0) {
		fprintf(stderr, "usage: bench_checksums [rounds]\n");
		return 2;
	}
	for (size_t i = 0; i < (size_t)ROWS * ROW_BYTES; i++)
		body[i] = (char)(' ' + (i * 2654435761U >> 13) % 90);
	for (unsigned i = 0; i < REPETITIONS; i++) {
#define LC_S3_CHECKSUM(name, text, header) measure(text, LC_S3_CHECKSUM_##name, body, rounds);
#include "tbl/s3_choices.h"
	}
	free(body);
	return 0;
}
