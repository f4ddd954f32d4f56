#include "formats/leb128.h"

enum lc_leb128_result lc_leb128_read(struct lc_view bytes, uint64_t *value, size_t *used)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < LC_LEB128_SIZE_MAX; i++) {
		unsigned char byte;

		if (i == bytes.size)
			return LC_LEB128_INCOMPLETE;
		byte = (unsigned char)bytes.data[i];
		/* The tenth byte holds the one bit that is left. */
		if (i == LC_LEB128_SIZE_MAX - 1 && byte > 1)
			return LC_LEB128_OVERFLOW;
		sum |= (uint64_t)(byte & 0x7F) << (7 * i);
		if (byte < 0x80) {
			*value = sum;
			*used = i + 1;
			return LC_LEB128_READ;
		}
	}
	return LC_LEB128_OVERFLOW;
}

size_t lc_leb128_write(uint64_t value, char out[LC_LEB128_SIZE_MAX])
{
	size_t size = 0;

	while (value >= 0x80) {
		out[size++] = (char)(0x80 | (value & 0x7F));
		value >>= 7;
	}
	out[size++] = (char)value;
	return size;
}
