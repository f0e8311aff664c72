/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "jscan.h"
#include "json_text.h"

/* ---- opening, saving, restoring ---- */

static int restore(struct reader *r, const json_t *saved, struct err *e)
{
	const json_t *columns = json_object_get(saved, "columns"), *heads = json_object_get(saved, "heads"), *v;
	const char *name;
	size_t i;

	r->offset = (uint64_t)json_integer_value(json_object_get(saved, "offset"));
	r->line = (uint64_t)json_integer_value(json_object_get(saved, "line"));
	r->number = (uint64_t)json_integer_value(json_object_get(saved, "number"));
	r->rows = (uint64_t)json_integer_value(json_object_get(saved, "rows"));
	r->titles = (uint64_t)json_integer_value(json_object_get(saved, "titles"));
	r->header_cells = (unsigned)json_array_size(columns);
	r->header_found = r->header_cells > 0;
	if (!json_is_object(saved) || r->line == 0 || (r->form->header.within && r->rows && !r->header_found))
		return err_set(e, E_FORM_STATE, "file=%s", r->setup.shown);
	r->columns = mem_grow(NULL, r->header_cells, sizeof *r->columns);
	json_array_foreach(columns, i, v)
		r->columns[i] = (int)json_integer_value(v);
	json_object_foreach((json_t *)(uintptr_t)heads, name, v)
		for (unsigned k = 0; k < names_count(r->form->names); k++)
			if (strcmp(names_text(r->form->names, k), name) == 0)
				r->slots.v[k].text = arena_span(&r->heads, span_of(json_string_value(v)));
	r->has_count = json_is_true(json_object_get(saved, "has_count"));
	r->has_sum = json_is_true(json_object_get(saved, "has_sum"));
	r->count = strtoull(json_text(saved, "count"), NULL, 10);
	r->sum = strtoll(json_text(saved, "sum"), NULL, 10);
	if (*json_text(saved, "head_changed"))
		r->head_changed = arena_span(&r->heads, span_of(json_text(saved, "head_changed")));
	r->changed_kind = (int)json_integer_value(json_object_get(saved, "changed_kind"));
	return 0;
}

void reader_save(const struct reader *r, struct buf *b)
{
	bool comma = false;

	buf_printf(b, "{\"offset\":%" PRIu64 ",\"line\":%" PRIu64 ",\"number\":%" PRIu64 ",\"rows\":%" PRIu64
		",\"titles\":%" PRIu64 ",\"columns\":[", r->offset, r->line, r->number, r->rows, r->titles);
	for (unsigned i = 0; i < r->header_cells; i++)
		buf_printf(b, "%s%d", i ? "," : "", r->columns[i]);
	buf_str(b, "],\"heads\":{");
	for (unsigned k = 0; k + 1 < r->form->nkinds; k++)
		for (unsigned i = 0; i < r->form->kinds[k].ncolumns; i++) {
			int slot = r->form->kinds[k].slots[i];

			if (slot < 0 || !r->slots.v[slot].text.p)
				continue;
			if (comma)
				buf_c(b, ',');
			json_quote(b, span_of(names_text(r->form->names, (unsigned)slot)));
			buf_c(b, ':');
			json_quote(b, r->slots.v[slot].text);
			comma = true;
		}
	buf_c(b, '}');
	if (r->head_changed.p) {
		json_member(b, "head_changed", r->head_changed);
		buf_printf(b, ",\"changed_kind\":%d", r->changed_kind);
	}
	buf_printf(b, ",\"has_count\":%s,\"has_sum\":%s,\"count\":\"%" PRIu64 "\",\"sum\":\"%" PRId64 "\"}",
		r->has_count ? "true" : "false", r->has_sum ? "true" : "false", r->count, r->sum);
}

static bool has_overlays(const struct reader *r)
{
	return r->setup.overlays && r->setup.overlays->n;
}

/* The codec reads the document inside, whose offsets these are. */
static int open_codec(struct reader *r, struct err *e)
{
	const struct form *f = r->form;
	struct codec_input *in = r->setup.input;

	if (f->wraps) {
		r->wraps = wrap_chain_open(f->wraps, in, f->codec->whole || has_overlays(r) ? 0 : r->offset);
		in = wrap_chain_input(r->wraps);
	}
	if (has_overlays(r)) {
		r->overlay = overlay_open(r->setup.overlays, in, r->offset);
		in = overlay_codec_input(r->overlay);
	}
	if (f->codec->open(f->format, in, r->offset, r->line, &r->codec, e) != 0)
		return f->wraps ? err_at(e, "%s", r->setup.shown) : -1;
	return 0;
}

