/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "explain.h"
#include "kept.h"
#include "original.h"
#include "personal.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

/* ---- the event ---- */

static void put_event(const struct trace *t, struct buf *b)
{
	struct buf masked = BUF_INIT;
	struct findings quiet;
	const struct schema *schema;
	json_t *event;
	char *pretty;

	findings_init(&quiet);
	schema = library_schema(t->site->library, t->event.type, conf_root(t->site->conf), &quiet);
	findings_done(&quiet);
	personal_event(schema, t->record, &masked);
	event = json_loadb(masked.p, masked.n, 0, NULL);
	pretty = event ? json_dumps(event, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
	buf_printf(b, "\n%s\n", say("事件（个人信息已遮蔽）：", "the event (what is personal is masked):"));
	if (pretty)
		buf_printf(b, "%s\n", pretty);
	else
		show_text(b, buf_as_span(&masked));
	free(pretty);
	json_decref(event);
	buf_done(&masked);
}

/* ---- how it was read ---- */

/* Of who is paid: of income that is who takes it in. */
static bool is_of_payee(const struct schema_field *f)
{
	return f && (span_starts(f->path, SPAN("payee.")) || span_starts(f->path, SPAN("receiver.")));
}

static void put_origin(struct reader *r, const struct map *m, unsigned i, struct buf *b)
{
	unsigned row;
	const struct code_table *table = map_table(m, i, reader_slots(r), &row);

	buf_str(b, "  ");
	show_text(b, map_field(m, i)->path);
	if (table && !row)
		buf_printf(b, say("：来自代码表 %s\n", ": from table %s\n"), code_table_name(table));
	else if (table)
		buf_printf(b, say("：来自代码表 %s 第 %u 行\n", ": from table %s, row %u\n"), code_table_name(table), row);
	else
		buf_str(b, map_from(m, i) >= 0 ? say("：来自来源系统\n", ": from source\n") :
			say("：由规则给出\n", ": set by the rule\n"));
}

/* What the payee's fields are made of. */
static void put_payee(struct reader *r, const struct map *m, struct buf *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < map_count(m); i++) {
		if (!is_of_payee(map_field(m, i)) || !map_cell(m, reader_slots(r), i)->text.n)
			continue;
		if (!n++)
			buf_printf(b, "%s\n", say("收款人各栏：", "fields of the payee:"));
		put_origin(r, m, i, b);
	}
}

/* Several records may begin in one line. */
static bool is_it(const struct trace *t, const struct reading *g)
{
	for (unsigned i = 0; g->kind == READ_RECORD && i < g->nevents; i++)
		if (span_eq(g->events[i].id, t->id))
			return true;
	return false;
}

/* The record, when the reader comes to it: 1, 0, -1. */
static int put_record(const struct trace *t, const struct form *f, struct reader *r, struct buf *b, struct err *e)
{
	struct reading g;

	do {
		if (reader_next(r, &g, e) != 0)
			return -1;
	} while (g.kind != READ_END && !is_it(t, &g));
	if (g.kind == READ_END)
		return 0;
	for (unsigned i = 0; i < g.nevents && !g.bad.id; i++)
		if (span_eq(g.events[i].id, t->id))
			put_payee(r, g.events[i].of->map, b);
	explain_record(f, r, &g, b);
	return 1;
}

static int read_original(const struct trace *t, const struct site_adapter *a, struct original *o, struct buf *b,
	struct err *e)
{
	const bool same = kept_is_that(a->form, t->claim.form_digest, t->claim.tables);
	struct library *library = NULL;
	struct form *older = same ? NULL : original_form(t->site, t->bus, a, &t->claim, &library);
	const struct form *form = same ? a->form : older;
	struct reader_setup setup = {.form = form, .input = &o->input, .shown = o->path,
		.library = older ? library : t->site->library, .name = t->claim.name,
		.digest = t->claim.digest, .overlays = &t->claim.overlays};
	struct reader *r = NULL;
	int ret = 0;

