#include "stream/figures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"

#define OTHER "other"

static const char *const stages[] = { "rm-mesos events", "rm-state watch",
	"rm-status", "rm-cluster", "rm-offer", "rm-launch", "rm-state apply",
	"rm-mesos calls", OTHER, NULL };
/* scheduler.proto, Event.Type and Call.Type; mesos.proto, TaskState. */
static const char *const events[] = { "SUBSCRIBED", "OFFERS", "RESCIND",
	"INVERSE_OFFERS", "RESCIND_INVERSE_OFFER", "UPDATE",
	"UPDATE_OPERATION_STATUS", "MESSAGE", "FAILURE", "ERROR", "HEARTBEAT",
	OTHER, NULL };
static const char *const calls[] = { "ACCEPT", "DECLINE",
	"ACCEPT_INVERSE_OFFERS", "DECLINE_INVERSE_OFFERS", "REVIVE", "SUPPRESS",
	"KILL", "SHUTDOWN", "ACKNOWLEDGE", "ACKNOWLEDGE_OPERATION_STATUS",
	"RECONCILE", "RECONCILE_OPERATIONS", "TEARDOWN", OTHER, NULL };
static const char *const outcomes[] = { "done", "refused", "lost", "repeated",
	"failed", OTHER, NULL };
static const char *const states[] = { "TASK_STAGING", "TASK_STARTING",
	"TASK_RUNNING", "TASK_KILLING", "TASK_FINISHED", "TASK_FAILED",
	"TASK_KILLED", "TASK_ERROR", "TASK_LOST", "TASK_DROPPED",
	"TASK_UNREACHABLE", "TASK_GONE", "TASK_GONE_BY_OPERATOR",
	"TASK_UNKNOWN", OTHER, NULL };
static const char *const kinds[] = { "explicit", "implicit", OTHER, NULL };
static const char *const rollouts[] = { "started", "done", "aborted", OTHER,
	NULL };
static const char *const writes[] = { "asked", "dropped", OTHER, NULL };

static const double buckets[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
	0.25, 0.5, 1, 2.5, 5, 10 };
#define BUCKETS (sizeof(buckets) / sizeof(*buckets))

/* Cells of one figure: of its labels' values, or of a histogram's buckets, the
 * last of which is endless, and its sum in microseconds. */
#define MOST_A 16
#define MOST_B 8
#define SUM    (BUCKETS + 1)
#define FITS(values, most)                                                     \
	_Static_assert(sizeof(values) / sizeof(*(values)) - 1 <= (most),       \
	    "more values than cells")
FITS(stages, MOST_A);
FITS(events, MOST_A);
FITS(calls, MOST_A);
FITS(states, MOST_A);
FITS(outcomes, MOST_B);
_Static_assert(SUM < MOST_A, "more buckets than cells");

static const struct {
	const char *name, *help;
	const char *label_a, *label_b;
	const char *const *a, *const *b;
	bool histogram;
} table[RM_FIGURES] = {
	[RM_FIGURE_STARTS] = { "pipeline_starts_total",
	    "times that the pipeline was started" },
	[RM_FIGURE_ENDS] = { "pipeline_ends_total",
	    "times that a stage ended and took the pipeline with it", "stage",
	    NULL, stages },
	[RM_FIGURE_DROPPED] = { "stage_dropped_lines_total",
	    "bad lines that a stage reported and dropped", "stage", NULL,
	    stages },
	[RM_FIGURE_EVENTS] = { "master_events_total", "events from the master",
	    "type", NULL, events },
	[RM_FIGURE_RECEIVED] = { "offers_received_total",
	    "offers from the master" },
	[RM_FIGURE_ACCEPTED] = { "offers_accepted_total",
	    "offers that were used" },
	[RM_FIGURE_DECLINED] = { "offers_declined_total",
	    "offers that were given back" },
	[RM_FIGURE_CALLS] = { "master_calls_total",
	    "calls to the master: done, refused by it, lost with the "
	    "subscription, repeated, or failed for good",
	    "type", "outcome", calls, outcomes },
	[RM_FIGURE_RECONCILIATIONS] = { "reconciliations_total",
	    "times that the master was asked for the state of tasks", "kind",
	    NULL, kinds },
	[RM_FIGURE_UPDATES] = { "task_updates_total",
	    "updates of tasks' states", "state", NULL, states },
	[RM_FIGURE_ROLLOUTS] = { "rollouts_total",
	    "rollouts by what became "
	    "of them",
	    "outcome", NULL, rollouts },
	[RM_FIGURE_WRITES] = { "record_writes_total",
	    "records to be stored, and those dropped because others were "
	    "first",
	    "outcome", NULL, writes },
	[RM_FIGURE_CALL_SECONDS] = { "master_call_duration_seconds",
	    "time until the master answered a call", .histogram = true },
	[RM_FIGURE_ACKNOWLEDGE_SECONDS] = { "update_acknowledge_seconds",
	    "time from an update's arrival until it was acknowledged",
	    .histogram = true },
	[RM_FIGURE_DELAY_SECONDS] = { "pipeline_delay_seconds",
	    "time that a line takes from the first stage to the last",
	    .histogram = true },
};

