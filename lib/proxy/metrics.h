/*
 * The counters as Prometheus reads them (its text format 0.0.4).
 */
#ifndef RM_PROXY_METRICS_H
#define RM_PROXY_METRICS_H

#include "proxy/directory.h"
#include "proxy/proxy.h"

#define RM_METRICS_TYPE "text/plain; version=0.0.4"

void rm_metrics_write(struct rm_str *to, const struct rm_proxy *proxy,
    const struct rm_directory *directory);

#endif
