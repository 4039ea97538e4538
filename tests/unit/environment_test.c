#include "executor/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int
plain(void **state)
{
	(void)state;
	clearenv();
	setenv("MESOS_AGENT_ENDPOINT", "127.0.0.1:5051", 1);
	setenv("MESOS_SLAVE_PID", "slave(1)@127.0.0.1:5051", 1);
	setenv("MESOS_FRAMEWORK_ID", "f", 1);
	setenv("MESOS_EXECUTOR_ID", "e", 1);
	setenv("MESOS_SANDBOX", "/sandbox", 1);
	setenv("MESOS_CHECKPOINT", "1", 1);
	setenv("MESOS_RECOVERY_TIMEOUT", "15mins", 1);
	return 0;
}

static void
reads(void **state)
{
	(void)state;
	struct rm_environment env;
	assert_int_equal(rm_environment_read(&env, NULL), 0);
	assert_string_equal(
	    env.url, "http://127.0.0.1:5051/slave(1)/api/v1/executor");
	assert_null(env.unix_socket);
	assert_null(env.bearer);
	assert_string_equal(env.sandbox, "/sandbox");
	assert_true(env.checkpoint);
	assert_true(env.recovery_timeout == 900);
	assert_true(env.shutdown_grace == 5);
	assert_true(env.backoff_max == 2);
	rm_environment_free(&env);
	rm_environment_free(&env);
}

static void
other_ways_to_the_agent(void **state)
{
	(void)state;
	struct rm_environment env;
	setenv("LIBPROCESS_SSL_ENABLED", "true", 1);
	setenv("LIBPROCESS_SSL_CA_FILE", "/ca.pem", 1);
	assert_int_equal(rm_environment_read(&env, NULL), 0);
	assert_string_equal(
	    env.url, "https://127.0.0.1:5051/slave(1)/api/v1/executor");
	assert_string_equal(env.ca_file, "/ca.pem");
	rm_environment_free(&env);

	setenv("MESOS_DOMAIN_SOCKET", "/run/agent.sock", 1);
	unsetenv("MESOS_SLAVE_PID");
	assert_int_equal(rm_environment_read(&env, NULL), 0);
	assert_string_equal(env.url, "http://localhost/api/v1/executor");
	assert_string_equal(env.unix_socket, "/run/agent.sock");
	rm_environment_free(&env);
}

static void
token_is_taken_out(void **state)
{
	(void)state;
	static char entry[] = "MESOS_EXECUTOR_AUTHENTICATION_TOKEN=s3cret";
	struct rm_environment env;
	putenv(entry);
	assert_int_equal(rm_environment_read(&env, NULL), 0);
	assert_string_equal(env.bearer, "Authorization: Bearer s3cret");
	assert_null(getenv("MESOS_EXECUTOR_AUTHENTICATION_TOKEN"));
	/* The very bytes are gone, not only their name. */
	assert_null(memmem(entry, sizeof(entry), "s3cret", 6));
	rm_environment_free(&env);
}

static void
refuses(void **state)
{
	(void)state;
	struct rm_environment env;
	struct rm_error err = { 0 };
	setenv("MESOS_RECOVERY_TIMEOUT", "soon", 1);
	assert_int_equal(rm_environment_read(&env, &err), -1);
	assert_string_equal(
	    err.text, "MESOS_RECOVERY_TIMEOUT: not a duration: soon");
	unsetenv("MESOS_EXECUTOR_ID");
	assert_int_equal(rm_environment_read(&env, &err), -1);
	assert_string_equal(err.text, "MESOS_EXECUTOR_ID is not set: an agent "
				      "of Mesos starts this program");
	assert_int_equal(err.code, 100);
}

static bool
has(char **env, const char *entry)
{
	for (; *env != NULL; env++)
		if (strcmp(*env, entry) == 0)
			return true;
	return false;
}

static void
for_riak(void **state)
{
	(void)state;
	static const char *const extra[] = { "ERL_EPMD_PORT=1", "PATH=/x",
		NULL };
	setenv("PATH", "/bin", 1);
	setenv("PATHS", "kept", 1);
	setenv("ERL_FLAGS", "-name other", 1);
	setenv("ERL_EPMD_PORT", "4369", 1);
	setenv("LIBPROCESS_IP", "1.2.3.4", 1);
	setenv("STANDIN_FAIL", "hang", 1);
	char **env = rm_environ_for_riak(extra);
	assert_true(has(env, "ERL_EPMD_PORT=1"));
	assert_true(has(env, "PATH=/x"));
	assert_true(has(env, "PATHS=kept"));
	assert_true(has(env, "STANDIN_FAIL=hang"));
	size_t n = 0;
	while (env[n] != NULL)
		n++;
	assert_int_equal(n, 4);
	rm_environ_free(env);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads, plain),
		cmocka_unit_test_setup(other_ways_to_the_agent, plain),
		cmocka_unit_test_setup(token_is_taken_out, plain),
		cmocka_unit_test_setup(refuses, plain),
		cmocka_unit_test_setup(for_riak, plain),
	};
	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
