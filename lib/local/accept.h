/*
 * ACCEPT and DECLINE of offers.
 */
#ifndef RM_LOCAL_ACCEPT_H
#define RM_LOCAL_ACCEPT_H

#include "local/local.h"

/* Both borrow the call's body. */
void rm_local_accept(struct rm_local_framework *framework, jv accept);
void rm_local_decline(struct rm_local_framework *framework, jv decline);
/* ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS: advisory, both. */
void rm_local_answer_inverse(struct rm_local_framework *framework, jv answer);

#endif
