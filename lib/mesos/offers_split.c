#include "mesos/offers_split.h"

int
rm_offers_split_begin(
    struct rm_offers_split *split, struct rm_slice array, size_t most)
{
	split->most = most;
	if (rm_json_walk_begin(&split->walk, array) != 0)
		return -1;
	return split->walk.close == ']' ? 0 : -1;
}

int
rm_offers_split_next(struct rm_offers_split *split, struct rm_slice *run)
{
	struct rm_slice none, offer;
	size_t count = 0;
	while (count < split->most) {
		int more = rm_json_walk_next(&split->walk, &none, &offer);
		if (more < 0)
			return -1;
		if (more == 0)
			break;
		if (count++ == 0)
			run->at = offer.at;
		run->len = (size_t)(offer.at + offer.len - run->at);
	}
	return count > 0;
}
