/*
 * nth CLASS STEP FIRST INPUT EXPECTED LIBRARY COMMAND…: runs the command with
 * INPUT as standard input, again and again; in each run another call of the
 * class (tests/preload/faults.c) fails: the FIRST, then every STEP-th, until a
 * run has no such call any more. Each has to end within its time and not by a
 * signal, either with 0 and all of EXPECTED, or with 111, one line of error on
 * stderr, and whole lines of a beginning of EXPECTED. Prints how many there
 * were, and how many ended with 0. Exits 1 at the first that is otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 60 /* seconds for one run */

static char *expected, *output, *said;
static size_t expected_len, output_len, said_len;

static char *
slurp(int fd, size_t *len)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return NULL;
	char *text = malloc((size_t)st.st_size + 1);
	*len = (size_t)pread(fd, text, (size_t)st.st_size, 0);
	text[*len] = '\0';
	return text;
}

static void
child(char **argv, const char *input, const char *faults, const char *library,
    const int files[3])
{
	char number[16];
	int in = open(input, O_RDONLY);
	snprintf(number, sizeof(number), "%d", files[2]);
	setenv("FAULTS", faults, 1);
	setenv("FAULTS_TOLD", number, 1);
	setenv("LD_PRELOAD", library, 1);
	dup2(in, 0);
	dup2(files[0], 1);
	dup2(files[1], 2);
	alarm(LIMIT);
	execvp(argv[0], argv);
	_exit(127);
}

/* NULL when it is as it should be. */
static const char *
wrong(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? "it hangs"
						   : strsignal(WTERMSIG(status));
	if (output_len > expected_len ||
	    memcmp(output, expected, output_len) != 0)
		return "its output is wrong";
	switch (WEXITSTATUS(status)) {
	case 0:
		return output_len == expected_len ? NULL
						  : "0, and its output is cut";
	case 111:
		if (strstr(said, ": error: ") == NULL)
			return "111, and no line of error";
		return NULL;
	default:
		return "its exit code";
	}
}

int
main(int argc, char **argv)
{
	if (argc < 8)
		return 100;
	unsigned long n = strtoul(argv[3], NULL, 10), runs = 0, fine = 0;
	int expected_fd = open(argv[5], O_RDONLY);
	if (expected_fd < 0)
		return 100;
	expected = slurp(expected_fd, &expected_len);
	for (;; n += strtoul(argv[2], NULL, 10)) {
		char out[] = "/tmp/nth-out-XXXXXX", err[] = "/tmp/nth-err-XXXXXX",
		     told[] = "/tmp/nth-told-XXXXXX", faults[64];
		int files[3] = { mkstemp(out), mkstemp(err), mkstemp(told) };
		int status;
		size_t reached;
		unlink(out), unlink(err), unlink(told);
		snprintf(faults, sizeof(faults), "%s:%lu", argv[1], n);
		pid_t pid = fork();
		if (pid == 0)
			child(argv + 7, argv[4], faults, argv[6], files);
		waitpid(pid, &status, 0);
		output = slurp(files[0], &output_len);
		said = slurp(files[1], &said_len);
		free(slurp(files[2], &reached));
		for (int i = 0; i < 3; i++)
			close(files[i]);
		const char *why = wrong(status);
		if (why != NULL) {
			printf("%s %lu: %s (status %x)\n%s", argv[1], n, why,
			    (unsigned)status, said);
			return 1;
		}
		free(output);
		free(said);
		if (reached == 0)
			break;
		runs++;
		fine += WEXITSTATUS(status) == 0;
	}
	printf("%s: %lu calls failed, %lu runs ended well all the same\n",
	    argv[1], runs, fine);
	return 0;
}
