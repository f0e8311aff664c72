/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_parts.h"

#include <inttypes.h>

/* Cells of a list map joined: parts of an id by ':', each made safe; NULL text where one is empty. */
static int make_id(struct reader *r, const struct form_event *x, struct buf *id, struct err *e)
{
	size_t kind = strlen(x->type);

	buf_clear(id);
	while (kind && x->type[kind - 1] != '.')   /* "payroll.line.v1": the version is no part of what a thing is */
		kind--;
	buf_add(id, x->type, kind ? kind - 1 : 0);
	if (x->identity == IDENTITY_RECORD) {
		buf_c(id, ':');
		buf_add(id, r->setup.digest.p, r->setup.digest.n < 32 ? r->setup.digest.n : 32);
		buf_c(id, ':');
		buf_u64(id, r->number);
		return 0;
	}
	if (map_run(x->identity_parts, &r->slots, e) != 0)
		return -1;
	for (unsigned i = 0; i < map_count(x->identity_parts); i++) {
		struct span part = map_cell(x->identity_parts, &r->slots, i)->text;

		if (!part.n)
			return err_set(e, E_RECORD_NO_KEY, "part=%.*s", SPAN_F(map_column(x->identity_parts, i)));
		buf_c(id, ':');
		event_id_part(id, part);
	}
	if (id->n > 400)
		return err_set(e, E_RECORD_LONG_KEY, "bytes=%zu", id->n);
	return 0;
}

static int make_fingerprint(struct reader *r, const struct form_event *x, struct buf *fingerprint, struct buf *scratch,
	struct err *e)
{
	uint8_t digest[HASH_SHA256];

	buf_clear(fingerprint);
	if (!x->content)
		return 0;
	if (map_run(x->content, &r->slots, e) != 0)
		return -1;
	buf_clear(scratch);
	for (unsigned i = 0; i < map_count(x->content); i++) {
		buf_span(scratch, map_cell(x->content, &r->slots, i)->text);
		buf_c(scratch, 0x1f);
	}
	hash_sha256(scratch->p, scratch->n, digest);
	hash_hex(fingerprint, digest, 16);
	return 0;
}

static int make_event(struct reader *r, unsigned i, struct err *e)
{
	struct reading_event *ret = &r->events[i];
	const struct form_event *x = ret->of;
	int control = map_control_slot(x->map);
	struct buf *key = &r->texts[i].key;

	if (map_run(x->map, &r->slots, e) != 0)
		return -1;
	if (control >= 0) {
		ret->readable = r->slots.v[control].is_money;
		ret->fen = r->slots.v[control].fen;
	}
	if (x->currency_slot >= 0)
		ret->currency = totals_currency(r->slots.v[x->currency_slot].text, x->money, r->texts[i].currency);
	if (make_id(r, x, &r->texts[i].id, e) != 0 || make_fingerprint(r, x, &r->texts[i].fingerprint, key, e) != 0)
		return -1;
	buf_clear(key);
	if (x->key_slot >= 0)
		buf_span(key, r->slots.v[x->key_slot].text);
	ret->id = buf_as_span(&r->texts[i].id);
	ret->fingerprint = buf_as_span(&r->texts[i].fingerprint);
	ret->key = buf_as_span(key);
	return 0;
}

/* Two columns that ran together must not take all sums out of their range: such an amount is none. */
static int check_size(struct reading_event *x, struct err *e)
{
	char amount[24], max[24];

	if (!x->readable || (x->fen <= READER_AMOUNT_MAX && x->fen >= -READER_AMOUNT_MAX))
		return 0;
	x->readable = false;
	return err_set(e, E_RECORD_AMOUNT, "text=%s\nmax=%s", money_text(x->fen, amount),
		money_text(READER_AMOUNT_MAX, max));
}

static void begin_event(struct reader *r, unsigned i, const struct form_event *of)
{
	struct reading_event *x = &r->events[i];

	x->of = of;
	x->readable = false;
	x->fen = 0;
	x->currency = x->id = x->fingerprint = x->key = SPAN_NONE;
}

/* What a record is counted as of which no event was begun: the first that is made of its kind. */
static const struct form_event *first_of(const struct reader *r)
{
	const struct form *f = r->form;

	for (unsigned i = 0; i < f->nevents; i++)
		if (!r->kind || f->events[i].kind == (unsigned)(r->kind - f->kinds))
			return &f->events[i];
	return &f->events[0];
}