struct board {
	uint64_t magic;
	_Atomic uint64_t cells[RM_FIGURES][MOST_A][MOST_B];
};

#define MAGIC (UINT64_C(0x726d666967000000) + sizeof(struct board))

static struct board *board; /* NULL: nobody wants to know */
static const char *self; /* the stage that this process is */

static struct board *
map(int fd)
{
	void *at = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	return at != MAP_FAILED ? at : NULL;
}

int
rm_figures_new(struct rm_error *err)
{
	int fd = memfd_create("figures", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, sizeof(struct board)) == 0)
		board = map(fd);
	if (board != NULL) {
		board->magic = MAGIC;
		return fd;
	}
	rm_error_set(
	    err, RM_EXIT_OUTSIDE, "no memory to count in: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int
rm_figures_open(long fd, const char *stage, struct rm_error *err)
{
	struct stat st;
	self = stage;
	if (fd == 0)
		return 0;
	if (fd <= 2 || fstat((int)fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size != sizeof(struct board) ||
	    (board = map((int)fd)) == NULL || board->magic != MAGIC) {
		board = NULL;
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--figures-fd: %ld is nothing to count in", fd);
	}
	return fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

static size_t
place(const char *const *values, const char *value)
{
	size_t i = 0;
	if (values == NULL)
		return 0;
	while (values[i + 1] != NULL &&
	       (value == NULL || strcmp(values[i], value) != 0))
		i++;
	return i;
}

static void
add(enum rm_figure figure, size_t a, size_t b, uint64_t n)
{
	atomic_fetch_add_explicit(
	    &board->cells[figure][a][b], n, memory_order_relaxed);
}

void
rm_figures_add(
    enum rm_figure figure, const char *a, const char *b, unsigned long n)
{
	if (board != NULL)
		add(figure, place(table[figure].a, a),
		    place(table[figure].b, b), n);
}

void
rm_figures_dropped(void)
{
	rm_figures_add(RM_FIGURE_DROPPED, self, NULL, 1);
}

void
rm_figures_observe(enum rm_figure figure, double seconds)
{
	size_t i = 0;
	if (board == NULL)
		return;
	if (!(seconds > 0))
		seconds = 0;
	while (i < BUCKETS && seconds > buckets[i])
		i++;
	add(figure, i, 0, 1);
	add(figure, SUM, 0, (uint64_t)(seconds * 1e6));
}

/* ---- as JSON ---- */

static double
cell(size_t figure, size_t a, size_t b)
{
	return (double)atomic_load_explicit(
	    &board->cells[figure][a][b], memory_order_relaxed);
}

/* "ACCEPT,done"; the caller's. */
static char *
key_of(size_t figure, size_t a, size_t b)
{
	return rm_format("%s%s%s", table[figure].a ? table[figure].a[a] : "",
	    table[figure].b ? "," : "",
	    table[figure].b ? table[figure].b[b] : "");
}

/* Each combination of its labels' values in turn; false at the end. */
static bool
next(size_t figure, size_t *a, size_t *b)
{
	const char *const *of_a = table[figure].a, *const *of_b = table[figure]
								      .b;
	if (of_b != NULL && of_b[++*b] != NULL)
		return true;
	*b = 0;
	return of_a != NULL && of_a[++*a] != NULL;
}

static jv
counts_json(size_t figure)
{
	jv all = jv_object();
	size_t a = 0, b = 0;
	do {
		double n = cell(figure, a, b);
		char *key = key_of(figure, a, b);
		if (n > 0)
			all = rm_json_set(all, key, jv_number(n));
		free(key);
	} while (next(figure, &a, &b));
	return all;
}

static char *
bucket_key(size_t i)
{
	return i < BUCKETS ? rm_format("%g", buckets[i]) : rm_strdup("+Inf");
}

static jv
histogram_json(size_t figure)
{
	jv all = jv_object();
	double count = 0;
	for (size_t i = 0; i <= BUCKETS; i++) {
		double n = cell(figure, i, 0);
		char *key = bucket_key(i);
		count += n;
		if (n > 0)
			all = rm_json_set(all, key, jv_number(n));
		free(key);
	}
	if (count == 0)
		return all;
	all = rm_json_set(all, "sum", jv_number(cell(figure, SUM, 0) / 1e6));
	return rm_json_set(all, "count", jv_number(count));
}

jv
rm_figures_json(void)
{
	jv all = jv_object();
	for (size_t f = 0; board != NULL && f < RM_FIGURES; f++) {
		jv one = table[f].histogram ? histogram_json(f)
					    : counts_json(f);
		bool some = jv_object_length(jv_copy(one)) > 0;
		if (some)
			all = rm_json_set(all, table[f].name, jv_copy(one));
		jv_free(one);
	}
	return all;
}

/* ---- as Prometheus reads it ---- */

static void
write_counts(struct rm_str *text, size_t figure, jv counts)
{
	const char *name = table[figure].name;
	size_t a = 0, b = 0;
	do {
		char *key = key_of(figure, a, b);
		double n = rm_json_number(counts, key, 0);
		free(key);
		rm_str_printf(text, "riak_mesos_%s", name);
		if (table[figure].a != NULL)
			rm_str_printf(text, "{%s=\"%s\"", table[figure].label_a,
			    table[figure].a[a]);
		if (table[figure].b != NULL)
			rm_str_printf(text, ",%s=\"%s\"", table[figure].label_b,
			    table[figure].b[b]);
		rm_str_printf(
		    text, "%s %.0f\n", table[figure].a != NULL ? "}" : "", n);
	} while (next(figure, &a, &b));
}

static void
write_histogram(struct rm_str *text, const char *name, jv counts)
{
	double count = 0;
	for (size_t i = 0; i <= BUCKETS; i++) {
		char *key = bucket_key(i);
		count += rm_json_number(counts, key, 0);
		rm_str_printf(text, "riak_mesos_%s_bucket{le=\"%s\"} %.0f\n",
		    name, key, count);
		free(key);
	}
	rm_str_printf(text,
	    "riak_mesos_%s_sum %.6f\nriak_mesos_%s_count %.0f\n", name,
	    rm_json_number(counts, "sum", 0), name, count);
}

void
rm_figures_write(struct rm_str *text, jv figures)
{
	for (size_t f = 0; f < RM_FIGURES; f++) {
		const char *name = table[f].name;
		jv counts = rm_json_get(figures, name);
		rm_str_printf(text,
		    "# HELP riak_mesos_%s %s\n# TYPE riak_mesos_%s %s\n", name,
		    table[f].help, name,
		    table[f].histogram ? "histogram" : "counter");
		if (table[f].histogram)
			write_histogram(text, name, counts);
		else
			write_counts(text, f, counts);
		jv_free(counts);
	}
}
