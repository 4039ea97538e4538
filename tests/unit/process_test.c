#include "io/process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/exit.h"
#include "base/str.h"
#include "io/loop.h"

static struct event_base *loop;
static int exits, last_status;

static int
set_up(void **state)
{
	(void)state;
	loop = rm_loop_new(false, NULL);
	return loop == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	event_base_free(loop);
	return 0;
}

static void
on_exit_(void *arg, pid_t pid, int status)
{
	(void)pid;
	exits++;
	last_status = status;
	if (arg != NULL)
		event_base_loopbreak(loop);
}

/* Runs a shell line to its end; what it wrote is in text. */
static int
run(const char *line, struct rm_process_options options, struct rm_str *text)
{
	char *argv[] = { "sh", "-c", (char *)(uintptr_t)line, NULL };
	struct rm_error err = { 0 };
	int out[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	options.argv = argv;
	options.in = -1;
	options.out = out[1];
	options.err = -1;
	options.on_exit = on_exit_;
	options.arg = &exits;
	exits = 0;
	if (rm_process_start(loop, &options, &err) == NULL)
		fail_msg("%s", err.text);
	close(out[1]);
	event_base_dispatch(loop);
	assert_int_equal(exits, 1);
	char chunk[4096];
	ssize_t n;
	rm_str_clear(text);
	rm_str_puts(text, "");
	while ((n = read(out[0], chunk, sizeof(chunk))) > 0)
		rm_str_add(text, chunk, (size_t)n);
	close(out[0]);
	return last_status;
}

static void
statuses_are_told(void **state)
{
	(void)state;
	struct rm_process_options none = { 0 };
	struct rm_str text = { 0 };
	assert_int_equal(run("echo hello", none, &text), 0);
	assert_string_equal(text.text, "hello\n");
	int status = run("exit 7", none, &text);
	assert_string_equal(rm_process_status(status), "exit 7");
	status = run("kill -9 $$", none, &text);
	assert_string_equal(rm_process_status(status), "signal 9 (Killed)");
	rm_str_free(&text);
}

static void
failures_to_start_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *program, *cwd, *text;
	} table[] = {
		{ "/nonexistent/x", NULL,
		    "/nonexistent/x: No such file or directory" },
		{ "no-such-program-anywhere", NULL,
		    "no-such-program-anywhere: No such file or directory" },
		{ "/etc/passwd", NULL, "/etc/passwd: Permission denied" },
		{ "sh", "/nonexistent",
		    "/nonexistent: No such file or directory" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_error err = { 0 };
		char *argv[] = { (char *)(uintptr_t)table[i].program, NULL };
		struct rm_process_options options = { .argv = argv,
			.cwd = table[i].cwd,
			.in = -1,
			.out = -1,
			.err = -1 };
		assert_null(rm_process_start(loop, &options, &err));
		assert_int_equal(err.code, RM_EXIT_USAGE);
		assert_string_equal(err.text, table[i].text);
	}
}

static void
children_get_what_they_were_given(void **state)
{
	(void)state;
	struct rm_str text = { 0 };
	char *envp[] = { "WORD=yes", NULL };
	assert_int_equal(
	    run("pwd; echo $WORD $HOME; cat",
		(struct rm_process_options){ .cwd = "/usr", .envp = envp },
		&text),
	    0);
	assert_string_equal(text.text, "/usr\nyes\n");
	/* Descriptors: only the standard ones, and those to keep. */
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int leaky = open("/dev/null", O_RDONLY);
	int keep[] = { kept, -1 };
	char line[128];
	snprintf(line, sizeof(line),
	    "for n in %d %d; do [ ! -e /proc/$$/fd/$n ] || echo $n; done", kept,
	    leaky);
	run(line, (struct rm_process_options){ .keep = keep }, &text);
	assert_int_equal(atoi(text.text), kept);
	assert_ptr_equal(strchr(text.text, '\n'), text.text + text.len - 1);
	close(kept);
	close(leaky);
	rm_str_free(&text);
}

/*
 * SIGPIPE is ignored by us (rm_loop_new), not by them; nothing is blocked. The
 * two signals that the C library keeps for itself (32 and 33) may come ignored
 * from whoever started us, and can't be changed.
 */
