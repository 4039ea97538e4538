/*
 * riak-mesos(1): what its commands share. The client of rm-api, which asks one
 * thing at a time and turns what went wrong into words and an exit code.
 */
#ifndef RM_CLI_CLIENT_H
#define RM_CLI_CLIENT_H

#include <jv.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct rm_cli_options {
	/* Of every command. */
	const char *api, *token_file, *ca_file, *cert_file, *key_file, *home;
	const char *framework;
	const char *marathon, *riak, *resources;
	bool json, insecure, verbose, debug, info, schema;
	/* Of some. */
	const char *output, *file, *riak_version;
	const char *zk, *zk_auth_file, *master, *credentials;
	const char *check_index, *jq;
	bool remove, force, wait, attach, diff, dry_run, adopt, release, watch;
	long nodes, lines, parallel;
	double timeout, zk_wait;
};

struct rm_cli {
	const struct rm_cli_options *options;
	struct event_base *loop;
	struct rm_http *http;
	char *authorization; /* the header, or NULL */
	char *api; /* where the API is, once it is known */
	double deadline; /* of a request, seconds; 0: as long as it takes */
	bool stopped; /* by a signal: nothing is asked any more */
};

int rm_cli_open(struct rm_cli *cli, const struct rm_cli_options *options,
    struct rm_error *err);
/* Accepts one that was never opened. */
void rm_cli_close(struct rm_cli *cli);

/* What they are without an option. */
#define RM_CLI_API      "http://127.0.0.1:9090"
#define RM_CLI_MARATHON "http://127.0.0.1:8080"

/* find.c: where the API is: as the option says, else, where there is a
 * Marathon, where that runs the framework's app, else RM_CLI_API. Without a
 * slash at its end, kept until rm_cli_close(); NULL and err: Marathon can't be
 * asked, or has not started it yet (RM_EXIT_OUTSIDE), or has no such app. */
const char *rm_cli_find_api(struct rm_cli *cli, struct rm_error *err);

/*
 * Asks; path is behind the API's URL, body NULL for none. 0: *answer is the
 * answer, the caller's: JSON, or a string where it is a text.
 * -1: RM_EXIT_OUTSIDE, it can't be reached; RM_EXIT_USAGE, it does not let
 * us; RM_EXIT_NO, it says no: err has its words.
 */
int rm_cli_ask(struct rm_cli *cli, const char *method, const char *path,
    const struct rm_str *body, jv *answer, struct rm_error *err);
/* Somebody else to ask: its name, and the option that says where it is, and a
 * header of its own or NULL: rm-api's token is for nobody else. */
struct rm_cli_peer {
	const char *url, *name, *option, *header;
};
int rm_cli_ask_at(struct rm_cli *cli, const struct rm_cli_peer *peer,
    const char *method, const char *path, const struct rm_str *body,
    jv *answer, struct rm_error *err);
/* The same as rm_cli_ask(), with a path that is made: "/api/v1/clusters/%s". */
int rm_cli_get(struct rm_cli *cli, jv *answer, struct rm_error *err,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int rm_cli_do(struct rm_cli *cli, const char *method, struct rm_error *err,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Seconds of rest. */
void rm_cli_sleep(struct rm_cli *cli, double seconds);

/* From here on SIGINT and SIGTERM end what is asked and what rests, and set
 * stopped. */
int rm_cli_catch_stop(struct rm_cli *cli, struct rm_error *err);

/* Whether a word can be a name, before it is put into a path. */
int rm_cli_check_name(const char *what, const char *name, struct rm_error *err);
/* The cluster that a node's key names; the caller's, or NULL and err. */
char *rm_cli_cluster_of(
    const struct rm_cli *cli, const char *node, struct rm_error *err);

#endif
