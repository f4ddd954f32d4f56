#include "preflight/preflight.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "clients/credentials_provider.h"
#include "clients/s3_headers.h"
#include "clients/s3_read.h"
#include "config/settings_targets.h"
#include "delivery/put_headers.h"
#include "delivery/servers.h"
#include "preflight/clickhouse_checks.h"
#include "preflight/s3_checks.h"
#include "preflight/shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	SQL_MAX = 64 * 1024,
	ANSWER_MAX = 1024 * 1024,
	SUBJECT_SIZE = 1024,
	KEY_SIZE = 128,
};

/* Written into the bucket, and deleted again. */
static const char OBJECT[] = "Written by log-courier --preflight, which deletes it again.\n";

struct preflight {
	const struct lc_preflight *asked;
	const struct lc_settings *settings; /* with the time-outs of a preflight */
	struct lc_loop *loop;
	struct lc_servers servers;
	struct lc_random random;

	struct lc_preflight_facts facts;
	unsigned check;  /* the statement that is asked, an enum lc_clickhouse_check_id, */
	unsigned server; /* and of which server */
	unsigned server_count;
	bool servers_done; /* all were asked; the rest is asked of one that works */
	unsigned passed;   /* 1 << id of each check that this server has passed */
	/* Of each check that has not passed: the one that failed, itself or one that it needs. */
	unsigned cause[LC_CLICKHOUSE_CHECKS];
	bool server_works; /* `working` is one, with what it has passed */
	unsigned working;
	unsigned working_passed;
	struct lc_buffer answer;

	struct lc_shared *shared; /* NULL: nothing is shared with other machines */
	bool shared_tables_done;
	size_t s3;                        /* which service of servers.s3 is asked */
	char bucket_failed[SUBJECT_SIZE]; /* what has failed of the bucket's; or empty */
	char ledger_failed[SUBJECT_SIZE]; /* the same of ledger.bucket */
	bool second; /* the list of buckets is asked for again, signed by S3's clock */
	bool parts;  /* what is uploaded goes in parts */
	char key[KEY_SIZE];
	struct lc_view piece;
	struct lc_s3_body body;
};

static void tell(const struct preflight *preflight, const struct lc_verdict *verdict,
		 const char *subject)
{
	preflight->asked->tell(preflight->asked->context, verdict, subject);
}

static bool has_passed(const struct lc_verdict *verdict)
{
	return verdict->grade == LC_VERDICT_OK || verdict->grade == LC_VERDICT_WARN;
}

static void tell_not_checked(struct preflight *preflight, const char *subject, const char *failed)
{
	struct lc_verdict verdict;

	lc_verdict_set_not_checked(&verdict, failed);
	tell(preflight, &verdict, subject);
}

/* ---- S3 ---- */

/* What is in force for the bucket that is tried. */
static const struct lc_settings *settings_of_bucket(const struct preflight *preflight)
{
	return lc_settings_of_bucket(preflight->settings, lc_view_of(preflight->asked->bucket));
}

static struct lc_s3 *s3_of_bucket(const struct preflight *preflight)
{
	return lc_servers_s3(&preflight->servers, preflight->settings, preflight->asked->bucket);
}

static void start_put(struct preflight *preflight);

/* Once in one request and, if large log objects go in parts, once in parts. */
static void on_deleted(void *context, const struct lc_s3_answer *answer)
{
	struct preflight *preflight = context;
	struct lc_verdict verdict;
	char subject[SUBJECT_SIZE];

	lc_s3_checks_judge_delete(answer, preflight->key, &verdict);
	snprintf(subject, sizeof(subject), "deletion from bucket %s", preflight->asked->bucket);
	tell(preflight, &verdict, subject);
	if (preflight->parts || settings_of_bucket(preflight)->s3_multipart_threshold_bytes == 0) {
		lc_loop_stop(preflight->loop);
		return;
	}
	preflight->parts = true;
	start_put(preflight);
}

static void on_put(void *context, const struct lc_s3_answer *answer)
{
	struct preflight *preflight = context;
	struct lc_verdict verdict;
	char subject[SUBJECT_SIZE];

	if (preflight->parts)
		lc_s3_checks_judge_parts(answer, preflight->key,
					 lc_s3_sees_leftovers(s3_of_bucket(preflight)), &verdict);
	else
		lc_s3_checks_judge_put(answer, preflight->key, &verdict);
	snprintf(subject, sizeof(subject), "upload%s to bucket %s",
		 preflight->parts ? " in parts" : "", preflight->asked->bucket);
	tell(preflight, &verdict, subject);
	if (has_passed(&verdict))
		(void)lc_s3_delete(s3_of_bucket(preflight), lc_view_of(preflight->asked->bucket),
				   lc_view_of(preflight->key), on_deleted, preflight);
	else
		lc_loop_stop(preflight->loop);
}