static void
signals_are_as_usual(void **state)
{
	(void)state;
	struct rm_str text = { 0 };
	unsigned long long set[3];
	run("cat /proc/self/status | grep -E 'Sig(Blk|Ign|Cgt)' | cut -f2",
	    (struct rm_process_options){ 0 }, &text);
	assert_int_equal(
	    sscanf(text.text, "%llx %llx %llx", &set[0], &set[1], &set[2]), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(set[i] & ~(3ULL << 31), 0);
	rm_str_free(&text);
}

/* Descriptors given crosswise: in is 1, out is 0. */
static void
crossed_descriptors(void **state)
{
	(void)state;
	int in[2], out[2];
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	int saved[2] = { dup(0), dup(1) };
	fflush(stdout);
	dup2(in[0], 1);
	dup2(out[1], 0);
	char *argv[] = { "tr", "a", "b", NULL };
	struct rm_process_options options = { .argv = argv,
		.in = 1,
		.out = 0,
		.err = -1,
		.on_exit = on_exit_,
		.arg = &exits };
	struct rm_process *process = rm_process_start(loop, &options, NULL);
	dup2(saved[0], 0);
	dup2(saved[1], 1);
	close(saved[0]);
	close(saved[1]);
	close(in[0]);
	close(out[1]);
	assert_non_null(process);
	assert_int_equal(write(in[1], "banana", 6), 6);
	close(in[1]);
	char text[16] = "";
	assert_int_equal(read(out[0], text, sizeof(text)), 6);
	assert_string_equal(text, "bbnbnb");
	close(out[0]);
	event_base_dispatch(loop);
}

static void
groups_are_signalled_whole(void **state)
{
	(void)state;
	int out[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	char *argv[] = { "sh", "-c", "sleep 60 & echo; wait", NULL };
	struct rm_process_options options = { .argv = argv,
		.in = -1,
		.out = out[1],
		.err = -1,
		.group = true,
		.on_exit = on_exit_,
		.arg = &exits };
	struct rm_process *process = rm_process_start(loop, &options, NULL);
	assert_non_null(process);
	close(out[1]);
	char text[16];
	assert_int_equal(read(out[0], text, 1), 1);
	rm_process_signal(process, SIGTERM);
	event_base_dispatch(loop);
	assert_string_equal(
	    rm_process_status(last_status), "signal 15 (Terminated)");
	/* The sleep held the pipe too: it ends when all are gone. */
	assert_int_equal(read(out[0], text, 1), 0);
	close(out[0]);
}

static void
many_end_at_once(void **state)
{
	(void)state;
	char *argv[] = { "true", NULL };
	struct rm_process_options options = { .argv = argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.on_exit = on_exit_ };
	exits = 0;
	for (int i = 0; i < 50; i++)
		assert_non_null(rm_process_start(loop, &options, NULL));
	event_base_dispatch(loop); /* ends when the last one has */
	assert_int_equal(exits, 50);
}

/* When the parent is killed the child dies too. */
static void
children_die_with_their_parent(void **state)
{
	(void)state;
	int out[2];
	assert_int_equal(pipe(out), 0);
	pid_t parent = fork();
	if (parent == 0) {
		char *argv[] = { "sh", "-c", "echo; exec sleep 60", NULL };
		struct rm_process_options options = {
			.argv = argv, .in = -1, .out = out[1], .err = -1
		};
		struct event_base *own = rm_loop_new(false, NULL);
		rm_process_start(own, &options, NULL);
		close(out[1]);
		event_base_dispatch(own);
		_exit(0);
	}
	close(out[1]);
	char text[16];
	assert_int_equal(read(out[0], text, 1), 1);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	assert_int_equal(read(out[0], text, 1), 0);
	close(out[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_are_told),
		cmocka_unit_test(failures_to_start_are_told),
		cmocka_unit_test(children_get_what_they_were_given),
		cmocka_unit_test(signals_are_as_usual),
		cmocka_unit_test(crossed_descriptors),
		cmocka_unit_test(groups_are_signalled_whole),
		cmocka_unit_test(many_end_at_once),
		cmocka_unit_test(children_die_with_their_parent),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
