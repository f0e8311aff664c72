/* SPDX-License-Identifier: Apache-2.0 */
#include "slip.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "connectors/drop.h"
#include "jscan.h"
#include "mask.h"

static void restore(struct err *e, const struct claim *c, unsigned reason)
{
	const struct span code = c->reasons[reason].code, args = c->reasons[reason].args;

	err_restore(e, code.p, code.n, args.p, args.n);
}

struct sums {
	struct buf *to;
	bool json, any;
};

static void add_sum(void *arg, const struct total_line *line)
{
	struct sums *s = arg;
	char plus[24], minus[24];

	if (line->term != TOTAL_READ)
		return;
	money_text(line->sum.plus, plus);
	money_text(line->sum.minus, minus);
	if (s->json)
		buf_printf(s->to,
			"%s{\"currency\":\"%s\",\"count\":%" PRIu64
			",\"plus\":\"%s\",\"minus\":\"%s\",\"unreadable\":%" PRIu64 "}",
			s->any ? "," : "", line->currency, line->sum.count, plus, minus, line->sum.unreadable);
	else
		buf_printf(s->to, "%s%s %s (%" PRIu64 ")", s->any ? "; " : "", line->currency, plus, line->sum.count);
	if (!s->json && line->sum.minus)
		buf_printf(s->to, " / %s", minus);
	s->any = true;
}

static void put_sums(struct buf *b, const struct claim *c, bool json)
{
	struct sums s = {.to = b, .json = json};

	totals_each(c->totals, add_sum, &s);
	if (!s.any && !json)
		buf_c(b, '-');
}

static void row(struct buf *b, const char *name, struct span text)
{
	buf_printf(b, "%s: %.*s\n", name, SPAN_F(text));
}

static void reasons(struct buf *b, const struct claim *c, enum err_lang lang)
{
	char words[768];
	struct err e;

	for (unsigned i = 0; i < c->nreasons; i++) {
		restore(&e, c, i);
		err_words(&e, lang, words, sizeof words);
		buf_printf(b, "  %u. ", i + 1);
		if (c->reasons[i].where.n)
			buf_printf(b, "%.*s: ", SPAN_F(c->reasons[i].where));
		buf_printf(b, "%s [%.*s]\n", words, SPAN_F(c->reasons[i].code));
	}
}

static void in_language(struct buf *b, const struct claim *c, enum err_lang lang, struct span time)
{
	static const struct {
		const char *title, *file, *batch, *time, *digest, *money, *why, *not, *next;
	} words[] = {
		[ERR_ZH] = {"退回单", "文件", "批次", "收到时间", "SHA-256", "读到的金额（笔数）", "退回原因",
			"没有发生的事: 本文件一笔未办理，一笔未付。", "怎么办: 请核对后重新报送正确的文件。"},
		[ERR_EN] = {"Return slip", "file", "batch", "received", "SHA-256", "money read (records)",
			"why it comes back", "what has not happened: nothing of this file was done, not one was paid.",
			"what to do: please check, and hand in a right file."},
	};

	buf_printf(b, "%s\n", words[lang].title);
	row(b, words[lang].file, c->name);
	row(b, words[lang].batch, c->batchid);
	row(b, words[lang].time, time);
	row(b, words[lang].digest, c->digest);
	buf_printf(b, "%s: ", words[lang].money);
	put_sums(b, c, false);
	buf_printf(b, "\n%s:\n", words[lang].why);
	reasons(b, c, lang);
	buf_printf(b, "%s\n%s\n", words[lang].not, words[lang].next);
}

void slip_text(struct buf *b, const struct claim *c)
{
	struct buf time = BUF_INIT;

	clock_write(&time, c->time_ms);
	in_language(b, c, ERR_ZH, buf_as_span(&time));
	buf_c(b, '\n');
	in_language(b, c, ERR_EN, buf_as_span(&time));
	buf_done(&time);
}

static void json_reason(struct buf *b, const struct claim *c, unsigned i)
{
	char words[768];
	struct err e;

	restore(&e, c, i);
	buf_str(b, i ? ",{\"code\":" : "{\"code\":");
	json_quote(b, c->reasons[i].code);
	json_member(b, "where", c->reasons[i].where);
	err_words(&e, ERR_ZH, words, sizeof words);
	json_member(b, "zh", span_of(words));
	err_words(&e, ERR_EN, words, sizeof words);
	json_member(b, "en", span_of(words));
	buf_c(b, '}');
}

