/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "clock.h"
#include "jscan.h"
#include "say.h"
#include "show.h"
#include "todo.h"

static void row(struct buf *b, const char *name, struct span text)
{
	if (!text.n)
		return;
	buf_printf(b, "  %s: ", name);
	show_text(b, text);
	buf_c(b, '\n');
}

/* A path as a shell takes it. */
static void quote(struct buf *b, const char *path)
{
	buf_c(b, '\'');
	for (; *path; path++)
		if (*path == '\'')
			buf_str(b, "'\\''");
		else
			buf_c(b, *path);
	buf_c(b, '\'');
}

/* Takes the next command off the list, as it is typed; false when there is none. */
static bool next_command(struct span *list, const char *given, struct buf *b)
{
	const char *end = list->n ? memchr(list->p, '\n', list->n) : NULL;
	struct span one = {list->p, end ? (size_t)(end - list->p) : list->n};

	if (!one.n)
		return false;
	list->p += one.n + (end != NULL);
	list->n -= one.n + (end != NULL);
	buf_clear(b);
	buf_printf(b, "jincai %.*s", SPAN_F(one));
	if (given) {
		buf_str(b, " -c ");
		quote(b, given);
	}
	return true;
}

static void add_deadline(const struct todo_item *i, struct buf *b)
{
	if (i->kind->at_once)
		buf_str(b, say("立即", "at once"));
	else
		buf_str(b, i->deadline[0] ? i->deadline : say("未定", "none"));
}

static void add_times(const struct todo_item *i, struct buf *b)
{
	buf_printf(b, "  %s: ", say("等待自", "since"));
	clock_for_people(b, i->since_ms);
	buf_printf(b, "  %s: ", say("期限", "deadline"));
	add_deadline(i, b);
	buf_c(b, '\n');
}

static void add_title(const struct todo_item *i, struct buf *b)
{
	buf_printf(b, "%s  %s", i->number, say(i->kind->zh, i->kind->en));
	if (i->batch[0]) {
		buf_str(b, "  ");
		show_text(b, span_of(i->batch));
	}
	if (i->flow[0]) {
		buf_str(b, "  ");
		show_text(b, span_of(i->flow));
	}
}

void todo_text(const struct todo_item *i, const char *given, struct buf *b)
{
	struct buf sums = BUF_INIT, command = BUF_INIT;
	struct span list = buf_as_span(&i->next);
	unsigned n = 0;

	add_title(i, b);
	buf_c(b, '\n');
	row(b, say("发生了什么", "what happened"), buf_as_span(&i->happened));
	row(b, say("没有发生的事", "what has not happened"), buf_as_span(&i->not_happened));
	row(b, say("怎么办", "what to do"), buf_as_span(&i->advice));
	while (next_command(&list, given, &command))
		row(b, n++ ? say("或", "or") : say("下一步", "next"), buf_as_span(&command));
	row(b, say("找谁", "whom to call"), buf_as_span(&i->contact));
	show_sums(&sums, i->money, TOTAL_READ);
	row(b, say("金额", "money"), buf_as_span(&sums));
	add_times(i, b);
	buf_done(&sums);
	buf_done(&command);
}

void todo_line(const struct todo_item *i, struct buf *b)
{
	struct buf sums = BUF_INIT;

	add_title(i, b);
	show_sums(&sums, i->money, TOTAL_READ);
	buf_printf(b, "  %.*s  %s ", SPAN_F(buf_as_span(&sums)), say("期限", "deadline"));
	add_deadline(i, b);
	buf_c(b, '\n');
	buf_done(&sums);
}

void todo_json(const struct todo_item *i, const char *given, struct buf *b)
{
	struct buf time = BUF_INIT, command = BUF_INIT;
	struct span list = buf_as_span(&i->next);
	unsigned n = 0;

	buf_printf(b, "{\"number\":\"%s\",\"kind\":\"%s\"", i->number, i->kind->name);
	json_member(b, "subject", span_of(i->subject));
	json_member(b, "batch", span_of(i->batch));
	json_member(b, "flow", span_of(i->flow));
	json_member(b, "act", span_of(i->act));
	clock_write(&time, i->since_ms);
	json_member(b, "since", buf_as_span(&time));
	json_member(b, "deadline", span_of(i->deadline));
	buf_printf(b, ",\"at_once\":%s", i->kind->at_once ? "true" : "false");
	show_sums_json(b, i->money, TOTAL_READ);
	json_member(b, "happened", buf_as_span(&i->happened));
	json_member(b, "not_happened", buf_as_span(&i->not_happened));
	json_member(b, "advice", buf_as_span(&i->advice));
	buf_str(b, ",\"next\":[");
	while (next_command(&list, given, &command)) {
		buf_str(b, n++ ? "," : "");
		json_quote(b, buf_as_span(&command));
	}
	buf_c(b, ']');
	json_member(b, "contact", buf_as_span(&i->contact));
	buf_str(b, ",\"letters\":[");
	for (unsigned k = 0; k < i->nletters; k++)
		buf_printf(b, k ? ",%" PRIu64 : "%" PRIu64, i->letters[k]);
	buf_str(b, "]}\n");
	buf_done(&time);
	buf_done(&command);
}
