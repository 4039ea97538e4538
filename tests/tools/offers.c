/*
 * Writes a stream for rm-offer: settings, a cluster, nodes that want a place,
 * then offers, 100 a line, and a tick after each round.
 *
 *     offers TOTAL PER_ROUND NODES
 *
 * Every offer is of another agent of its round; each is about 1 KB, as Mesos
 * writes it. What does not fit is as frequent as what does.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define PER_LINE 100

static void
scalar(const char *name, double value)
{
	printf("{\"allocation_info\":{\"role\":\"riak\"},\"name\":\"%s\","
	       "\"scalar\":{\"value\":%.1f},\"type\":\"SCALAR\"},",
	    name, value);
}

static void
attribute(const char *name, const char *prefix, long number)
{
	printf("{\"name\":\"%s\",\"text\":{\"value\":\"%s%ld\"},"
	       "\"type\":\"TEXT\"},",
	    name, prefix, number);
}

static void
offer(long n, long agent)
{
	printf("{\"agent_id\":{\"value\":\"6a1c22de-9a0e-4a8b-bb4f-"
	       "a9a9b5b2c9c1-S%ld\"},\"allocation_info\":{\"role\":\"riak\"},"
	       "\"attributes\":[",
	    agent);
	attribute("rack", "r", agent % 500);
	attribute("row", "w", agent % 20);
	printf("{\"name\":\"slots\",\"scalar\":{\"value\":%ld.0},"
	       "\"type\":\"SCALAR\"}],",
	    agent % 7);
	printf("\"domain\":{\"fault_domain\":{\"region\":{\"name\":\"eu\"},"
	       "\"zone\":{\"name\":\"z%ld\"}}},"
	       "\"framework_id\":{\"value\":\"F-1\"},\"hostname\":"
	       "\"agent%ld.example.org\",\"id\":{\"value\":\"6a1c22de-9a0e-"
	       "4a8b-bb4f-a9a9b5b2c9c1-O%ld\"},\"resources\":[",
	    agent % 3, agent, n);
	scalar("cpus", agent % 2 ? 0.5 : 8);
	scalar("mem", 16384);
	scalar("disk", 100000);
	printf("{\"allocation_info\":{\"role\":\"riak\"},\"name\":\"ports\","
	       "\"ranges\":{\"range\":[{\"begin\":31000,\"end\":32000}]},"
	       "\"type\":\"RANGES\"}],\"url\":{\"address\":{\"hostname\":"
	       "\"agent%ld.example.org\",\"ip\":\"10.0.%ld.%ld\","
	       "\"port\":5051},\"path\":\"/slave(1)\",\"scheme\":\"http\"}}",
	    agent, agent / 250 % 250, agent % 250 + 1);
}

static void
records(long nodes)
{
	puts("{\"record\":\"settings\",\"value\":{\"version\":1,"
	     "\"framework\":\"riak\",\"role\":\"riak\",\"principal\":\"riak\","
	     "\"node\":{\"cpus\":1,\"mem\":2048,\"disk\":4000},"
	     "\"resources\":{\"riak-kv\":\"http://x/riak.tar.gz\"},"
	     "\"constraints\":[[\"hostname\",\"UNIQUE\"],"
	     "[\"rack\",\"MAX_PER\",\"4\"],[\"@zone\",\"GROUP_BY\",\"3\"],"
	     "[\"row\",\"LIKE\",\"w[0-9]+\"]]}}");
	puts("{\"record\":\"framework\",\"value\":{\"id\":\"F-1\"}}");
	if (nodes > 0)
		puts("{\"record\":\"clusters/kv\",\"value\":{"
		     "\"riak_version\":\"riak-kv\",\"generation\":1}}");
	for (long i = 1; i <= nodes; i++)
		printf("{\"record\":\"nodes/riak-kv-%ld\",\"value\":{"
		       "\"cluster\":\"kv\",\"goal\":\"run\"}}\n",
		    i);
	puts("{\"record\":\"\",\"snapshot\":true}");
	puts("{\"event\":\"SUBSCRIBED\",\"at\":999.5,\"mesos\":{\"type\":"
	     "\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":"
	     "\"F-1\"}}},\"master\":\"127.0.0.1:5050\",\"stream\":\"s\"}");
	puts("{\"tick\":1000.000}");
}

int
main(int argc, char **argv)
{
	if (argc != 4) {
		fputs("usage: offers TOTAL PER_ROUND NODES\n", stderr);
		return 100;
	}
	long total = atol(argv[1]), round = atol(argv[2]);
	records(atol(argv[3]));
	for (long n = 0; n < total; n++) {
		long left = n % round;
		double at = 1000 + (double)n / (double)round;
		if (left % PER_LINE == 0)
			printf("{\"event\":\"OFFERS\",\"at\":%.3f,\"mesos\":{"
			       "\"type\":\"OFFERS\",\"offers\":{\"offers\":[",
			    at);
		offer(n, left);
		bool last = left == round - 1 || n == total - 1;
		fputs(left % PER_LINE == PER_LINE - 1 || last ? "]}}}\n" : ",",
		    stdout);
		if (last)
			printf("{\"tick\":%.3f}\n", at + 1);
	}
	return ferror(stdout) || fflush(stdout) != 0;
}
