/* A mark: an offset that owns its req_id. */
#ifndef LC_DELIVERY_MARK_H
#define LC_DELIVERY_MARK_H

#include "base/buffer.h"
#include "formats/offset.h"

#include <stdbool.h>

struct lc_mark {
	bool set;
	uint32_t inserted_at;
	int64_t start_time_ms;
	struct lc_buffer req_id;
};

/* An unset mark. */
void lc_mark_init(struct lc_mark *mark);
void lc_mark_free(struct lc_mark *mark);

/* Copies the offset. */
void lc_mark_set(struct lc_mark *mark, const struct lc_offset *offset);

/* Copies another mark, which may be unset. */
void lc_mark_copy(struct lc_mark *mark, const struct lc_mark *from);

/* The mark as an offset, valid until the mark changes. The mark must be set. */
struct lc_offset lc_mark_offset(const struct lc_mark *mark);

/* True if the mark is set and the offset is at or before it. */
bool lc_mark_covers(const struct lc_mark *mark, const struct lc_offset *offset);

#endif
