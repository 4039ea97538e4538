/*
 * What the records tell, in Prometheus's text format. Pure.
 */
#ifndef RM_API_METRICS_H
#define RM_API_METRICS_H

#include <jv.h>

#include "base/str.h"

/* Of the same documents as the page (api/page.h). Borrowed. */
void rm_metrics_write(struct rm_str *text, jv framework, jv clusters);

#endif
