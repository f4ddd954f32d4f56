#include "support/page_end.h"

#include "base/assert.h"

#include <sys/mman.h>
#include <unistd.h>

void page_end_make(struct page_end *memory)
{
	char *pages;

	memory->page = (size_t)sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, 2 * memory->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	LC_ASSERT(pages != MAP_FAILED);
	memory->end = pages + memory->page;
	LC_ASSERT(mprotect(memory->end, memory->page, PROT_NONE) == 0);
}

void page_end_free(struct page_end *memory)
{
	LC_ASSERT(munmap(memory->end - memory->page, 2 * memory->page) == 0);
}
