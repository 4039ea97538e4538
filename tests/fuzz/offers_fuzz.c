/*
 * An OFFERS line, read from its text: where it is taken, libjq takes it too,
 * and gives the same offers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/offer_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* No byte behind it that a reader could lean on. */
	char *line = malloc(size > 0 ? size : 1);
	struct rm_identity_cache cache = { 0 };
	if (size > 0)
		memcpy(line, data, size);
	/* The second time its identities have been seen. */
	for (int i = 0; i < 2; i++)
		if (same_line(line, size, &cache) == 0)
			abort();
	rm_identity_cache_clear(&cache);
	free(line);
	return 0;
}