static void start_put(struct preflight *preflight)
{
	const struct lc_settings *settings = settings_of_bucket(preflight);
	uint64_t part_size = (uint64_t)settings->s3_multipart_part_bytes;
	char now[LC_CLOCK_TEXT_SIZE];
	struct lc_s3_headers headers;

	lc_clock_format(lc_clock_wall_ms(), now);
	snprintf(preflight->key, sizeof(preflight->key), "log-courier-preflight-%s-%016" PRIx64,
		 now, lc_random_next(&preflight->random));
	preflight->piece = lc_view_of(OBJECT);
	preflight->body = (struct lc_s3_body){
	    .pieces = &preflight->piece, .piece_count = 1, .size = preflight->piece.size};
	lc_s3_headers_init(&headers);
	lc_put_headers_of_settings(settings, &headers);
	(void)lc_s3_put(s3_of_bucket(preflight),
			&(struct lc_s3_put_spec){.bucket = lc_view_of(preflight->asked->bucket),
						 .key = lc_view_of(preflight->key),
						 .body = &preflight->body,
						 .checksum = settings->s3_checksum,
						 .headers = &headers,
						 .part_size = preflight->parts ? part_size : 0,
						 .look_first = preflight->parts},
			on_put, preflight);
	lc_s3_headers_free(&headers);
}

static void on_listed(void *context, const struct lc_s3_answer *answer);

static void list_buckets(struct preflight *preflight)
{
	(void)lc_s3_list_buckets(preflight->servers.s3[preflight->s3].client, on_listed, preflight);
}

/* The last check, of the bucket that the caller has named. */
static void try_bucket(void *context)
{
	struct preflight *preflight = context;
	char subject[SUBJECT_SIZE];

	if (preflight->asked->bucket != NULL && preflight->bucket_failed[0] == '\0') {
		start_put(preflight);
		return;
	}
	if (preflight->asked->bucket != NULL) {
		snprintf(subject, sizeof(subject), "upload to bucket %s", preflight->asked->bucket);
		tell_not_checked(preflight, subject, preflight->bucket_failed);
	}
	lc_loop_stop(preflight->loop);
}

/* Every S3 service has been asked. */
static void end_lists(struct preflight *preflight)
{
	const char *failed = preflight->ledger_failed;

	if (preflight->shared == NULL)
		try_bucket(preflight);
	else
		lc_shared_check_bucket(preflight->shared, failed[0] == '\0' ? NULL : failed);
}

/* Notes what has failed of the bucket's service. */
static void note_failure(struct preflight *preflight, const char *bucket, const char *subject,
			 char failed[SUBJECT_SIZE])
{
	if (bucket != NULL && lc_servers_s3(&preflight->servers, preflight->settings, bucket) ==
				  preflight->servers.s3[preflight->s3].client)
		snprintf(failed, SUBJECT_SIZE, "%s", subject);
}

/* Where they come from, unless it is where they always came from. */
static void tell_credentials(struct preflight *preflight)
{
	struct lc_credentials_status status =
	    lc_credentials_provider_status(preflight->servers.s3[preflight->s3].credentials);
	int64_t left = status.expires - lc_clock_wall_ms() / 1000;
	struct lc_verdict verdict;

	if (!status.usable || strcmp(status.from, LC_CREDENTIALS_FROM_SETTINGS) == 0)
		return;
	if (status.expires == 0)
		lc_verdict_set(&verdict, LC_VERDICT_OK, "from %s", status.from);
	else
		lc_verdict_set(&verdict, LC_VERDICT_OK, "from %s, for another %" PRId64 " s",
			       status.from, left);
	tell(preflight, &verdict, "credentials for S3");
}

