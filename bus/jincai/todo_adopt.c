/* SPDX-License-Identifier: Apache-2.0 */
#include "adopt.h"
#include "say.h"
#include "todo.h"

/* What was approved and begins later needs nobody any more. */
static int add(void *arg, const struct adopt_waiting *w, struct err *e)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	(void)e;
	if (w->next[0] && strcmp(w->next, w->is) == 0)
		return 0;
	buf_printf(&subject, "adopt:%s", w->item);
	i = todo_add(t, "adopt", buf_as_span(&subject));
	todo_set(&i->word, span_of(w->item));
	todo_contact(t, SPAN(""), &i->contact);
	buf_printf(&i->happened, say("文件里的 %s 与生效的不同：少 %u 行，多 %u 行", "the files say %s otherwise than it is in force: %u lines less, %u more"),
		w->item, w->gone, w->come);
	buf_done(&subject);
	return 0;
}

int todo_adopt(struct todo *t, struct err *e)
{
	return adopt_waiting(t->site, t->bus, add, t, e) < 0 ? -1 : 0;
}
