/*
 * What to do next, when something was refused.
 */
#ifndef RM_CLI_ADVICE_H
#define RM_CLI_ADVICE_H

#include "base/error.h"

/* Appends "; " and the advice, where there is one. */
void rm_cli_advise(struct rm_error *err);

#endif
