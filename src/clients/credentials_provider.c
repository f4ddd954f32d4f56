#include "clients/credentials_provider.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/credentials_fetch.h"
#include "clients/credentials_schedule.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

enum {
	TICK_MS = 1000,
	ASK_AGAIN_MS = 10 * 1000, /* a service that was asked is not asked again so soon */
	FILES = 2,
};

/* How a file looked when it was read. All zero: it was not there. */
struct look {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	struct timespec modified;
};

struct lc_credentials_wait {
	struct lc_credentials_provider *provider;
	TAILQ_ENTRY(lc_credentials_wait) link;
	uint64_t round; /* it waits for the end of this look */
	lc_credentials_callback *callback;
	void *context;
};

struct lc_credentials_provider {
	struct lc_loop *loop;
	struct lc_http *http;
	struct lc_credentials_options options;
	struct lc_loop_timer *timer;
	struct lc_credentials_fetch *fetch; /* NULL: no service is being asked */
	TAILQ_HEAD(, lc_credentials_wait) waits;
	uint64_t round;

	struct lc_credentials_source source; /* all zero: none is set up */
	struct look looks[FILES];            /* of its files, when they were read */
	struct lc_credentials credentials;
	uint64_t generation;
	uint64_t refused; /* the newest generation that S3 has refused */
	struct lc_credentials_schedule schedule;
	uint64_t asked_ms; /* monotonic; when the source was asked last */
	int64_t failing_since;
	struct lc_error error;

	lc_credentials_callback *on_renewed; /* NULL: nobody is told */
	void *context;
};

static int64_t wall_seconds(void)
{
	return lc_clock_wall_ms() / 1000;
}

/* ---- files ---- */

static struct look look_at(const char *path)
{
	struct look look;
	struct stat file;

	memset(&look, 0, sizeof(look));
	if (path == NULL || stat(path, &file) != 0)
		return look;
	look.device = file.st_dev;
	look.inode = file.st_ino;
	look.size = file.st_size;
	look.changed = file.st_ctim;
	look.modified = file.st_mtim;
	return look;
}

static bool is_same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool looks_alike(const struct look *a, const struct look *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       is_same(&a->changed, &b->changed) && is_same(&a->modified, &b->modified);
}

static bool files_have_changed(const struct lc_credentials_provider *provider)
{
	for (size_t i = 0; i < FILES; i++) {
		struct look look = look_at(provider->source.files[i]);

		if (!looks_alike(&look, &provider->looks[i]))
			return true;
	}
	return false;
}

/* ---- the end of a look ---- */

