/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>

#include "fsys.h"
#include "map.h"

/* One program, one reference: the tables of docs/language.md are printed from the table that the parser reads by. One
 * that differs is printed, to be put in its place. */

static void in_table(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_c(b, '\\');
		buf_c(b, *text);
	}
}

static void functions(struct buf *b, bool zh)
{
	buf_str(b, zh ? "| 函数 | 取值 | 作用 |\n|---|---|---|\n" : "| function | values | what it does |\n|---|---|---|\n");
	for (unsigned i = 0; i < map_nfunctions; i++) {
		buf_printf(b, "| `%s` | `", map_functions[i].name);
		in_table(b, map_functions[i].values);
		buf_str(b, "` | ");
		in_table(b, zh ? map_functions[i].zh : map_functions[i].en);
		buf_str(b, " |\n");
	}
}

static struct span between(const char *text, const char *name)
{
	char mark[64];
	const char *from, *to;

	snprintf(mark, sizeof mark, "<!-- %s: begin -->\n", name);
	from = strstr(text, mark);
	assert_non_null(from);
	from += strlen(mark);
	snprintf(mark, sizeof mark, "<!-- %s: end -->", name);
	to = strstr(from, mark);
	assert_non_null(to);
	return (struct span){from, (size_t)(to - from)};
}

static void the_reference_lists_the_functions_as_they_are(void **state)
{
	struct buf file = BUF_INIT, want = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, fsys_get(AT_FDCWD, SOURCE_DIR "/docs/language.md", 1 << 20, &file, &e));
	for (int zh = 0; zh < 2; zh++) {
		struct span got = between(buf_text(&file), zh ? "functions zh" : "functions en");

		buf_clear(&want);
		functions(&want, zh);
		if (!span_eq(got, buf_as_span(&want))) {
			fprintf(stderr, "docs/language.md should say:\n%s", buf_text(&want));
			fail();
		}
	}
	buf_done(&file);
	buf_done(&want);
}

static void every_function_is_explained_in_both_languages(void **state)
{
	(void)state;
	for (unsigned i = 0; i < map_nfunctions; i++) {
		bool ascii = true;

		for (const char *p = map_functions[i].zh; *p; p++)
			ascii = ascii && !(*p & 0x80);
		assert_true(strlen(map_functions[i].en) > 5 && !ascii);
		assert_true(strlen(map_functions[i].values) > 0 && map_functions[i].read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_lists_the_functions_as_they_are),
		cmocka_unit_test(every_function_is_explained_in_both_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
