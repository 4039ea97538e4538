#include "api/page.h"

#include <string.h>

#include "api/page_ring.h"
#include "api/page_text.h"
#include "base/json.h"

static const char head
    [] = "<!doctype html>\n"
	 "<html lang=\"en\">\n"
	 "<head>\n"
	 "<meta charset=\"utf-8\">\n"
	 "<meta name=\"viewport\" content=\"width=device-width\">\n"
	 "<meta name=\"color-scheme\" content=\"light dark\">\n"
	 "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n"
	 "<style>\n";

static const char style[] =
    ":root { --ink: #1d2329; --dim: #5c666f; --line: #d9dee3;\n"
    "  --paper: #f6f7f8; --card: #fff; --good: #1a7f4b; --busy: #8a5800;\n"
    "  --bad: #b3261e; }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec;\n"
    "  --dim: #97a1ab; --line: #333b43; --paper: #14181c; --card: #1c2227;\n"
    "  --good: #5cc98d; --busy: #e0aa4e; --bad: #f2837b; } }\n"
    "body { margin: 0 auto; max-width: 66rem; padding: 1rem 1.25rem 3rem;\n"
    "  background: var(--paper); color: var(--ink);\n"
    "  font: 15px/1.5 system-ui, sans-serif; }\n"
    "h1 { font-size: 1.3rem; margin: .5rem 0 0; }\n"
    "h2 { font-size: 1.1rem; margin: 0; }\n"
    "p, figure, ul, ol { margin: .25rem 0; padding: 0; }\n"
    "li { list-style: none; }\n"
    "#live { float: right; margin-top: .8rem; }\n"
    ".dim { color: var(--dim); }\n"
    ".good { color: var(--good); } .busy { color: var(--busy); }\n"
    ".bad { color: var(--bad); }\n"
    "section { background: var(--card); border: 1px solid var(--line);\n"
    "  border-radius: 8px; padding: 1rem 1.25rem; margin-top: 1rem;\n"
    "  display: grid; grid-template-columns: 1fr 14rem; gap: 0 2rem; }\n"
    "section > div { min-width: 0; }\n"
    "figure svg { display: block; width: 100%; max-width: 14rem;\n"
    "  margin: 0 auto; }\n"
    "figcaption { font-size: .9rem; }\n"
    "summary { cursor: pointer; color: var(--dim); }\n"
    "figcaption li { margin-top: .25rem; overflow-wrap: anywhere; }\n"
    ".wide { overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; margin-top: .75rem; }\n"
    "th { text-align: left; font-weight: 500; color: var(--dim); }\n"
    "th, td { padding: .3rem 1rem .3rem 0; vertical-align: top;\n"
    "  border-top: 1px solid var(--line); white-space: nowrap; }\n"
    "thead th { border: 0; }\n"
    ".count { text-align: right; padding-right: 0; }\n"
    "tr.why td { border: 0; padding: 0 0 .4rem 1.25rem;\n"
    "  white-space: normal; }\n"
    ".steps li { display: inline-block; margin: .25rem .4rem 0 0;\n"
    "  padding: 0 .5rem; border: 1px solid var(--line);\n"
    "  border-radius: 1rem; font-size: .85rem; }\n"
    "progress { width: 12rem; accent-color: var(--good); }\n"
    "@media (max-width: 46rem) { section { display: block; } }\n"
    "@media (max-width: 34rem) { .ports { display: none; }\n"
    "  th, td { padding-right: .6rem; white-space: normal; }\n"
    "  td:first-child { white-space: nowrap; } }\n";

/* What changes is told (GET /api/v1/events), and the page put in place anew;
 * where that can't be had it asks now and then. A page that nobody sees holds
 * no connection. */
