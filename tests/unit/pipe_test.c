#include "stream/pipe.h"

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

#include "base/exit.h"
#include "base/str.h"
#include "io/loop.h"

/* Pipes in place of this process's stdin and stdout; cmocka's words go to
 * where stdout was. */
static struct event_base *loop;
static struct rm_pipe *pipe_;
static int feed, take; /* our ends */
static int saved[2];
static struct rm_str lines; /* "number:line|" */
static int ends, rooms, errors;
static struct rm_error last_error;
static bool hold_after_line, send_back;

static void
on_line(void *arg, const char *line, size_t len, unsigned long number)
{
	(void)arg;
	rm_str_printf(&lines, "%lu:%.*s|", number, (int)len, line);
	if (hold_after_line)
		rm_pipe_hold(pipe_, true);
	if (send_back)
		rm_pipe_send(pipe_, line, len);
}

static void
on_end(void *arg)
{
	(void)arg;
	ends++;
}

static void
on_error(void *arg, const struct rm_error *err)
{
	(void)arg;
	errors++;
	last_error = *err;
}

static void
on_room(void *arg)
{
	(void)arg;
	rooms++;
}

static int
begin(void **state)
{
	(void)state;
	int in[2], out[2];
	fflush(stdout);
	saved[0] = dup(0);
	saved[1] = dup(1);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return -1;
	dup2(in[0], 0);
	dup2(out[1], 1);
	close(in[0]);
	close(out[1]);
	feed = in[1];
	take = out[0];
	fcntl(take, F_SETFL, O_NONBLOCK);
	rm_str_clear(&lines);
	rm_str_puts(&lines, "");
	ends = rooms = errors = 0;
	hold_after_line = send_back = false;
	loop = rm_loop_new(true, NULL);
	const struct rm_pipe_options options = { .on_line = on_line,
		.on_end = on_end,
		.on_error = on_error,
		.on_room = on_room };
	pipe_ = rm_pipe_new(loop, &options);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	rm_pipe_free(pipe_);
	event_base_free(loop);
	dup2(saved[0], 0);
	dup2(saved[1], 1);
	close(saved[0]);
	close(saved[1]);
	if (feed >= 0)
		close(feed);
	if (take >= 0)
		close(take);
	rm_str_free(&lines);
	return 0;
}

static void
turns(int n)
{
	while (n-- > 0)
		event_base_loop(loop, EVLOOP_NONBLOCK);
}

static void
say(const char *text)
{
	assert_int_equal(write(feed, text, strlen(text)), strlen(text));
	turns(4);
}

/* All that has come out since; the caller's. */
static char *
came(void)
{
	struct rm_str all = { 0 };
	char chunk[65536];
	ssize_t n;
	rm_str_puts(&all, "");
	while ((n = read(take, chunk, sizeof(chunk))) > 0) {
		rm_str_add(&all, chunk, (size_t)n);
		turns(2);
	}
	return rm_str_take(&all);
}

static void
expect(const char *text)
{
	char *all = came();
	assert_string_equal(all, text);
	free(all);
}

static void
lines_come_with_their_numbers(void **state)
{
	(void)state;
	say("one\ntwo\nthr");
	assert_string_equal(lines.text, "1:one|2:two|");
	say("ee\n\nlast");
	assert_string_equal(lines.text, "1:one|2:two|3:three|4:|");
	assert_int_equal(ends, 0);
	close(feed);
	feed = -1;
	turns(4);
	assert_string_equal(lines.text, "1:one|2:two|3:three|4:|5:last|");
	assert_int_equal(ends, 1);
	turns(4);
	assert_int_equal(ends, 1);
}

static void
held_lines_wait(void **state)
{
	(void)state;
	hold_after_line = true;
	say("one\ntwo\nthree");
	assert_string_equal(lines.text, "1:one|");
	turns(4);
	assert_string_equal(lines.text, "1:one|");
	rm_pipe_hold(pipe_, false);
	turns(4);
	assert_string_equal(lines.text, "1:one|2:two|");
	close(feed);
	feed = -1;
	turns(4);
	assert_string_equal(lines.text, "1:one|2:two|");
	hold_after_line = false;
	rm_pipe_hold(pipe_, false);
	turns(4);
	assert_string_equal(lines.text, "1:one|2:two|3:three|");
	assert_int_equal(ends, 1);
}

