/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"
#include "say.h"
#include "show.h"

static void put_conf(struct buf *b, const struct conf *c)
{
	if (c->kind == CONF_SCALAR) {
		show_text(b, c->text);
		return;
	}
	buf_c(b, c->kind == CONF_LIST ? '[' : '{');
	for (const struct conf *in = c->first; in; in = in->next) {
		if (c->kind == CONF_MAP)
			buf_printf(b, "%.*s: ", SPAN_F(in->key));
		put_conf(b, in);
		buf_str(b, in->next ? ", " : "");
	}
	buf_c(b, c->kind == CONF_LIST ? ']' : '}');
}

void explain_rule(struct buf *b, struct conf *rule)
{
	unsigned n = 0;

	if (rule->kind != CONF_MAP) {
		put_conf(b, rule);
		return;
	}
	for (unsigned i = 0; i < map_nfunctions; i++) {
		const struct conf *c = conf_get(rule, map_functions[i].name);

		if (!c)
			continue;
		buf_printf(b, "%s%s: ", n++ ? ", " : "", map_functions[i].name);
		put_conf(b, c);
	}
}

const struct conf *explain_columns(const struct form *f, const struct form_kind *k)
{
	struct conf *kinds = conf_get(conf_root(f->conf), "kinds"), *kind = kinds ? conf_get(kinds, k->name) : NULL;

	kind = kind ? conf_get(kind, "columns") : NULL;
	return kind ? kind->first : NULL;
}

static void name_one(struct buf *b, const char *what, const char *kind, struct span name)
{
	buf_str(b, b->n ? ", " : what);
	buf_str(b, kind);
	show_text(b, name);
}

static void columns_unused(const struct form *f, struct buf *b)
{
	const char *what = say("没有规则用到的列：", "columns that no rule uses: ");

	for (unsigned k = 0; k < f->nkinds; k++) {
		const struct conf *c = explain_columns(f, &f->kinds[k]);

		for (unsigned i = 0; c && i < f->kinds[k].ncolumns; i++, c = c->next)
			if (f->kinds[k].slots[i] < 0) {
				name_one(b, what, f->kinds[k].name, SPAN(""));
				buf_c(b, '.');
				show_text(b, c->text);
			}
	}
	for (unsigned i = 0; i < f->header.ncolumns; i++)
		if (!names_used(f->names, (unsigned)f->header.columns[i].slot))
			name_one(b, what, "", f->header.columns[i].names[0]);
}

static bool form_knows(const struct form_header *h, struct span title)
{
	for (unsigned i = 0; i < h->ncolumns; i++)
		for (unsigned k = 0; k < h->columns[i].nnames; k++)
			if (span_eq(title, h->columns[i].names[k]))
				return true;
	return !title.n;
}

static void titles_unknown(const struct form *f, const struct reader *r, struct buf *b)
{
	int slot;

	for (unsigned i = 0; f->header.ncolumns && i < CODEC_CELLS_MAX; i++) {
		struct span title = reader_title(r, i, &slot);

		if (!form_knows(&f->header, title))
			name_one(b, say("表头里格式不认识的列：", "columns of the header row that the form does not know: "),
				"", title);
	}
}

void explain_unused(const struct form *f, const struct reader *r, struct buf *b)
{
	struct buf unused = BUF_INIT, unknown = BUF_INIT;

	columns_unused(f, &unused);
	titles_unknown(f, r, &unknown);
	buf_span(b, buf_as_span(&unused));
	buf_str(b, unused.n && unknown.n ? say("；", "; ") : "");
	buf_span(b, buf_as_span(&unknown));
	if (b->n)
		buf_c(b, '\n');
	buf_done(&unused);
	buf_done(&unknown);
}
