#include "clients/diagnose.h"

#include "clients/retry.h"
#include "formats/http_status.h"

#include <stddef.h>

static enum lc_fault fault_of_s3_status(unsigned status, bool explained)
{
	if (lc_http_status_is_success(status))
		return LC_FAULT_S3_NO_ETAG;
	if (lc_http_status_is_redirect(status))
		return LC_FAULT_S3_REDIRECT;
	if (status >= 500 || status == LC_HTTP_TOO_MANY_REQUESTS ||
	    status == LC_HTTP_REQUEST_TIMEOUT)
		return LC_FAULT_S3_BUSY;
	if (status == LC_HTTP_CONTENT_TOO_LARGE)
		return LC_FAULT_S3_OBJECT;
	return explained ? LC_FAULT_S3_OTHER : LC_FAULT_S3_NOT_S3;
}

enum lc_fault lc_diagnose_s3(const struct lc_s3_answer *answer)
{
	enum lc_fault fault;

	if (answer->status == 0 && answer->retry_class == LC_RETRY_CREDENTIALS)
		return LC_FAULT_S3_CREDENTIALS;
	if (answer->error.kind == LC_ERROR_UNTRUSTED)
		return LC_FAULT_S3_TLS;
	if (answer->status == 0 && answer->error.kind == LC_ERROR_UNREACHABLE)
		return answer->unanswered ? LC_FAULT_S3_SILENT : LC_FAULT_S3_UNREACHABLE;
	/* Never sent: bucket or key cannot be part of an address. */
	if (answer->status == 0)
		return answer->unanswered ? LC_FAULT_S3_NOT_S3 : LC_FAULT_S3_OBJECT;
	fault = lc_retry_fault_s3(answer->code);
	return fault != LC_FAULT_NONE ? fault
				      : fault_of_s3_status(answer->status, answer->code[0] != '\0');
}

static const struct {
	int code;
	enum lc_fault fault;
} CLICKHOUSE_CODES[] = {
#define LC_CLICKHOUSE_CODE(code, name, fault, settings) {(code), LC_FAULT_CLICKHOUSE_##fault},
#include "tbl/clickhouse_codes.h"
};

bool lc_diagnose_answered(const struct lc_error *error)
{
	return error->code != 0 ||
	       (error->kind != LC_ERROR_UNREACHABLE && error->kind != LC_ERROR_UNTRUSTED);
}

enum lc_fault lc_diagnose_clickhouse(const struct lc_error *error)
{
	for (size_t i = 0; i < sizeof(CLICKHOUSE_CODES) / sizeof(CLICKHOUSE_CODES[0]); i++) {
		if (CLICKHOUSE_CODES[i].code == error->code)
			return CLICKHOUSE_CODES[i].fault;
	}
	if (error->code != 0)
		return LC_FAULT_CLICKHOUSE_OTHER;
	if (error->kind == LC_ERROR_UNTRUSTED)
		return LC_FAULT_CLICKHOUSE_TLS;
	return error->kind == LC_ERROR_UNREACHABLE ? LC_FAULT_CLICKHOUSE_UNREACHABLE
						   : LC_FAULT_CLICKHOUSE_NONSENSE;
}
