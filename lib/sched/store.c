#include "sched/store.h"

#include <stdlib.h>

#include "base/str.h"

void
rm_sched_store(struct rm_model *model, struct rm_stage *stage,
    enum rm_record_kind kind, const char *key, jv value)
{
	const char *dir = rm_record_table[kind].dir;
	char *path = key != NULL ? rm_format("%s/%s", dir, key)
				 : rm_strdup(dir);
	jv line = JV_OBJECT(jv_string("write"), jv_string(path),
	    jv_string("value"), jv_copy(value));
	rm_model_take(model, line, NULL, NULL);
	jv_free(line);
	rm_stage_write(stage, path, value, -1);
	free(path);
}
