#include "config/settings_targets.h"

#include "base/assert.h"
#include "base/memory.h"
#include "config/setting.h"

#include <stdlib.h>
#include <string.h>

/* ---- patterns ---- */

bool lc_settings_targets_next_pattern(const char **rest, struct lc_view *pattern)
{
	size_t size = strcspn(*rest, ",");

	if (size == 0)
		return false;
	*pattern = (struct lc_view){.data = *rest, .size = size};
	*rest += (*rest)[size] == ',' ? size + 1 : size;
	return true;
}

/* Each `*` takes as little as it can; when what follows does not match, the last one takes one
 * character more. */
bool lc_settings_targets_match(struct lc_view pattern, struct lc_view name)
{
	size_t star = pattern.size; /* where the last `*` stands, once there was one */
	size_t taken = 0;           /* what follows it is matched from here on */
	size_t p = 0;
	size_t n = 0;

	while (n < name.size) {
		char c = p < pattern.size ? pattern.data[p] : '\0';

		if (p < pattern.size && c == '*') {
			star = p++;
			taken = n;
		} else if (p < pattern.size &&
			   (c == '?' ? name.data[n] != '*' : c == name.data[n])) {
			p++;
			n++;
		} else if (star < pattern.size) {
			p = star + 1;
			n = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.size && pattern.data[p] == '*')
		p++;
	return p == pattern.size;
}

static bool has_bucket(const struct lc_settings_target *target, struct lc_view bucket)
{
	const char *rest = target->buckets;
	struct lc_view pattern;

	while (lc_settings_targets_next_pattern(&rest, &pattern)) {
		if (lc_settings_targets_match(pattern, bucket))
			return true;
	}
	return false;
}

const struct lc_settings *lc_settings_of_bucket(const struct lc_settings *settings,
						struct lc_view bucket)
{
	for (size_t i = 0; i < settings->target_count; i++) {
		if (has_bucket(&settings->targets[i], bucket))
			return &settings->targets[i].settings;
	}
	return settings;
}

/* ---- entries ---- */

struct lc_settings_target *lc_settings_targets_add(struct lc_settings *settings, const char *path,
						   unsigned line)
{
	struct lc_settings_target *target;

	LC_ASSERT(settings->entry == 0 && settings->target_count < LC_SETTINGS_TARGETS_MAX);
	settings->targets = lc_memory_resize(settings->targets, settings->target_count + 1,
					     sizeof(settings->targets[0]));
	target = &settings->targets[settings->target_count++];
	*target = (struct lc_settings_target){.buckets = lc_memory_copy_text(""), .line = line};
	lc_settings_default(&target->settings);
	target->settings.config_file = lc_memory_copy_text(path);
	target->settings.entry = settings->target_count;
	return target;
}

static bool gives_credentials(const struct lc_settings_target *target)
{
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		if (target->given[i] && lc_setting_at(i)->scope == LC_SETTING_SCOPE_CREDENTIAL)
			return true;
	}
	return false;
}

void lc_settings_targets_complete(struct lc_settings *settings)
{
	for (size_t i = 0; i < settings->target_count; i++) {
		struct lc_settings_target *target = &settings->targets[i];
		bool credentials = gives_credentials(target);

		for (unsigned s = 0; s < LC_SETTINGS_COUNT; s++) {
			const struct lc_setting *setting = lc_setting_at(s);

			if (!target->given[s] &&
			    !(credentials && setting->scope == LC_SETTING_SCOPE_CREDENTIAL))
				lc_setting_copy(&target->settings, settings, setting);
		}
	}
}
