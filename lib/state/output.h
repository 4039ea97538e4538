/*
 * The answer of a program that does one thing and ends.
 */
#ifndef RM_STATE_OUTPUT_H
#define RM_STATE_OUTPUT_H

#include "base/str.h"

/* Writes it to standard output and frees it; returns code, or
 * RM_EXIT_OUTSIDE, told, when it can't be written. */
int rm_output(struct rm_str *text, int code);

#endif
