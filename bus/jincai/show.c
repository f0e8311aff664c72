/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <inttypes.h>

#include "jscan.h"
#include "mask.h"
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

/* Characters of three bytes and more are the Chinese ones here. */
int show_padding(const char *text, int cells)
{
	int n = 0;

	for (; *text; text++)
		n += (unsigned char)*text < 0x80 ? 1 : (unsigned char)*text >= 0xc0 ? 2 : 0;
	return n < cells ? cells - n : 0;
}

#define HEX_WIDTH 16u

/* Of a long run of stars the first stand, and how many they are. */
static bool too_many_stars(struct buf *b, char c, size_t *stars)
{
	if (c == '*')
		return ++*stars > MASK_STARS;
	if (*stars > MASK_STARS)
		buf_printf(b, say("…（共 %zu 字节）", "... (%zu bytes)"), *stars);
	*stars = 0;
	return false;
}

static void show_raw_text(struct buf *b, enum charset charset, struct span masked)
{
	struct buf scratch = BUF_INIT;

	for (size_t i = 0, stars = 0; i < masked.n;) {
		int n = charset_step(charset, (const unsigned char *)masked.p + i, masked.n - i);
		struct span text = SPAN_NONE, one = {masked.p + i, n > 0 ? (size_t)n : 1};
		struct err ignored;

		if (too_many_stars(b, masked.p[i], &stars)) {
			i++;
			continue;
		}
		buf_clear(&scratch);
		if (n <= 0 || charset_decode(charset, one, &scratch, &text, &ignored) != 0)
			text = SPAN("\xef\xbf\xbd");
		show_text(b, text);
		i += one.n;
	}
	buf_done(&scratch);
}

static bool all_masked(struct span raw, struct span masked, size_t at)
{
	for (size_t i = at; i < at + HEX_WIDTH; i++)
		if (i >= raw.n || masked.p[i] != '*' || masked.p[i] == raw.p[i])
			return false;
	return true;
}

/* Rows of offset, hex and ASCII; what the mask took is "**" in both. Of many rows that it took whole, the first stands. */
static void show_hex(struct buf *b, struct span raw, struct span masked)
{
	for (size_t at = 0; at < raw.n; at += HEX_WIDTH) {
		size_t n = raw.n - at < HEX_WIDTH ? raw.n - at : HEX_WIDTH;
		bool before = at && all_masked(raw, masked, at - HEX_WIDTH);

		if (before && all_masked(raw, masked, at)) {
			if (at < 2 * HEX_WIDTH || !all_masked(raw, masked, at - 2 * HEX_WIDTH))
				buf_str(b, "  ...\n");
			continue;
		}
		buf_printf(b, "  %06zx ", at);
		for (size_t i = 0; i < HEX_WIDTH; i++)
			if (i >= n)
				buf_str(b, "   ");
			else if (masked.p[at + i] != raw.p[at + i])
				buf_str(b, " **");
			else
				buf_printf(b, " %02x", (unsigned char)raw.p[at + i]);
		buf_str(b, "  ");
		for (size_t i = 0; i < n; i++)
			buf_c(b, masked.p[at + i] >= ' ' && masked.p[at + i] < 0x7f ? masked.p[at + i] : '.');
		buf_c(b, '\n');
	}
}

void show_raw(struct buf *b, enum charset charset, struct span raw, struct span masked)
{
	buf_str(b, "  ");
	show_raw_text(b, charset, masked);
	buf_c(b, '\n');
	show_hex(b, raw, masked);
}

/* Without the blank before the kind. */
static struct span letters_of(const char *currency)
{
	const char *kind = totals_kind(currency);
	size_t n = *kind ? (size_t)(kind - currency) : strlen(currency);

	return (struct span){currency, n - (n && currency[n - 1] == ' ')};
}

const char *show_currency_in(enum err_lang lang, const char *currency, char ret[64])
{
	static const struct {
		const char *kind, *zh, *en;
	} kinds[] = {{"order", " 凭证金额", " of vouchers"}, {"book", " 账面价值", " book value"}, {"back", " 撤回金额", " taken back"}};
	struct span letters = letters_of(currency);
	const char *words = "";

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(totals_kind(currency), kinds[i].kind) == 0)
			words = lang == ERR_ZH ? kinds[i].zh : kinds[i].en;
	if (!letters.n)
		letters = span_of(lang == ERR_ZH ? "（无币种）" : "(no currency)");
	snprintf(ret, 64, "%.*s%s", SPAN_F(letters), words);
	return ret;
}

const char *show_currency(const char *currency, char ret[64])
{
	return show_currency_in(say_lang(), currency, ret);
}

void show_currency_json(struct buf *b, const char *currency)
{
	buf_str(b, "\"currency\":");
	json_quote(b, letters_of(currency));
	if (*totals_kind(currency))
		buf_printf(b, ",\"money\":\"%s\"", totals_kind(currency));
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
	char amount[24], name[64];

	if (line->term != s->term)
		return;
	if (s->json) {
		buf_str(s->to, s->n++ ? ",{" : "{");
		show_currency_json(s->to, line->currency);
		buf_printf(s->to, ",\"count\":%" PRIu64 ",\"amount\":\"%s\",\"unreadable\":%" PRIu64 "}", sum->count,
			amount_of(sum, amount), sum->unreadable);
		return;
	}
	buf_str(s->to, s->n++ ? say("；", "; ") : "");
	buf_printf(s->to, say("%" PRIu64 " 笔", "%" PRIu64 " in number"), sum->count);
	if (sum->count > sum->unreadable)
		buf_printf(s->to, "%s%s%s%s", say("，", ", "),
			line->currency[0] ? show_currency(line->currency, name) : "", line->currency[0] ? " " : "",
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

void show_masked(struct buf *b, struct span text, enum schema_sensitivity s)
{
	struct buf plain = BUF_INIT;

	if (s == SENSITIVITY_NONE)
		mask_digits(&plain, text);
	else if (s == SENSITIVITY_NAME)
		mask_name(&plain, text);
	else
		mask_number(&plain, text);
	buf_c(b, '"');
	show_text(b, buf_as_span(&plain));
	buf_c(b, '"');
	buf_done(&plain);
}

void show_flush(struct buf *b, FILE *to)
{
	if (b->n)
		fwrite(b->p, 1, b->n, to);
	buf_clear(b);
}
