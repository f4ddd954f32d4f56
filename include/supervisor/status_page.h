/* The status page, one self-contained document in HTML: src/supervisor/status_page.html, made into
 * these bytes by the build. */
#ifndef LC_SUPERVISOR_STATUS_PAGE_H
#define LC_SUPERVISOR_STATUS_PAGE_H

#include <stddef.h>

extern const unsigned char LC_STATUS_PAGE[];
extern const size_t LC_STATUS_PAGE_SIZE;

#endif