int reader_open(const struct reader_setup *s, struct reader **ret, struct err *e)
{
	struct reader *r = mem_new(sizeof *r);

	*r = (struct reader){.setup = *s, .form = s->form, .heads = ARENA_INIT, .line = 1,
		.nearest = {.names = BUF_INIT}};
	r->carried = mem_new((s->form->nkinds + 1u) * sizeof *r->carried);
	slots_init(&r->slots, names_count(s->form->names));
	form_site_values(s->library, s->form->names, &r->slots);
	if (pattern_match(s->form->file, s->name, &r->heads, &r->slots) != 1) {
		err_set(e, E_FORM_NAME, "file=%.*s", SPAN_F(s->name));
		goto fail;
	}
	/* The texts of the keys point into the name, which is the caller's. */
	for (unsigned i = 0; i < r->slots.n; i++)
		if (r->slots.v[i].text.p)
			r->slots.v[i].text = arena_span(&r->heads, r->slots.v[i].text);
	if (s->saved && restore(r, s->saved, e) != 0)
		goto fail;
	if (open_codec(r, e) != 0)
		goto fail;
	*ret = r;
	return 0;
fail:
	reader_close(r);
	return -1;
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->codec)
		r->form->codec->close(r->codec);
	overlay_close(r->overlay);
	wrap_chain_close(r->wraps);
	slots_done(&r->slots);
	arena_done(&r->heads);
	for (unsigned k = 0; k < r->form->nkinds; k++)
		arena_done(&r->carried[k]);
	free(r->carried);
	for (unsigned i = 0; i < FORM_EVENTS_MAX; i++) {
		buf_done(&r->texts[i].id);
		buf_done(&r->texts[i].fingerprint);
		buf_done(&r->texts[i].key);
		buf_done(&r->texts[i].paykey);
		buf_done(&r->texts[i].numbers);
	}
	buf_done(&r->nearest.names);
	free(r->columns);
	free(r->header_titles);
	free(r);
}

uint64_t reader_offset(const struct reader *r)
{
	return r->offset;
}

unsigned reader_overlays_left(const struct reader *r)
{
	return r->overlay ? r->setup.overlays->n - overlay_met(r->overlay) : 0;
}

const struct overlay *reader_overlay(const struct reader *r)
{
	return r->overlay ? overlays_within(r->setup.overlays, r->row.line, r->row.next_line) : NULL;
}

const struct row *reader_row(const struct reader *r)
{
	return &r->row;
}

struct slots *reader_slots(struct reader *r)
{
	return &r->slots;
}

const struct form_kind *reader_kind(const struct reader *r)
{
	return r->kind;
}

struct span reader_title(const struct reader *r, unsigned column, int *ret_slot)
{
	bool there = r->header_titles && column < r->header_cells;

	*ret_slot = column < r->header_cells ? r->columns[column] : -1;
	return there ? r->header_titles[column] : SPAN_NONE;
}

/* ---- rows ---- */

static int put_cell(struct reader *r, int slot, struct span cell, unsigned column, struct err *e)
{
	struct span text;

	if (slot < 0)
		return 0;
	if (r->form->codec->cell && r->form->codec->cell(r->codec, column, e) != 0)
		return -1;
	if (charset_decode(r->form->format->charset, cell, &r->slots.text, &text, e) != 0) {
		size_t n = strlen(e->args);

		snprintf(e->args + n, sizeof e->args - n, "%scell=%u", n ? "\n" : "", column + 1);
		return -1;
	}
	r->slots.v[slot] = (struct value){.text = text};
	return 0;
}

static int count_cells(const struct reader *r, unsigned want, struct err *e)
{
	if (r->row.ncells < want && !r->form->format->few_ok)
		return err_set(e, E_RECORD_FEW_COLUMNS, "want=%u\ngot=%u", want, r->row.ncells);
	if (r->row.ncells > want && !r->form->format->more_ok)
		return err_set(e, E_RECORD_MORE_COLUMNS, "want=%u\ngot=%u", want, r->row.ncells);
	return 0;
}

/* The row's cells as a kind of record has them, where the codec needs to know the kind. */
static int cut_as(struct reader *r, const struct form_kind *k, struct err *e)
{
	return r->form->codec->cut ? r->form->codec->cut(r->codec, k->layout, &r->row, e) : 0;
}