static void
ticks_are_superseded(void **state)
{
	(void)state;
	rm_pipe_send(pipe_, "a", 1);
	rm_pipe_send_tick(pipe_, 1);
	rm_pipe_send_tick(pipe_, 2.5);
	rm_pipe_send(pipe_, "b", 1);
	rm_pipe_send_tick(pipe_, 3);
	rm_pipe_send_tick(pipe_, 1732260000.25);
	turns(2);
	rm_pipe_send_tick(pipe_, 5);
	turns(2);
	expect("a\n{\"tick\":2.500}\nb\n{\"tick\":1732260000.250}\n"
	       "{\"tick\":5.000}\n");
}

/* A tick of which a part has gone out stays whole. */
static void
ticks_are_not_torn(void **state)
{
	(void)state;
	char filler[4096];
	memset(filler, 'x', sizeof(filler));
	/* What the pipe takes, but for the first bytes of a tick. */
	for (int i = 0; i < 15; i++)
		rm_pipe_send(pipe_, filler, sizeof(filler) - 1);
	rm_pipe_send(pipe_, filler, sizeof(filler) - 13);
	rm_pipe_send_tick(pipe_, 0);
	turns(20);
	size_t left = rm_pipe_pending(pipe_);
	assert_true(left > 0 && left < strlen("{\"tick\":0.000}\n"));
	for (int at = 10; at < 50; at++) {
		rm_pipe_send_tick(pipe_, at);
		turns(2);
	}
	char *all = came();
	size_t filled = (size_t)16 * 4096 - 12;
	assert_true(strlen(all) > filled);
	for (char *line = strtok(all + filled, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		char whole[32];
		snprintf(whole, sizeof(whole), "{\"tick\":%d.000}",
		    atoi(line + strlen("{\"tick\":")));
		assert_string_equal(line, whole);
	}
	free(all);
	assert_int_equal(rm_pipe_pending(pipe_), 0);
}

/* Nothing blocks, stdin rests while stdout is full, and all comes in the end
 * in order. */
static void
a_full_pipe_rests(void **state)
{
	(void)state;
	send_back = true;
	char line[1001];
	memset(line, 'y', sizeof(line));
	line[1000] = '\n';
	fcntl(feed, F_SETFL, O_NONBLOCK);
	size_t fed = 0;
	for (int i = 0; i < 200000; i++) {
		ssize_t n = write(feed, line, sizeof(line));
		if (n == (ssize_t)sizeof(line))
			fed++;
		else if (n >= 0)
			break; /* a torn line: not in this test */
		turns(1);
		if (n < 0 && rm_pipe_full(pipe_))
			break;
	}
	assert_true(rm_pipe_full(pipe_));
	assert_true(rm_pipe_pending(pipe_) < (size_t)2 << 20);
	assert_int_equal(rooms, 0);
	size_t taken = 0;
	for (int i = 0; i < 10000 && taken < fed * sizeof(line); i++) {
		char *all = came();
		taken += strlen(all);
		free(all);
		turns(2);
	}
	assert_int_equal(taken, fed * sizeof(line));
	assert_true(rooms >= 1);
	assert_int_equal(errors, 0);
}

static void
nobody_reads(void **state)
{
	(void)state;
	close(take);
	take = -1;
	rm_pipe_send(pipe_, "a", 1);
	turns(3);
	assert_int_equal(errors, 1);
	assert_string_equal(last_error.text, ""); /* end quietly */
	rm_pipe_send(pipe_, "b", 1);
	turns(3);
	assert_int_equal(errors, 1);
	assert_int_equal(rm_pipe_drain(pipe_, 0.1), -1);
}

static void
drain_waits_its_time(void **state)
{
	(void)state;
	size_t size = (size_t)1 << 20;
	char *large = rm_alloc(size);
	memset(large, 'z', size);
	rm_pipe_send(pipe_, large, size);
	double start = rm_now();
	assert_int_equal(rm_pipe_drain(pipe_, 0.2), -1);
	assert_true(rm_now() - start < 2);
	char *all = came();
	size_t first = strlen(all);
	free(all);
	while (first < size + 1) {
		all = came();
		first += strlen(all);
		free(all);
		rm_pipe_drain(pipe_, 0.01);
	}
	assert_int_equal(rm_pipe_drain(pipe_, 0), 0);
	free(large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_come_with_their_numbers),
		TEST(held_lines_wait),
		TEST(ticks_are_superseded),
		TEST(ticks_are_not_torn),
		TEST(a_full_pipe_rests),
		TEST(nobody_reads),
		TEST(drain_waits_its_time),
	};
	alarm(60); /* the point is that nothing blocks */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