static void on_listed(void *context, const struct lc_s3_answer *answer)
{
	struct preflight *preflight = context;
	const struct lc_servers_s3 *s3 = &preflight->servers.s3[preflight->s3];
	struct lc_verdict verdict;
	char subject[SUBJECT_SIZE];

	if (answer->retry_class == LC_RETRY_CLOCK && !preflight->second) {
		preflight->second = true;
		list_buckets(preflight);
		return;
	}
	tell_credentials(preflight);
	lc_s3_checks_judge_keys(answer, s3->settings->s3_endpoint, preflight->second, &verdict);
	if (s3->settings->entry == 0)
		snprintf(subject, sizeof(subject), "S3 %s", s3->settings->s3_endpoint);
	else
		snprintf(subject, sizeof(subject), "S3 %s for buckets %s",
			 s3->settings->s3_endpoint,
			 preflight->settings->targets[s3->settings->entry - 1].buckets);
	tell(preflight, &verdict, subject);
	if (!has_passed(&verdict)) {
		note_failure(preflight, preflight->asked->bucket, subject,
			     preflight->bucket_failed);
		note_failure(preflight, preflight->settings->ledger_bucket, subject,
			     preflight->ledger_failed);
	}
	preflight->second = false;
	preflight->s3++;
	if (preflight->s3 < preflight->servers.s3_count)
		list_buckets(preflight);
	else
		end_lists(preflight);
}

/* ---- ClickHouse ---- */

static void write_subject(const struct preflight *preflight, unsigned id,
			  char subject[SUBJECT_SIZE])
{
	const struct lc_clickhouse_check *check = &LC_CLICKHOUSE_CHECK_TABLE[id];

	if (check->each_server)
		snprintf(subject, SUBJECT_SIZE, "%s %s", check->name, preflight->facts.url);
	else if (id == LC_CLICKHOUSE_CHECK_LOGS_TABLE)
		snprintf(subject, SUBJECT_SIZE, "%s %s.%s", check->name,
			 preflight->settings->clickhouse_database,
			 preflight->settings->clickhouse_logs_table);
	else if (id == LC_CLICKHOUSE_CHECK_OFFSETS_TABLE)
		snprintf(subject, SUBJECT_SIZE, "%s %s.%s", check->name,
			 preflight->settings->clickhouse_database,
			 preflight->settings->clickhouse_offsets_table);
	else
		snprintf(subject, SUBJECT_SIZE, "%s", check->name);
}

/* Has asked one server what each is asked. */
static void leave_server(struct preflight *preflight)
{
	bool works = (preflight->passed & (1U << LC_CLICKHOUSE_CHECK_SERVER)) != 0;

	if (works && !preflight->server_works) {
		preflight->server_works = true;
		preflight->working = preflight->server;
		preflight->working_passed = preflight->passed;
	}
	if (preflight->server + 1 < preflight->server_count) {
		preflight->server++;
		preflight->check = 0;
		preflight->passed = 0;
		return;
	}
	preflight->servers_done = true;
	preflight->server = preflight->working;
	preflight->passed = preflight->working_passed;
}

/* Each server in turn, then what is asked of one that works. */
static void move_on(struct preflight *preflight)
{
	preflight->check++;
	if (!preflight->servers_done && !LC_CLICKHOUSE_CHECK_TABLE[preflight->check].each_server)
		leave_server(preflight);
	preflight->facts.url =
	    lc_clickhouse_seat_url(preflight->servers.clickhouse, preflight->server);
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct preflight *preflight = context;

	lc_buffer_append_view(&preflight->answer, piece);
	return !lc_buffer_failed(&preflight->answer) ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "the answer is longer than %d bytes",
			    ANSWER_MAX);
}

static void go_on(struct preflight *preflight);

static void on_done(void *context, const struct lc_error *error)
{
	struct preflight *preflight = context;
	const struct lc_clickhouse_check *check = &LC_CLICKHOUSE_CHECK_TABLE[preflight->check];
	struct lc_clickhouse_reply reply = {.error = *error,
					    .answer = lc_buffer_view(&preflight->answer)};
	struct lc_verdict verdict;
	char subject[SUBJECT_SIZE];

	if (reply.answer.size == 0)
		reply.answer = lc_view_of("");
	preflight->facts.wall_seconds = lc_clock_wall_ms() / 1000;
	check->judge(&reply, &preflight->facts, &verdict);
	write_subject(preflight, preflight->check, subject);
	tell(preflight, &verdict, subject);
	if (has_passed(&verdict))
		preflight->passed |= 1U << preflight->check;
	else
		preflight->cause[preflight->check] = preflight->check;
	move_on(preflight);
	go_on(preflight);
}

