#include "api/page_ring.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "api/page_text.h"
#include "base/json.h"

#define COLOURS 8
/* Whole, inner half, outer half: radius and width of the line. The other half
 * of a half is grey. */
#define HALVES 3

static const struct {
	double radius, width;
} halves[HALVES] = { { 40, 14 }, { 36, 6 }, { 44, 6 } };

const char rm_page_ring_style[] =
    ":root { --o0: #0072b2; --o1: #e69f00; --o2: #009e73; --o3: #cc79a7;\n"
    "  --o4: #d55e00; --o5: #56b4e9; --o6: #b3a100; --o7: #4d4d4d; }\n"
    "@media (prefers-color-scheme: dark) { :root { --o0: #2f8fd0;\n"
    "  --o1: #e69f00; --o2: #12b886; --o3: #d98fb8; --o4: #e8722a;\n"
    "  --o5: #a3d8f7; --o6: #f0e442; --o7: #aab0b6; } }\n"
    ".o0 { --o: var(--o0); } .o1 { --o: var(--o1); }\n"
    ".o2 { --o: var(--o2); } .o3 { --o: var(--o3); }\n"
    ".o4 { --o: var(--o4); } .o5 { --o: var(--o5); }\n"
    ".o6 { --o: var(--o6); } .o7 { --o: var(--o7); }\n"
    "i { display: inline-block; width: .75em; height: .75em;\n"
    "  margin-right: .5em; border-radius: 2px; background: var(--o); }\n"
    "i.h1 { background: linear-gradient(var(--line) 50%, var(--o) 50%); }\n"
    "i.h2 { background: linear-gradient(var(--o) 50%, var(--line) 50%); }\n"
    "svg path { stroke: var(--o, var(--line)); fill: none; }\n"
    "svg path.before { opacity: .45; }\n";

const char *
rm_page_ring_classes(int index)
{
	static char classes[16];
	snprintf(classes, sizeof(classes), "o%d h%d", index % COLOURS,
	    index / COLOURS % HALVES);
	return classes;
}

/* The partitions from one on, count of them, of size in all, as a piece of a
 * path; a gap between two tells them apart as long as there is room. */
static void
put_arc(
    struct rm_str *html, double from, double count, double size, double radius)
{
	double gap = size <= 256 ? fmin(0.02, 1.2 / size) : 0;
	double a = 2 * M_PI * from / size + gap / 2;
	double b = 2 * M_PI * (from + count) / size - gap / 2;
	rm_str_printf(html, "M%.2f %.2fA%g %g 0 %d 1 %.2f %.2f",
	    50 + radius * sin(a), 50 - radius * cos(a), radius, radius,
	    b - a > M_PI, 50 + radius * sin(b), 50 - radius * cos(b));
}

/* Of several partitions, as a path. */
static void
put_arcs(struct rm_str *html, jv partitions, double size, double radius)
{
	jv_array_foreach (partitions, i, partition) {
		put_arc(html, jv_number_value(partition), 1, size, radius);
		jv_free(partition);
	}
}

static void
put_grey(struct rm_str *html, jv partitions, double size)
{
	if (jv_array_length(jv_copy(partitions)) == 0)
		return;
	rm_str_printf(html, "<path stroke-width=\"%g\" d=\"", halves[0].width);
	put_arcs(html, partitions, size, halves[0].radius);
	rm_str_puts(html, "\"/>\n");
}

static void
begin_path(struct rm_str *html, int index, bool now)
{
	rm_str_printf(html, "<path class=\"%s%s\" stroke-width=\"%g\" d=\"",
	    rm_page_ring_classes(index), now ? "" : " before",
	    halves[index / COLOURS % HALVES].width);
}

static void
end_path(struct rm_str *html, const char *name, double count)
{
	rm_str_puts(html, "\"><title>");
	rm_page_put(html, name);
	rm_str_printf(html, ": %.0f partitions</title></path>\n", count);
}

/* A node's partitions, each where it is. */
static void
put_owner(
    struct rm_str *html, const char *name, jv owner, double size, int index)
{
	jv owns = rm_json_get(owner, "owns");
	int count = jv_array_length(jv_copy(owns));
	int half = index / COLOURS % HALVES;
	if (count > 0) {
		if (half > 0)
			put_grey(html, owns, size);
		begin_path(html, index, rm_json_bool(owner, "now", false));
		put_arcs(html, owns, size, halves[half].radius);
		end_path(html, name, count);
	}
	jv_free(owns);
}

/* Where nobody says which are whose: how much is whose. */
static double
put_share(struct rm_str *html, const char *name, jv owner, double from,
    double size, int index)
{
	double count = rm_json_number(owner, "count", 0);
	if (count > 0) {
		begin_path(html, index, true);
		put_arc(html, from, count, size,
		    halves[index / COLOURS % HALVES].radius);
		end_path(html, name, count);
	}
	return from + fmax(count, 0);
}

