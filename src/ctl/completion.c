#include "ctl/completion.h"

#include "base/log.h"
#include "ctl/arguments.h"
#include "ctl/client.h"
#include "formats/inspection.h"
#include "formats/status_document.h"

#include <inttypes.h>
#include <string.h>

/* ---- scripts ---- */

static const char BASH[] =
    "# bash completion for log-courier-ctl\n"
    "_log_courier_ctl() {\n"
    "\tlocal line\n"
    "\tCOMPREPLY=()\n"
    "\twhile IFS= read -r line; do\n"
    "\t\tif [ \"$line\" = :files ]; then\n"
    "\t\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
    "\t\t\treturn\n"
    "\t\tfi\n"
    "\t\tCOMPREPLY+=(\"${line%%$'\\t'*}\")\n"
    "\tdone < <(\"${COMP_WORDS[0]}\" completion candidates -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
    "2>/dev/null)\n"
    "}\n"
    "complete -F _log_courier_ctl log-courier-ctl\n";

static const char ZSH[] =
    "#compdef log-courier-ctl\n"
    "_log_courier_ctl() {\n"
    "\tlocal line\n"
    "\tlocal -a lines described\n"
    "\tlines=(\"${(@f)$(\"${words[1]}\" completion candidates -- \"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)}\")\n"
    "\tif [[ ${lines[1]} == :files ]]; then\n"
    "\t\t_files\n"
    "\t\treturn\n"
    "\tfi\n"
    "\tfor line in ${lines}; do\n"
    "\t\tdescribed+=(\"${line%%$'\\t'*}:${line#*$'\\t'}\")\n"
    "\tdone\n"
    "\t_describe log-courier-ctl described\n"
    "}\n"
    "if [[ ${funcstack[1]} == _log-courier-ctl ]]; then\n"
    "\t_log_courier_ctl \"$@\"\n"
    "else\n"
    "\tcompdef _log_courier_ctl log-courier-ctl\n"
    "fi\n";

static const char FISH[] =
    "# fish completion for log-courier-ctl\n"
    "function __log_courier_ctl\n"
    "    set -l words (commandline -opc)\n"
    "    set -l current (commandline -ct)\n"
    "    set -l lines ($words[1] completion candidates -- $words[2..-1] \"$current\" 2>/dev/null)\n"
    "    if test \"$lines[1]\" = :files\n"
    "        __fish_complete_path \"$current\"\n"
    "    else\n"
    "        printf '%s\\n' $lines\n"
    "    end\n"
    "end\n"
    "complete -c log-courier-ctl -f -a '(__log_courier_ctl)'\n";

bool lc_completion_append_script(const char *shell, struct lc_buffer *text)
{
	static const struct {
		const char *shell;
		const char *script;
	} scripts[] = {{"bash", BASH}, {"zsh", ZSH}, {"fish", FISH}};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(shell, scripts[i].shell) == 0) {
			lc_buffer_append_text(text, scripts[i].script);
			return true;
		}
	}
	return false;
}

/* ---- candidates ---- */

/* What the line holds before the word that is typed. */
struct line {
	bool help;              /* begins with the verb help */
	bool completion;        /* or with the verb completion */
	const char *first;      /* of the command's words; NULL for none */
	unsigned command;       /* COUNT while it is not whole */
	bool has_word;          /* what the command needs after it is there */
	const char *of_option;  /* the option whose value is typed, without dashes; NULL for none */
	struct lc_view current; /* what is typed */
	lc_completion_ask *ask;
	void *context;
	struct lc_buffer *text;
};

static void offer(const struct line *line, struct lc_view candidate, const char *meaning)
{
	if (candidate.size < line->current.size ||
	    (line->current.size > 0 &&
	     memcmp(candidate.data, line->current.data, line->current.size) != 0))
		return;
	lc_buffer_append_view(line->text, candidate);
	lc_buffer_append_format(line->text, "\t%s\n", meaning);
}

static void offer_text(const struct line *line, const char *candidate, const char *meaning)
{
	offer(line, lc_view_of(candidate), meaning);
}

