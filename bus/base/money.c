/* SPDX-License-Identifier: Apache-2.0 */
#include "money.h"

#include <assert.h>

enum { TEXT_SHOWN = 40 };

/* The text goes into an error's lines: cut, and one printable byte for each of its bytes, so that {at} fits. */
static const char *shown(struct span text, char ret[TEXT_SHOWN + 1])
{
	size_t n = text.n < TEXT_SHOWN ? text.n : TEXT_SHOWN;

	for (size_t i = 0; i < n; i++)
		ret[i] = text.p[i] >= 0x20 && text.p[i] < 0x7f ? text.p[i] : '?';
	ret[n] = 0;
	return ret;
}

static int refuse_syntax(struct span text, size_t at, struct err *e)
{
	char t[TEXT_SHOWN + 1];

	return err_set(e, E_MONEY_SYNTAX, "text=%s\nat=%zu", shown(text, t), at + 1);
}

static int refuse_decimals(struct span text, const struct money_form *form, struct err *e)
{
	char t[TEXT_SHOWN + 1];

	shown(text, t);
	if (form->min_decimals == form->max_decimals)
		return err_set(e, E_MONEY_DECIMALS, "text=%s\nwant=%u", t, form->max_decimals);
	return err_set(e, E_MONEY_DECIMALS, "text=%s\nwant=%u..%u", t, form->min_decimals, form->max_decimals);
}

static int refuse_range(struct span text, struct err *e)
{
	char t[TEXT_SHOWN + 1];

	return err_set(e, E_MONEY_RANGE, "text=%s", shown(text, t));
}

/* An amount while it is read: what has been taken so far. */
struct reading {
	size_t at;
	int64_t value;
	bool overflow;
};

static inline void digit(struct reading *r, unsigned d)
{
	r->overflow |= __builtin_mul_overflow(r->value, 10, &r->value);
	r->overflow |= __builtin_add_overflow(r->value, (int64_t)d, &r->value);
}

/* Takes digits; returns how many. */
static inline size_t digits(struct reading *r, struct span text)
{
	const size_t from = r->at;

	for (unsigned d; r->at < text.n && (d = (unsigned char)text.p[r->at] - (unsigned)'0') <= 9; r->at++)
		digit(r, d);
	return r->at - from;
}

/* The integer part, with its commas; false when r->at is where it goes wrong. */
static inline bool integer(struct reading *r, struct span text, bool thousands)
{
	size_t n = digits(r, text);

	if (n == 0)
		return false;
	if (!thousands || r->at >= text.n || text.p[r->at] != ',')
		return true;
	if (n > 3)
		return false;
	while (r->at < text.n && text.p[r->at] == ',') {
		r->at++;
		if (digits(r, text) != 3)
			return false;
	}
	return true;
}

int money_read(struct span text, const struct money_form *form, int64_t *ret_fen, struct err *e)
{
	const bool minus = text.n && text.p[0] == '-';
	struct reading r = {minus, 0, false};
	size_t decimals = 0;

	assert(form->max_decimals <= 2 && form->min_decimals <= form->max_decimals);
	assert(!form->fen || form->max_decimals == 0);
	if (text.n == 0)
		return err_set(e, E_MONEY_EMPTY, "%s", "");
	if (!integer(&r, text, form->thousands))
		return refuse_syntax(text, r.at, e);
	if (r.at < text.n && text.p[r.at] == '.' && !form->fen) {
		r.at++;
		decimals = digits(&r, text);
		if (decimals == 0)
			return refuse_syntax(text, r.at, e);
	}
	/* -0 would come back as 0: what was read could not be written again. */
	if (r.at < text.n || (minus && r.value == 0 && !r.overflow))
		return refuse_syntax(text, r.at < text.n ? r.at : 0, e);
	if (decimals < form->min_decimals || decimals > form->max_decimals)
		return refuse_decimals(text, form, e);
	for (; decimals < 2 && !form->fen; decimals++)
		digit(&r, 0);
	if (r.overflow)
		return refuse_range(text, e);
	*ret_fen = minus ? -r.value : r.value;
	return 0;
}

/* From the end of ret to its beginning; returns where the text begins. It is terminated. */
static char *write_back(int64_t fen, bool as_fen, char ret[24])
{
	uint64_t left = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
	char *p = ret + 23;

	*p = 0;
	for (int i = 0; left || i < (as_fen ? 1 : 3); i++) {
		if (i == 2 && !as_fen)
			*--p = '.';
		*--p = (char)('0' + left % 10);
		left /= 10;
	}
	if (fen < 0)
		*--p = '-';
	return p;
}

void money_write(struct buf *b, int64_t fen, bool as_fen)
{
	char text[24];
	const char *p = write_back(fen, as_fen, text);

	buf_add(b, p, (size_t)(text + 23 - p));
}

const char *money_text(int64_t fen, char ret[24])
{
	const char *p = write_back(fen, false, ret);

	memmove(ret, p, (size_t)(ret + 24 - p));
	return ret;
}

/* The sum, or false; INT64_MIN is out of range like everything that has no negative. */
static bool add(int64_t a, int64_t b, int64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret) && *ret != INT64_MIN;
}

static int refuse_sum(int64_t a, int64_t b, struct err *e)
{
	char x[24], y[24];

	return err_set(e, E_MONEY_RANGE, "text=%s + %s", money_text(a, x), money_text(b, y));
}

int money_add(int64_t *sum, int64_t fen, struct err *e)
{
	int64_t s;

	if (!add(*sum, fen, &s))
		return refuse_sum(*sum, fen, e);
	*sum = s;
	return 0;
}

int money_sum_add(struct money_sum *s, int64_t fen, struct err *e)
{
	if (money_add(fen < 0 ? &s->minus : &s->plus, fen, e) != 0)
		return -1;
	s->count++;
	return 0;
}

int money_sum_merge(struct money_sum *into, const struct money_sum *from, struct err *e)
{
	int64_t plus, minus;

	if (!add(into->plus, from->plus, &plus))
		return refuse_sum(into->plus, from->plus, e);
	if (!add(into->minus, from->minus, &minus))
		return refuse_sum(into->minus, from->minus, e);
	into->plus = plus;
	into->minus = minus;
	into->count += from->count;
	into->unreadable += from->unreadable;
	return 0;
}

bool money_sum_eq(const struct money_sum *a, const struct money_sum *b)
{
	return a->count == b->count && a->plus == b->plus && a->minus == b->minus && a->unreadable == b->unreadable;
}
