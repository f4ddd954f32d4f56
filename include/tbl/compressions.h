/*
 * How log objects may be compressed: consumer.compression.
 *
 * LC_COMPRESSION(name, text, suffix, encoding)
 *
 * text: the value of the setting. suffix: what the keys of such objects end with; encoding: their
 * Content-Encoding (RFC 9110, section 8.4.1; RFC 8878, section 7.2). Empty for none.
 */
LC_COMPRESSION(NONE, "none", "", "")
LC_COMPRESSION(GZIP, "gzip", ".gz", "gzip")
LC_COMPRESSION(ZSTD, "zstd", ".zst", "zstd")

#undef LC_COMPRESSION
