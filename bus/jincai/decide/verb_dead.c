/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "clock.h"
#include "jscan.h"
#include "lane.h"
#include "letter.h"
#include "say.h"
#include "show.h"
#include "todo.h"
#include "verbs.h"

static void list_json(struct letter *l, const char *state, const char *todo, struct buf *b)
{
	char amount[24], currency[TOTALS_CURRENCY_MAX];

	buf_printf(b, "{\"number\":%" PRIu64, l->number);
	json_member(b, "todo", span_of(todo));
	json_member(b, "time", l->event.time);
	json_member(b, "kind", l->d.kind);
	json_member(b, "state", span_of(state));
	json_member(b, "flow", l->d.flow);
	json_member(b, "batch", l->d.batchid);
	json_member(b, "id", l->d.id);
	json_member(b, "letter", l->event.id);
	json_member(b, "destination", l->d.destination);
	json_member(b, "file", l->d.file);
	json_member(b, "place", l->d.place);
	if (l->d.has_amount)
		json_member(b, "amount", span_of(money_text(l->d.amount_fen, amount)));
	else
		buf_str(b, ",\"amount\":null");
	snprintf(currency, sizeof currency, "%.*s", SPAN_F(l->d.currency));
	buf_c(b, ',');
	show_currency_json(b, currency);
	json_member(b, "code", l->d.code);
	json_member(b, "words", buf_as_span(&l->words));
	buf_str(b, "}\n");
}

static void list_line(struct letter *l, const char *state, const char *todo, struct buf *b)
{
	char amount[24], currency[TOTALS_CURRENCY_MAX], name[64];

	buf_printf(b, "%" PRIu64 "  %s  ", l->number, todo);
	clock_for_people(b, l->time_ms);
	buf_printf(b, "  %s  ", letter_is_conflict(l) ? say("冲突", "conflict") : say("死信", "dead"));
	show_text(b, l->d.flow);
	if (l->d.destination.n) {
		buf_str(b, " → ");
		show_text(b, l->d.destination);
	}
	buf_str(b, "  ");
	show_text(b, l->d.place);
	buf_str(b, "  ");
	snprintf(currency, sizeof currency, "%.*s", SPAN_F(l->d.currency));
	show_text(b, l->d.currency.n ? span_of(show_currency(currency, name)) : SPAN(""));
	buf_printf(b, "%s%s  ", l->d.currency.n ? " " : "",
		l->d.has_amount ? money_text(l->d.amount_fen, amount) : say("金额读不出", "amount unreadable"));
	show_text(b, buf_as_span(&l->words));
	if (strcmp(state, "open") != 0)
		buf_printf(b, say("  （%s）", "  (%s)"), letter_state_words(state));
	buf_c(b, '\n');
}

static int count_letter(struct totals *t, const struct letter *l, struct err *e)
{
	struct span currency = l->d.currency.n < TOTALS_CURRENCY_MAX ? l->d.currency : SPAN("");

	return totals_add(t, letter_is_conflict(l) ? TOTAL_CONFLICT : TOTAL_DEAD, "", currency, l->d.amount_fen,
		l->d.has_amount, e);
}

static void say_totals(const struct totals *t, uint64_t count, uint64_t ended, uint64_t foreign)
{
	struct buf b = BUF_INIT;

	if (foreign)
		fprintf(stderr, say("略过 %" PRIu64 " 条他人写入的记录：jincai todo\n",
			"passed over: %" PRIu64 " records that others wrote, see jincai todo\n"), foreign);
	if (ended)
		fprintf(stderr, say("另有 %" PRIu64 " 封已了结：jincai dead list --all\n",
			"ended: %" PRIu64 " letters, see jincai dead list --all\n"), ended);
	if (!count) {
		fprintf(stderr, "%s\n", say("没有死信", "there is no dead letter"));
		return;
	}
	buf_printf(&b, say("共 %" PRIu64 " 封。死信：", "letters: %" PRIu64 ". Dead: "), count);
	show_sums(&b, t, TOTAL_DEAD);
	buf_str(&b, say("。冲突：", ". Conflicts: "));
	show_sums(&b, t, TOTAL_CONFLICT);
	buf_str(&b, say("。\n没有发生的事：以上各笔均未发往所列去向（未列去向的，哪里都没有发）；冲突的，此前先发布的内容不变；不会自动重试。\n",
		".\nWhat has not happened: none of them was sent to the destination it names, or anywhere when it "
		"names none; what was published before a conflict stands; nothing is tried again by itself.\n"));
	show_flush(&b, stderr);
	buf_done(&b);
}

