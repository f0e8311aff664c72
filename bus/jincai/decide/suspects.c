/* SPDX-License-Identifier: Apache-2.0 */
#include "suspects.h"

#include <inttypes.h>
#include <jansson.h>

#include "json_text.h"
#include "mask.h"
#include "say.h"
#include "show.h"

static void masked(struct buf *b, const char *words)
{
	struct buf plain = BUF_INIT;

	mask_digits(&plain, span_of(words));
	show_text(b, buf_as_span(&plain));
	buf_done(&plain);
}

/* 第 12 行  1234.50  与 2026-12-01 的 payroll.line:… 相同，批次 … */
static void one(struct buf *b, const struct claim *c, const json_t *o)
{
	int64_t twin = json_integer_value(json_object_get(o, "twin"));
	const char *adapter = json_text(o, "adapter");

	buf_printf(b, say("疑似重复: 第 %" PRId64 " 行  %s  ", "suspected double: line %" PRId64 "  %s  "),
		(int64_t)json_integer_value(json_object_get(o, "line")), json_text(o, "amount"));
	masked(b, json_text(o, "id"));
	buf_printf(b, say("  此前 %s  ", "  before: %s  "), json_text(o, "day"));
	if (!*adapter) {
		masked(b, json_text(o, "other"));
		buf_str(b, say("  批次 ", "  batch "));
		show_text(b, span_of(json_text(o, "batch")));
	} else if (span_is(c->adapter, adapter)) {
		buf_printf(b, say("本文件第 %" PRId64 " 行", "line %" PRId64 " of the same file"), twin);
	} else {
		buf_printf(b,
			say("%s 同时到达的文件第 %" PRId64 " 行",
				"a file of %s that came at the same time, line %" PRId64),
			adapter, twin);
	}
	buf_c(b, '\n');
}

void suspects_text(const struct claim *c, struct buf *b)
{
	json_t *list = json_loadb(c->suspect_list.p, c->suspect_list.n, 0, NULL);
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
		one(b, c, o);
	if (c->suspected > json_array_size(list))
		buf_printf(b,
			say("疑似重复另有 %" PRIu64 " 笔，没有逐行列出\n",
				"%" PRIu64 " more are suspected doubles and not listed\n"),
			c->suspected - json_array_size(list));
	json_decref(list);
}
