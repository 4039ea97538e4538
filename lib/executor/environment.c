#include "executor/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"
#include "executor/duration.h"

static char *
copy_of(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && *value != '\0' ? rm_strdup(value) : NULL;
}

static int
needed(char **to, const char *name, struct rm_error *err)
{
	*to = copy_of(name);
	if (*to != NULL)
		return 0;
	return rm_error_set(err, RM_EXIT_USAGE,
	    "%s is not set: an agent of Mesos starts this program", name);
}

static int
duration(
    double *to, const char *name, const char *fallback, struct rm_error *err)
{
	const char *text = getenv(name);
	if (text == NULL || *text == '\0')
		text = fallback;
	*to = rm_duration_parse(text);
	if (*to >= 0)
		return 0;
	return rm_error_set(
	    err, RM_EXIT_USAGE, "%s: not a duration: %s", name, text);
}

static bool
is_true(const char *name)
{
	const char *value = getenv(name);
	return value != NULL &&
	       (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

/* unsetenv() leaves the bytes where /proc/PID/environ shows them. */
static char *
take_secret(const char *name)
{
	char *value = getenv(name);
	if (value == NULL)
		return NULL;
	char *copy = rm_strdup(value);
	memset(value, 0, strlen(value));
	unsetenv(name);
	return copy;
}

static void
read_bearer(struct rm_environment *env)
{
	char *token = take_secret("MESOS_EXECUTOR_AUTHENTICATION_TOKEN");
	if (token != NULL)
		env->bearer = rm_format("Authorization: Bearer %s", token);
	free(token);
}

/* "slave(1)@127.0.0.1:5051" names one agent of several in a process. */
static void
read_url(struct rm_environment *env, const char *endpoint)
{
	const char *pid = getenv("MESOS_SLAVE_PID");
	const char *at = pid != NULL ? strchr(pid, '@') : NULL;
	bool secure = is_true("LIBPROCESS_SSL_ENABLED");
	env->unix_socket = copy_of("MESOS_DOMAIN_SOCKET");
	env->ca_file = copy_of("LIBPROCESS_SSL_CA_FILE");
	env->url = rm_format("%s://%s%s%.*s/api/v1/executor",
	    secure && env->unix_socket == NULL ? "https" : "http",
	    env->unix_socket != NULL ? "localhost" : endpoint,
	    at != NULL ? "/" : "", at != NULL ? (int)(at - pid) : 0,
	    at != NULL ? pid : "");
}

static int
read_sandbox(struct rm_environment *env, struct rm_error *err)
{
	char *here = getcwd(NULL, 0);
	env->sandbox = copy_of("MESOS_SANDBOX");
	if (env->sandbox == NULL && here != NULL)
		env->sandbox = rm_strdup(here);
	free(here);
	if (env->sandbox == NULL)
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "the working directory is gone");
	return 0;
}

int
rm_environment_read(struct rm_environment *env, struct rm_error *err)
{
	char *endpoint = NULL;
	*env = (struct rm_environment){ 0 };
	read_bearer(env);
	env->checkpoint = is_true("MESOS_CHECKPOINT");
	int rc = needed(&endpoint, "MESOS_AGENT_ENDPOINT", err);
	if (rc == 0)
		read_url(env, endpoint);
	free(endpoint);
	if (rc == 0 &&
	    needed(&env->framework_id, "MESOS_FRAMEWORK_ID", err) == 0 &&
	    needed(&env->executor_id, "MESOS_EXECUTOR_ID", err) == 0 &&
	    duration(&env->shutdown_grace,
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "5secs", err) == 0 &&
	    duration(&env->recovery_timeout, "MESOS_RECOVERY_TIMEOUT", "15mins",
		err) == 0 &&
	    duration(&env->backoff_max, "MESOS_SUBSCRIPTION_BACKOFF_MAX",
		"2secs", err) == 0 &&
	    read_sandbox(env, err) == 0)
		return 0;
	rm_environment_free(env);
	return -1;
}

void
rm_environment_free(struct rm_environment *env)
{
	if (env->bearer != NULL)
		explicit_bzero(env->bearer, strlen(env->bearer));
	free(env->url);
	free(env->unix_socket);
	free(env->ca_file);
	free(env->bearer);
	free(env->framework_id);
	free(env->executor_id);
	free(env->sandbox);
	*env = (struct rm_environment){ 0 };
}

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* ERL_… of the agent's own surroundings would change Riak's VM. */
static bool
is_for_riak(const char *entry)
{
	static const char *const not_for[] = { "MESOS_", "LIBPROCESS_", "ERL_",
		"ROOTDIR=", "BINDIR=", "EMU=", "PROGNAME=", "RELX_", "VMARGS_",
		"NODETOOL_", "CODE_LOADING_MODE=" };
	for (size_t i = 0; i < sizeof(not_for) / sizeof(*not_for); i++)
		if (starts_with(entry, not_for[i]))
			return false;
	return true;
}

static bool
replaced(const char *entry, const char *const *extra)
{
	size_t name = strcspn(entry, "=") + 1;
	for (; *extra != NULL; extra++)
		if (strncmp(*extra, entry, name) == 0)
			return true;
	return false;
}

char **
rm_environ_for_riak(const char *const *extra)
{
	size_t most = 1, n = 0;
	for (char **e = environ; *e != NULL; e++)
		most++;
	for (const char *const *e = extra; *e != NULL; e++)
		most++;
	char **env = rm_alloc(most * sizeof(*env));
	for (char **e = environ; *e != NULL; e++)
		if (is_for_riak(*e) && !replaced(*e, extra))
			env[n++] = rm_strdup(*e);
	for (; *extra != NULL; extra++)
		env[n++] = rm_strdup(*extra);
	return env;
}

void
rm_environ_free(char **env)
{
	for (char **e = env; e != NULL && *e != NULL; e++)
		free(*e);
	free(env);
}
