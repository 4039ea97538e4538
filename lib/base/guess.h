/*
 * Which word was meant: the nearest of those that there are.
 */
#ifndef RM_BASE_GUESS_H
#define RM_BASE_GUESS_H

#include <stddef.h>

struct rm_guess {
	const char *word; /* as it was typed; borrowed */
	size_t len;
	/* Filled by rm_guess_try(): NULL when nothing is near. Borrowed. */
	const char *best;
	size_t best_len, distance;
};

/* How many letters have to be put in, left out, replaced, or changed with the
 * next one, to make one of the other; 99 for words that are too long. */
size_t rm_guess_distance(
    const char *a, size_t a_len, const char *b, size_t b_len);

/* One more word that could be meant. Near is what differs in one letter, and
 * in one more for each four. */
void rm_guess_try(struct rm_guess *guess, const char *word, size_t len);

#endif
