/* Templates: any text renders or is refused, and nothing is read beyond it. */
#include <stdint.h>
#include <stdlib.h>

#include "riak/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rm_template_var vars[] = { { "httpport", "31000" },
		{ "data_dir", "../data" }, { NULL, NULL } };
	struct rm_str out = { 0 };
	struct rm_error err = { 0 };
	if (rm_template_render(&out, (const char *)data, size, vars, &err) !=
		0 &&
	    err.text[0] == '\0')
		abort();
	rm_str_free(&out);
	return 0;
}
