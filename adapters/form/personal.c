/* SPDX-License-Identifier: Apache-2.0 */
#include "personal.h"

#include <jansson.h>

#include "jscan.h"
#include "json_text.h"
#include "mask.h"

#define PLACES_MAX 2000u             /* of one record; what lies behind them is one place to its end */

/* ---- what a cell is ---- */

static enum schema_sensitivity sensitivity_in(const struct map *m, const struct slots *s, int slot)
{
	for (unsigned i = 0; i < map_count(m); i++)
		if ((map_from(m, i) == slot || map_cell(m, s, i) == &s->v[slot]) &&
			map_sensitivity(m, i) != SENSITIVITY_NONE)
			return map_sensitivity(m, i);
	return SENSITIVITY_NONE;
}

enum schema_sensitivity personal_slot(const struct form *f, struct reader *r, int slot)
{
	enum schema_sensitivity s = SENSITIVITY_NONE;

	for (unsigned i = 0; slot >= 0 && i < f->nevents && s == SENSITIVITY_NONE; i++)
		s = sensitivity_in(f->events[i].map, reader_slots(r), slot);
	return s;
}

/* Of a cell of the row that the reader gave; -1: no rule uses it. */
static int cell_slot(const struct reader *r, unsigned i)
{
	const struct form_kind *k = reader_kind(r);
	int slot = -1;

	if (k)
		return i < k->ncolumns ? k->slots[i] : -1;
	(void)reader_title(r, i, &slot);
	return slot;
}

enum schema_sensitivity personal_cell(const struct form *f, struct reader *r, unsigned i)
{
	const struct row *row = reader_row(r);

	if (!row->bad.id)
		return personal_slot(f, r, cell_slot(r, i));
	if (!charset_ascii(row->cells[i]))
		return SENSITIVITY_NAME;
	return row->cells[i].n > MASK_SHOWN ? SENSITIVITY_ACCOUNT : SENSITIVITY_NONE;
}

/* ---- bytes ---- */

/* Everywhere in the bytes where the text's bytes stand; how often. first: bytes of its first character. */
static unsigned mask_bytes(struct span raw, char *masked, struct span text, size_t first, enum schema_sensitivity s)
{
	size_t from = s == SENSITIVITY_NAME ? first : 0;
	size_t to = s == SENSITIVITY_NAME || text.n <= MASK_SHOWN ? text.n : text.n - MASK_SHOWN;
	unsigned n = 0;

	for (size_t at = 0; text.n > 1 && at + text.n <= raw.n; at++)
		if (memcmp(raw.p + at, text.p, text.n) == 0) {
			memset(masked + at + from, '*', to - from);
			n++;
		}
	return n;
}

static size_t first_of(enum charset c, struct span text)
{
	int n = text.n ? charset_step(c, (const unsigned char *)text.p, text.n) : 0;

	return n > 0 ? (size_t)n : 0;
}

/* A codec that decodes by itself gives cells that are not in the charset of the bytes; a document inside has its own. */
static unsigned mask_cell(enum charset own, struct span raw, char *masked, struct span cell, enum schema_sensitivity s)
{
	unsigned n = mask_bytes(raw, masked, cell, first_of(own, cell), s);
	struct buf coded = BUF_INIT;

	for (unsigned c = 0; c < CHARSET_COUNT && own == CHARSET_UTF8 && !charset_ascii(cell); c++) {
		struct err ignored;

		buf_clear(&coded);
		if (c == CHARSET_UTF8 || charset_encode((enum charset)c, cell, &coded, &ignored) != 0)
			continue;
		n += mask_bytes(raw, masked, buf_as_span(&coded), first_of((enum charset)c, buf_as_span(&coded)), s);
	}
	buf_done(&coded);
	return n;
}

/* Of each run of characters that are not ASCII the first one stays: it may be a name. */
static void mask_words(enum charset charset, struct span raw, char *masked)
{
	bool inside = false;

	for (size_t at = 0, n; at < raw.n; at += n) {
		int step = charset_step(charset, (const unsigned char *)raw.p + at, raw.n - at);
		bool word = (unsigned char)raw.p[at] >= 0x80;

		n = step > 0 ? (size_t)step : 1;
		if (word && (inside || step <= 0))
			memset(masked + at, '*', n);
		inside = word;
	}
}

/* Whether some of it was packed: what stands in there is not found by its bytes, and not seen either. */
static bool by_looks(struct span raw, struct buf *masked)
{
	const size_t from = masked->n;
	struct buf packed = BUF_INIT;
	bool any;

	mask_digits(masked, raw);
	buf_add(&packed, masked->p + from, raw.n);
	mask_packed(&packed);
	any = raw.n && memcmp(packed.p, masked->p + from, raw.n) != 0;
	if (any)
		memcpy(masked->p + from, packed.p, raw.n);
	buf_done(&packed);
	return any;
}

