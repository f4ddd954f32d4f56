/*
 * Likeness of names, to tell somebody who mistyped one what was probably meant.
 */
#ifndef LC_CONFIG_NEAREST_H
#define LC_CONFIG_NEAREST_H

#include "base/view.h"

/* How far `typed` is from the name `known`: 0 if they differ in case and punctuation alone, else
 * the number of letters to insert, delete, replace or swap with their neighbour (optimal string
 * alignment distance). A typed name that ends like the known one, as "count-threshold" for
 * "consumer.count-threshold", is at distance 1. Only the first 96 bytes count. */
unsigned lc_nearest_distance(struct lc_view typed, const char *known);

#endif
