#include "clients/clickhouse_url.h"

#include "clients/http_url.h"
#include "formats/sigv4.h"

/* A stream that we hold back must not be given up, one that we leave must end; the answer's head
 * must not grow with the time that a query takes, and its first byte must not wait for the last. A
 * proxy that drops them costs time, no row. ClickHouse 23.10 and all later versions know them. */
static const struct lc_clickhouse_setting SETTINGS_OF_EVERY_QUERY[] = {
    {"send_timeout", "3600"},
    {"receive_timeout", "3600"},
    {"http_send_timeout", "3600"},
    {"http_receive_timeout", "3600"},
    {"send_progress_in_http_headers", "0"},
    {"http_wait_end_of_query", "0"},
    {"cancel_http_readonly_queries_on_client_close", "1"},
};

static void append_encoded(struct lc_buffer *url, struct lc_view text)
{
	lc_sigv4_append_encoded(url, text, false);
}

/* Every parameter follows the database's, which comes first: "&name=value". */
static void append_pair(struct lc_buffer *url, const char *name, struct lc_view value)
{
	lc_buffer_append_char(url, '&');
	append_encoded(url, lc_view_of(name));
	lc_buffer_append_char(url, '=');
	append_encoded(url, value);
}

void lc_clickhouse_url_append_escaped(struct lc_buffer *out, struct lc_view value)
{
	static const char from[] = {'\b', '\f', '\r', '\n', '\t', '\0', '\'', '\\'};
	static const char to[] = {'b', 'f', 'r', 'n', 't', '0', '\'', '\\'};

	for (size_t i = 0; i < value.size; i++) {
		const char *special = memchr(from, value.data[i], sizeof(from));

		if (special == NULL) {
			lc_buffer_append_char(out, value.data[i]);
		} else {
			lc_buffer_append_char(out, '\\');
			lc_buffer_append_char(out, to[special - from]);
		}
	}
}

static void append_parameter(struct lc_buffer *url, const struct lc_clickhouse_parameter *parameter)
{
	struct lc_buffer escaped;

	lc_buffer_init(&escaped, LC_CLICKHOUSE_URL_MAX);
	lc_clickhouse_url_append_escaped(&escaped, parameter->value);
	lc_buffer_append_text(url, "&param_");
	append_encoded(url, lc_view_of(parameter->name));
	lc_buffer_append_char(url, '=');
	append_encoded(url, lc_buffer_view(&escaped));
	url->failed = url->failed || lc_buffer_failed(&escaped);
	lc_buffer_free(&escaped);
}

static bool names_setting(const struct lc_clickhouse_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->setting_count; i++) {
		if (strcmp(spec->settings[i].name, name) == 0)
			return true;
	}
	return false;
}

static void append_settings(struct lc_buffer *url, const struct lc_clickhouse_spec *spec)
{
	size_t count = sizeof(SETTINGS_OF_EVERY_QUERY) / sizeof(SETTINGS_OF_EVERY_QUERY[0]);

	for (size_t i = 0; i < count; i++) {
		const struct lc_clickhouse_setting *setting = &SETTINGS_OF_EVERY_QUERY[i];

		if (!names_setting(spec, setting->name))
			append_pair(url, setting->name, lc_view_of(setting->value));
	}
	for (size_t i = 0; i < spec->setting_count; i++)
		append_pair(url, spec->settings[i].name, lc_view_of(spec->settings[i].value));
}

void lc_clickhouse_url_append(struct lc_buffer *url, struct lc_view base, const char *database,
			      const struct lc_clickhouse_spec *spec)
{
	size_t path = lc_http_url_path_of(base);
	const char *query = memchr(base.data + path, '?', base.size - path);

	lc_buffer_append_view(url, base);
	if (path == base.size)
		lc_buffer_append_char(url, '/');
	lc_buffer_append_char(url, query == NULL ? '?' : '&');
	lc_buffer_append_text(url, "database=");
	append_encoded(url, lc_view_of(database));
	append_settings(url, spec);
	for (size_t i = 0; i < spec->parameter_count; i++)
		append_parameter(url, &spec->parameters[i]);
	if (spec->data.size > 0)
		append_pair(url, "query", spec->sql);
}