/* Puts a row's cells into the slots of `slots` (a column without a slot is left alone); missing ones are absent, and so
 * are those that cannot be read: the others count all the same, for what a dead record is worth is read from them. */
static int take_cells(struct reader *r, const int *slots, unsigned n, struct err *e)
{
	struct err later;
	int ret = 0;

	buf_clear(&r->slots.text);   /* a row may be looked at as more than one kind; only the last look counts */
	for (unsigned i = 0; i < n; i++) {
		if (i >= r->row.ncells) {
			if (slots[i] >= 0)
				r->slots.v[slots[i]] = (struct value){0};
			continue;
		}
		if (put_cell(r, slots[i], r->row.cells[i], i, ret ? &later : e) == 0)
			continue;
		r->slots.v[slots[i]] = (struct value){0};
		ret = -1;
	}
	return ret;
}

/* Whoever changes a head, changes all that is read below it. */
static void head_is_changed(struct reader *r, int kind)
{
	const struct overlay *x = reader_overlay(r);

	if (x) {
		r->head_changed = x->act;
		r->changed_kind = kind;
	} else if (r->changed_kind == kind) {
		r->head_changed = SPAN_NONE;
	}
}

/* The rows below a head that cannot be read are not those of the head before it. */
static void drop_head(struct reader *r, const struct form_kind *k)
{
	for (unsigned i = 0; i < k->ncolumns; i++)
		if (k->slots[i] >= 0)
			r->slots.v[k->slots[i]] = (struct value){0};
}

/* A row of a head: its texts stay for the rows below, in the place of those of the head before. */
static int take_head(struct reader *r, const struct form_kind *k, struct err *e)
{
	struct arena *a = &r->carried[k - r->form->kinds];

	head_is_changed(r, (int)(k - r->form->kinds));
	if (k == r->form->declared_each) {
		r->heads_declared++;
		r->declared_line = r->row.line;
		r->has_count = r->has_sum = false;
	}
	if (r->row.bad.id)
		*e = r->row.bad;
	if (r->row.bad.id || count_cells(r, k->ncolumns, e) != 0 || take_cells(r, k->slots, k->ncolumns, e) != 0) {
		drop_head(r, k);
		return -1;
	}
	arena_clear(a);
	for (unsigned i = 0; i < k->ncolumns; i++)
		if (k->slots[i] >= 0 && r->slots.v[k->slots[i]].text.p)
			r->slots.v[k->slots[i]].text = arena_span(a, r->slots.v[k->slots[i]].text);
	if (r->form->declared_each && k != r->form->declared_each)
		return 0;
	return reader_declared(r, r->form->declared_count_slot, r->form->declared_sum_slot, &r->form->declared_form, e);
}

static bool is_trailer(struct reader *r)
{
	return r->form->trailer && expr_true(r->form->trailer, r->slots.v);
}

static int take_trailer(struct reader *r, struct err *e)
{
	r->trailer_seen = true;
	return reader_declared(r, r->form->trailer_count_slot, r->form->trailer_sum_slot, &r->form->declared_form, e);
}

/* ---- records ---- */

static void begin_record(struct reader *r, struct reading *g)
{
	g->kind = READ_RECORD;
	g->number = ++r->number;
}

/* A head that cannot be read is a record that is dead: the batch must not prove without it. */
static void dead_row(struct reader *r, struct reading *g, const struct err *e)
{
	begin_record(r, g);
	r->row.bad = *e;
	reader_dead(r, g, e);
}

static void record(struct reader *r, struct reading *g, const int *slots, unsigned n)
{
	const struct form *f = r->form;
	struct err e;

	begin_record(r, g);
	if (r->row.bad.id == E_NONE && count_cells(r, n, &e) != 0) {
		/* Columns may have moved: no cell of such a row is believed, its amount least of all. */
		r->row.bad = e;
	}
	if (r->row.bad.id != E_NONE)
		reader_dead(r, g, &r->row.bad);
	else if (take_cells(r, slots, n, &e) != 0)
		reader_dead(r, g, &e);
	else
		reader_make_events(r, g, f->nkinds ? f->nkinds - 1 : 0);
}