struct listing {
	struct bus *bus;
	bool json, all;
	struct todo todo;
	const struct todo_item *only;        /* letters of that item; NULL: all */
	struct totals *totals;       /* of those that are open */
	struct selection *selection; /* NULL: nothing was said */
	uint64_t open, ended, foreign;
	struct buf out, event;
};

/* "jincai.payroll/0@17" of the router's letters; of others the event lies nowhere. */
static void read_place(struct span place, char topic[BUS_KEY_MAX], struct selection_thing *x)
{
	if (!span_starts(place, SPAN("jincai.")) || place.n >= BUS_KEY_MAX)
		return;
	memcpy(topic, place.p, place.n);
	topic[place.n] = 0;
	if (sscanf(topic, "%*[^/]/%u@%" SCNu64, &x->partition, &x->offset) != 2)
		return;
	*strchr(topic, '/') = 0;
	x->topic = topic;
}

/* What died at the router is an event, and lies in the letter without its lane and the brace at its end; of what died
 * before it was one, an id at most is known. */
static bool is_selected(struct listing *g, const struct letter *l)
{
	struct selection_thing x = {.time_ms = l->time_ms, .key = l->event.id, .destination = l->d.destination};
	char topic[BUS_KEY_MAX];
	struct err ignored;

	if (!g->selection)
		return true;
	if (!l->d.file.n)
		read_place(l->d.place, topic, &x);
	buf_clear(&g->event);
	buf_span(&g->event, l->d.raw);
	buf_c(&g->event, '}');
	x.has_data = x.topic && event_read(buf_as_span(&g->event), &x.event, &ignored) == 0;
	if (!x.has_data)
		x.event = (struct event){.id = l->d.id, .type = SPAN(""), .batchid = l->d.batchid,
			.time = l->event.time};
	return selection_takes(g->selection, &x);
}

static int list_letter(struct listing *g, struct letter *l, struct err *e)
{
	const struct todo_item *item = todo_of_letter(&g->todo, l->number);
	const char *todo = item ? item->number : "";
	char state[16];
	bool open;

	if ((g->only && item != g->only) || !is_selected(g, l))
		return 0;
	if (letter_state(g->bus, l, state, e) != 0)
		return -1;
	open = strcmp(state, "open") == 0;
	g->open += open;
	g->ended += !open;
	if (open && count_letter(g->totals, l, e) != 0)
		return -1;
	if (!open && !g->all)
		return 0;
	if (g->json)
		list_json(l, state, todo, &g->out);
	else
		list_line(l, state, todo, &g->out);
	show_flush(&g->out, stdout);
	return 0;
}

static int list(struct listing *g, struct bus_reader *r, struct err *e)
{
	struct letter l = {.words = BUF_INIT};
	struct arena a = ARENA_INIT;
	struct bus_message m;
	int got;

	while ((got = bus_next(r, &m, e)) == 1) {
		if (bus_shared(g->bus) && !lane_is_stamped(m.value)) {
			g->foreign++;
			continue;
		}
		arena_clear(&a);
		got = letter_read(&m, &a, &l, e);
		if (got < 0 || (got == 1 && list_letter(g, &l, e) != 0)) {
			got = -1;
			break;
		}
	}
	arena_done(&a);
	buf_done(&l.words);
	return got;
}

static int open_selection(struct listing *g, struct site *s, const struct selection_words *w, struct err *e)
{
	return selection_is_empty(w) ? 0 : selection_open(s, g->bus, w, clock_now_ms(), &g->selection, e);
}

int verb_dead_list(const struct args *a)
{
	struct listing g = {.json = a->json, .all = a->all, .totals = totals_new()};
	struct bus_reader *r = NULL;
	struct err e;
	int code = 0, got;
	struct site *s = verb_site(a, &code);

	if (!s || !(g.bus = verb_look(s, &code)))
		goto out;
	got = todo_load(s, g.bus, clock_now_ms(), &g.todo, &e);
	if (got == 0 && a->nwords)
		got = todo_find(&g.todo, a->words[0], &g.only, &e);
	if (got == 0)
		got = open_selection(&g, s, &a->select, &e);
	if (got == 0)
		got = letter_open(g.bus, &r, &e);
	if (got == 1)
		got = list(&g, r, &e);
	if (got >= 0 && g.selection)
		selection_say_picked(g.selection, say("封", "letters"));
	if (got >= 0)
		say_totals(g.totals, g.open, a->all ? 0 : g.ended, g.foreign);
	code = got < 0 ? verb_failed(&e) : g.open ? 1 : 0;
out:
	bus_unread(r);
	selection_close(g.selection);
	todo_done(&g.todo);
	if (g.bus)
		bus_close(g.bus);
	site_free(s);
	totals_free(g.totals);
	buf_done(&g.out);
	buf_done(&g.event);
	return code;
}
