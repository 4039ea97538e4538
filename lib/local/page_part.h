/*
 * Parts that the pages of the master and of an agent share. Objects are
 * consumed and returned.
 */
#ifndef RM_LOCAL_PAGE_PART_H
#define RM_LOCAL_PAGE_PART_H

#include "local/agent.h"
#include "local/framework.h"

jv rm_page_text(jv page, const char *key, const char *text);
jv rm_page_number(jv page, const char *key, double n);
/* texts ends with NULL. */
jv rm_page_texts(const char *const *texts);
/* A new page, with the version and who built it. */
jv rm_page_build(void);
jv rm_page_agent_capabilities(void);
/* {"rack":"r1"}: values as text or number. Borrows. */
jv rm_page_attributes(jv attributes);
/* By role, what is reserved; full: as resources, not totals. */
jv rm_page_reserved(const struct rm_resources *total, bool full);
jv rm_page_unreserved(const struct rm_resources *total, bool full);
/* Of executors and their tasks; those of f only, unless it is NULL. */
void rm_page_add_used(const struct rm_local_agent *agent,
    const struct rm_local_framework *f, struct rm_resources *to);

#endif
