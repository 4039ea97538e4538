/* Erlang terms, and the check of data paths over what was read. */
#include <stdint.h>

#include "riak/data_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rm_term term;
	if (rm_term_parse(&term, (const char *)data, size, NULL) == 0)
		rm_data_path_check(&term, "../data", NULL);
	rm_term_free(&term);
	return 0;
}
