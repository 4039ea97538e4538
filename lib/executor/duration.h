/*
 * Durations as Mesos writes them: "2mins", "5secs", "1.5hrs", "250ms"
 * (stout's duration.hpp: a number, then ns, us, ms, secs, mins, hrs, days or
 * weeks). Pure.
 */
#ifndef RM_EXECUTOR_DURATION_H
#define RM_EXECUTOR_DURATION_H

/* Seconds, or -1 when text is not one. */
double rm_duration_parse(const char *text);

#endif
