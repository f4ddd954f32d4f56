#include "supervisor/trace.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

struct frame {
	const char *module; /* file name without folders; NULL: in no module that we have */
	const char *symbol; /* or NULL */
	uintptr_t offset;   /* in the module as addr2line counts; the address itself without one */
	bool ours;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static struct frame find_frame(const struct lc_page_trace *trace, unsigned index)
{
	uintptr_t address = trace->addresses[index] - (index > 0);
	struct frame frame = {.offset = address};
	const struct link_map *map;
	void *extra;
	Dl_info info;

	/* The address is only compared with where modules are.
	 * NOLINTNEXTLINE(performance-no-int-to-ptr) */
	if (dladdr1((const void *)address, &info, &extra, RTLD_DL_LINKMAP) == 0)
		return frame;
	map = extra;
	frame.module = base_name(info.dli_fname);
	frame.symbol = info.dli_sname;
	frame.offset = address - map->l_addr;
	frame.ours = map->l_name[0] == '\0'; /* the main program has no name there */
	return frame;
}

static void append_frame(const struct frame *frame, struct lc_buffer *text)
{
	if (frame->module == NULL)
		lc_buffer_append_format(text, "0x%" PRIxPTR, frame->offset);
	else
		lc_buffer_append_format(text, "%s+0x%" PRIxPTR, frame->module, frame->offset);
	if (frame->symbol != NULL)
		lc_buffer_append_format(text, " %s", frame->symbol);
}

static void append_frames(const struct lc_page_trace *trace, unsigned most, bool ours_alone,
			  struct lc_buffer *text)
{
	unsigned count = 0;

	for (unsigned i = 0; i < trace->size && count < most; i++) {
		struct frame frame = find_frame(trace, i);

		if (ours_alone && !frame.ours)
			continue;
		if (count++ > 0)
			lc_buffer_append_text(text, ", ");
		append_frame(&frame, text);
	}
}

void lc_trace_append(const struct lc_page_trace *trace, struct lc_buffer *text)
{
	append_frames(trace, LC_PAGE_TRACE_MAX, false, text);
}

void lc_trace_append_ours(const struct lc_page_trace *trace, unsigned most, struct lc_buffer *text)
{
	append_frames(trace, most, true, text);
}
