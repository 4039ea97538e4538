#include "api/page_text.h"

#include "base/json.h"

void
rm_page_put(struct rm_str *html, const char *text)
{
	static const char *const entities[] = { ['&'] = "&amp;",
		['<'] = "&lt;",
		['>'] = "&gt;",
		['"'] = "&quot;" };
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		const char *entity = c < sizeof(entities) / sizeof(*entities)
					 ? entities[c]
					 : NULL;
		if (entity != NULL)
			rm_str_puts(html, entity);
		else
			rm_str_add(html, text, 1);
	}
}

void
rm_page_put_member(struct rm_str *html, jv object, const char *name)
{
	rm_page_put(html, rm_json_text(object, name, "–"));
}
