/*
 * The texts of Mesos's own options, as an agent's --resources, --attributes
 * and --domain take them (attributes-resources.md, fault-domains.md). Pure.
 */
#ifndef RM_LOCAL_SPEC_H
#define RM_LOCAL_SPEC_H

#include <jv.h>

#include "base/error.h"
#include "base/str.h"

/*
 * "cpus:4;mem(riak):8192;ports:[31000-31009, 31020-31029];nics:{a,b}", or a
 * JSON array of resources. A role in parentheses is a static reservation.
 * *list gets Mesos JSON.
 */
int rm_spec_resources(const char *text, jv *list, struct rm_error *err);

/* "rack:r1;load:3.5;slots:[1-5]": scalar, ranges or text, in this order. */
int rm_spec_attributes(const char *text, jv *list, struct rm_error *err);

/* "region/zone". *domain gets {"fault_domain":…}. */
int rm_spec_domain(const char *text, jv *domain, struct rm_error *err);

/* A duration as Mesos writes it: "2mins", "1.5secs", "500ms". */
void rm_spec_duration(struct rm_str *to, double seconds);

/* The text with every "{n}" replaced by number; the caller's. */
char *rm_spec_numbered(const char *text, unsigned number);

#endif
