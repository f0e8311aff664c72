/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>

#include "fsys.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

/*
 * What the routes of a site make of events that lie in a file: the router itself answers, on no bus. What a schema calls
 * personal is masked wherever it is shown.
 */
#define FILE_MAX (4u << 20)

struct trying {
	struct site *site;
	struct router *router;
	struct buf to;
	unsigned events, dead;
};

struct looking {
	struct trying *t;
	const struct event *event;
	const struct schema *schema;
	int type;                    /* of the router */
	bool instruction, bad;
	bool *taken;                 /* by each destination */
};

/* ---- words ---- */

static void put_reason(struct buf *b, const struct err *e)
{
	char words[768];

	err_words(e, say_lang(), words, sizeof words);
	buf_printf(b, "%s [%s]\n", words, err_code(e->id)->name);
	err_remedy(e, say_lang(), words, sizeof words);
	if (words[0])
		buf_printf(b, "    → %s\n", words);
}

/* By its name: "data.payee.name". What the schema calls nothing personal is shown as it is, a bank's number too. */
static void put_value(struct buf *b, const struct schema *s, const char *path, struct span text)
{
	const struct schema_field *f = strncmp(path, "data.", 5) == 0 ? schema_field(s, span_of(path + 5)) : NULL;

	if (!f || f->sensitivity != SENSITIVITY_NONE) {
		show_masked(b, text, f ? f->sensitivity : SENSITIVITY_NONE);
		return;
	}
	buf_c(b, '"');
	show_text(b, text);
	buf_c(b, '"');
}

/* ---- routes ---- */

static void show_tests(struct looking *k, const struct expr *when)
{
	const struct value *values = router_values(k->t->router, (unsigned)k->type);
	const struct names *names = router_names(k->t->router, (unsigned)k->type);
	struct buf *b = &k->t->to;

	for (unsigned i = 0; i < expr_ntests(when); i++) {
		struct expr_test x = expr_look(when, i, values);

		buf_str(b, "    ");
		show_text(b, x.text);
		buf_str(b, x.holds ? say("：成立，", ": yes, ") : say("：不成立，", ": no, "));
		if (values[x.slot].text.n) {
			buf_str(b, say("其值为 ", "it is "));
			put_value(b, k->schema, names_text(names, x.slot), values[x.slot].text);
		} else {
			buf_str(b, say("它没有值", "it has no value"));
		}
		buf_c(b, '\n');
	}
}

static void show_names(struct buf *b, const struct site *s, const struct site_route *r)
{
	for (unsigned i = 0; i < r->nto; i++)
		buf_printf(b, "%s%s", i ? ", " : "", s->destinations[r->to[i]].name);
}

static void show_route(struct looking *k, const struct site_route *r, const struct expr *when, bool takes)
{
	struct buf *b = &k->t->to;

	buf_printf(b, say("  第 %u 行的路由 → ", "  route in line %u → "), r->node->line);
	show_names(b, k->t->site, r);
	buf_str(b, takes ? say("：接收", ": takes it") : say("：不接收", ": does not take it"));
	if (!when) {
		buf_str(b, say("，没有条件\n", ", it has no condition\n"));
		return;
	}
	if (expr_ntests(when) > 1 ||
		!span_eq(expr_look(when, 0, router_values(k->t->router, (unsigned)k->type)).text, r->when->text)) {
		buf_str(b, say("，条件 ", ", its condition is "));
		show_text(b, r->when->text);
	}
	buf_c(b, '\n');
	show_tests(k, when);
}

static bool names_type(const struct site_route *r, struct span type)
{
	for (unsigned i = 0; i < r->ntypes; i++)
		if (span_is(type, r->types[i]))
			return true;
	return false;
}

static void show_other_type(struct looking *k, const struct site_route *r)
{
	struct buf *b = &k->t->to;

	buf_printf(b, say("  第 %u 行的路由 → ", "  route in line %u → "), r->node->line);
	show_names(b, k->t->site, r);
	buf_str(b, say("：不接收，它的 types 里没有这个类型\n", ": does not take it, its types do not hold this one\n"));
}

static void show_routes(struct looking *k)
{
	const struct site *s = k->t->site;
	unsigned n = 0;              /* of the router's routes for this type: one for each destination of a route */

	for (unsigned i = 0; i < s->nroutes; i++) {
		const struct site_route *r = &s->routes[i];
		const struct expr *when;
		bool takes;

		if (!names_type(r, k->event->type) || !r->nto) {
			show_other_type(k, r);
			continue;
		}
		when = router_when(k->t->router, (unsigned)k->type, n);
		takes = !when || expr_true(when, router_values(k->t->router, (unsigned)k->type));
		for (unsigned d = 0; d < r->nto; d++)
			k->taken[r->to[d]] |= takes;
		show_route(k, r, when, takes);
		n += r->nto;
	}
}

