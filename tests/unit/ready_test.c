#include "io/ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/exit.h"
#include "base/str.h"

static void
newline_and_end(void **state)
{
	(void)state;
	int ends[2];
	char bytes[8];
	assert_int_equal(pipe(ends), 0);
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(rm_ready_check(ends[1], NULL), 0);
	assert_int_equal(rm_ready_tell(ends[1], "it runs", NULL), 0);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 1);
	assert_int_equal(bytes[0], '\n');
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 0);
	close(ends[0]);
	assert_int_equal(rm_ready_check(0, NULL), 0);
	assert_int_equal(rm_ready_tell(0, "it runs", NULL), 0);
}

static void
descriptor_that_is_not_there(void **state)
{
	(void)state;
	struct rm_error err = { 0 };
	assert_int_equal(rm_ready_check(900, &err), -1);
	assert_int_equal(err.code, RM_EXIT_USAGE);
	assert_non_null(strstr(err.text, "900"));
	assert_int_equal(rm_ready_check(1000000000000, &err), -1);
}

/* The socket's name begins with a NUL when it is abstract. */
static void
told_at(const char *variable, const char *name, size_t len)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	memcpy(at.sun_path, name, len);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&at,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0);
	setenv("NOTIFY_SOCKET", variable, 1);
	assert_int_equal(rm_ready_tell(0, "listening on port 1", NULL), 0);
	assert_null(getenv("NOTIFY_SOCKET"));

	char *wanted = rm_format(
	    "READY=1\nSTATUS=listening on port 1\nMAINPID=%d\n", (int)getpid());
	char text[256] = "";
	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, wanted);
	free(wanted);
	close(fd);
}

static void
systemd_is_told(void **state)
{
	(void)state;
	char directory[] = "/tmp/ready.XXXXXX", abstract[64];
	assert_non_null(mkdtemp(directory));
	char *path = rm_format("%s/notify", directory);
	told_at(path, path, strlen(path));
	snprintf(abstract, sizeof(abstract), "@%s", directory);
	char name[64];
	snprintf(name, sizeof(name), "@%s", directory);
	name[0] = '\0';
	told_at(abstract, name, strlen(abstract));

	/* Nobody there any more: an error, but no end. */
	unlink(path);
	struct rm_error err = { 0 };
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(rm_ready_tell(0, "it runs", &err), -1);
	assert_non_null(strstr(err.text, path));
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(rm_ready_tell(0, "it runs", NULL), -1);
	rmdir(directory);
	free(path);
}

static void
port_file(void **state)
{
	(void)state;
	char directory[] = "/tmp/ready.XXXXXX", text[16] = "";
	assert_non_null(mkdtemp(directory));
	char *path = rm_format("%s/port", directory);
	assert_int_equal(rm_ready_port_file(path, 4369, NULL), 0);
	assert_int_equal(rm_ready_port_file(path, 4370, NULL), 0);
	FILE *f = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "4370\n");
	unlink(path);
	/* Nothing else was left there. */
	assert_int_equal(rmdir(directory), 0);
	struct rm_error err = { 0 };
	assert_int_equal(rm_ready_port_file(path, 1, &err), -1);
	assert_non_null(strstr(err.text, path));
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newline_and_end),
		cmocka_unit_test(descriptor_that_is_not_there),
		cmocka_unit_test(systemd_is_told),
		cmocka_unit_test(port_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
