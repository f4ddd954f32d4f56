#include "base/counters.h"

#include "base/assert.h"
#include "base/clock.h"

#include <string.h>

const struct lc_counters_description LC_COUNTERS_DESCRIPTIONS[LC_COUNTERS_COUNT] = {
#define LC_COUNTER(name, family_, labels_, help_)  \
	[LC_COUNTERS_##name] = {.family = family_, \
				.labels = labels_, \
				.help = help_,     \
				.kind = LC_COUNTERS_KIND_COUNTER},
#define LC_GAUGE(name, family_, labels_, help_) \
	[LC_COUNTERS_##name] = {                \
	    .family = family_, .labels = labels_, .help = help_, .kind = LC_COUNTERS_KIND_GAUGE},
#include "tbl/counters.h"
};

#define BOUND_COUNT(...) (sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

const struct lc_counters_histogram_description
    LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[LC_COUNTERS_HISTOGRAM_COUNT] = {
#define LC_HISTOGRAM(name, family_, labels_, bounds_, help_)   \
	[LC_COUNTERS_HISTOGRAM_##name] = {.family = family_,   \
					  .labels = labels_,   \
					  .help = help_,       \
					  .bounds = {bounds_}, \
					  .bound_count = BOUND_COUNT(bounds_)},
#include "tbl/counters.h"
};

bool lc_counters_begins_family(enum lc_counters_name name)
{
	const struct lc_counters_description *row = &LC_COUNTERS_DESCRIPTIONS[name];

	return name == 0 || strcmp(row[0].family, row[-1].family) != 0;
}

const char *lc_counters_type(enum lc_counters_name name)
{
	return LC_COUNTERS_DESCRIPTIONS[name].kind == LC_COUNTERS_KIND_COUNTER ? "counter"
									       : "gauge";
}

void lc_counters_add(struct lc_counters *counters, enum lc_counters_name name, uint64_t amount)
{
	atomic_fetch_add_explicit(&counters->values[name], amount, memory_order_relaxed);
}

void lc_counters_set(struct lc_counters *counters, enum lc_counters_name name, uint64_t value)
{
	atomic_store_explicit(&counters->values[name], value, memory_order_relaxed);
}

void lc_counters_set_failing(struct lc_counters *counters, enum lc_counters_name name, bool failing)
{
	if (!failing)
		lc_counters_set(counters, name, 0);
	else if (lc_counters_get(counters, name) == 0)
		lc_counters_set(counters, name, (uint64_t)lc_clock_wall_ms() / 1000);
}

uint64_t lc_counters_get(const struct lc_counters *counters, enum lc_counters_name name)
{
	return atomic_load_explicit(&counters->values[name], memory_order_relaxed);
}

void lc_counters_observe(struct lc_counters *counters, enum lc_counters_histogram histogram,
			 double value)
{
	const struct lc_counters_histogram_description *description =
	    &LC_COUNTERS_HISTOGRAM_DESCRIPTIONS[histogram];
	struct lc_counters_buckets *buckets = &counters->histograms[histogram];
	double millionths = value * 1e6;
	size_t i = 0;

	LC_ASSERT(value >= 0);
	while (i < description->bound_count && value > description->bounds[i])
		i++;
	atomic_fetch_add_explicit(&buckets->buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&buckets->sum_millionths,
				  millionths < 0x1p64 ? (uint64_t)millionths : UINT64_MAX,
				  memory_order_relaxed);
}

void lc_counters_complain(struct lc_counters *counters, enum lc_counters_complaint which,
			  unsigned fault, const char *words)
{
	struct lc_counters_complaint_place *place = &counters->complaints[which];
	size_t size = strnlen(words, LC_COUNTERS_WORDS_SIZE - 1);

	/* not in the middle of a character of UTF-8 */
	while (words[size] != '\0' && size > 0 && ((unsigned char)words[size] & 0xC0) == 0x80)
		size--;
	for (size_t i = 0; i < size; i++)
		atomic_store_explicit(&place->words[i], words[i], memory_order_relaxed);
	atomic_store_explicit(&place->words[size], '\0', memory_order_relaxed);
	atomic_store_explicit(&place->fault, fault, memory_order_release);
}

unsigned lc_counters_complaint(const struct lc_counters *counters, enum lc_counters_complaint which,
			       char words[LC_COUNTERS_WORDS_SIZE])
{
	const struct lc_counters_complaint_place *place = &counters->complaints[which];
	unsigned fault = atomic_load_explicit(&place->fault, memory_order_acquire);
	size_t size = 0;
	char c;

	while (size < LC_COUNTERS_WORDS_SIZE - 1 &&
	       (c = atomic_load_explicit(&place->words[size], memory_order_relaxed)) != '\0')
		words[size++] = (unsigned char)c < 0x20 || c == 0x7F ? ' ' : c;
	while (size > 0 && words[size - 1] == ' ')
		size--;
	words[size] = '\0';
	return fault;
}