/* A name from elsewhere may hold what a shell would act on. */
static void take_name(void *taker, struct lc_view name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "._/-";

	for (size_t i = 0; i < name.size; i++) {
		if (name.data[i] == '\0' || strchr(plain, name.data[i]) == NULL)
			return;
	}
	if (name.size > 0 && name.data[0] != '-')
		offer(taker, name, "");
}

static void offer_levels(const struct line *line)
{
	for (unsigned i = LC_LOG_ERROR; i <= LC_LOG_DEBUG; i++)
		offer_text(line, lc_log_level_name((enum lc_log_level)i), "");
}

static void offer_files(const struct line *line)
{
	lc_buffer_append_text(line->text, ":files\n");
}

/* What the argument may be, as far as it can be known. */
static void offer_values(struct line *line, enum lc_control_request_argument argument)
{
	switch (argument) {
	case LC_CONTROL_REQUEST_ARGUMENT_SOURCE:
		line->ask(line->context, LC_COMPLETION_SOURCES, take_name, line);
		break;
	case LC_CONTROL_REQUEST_ARGUMENT_BUCKET:
	case LC_CONTROL_REQUEST_ARGUMENT_UPLOAD_BUCKET:
		line->ask(line->context, LC_COMPLETION_TARGETS, take_name, line);
		break;
	case LC_CONTROL_REQUEST_ARGUMENT_WORKER:
	case LC_CONTROL_REQUEST_ARGUMENT_SHARD:
		line->ask(line->context, LC_COMPLETION_SHARDS, take_name, line);
		break;
	case LC_CONTROL_REQUEST_ARGUMENT_LEVEL:
		offer_levels(line);
		break;
	case LC_CONTROL_REQUEST_ARGUMENT_STATE_DIRECTORY:
		offer_files(line);
		break;
	case LC_CONTROL_REQUEST_ARGUMENT_REPLAY:
		line->ask(line->context, LC_COMPLETION_REPLAYS, take_name, line);
		break;
	case LC_CONTROL_REQUEST_ARGUMENT_TARGET:
	case LC_CONTROL_REQUEST_ARGUMENT_FROM:
	case LC_CONTROL_REQUEST_ARGUMENT_TO:
	case LC_CONTROL_REQUEST_ARGUMENT_DRY_RUN:
	case LC_CONTROL_REQUEST_ARGUMENT_ALL:
	case LC_CONTROL_REQUEST_ARGUMENT_LAGGING:
	case LC_CONTROL_REQUEST_ARGUMENT_BLOCKED:
	case LC_CONTROL_REQUEST_ARGUMENT_LIMIT:
	case LC_CONTROL_REQUEST_ARGUMENT_YES:
	case LC_CONTROL_REQUEST_ARGUMENT_COUNT:
		break;
	}
}

/* The next word of commands; each once, as those that begin alike stand together in the table. */
static void offer_commands(const struct line *line)
{
	const char *last = "";
	size_t skip = line->first == NULL ? 0 : strlen(line->first) + 1;

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		const struct lc_control_request_description *command =
		    &LC_CONTROL_REQUEST_COMMANDS[i];
		struct lc_view word;

		if (skip > 0 && (strncmp(command->words, line->first, skip - 1) != 0 ||
				 command->words[skip - 1] != ' '))
			continue;
		word = lc_view_of(command->words + skip);
		word.size = strcspn(word.data, " ");
		if (strncmp(last, word.data, word.size) != 0 || last[word.size] != ' ')
			offer(line, word,
			      word.data[word.size] == ' ' ? "more words follow" : command->help);
		last = word.data;
	}
	for (unsigned i = 0; skip == 0 && !line->help && i < LC_ARGUMENTS_VERB_COUNT; i++)
		offer_text(line, LC_ARGUMENTS_VERBS[i].verb, LC_ARGUMENTS_VERBS[i].help);
	if (skip == 0 && line->help) {
		offer_text(line, "json", "what --json writes");
		offer_text(line, "metrics", "the service's metrics");
	}
}

static void offer_option(const struct line *line, const char *name, const char *meaning)
{
	struct lc_buffer option;

	lc_buffer_init(&option, SIZE_MAX / 2);
	lc_buffer_append_format(&option, "--%s", name);
	offer(line, lc_buffer_view(&option), meaning);
	lc_buffer_free(&option);
}

