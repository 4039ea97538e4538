#include "api/page.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

static const char head[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n"
    "<style>\n"
    ":root { --ink: #1d2329; --dim: #66707a; --line: #d9dee3;\n"
    "  --paper: #f6f7f8; --card: #fff; --good: #1a7f4b; --busy: #9a6200;\n"
    "  --bad: #b3261e; }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec;\n"
    "  --dim: #97a1ab; --line: #333b43; --paper: #14181c; --card: #1c2227;\n"
    "  --good: #5cc98d; --busy: #e0aa4e; --bad: #f2837b; } }\n"
    "body { margin: 0 auto; max-width: 62rem; padding: 1rem 1.25rem 3rem;\n"
    "  background: var(--paper); color: var(--ink);\n"
    "  font: 15px/1.5 system-ui, sans-serif; }\n"
    "h1 { font-size: 1.3rem; margin: .5rem 0 0; }\n"
    "h2 { font-size: 1.1rem; margin: 0; }\n"
    "p { margin: .25rem 0; }\n"
    ".dim { color: var(--dim); }\n"
    "section { background: var(--card); border: 1px solid var(--line);\n"
    "  border-radius: 8px; padding: 1rem 1.25rem; margin-top: 1rem;\n"
    "  display: grid; grid-template-columns: 1fr 9rem; gap: 0 1.5rem; }\n"
    "section > * { grid-column: 1; min-width: 0; }\n"
    "section > svg { grid-column: 2; grid-row: 1 / span 4; width: 9rem; }\n"
    ".wide { overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; margin-top: .75rem; }\n"
    "th { text-align: left; font-weight: 500; color: var(--dim); }\n"
    "th, td { padding: .3rem .75rem .3rem 0; vertical-align: top;\n"
    "  border-top: 1px solid var(--line); }\n"
    "thead th { border: 0; }\n"
    "td:first-child { white-space: nowrap; }\n"
    ".good { color: var(--good); } .busy { color: var(--busy); }\n"
    ".bad { color: var(--bad); }\n"
    "i { display: inline-block; width: .7em; height: .7em;\n"
    "  border-radius: 2px; margin-right: .5em; }\n"
    "@media (max-width: 40rem) { section { display: block; } }\n"
    "</style>\n";

static const char script[] =
    "<script>\n"
    "setInterval(async () => {\n"
    "  const main = document.querySelector('main');\n"
    "  try {\n"
    "    const answer = await fetch(location.href, { cache: 'no-store' });\n"
    "    const page = new DOMParser().parseFromString(\n"
    "      await answer.text(), 'text/html');\n"
    "    main.replaceWith(page.querySelector('main'));\n"
    "    document.title = page.title;\n"
    "  } catch (e) { main.classList.add('dim'); }\n"
    "}, 2000);\n"
    "</script>\n";

/* Text between tags and in attributes. */
static void
put(struct rm_str *html, const char *text)
{
	for (; *text != '\0'; text++) {
		static const char *const entities[] = { ['&'] = "&amp;",
			['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;" };
		unsigned char c = (unsigned char)*text;
		const char *entity =
		    c < sizeof(entities) / sizeof(*entities) ? entities[c]
							     : NULL;
		if (entity != NULL)
			rm_str_puts(html, entity);
		else
			rm_str_add(html, text, 1);
	}
}

static void
put_member(struct rm_str *html, jv object, const char *name)
{
	put(html, rm_json_text(object, name, "–"));
}

/* Colours far from each other, for any number of nodes. */
static int
hue(int index)
{
	return (int)fmod(205 + index * 137.508, 360);
}

/* ---- the framework ---- */

static void
put_framework(struct rm_str *html, jv framework)
{
	const char *wrong = rm_json_text(framework, "error", NULL);
	double orphans = rm_json_number(framework, "orphans", 0);
	rm_str_puts(html, "<h1>");
	put_member(html, framework, "name");
	rm_str_puts(html, "</h1>\n<p class=\"dim\">framework ");
	put_member(html, framework, "id");
	rm_str_puts(html, ", role ");
	put_member(html, framework, "role");
	rm_str_puts(html, "; scheduler ");
	put_member(html, framework, "scheduler");
	rm_str_puts(html, "</p>\n");
	if (wrong != NULL) {
		rm_str_puts(html, "<p class=\"bad\" role=\"alert\">");
		put(html, wrong);
		rm_str_puts(html, "</p>\n");
	}
	if (orphans > 0)
		rm_str_printf(html,
		    "<p class=\"busy\">%.0f reservations carry our labels that "
		    "no record explains</p>\n",
		    orphans);
}

/* ---- a ring ---- */

static double
sum_of(jv partitions)
{
	double sum = 0;
	jv_object_foreach (partitions, key, value) {
		sum += jv_number_value(value);
		jv_free(key);
		jv_free(value);
	}
	return sum;
}

/* A part of the ring from one share of it to another, both of 1. */
static void
put_arc(struct rm_str *html, double from, double to, int index,
    const char *name, double count)
{
	enum { RADIUS = 40 };
	double around = 2 * M_PI * RADIUS;
	rm_str_printf(html,
	    "<circle r=\"%d\" cx=\"50\" cy=\"50\" fill=\"none\" "
	    "stroke=\"hsl(%d 55%% 50%%)\" stroke-width=\"15\" "
	    "stroke-dasharray=\"%.2f %.2f\" "
	    "transform=\"rotate(%.2f 50 50)\"><title>",
	    RADIUS, hue(index), fmax(0, (to - from) * around - 1), around,
	    from * 360 - 90);
	put(html, name);
	rm_str_printf(html, ": %.0f partitions</title></circle>\n", count);
}

/* Who owns how much of it. */
static void
put_ring(struct rm_str *html, jv nodes, jv partitions)
{
	double all = sum_of(partitions), from = 0;
	if (all <= 0)
		return;
	rm_str_printf(html,
	    "<svg viewBox=\"0 0 100 100\" role=\"img\" "
	    "aria-label=\"how the ring is shared out\">\n"
	    "<text x=\"50\" y=\"49\" text-anchor=\"middle\" font-size=\"17\" "
	    "fill=\"currentColor\">%.0f</text>\n"
	    "<text x=\"50\" y=\"60\" text-anchor=\"middle\" font-size=\"8\" "
	    "fill=\"currentColor\">partitions</text>\n",
	    all);
	jv_array_foreach (nodes, i, node) {
		const char *key = rm_json_text(node, "key", "");
		double count = rm_json_number(partitions, key, 0);
		if (count > 0)
			put_arc(html, from / all, (from + count) / all, i, key,
			    count);
		from += count;
		jv_free(node);
	}
	rm_str_puts(html, "</svg>\n");
}

/* ---- a cluster ---- */

static const char *
colour_of(jv node)
{
	const char *status = rm_json_text(node, "status", "");
	if (rm_json_bool(node, "serving", false))
		return "good";
	return strcmp(status, "requested") == 0 ||
		       strcmp(status, "restarting") == 0
		   ? "bad"
		   : "busy";
}

static void
put_ports(struct rm_str *html, jv node)
{
	jv ports = rm_json_get(node, "ports");
	double http = rm_json_number(ports, "http", 0);
	double pb = rm_json_number(ports, "pb", 0);
	put(html,
	    rm_json_text(node, "address", rm_json_text(node, "hostname", "–")));
	if (http > 0)
		rm_str_printf(html,
		    " <span class=\"dim\">http %.0f, pb %.0f</span>", http, pb);
	jv_free(ports);
}

static void
put_node(struct rm_str *html, jv node, jv partitions, int index)
{
	const char *why = rm_json_text(node, "why", NULL);
	const char *key = rm_json_text(node, "key", "–");
	double count = rm_json_number(partitions, key, -1);
	rm_str_printf(html,
	    "<tr><td><i style=\"background: hsl(%d 55%% 50%%)\"></i>",
	    hue(index));
	put(html, key);
	rm_str_printf(html, "</td><td class=\"%s\">", colour_of(node));
	put_member(html, node, "status");
	if (rm_json_bool(node, "serving", false))
		rm_str_puts(html, ", serves");
	rm_str_puts(html, "</td><td>");
	put_ports(html, node);
	rm_str_puts(html, "</td><td>");
	if (count >= 0)
		rm_str_printf(html, "%.0f", count);
	rm_str_puts(html, "</td><td>");
	if (why != NULL)
		put(html, why);
	else if (rm_json_bool(node, "restart_needed", false))
		rm_str_puts(html, "its configuration has changed: restart it");
	rm_str_puts(html, "</td></tr>\n");
}

static void
put_nodes(struct rm_str *html, jv nodes, jv partitions)
{
	rm_str_puts(html,
	    "<div class=\"wide\"><table>\n<thead><tr><th>node</th>"
	    "<th>status</th><th>where</th><th>partitions</th><th>why</th>"
	    "</tr></thead>\n<tbody>\n");
	jv_array_foreach (nodes, i, node) {
		put_node(html, node, partitions, i);
		jv_free(node);
	}
	rm_str_puts(html, "</tbody></table></div>\n");
}

static void
put_rollout(struct rm_str *html, jv rollout)
{
	const char *state = rm_json_text(rollout, "state", NULL);
	const char *waits = rm_json_text(rollout, "waits", NULL);
	int done = 0, all = 0;
	if (state == NULL || strcmp(state, "done") == 0)
		return;
	jv steps = rm_json_get(rollout, "steps");
	if (jv_get_kind(steps) == JV_KIND_ARRAY)
		jv_array_foreach (steps, i, step) {
			const char *is = rm_json_text(step, "state", "");
			all++;
			done += strcmp(is, "done") == 0;
			jv_free(step);
		}
	jv_free(steps);
	rm_str_puts(html, "<p class=\"busy\">rollout ");
	put(html, state);
	rm_str_printf(html, ": %d of %d nodes", done, all);
	if (waits != NULL) {
		rm_str_puts(html, "; waits: ");
		put(html, waits);
	}
	rm_str_puts(html, "</p>\n");
}

static void
put_cluster(struct rm_str *html, jv cluster)
{
	jv status = rm_json_get(cluster, "status");
	jv rollout = rm_json_get(cluster, "rollout");
	jv partitions = rm_json_get(cluster, "partitions");
	jv nodes = rm_json_get(status, "nodes");
	rm_str_puts(html, "<section>\n<h2>");
	put_member(html, status, "name");
	rm_str_printf(html,
	    "</h2>\n<p class=\"dim\">%.0f of %d nodes serve; ",
	    rm_json_number(status, "serving", 0),
	    jv_array_length(jv_copy(nodes)));
	put_member(html, status, "riak_version");
	rm_str_puts(html, rm_json_bool(status, "destroy", false)
			      ? "; it is being destroyed</p>\n"
			      : "</p>\n");
	put_ring(html, nodes, partitions);
	put_rollout(html, rollout);
	put_nodes(html, nodes, partitions);
	rm_str_puts(html, "</section>\n");
	jv_free(nodes);
	jv_free(partitions);
	jv_free(rollout);
	jv_free(status);
}

void
rm_page_write(struct rm_str *html, jv framework, jv clusters)
{
	rm_str_puts(html, head);
	rm_str_puts(html, "<title>");
	put_member(html, framework, "name");
	rm_str_puts(html, ": Riak on Mesos</title>\n</head>\n<body>\n<main>\n");
	put_framework(html, framework);
	jv_array_foreach (clusters, i, cluster) {
		put_cluster(html, cluster);
		jv_free(cluster);
	}
	if (jv_array_length(jv_copy(clusters)) == 0)
		rm_str_puts(html, "<p>There is no cluster yet: riak-mesos "
				  "cluster create NAME VERSION makes one.</p>\n");
	rm_str_puts(html, "</main>\n");
	rm_str_puts(html, script);
	rm_str_puts(html, "</body>\n</html>\n");
}