static void ask(struct preflight *preflight)
{
	const struct lc_clickhouse_check *check = &LC_CLICKHOUSE_CHECK_TABLE[preflight->check];
	struct lc_clickhouse_spec spec = {
	    .seat = preflight->server,
	    .writes = preflight->check == LC_CLICKHOUSE_CHECK_OFFSETS_INSERT,
	    .timeout_ms = (uint64_t)preflight->settings->clickhouse_timeout_seconds * 1000,
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = preflight,
	};
	struct lc_buffer sql;

	preflight->facts.marker = lc_random_next(&preflight->random);
	lc_buffer_clear(&preflight->answer);
	lc_buffer_init(&sql, SQL_MAX);
	check->append(&sql, &preflight->facts);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	(void)lc_clickhouse_start(preflight->servers.clickhouse, &spec);
	lc_buffer_free(&sql);
}

/* Every check of the table has been made. */
static void end_clickhouse(struct preflight *preflight)
{
	char failed[SUBJECT_SIZE];

	if (preflight->shared == NULL) {
		list_buckets(preflight);
		return;
	}
	write_subject(preflight, LC_CLICKHOUSE_CHECK_SERVER, failed);
	lc_shared_check_tables(preflight->shared, preflight->server_works ? NULL : failed);
}

/* Tells of checks that make no sense any more, up to one that does, which it starts. */
static void go_on(struct preflight *preflight)
{
	char subject[SUBJECT_SIZE];
	char failed[SUBJECT_SIZE];
	unsigned end = preflight->asked->brief ? LC_CLICKHOUSE_CHECKS_BRIEF : LC_CLICKHOUSE_CHECKS;

	while (preflight->check < end) {
		unsigned missing =
		    LC_CLICKHOUSE_CHECK_TABLE[preflight->check].needs & ~preflight->passed;

		if (missing == 0) {
			ask(preflight);
			return;
		}
		preflight->cause[preflight->check] = preflight->cause[__builtin_ctz(missing)];
		write_subject(preflight, preflight->check, subject);
		write_subject(preflight, preflight->cause[preflight->check], failed);
		tell_not_checked(preflight, subject, failed);
		move_on(preflight);
	}
	end_clickhouse(preflight);
}

/* ---- the whole ---- */

/* What machines share, each part after the others that ask the same servers. */
static void on_shared(void *context)
{
	struct preflight *preflight = context;

	if (preflight->shared_tables_done) {
		try_bucket(preflight);
		return;
	}
	preflight->shared_tables_done = true;
	list_buckets(preflight);
}

static void tell_shared(void *context, const struct lc_verdict *verdict, const char *subject)
{
	tell(context, verdict, subject);
}

static struct lc_shared *make_shared(struct preflight *preflight)
{
	const struct lc_shared_options options = {
	    .settings = preflight->settings,
	    .servers = &preflight->servers,
	    .random = &preflight->random,
	    .brief = preflight->asked->brief,
	    .tell = tell_shared,
	    .on_done = on_shared,
	    .context = preflight,
	};

	return lc_shared_new(preflight->loop, &options);
}

static unsigned count_servers(const char *urls)
{
	unsigned count = 1;

	for (; *urls != '\0'; urls++)
		count += *urls == ',';
	return count;
}

static bool run(struct preflight *preflight, struct lc_error *error)
{
	bool opened =
	    lc_servers_open(&preflight->servers, preflight->loop, preflight->settings, error);

	if (opened) {
		lc_random_seed_from_system(&preflight->random);
		lc_buffer_init(&preflight->answer, ANSWER_MAX);
		preflight->server_count = count_servers(preflight->settings->clickhouse_url);
		preflight->facts.delivery =
		    (struct lc_delivery){.settings = preflight->settings, .shard_count = 1};
		preflight->facts.url = lc_clickhouse_seat_url(preflight->servers.clickhouse, 0);
		if (preflight->settings->failover_enabled)
			preflight->shared = make_shared(preflight);
		go_on(preflight);
		lc_loop_run(preflight->loop);
		lc_shared_free(preflight->shared);
		lc_buffer_free(&preflight->answer);
	}
	lc_servers_close(&preflight->servers);
	return opened;
}

bool lc_preflight_run(const struct lc_preflight *asked, struct lc_error *error)
{
	struct lc_settings hurried = *asked->settings; /* its texts stay the caller's */
	struct preflight preflight = {.asked = asked, .settings = &hurried};
	bool done;

	hurried.timeout_upload_operation_seconds = hurried.clickhouse_timeout_seconds;
	hurried.timeout_upload_stall_seconds = hurried.clickhouse_timeout_seconds;
	preflight.loop = lc_loop_new(error);
	if (preflight.loop == NULL)
		return false;
	done = run(&preflight, error);
	lc_loop_free(preflight.loop);
	return done;
}
