/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_flow_parts.h"

#include <stdlib.h>

#include "json_text.h"

/* Which batches go, of a year of small files tens of thousands: one text, in pieces that a position can hold, in one commit. */
#define GOES "goes"                  /* {"plan","pieces":N}; the text: {"plan","batches":[ids],"ends":{...}}, see replay_handed.h */
#define PIECE 500000u

static int put_piece(struct replaying *r, size_t i, struct span text, struct err *e)
{
	char name[32];

	snprintf(name, sizeof name, GOES "/%zu", i);
	return flow_position_put(&r->flow, name, text, e);
}

/* How many pieces there are: 0 also when nothing is kept; -1. */
static int pieces(struct replaying *r, struct err *e)
{
	json_t *o;
	int ret;

	buf_clear(&r->text);
	if (flow_position_get(&r->flow, GOES, &r->text, e) < 0)
		return -1;
	o = json_loadb(r->text.p ? r->text.p : "", r->text.n, 0, NULL);
	ret = strcmp(json_text(o, "plan"), r->id) == 0 ? (int)json_integer_value(json_object_get(o, "pieces")) : 0;
	json_decref(o);
	return ret;
}

int replay_goes_save(struct replaying *r, struct span text, struct err *e)
{
	const size_t n = text.n, all = (n + PIECE - 1) / PIECE;
	struct buf head = BUF_INIT;
	int ret = 0;

	for (size_t i = 0; i < all && ret == 0; i++)
		ret = put_piece(r, i, (struct span){text.p + i * PIECE, n - i * PIECE < PIECE ? n - i * PIECE : PIECE}, e);
	buf_printf(&head, "{\"plan\":\"%s\",\"pieces\":%zu}", r->id, all);
	if (ret == 0)
		ret = flow_position_put(&r->flow, GOES, buf_as_span(&head), e);
	buf_done(&head);
	return ret;
}

int replay_goes_load(struct replaying *r, json_t **ret, struct err *e)
{
	const int all = pieces(r, e);
	struct buf text = BUF_INIT;
	char name[32];
	int got = all < 0 ? -1 : 1;

	for (int i = 0; i < all && got == 1; i++) {
		snprintf(name, sizeof name, GOES "/%d", i);
		got = flow_position_get(&r->flow, name, &text, e);
	}
	*ret = got == 1 ? json_loadb(text.p ? text.p : "", text.n, 0, NULL) : NULL;
	buf_done(&text);
	if (got < 0 || *ret)
		return got < 0 ? -1 : 0;
	return err_set(e, E_FLOW_POSITION, "name=%s/" GOES, r->flow.name);
}

int replay_goes_drop(struct replaying *r, struct err *e)
{
	const int all = pieces(r, e);
	int ret = all < 0 ? -1 : 0;

	for (int i = 0; i < all && ret == 0; i++)
		ret = put_piece(r, (size_t)i, SPAN(""), e);
	return ret == 0 && all ? flow_position_put(&r->flow, GOES, SPAN(""), e) : ret;
}
