/*
 * Makes a row that is too large small enough: every text longer than a limit is cut to it and ends
 * in "...". The row's hash stays that of the row as it came.
 *
 * What a row becomes depends on the row alone, not on the block that it came in. A row that is in
 * memory is cut there. One that is too large even for that comes in a block of its own
 * (delivery/rows): it is cut while it streams by, to a copy of its block. What is left out is never
 * stored then, whatever its size, but counts for the hash. The copy says the same as the block
 * otherwise, its faults included: where the shortener meets what is no block it copies it and calls
 * the row complete, and walking through the copy tells what is wrong.
 */
#ifndef LC_FORMATS_RECORD_SHORTENER_H
#define LC_FORMATS_RECORD_SHORTENER_H

#include "base/buffer.h"
#include "base/view.h"
#include "formats/record.h"
#include "formats/row_hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_record_shortener {
	struct lc_buffer row; /* the texts that were cut, or the copy so far */
	uint64_t shortened;   /* texts cut in it */
	size_t room;          /* for the bytes of a row's texts */
	size_t text_limit;    /* bytes a text of a row that needs more may have */
	size_t step;          /* which part of the block comes next */
	bool in_body;         /* its bytes come next, not what stands before them */
	bool present;         /* it is not NULL */
	bool cut;             /* the bytes being copied are followed by "..." */
	uint64_t copying;     /* bytes still to be copied */
	uint64_t skipping;    /* bytes to be left out then */
	char head[16];        /* what stands before, as far as it has come */
	size_t head_size;
	struct lc_row_hasher hasher; /* of the row as it comes */
};

/* For rows of at most `max_row_bytes`, at least 1024: what these leave to texts is their room, and
 * the limit of a text an equal share of it, so that no row is larger. */
void lc_record_shortener_init(struct lc_record_shortener *shortener, size_t max_row_bytes);
void lc_record_shortener_free(struct lc_record_shortener *shortener);

/* Cuts the texts of a row in memory if they do not have room; then it is marked as shortened and has
 * its hash. Returns how many were cut; these are views into the shortener until it is used again. */
uint64_t lc_record_shortener_cut(struct lc_record_shortener *shortener, struct lc_record *record);

/* Forgets the copy; a block of one row begins, whose texts do not have room. */
void lc_record_shortener_begin(struct lc_record_shortener *shortener);

/* Takes bytes of the block; returns how many belong to it. `*complete` tells whether these were the
 * last ones; `row` then holds the whole copy. */
size_t lc_record_shortener_feed(struct lc_record_shortener *shortener, struct lc_view piece,
				bool *complete);

/* The hash of the row as it came (formats/row_hash.h). Once, when it is complete and its copy is
 * good. */
uint64_t lc_record_shortener_hash(struct lc_record_shortener *shortener);

#endif