static const char script[] =
    "<script>\n"
    "const live = document.getElementById('live');\n"
    "let due = 0, stream = null;\n"
    "function say(text, bad) {\n"
    "  live.textContent = text;\n"
    "  live.className = bad ? 'bad' : 'dim';\n"
    "}\n"
    "async function renew() {\n"
    "  due = 0;\n"
    "  try {\n"
    "    const answer = await fetch('.', { cache: 'no-store' });\n"
    "    if (!answer.ok) throw new Error(answer.status);\n"
    "    const page = new DOMParser().parseFromString(\n"
    "      await answer.text(), 'text/html');\n"
    "    const fresh = page.querySelector('main');\n"
    "    document.querySelectorAll('details[open]').forEach((one) => {\n"
    "      const same = fresh.querySelector('#' + CSS.escape(one.id));\n"
    "      if (same) same.open = true;\n"
    "    });\n"
    "    document.querySelector('main').replaceWith(fresh);\n"
    "    document.title = page.title;\n"
    "    say('as of ' + new Date().toLocaleTimeString());\n"
    "  } catch (e) {\n"
    "    say('rm-api does not answer: this is what was', true);\n"
    "  }\n"
    "}\n"
    "function soon() { due = due || setTimeout(renew, 150); }\n"
    "async function listen() {\n"
    "  stream = new AbortController();\n"
    "  try {\n"
    "    const answer = await fetch('api/v1/events',\n"
    "      { signal: stream.signal });\n"
    "    if (!answer.ok) throw new Error(answer.status);\n"
    "    const reader = answer.body.getReader(), text = new TextDecoder();\n"
    "    let rest = '', current = false;\n"
    "    for (;;) {\n"
    "      const { value, done } = await reader.read();\n"
    "      if (done) break;\n"
    "      const lines = (rest + text.decode(value, { stream: true }))\n"
    "        .split('\\n');\n"
    "      rest = lines.pop();\n"
    "      for (const line of lines) {\n"
    "        const event = JSON.parse(line).event;\n"
    "        current = current || event === 'current';\n"
    "        if (current && event !== 'heartbeat') soon();\n"
    "      }\n"
    "    }\n"
    "  } catch (e) { /* the next try tells */ }\n"
    "  stream = null;\n"
    "  if (document.hidden) return;\n"
    "  soon();\n"
    "  setTimeout(() => { if (!stream) listen(); }, 3000);\n"
    "}\n"
    "document.addEventListener('visibilitychange', () => {\n"
    "  if (document.hidden && stream) stream.abort();\n"
    "  else if (!document.hidden && !stream) listen();\n"
    "});\n"
    "if (!document.hidden) listen();\n"
    "</script>\n";

/* ---- the framework ---- */

/* "6 nodes: 5 started, 1 requested" */
static void
put_phases(struct rm_str *html, jv framework)
{
	jv phases = rm_json_get(framework, "nodes");
	double all = 0;
	struct rm_str each = { 0 };
	if (jv_get_kind(phases) == JV_KIND_OBJECT) {
		jv names = jv_keys(jv_copy(phases));
		jv_array_foreach (names, i, name) {
			double n = rm_json_number(
			    phases, jv_string_value(name), 0);
			all += n;
			rm_str_printf(&each, "%s %.0f %s",
			    each.len > 0 ? "," : "", n, jv_string_value(name));
			jv_free(name);
		}
		jv_free(names);
	}
	if (all > 0)
		rm_str_printf(html, "<p class=\"dim\">%.0f nodes:%s</p>\n", all,
		    each.text);
	rm_str_free(&each);
	jv_free(phases);
}

