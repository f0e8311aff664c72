/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "say.h"
#include "show.h"
#include "todo.h"
#include "verbs.h"

/* ---- the list ---- */

static void show(const struct todo *t, const struct todo_item *only, const struct args *a)
{
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < t->n; i++) {
		if (only && t->items[i] != only)
			continue;
		if (a->json)
			todo_json(t->items[i], a->site, &b);
		else
			todo_text(t->items[i], a->site, &b);
		show_flush(&b, stdout);
	}
	buf_done(&b);
}

static void say_count(const struct todo *t)
{
	unsigned overdue = todo_overdue(t);

	if (!t->n) {
		fprintf(stderr, "%s\n", say("没有待办事项", "nothing waits for a person"));
		return;
	}
	fprintf(stderr, say("共 %u 项待办", "%u wait for a person"), t->n);
	if (overdue)
		fprintf(stderr, say("，其中 %u 项已过期限", ", %u of them past their deadline"), overdue);
	fputc('\n', stderr);
}

int verb_todo(const struct args *a)
{
	const struct todo_item *only = NULL;
	struct bus *b = NULL;
	struct todo t = {0};
	struct site *s;
	struct err e;
	int code = 0;

	if (a->nwords > 1)
		return verb_misused(a);
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		if (todo_load(s, b, clock_now_ms(), &t, &e) != 0 ||
			(a->nwords && todo_find(&t, a->words[0], &only, &e) != 0)) {
			code = verb_failed(&e);
		} else {
			show(&t, only, a);
			if (!only)
				say_count(&t);
			code = t.n ? 1 : 0;
		}
		todo_done(&t);
		bus_close(b);
	}
	site_free(s);
	return code;
}
