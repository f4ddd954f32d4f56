/* Uploads in a delivery_world: few at a time, short waits, and log objects of one size, of one
 * source. */
#ifndef LC_TESTS_SUPPORT_UPLOAD_WORLD_H
#define LC_TESTS_SUPPORT_UPLOAD_WORLD_H

#include "support/delivery_world.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>

enum {
	UPLOAD_WORLD_ATTEMPTS = 3,
	UPLOAD_WORLD_PER_TARGET = 2,
	UPLOAD_WORLD_CONCURRENCY = 3,
	UPLOAD_WORLD_BACKOFF_MS = 1000,
	UPLOAD_WORLD_BACKOFF_MAX_MS = 8000,
	UPLOAD_WORLD_MAX_OBJECT_BYTES = 65536,
	UPLOAD_WORLD_SECOND = 1549411240, /* insertedAt of all rows */
};

/* A story in such a world. */
#define UPLOAD_STORY(name) \
	cmocka_unit_test_setup_teardown(name, upload_world_set_up, upload_world_tear_down)
int upload_world_set_up(void **state);
int upload_world_tear_down(void **state);

/* Begins again with other limits: uploads at a time, of these into one bucket, and room for so many
 * objects in memory. */
void upload_world_limit(struct delivery_world *world, unsigned concurrency, unsigned per_target,
			size_t objects);

/* Bytes of memory that each object takes. */
size_t upload_world_object_bytes(const struct delivery_world *world);

struct lc_target *upload_world_target(struct delivery_world *world, const char *bucket,
				      const char *prefix);

/* Log objects of the target without a body. */
uint64_t upload_world_backlog(const struct lc_target *target);

/* The target whose backlog may be built again now; NULL: none. */
struct lc_target *upload_world_next_backlog(struct delivery_world *world);

/* Submits an object of one row, whose key tells its number: for a bucket, or for one of its
 * prefixes. */
void upload_world_submit(struct delivery_world *world, uint64_t id, const char *bucket);
void upload_world_submit_to(struct delivery_world *world, uint64_t id, const char *bucket,
			    const char *prefix);

/* The same with so many rows. */
void upload_world_submit_rows(struct delivery_world *world, uint64_t id, const char *bucket,
			      unsigned rows);

/* The oldest PUT under way is that of this object. */
void upload_world_expect_put(const struct delivery_world *world, uint64_t id, const char *bucket);

/* Does what is to be done now. */
void upload_world_run(struct delivery_world *world);

/* Lets so much time pass, tending to the uploads once a second as a shard does. */
void upload_world_pass(struct delivery_world *world, uint64_t ms);

/* The target's bucket fails until it has stepped aside; objects for it were submitted and wait. */
void upload_world_put_aside(struct delivery_world *world, struct lc_target *target);

uint64_t upload_world_count(const struct delivery_world *world, enum lc_counters_name name);

#endif
