/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <inttypes.h>

#include "personal.h"
#include "say.h"
#include "schema_pattern.h"
#include "show.h"
#include "utf8.h"

struct explaining {
	const struct form *form;
	struct reader *reader;
	const struct reading *reading;
	struct buf *to, scratch;
};

/* ---- columns ---- */

/* Name and slot of a column of the row. */
static struct span column(const struct explaining *x, unsigned i, int *ret_slot)
{
	const struct form_kind *k = reader_kind(x->reader);
	const struct conf *c;

	if (!k)
		return reader_title(x->reader, i, ret_slot);
	*ret_slot = i < k->ncolumns ? k->slots[i] : -1;
	c = explain_columns(x->form, k);
	for (unsigned n = 0; c && n < i; n++)
		c = c->next;
	return c ? c->text : SPAN_NONE;
}

static void show_cells(struct explaining *x, const struct row *row)
{
	for (unsigned i = 0; i < row->ncells; i++) {
		int slot;
		struct span name = column(x, i, &slot), text = SPAN("\xef\xbf\xbd");
		struct err ignored;

		buf_clear(&x->scratch);
		buf_reserve(&x->scratch, 2 * row->cells[i].n + 1);
		charset_decode(x->form->format->charset, row->cells[i], &x->scratch, &text, &ignored);
		buf_printf(x->to, "  %u ", i + 1);
		show_text(x->to, name);
		buf_str(x->to, " = ");
		show_masked(x->to, text, personal_cell(x->form, x->reader, i));
		if (slot < 0 || !names_used(x->form->names, (unsigned)slot))
			buf_str(x->to, say("（没有规则用到）", " (no rule uses it)"));
		buf_c(x->to, '\n');
	}
}

static void show_bytes(struct explaining *x)
{
	struct buf masked = BUF_INIT;
	struct span raw = x->reading->raw;

	personal_record(x->form, x->reader, x->reading, &masked);
	buf_printf(x->to, say("原文 %zu 字节（个人信息已遮蔽）：\n", "%zu bytes (what is personal is masked):\n"), raw.n);
	show_raw(x->to, x->form->charset, raw, buf_as_span(&masked));
	buf_done(&masked);
}

/* ---- rules ---- */

static void put_checks(struct buf *b, const struct schema_field *x)
{
	static const char *const formats[] = {"", " 2026-12-01", " 2026-12", " 1234.50"};

	buf_printf(b, say("    模式：%s%s", "    schema: %s%s"),
		x->required ? say("必填", "required") : say("可缺", "may be absent"), formats[x->format]);
	if (x->max_length)
		buf_printf(b, say("，%u..%u 个字符", ", %u..%u characters"), x->min_length, x->max_length);
	for (unsigned c = 0; c < CHARSET_COUNT; c++)
		if (x->max_bytes[c])
			buf_printf(b, say("，%s 至多 %u 字节", ", in %s at most %u bytes"), charset_name((enum charset)c),
				x->max_bytes[c]);
	if (x->pattern)
		buf_printf(b, ", %.*s", SPAN_F(schema_pattern_text(x->pattern)));
	for (unsigned i = 0; i < x->nchoices; i++)
		buf_printf(b, "%s%.*s", i ? " | " : ", ", SPAN_F(x->choices[i]));
	buf_c(b, '\n');
}

static void put_reason(struct buf *b, const struct err *e)
{
	char words[768];

	err_words(e, say_lang(), words, sizeof words);
	buf_printf(b, "%s [%s]\n", words, err_code(e->id)->name);
}

/* Which row of it, where that can be told. */
static void put_table(struct explaining *x, const struct map *m, unsigned i, struct span name, struct span made)
{
	unsigned row;

	(void)map_table(m, i, reader_slots(x->reader), &row);
	buf_printf(x->to, say("    代码表 %.*s", "    table %.*s"), SPAN_F(name));
	if (row)
		buf_printf(x->to, say(" 第 %u 行", ", row %u,"), row);
	buf_printf(x->to, say("：得 %.*s\n", " gave %.*s\n"), SPAN_F(made));
}

static void show_field(struct explaining *x, const struct map *m, unsigned i, struct conf *rule)
{
	const struct schema_field *field = map_field(m, i);
	const struct schema_list *list = map_list(m, i);
	struct slots *s = reader_slots(x->reader);
	const struct conf *table = rule->kind == CONF_MAP ? conf_get(rule, "lookup") : NULL;
	int from = map_from(m, i);
	const enum schema_sensitivity own = map_sensitivity(m, i);
	const enum schema_sensitivity personal = own ? own : personal_slot(x->form, x->reader, from);
	struct err e;
	bool failed = map_run_rule(m, i, s, &e) != 0;
	const struct span *made = &map_cell(m, s, i)->text;

	if (list)
		buf_printf(x->to, "  %.*s (%.*s) = ", SPAN_F(list->path),
			SPAN_F(say_lang() == ERR_ZH ? list->title_zh : list->title));
	else
		buf_printf(x->to, "  %.*s (%.*s) = ", SPAN_F(field->path),
			SPAN_F(say_lang() == ERR_ZH ? field->title_zh : field->title));
	if (failed)
		put_reason(x->to, &e);
	else if (made->p)
		show_masked(x->to, *made, personal), buf_c(x->to, '\n');
	else
		buf_printf(x->to, "%s\n", say("无", "nothing"));
	buf_printf(x->to, say("    规则（第 %u 行）：", "    rule (line %u): "), rule->line);
	explain_rule(x->to, rule);
	if (from >= 0) {
		buf_str(x->to, say("；来源 ", "; it reads "));
		show_masked(x->to, s->v[from].text.p ? s->v[from].text : SPAN(""), personal);
	}
	buf_c(x->to, '\n');
	if (table && !failed && made->p)
		put_table(x, m, i, table->text, *made);
	if (field)
		put_checks(x->to, field);
}

static void show_event(struct explaining *x, const struct reading_event *event)
{
	struct conf *rule = event->of->rules->first;

	buf_printf(x->to, say("事件 %s，标识 ", "event %s, id "), event->of->type);
	show_masked(x->to, event->id, SENSITIVITY_NONE);
	buf_c(x->to, '\n');
	for (unsigned i = 0; rule && i < map_count(event->of->map); i++, rule = rule->next)
		show_field(x, event->of->map, i, rule);
}

void explain_record(const struct form *f, struct reader *r, const struct reading *g, struct buf *b)
{
	struct explaining x = {f, r, g, b, BUF_INIT};
	const struct row *row = reader_row(r);

	buf_printf(b, say("第 %" PRIu64 " 笔：第 %" PRIu64 " 行，字节偏移 %" PRIu64 "\n",
		"record %" PRIu64 ": line %" PRIu64 ", byte offset %" PRIu64 "\n"), g->number, g->line, g->offset);
	if (g->bad.id) {
		buf_printf(b, say("死信：%s：", "dead: %s: "), g->bad.where);
		put_reason(b, &g->bad);
	}
	show_bytes(&x);
	buf_printf(b, say("%s 的各列：\n", "columns of %s:\n"), reader_kind(r) ? reader_kind(r)->name : "line");
	show_cells(&x, row);
	if (row->bad.id) {
		buf_str(b, say("这一行没有运行规则\n", "no rule ran on this row\n"));
	} else {
		for (unsigned i = 0; i < g->nevents; i++)
			show_event(&x, &g->events[i]);
	}
	buf_done(&x.scratch);
}
