#include "executor/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "executor/file.h"
#include "riak/conf.h"
#include "riak/data_path.h"
#include "riak/overlay.h"
#include "riak/template.h"

#define REASON_MAX 400

/* The original's names, and more of ours. */
static int
render(struct rm_str *out, const char *template, const struct rm_task_data *t,
    struct rm_error *err)
{
	enum { HTTP, PB, HANDOFF, DISTERL, CEPMD, MANAGER, PORTS };
	const int ports[PORTS] = { t->http, t->pb, t->handoff, t->disterl,
		t->cepmd, t->cluster_manager };
	char text[PORTS][8];
	for (int i = 0; i < PORTS; i++)
		snprintf(text[i], sizeof(text[i]), "%d", ports[i]);
	const struct rm_template_var vars[] = {
		{ "fullyqualifiednodename", t->node },
		{ "handoffport", text[HANDOFF] },
		{ "disterlport", text[DISTERL] },
		{ "httpport", text[HTTP] },
		{ "pbport", text[PB] },
		{ "cepmdport", text[CEPMD] },
		{ "clustermanagerport", text[MANAGER] },
		{ "data_dir", t->data_dir },
		{ "bindaddress", t->address },
		{ "host", t->host },
		{ "nodekey", t->key },
		{ "clustername", t->cluster },
		{ "frameworkname", t->framework },
		{ NULL, NULL },
	};
	return rm_template_render(out, template, strlen(template), vars, err);
}

/* What the user wants: a template, or else the package's file as it is. */
static int
wanted(struct rm_str *out, const char *template, const char *path,
    const struct rm_task_data *task, struct rm_error *err)
{
	rm_str_puts(out, "");
	if (template != NULL)
		return render(out, template, task, err);
	return rm_file_read(out, path, err);
}

static bool
known(void *arg, const char *key)
{
	return rm_package_knows(arg, key);
}

static int
overlaid(const struct rm_config *config, struct rm_str *text,
    struct rm_str *diff, struct rm_error *err)
{
	const struct rm_task_data *t = config->task;
	struct rm_package *package = (struct rm_package *)(uintptr_t)
					 config->package;
	const struct rm_overlay overlay = { t->node, t->cookie, t->address,
		t->data_dir, t->http, t->pb, t->handoff, t->disterl,
		t->cluster_manager, known, package };
	struct rm_conf conf = { 0 };
	int rc = rm_conf_parse(&conf, text->text, text->len, err);
	if (rc == 0)
		rc = rm_overlay_check(&overlay, &conf, err);
	if (rc == 0) {
		rm_overlay_diff(diff, &overlay, &conf);
		rm_overlay_write(text, &overlay);
	}
	rm_conf_free(&conf);
	return rc;
}

static int
write_riak_conf(
    const struct rm_config *config, struct rm_str *diff, struct rm_error *err)
{
	char *path = rm_format("%s/etc/riak.conf", config->package->root);
	struct rm_str text = { 0 };
	int rc = wanted(&text, config->riak_config, path, config->task, err);
	if (rc == 0)
		rc = overlaid(config, &text, diff, err);
	if (rc != 0)
		rm_error_prefix(err, "riak.conf");
	else
		rc = rm_file_write(path, &text, err);
	rm_str_free(&text);
	free(path);
	return rc;
}

static int
write_advanced(const struct rm_config *config, struct rm_error *err)
{
	if (config->advanced_config == NULL)
		return 0;
	char *path = rm_format("%s/etc/advanced.config", config->package->root);
	struct rm_str text = { 0 };
	int rc = wanted(
	    &text, config->advanced_config, path, config->task, err);
	if (rc != 0)
		rm_error_prefix(err, "advanced.config");
	else
		rc = rm_file_write(path, &text, err);
	rm_str_free(&text);
	free(path);
	return rc;
}

int
rm_config_write(
    const struct rm_config *config, struct rm_str *diff, struct rm_error *err)
{
	if (write_riak_conf(config, diff, err) != 0)
		return -1;
	return write_advanced(config, err);
}

/* Behind "-config ", the caller's, whole; or NULL. */
static char *
generated_path(const char *output, const char *root)
{
	const char *at = NULL;
	for (const char *p = output; (p = strstr(p, "-config ")) != NULL; p++)
		at = p + strlen("-config ");
	if (at == NULL)
		return NULL;
	size_t len = strcspn(at, " \t\r\n");
	return *at == '/' ? rm_format("%.*s", (int)len, at)
			  : rm_format("%s/%.*s", root, (int)len, at);
}

int
rm_config_check(
    const struct rm_config *config, const char *output, struct rm_error *err)
{
	char *path = generated_path(output, config->package->root);
	struct rm_str text = { 0 };
	struct rm_term term = { 0 };
	if (path == NULL)
		return rm_error_set(err, RM_EXIT_OUTSIDE,
		    "Riak does not say which configuration it generated: "
		    "%.200s",
		    output);
	int rc = rm_file_read(&text, path, err);
	rm_str_puts(&text, "");
	if (rc == 0 &&
	    (rc = rm_term_parse(&term, text.text, text.len, err)) != 0)
		rm_error_prefix(err, "%s", path);
	if (rc == 0 &&
	    (rc = rm_data_path_check(&term, config->task->data_dir, err)) != 0)
		rm_error_prefix(err, "the configuration that Riak generated");
	rm_term_free(&term);
	rm_str_free(&text);
	free(path);
	return rc;
}

/* "11:35:10.000 [error] words": the words; else the whole line. */
static const char *
words_of(const char *line, size_t *len)
{
	static const char mark[] = "[error] ";
	const char *at = memmem(line, *len, mark, sizeof(mark) - 1);
	if (at == NULL)
		return line;
	at += sizeof(mark) - 1;
	*len -= (size_t)(at - line);
	return at;
}

char *
rm_config_reason(const char *output)
{
	struct rm_str reason = { 0 };
	while (*output != '\0' && reason.len < REASON_MAX) {
		size_t len = strcspn(output, "\n"), n = len;
		const char *words = words_of(output, &n);
		if (n > 0)
			rm_str_printf(&reason, "%s%.*s",
			    reason.len > 0 ? "; " : "", (int)n, words);
		output += len + (output[len] == '\n');
	}
	return rm_str_take(&reason);
}
