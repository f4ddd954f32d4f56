#include "formats/xml.h"

#include "base/assert.h"

#include <stdint.h>

/* Just enough of XML: tags, text, CDATA, comments, processing instructions. A document type is
 * nothing that S3 sends, and ends the reading. */
enum token {
	TOKEN_OPEN,  /* <name ...>; text: the name */
	TOKEN_CLOSE, /* </name> */
	TOKEN_EMPTY, /* <name ... /> */
	TOKEN_TEXT,  /* text: with references */
	TOKEN_CDATA, /* text: as it is */
	TOKEN_END,   /* of the body, or of what is XML in it */
};

struct scanner {
	struct lc_view rest;
	struct lc_view text; /* of the token */
};

static void skip(struct lc_view *view, size_t size)
{
	view->data += size;
	view->size -= size;
}

/* Moves past `end`; the bytes before it become the token's text. False if it does not come. */
static bool take_until(struct scanner *scanner, const char *end)
{
	size_t size = strlen(end);
	const char *found = memmem(scanner->rest.data, scanner->rest.size, end, size);

	if (found == NULL)
		return false;
	scanner->text = (struct lc_view){.data = scanner->rest.data,
					 .size = (size_t)(found - scanner->rest.data)};
	skip(&scanner->rest, scanner->text.size + size);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The name at the beginning of a tag's text. */
static struct lc_view name_of(struct lc_view tag)
{
	size_t size = 0;

	while (size < tag.size && !is_space(tag.data[size]) && tag.data[size] != '/')
		size++;
	return (struct lc_view){.data = tag.data, .size = size};
}

/* <name attribute="value">: a value may hold ">". */
static enum token take_open_tag(struct scanner *scanner)
{
	struct lc_view rest = scanner->rest;
	char quote = '\0';

	for (size_t i = 0; i < rest.size; i++) {
		char c = rest.data[i];

		if (quote != '\0') {
			if (c == quote)
				quote = '\0';
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			scanner->text = name_of((struct lc_view){.data = rest.data, .size = i});
			skip(&scanner->rest, i + 1);
			return i > 0 && rest.data[i - 1] == '/' ? TOKEN_EMPTY : TOKEN_OPEN;
		}
	}
	return TOKEN_END;
}

static enum token next_token(struct scanner *scanner)
{
	while (scanner->rest.size > 0) {
		if (scanner->rest.data[0] != '<') {
			const char *tag = memchr(scanner->rest.data, '<', scanner->rest.size);

			scanner->text = scanner->rest;
			if (tag != NULL)
				scanner->text.size = (size_t)(tag - scanner->rest.data);
			skip(&scanner->rest, scanner->text.size);
			return TOKEN_TEXT;
		}
		if (lc_view_begins_with(scanner->rest, lc_view_of("<!--"))) {
			skip(&scanner->rest, 4);
			if (!take_until(scanner, "-->"))
				return TOKEN_END;
		} else if (lc_view_begins_with(scanner->rest, lc_view_of("<?"))) {
			if (!take_until(scanner, "?>"))
				return TOKEN_END;
		} else if (lc_view_begins_with(scanner->rest, lc_view_of("<![CDATA["))) {
			skip(&scanner->rest, 9);
			return take_until(scanner, "]]>") ? TOKEN_CDATA : TOKEN_END;
		} else if (lc_view_begins_with(scanner->rest, lc_view_of("<!"))) {
			return TOKEN_END;
		} else if (lc_view_begins_with(scanner->rest, lc_view_of("</"))) {
			return take_until(scanner, ">") ? TOKEN_CLOSE : TOKEN_END;
		} else {
			skip(&scanner->rest, 1);
			return take_open_tag(scanner);
		}
	}
	return TOKEN_END;
}

/* A text of bounded size. */
struct text {
	char *data;
	size_t size;
	size_t capacity; /* terminator included */
	bool cut;        /* more was to come */
};

static void append(struct text *text, const char *bytes, size_t size)
{
	if (text->cut || size >= text->capacity - text->size) {
		text->cut = true;
		return;
	}
	memcpy(text->data + text->size, bytes, size);
	text->size += size;
	text->data[text->size] = '\0';
}

/* Appends a byte of the body; one that could end a line or rule a terminal becomes a space. */
static void append_byte(struct text *text, char byte)
{
	bool control = (unsigned char)byte < 0x20 || byte == 0x7F;

	append(text, control ? " " : &byte, 1);
}

/* Appends a character as UTF-8; what is none as U+FFFD. */
static void append_character(struct text *text, uint32_t c)
{
	char bytes[4];

	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = 0xFFFD;
	if (c < 0x80) {
		append_byte(text, (char)c);
	} else if (c < 0x800) {
		bytes[0] = (char)(0xC0 | c >> 6);
		bytes[1] = (char)(0x80 | (c & 0x3F));
		append(text, bytes, 2);
	} else if (c < 0x10000) {
		bytes[0] = (char)(0xE0 | c >> 12);
		bytes[1] = (char)(0x80 | (c >> 6 & 0x3F));
		bytes[2] = (char)(0x80 | (c & 0x3F));
		append(text, bytes, 3);
	} else {
		bytes[0] = (char)(0xF0 | c >> 18);
		bytes[1] = (char)(0x80 | (c >> 12 & 0x3F));
		bytes[2] = (char)(0x80 | (c >> 6 & 0x3F));
		bytes[3] = (char)(0x80 | (c & 0x3F));
		append(text, bytes, 4);
	}
}

/* The number of "#65;" or "#x41;"; false if it is none. `size` includes the semicolon. */
static bool number_of(struct lc_view reference, uint32_t *number, size_t *size)
{
	bool hex = lc_view_begins_with(reference, lc_view_of("#x"));
	size_t first = hex ? 2 : 1;
	size_t i = first;
	uint32_t base = hex ? 16 : 10;

	*number = 0;
	for (; i < reference.size; i++) {
		char c = reference.data[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (hex && ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
			digit = (uint32_t)((c | 0x20) - 'a') + 10;
		else
			break;
		/* Anything over the last character stays over it. */
		if (*number <= 0x10FFFF)
			*number = *number * base + digit;
	}
	*size = i + 1;
	return i > first && i < reference.size && reference.data[i] == ';';
}

/* Resolves the reference after a "&" and returns its size; 0 if it is none that is known. */
static size_t append_reference(struct text *text, struct lc_view reference)
{
	static const struct {
		const char *name;
		char character;
	} entities[] = {{"lt;", '<'}, {"gt;", '>'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}};
	uint32_t number;
	size_t size;

	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
		if (lc_view_begins_with(reference, lc_view_of(entities[i].name))) {
			append_byte(text, entities[i].character);
			return strlen(entities[i].name);
		}
	}
	if (!lc_view_begins_with(reference, lc_view_of("#")) ||
	    !number_of(reference, &number, &size))
		return 0;
	append_character(text, number);
	return size;
}

static void append_resolved(struct text *text, struct lc_view raw, bool references)
{
	while (raw.size > 0 && !text->cut) {
		char byte = raw.data[0];

		skip(&raw, 1);
		if (byte == '&' && references) {
			size_t size = append_reference(text, raw);

			skip(&raw, size);
			if (size > 0)
				continue;
		}
		append_byte(text, byte);
	}
}

static bool is_blank(struct lc_view text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!is_space(text.data[i]))
			return false;
	return true;
}

/* Drops the spaces at both ends. */
static void trim(struct text *text)
{
	size_t first = 0;

	while (text->size > 0 && text->data[text->size - 1] == ' ')
		text->size--;
	while (first < text->size && text->data[first] == ' ')
		first++;
	memmove(text->data, text->data + first, text->size - first);
	text->size -= first;
	text->data[text->size] = '\0';
}

/* A text whose last character was cut loses the rest of it. */
static void trim_to_character(struct text *text)
{
	size_t first = text->size;
	unsigned char lead;

	while (first > 0 && ((unsigned char)text->data[first - 1] & 0xC0) == 0x80)
		first--;
	if (first == 0)
		return;
	lead = (unsigned char)text->data[first - 1];
	if (lead >= 0xC0 && text->size - first < (lead >= 0xF0 ? 3U : lead >= 0xE0 ? 2U : 1U))
		text->data[text->size = first - 1] = '\0';
}

/* ---- the texts that are asked for ---- */

/* One of them while the document is read. */
struct search {
	struct lc_xml_text *wanted;
	struct text text;
	unsigned matched; /* of the open elements, from the root on, those that are its path */
	bool ended;       /* its element was closed */
};

static bool is_at(const struct search *search, unsigned depth)
{
	return !search->ended && search->matched == depth && search->wanted->path[depth] == NULL;
}

static void open_element(struct search *search, unsigned depth, struct lc_view name)
{
	if (search->ended || search->matched != depth - 1 || is_at(search, depth - 1))
		return;
	if (lc_view_equal(name, lc_view_of(search->wanted->path[depth - 1])))
		search->matched = depth;
}

static void close_element(struct search *search, unsigned depth)
{
	search->ended = search->ended || is_at(search, depth);
	if (search->matched == depth)
		search->matched = depth - 1;
}

/* Reads one element after the other, until the root is closed or nothing more comes; `depth`: how
 * many are open. */
static void read_elements(struct scanner *scanner, struct search *searches, size_t count)
{
	unsigned depth = 0;
	enum token token;

	do {
		token = next_token(scanner);
		depth += token == TOKEN_OPEN;
		for (size_t i = 0; i < count; i++) {
			if (token == TOKEN_OPEN)
				open_element(&searches[i], depth, scanner->text);
			else if (token == TOKEN_CLOSE)
				close_element(&searches[i], depth);
			else if ((token == TOKEN_TEXT || token == TOKEN_CDATA) && depth > 0 &&
				 is_at(&searches[i], depth))
				append_resolved(&searches[i].text, scanner->text,
						token == TOKEN_TEXT);
		}
		if (depth == 0 && (token != TOKEN_TEXT || !is_blank(scanner->text)))
			return; /* no XML, or a root without anything in it */
		depth -= token == TOKEN_CLOSE;
	} while (token != TOKEN_END && (token != TOKEN_CLOSE || depth > 0));
}

void lc_xml_read(struct lc_view body, struct lc_xml_text *texts, size_t count)
{
	struct search searches[LC_XML_TEXTS_MAX];
	struct scanner scanner = {.rest = body};

	LC_ASSERT(count <= LC_XML_TEXTS_MAX);
	for (size_t i = 0; i < count; i++) {
		searches[i] = (struct search){
		    .wanted = &texts[i],
		    .text = {.data = texts[i].text, .capacity = texts[i].room},
		};
		texts[i].text[0] = '\0';
	}
	if (lc_view_begins_with(scanner.rest, lc_view_of("\xEF\xBB\xBF")))
		skip(&scanner.rest, 3);
	read_elements(&scanner, searches, count);
	for (size_t i = 0; i < count; i++) {
		texts[i].whole = searches[i].ended && !searches[i].text.cut;
		trim_to_character(&searches[i].text);
		trim(&searches[i].text);
	}
}

/* ---- elements that are repeated ---- */

bool lc_xml_each(struct lc_view body, const char *const *path,
		 void (*callback)(void *context, struct lc_view element), void *context)
{
	struct scanner scanner = {.rest = body};
	const char *begin = NULL; /* of the element at the path that is open */
	unsigned matched = 0; /* of the open elements, from the root on, those that are the path */
	unsigned depth = 0;

	for (;;) {
		const char *tag = scanner.rest.data;
		enum token token = next_token(&scanner);

		if (token == TOKEN_END)
			return false;
		if (token == TOKEN_OPEN) {
			if (matched == depth && path[depth] != NULL &&
			    lc_view_equal(scanner.text, lc_view_of(path[depth]))) {
				matched++;
				begin = path[matched] == NULL ? tag : NULL;
			}
			depth++;
		} else if (token == TOKEN_CLOSE && depth > 0) {
			if (matched == depth && path[depth] == NULL)
				callback(context, (struct lc_view){
						      .data = begin,
						      .size = (size_t)(scanner.rest.data - begin)});
			depth--;
			if (matched > depth)
				matched = depth;
			if (depth == 0)
				return true;
		} else if (depth == 0 && (token != TOKEN_TEXT || !is_blank(scanner.text))) {
			return false;
		}
	}
}