/* ---- destinations ---- */

static void show_cells(struct looking *k, const struct site_destination *d, const struct map *line, const struct slots *cells)
{
	const struct names *names = form_shape(d->form, k->event->type)->names;
	struct buf *b = &k->t->to;

	for (unsigned i = 0; i < map_count(line); i++) {
		const struct value *v = map_cell(line, cells, i);
		int from = map_from(line, i);

		buf_str(b, "    ");
		if (map_column(line, i).n)
			show_text(b, map_column(line, i));
		else
			buf_printf(b, "%u", i + 1);
		buf_str(b, " = ");
		put_value(b, k->schema, from >= 0 ? names_text(names, (unsigned)from) : "",
			v->text.p ? v->text : SPAN(""));
		if (v->cut)
			buf_str(b, say("（已截短）", " (shortened)"));
		buf_c(b, '\n');
	}
}

static void show_destination(struct looking *k, unsigned number)
{
	const struct site_destination *d = &k->t->site->destinations[number];
	struct buf *b = &k->t->to;
	const struct map *line;
	const struct slots *cells;
	struct err e;

	buf_printf(b, "  %s: ", d->name);
	if (!k->taken[number]) {
		buf_str(b, say("没有，无路由通向它\n", "nothing, no route leads there\n"));
		return;
	}
	if (router_line(k->t->router, (unsigned)k->type, number, k->event, &line, &cells, &e) != 0) {
		k->bad = true;
		buf_str(b, say("在此成为死信：", "dead here: "));
		put_reason(b, &e);
		return;
	}
	buf_printf(b, say("得到一行（%s，mode: %s）\n", "gets a line (%s, mode: %s)\n"), d->form->name,
		d->mode == SITE_LIVE             ? "live"
			: d->mode == SITE_SHADOW ? say("shadow，试运行，不送出", "shadow, nothing is handed over")
						 : say("off，留在主题上不送出", "off, it waits on the topic"));
	show_cells(k, d, line, cells);
	if (d->split)
		buf_printf(b, say("    按 %s 分发\n", "    split by %s\n"), d->split);
}

/* ---- one event ---- */

static void show_name(struct looking *k, bool known)
{
	struct buf *b = &k->t->to;

	show_text(b, k->event->type);
	buf_c(b, ' ');
	show_masked(b, k->event->id, SENSITIVITY_NONE);
	buf_str(b,
		!known                   ? say("：没有接入产生这种类型\n", ": no adapter makes this type\n")
			: k->instruction ? say("：付款指令\n", ": an instruction\n")
					 : say("：报表或基础数据\n", ": a report or master data\n"));
}

static void dead(struct looking *k, const struct err *why)
{
	k->bad = true;
	buf_str(&k->t->to, say("  成为死信：", "  dead: "));
	put_reason(&k->t->to, why);
}

/* Nothing in the site names the type: the router does not know whether it moves money. */
static void show_unknown_type(struct looking *k)
{
	const struct site *s = k->t->site;
	const char **names = mem_new((s->nroutes * 64u + s->nadapters + 1u) * sizeof *names), *near;
	unsigned n = 0;
	struct err e;

	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned m = 0; m < s->routes[i].ntypes && m < 64; m++)
			names[n++] = s->routes[i].types[m];
	near = conf_nearest(k->event->type, names);
	if (near)
		buf_printf(&k->t->to, say("  路由里相近的类型：%s\n", "  the nearest type in routes: %s\n"), near);
	err_set(&e, E_ROUTE_NONE, "type=%.*s", SPAN_F(k->event->type));
	dead(k, &e);
	free(names);
}

static void show_taken(struct looking *k)
{
	const struct site *s = k->t->site;
	struct buf *b = &k->t->to;
	bool any = false;
	struct err e;

	show_routes(k);
	for (unsigned i = 0; i < s->ndestinations; i++) {
		show_destination(k, i);
		any |= k->taken[i];
	}
	if (!any && k->instruction) {
		err_set(&e, E_ROUTE_NONE, "type=%.*s", SPAN_F(k->event->type));
		dead(k, &e);
	} else if (!any) {
		buf_str(b, say("  不去任何地方，这不算错\n", "  goes nowhere, which is no error\n"));
	}
}