void personal_looks(enum charset charset, struct span raw, struct buf *masked)
{
	by_looks(raw, masked);
	mask_words(charset, raw, masked->p + masked->n - raw.n);
}

/* A value that does not stand there as it was read (escapes of JSON, XML): only what parts values stays to be seen. */
static void mask_values(struct span raw, char *masked)
{
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];

		if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			masked[i] = '*';
	}
}

void personal_record(const struct form *f, struct reader *r, const struct reading *g, struct buf *masked)
{
	const struct row *row = reader_row(r);
	const size_t from = masked->n;
	bool packed, lost = false;

	if (row->bad.id && !row->ncells) {
		personal_looks(f->charset, g->raw, masked);
		return;
	}
	packed = by_looks(g->raw, masked);
	for (unsigned i = 0; i < row->ncells; i++) {
		enum schema_sensitivity s = personal_cell(f, r, i);

		if (s != SENSITIVITY_NONE && row->cells[i].n > 1 &&
			!mask_cell(f->format->charset, g->raw, masked->p + from, row->cells[i], s))
			lost = true;
	}
	if (lost && packed)
		mask_words(f->charset, g->raw, masked->p + from);
	else if (lost)
		mask_values(g->raw, masked->p + from);
}

/* ---- events ---- */

/* The value as it stands in the JSON text, which escapes as json_quote does, or another writer did. */
static bool mask_text(struct span json, char *masked, const char *text, enum schema_sensitivity s)
{
	struct buf escaped = BUF_INIT;
	unsigned n;

	if (!text || s == SENSITIVITY_NONE || strlen(text) < 2)
		return true;
	json_escape(&escaped, span_of(text));
	n = mask_bytes(json, masked, buf_as_span(&escaped), first_of(CHARSET_UTF8, buf_as_span(&escaped)), s);
	buf_done(&escaped);
	return n > 0;
}

static bool mask_list(const struct schema_list *l, const json_t *items, struct span json, char *masked)
{
	bool all = true;
	size_t i;
	const json_t *item;

	json_array_foreach(items, i, item)
		for (unsigned k = 0; k < l->nfields; k++) {
			const struct schema_field *f = &l->fields[k];
			struct span name = {f->path.p + l->path.n + 3, f->path.n - l->path.n - 3};

			all &= mask_text(json, masked, json_string_value(json_at(item, name)), f->sensitivity);
		}
	return all;
}

void personal_event(const struct schema *s, struct span json, struct buf *masked)
{
	json_t *o = json_loadb(json.p, json.n, 0, NULL), *data = json_object_get(o, "data");
	const size_t from = masked->n;
	const struct schema_field *fields;
	unsigned n = 0;
	bool all = true;

	if (!s || !data) {
		personal_looks(CHARSET_UTF8, json, masked);
		json_decref(o);
		return;
	}
	by_looks(json, masked);
	fields = schema_fields(s, &n);
	for (unsigned i = 0; i < n; i++)
		all &= mask_text(json, masked->p + from, json_string_value(json_at(data, fields[i].path)), fields[i].sensitivity);
	for (const struct schema_list *l = schema_lists(s); l; l = l->next)
		all &= mask_list(l, json_object_get(data, l->path.p), json, masked->p + from);
	if (!all)
		mask_values(json, masked->p + from);
	json_decref(o);
}

/* ---- places ---- */

static bool hidden(struct span raw, struct span masked, size_t i)
{
	return masked.p[i] == '*' && raw.p[i] != '*';
}

void personal_places(struct span raw, struct span masked, size_t max, struct buf *b)
{
	const size_t n = raw.n < max ? raw.n : max, begin = b->n;
	unsigned places = 0;

	for (size_t at = 0; at < n;) {
		size_t from = at;

		while (at < n && hidden(raw, masked, at))
			at++;
		if (at == from) {
			at++;
			continue;
		}
		if (++places == PLACES_MAX)
			at = n;
		buf_printf(b, "%s%zu-%zu", b->n > begin ? "," : "", from, at);
	}
	if (b->n == begin)
		buf_c(b, '-');
}

static int number(struct span *s, size_t *ret)
{
	size_t v = 0, i = 0;

	for (; i < s->n && i < 9 && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		v = v * 10 + (size_t)(s->p[i] - '0');
	s->p += i;
	s->n -= i;
	*ret = v;
	return i ? 0 : -1;
}

int personal_hide(struct span places, struct buf *masked)
{
	size_t from, to;

	if (span_is(places, "-"))
		return 0;
	while (places.n) {
		if (number(&places, &from) != 0 || !places.n || *places.p != '-')
			return -1;
		places.p++, places.n--;
		if (number(&places, &to) != 0 || from >= to || to > masked->n)
			return -1;
		memset(masked->p + from, '*', to - from);
		if (places.n && *places.p != ',')
			return -1;
		if (places.n)
			places.p++, places.n--;
	}
	return 0;
}
