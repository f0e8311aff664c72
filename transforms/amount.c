/* SPDX-License-Identifier: Apache-2.0 */
#include "amount.h"

enum { PLAIN_MAX = 62 };

static struct span without(struct span t, size_t front, size_t back)
{
	return (struct span){t.p + front, t.n - front - back};
}

/* The text with its sign in front and nothing else around the digits. What is too long for an amount stays as it is:
 * money_read refuses it. */
static struct span plain(struct span text, const struct amount_form *form, char room[PLAIN_MAX + 1])
{
	struct span t = text;
	bool minus = true;

	if (form->sign == AMOUNT_BRACKETS && t.n > 2 && t.p[0] == '(' && t.p[t.n - 1] == ')')
		t = without(t, 1, 1);
	else if (form->sign == AMOUNT_TRAILING && t.n > 1 && t.p[t.n - 1] == '-')
		t = without(t, 0, 1);
	else if (t.n > 1 && t.p[0] == '-')
		t = without(t, 1, 0);
	else
		minus = false;
	if (form->symbol.n && span_starts(t, form->symbol))
		t = span_trim(without(t, form->symbol.n, 0));
	else if (form->symbol.n && span_ends(t, form->symbol))
		t = span_trim(without(t, 0, form->symbol.n));
	if (t.n > PLAIN_MAX)
		return text;
	room[0] = '-';
	memcpy(room + 1, t.p, t.n);
	return minus ? (struct span){room, t.n + 1} : (struct span){room + 1, t.n};
}

int amount_read(struct span text, const struct amount_form *form, int64_t *ret_fen, struct err *e)
{
	char room[PLAIN_MAX + 1];
	struct span t = plain(text, form, room);
	int64_t v;

	if (money_read(t, &form->money, &v, e) != 0)
		return -1;
	if (form->li && v % 10 != 0)
		return err_set(e, E_MAP_LI, "text=%.*s", SPAN_F(t));
	*ret_fen = form->li ? v / 10 : v;
	return 0;
}

int amount_write_li(struct buf *b, int64_t fen, struct err *e)
{
	char text[24];
	int64_t li;

	if (__builtin_mul_overflow(fen, 10, &li))
		return err_set(e, E_MONEY_RANGE, "text=%s", money_text(fen, text));
	money_write(b, li, true);
	return 0;
}
