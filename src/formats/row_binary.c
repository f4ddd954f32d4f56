#include "formats/row_binary.h"

#include <endian.h>

enum lc_row_binary_leb128_result lc_row_binary_leb128_read(struct lc_view bytes, uint64_t *value,
							   size_t *used)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < LC_ROW_BINARY_LEB128_SIZE_MAX; i++) {
		unsigned char byte;

		if (i == bytes.size)
			return LC_ROW_BINARY_LEB128_INCOMPLETE;
		byte = (unsigned char)bytes.data[i];
		/* The tenth byte holds the one bit that is left. */
		if (i == LC_ROW_BINARY_LEB128_SIZE_MAX - 1 && byte > 1)
			return LC_ROW_BINARY_LEB128_OVERFLOW;
		sum |= (uint64_t)(byte & 0x7F) << (7 * i);
		if (byte < 0x80) {
			*value = sum;
			*used = i + 1;
			return LC_ROW_BINARY_LEB128_READ;
		}
	}
	return LC_ROW_BINARY_LEB128_OVERFLOW;
}

size_t lc_row_binary_leb128_write(uint64_t value, char out[LC_ROW_BINARY_LEB128_SIZE_MAX])
{
	size_t size = 0;

	while (value >= 0x80) {
		out[size++] = (char)(0x80 | (value & 0x7F));
		value >>= 7;
	}
	out[size++] = (char)value;
	return size;
}

void lc_row_binary_append_number(struct lc_buffer *rows, uint64_t number, size_t size)
{
	uint64_t little = htole64(number);

	lc_buffer_append(rows, &little, size);
}

void lc_row_binary_append_text(struct lc_buffer *rows, struct lc_view text)
{
	char size[LC_ROW_BINARY_LEB128_SIZE_MAX];

	lc_buffer_append(rows, size, lc_row_binary_leb128_write(text.size, size));
	lc_buffer_append_view(rows, text);
}