static void offer_options(const struct line *line)
{
	bool whole = line->command != LC_CONTROL_REQUEST_COMMAND_COUNT;
	unsigned takes = whole ? LC_CONTROL_REQUEST_COMMANDS[line->command].takes : 0;

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if ((takes & 1U << i) != 0 &&
		    LC_CONTROL_REQUEST_ARGUMENTS[i].kind != LC_CONTROL_REQUEST_WORD)
			offer_option(line, LC_CONTROL_REQUEST_ARGUMENTS[i].parameter,
				     LC_CONTROL_REQUEST_ARGUMENTS[i].help);
	}
	for (unsigned i = 0; i < LC_ARGUMENTS_OPTION_COUNT; i++) {
		if (i == LC_ARGUMENTS_OPTION_WATCH && whole &&
		    !lc_arguments_only_looks((enum lc_control_request_command)line->command))
			continue;
		offer_option(line, LC_ARGUMENTS_OPTIONS[i].option, LC_ARGUMENTS_OPTIONS[i].help);
	}
}

static void offer_words(struct line *line)
{
	unsigned takes = LC_CONTROL_REQUEST_COMMANDS[line->command].takes;

	if (line->has_word || line->help)
		return;
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		const struct lc_control_request_argument_description *argument =
		    &LC_CONTROL_REQUEST_ARGUMENTS[i];

		if ((takes & 1U << i) != 0 && argument->kind == LC_CONTROL_REQUEST_WORD)
			offer_values(line, (enum lc_control_request_argument)i);
	}
}

static void offer_option_values(struct line *line)
{
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if (strcmp(line->of_option, LC_CONTROL_REQUEST_ARGUMENTS[i].parameter) == 0)
			offer_values(line, (enum lc_control_request_argument)i);
	}
	if (strcmp(line->of_option, LC_ARGUMENTS_OPTIONS[LC_ARGUMENTS_OPTION_SOCKET].option) == 0)
		offer_files(line);
}

/* The option with a value that the word is, without dashes; NULL for any other. */
static const char *option_with_value(const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return NULL;
	for (unsigned i = 0; i < LC_CONTROL_REQUEST_ARGUMENT_COUNT; i++) {
		if (LC_CONTROL_REQUEST_ARGUMENTS[i].kind == LC_CONTROL_REQUEST_VALUE &&
		    strcmp(word + 2, LC_CONTROL_REQUEST_ARGUMENTS[i].parameter) == 0)
			return word + 2;
	}
	for (unsigned i = 0; i < LC_ARGUMENTS_OPTION_COUNT; i++) {
		if (LC_ARGUMENTS_OPTIONS[i].kind == LC_ARGUMENTS_VALUE &&
		    strcmp(word + 2, LC_ARGUMENTS_OPTIONS[i].option) == 0)
			return word + 2;
	}
	return NULL;
}

static void take_command_word(struct line *line, const char *word)
{
	size_t skip = line->first == NULL ? 0 : strlen(line->first) + 1;

	for (unsigned i = 0; i < LC_CONTROL_REQUEST_COMMAND_COUNT; i++) {
		const char *words = LC_CONTROL_REQUEST_COMMANDS[i].words;

		if (skip > 0 &&
		    (strncmp(words, line->first, skip - 1) != 0 || words[skip - 1] != ' '))
			continue;
		if (strcmp(words + skip, word) == 0)
			line->command = i;
	}
	if (line->first == NULL)
		line->first = word;
}

static void take_word(struct line *line, const char *word)
{
	if (line->command != LC_CONTROL_REQUEST_COMMAND_COUNT)
		line->has_word = true;
	else if (line->first == NULL && !line->help && strcmp(word, "help") == 0)
		line->help = true;
	else if (line->first == NULL && !line->help && strcmp(word, "completion") == 0)
		line->completion = true;
	else
		take_command_word(line, word);
}