void slip_json(struct buf *b, const struct claim *c)
{
	struct buf time = BUF_INIT;

	clock_write(&time, c->time_ms);
	buf_str(b, "{\"slip\":\"returned\"");
	json_member(b, "file", c->name);
	json_member(b, "batch", c->batchid);
	json_member(b, "received", buf_as_span(&time));
	json_member(b, "sha256", c->digest);
	buf_printf(b, ",\"records\":%" PRIu64 ",\"sums\":[", c->records);
	put_sums(b, c, true);
	buf_str(b, "],\"reasons\":[");
	for (unsigned i = 0; i < c->nreasons; i++)
		json_reason(b, c, i);
	buf_str(b, "],\"done\":\"nothing\"}\n");
	buf_done(&time);
}

/* ---- one line ---- */

static void line_words(const struct slip_line *s, enum err_lang lang, struct buf *ret)
{
	char words[768];
	struct err e;

	err_restore(&e, s->letter->code.p, s->letter->code.n, s->letter->args.p, s->letter->args.n);
	err_words(&e, lang, words, sizeof words);
	buf_str(ret, words);
}

/* The vendor's name of the file. */
static struct span line_file(const struct slip_line *s)
{
	char *taken = mem_text(s->letter->file);
	struct span name = s->letter->file;
	size_t front = (size_t)(drop_name(taken) - taken);

	free(taken);
	return (struct span){name.p + front, name.n - front};
}

static void line_in_language(struct buf *b, const struct slip_line *s, enum err_lang lang)
{
	static const struct {
		const char *title, *file, *line, *batch, *time, *money, *why, *by, *not, *next;
	} words[] = {
		[ERR_ZH] = {"退回单（一笔）", "文件", "行", "批次", "收到时间", "金额", "退回原因", "由",
			"没有发生的事: 这一笔未办理，未付；本文件其余各笔不受影响。", "怎么办: 请核对后将这一笔另行报送。"},
		[ERR_EN] = {"Return slip (one line)", "file", "line", "batch", "received", "amount", "why it comes back", "by",
			"what has not happened: this line was not done and not paid; the other lines of the file are not touched by it.",
			"what to do: please check, and hand this line in again in a file of its own."},
	};
	struct buf why = BUF_INIT;
	char amount[24];

	line_words(s, lang, &why);
	buf_printf(b, "%s\n", words[lang].title);
	row(b, words[lang].file, line_file(s));
	buf_printf(b, "%s: %" PRIu64 "\n", words[lang].line, s->letter->line);
	row(b, words[lang].batch, s->letter->batchid);
	row(b, words[lang].time, s->time);
	buf_printf(b, "%s: %.*s %s\n", words[lang].money, SPAN_F(s->letter->currency),
		s->letter->has_amount ? money_text(s->letter->amount_fen, amount) : "-");
	buf_printf(b, "%s: %s [%.*s]\n", words[lang].why, buf_text(&why), SPAN_F(s->letter->code));
	buf_printf(b, "%s %.*s: ", words[lang].by, SPAN_F(s->by));
	mask_digits(b, s->why);
	buf_printf(b, "\n%s\n%s\n", words[lang].not, words[lang].next);
	buf_done(&why);
}

void slip_line_text(struct buf *b, const struct slip_line *s)
{
	line_in_language(b, s, ERR_ZH);
	buf_c(b, '\n');
	line_in_language(b, s, ERR_EN);
}

void slip_line_json(struct buf *b, const struct slip_line *s)
{
	struct buf text = BUF_INIT;
	char amount[24];

	buf_str(b, "{\"slip\":\"line returned\"");
	json_member(b, "file", line_file(s));
	buf_printf(b, ",\"line\":%" PRIu64, s->letter->line);
	json_member(b, "batch", s->letter->batchid);
	json_member(b, "received", s->time);
	json_member(b, "currency", s->letter->currency);
	if (s->letter->has_amount)
		json_member(b, "amount", span_of(money_text(s->letter->amount_fen, amount)));
	json_member(b, "code", s->letter->code);
	line_words(s, ERR_ZH, &text);
	json_member(b, "zh", buf_as_span(&text));
	buf_clear(&text);
	line_words(s, ERR_EN, &text);
	json_member(b, "en", buf_as_span(&text));
	buf_clear(&text);
	mask_digits(&text, s->why);
	json_member(b, "by", s->by);
	json_member(b, "reason", buf_as_span(&text));
	buf_str(b, ",\"done\":\"nothing\"}\n");
	buf_done(&text);
}
