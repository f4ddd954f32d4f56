/* What libFuzzer calls in each fuzzer; one fails by LC_ASSERT. */
#ifndef LC_TESTS_FUZZ_FUZZ_H
#define LC_TESTS_FUZZ_FUZZ_H

#include "base/assert.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