static double
counted(jv owners)
{
	double sum = 0;
	jv_object_foreach (owners, key, owner) {
		sum += fmax(0, rm_json_number(owner, "count", 0));
		jv_free(key);
		jv_free(owner);
	}
	return sum;
}

static void
put_picture(
    struct rm_str *html, jv ring, jv owners, jv nodes, bool exact, double size)
{
	double from = 0;
	jv nobodys = rm_json_get(ring, "nobodys");
	rm_str_printf(html,
	    "<svg viewBox=\"0 0 100 100\" role=\"img\" aria-label=\"the ring: "
	    "%.0f partitions\">\n",
	    size);
	if (exact)
		put_grey(html, nobodys, size);
	jv_free(nobodys);
	jv_array_foreach (nodes, i, node) {
		const char *key = rm_json_text(node, "key", "");
		jv owner = rm_json_get(owners, key);
		if (exact)
			put_owner(html, key, owner, size, i);
		else
			from = put_share(html, key, owner, from, size, i);
		jv_free(owner);
		jv_free(node);
	}
	rm_str_printf(html,
	    "<text x=\"50\" y=\"51\" text-anchor=\"middle\" font-size=\"15\" "
	    "fill=\"currentColor\">%.0f</text>\n"
	    "<text x=\"50\" y=\"60\" text-anchor=\"middle\" font-size=\"7\" "
	    "fill=\"currentColor\">partitions</text>\n</svg>\n",
	    size);
}

/* Which are whose, in words. */
static void
put_words(struct rm_str *html, jv owners, jv nodes)
{
	rm_str_puts(html, "<ul>\n");
	jv_array_foreach (nodes, i, node) {
		const char *key = rm_json_text(node, "key", "");
		jv owner = rm_json_get(owners, key);
		jv owns = rm_json_get(owner, "owns");
		int count = jv_get_kind(owns) == JV_KIND_ARRAY
				? jv_array_length(jv_copy(owns))
				: 0;
		rm_str_printf(
		    html, "<li><i class=\"%s\"></i>", rm_page_ring_classes(i));
		rm_page_put(html, key);
		rm_str_printf(html, ", %d%s:", count,
		    count == 0 || rm_json_bool(owner, "now", false)
			? ""
			: " when it last knew");
		for (int p = 0; p < count; p++) {
			jv n = jv_array_get(jv_copy(owns), p);
			rm_str_printf(html, "%s %.0f", p > 0 ? "," : "",
			    jv_number_value(n));
			jv_free(n);
		}
		rm_str_puts(html, "</li>\n");
		jv_free(owns);
		jv_free(owner);
		jv_free(node);
	}
	rm_str_puts(html, "</ul>\n");
}

static bool
some_nobodys(jv ring)
{
	return jv_array_length(rm_json_get(ring, "nobodys")) > 0;
}

static bool
all_know(jv owners)
{
	bool know = true;
	jv_object_foreach (owners, key, owner) {
		jv owns = rm_json_get(owner, "owns");
		know &= jv_array_length(owns) == 0 ||
			rm_json_bool(owner, "now", false);
		jv_free(key);
		jv_free(owner);
	}
	return know;
}

/* What is on the move. */
static void
put_moving(struct rm_str *html, jv ring, jv owners, bool exact)
{
	double transfers = rm_json_number(ring, "transfers", 0);
	if (transfers == 1)
		rm_str_puts(html, "<p class=\"busy\">1 partition waits for its "
				  "handoff or is under way</p>\n");
	else if (transfers > 1)
		rm_str_printf(html,
		    "<p class=\"busy\">%.0f partitions wait for their handoff "
		    "or are under way</p>\n",
		    transfers);
	if (!exact)
		rm_str_puts(html, "<p class=\"dim\">how much is whose; which "
				  "is not known now</p>\n");
	else if (!all_know(owners))
		rm_str_puts(html, "<p class=\"dim\">faint: as its owner knew "
				  "it last: it starts, or partitions "
				  "move</p>\n");
	if (exact && some_nobodys(ring))
		rm_str_puts(html, "<p class=\"dim\">grey: nobody says that it "
				  "is theirs</p>\n");
}

void
rm_page_ring_put(struct rm_str *html, const char *cluster, jv ring, jv nodes)
{
	jv owners = rm_json_get(ring, "owners");
	double size = rm_json_number(ring, "size", 0);
	bool exact = size > 0;
	if (!exact)
		size = counted(owners);
	if (size > 0) {
		rm_str_puts(html, "<figure>\n");
		put_picture(html, ring, owners, nodes, exact, size);
		rm_str_puts(html, "<figcaption>\n");
		put_moving(html, ring, owners, exact);
		if (exact) {
			/* Keys need no escapes. */
			rm_str_printf(html,
			    "<details id=\"ring-%s\"><summary>which partition "
			    "is whose</summary>\n",
			    cluster);
			put_words(html, owners, nodes);
			rm_str_puts(html, "</details>\n");
		}
		rm_str_puts(html, "</figcaption>\n</figure>\n");
	}
	jv_free(owners);
}
