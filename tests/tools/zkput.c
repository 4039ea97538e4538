/*
 * zkput HOSTS PATH VALUE: writes a znode as it is told, without looking at
 * the value; makes it when it is not there. What rm-state put would refuse.
 */
#include <stdio.h>
#include <string.h>

#include "io/loop.h"
#include "io/zk_wait.h"

int
main(int argc, char **argv)
{
	struct rm_error err = { 0 };
	struct rm_zk_wait wait = { 0 };
	if (argc != 4)
		return 100;
	const struct rm_zk_options options = { .hosts = argv[1] };
	struct event_base *loop = rm_loop_new(true, &err);
	size_t len = strlen(argv[3]);
	if (loop == NULL ||
	    rm_zk_wait_open(&wait, loop, &options, 15, &err) != 0 ||
	    (rm_zk_wait_set(&wait, argv[2], argv[3], len, -1, &err) != 0 &&
		rm_zk_wait_create(&wait, argv[2], argv[3], len, 0, &err) !=
		    0)) {
		fprintf(stderr, "zkput: %s\n", err.text);
		return err.code;
	}
	rm_zk_wait_close(&wait);
	event_base_free(loop);
	return 0;
}
