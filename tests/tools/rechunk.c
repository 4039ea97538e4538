/*
 * rechunk SIZE: copies stdin to stdout in writes of SIZE bytes, so that a
 * reader gets its input in such pieces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	char buffer[65536];
	if (size == 0 || size > sizeof(buffer))
		return 100;
	size_t n;
	while ((n = fread(buffer, 1, size, stdin)) > 0)
		if (write(STDOUT_FILENO, buffer, n) != (ssize_t)n)
			return 111;
	return 0;
}
