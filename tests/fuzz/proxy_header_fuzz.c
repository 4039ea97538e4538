/*
 * The PROXY header: a beginning never takes more than it has, and what is taken
 * whole is taken alike whatever follows.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union rm_sock_address all = { 0 }, part = { 0 };
	const char *text = (const char *)data;
	ssize_t took = rm_proxy_header(text, size, &all);
	if (took > (ssize_t)size || took > RM_PROXY_HEADER_MAX)
		abort();
	for (size_t n = 0; n < size; n++) {
		/* In a block of its own, so that a byte too much is seen. */
		char *copy = malloc(n + 1);
		memcpy(copy, text, n);
		ssize_t less = rm_proxy_header(copy, n, &part);
		free(copy);
		if (took > 0 && less != ((ssize_t)n < took ? 0 : took))
			abort();
		if (took < 0 && less > 0)
			abort();
	}
	if (took > 0 && memcmp(&all, &part, sizeof(all)) != 0 &&
	    took < (ssize_t)size)
		abort();
	return 0;
}
