/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "say.h"
#include "todo.h"
#include "waiting.h"

/* A batch that several destinations hold is one thing to do. */
static bool joined(struct todo *t, const struct waiting *w)
{
	struct todo_item *i = w->gathering ? todo_batch(t, w->batchid) : NULL;
	struct buf b = BUF_INIT;

	if (!i)
		return false;
	buf_printf(&b, "%s%s%s", i->destinations, say("、", ", "), w->destination);
	todo_set(&i->destinations, buf_as_span(&b));
	buf_done(&b);
	return true;
}

static const char *kind_of(const struct waiting *w, const struct waiting_words *words)
{
	if (w->gathering && strcmp(w->gathering->why, "gather.form") == 0)
		return "layout";
	if (!w->claim)
		return words->kind;
	if (span_is(w->claim->state, "published"))
		return "double";
	return span_is(w->claim->state, "held") && claim_is_suspected(w->claim) ? "suspected" : words->state;
}

static void of_parcel(struct todo *t, struct todo_item *i, const struct waiting *w)
{
	struct buf word = BUF_INIT;

	buf_printf(&word, "%s/%" PRIu64, w->destination, w->parcel->no);
	todo_set(&i->word, buf_as_span(&word));
	todo_contact(t, span_of(w->destination), &i->contact);
	buf_done(&word);
}

/* Of a report a line may be put right here; of an instruction nothing ever. */
static void of_report(struct todo *t, struct todo_item *i, const struct claim *c)
{
	const struct site_adapter *a = site_adapter(t->site, c->adapter);

	if (a && !form_instructs(a->form) && span_is(c->state, "held"))
		buf_printf(&i->next, "%s\nheld repair {number} --line N --from {file} --reason {reason}", i->kind->next);
}

static int add(void *arg, const struct waiting *w, struct err *e)
{
	struct todo *t = arg;
	struct waiting_words words = {0};
	struct buf subject = BUF_INIT;
	struct todo_item *i;
	int failed = 0;

	if (joined(t, w))
		return 0;
	waiting_words(&words, w);
	waiting_subject(w, &subject);
	i = todo_add(t, kind_of(w, &words), buf_as_span(&subject));
	todo_set(&i->batch, w->batchid);
	todo_set(&i->flow, w->claim ? w->claim->adapter : span_of(w->destination));
	if (w->parcel)               /* whether it arrived is known to its receiver; all else to the source */
		of_parcel(t, i, w);
	buf_span(&i->happened, buf_as_span(&words.what));
	if (w->claim)
		of_report(t, i, w->claim);
	if (w->gathering) {
		todo_set(&i->destinations, span_of(w->destination));
	} else {
		buf_span(&i->not_happened, buf_as_span(&words.not_happened));
		if (!i->kind->do_zh)
			buf_span(&i->advice, buf_as_span(&words.ask));
		failed = totals_merge(i->money, words.sums, e);
	}
	failed |= todo_of_batch(t, i, w->gathering != NULL, e);
	waiting_words_done(&words);
	buf_done(&subject);
	return failed ? -1 : 0;
}

int todo_batches(struct todo *t, struct err *e)
{
	return waiting_walk(t->bus, add, t, e);
}
