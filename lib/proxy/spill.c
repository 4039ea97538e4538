#include "proxy/spill.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void
rm_spill_add(struct rm_spill *spill, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (spill->at + spill->len + len > spill->room) {
		if (spill->at > 0)
			memmove(
			    spill->data, spill->data + spill->at, spill->len);
		spill->at = 0;
		if (spill->len + len > spill->room) {
			size_t more = spill->len > 0 ? spill->room * 2 : 0;
			spill->room = spill->len + len > more ? spill->len + len
							      : more;
			spill->data = rm_realloc(spill->data, spill->room);
		}
	}
	memcpy(spill->data + spill->at + spill->len, data, len);
	spill->len += len;
}

const char *
rm_spill_bytes(const struct rm_spill *spill)
{
	return spill->len > 0 ? spill->data + spill->at : NULL;
}

void
rm_spill_drop(struct rm_spill *spill, size_t n)
{
	spill->at += n;
	spill->len -= n;
	if (spill->len == 0 && n > 0)
		rm_spill_free(spill);
}

void
rm_spill_free(struct rm_spill *spill)
{
	free(spill->data);
	*spill = (struct rm_spill){ 0 };
}
