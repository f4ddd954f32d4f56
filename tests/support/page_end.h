/* Memory that ends where a page does, before one that may not be touched: reading or writing past
 * it is noticed at once. */
#ifndef LC_TESTS_SUPPORT_PAGE_END_H
#define LC_TESTS_SUPPORT_PAGE_END_H

#include <stddef.h>

struct page_end {
	char *end; /* what lies before it, up to a page, is for use */
	size_t page;
};

void page_end_make(struct page_end *memory);
void page_end_free(struct page_end *memory);

#endif
