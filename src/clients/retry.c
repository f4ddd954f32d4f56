#include "clients/retry.h"

#include "formats/http_status.h"

#include <stddef.h>
#include <string.h>

struct code_class {
	const char *code;
	enum lc_retry_class retry_class;
	enum lc_retry_scope scope;
};

/* What S3's <Code> says goes before the status. */
static const struct code_class S3_CODES[] = {
#define LC_S3_CODE(code, class, scope, fault) {#code, LC_RETRY_##class, LC_RETRY_SCOPE_##scope},
#define LC_S3_CODE_CLASS(code, class, scope) {#code, LC_RETRY_##class, LC_RETRY_SCOPE_##scope},
#include "tbl/s3_codes.h"
};

static const struct code_class *find_code(unsigned status, const char *code)
{
	if (status < 300 || status >= 600)
		return NULL;
	for (size_t i = 0; i < sizeof(S3_CODES) / sizeof(S3_CODES[0]); i++) {
		if (strcmp(S3_CODES[i].code, code) == 0)
			return &S3_CODES[i];
	}
	return NULL;
}

static enum lc_retry_class class_of_status(unsigned status)
{
	if (status == 0 || status == LC_HTTP_REQUEST_TIMEOUT || status == LC_HTTP_TOO_MANY_REQUESTS)
		return LC_RETRY_AGAIN;
	if (status == LC_HTTP_NOT_IMPLEMENTED || status == LC_HTTP_VERSION_NOT_SUPPORTED)
		return LC_RETRY_WAIT;
	return lc_http_status_is_server_error(status) ? LC_RETRY_AGAIN : LC_RETRY_WAIT;
}

enum lc_retry_class lc_retry_classify_s3(unsigned status, const char *code, bool *certain)
{
	const struct code_class *known = find_code(status, code);

	if (certain != NULL)
		*certain = lc_http_status_is_client_error(status);
	if (lc_http_status_is_success(status))
		return LC_RETRY_DONE;
	return known != NULL ? known->retry_class : class_of_status(status);
}

enum lc_retry_scope lc_retry_scope_s3(unsigned status, const char *code)
{
	const struct code_class *known = find_code(status, code);

	if (known != NULL)
		return known->scope;
	if (status == LC_HTTP_CONTENT_TOO_LARGE)
		return LC_RETRY_SCOPE_OBJECT;
	if (status == LC_HTTP_FORBIDDEN)
		return LC_RETRY_SCOPE_PREFIX;
	/* What passes, what leads elsewhere and what no S3 service says has nothing to do with
	 * keys. */
	if (class_of_status(status) == LC_RETRY_AGAIN || !lc_http_status_is_client_error(status))
		return LC_RETRY_SCOPE_BUCKET;
	return LC_RETRY_SCOPE_UNKNOWN;
}

bool lc_retry_is_absent_s3(unsigned status, const char *code)
{
	return status == LC_HTTP_NOT_FOUND && strcmp(code, "NoSuchKey") == 0;
}

static const struct {
	const char *code;
	enum lc_fault fault;
} S3_FAULTS[] = {
#define LC_S3_CODE(code, class, scope, fault) {#code, LC_FAULT_S3_##fault},
#define LC_S3_CODE_FAULT(code, fault) {#code, LC_FAULT_S3_##fault},
#include "tbl/s3_codes.h"
};

enum lc_fault lc_retry_fault_s3(const char *code)
{
	for (size_t i = 0; i < sizeof(S3_FAULTS) / sizeof(S3_FAULTS[0]); i++) {
		if (strcmp(S3_FAULTS[i].code, code) == 0)
			return S3_FAULTS[i].fault;
	}
	return LC_FAULT_NONE;
}
