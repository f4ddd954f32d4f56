/*
 * What moving and hashing the bytes costs by itself, in processor time: libcurl receives an answer
 * of ClickHouse and drops it, SHA-256 runs over bodies in memory, libcurl PUTs them. That is the
 * floor that log-courier is measured against (tests/bench/bench).
 *
 * Usage: bench_floor receive URL FILE    the statement is in FILE; USER and PASSWORD are taken from
 *                                        the environment
 *        bench_floor hash DIR            every file below DIR is a body
 *        bench_floor put DIR URL N       to URL/1, URL/2, ..., N at a time
 *
 * Prints: CPU microseconds, microseconds passed, bodies or 1, bytes.
 */
#include <curl/curl.h>
#include <fts.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As large as curl takes them with advantage; what clients/http.c uses. */
enum { RECEIVE_BUFFER = 512 * 1024, SEND_BUFFER_MIN = 16 * 1024, SEND_BUFFER_MAX = 256 * 1024 };

struct body {
	char *data;
	size_t size;
};

struct bodies {
	struct body *list;
	size_t count;
	uint64_t bytes;
};

struct times {
	uint64_t cpu;
	uint64_t passed;
};

_Noreturn static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench_floor: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct times begin(void)
{
	return (struct times){.cpu = now_us(CLOCK_PROCESS_CPUTIME_ID),
			      .passed = now_us(CLOCK_MONOTONIC)};
}

static void report(struct times began, uint64_t count, uint64_t bytes)
{
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
	       now_us(CLOCK_PROCESS_CPUTIME_ID) - began.cpu, now_us(CLOCK_MONOTONIC) - began.passed,
	       count, bytes);
}

static struct body read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct body body = {.data = NULL};
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
		fail(path, "cannot be read");
	rewind(file);
	body.size = (size_t)size;
	body.data = malloc(body.size + 1);
	if (body.data == NULL || fread(body.data, 1, body.size, file) != body.size)
		fail(path, "cannot be read");
	fclose(file);
	body.data[body.size] = '\0';
	return body;
}

static struct bodies read_bodies(char *directory)
{
	char *paths[] = {directory, NULL};
	struct bodies bodies = {.list = NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	if (tree == NULL)
		fail(directory, "cannot be read");
	while ((entry = fts_read(tree)) != NULL) {
		if (entry->fts_info != FTS_F)
			continue;
		if ((bodies.count & (bodies.count + 1)) == 0) {
			bodies.list =
			    realloc(bodies.list, 2 * (bodies.count + 1) * sizeof(bodies.list[0]));
			if (bodies.list == NULL)
				fail(directory, "no memory");
		}
		bodies.list[bodies.count] = read_file(entry->fts_path);
		bodies.bytes += bodies.list[bodies.count++].size;
	}
	fts_close(tree);
	if (bodies.count == 0)
		fail(directory, "has no bodies");
	return bodies;
}

static void free_bodies(struct bodies *bodies)
{
	for (size_t i = 0; i < bodies->count; i++)
		free(bodies->list[i].data);
	free(bodies->list);
}

static CURL *new_handle(void)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		fail("curl", "no memory");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	return easy;
}

/* ---- receive ---- */

static size_t drop(char *data, size_t size, size_t count, void *bytes)
{
	(void)data;
	*(uint64_t *)bytes += size * count;
	return size * count;
}

static struct curl_slist *append_login(struct curl_slist *headers, const char *name,
				       const char *variable)
{
	const char *value = getenv(variable);
	char header[256];

	snprintf(header, sizeof(header), "%s: %s", name, value == NULL ? "" : value);
	return curl_slist_append(headers, header);
}

static void receive(const char *url, const char *statement_path)
{
	struct body statement = read_file(statement_path);
	struct curl_slist *headers = append_login(NULL, "X-ClickHouse-User", "USER");
	CURL *easy = new_handle();
	uint64_t bytes = 0;
	struct times began = begin();
	CURLcode result;

	headers = append_login(headers, "X-ClickHouse-Key", "PASSWORD");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)statement.size);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, statement.data);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &bytes);
	result = curl_easy_perform(easy);
	if (result != CURLE_OK)
		fail(url, curl_easy_strerror(result));
	report(began, 1, bytes);
	curl_easy_cleanup(easy);
	curl_slist_free_all(headers);
	free(statement.data);
}

/* ---- hash ---- */

