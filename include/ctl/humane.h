/* Numbers as people read them, in few characters. */
#ifndef LC_CTL_HUMANE_H
#define LC_CTL_HUMANE_H

#include <stdint.h>

enum { LC_HUMANE_SIZE = 32 }; /* longest text with its terminator */

/* 0 to 99,999 as they are, then "123k", "1.23M", "45.6G". */
void lc_humane_count(uint64_t count, char text[LC_HUMANE_SIZE]);

/* "512 B", "1.5 KiB", "16.0 MiB". */
void lc_humane_bytes(uint64_t bytes, char text[LC_HUMANE_SIZE]);

/* The two largest units: "42s", "5m 12s", "3h 12m", "12d 4h"; "-" when negative. */
void lc_humane_age(int64_t seconds, char text[LC_HUMANE_SIZE]);

#endif
