#include "statement.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Steps through the tokens of a text; blanks and comments are skipped. */
struct lexer {
	const char *text;
	size_t length;
	size_t at;    /* after the current token */
	size_t start; /* of the current token */
	int depth;    /* of brackets around the current token */
};

static void skip_quoted(struct lexer *lexer, char quote)
{
	lexer->at++;
	while (lexer->at < lexer->length && lexer->text[lexer->at] != quote)
		lexer->at += lexer->text[lexer->at] == '\\' ? 2 : 1;
	lexer->at = lexer->at < lexer->length ? lexer->at + 1 : lexer->length;
}

static bool looking_at(const struct lexer *lexer, const char *token)
{
	size_t length = strlen(token);

	return lexer->length - lexer->at >= length &&
	       memcmp(lexer->text + lexer->at, token, length) == 0;
}

static void skip_comment(struct lexer *lexer, const char *end)
{
	while (lexer->at < lexer->length && !looking_at(lexer, end))
		lexer->at++;
	lexer->at = lexer->at < lexer->length ? lexer->at + strlen(end) : lexer->length;
}

static void skip_blanks(struct lexer *lexer)
{
	while (lexer->at < lexer->length) {
		if (isspace((unsigned char)lexer->text[lexer->at]))
			lexer->at++;
		else if (looking_at(lexer, "--") || looking_at(lexer, "#!") ||
			 looking_at(lexer, "# "))
			skip_comment(lexer, "\n");
		else if (looking_at(lexer, "/*"))
			skip_comment(lexer, "*/");
		else
			return;
	}
}

static bool in_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

/* Moves to the next token: a word, a quoted text, or one byte. False at the end. */
static bool next_token(struct lexer *lexer)
{
	char byte;

	skip_blanks(lexer);
	lexer->start = lexer->at;
	if (lexer->at >= lexer->length)
		return false;
	byte = lexer->text[lexer->at];
	if (byte == '\'' || byte == '"' || byte == '`') {
		skip_quoted(lexer, byte);
	} else if (in_word(byte)) {
		while (lexer->at < lexer->length && in_word(lexer->text[lexer->at]))
			lexer->at++;
	} else {
		if (strchr("([{", byte) != NULL)
			lexer->depth++;
		else if (strchr(")]}", byte) != NULL)
			lexer->depth--;
		lexer->at++;
	}
	return true;
}

static bool is_word(const struct lexer *lexer, const char *word)
{
	return lexer->at - lexer->start == strlen(word) &&
	       strncasecmp(lexer->text + lexer->start, word, strlen(word)) == 0;
}

static void take_format(struct statement *statement, const struct lexer *lexer)
{
	snprintf(statement->format, sizeof(statement->format), "%.*s",
		 (int)(lexer->at - lexer->start), lexer->text + lexer->start);
}

/* The data begins after the blanks of the clause's line, or on the next line. */
static size_t data_start(const struct lexer *lexer)
{
	size_t at = lexer->at;

	while (at < lexer->length && strchr(" \t\r", lexer->text[at]) != NULL &&
	       lexer->text[at] != '\0')
		at++;
	return at < lexer->length && lexer->text[at] == '\n' ? at + 1 : at;
}

static void look_at_insert(struct lexer *lexer, struct statement *statement)
{
	statement->source_at = 0;
	while (next_token(lexer)) {
		bool values = is_word(lexer, "VALUES");

		if (lexer->depth != 0)
			continue;
		if (is_word(lexer, "SELECT") || is_word(lexer, "WITH") || is_word(lexer, "FROM"))
			return;
		if (is_word(lexer, "SETTINGS") && statement->source_at == 0)
			statement->source_at = lexer->start;
		if (!values && !is_word(lexer, "FORMAT"))
			continue;
		statement->kind = STATEMENT_INSERT;
		statement->format_at = lexer->start;
		if (statement->source_at == 0)
			statement->source_at = lexer->start;
		if (values)
			strcpy(statement->format, "Values");
		else if (next_token(lexer))
			take_format(statement, lexer);
		statement->data_at = data_start(lexer);
		return;
	}
}

/* FORMAT is no reserved word: only one that ends the statement, or stands before SETTINGS, counts.
 */
static void look_at_rest(struct lexer *lexer, struct statement *statement)
{
	bool after_format = false;

	while (next_token(lexer)) {
		if (lexer->depth == 0 && lexer->text[lexer->start] == ';')
			continue;
		if (after_format && in_word(lexer->text[lexer->start])) {
			take_format(statement, lexer);
			after_format = false;
		} else {
			if (lexer->depth == 0 && is_word(lexer, "SETTINGS") &&
			    statement->format[0] != '\0')
				return;
			statement->format[0] = '\0';
			after_format = lexer->depth == 0 && is_word(lexer, "FORMAT");
		}
	}
}

static size_t trimmed_length(const char *text, size_t length)
{
	while (length > 0 && (isspace((unsigned char)text[length - 1]) || text[length - 1] == ';'))
		length--;
	return length;
}

void statement_look(const char *text, size_t length, struct statement *statement)
{
	struct lexer lexer = {.text = text, .length = length};

	memset(statement, 0, sizeof(*statement));
	statement->kind = STATEMENT_OTHER;
	statement->end = length;
	while (next_token(&lexer) && text[lexer.start] == '(')
		continue;
	if (is_word(&lexer, "INSERT")) {
		look_at_insert(&lexer, statement);
		if (statement->kind == STATEMENT_OTHER)
			statement->end = trimmed_length(text, length);
		return;
	}
	statement->end = trimmed_length(text, length);
	lexer.length = statement->end;
	if (is_word(&lexer, "SELECT") || is_word(&lexer, "WITH"))
		statement->kind = STATEMENT_SELECT;
	look_at_rest(&lexer, statement);
}

bool statement_format_streams(const char *format)
{
	static const char *const streams[] = {"Native",
					      "RowBinary",
					      "TabSeparated",
					      "TSV",
					      "TabSeparatedRaw",
					      "TSVRaw",
					      "CSV",
					      "JSONEachRow",
					      "JSONLines",
					      "NDJSON",
					      "LineAsString",
					      "JSONCompactEachRow",
					      "JSONStringsEachRow"};

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		if (strcmp(format, streams[i]) == 0)
			return true;
	return false;
}

const char *statement_format_mime(const char *format)
{
	if (strncmp(format, "TabSeparated", 12) == 0 || strncmp(format, "TSV", 3) == 0)
		return "text/tab-separated-values; charset=UTF-8";
	if (strncmp(format, "CSV", 3) == 0)
		return "text/csv; charset=UTF-8; header=absent";
	if (strncmp(format, "JSON", 4) == 0)
		return strstr(format, "EachRow") != NULL ? "application/x-ndjson; charset=UTF-8"
							 : "application/json; charset=UTF-8";
	if (strncmp(format, "RowBinary", 9) == 0 || strcmp(format, "Native") == 0)
		return "application/octet-stream";
	return "text/plain; charset=UTF-8";
}