	if (!form)
		buf_printf(b, "%s\n", say("当时所用的报文格式已不在，看不到是怎样读出来的",
			"the form that it was read with is gone: it cannot be seen how it was read"));
	else if (reader_open(&setup, &r, e) != 0 || (ret = put_record(t, form, r, b, e)) < 0)
		ret = -1;
	else if (ret == 0)
		buf_printf(b, "%s\n", say("原件里找不到这一行", "the line is not in the original any more"));
	reader_close(r);
	form_free(older);
	library_free(library);
	return ret < 0 ? -1 : 0;
}

/* "units=dc81d34a65f3..., banks=...": each by the beginning of its digest, as a form is. */
static void put_tables(struct span tables, struct buf *b)
{
	for (bool first = true; tables.n; first = false) {
		const char *comma = memchr(tables.p, ',', tables.n);
		size_t n = comma ? (size_t)(comma - tables.p) : tables.n;
		const char *is = memchr(tables.p, '=', n);
		size_t name = is ? (size_t)(is - tables.p) : n, digest = is ? n - name - 1 : 0;

		buf_printf(b, say("%s%.*s（%.*s）", "%s%.*s (%.*s)"), first ? "" : say("、", ", "), (int)name, tables.p,
			digest > 12 ? 12 : (int)digest, is ? is + 1 : "");
		tables = comma ? (struct span){comma + 1, tables.n - n - 1} : SPAN_NONE;
	}
}

static void put_form(const struct trace *t, const struct site_adapter *a, struct buf *b)
{
	const bool same = kept_is_that(a->form, t->claim.form_digest, t->claim.tables);

	buf_printf(b, say("\n怎样读出来的：报文格式 %.*s（%.12s）", "\nhow it was read: form %.*s (%.12s)"), SPAN_F(t->claim.form),
		t->claim.form_digest.n >= 12 ? t->claim.form_digest.p : "");
	if (t->claim.tables.n) {
		buf_str(b, say("，代码表 ", ", tables "));
		put_tables(t->claim.tables, b);
	}
	buf_printf(b, "\n  %s\n", same ? say("与站点文件现在所写的相同", "the same as the site file has now") :
		say("站点文件现在所写的已不同：这里用的是当时的", "the site file has another one now: it is shown by that of then"));
}

static int put_source(const struct trace *t, struct buf *b, struct err *e)
{
	const struct site_adapter *a = t->has_claim ? site_adapter(t->site, t->claim.adapter) : NULL;
	struct buf path = BUF_INIT;
	struct original o;
	int ret = 0;

	if (!a) {
		buf_printf(b, "\n%s\n", say("没有认领记录，或其接入已不在站点里",
			"there is no claim, or its adapter is not in the site any more"));
		return 0;
	}
	put_form(t, a, b);
	buf_printf(&path, "%s/.taken/%.*s", a->folder, SPAN_F(t->claim.taken));
	o = original_open(buf_text(&path), O_NOFOLLOW);
	if (o.fd < 0) {
		buf_printf(b, say("原件已不在：%s\n", "the original is gone: %s\n"), buf_text(&path));
	} else {
		ret = read_original(t, a, &o, b, e);
		close(o.fd);
	}
	buf_done(&path);
	return ret;
}

int trace_full(const struct trace *t, struct router *router, struct err *e)
{
	struct buf b = BUF_INIT;
	int ret;

	if (!t->record.n)
		return 0;
	put_event(t, &b);
	trace_shapes(t, router, &b);
	ret = put_source(t, &b, e);
	if (ret == 0)
		buf_printf(&b, "\n%s\n", say("按现行路由和格式，各去向会得到：",
			"by the routes and forms of now each destination would get:"));
	show_flush(&b, stdout);
	buf_done(&b);
	if (ret == 0)
		verb_try_show(t->site, router, &t->event);
	return ret;
}