/* Is this row of that kind? A look at one that it is not leaves the kind's carried values as they were. */
static bool kind_takes(struct reader *r, const struct form_kind *k)
{
	struct value kept[CODEC_CELLS_MAX];
	struct err ignored;
	bool is;

	if (r->form->codec->fits && (r->row.bad.id || !r->form->codec->fits(r->codec, k->layout)))
		return false;
	if (k->first)
		return r->rows == 1;
	if (!k->when)
		return true;
	for (unsigned i = 0; i < k->ncolumns; i++)
		kept[i] = k->slots[i] >= 0 ? r->slots.v[k->slots[i]] : (struct value){0};
	is = !r->row.bad.id && cut_as(r, k, &ignored) == 0;
	if (is) {
		/* A cell that cannot be read makes the row dead, not one of another kind. */
		(void)take_cells(r, k->slots, k->ncolumns, &ignored);
		is = expr_true(k->when, r->slots.v);
	}
	for (unsigned i = 0; i < k->ncolumns; i++)
		if (k->slots[i] >= 0)
			r->slots.v[k->slots[i]] = kept[i];
	return is;
}

/* A row that could not be cut may have been a head: nobody knows whose the rows below are. */
static void drop_heads(struct reader *r)
{
	for (unsigned i = 0; i + 1 < r->form->nkinds; i++)
		if (!r->form->kinds[i].first)
			drop_head(r, &r->form->kinds[i]);
}

/* One row that is neither blank nor a title. */
static void take_row(struct reader *r, struct reading *g)
{
	const struct form *f = r->form;
	const struct form_kind *k = f->kinds;
	const int *slots = r->columns;
	unsigned n = r->header_cells;
	struct err e;

	r->rows++;
	if (f->nkinds) {
		while (k + 1 < f->kinds + f->nkinds && !kind_takes(r, k))
			k++;
		if (!r->row.bad.id && cut_as(r, k, &e) != 0)
			r->row.bad = e;
		slots = k->slots;
		n = k->ncolumns;
		r->kind = k;
	}
	if (f->nkinds && k + 1 < f->kinds + f->nkinds) {
		if (take_head(r, k, &e) != 0)
			dead_row(r, g, &e);
		else if (k->records) {
			begin_record(r, g);
			reader_make_events(r, g, (unsigned)(k - f->kinds));
		}
		return;
	}
	if (r->row.bad.id)
		drop_heads(r);
	if (!r->row.bad.id && f->skip && take_cells(r, slots, n, &e) == 0 && expr_true(f->skip, r->slots.v))
		return;
	if (!r->row.bad.id && f->trailer && take_cells(r, slots, n, &e) == 0 && is_trailer(r)) {
		if (take_trailer(r, &e) != 0)
			dead_row(r, g, &e);
		return;
	}
	record(r, g, slots, n);
}

/* Field by field: the error's room is large, and not looked at when its id is E_NONE. */
static void reading_begin(struct reading *g, enum reading_kind kind, const struct row *row)
{
	g->kind = kind;
	g->number = 0;
	g->line = row->line;
	g->offset = row->offset;
	g->raw = row->raw;
	g->bad.id = E_NONE;
	g->bad.where[0] = g->bad.args[0] = 0;
	g->events = NULL;
	g->nevents = 0;
}

int reader_next(struct reader *r, struct reading *ret, struct err *e)
{
	const struct form_header *h = &r->form->header;
	int got = r->form->codec->next(r->codec, &r->row, e);

	if (got < 0)
		return err_at(e, "%s", r->setup.shown);
	if (got == 0) {
		if (h->within && !r->header_found && r->offset)
			return reader_no_header(r, e);
		/* A codec may see the end of its document before the wraps around it have ended, and proved. */
		if (r->wraps && wrap_chain_finish(r->wraps, e) != 0)
			return err_at(e, "%s", r->setup.shown);
		*ret = (struct reading){.kind = READ_END, .bad = ERR_INIT};
		return 0;
	}
	slots_begin(&r->slots, r->row.raw.n);
	if (r->row.deleted) {
		reading_begin(ret, READ_SKIPPED, &r->row);
	} else if (r->row.blank && r->form->format->skip_blank) {
		r->titles += !r->header_found;
		reading_begin(ret, READ_SKIPPED, &r->row);
	} else if (h->within && !r->header_found) {
		r->titles++;
		if ((r->row.bad.id || !reader_try_header(r)) && r->titles >= h->within)
			return reader_no_header(r, e);
		if (r->header_found)
			head_is_changed(r, -1);
		reading_begin(ret, READ_SKIPPED, &r->row);
	} else {
		reading_begin(ret, READ_SKIPPED, &r->row);
		take_row(r, ret);
	}
	r->offset = r->row.end;
	r->line = r->row.next_line;
	return 0;
}
