#include "clients/clickhouse_exception.h"

#include <string.h>

static const char MARK[] = "__exception__\r\n";
static const char CODE[] = "Code: ";
static const char NAME[] = "DB::Exception";

enum {
	KEPT_MAX = 3 * LC_CLICKHOUSE_EXCEPTION_TAIL_SIZE,
	CODE_MAX = 1000 * 1000,
	NAME_WITHIN = 64, /* "Code: 60, e.displayText() = DB::Exception" is the longest start */
};

static struct lc_view view_from(struct lc_view view, size_t start)
{
	return (struct lc_view){.data = view.data + start, .size = view.size - start};
}

static struct lc_view first_line(struct lc_view view)
{
	const char *end = view.size == 0 ? NULL : memchr(view.data, '\n', view.size);

	if (end != NULL)
		view.size = (size_t)(end - view.data);
	if (view.size > 0 && view.data[view.size - 1] == '\r')
		view.size--;
	return view;
}

/* The last place of `wanted` in `view`, or false. */
static bool find_last(struct lc_view view, struct lc_view wanted, size_t *place)
{
	if (view.size < wanted.size)
		return false;
	for (size_t i = view.size - wanted.size + 1; i-- > 0;) {
		if (view.data[i] == wanted.data[0] &&
		    lc_view_begins_with(view_from(view, i), wanted)) {
			*place = i;
			return true;
		}
	}
	return false;
}

static int read_code(struct lc_view text)
{
	int code = 0;

	if (!lc_view_begins_with(text, lc_view_of(CODE)))
		return 0;
	for (size_t i = strlen(CODE); i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			break;
		code = code * 10 + (text.data[i] - '0');
		if (code > CODE_MAX)
			return 0;
	}
	return code;
}

bool lc_clickhouse_exception_read(struct lc_view body, struct lc_clickhouse_exception *exception)
{
	struct lc_view line = first_line(body);
	struct lc_view start = line;
	int code = read_code(line);

	if (start.size > NAME_WITHIN)
		start.size = NAME_WITHIN;
	if (code == 0 || memmem(start.data, start.size, NAME, strlen(NAME)) == NULL)
		return false;
	*exception = (struct lc_clickhouse_exception){.code = code, .text = line};
	return true;
}

/* "\r\n__exception__\r\n<TAG>\r\n<message>\n<length> <TAG>\r\n__exception__\r\n" as the very end.
 * The length is not needed to find the message, and a lie in it would change nothing. */
static bool find_tagged(struct lc_view tail, struct lc_view tag,
			struct lc_clickhouse_exception *exception)
{
	struct lc_view mark = lc_view_of(MARK);
	struct lc_view line_end = lc_view_of("\r\n");
	struct lc_view rest = tail;
	size_t place;

	if (tag.size == 0 || !lc_view_ends_with(rest, mark))
		return false;
	rest.size -= mark.size;
	if (!lc_view_ends_with(rest, line_end))
		return false;
	rest.size -= line_end.size;
	if (!lc_view_ends_with(rest, tag))
		return false;
	rest.size -= tag.size;

	*exception = (struct lc_clickhouse_exception){.certain = true};
	while (find_last(rest, mark, &place)) {
		struct lc_view block = view_from(rest, place + mark.size);

		if (lc_view_begins_with(block, tag) &&
		    lc_view_begins_with(view_from(block, tag.size), line_end)) {
			exception->text = first_line(view_from(block, tag.size + line_end.size));
			exception->code = read_code(exception->text);
			return true;
		}
		rest.size = place;
	}
	return true; /* the message is longer than the tail */
}

bool lc_clickhouse_exception_find(struct lc_view tail, struct lc_view tag,
				  struct lc_clickhouse_exception *exception)
{
	struct lc_view mark = lc_view_of(MARK);
	struct lc_view code = lc_view_of(CODE);
	struct lc_view rest = tail;
	size_t place;

	if (find_tagged(tail, tag, exception))
		return true;
	if (find_last(tail, mark, &place) &&
	    lc_clickhouse_exception_read(view_from(tail, place + mark.size), exception))
		return true;
	while (find_last(rest, code, &place)) {
		if (lc_clickhouse_exception_read(view_from(tail, place), exception))
			return true;
		rest.size = place;
	}
	return false;
}

void lc_clickhouse_exception_tail_init(struct lc_clickhouse_exception_tail *tail)
{
	lc_buffer_init(&tail->bytes, KEPT_MAX);
}

void lc_clickhouse_exception_tail_free(struct lc_clickhouse_exception_tail *tail)
{
	lc_buffer_free(&tail->bytes);
}

/* Bytes are moved only when the buffer is full, so each is moved about half a time. */
void lc_clickhouse_exception_tail_add(struct lc_clickhouse_exception_tail *tail,
				      struct lc_view piece)
{
	size_t window = LC_CLICKHOUSE_EXCEPTION_TAIL_SIZE;

	if (piece.size >= window) {
		lc_buffer_clear(&tail->bytes);
		piece = view_from(piece, piece.size - window);
	} else if (tail->bytes.size + piece.size > KEPT_MAX) {
		lc_buffer_consume(&tail->bytes, tail->bytes.size - window);
	}
	lc_buffer_append_view(&tail->bytes, piece);
}

struct lc_view lc_clickhouse_exception_tail_view(const struct lc_clickhouse_exception_tail *tail)
{
	return lc_buffer_view(&tail->bytes);
}