static void hash(char *directory)
{
	struct bodies bodies = read_bodies(directory);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct times began = begin();

	for (size_t i = 0; i < bodies.count; i++)
		if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
		    EVP_DigestUpdate(context, bodies.list[i].data, bodies.list[i].size) != 1 ||
		    EVP_DigestFinal_ex(context, digest, NULL) != 1)
			fail("SHA-256", "failed");
	report(began, bodies.count, bodies.bytes);
	EVP_MD_CTX_free(context);
	free_bodies(&bodies);
}

/* ---- put ---- */

struct upload {
	CURL *easy;
	const struct body *body;
	size_t sent;
};

static size_t give(char *place, size_t size, size_t count, void *context)
{
	struct upload *upload = context;
	size_t left = upload->body->size - upload->sent;
	size_t room = size * count;
	size_t given = left < room ? left : room;

	memcpy(place, upload->body->data + upload->sent, given);
	upload->sent += given;
	return given;
}

static size_t ignore(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

static void start_upload(CURLM *multi, struct upload *upload, const struct body *body,
			 const char *url, size_t number)
{
	size_t send = body->size < SEND_BUFFER_MIN   ? SEND_BUFFER_MIN
		      : body->size > SEND_BUFFER_MAX ? SEND_BUFFER_MAX
						     : body->size;
	char address[512];

	snprintf(address, sizeof(address), "%s/%zu", url, number);
	upload->body = body;
	upload->sent = 0;
	curl_easy_setopt(upload->easy, CURLOPT_URL, address);
	curl_easy_setopt(upload->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body->size);
	curl_easy_setopt(upload->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)send);
	curl_multi_add_handle(multi, upload->easy);
}

static void end_upload(CURLM *multi, const CURLMsg *message)
{
	long status = 0;

	curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
	if (message->data.result != CURLE_OK)
		fail("PUT", curl_easy_strerror(message->data.result));
	if (status < 200 || status > 299) {
		fprintf(stderr, "bench_floor: PUT: HTTP %ld\n", status);
		exit(EXIT_FAILURE);
	}
	curl_multi_remove_handle(multi, message->easy_handle);
}

static void prepare_upload(struct upload *upload, struct curl_slist *headers)
{
	upload->easy = new_handle();
	curl_easy_setopt(upload->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(upload->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(upload->easy, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(upload->easy, CURLOPT_READDATA, upload);
	curl_easy_setopt(upload->easy, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(upload->easy, CURLOPT_PRIVATE, upload);
}

static void put(char *directory, const char *url, size_t slots)
{
	struct bodies bodies = read_bodies(directory);
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	CURLM *multi = curl_multi_init();
	struct upload *uploads = calloc(slots, sizeof(uploads[0]));
	size_t next = 0;
	size_t done = 0;
	struct times began;

	headers = curl_slist_append(headers, "Content-Type: text/plain");
	if (multi == NULL || uploads == NULL)
		fail("curl", "no memory");
	for (size_t i = 0; i < slots; i++)
		prepare_upload(&uploads[i], headers);
	began = begin();
	while (next < slots && next < bodies.count) {
		start_upload(multi, &uploads[next], &bodies.list[next], url, next);
		next++;
	}
	while (done < bodies.count) {
		const CURLMsg *message;
		int left;

		curl_multi_perform(multi, &left);
		while ((message = curl_multi_info_read(multi, &left)) != NULL) {
			struct upload *upload;

			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&upload);
			end_upload(multi, message);
			done++;
			if (next < bodies.count) {
				start_upload(multi, upload, &bodies.list[next], url, next);
				next++;
			}
		}
		if (done < bodies.count)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	report(began, bodies.count, bodies.bytes);
	for (size_t i = 0; i < slots; i++)
		curl_easy_cleanup(uploads[i].easy);
	curl_multi_cleanup(multi);
	curl_slist_free_all(headers);
	free(uploads);
	free_bodies(&bodies);
}

int main(int argc, char **argv)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (argc == 4 && strcmp(argv[1], "receive") == 0) {
		receive(argv[2], argv[3]);
	} else if (argc == 3 && strcmp(argv[1], "hash") == 0) {
		hash(argv[2]);
	} else if (argc == 5 && strcmp(argv[1], "put") == 0 && strtoul(argv[4], NULL, 10) > 0) {
		put(argv[2], argv[3], strtoul(argv[4], NULL, 10));
	} else {
		fprintf(stderr, "usage: bench_floor receive URL FILE | hash DIR | put DIR URL N\n");
		return 2;
	}
	curl_global_cleanup();
	return EXIT_SUCCESS;
}