/* Those who wait are told; who waits again from within waits for the next look. */
static void tell_waits(struct lc_credentials_provider *provider)
{
	struct lc_credentials_wait *wait;
	uint64_t round = provider->round++;

	/* One that was released is on no list any more.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	while ((wait = TAILQ_FIRST(&provider->waits)) != NULL && wait->round <= round) {
		lc_credentials_callback *callback = wait->callback;
		void *context = wait->context;

		lc_credentials_provider_cancel(wait);
		callback(context);
	}
}

static bool is_wanting(const struct lc_credentials_provider *provider)
{
	return lc_credentials_provider_current(provider) == NULL ||
	       provider->refused == provider->generation;
}

static double spread_of(int64_t expires)
{
	struct lc_random random;

	if (expires == 0)
		return 0;
	lc_random_seed_from_system(&random);
	return lc_random_unit(&random);
}

/* Takes the credentials over; those that are the same stay where they are, since signers have
 * views of them as long as the generation does not change. */
static void note_success(struct lc_credentials_provider *provider,
			 struct lc_credentials *credentials)
{
	bool wanting = is_wanting(provider);
	bool new = !lc_credentials_equal(&provider->credentials, credentials);
	int64_t expires = credentials->expires;
	int64_t now = wall_seconds();

	provider->generation += new;
	if (new) {
		lc_credentials_clear(&provider->credentials);
		provider->credentials = *credentials;
		*credentials = (struct lc_credentials){.expires = 0};
	}
	provider->credentials.expires = expires;
	if (new || provider->schedule.expires != expires)
		provider->schedule = (struct lc_credentials_schedule){
		    .obtained = now, .expires = expires, .spread = spread_of(expires)};
	provider->schedule.asked = now;
	provider->schedule.failures = 0;
	if (new)
		lc_log(LC_LOG_INFO, "credentials for S3",
		       LC_LOG_TEXT("from", provider->source.shown),
		       LC_LOG_INT("seconds_left", expires == 0 ? 0 : expires - now));
	else if (provider->failing_since != 0)
		lc_log(LC_LOG_INFO, "credentials for S3 can be had again",
		       LC_LOG_TEXT("from", provider->source.shown));
	provider->failing_since = 0;
	provider->error = (struct lc_error){.kind = LC_ERROR_NONE};
	if (wanting && !is_wanting(provider) && provider->on_renewed != NULL)
		provider->on_renewed(provider->context);
}

static void note_failure(struct lc_credentials_provider *provider, const struct lc_error *error)
{
	int64_t now = wall_seconds();

	provider->error = *error;
	if (provider->source.shown != NULL)
		lc_error_prefix(&provider->error, "%s", provider->source.shown);
	provider->schedule.asked = now;
	provider->schedule.failures++;
	if (provider->failing_since == 0)
		provider->failing_since = now;
	lc_log(LC_LOG_WARNING, "credentials for S3 could not be had",
	       LC_LOG_BOOL("uploads_wait", lc_credentials_provider_current(provider) == NULL),
	       LC_LOG_FAULT(&provider->error));
}

static void end_look(struct lc_credentials_provider *provider, struct lc_credentials *credentials,
		     const struct lc_error *error)
{
	if (error == NULL || error->kind == LC_ERROR_NONE)
		note_success(provider, credentials);
	else
		note_failure(provider, error);
}

static void schedule_tick(struct lc_credentials_provider *provider)
{
	if (!TAILQ_EMPTY(&provider->waits))
		lc_loop_timer_start(provider->timer, 0);
	else if (lc_credentials_provider_may_change(provider))
		lc_loop_timer_start(provider->timer, TICK_MS);
}

static void on_fetched(void *context, struct lc_credentials *credentials,
		       const struct lc_error *error)
{
	struct lc_credentials_provider *provider = context;

	provider->fetch = NULL;
	end_look(provider, credentials, error);
	tell_waits(provider);
	schedule_tick(provider);
}

/* ---- a look ---- */

/* Which source is set up may have changed: a file may have come. */
static bool find_source(struct lc_credentials_provider *provider, struct lc_error *error)
{
	lc_credentials_source_clear(&provider->source);
	if (!lc_credentials_source_find(&provider->source, &provider->options, error))
		return false;
	for (size_t i = 0; i < FILES; i++)
		provider->looks[i] = look_at(provider->source.files[i]);
	return true;
}

/* Asks the source. True if the look has ended with that. */
static bool look(struct lc_credentials_provider *provider)
{
	struct lc_credentials found = {.expires = 0};
	struct lc_error error = {.kind = LC_ERROR_NONE};

	provider->asked_ms = lc_loop_now_ms(provider->loop);
	if (find_source(provider, &error)) {
		if (lc_credentials_source_is_local(&provider->source)) {
			(void)lc_credentials_source_read(&provider->source, &found, &error);
		} else {
			provider->fetch = lc_credentials_fetch_start(
			    provider->http, &provider->source, on_fetched, provider, &error);
			if (provider->fetch != NULL)
				return false;
		}
	}
	end_look(provider, &found, &error);
	lc_credentials_clear(&found);
	return true;
}

static bool may_ask_now(const struct lc_credentials_provider *provider)
{
	return provider->source.shown == NULL ||
	       lc_credentials_source_is_local(&provider->source) ||
	       lc_loop_now_ms(provider->loop) >= provider->asked_ms + ASK_AGAIN_MS;
}

static bool is_due(const struct lc_credentials_provider *provider)
{
	if (!TAILQ_EMPTY(&provider->waits))
		return may_ask_now(provider);
	return wall_seconds() >= lc_credentials_schedule_due(&provider->schedule) ||
	       files_have_changed(provider);
}

static void on_timer(void *context)
{
	struct lc_credentials_provider *provider = context;

	LC_ASSERT(provider->fetch == NULL);
	if (is_due(provider) && !look(provider))
		return; /* on_fetched goes on */
	tell_waits(provider);
	schedule_tick(provider);
}

/* ---- the interface ---- */

/* A file that cannot be read now could be when the settings were: what they hold is good. */
static void begin_with_settings(struct lc_credentials_provider *provider)
{
	struct lc_credentials_options options = provider->options;
	struct lc_credentials_source source;
	struct lc_credentials found = {.expires = 0};

	options.secret_access_key_file = NULL;
	options.session_token_file = NULL;
	if (!lc_credentials_source_find(&source, &options, NULL))
		return;
	if (source.kind == LC_S3_CREDENTIALS_STATIC &&
	    lc_credentials_source_read(&source, &found, NULL)) {
		provider->credentials = found;
		provider->generation = 1;
	}
	lc_credentials_source_clear(&source);
}

struct lc_credentials_provider *
lc_credentials_provider_new(struct lc_loop *loop, struct lc_http *http,
			    const struct lc_credentials_options *options)
{
	struct lc_credentials_provider *provider = lc_memory_zero(1, sizeof(*provider));

	provider->loop = loop;
	provider->http = http;
	provider->options = *options;
	provider->refused = UINT64_MAX;
	TAILQ_INIT(&provider->waits);
	provider->timer = lc_loop_timer_new(loop, on_timer, provider);
	begin_with_settings(provider);
	if (look(provider))
		schedule_tick(provider);
	return provider;
}

void lc_credentials_provider_free(struct lc_credentials_provider *provider)
{
	if (provider == NULL)
		return;
	LC_ASSERT(TAILQ_EMPTY(&provider->waits));
	if (provider->fetch != NULL)
		lc_credentials_fetch_cancel(provider->fetch);
	lc_loop_timer_free(provider->timer);
	lc_credentials_source_clear(&provider->source);
	lc_credentials_clear(&provider->credentials);
	free(provider);
}

const struct lc_credentials *
lc_credentials_provider_current(const struct lc_credentials_provider *provider)
{
	if (provider->credentials.access_key_id == NULL ||
	    !lc_credentials_schedule_usable(&provider->schedule, wall_seconds()))
		return NULL;
	return &provider->credentials;
}

uint64_t lc_credentials_provider_generation(const struct lc_credentials_provider *provider)
{
	return provider->generation;
}

bool lc_credentials_provider_may_change(const struct lc_credentials_provider *provider)
{
	return provider->source.shown == NULL ||
	       lc_credentials_source_may_change(&provider->source);
}

bool lc_credentials_provider_expired(const struct lc_credentials_provider *provider)
{
	return provider->schedule.expires != 0 && wall_seconds() >= provider->schedule.expires;
}

struct lc_credentials_wait *lc_credentials_provider_await(struct lc_credentials_provider *provider,
							  uint64_t refused,
							  lc_credentials_callback *callback,
							  void *context)
{
	struct lc_credentials_wait *wait = lc_memory_zero(1, sizeof(*wait));

	if (refused == provider->generation)
		provider->refused = refused;
	wait->provider = provider;
	wait->round = provider->round;
	wait->callback = callback;
	wait->context = context;
	TAILQ_INSERT_TAIL(&provider->waits, wait, link);
	if (provider->fetch == NULL)
		lc_loop_timer_start(provider->timer, 0);
	return wait;
}

void lc_credentials_provider_cancel(struct lc_credentials_wait *wait)
{
	TAILQ_REMOVE(&wait->provider->waits, wait, link);
	free(wait);
}

void lc_credentials_provider_tell(struct lc_credentials_provider *provider,
				  lc_credentials_callback *on_renewed, void *context)
{
	provider->on_renewed = on_renewed;
	provider->context = context;
}

struct lc_credentials_status
lc_credentials_provider_status(const struct lc_credentials_provider *provider)
{
	return (struct lc_credentials_status){
	    .from = provider->source.shown == NULL ? "" : provider->source.shown,
	    .expires = provider->credentials.expires,
	    .failing_since = provider->failing_since,
	    .usable = lc_credentials_provider_current(provider) != NULL,
	    .error = &provider->error,
	};
}
