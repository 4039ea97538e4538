/*
 * How many rounds a test of much input makes: all of them, or one in
 * RM_ROUNDS_PART, which tests/valgrind.sh gives, where each takes fifty times
 * as long. Those are among the others: what fails there fails without it.
 */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdlib.h>

static inline int
rounds(int all)
{
	const char *part = getenv("RM_ROUNDS_PART");
	int n = part != NULL ? atoi(part) : 1;
	return n > 1 ? all / n : all;
}

#endif
