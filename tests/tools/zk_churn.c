/*
 * What the ZooKeeper C client alone can do: ephemeral znodes created and
 * deleted over and over, N at once.
 *
 *     zk_churn HOSTS PARENT SECONDS N VALUE
 *
 * PARENT is there already. Prints how many pairs a second were done.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <zookeeper/zookeeper.h>

struct churn {
	zhandle_t *zk;
	const char *parent, *value;
	double end;
	long made, done;
	int open;
};

struct one {
	struct churn *all;
	char path[256];
};

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
check(int rc, const char *what)
{
	if (rc == ZOK)
		return;
	fprintf(stderr, "zk_churn: %s: %s\n", what, zerror(rc));
	exit(1);
}

static void create_next(struct one *one);

static void
on_deleted(int rc, const void *arg)
{
	struct one *one = (struct one *)(uintptr_t)arg;
	check(rc, "delete");
	one->all->done++;
	create_next(one);
}

static void
on_created(int rc, const char *name, const void *arg)
{
	struct one *one = (struct one *)(uintptr_t)arg;
	(void)name;
	check(rc, "create");
	check(zoo_adelete(one->all->zk, one->path, -1, on_deleted, one),
	    "delete");
}

static void
create_next(struct one *one)
{
	struct churn *all = one->all;
	if (now() >= all->end) {
		all->open--;
		return;
	}
	snprintf(one->path, sizeof(one->path), "%s/churn-%ld", all->parent,
	    ++all->made);
	check(zoo_acreate(all->zk, one->path, all->value,
		  (int)strlen(all->value), &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL,
		  on_created, one),
	    "create");
}

/* One turn of the client's own loop. */
static void
turn(zhandle_t *zk)
{
	int fd = -1, interest = 0, events = 0;
	struct timeval tv = { 0 };
	zookeeper_interest(zk, &fd, &interest, &tv);
	struct pollfd p = { .fd = fd };
	if (interest & ZOOKEEPER_READ)
		p.events |= POLLIN;
	if (interest & ZOOKEEPER_WRITE)
		p.events |= POLLOUT;
	poll(&p, fd >= 0, (int)(tv.tv_sec * 1000 + tv.tv_usec / 1000));
	if (p.revents & POLLOUT)
		events |= ZOOKEEPER_WRITE;
	if (p.revents & ~POLLOUT)
		events |= ZOOKEEPER_READ;
	zookeeper_process(zk, events);
}

int
main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr,
		    "usage: zk_churn HOSTS PARENT SECONDS N VALUE\n");
		return 100;
	}
	zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
	struct churn all = { .parent = argv[2],
		.value = argv[5],
		.zk = zookeeper_init(argv[1], NULL, 10000, NULL, NULL, 0) };
	double limit = now() + 10;
	while (zoo_state(all.zk) != ZOO_CONNECTED_STATE && now() < limit)
		turn(all.zk);
	double begin = now();
	all.end = begin + atof(argv[3]);
	all.open = atoi(argv[4]);
	struct one *ones = calloc((size_t)all.open, sizeof(*ones));
	for (int i = 0, n = all.open; i < n; i++) {
		ones[i].all = &all;
		create_next(&ones[i]);
	}
	while (all.open > 0)
		turn(all.zk);
	printf("%.0f\n", (double)all.done / (now() - begin));
	free(ones);
	return zookeeper_close(all.zk) != ZOK;
}
