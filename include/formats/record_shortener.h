/*
 * Makes a row that is too large small enough, as it streams by: a copy of the row, in the same
 * format, in which every text longer than a limit is cut to it and ends in "...". What is left out
 * is never stored, whatever its size, but counts for the row's hash.
 *
 * The copy says the same as the row otherwise, its faults included: where the shortener meets what
 * is no row it copies it and calls the row complete, and decoding the copy tells what is wrong.
 */
#ifndef LC_FORMATS_RECORD_SHORTENER_H
#define LC_FORMATS_RECORD_SHORTENER_H

#include "base/buffer.h"
#include "base/view.h"
#include "formats/row_hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_record_shortener {
	struct lc_buffer row; /* the copy so far */
	uint64_t shortened;   /* texts cut in it */
	size_t text_limit;    /* bytes a text may have in it */
	size_t step;          /* which value of the row comes next */
	bool in_body;         /* its bytes come next, not its NULL flag and length */
	bool present;         /* it is not NULL */
	bool cut;             /* the bytes being copied are followed by "..." */
	uint64_t copying;     /* bytes still to be copied */
	uint64_t skipping;    /* bytes to be left out then */
	char head[16];        /* the value's NULL flag and length as far as they have come */
	size_t head_size;
	struct lc_row_hasher hasher; /* of the row as it comes */
};

/* For rows of at most `max_row_bytes`, at least 1024: the limit of a text is an equal share of what
 * these leave to texts, so that no copy is larger. */
void lc_record_shortener_init(struct lc_record_shortener *shortener, size_t max_row_bytes);
void lc_record_shortener_free(struct lc_record_shortener *shortener);

/* Forgets the copy; a new row begins. */
void lc_record_shortener_begin(struct lc_record_shortener *shortener);

/* Takes bytes of the row; returns how many belong to it. `*complete` tells whether these were the
 * last ones; `row` then holds the whole copy. */
size_t lc_record_shortener_feed(struct lc_record_shortener *shortener, struct lc_view piece,
				bool *complete);

/* The hash of the row as it came (formats/row_hash.h). Once, when it is complete and its copy is
 * well-formed. */
uint64_t lc_record_shortener_hash(struct lc_record_shortener *shortener);

#endif
