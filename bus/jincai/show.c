/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <inttypes.h>

#include "jscan.h"
#include "say.h"
#include "utf8.h"

void show_text(struct buf *b, struct span text)
{
	for (size_t i = 0; i < text.n;) {
		uint32_t c = 0;
		size_t n = utf8_step(text.p + i, text.n - i, &c);

		if (!n || c < ' ' || (c >= 0x7f && c < 0xa0))
			buf_c(b, '?');
		else
			buf_add(b, text.p + i, n);
		i += n ? n : 1;
	}
}

struct sums {
	struct buf *to;
	enum total_term term;
	bool json;
	unsigned n;
};

static const char *amount_of(const struct money_sum *sum, char ret[24])
{
	int64_t fen;

	return __builtin_add_overflow(sum->plus, sum->minus, &fen) ? "?" : money_text(fen, ret);
}

static void one_sum(void *arg, const struct total_line *line)
{
	struct sums *s = arg;
	const struct money_sum *sum = &line->sum;
	char amount[24];

	if (line->term != s->term)
		return;
	if (s->json) {
		buf_str(s->to, s->n++ ? ",{\"currency\":" : "{\"currency\":");
		json_quote(s->to, span_of(line->currency));
		buf_printf(s->to, ",\"count\":%" PRIu64 ",\"amount\":\"%s\",\"unreadable\":%" PRIu64 "}", sum->count,
			amount_of(sum, amount), sum->unreadable);
		return;
	}
	buf_str(s->to, s->n++ ? say("；", "; ") : "");
	buf_printf(s->to, say("%" PRIu64 " 笔", "%" PRIu64 " in number"), sum->count);
	if (sum->count > sum->unreadable)
		buf_printf(s->to, "%s%s%s%s", say("，", ", "), line->currency, line->currency[0] ? " " : "",
			amount_of(sum, amount));
	if (sum->unreadable)
		buf_printf(s->to, say("（其中 %" PRIu64 " 笔金额读不出）", " (%" PRIu64 " of them without a readable amount)"),
			sum->unreadable);
}

void show_sums(struct buf *b, const struct totals *t, enum total_term term)
{
	struct sums s = {.to = b, .term = term};

	totals_each(t, one_sum, &s);
	if (!s.n)
		buf_str(b, say("无", "none"));
}

void show_sums_json(struct buf *b, const struct totals *t, enum total_term term)
{
	struct sums s = {.to = b, .term = term, .json = true};

	buf_str(b, ",\"sums\":[");
	totals_each(t, one_sum, &s);
	buf_c(b, ']');
}

void show_member(struct buf *b, const char *name, struct span text)
{
	buf_printf(b, ",\"%s\":", name);
	json_quote(b, text.p ? text : SPAN(""));
}

void show_flush(struct buf *b, FILE *to)
{
	fwrite(b->p, 1, b->n, to);
	buf_clear(b);
}
