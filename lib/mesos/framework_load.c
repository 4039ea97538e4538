#include "mesos/framework_load.h"

#include <stdlib.h>

#include "base/exit.h"
#include "base/json.h"

char *
rm_framework_root(const char *name)
{
	return rm_format("/riak/frameworks/%s", name);
}

/* Invalid when it is absent. */
static int
read_record(struct rm_zk_wait *zk, const char *root, const char *record,
    jv *value, struct rm_error *err)
{
	struct rm_str text = { 0 };
	char *path = rm_format("%s/%s", root, record);
	struct rm_error why = { 0 };
	*value = jv_invalid();
	int rc = rm_zk_wait_get(zk, path, &text, NULL, &why);
	if (rc != 0 && why.code == RM_EXIT_NO) {
		rc = 0;
	} else if (rc != 0) {
		if (err != NULL)
			*err = why;
	} else if (rm_json_parse(text.text != NULL ? text.text : "", text.len,
		       value, &why) != 0) {
		rc = rm_error_set(err, RM_EXIT_USAGE, "%s: %s", path, why.text);
	}
	free(path);
	rm_str_free(&text);
	return rc;
}

static int
take_settings(struct rm_framework *framework, struct rm_zk_wait *zk,
    const char *root, struct rm_error *err)
{
	jv value;
	if (read_record(zk, root, "settings", &value, err) != 0)
		return -1;
	int rc = jv_is_valid(value) ? rm_framework_fill(framework, value, err)
				    : 0;
	if (rc != 0)
		rm_error_prefix(err, "%s", root);
	jv_free(value);
	return rc;
}

static int
take_id(struct rm_framework *framework, struct rm_zk_wait *zk, const char *root,
    struct rm_error *err)
{
	jv value;
	if (framework->id != NULL)
		return 0;
	if (read_record(zk, root, "framework", &value, err) != 0)
		return -1;
	const char *id = rm_json_text(value, "id", NULL);
	if (id != NULL)
		framework->id = rm_strdup(id);
	bool unreadable = id == NULL && jv_is_valid(value);
	jv_free(value);
	return unreadable ? rm_error_set(err, RM_EXIT_USAGE,
				"%s/framework: no id in it", root)
			  : 0;
}

int
rm_framework_load(struct rm_framework *framework, const char *name,
    struct rm_zk_wait *zk, struct rm_error *err)
{
	char *root = rm_framework_root(name);
	int rc = 0;
	if (zk != NULL && (take_settings(framework, zk, root, err) != 0 ||
			      take_id(framework, zk, root, err) != 0))
		rc = -1;
	free(root);
	if (rc == 0 && framework->name == NULL)
		framework->name = rm_strdup(name);
	return rc == 0 ? rm_framework_check(framework, err) : rc;
}