void lc_completion_append_candidates(const char *const *words, size_t count, lc_completion_ask *ask,
				     void *context, struct lc_buffer *text)
{
	struct line line = {.command = LC_CONTROL_REQUEST_COMMAND_COUNT,
			    .current = lc_view_of(count == 0 ? "" : words[count - 1]),
			    .ask = ask,
			    .context = context,
			    .text = text};

	for (size_t i = 0; i + 1 < count; i++) {
		const char *option = option_with_value(words[i]);

		if (strcmp(words[i], "=") == 0) /* bash takes "--shard=3" for three words */
			continue;
		if (line.of_option != NULL)
			line.of_option = NULL; /* this was its value */
		else if (option != NULL)
			line.of_option = option;
		else if (words[i][0] != '-')
			take_word(&line, words[i]);
	}
	if (lc_view_equal(line.current, lc_view_of("=")))
		line.current.size = 0;
	if (line.of_option != NULL) {
		offer_option_values(&line);
	} else if (line.current.size > 0 && line.current.data[0] == '-') {
		offer_options(&line);
	} else if (line.completion) {
		offer_text(&line, "bash", "");
		offer_text(&line, "zsh", "");
		offer_text(&line, "fish", "");
	} else if (line.command == LC_CONTROL_REQUEST_COMMAND_COUNT) {
		offer_commands(&line);
	} else {
		offer_words(&line);
	}
}

/* ---- names that the service knows ---- */

/* A completion that cannot be had is no error: nothing is offered. */
static bool ask_for(const char *socket, const char *target, struct lc_buffer *json)
{
	struct lc_error error;

	lc_buffer_init(json, LC_STATUS_DOCUMENT_BYTES_MAX);
	return lc_client_ask(socket, "GET", target, json, &error);
}

typedef void take_callback(void *taker, struct lc_view name);

static void ask_shards(const char *socket, take_callback *take, void *taker)
{
	struct lc_status_document document;
	struct lc_error error;
	struct lc_buffer json;

	if (ask_for(socket, "/v1/status", &json) &&
	    lc_status_document_decode(lc_buffer_view(&json), &document, &error)) {
		for (size_t i = 0; i < document.shards_size; i++) {
			struct lc_buffer name;

			lc_buffer_init(&name, SIZE_MAX / 2);
			lc_buffer_append_format(&name, "%u", document.shards[i].shard);
			take(taker, lc_buffer_view(&name));
			lc_buffer_free(&name);
		}
		lc_status_document_free(&document);
	}
	lc_buffer_free(&json);
}

static void take_rows(const struct lc_inspection *document, take_callback *take, void *taker)
{
	struct lc_buffer name;

	lc_buffer_init(&name, SIZE_MAX / 2);
	for (size_t i = 0; i < document->lists[LC_INSPECTION_SOURCES].count; i++) {
		const struct lc_inspection_source *source =
		    lc_inspection_row(document, LC_INSPECTION_SOURCES, i);

		lc_buffer_clear(&name);
		lc_buffer_append_format(&name, "%" PRIu64 "/", source->raft_session_id);
		lc_buffer_append_view(&name, source->bucket);
		take(taker, lc_buffer_view(&name));
	}
	for (size_t i = 0; i < document->lists[LC_INSPECTION_TARGETS].count; i++) {
		const struct lc_inspection_target *target =
		    lc_inspection_row(document, LC_INSPECTION_TARGETS, i);

		take(taker, target->bucket);
	}
	for (size_t i = 0; i < document->lists[LC_INSPECTION_REPLAYS].count; i++) {
		const struct lc_inspection_replay *replay =
		    lc_inspection_row(document, LC_INSPECTION_REPLAYS, i);

		if (replay->ended_at == 0)
			take(taker, replay->replay);
	}
	lc_buffer_free(&name);
}

void lc_completion_ask_service(void *context, enum lc_completion_names names,
			       void (*take)(void *taker, struct lc_view name), void *taker)
{
	static const char *const PATHS[] = {
	    [LC_COMPLETION_SOURCES] = "/v1/sources",
	    [LC_COMPLETION_TARGETS] = "/v1/targets",
	    [LC_COMPLETION_REPLAYS] = "/v1/replays",
	};
	const char *socket = *(const char **)context;
	struct lc_inspection document;
	struct lc_error error;
	struct lc_buffer json;

	if (names == LC_COMPLETION_SHARDS) {
		ask_shards(socket, take, taker);
		return;
	}
	if (ask_for(socket, PATHS[names], &json) &&
	    lc_inspection_decode(lc_buffer_view(&json), &document, &error)) {
		take_rows(&document, take, taker);
		lc_inspection_free(&document);
	}
	lc_buffer_free(&json);
}
