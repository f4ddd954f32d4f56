#include "delivery/mark.h"

#include "base/assert.h"

/* A req_id is a few dozen bytes; whatever a row holds is kept. */
enum { REQ_ID_MAX = 128 * 1024 * 1024 };

void lc_mark_init(struct lc_mark *mark)
{
	*mark = (struct lc_mark){.set = false};
	lc_buffer_init(&mark->req_id, REQ_ID_MAX);
}

void lc_mark_free(struct lc_mark *mark)
{
	lc_buffer_free(&mark->req_id);
	mark->set = false;
}

void lc_mark_set(struct lc_mark *mark, const struct lc_offset *offset)
{
	mark->set = true;
	mark->inserted_at = offset->inserted_at;
	mark->start_time_ms = offset->start_time_ms;
	lc_buffer_clear(&mark->req_id);
	lc_buffer_append_view(&mark->req_id, offset->req_id);
	LC_ASSERT(!lc_buffer_failed(&mark->req_id));
}

void lc_mark_copy(struct lc_mark *mark, const struct lc_mark *from)
{
	if (from->set) {
		struct lc_offset offset = lc_mark_offset(from);

		lc_mark_set(mark, &offset);
	} else {
		mark->set = false;
	}
}

struct lc_offset lc_mark_offset(const struct lc_mark *mark)
{
	LC_ASSERT(mark->set);
	return (struct lc_offset){.inserted_at = mark->inserted_at,
				  .start_time_ms = mark->start_time_ms,
				  .req_id = lc_buffer_view(&mark->req_id)};
}

bool lc_mark_covers(const struct lc_mark *mark, const struct lc_offset *offset)
{
	struct lc_offset own;

	if (!mark->set)
		return false;
	own = lc_mark_offset(mark);
	return lc_offset_compare(offset, &own) <= 0;
}
