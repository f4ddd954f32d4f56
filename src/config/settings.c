#include "config/settings.h"

#include "base/assert.h"
#include "base/memory.h"
#include "config/setting_form.h"
#include "formats/machine_beat.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What settings that are 0 stand for. Workers are as fast with less: a smaller share costs some more
 * and smaller objects. */
enum {
	SHARED_BYTES = 256 * 1024 * 1024, /* for the log objects of all workers of this machine */
	SHARE_MIN = 8 * 1024 * 1024,      /* of one worker, however many there are */
	SHARE_MAX = 64 * 1024 * 1024,
	OBJECT_BYTES = 16 * 1024 * 1024,
	PARTS = 4, /* objects, and rows of the largest size, that fit what may be in flight */
};

void lc_settings_default(struct lc_settings *settings)
{
	*settings = (struct lc_settings){
#define LC_SETTING_INTEGER(name, text, scope, default_value, ...) .name = (default_value),
#define LC_SETTING_NUMBER(name, text, scope, default_value, ...) .name = (default_value),
#define LC_SETTING_BOOLEAN(name, text, scope, default_value, ...) .name = (default_value),
#define LC_SETTING_TEXT(name, text, scope, default_value, ...) \
	.name = lc_memory_copy_text(default_value),
#define LC_SETTING_SECRET(name, ...) .name = lc_memory_copy_text(""),
#define LC_SETTING_CHOICE(name, text, scope, default_value, ...) .name = (default_value),
#include "tbl/settings.h"
	};
}

static void free_text(char **text)
{
	explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void lc_settings_free(struct lc_settings *settings)
{
#define LC_SETTING_TEXT(field, ...) free_text(&settings->field);
#define LC_SETTING_SECRET(field, ...) free_text(&settings->field);
#include "tbl/settings.h"
	free(settings->config_file);
	settings->config_file = NULL;
	for (size_t i = 0; i < settings->target_count; i++) {
		lc_settings_free(&settings->targets[i].settings);
		free(settings->targets[i].buckets);
	}
	free(settings->targets);
	settings->targets = NULL;
	settings->target_count = 0;
}

static unsigned processors(void)
{
	cpu_set_t set;
	int count;
	long online;

	/* Fails on machines with more processors than the set has room for. */
	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		count = CPU_COUNT(&set);
		return count < 1 ? 1 : (unsigned)count;
	}
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online < 1 ? 1 : (unsigned)online;
}

unsigned lc_settings_shard_count(const struct lc_settings *settings)
{
	return settings->supervisor_shards == 0 ? processors()
						: (unsigned)settings->supervisor_shards;
}

bool lc_settings_machine_name(const struct lc_settings *settings,
			      char name[LC_SETTINGS_MACHINE_NAME_SIZE], struct lc_error *error)
{
	const char *given = settings->failover_machine_name;

	if (given[0] != '\0')
		snprintf(name, LC_SETTINGS_MACHINE_NAME_SIZE, "%s", given);
	else if (gethostname(name, LC_SETTINGS_MACHINE_NAME_SIZE) != 0)
		return lc_error_set_errno(error, errno,
					  "failover.machine-name: found none, and this machine's "
					  "host name cannot be had");
	if (strlen(given) <= LC_MACHINE_NAME_MAX && lc_machine_name_is_good(lc_view_of(name)))
		return true;
	return lc_error_set(error, LC_ERROR_USAGE,
			    "failover.machine-name: found \"%.*s\", expected a name of at most %d "
			    "printable characters, none of them a blank, a quote or a backslash",
			    LC_MACHINE_NAME_MAX, name, LC_MACHINE_NAME_MAX);
}

unsigned lc_settings_capacity(const struct lc_settings *settings)
{
	return settings->failover_capacity == 0 ? processors()
						: (unsigned)settings->failover_capacity;
}

bool lc_settings_owns_shard(const struct lc_settings *settings, unsigned shard)
{
	const char *rest = settings->supervisor_owned_shards;
	unsigned first;
	unsigned last;

	if (*rest == '\0')
		return true;
	while (lc_setting_form_next_shards(&rest, &first, &last)) {
		if (shard >= first && shard <= last)
			return true;
	}
	LC_ASSERT(*rest == '\0');
	return false;
}

static int64_t owned_count(const struct lc_settings *settings)
{
	unsigned shard_count = lc_settings_shard_count(settings);
	int64_t count = 0;

	for (unsigned shard = 0; shard < shard_count; shard++)
		count += lc_settings_owns_shard(settings, shard);
	return count;
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t lc_settings_inflight_bytes(const struct lc_settings *settings)
{
	int64_t largest =
	    greater(settings->consumer_max_object_bytes, settings->limits_max_row_bytes);
	int64_t share;

	if (settings->limits_max_inflight_bytes != 0)
		return settings->limits_max_inflight_bytes;
	share = SHARED_BYTES / greater(owned_count(settings), 1);
	return greater(lesser(greater(share, SHARE_MIN), SHARE_MAX), PARTS * largest);
}

int64_t lc_settings_object_bytes(const struct lc_settings *settings)
{
	if (settings->consumer_max_object_bytes != 0)
		return settings->consumer_max_object_bytes;
	return lesser(OBJECT_BYTES, lc_settings_inflight_bytes(settings) / PARTS);
}

const char *lc_settings_source_region(const struct lc_settings *settings)
{
	return *settings->consumer_source_region != '\0' ? settings->consumer_source_region
							 : settings->s3_region;
}
