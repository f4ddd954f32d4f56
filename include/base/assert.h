/*
 * Assertions, for our own bugs only. What comes from outside never trips one: it gets a
 * struct lc_error. Assertions stay on in every build: a courier that has lost its bearings must
 * stop before it delivers.
 */
#ifndef LC_BASE_ASSERT_H
#define LC_BASE_ASSERT_H

/* Receives the text of a failed assertion, for instance to keep it as a worker's last words. */
typedef void lc_assert_witness(const char *text);

/* Sets who is told before the process aborts; NULL for nobody. */
void lc_assert_set_witness(lc_assert_witness *witness);

/* Writes the failed expression to stderr, tells the witness, aborts. */
_Noreturn void lc_assert_failed(const char *expression, const char *file, int line,
				const char *function);

#define LC_ASSERT(expression) \
	((expression) ? (void)0 : lc_assert_failed(#expression, __FILE__, __LINE__, __func__))

/*
 * Object magic: a struct whose first field is `uint32_t magic` is checked wherever it comes back to
 * us as void *.
 */
#define LC_ASSERT_MAGIC(object, value) LC_ASSERT((object) != NULL && (object)->magic == (value))

#endif