static void show_event(struct trying *t, const struct event *v)
{
	struct looking k = {.t = t, .event = v, .type = router_find(t->router, v->type),
		.taken = mem_new((t->site->ndestinations + 1u) * sizeof(bool))};
	unsigned natures = site_natures(t->site, v->type);
	struct findings quiet;
	struct err e;

	k.instruction = natures & 1u << NATURE_INSTRUCTION;
	findings_init(&quiet);
	if (event_is_ours(v)) {
		show_text(&t->to, v->type);
		buf_str(&t->to, say("：总线自己的事件，不经路由\n", ": the bus's own, no route sees it\n"));
	} else if (k.type < 0) {
		show_name(&k, natures != 0);
		show_unknown_type(&k);
	} else {
		k.schema = library_schema(t->site->library, v->type, conf_root(t->site->conf), &quiet);
		show_name(&k, natures != 0);
		if (schema_check_data(k.schema, v->data, &e) != 0) {
			buf_str(&t->to, say("  接入不会产生这样的内容：", "  no adapter makes such data: "));
			put_reason(&t->to, &e);
			k.bad = true;
		}
		if (router_look(t->router, (unsigned)k.type, v, &e) != 0)
			dead(&k, &e);
		else
			show_taken(&k);
	}
	if (k.bad)
		buf_str(&t->to,
			say("  整批放行的批次若含这一笔，将整批扣住\n",
				"  a batch that is released whole and holds this is held\n"));
	t->events++;
	t->dead += k.bad;
	show_flush(&t->to, stdout);
	findings_done(&quiet);
	free(k.taken);
}

void verb_try_show(struct site *s, struct router *r, const struct event *v)
{
	struct trying t = {.site = s, .router = r};

	show_event(&t, v);
	buf_done(&t.to);
}

/* ---- the file ---- */

static void show_line(struct trying *t, const char *shown, unsigned line, struct span text)
{
	struct event v;
	struct err e;

	if (event_read(text, &v, &e) == 0) {
		show_event(t, &v);
		return;
	}
	err_at(&e, "%s:%u", shown, line);
	err_print(&e, say_lang(), stderr);
	t->events++;
	t->dead++;
}

static struct span trimmed(struct span s)
{
	while (s.n && strchr(" \t\r\n", s.p[0]))
		s.p++, s.n--;
	while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
		s.n--;
	return s;
}

/* One JSON document, be it over several lines, is one event; else there is one on each line. */
static bool is_one(struct span text)
{
	json_t *whole = json_loadb(text.p, text.n, 0, NULL);
	bool is = whole != NULL;

	json_decref(whole);
	return is;
}

static void show_file(struct trying *t, const char *shown, struct span text)
{
	unsigned line = 0;

	if (is_one(trimmed(text))) {
		show_line(t, shown, 1, trimmed(text));
		return;
	}
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		struct span one = trimmed((struct span){text.p, n});

		line++;
		if (one.n)
			show_line(t, shown, line, one);
		text.p += n + (end ? 1 : 0);
		text.n -= n + (end ? 1 : 0);
	}
}

/* The text of a file of events; anything else is a document of a source, and the form is missing. */
static int read_file(const char *path, struct buf *text, struct err *e)
{
	struct span all;

	if (fsys_get(AT_FDCWD, path, FILE_MAX, text, e) != 0)
		return -1;
	all = trimmed(buf_as_span(text));
	if (!span_starts(all, SPAN("{")))
		return err_set(e, E_USAGE, "what=%s: %s", path,
			say("里面不是事件；来源系统的文件要写 --form 格式", "holds no events; a file of a source needs --form FORM"));
	return 0;
}

int verb_try_event(const struct args *a)
{
	struct trying t = {0};
	struct buf text = BUF_INIT;
	struct err e;
	int code = 0;

	if (read_file(a->words[0], &text, &e) != 0) {
		code = verb_failed(&e);
	} else if ((t.site = verb_site(a, &code)) == NULL) {
		;                        /* what is wrong has been shown */
	} else if (!(t.router = site_router(t.site, NULL, &e))) {
		code = verb_failed(&e);
	} else {
		show_file(&t, a->words[0], buf_as_span(&text));
		fprintf(stderr,
			say("事件 %u 个，过不去的 %u 个；什么也没有动\n",
				"%u events, %u of them do not get through; nothing was touched\n"),
			t.events, t.dead);
		code = t.dead ? 1 : 0;
	}
	if (t.router)
		router_flow(t.router)->kind->free(router_flow(t.router));
	site_free(t.site);
	buf_done(&text);
	buf_done(&t.to);
	return code;
}