static void
put_framework(struct rm_str *html, jv framework)
{
	const char *wrong = rm_json_text(framework, "error", NULL);
	double orphans = rm_json_number(framework, "orphans", 0);
	rm_str_puts(html, "<h1>");
	rm_page_put_member(html, framework, "name");
	rm_str_puts(html, "</h1>\n<p class=\"dim\">framework ");
	rm_page_put_member(html, framework, "id");
	rm_str_puts(html, ", role ");
	rm_page_put_member(html, framework, "role");
	rm_str_puts(html, "; scheduler ");
	rm_page_put_member(html, framework, "scheduler");
	rm_str_puts(html, "</p>\n");
	put_phases(html, framework);
	if (wrong != NULL) {
		rm_str_puts(html, "<p class=\"bad\" role=\"alert\">");
		rm_page_put(html, wrong);
		rm_str_puts(html, "</p>\n");
	}
	if (orphans > 0)
		rm_str_printf(html,
		    "<p class=\"busy\">%.0f reservations carry our labels that "
		    "no record explains: riak-mesos framework orphans</p>\n",
		    orphans);
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
put_where(struct rm_str *html, jv node)
{
	jv ports = rm_json_get(node, "ports");
	double http = rm_json_number(ports, "http", 0);
	double pb = rm_json_number(ports, "pb", 0);
	rm_page_put(html,
	    rm_json_text(node, "address", rm_json_text(node, "hostname", "–")));
	if (http > 0)
		rm_str_printf(html,
		    " <span class=\"dim ports\">http %.0f, pb %.0f</span>",
		    http, pb);
	jv_free(ports);
}

/* Why it is not as it is to be; a row of its own. */
static void
put_why(struct rm_str *html, jv node)
{
	const char *why = rm_json_text(node, "why", NULL);
	if (why == NULL && rm_json_bool(node, "restart_needed", false))
		why = "its configuration has changed: restart it";
	if (why == NULL)
		return;
	rm_str_puts(html, "<tr class=\"why\"><td colspan=\"4\">");
	rm_page_put(html, why);
	rm_str_puts(html, "</td></tr>\n");
}

static void
put_node(struct rm_str *html, jv node, jv owners, int index)
{
	const char *key = rm_json_text(node, "key", "–");
	jv owner = rm_json_get(owners, key);
	double count = rm_json_number(owner, "count", -1);
	jv_free(owner);
	rm_str_printf(
	    html, "<tr><td><i class=\"%s\"></i>", rm_page_ring_classes(index));
	rm_page_put(html, key);
	rm_str_printf(html, "</td><td class=\"%s\">", colour_of(node));
	rm_page_put_member(html, node, "status");
	if (rm_json_bool(node, "serving", false))
		rm_str_puts(html, ", serves");
	rm_str_puts(html, "</td><td>");
	put_where(html, node);
	rm_str_puts(html, "</td><td class=\"count\">");
	if (count >= 0)
		rm_str_printf(html, "%.0f", count);
	rm_str_puts(html, "</td></tr>\n");
	put_why(html, node);
}

static void
put_nodes(struct rm_str *html, jv nodes, jv ring)
{
	if (jv_array_length(jv_copy(nodes)) == 0) {
		rm_str_puts(html, "<p>It has no nodes yet: riak-mesos cluster "
				  "add-node adds some.</p>\n");
		return;
	}
	jv owners = rm_json_get(ring, "owners");
	rm_str_puts(html,
	    "<div class=\"wide\"><table>\n<thead><tr><th>node</th>"
	    "<th>status</th><th>where</th><th class=\"count\">owns</th></tr>"
	    "</thead>\n"
	    "<tbody>\n");
	jv_array_foreach (nodes, i, node) {
		put_node(html, node, owners, i);
		jv_free(node);
	}
	rm_str_puts(html, "</tbody></table></div>\n");
	jv_free(owners);
}

static int
count_done(jv steps)
{
	int done = 0;
	jv_array_foreach (steps, i, step) {
		const char *is = rm_json_text(step, "state", "");
		done += strcmp(is, "done") == 0 || strcmp(is, "skipped") == 0;
		jv_free(step);
	}
	return done;
}

static void
put_steps(struct rm_str *html, jv steps)
{
	rm_str_puts(html, "<ol class=\"steps\">\n");
	jv_array_foreach (steps, i, step) {
		const char *is = rm_json_text(step, "state", "");
		const char *class = strcmp(is, "done") == 0 ? "good"
				    : strcmp(is, "pending") == 0 ||
					    strcmp(is, "skipped") == 0
					? "dim"
					: "busy";
		rm_str_printf(html, "<li class=\"%s\">", class);
		rm_page_put_member(html, step, "node");
		rm_str_puts(html, ": ");
		rm_page_put(html, is);
		rm_str_puts(html, "</li>\n");
		jv_free(step);
	}
	rm_str_puts(html, "</ol>\n");
}

static void
put_rollout(struct rm_str *html, jv rollout)
{
	const char *state = rm_json_text(rollout, "state", NULL);
	const char *waits = rm_json_text(rollout, "waits", NULL);
	if (state == NULL || strcmp(state, "done") == 0)
		return;
	jv steps = rm_json_get(rollout, "steps");
	if (jv_get_kind(steps) != JV_KIND_ARRAY) {
		jv_free(steps);
		steps = jv_array();
	}
	int done = count_done(steps), all = jv_array_length(jv_copy(steps));
	rm_str_puts(html, "<p class=\"busy\">rollout ");
	rm_page_put(html, state);
	rm_str_printf(html, ": %d of %d nodes", done, all);
	if (waits != NULL) {
		rm_str_puts(html, "; waits: ");
		rm_page_put(html, waits);
	}
	rm_str_puts(html, "</p>\n");
	if (all > 0) {
		rm_str_printf(html,
		    "<progress value=\"%d\" max=\"%d\" "
		    "aria-label=\"nodes that are through\"></progress>\n",
		    done, all);
		put_steps(html, steps);
	}
	jv_free(steps);
}

static void
put_cluster(struct rm_str *html, jv cluster)
{
	jv status = rm_json_get(cluster, "status");
	jv rollout = rm_json_get(cluster, "rollout");
	jv ring = rm_json_get(cluster, "ring");
	jv nodes = rm_json_get(status, "nodes");
	rm_str_puts(html, "<section>\n<div>\n<h2>");
	rm_page_put_member(html, status, "name");
	rm_str_printf(html, "</h2>\n<p class=\"dim\">%.0f of %d nodes serve; ",
	    rm_json_number(status, "serving", 0),
	    jv_array_length(jv_copy(nodes)));
	rm_page_put_member(html, status, "riak_version");
	rm_str_puts(html, rm_json_bool(status, "destroy", false)
			      ? "; it is being destroyed</p>\n"
			      : "</p>\n");
	put_rollout(html, rollout);
	put_nodes(html, nodes, ring);
	rm_str_puts(html, "</div>\n");
	rm_page_ring_put(html, rm_json_text(status, "name", ""), ring, nodes);
	rm_str_puts(html, "</section>\n");
	jv_free(nodes);
	jv_free(ring);
	jv_free(rollout);
	jv_free(status);
}

void
rm_page_write(struct rm_str *html, jv framework, jv clusters)
{
	rm_str_puts(html, head);
	rm_str_puts(html, style);
	rm_str_puts(html, rm_page_ring_style);
	rm_str_puts(html, "</style>\n<title>");
	rm_page_put_member(html, framework, "name");
	rm_str_puts(html, ": Riak on Mesos</title>\n</head>\n<body>\n"
			  "<p id=\"live\" class=\"dim\" role=\"status\"></p>\n"
			  "<main>\n");
	put_framework(html, framework);
	jv_array_foreach (clusters, i, cluster) {
		put_cluster(html, cluster);
		jv_free(cluster);
	}
	if (jv_array_length(jv_copy(clusters)) == 0)
		rm_str_puts(html,
		    "<p>There is no cluster yet: riak-mesos "
		    "cluster create NAME VERSION makes one.</p>\n");
	rm_str_puts(html, "</main>\n");
	rm_str_puts(html, script);
	rm_str_puts(html, "</body>\n</html>\n");
}