void reader_dead(struct reader *r, struct reading *g, const struct err *e)
{
	struct reading_event *x = &r->events[0];
	struct span currency = SPAN_NONE;
	struct err ignored;
	const char *cell = err_arg(e, "cell");

	if (!g->nevents)
		begin_event(r, 0, first_of(r));
	g->nevents = 1;
	g->events = r->events;
	g->bad = *e;
	err_at(&g->bad, "%s:%" PRIu64 "%s%s", r->setup.shown, r->row.line, cell ? ":" : "", cell ? cell : "");
	if (!x->readable && !r->row.bad.id &&
		map_run_amount(x->of->map, &r->slots, &x->fen, &currency, &ignored) == 0) {
		x->readable = true;
		check_size(x, &ignored);
	}
	/* Counted under the form's own currency, if it names one, also when nothing of it can be read. */
	if (!currency.n)
		currency = map_fixed_currency(x->of->map);
	if (!x->currency.n)
		x->currency = totals_currency(currency, x->of->money, r->texts[0].currency);
}

/* All events that the record makes, or none: the record is dead. */
void reader_make_events(struct reader *r, struct reading *g, unsigned kind)
{
	const struct form *f = r->form;
	struct err e;

	for (unsigned i = 0; i < f->nevents; i++) {
		const struct form_event *x = &f->events[i];

		if (x->kind != kind || (x->when && !expr_true(x->when, r->slots.v)))
			continue;
		begin_event(r, g->nevents, x);
		if (make_event(r, g->nevents++, &e) != 0 || check_size(&r->events[g->nevents - 1], &e) != 0) {
			reader_dead(r, g, &e);
			return;
		}
	}
	if (!g->nevents) {
		err_set(&e, E_RECORD_NO_EVENT, "%s", "");
		reader_dead(r, g, &e);
	}
	g->events = r->events;
}

void reader_data(struct reader *r, const struct reading_event *x, struct buf *b)
{
	map_write(x->of->map, &r->slots, b);
}

static struct span slot_text(const struct reader *r, int slot)
{
	return slot >= 0 ? r->slots.v[slot].text : SPAN_NONE;
}

void reader_attributes(struct reader *r, const struct reading_event *x, struct event *ret)
{
	const struct overlay *over = reader_overlay(r);

	ret->type = span_of(x->of->type);
	ret->id = x->id;
	ret->partitionkey = x->key;
	ret->fingerprint = x->fingerprint;
	ret->unit = slot_text(r, x->of->unit_slot);
	ret->bank = slot_text(r, x->of->bank_slot);
	ret->businessdate = slot_text(r, x->of->date_slot);
	ret->changed = over ? over->act : r->head_changed;
}

void reader_marks(struct reader *r, const struct reading *g, const struct reading_event *x, struct event *ret)
{
	size_t n = (size_t)(x - r->events);
	struct buf *b = &r->texts[n].numbers;
	char *line = r->texts[n].line;

	buf_clear(b);
	for (unsigned i = 0; i < x->of->nnumber_slots; i++) {
		struct span number = slot_text(r, x->of->number_slots[i]);

		if (!number.n)
			continue;
		if (b->n)
			buf_c(b, ' ');
		event_id_part(b, number);
	}
	ret->numbers = b->n ? buf_as_span(b) : SPAN_NONE;
	ret->amount = x->readable && map_control_slot(x->of->map) >= 0 ? span_of(money_text(x->fen, r->texts[n].amount)) : SPAN_NONE;
	ret->line = (struct span){line, (size_t)snprintf(line, sizeof r->texts[n].line, "%" PRIu64, g->line)};
}

struct span reader_paykey(struct reader *r, const struct reading_event *x)
{
	const struct hash_key *key = r->setup.library->key;
	struct buf *b = &r->texts[x - r->events].paykey;
	uint8_t digest[HASH_SHA256];
	char amount[24];

	if (!x->of->npay_slots || !x->readable || x->fen <= 0 || !slot_text(r, x->of->pay_slots[0]).n)
		return SPAN_NONE;
	buf_clear(b);
	buf_str(b, "pay\x1f");
	buf_str(b, x->of->type);
	while (b->p[b->n - 1] != '.' && b->n > sizeof "pay\x1f")    /* another version is the same payment */
		b->n--;
	buf_str(b, money_text(x->fen, amount));
	for (unsigned i = 0; i < x->of->npay_slots; i++) {
		buf_c(b, 0x1f);
		buf_span(b, slot_text(r, x->of->pay_slots[i]));
	}
	if (key)
		hash_keyed(key, b->p, b->n, digest);
	else
		hash_sha256(b->p, b->n, digest);
	buf_clear(b);
	hash_hex(b, digest, 16);
	return buf_as_span(b);
}
