#include "base/guess.h"

enum { MOST = 31 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Row by row: at[j] is the distance of the first i letters of a to the first
 * j of b ("optimal string alignment"). */
size_t
rm_guess_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][MOST + 1];
	if (a_len > MOST || b_len > MOST)
		return 99;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *at = rows[i % 3], *up = rows[(i + 2) % 3];
		const size_t *two_up = rows[(i + 1) % 3];
		at[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			at[j] = least(least(up[j], at[j - 1]) + 1,
			    up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				at[j] = least(at[j], two_up[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

void
rm_guess_try(struct rm_guess *guess, const char *word, size_t len)
{
	size_t distance = rm_guess_distance(guess->word, guess->len, word, len);
	if (distance > 1 + guess->len / 4 || distance >= guess->len ||
	    (guess->best != NULL && distance >= guess->distance))
		return;
	guess->best = word;
	guess->best_len = len;
	guess->distance = distance;
}
