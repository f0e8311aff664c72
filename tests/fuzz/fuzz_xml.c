/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdlib.h>

#include "input.h"

/*
 * The first byte chooses charset and layout, the second the bytes of one fill; the rest is the file, in which {...} is put
 * into Base64. Rows must lie in it in order, must not depend on how it is filled, and must come again from where each of
 * them ends.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

enum { FILE_MAX = 64 << 10, ROWS_MAX = 64 };

static void tell(struct codec_format *format, const char *kind, const struct span *names, unsigned n, struct conf *node,
	struct findings *f, unsigned want)
{
	MUST(codec_xml.columns(format, kind, names, n, node, f) == (int)want);
}

static struct codec_format *compile(unsigned mode)
{
	static const char *const settings[] = {
		"{rows: {head: 'M/B[@t=1]', line: 'M/B[@t=1]/V/V/D'}, inside: {M/B/V: base64}}",
		"{rows: {head: 'M/B[@t=1]', line: 'M/B[@t=1]/V/V/D'}, inside: {M/B/V: base64}, documents: many}",
		"{rows: {head: M/n, line: M/B/V/V/D}, inside: {M/B/V: base64}}",
		"{rows: {head: 'M/B[@t=1]', line: [M/B, M/B/D]}}",
	};
	const struct span head[] = {SPAN("@t"), SPAN("V"), SPAN("V.V.n"), SPAN("V.V.D[]"), SPAN("V.V.p.q"), SPAN("x[]"), SPAN("#text")};
	const struct span line[] = {SPAN("a"), SPAN("@k"), SPAN("p.q"), SPAN("p.@q"), SPAN("l[]"), SPAN("#text")};
	struct findings f;
	struct conf_file *c;
	struct codec_format *format;

	findings_init(&f);
	c = conf_parse("fuzz", span_of(settings[mode & 3]), &f);
	MUST(c);
	format = codec_xml.compile(conf_root(c), (enum charset)(mode / 4 % CHARSET_COUNT), &f);
	MUST(format);
	tell(format, "head", head, sizeof head / sizeof *head, conf_root(c), &f, 0);
	tell(format, "line", line, sizeof line / sizeof *line, conf_root(c), &f, 1);
	conf_close(c);
	findings_done(&f);
	return format;
}

static void expand(struct buf *b, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *close = text.p[i] == '{' ? memchr(text.p + i, '}', text.n - i) : NULL;

		if (!close) {
			buf_c(b, text.p[i]);
			continue;
		}
		buf_reserve(b, (size_t)(close - text.p) * 2 + 8);
		b->n += (size_t)EVP_EncodeBlock((unsigned char *)b->p + b->n, (const unsigned char *)text.p + i + 1,
			(int)(close - text.p - (ptrdiff_t)i - 1));
		i = (size_t)(close - text.p);
	}
}

/* What a row is, in a few numbers. */
struct short_row {
	uint64_t line, offset, end, next_line;
	enum err_id bad;
	int kind;
	uint32_t cells;              /* a sum over kind and texts */
};

struct rows {
	struct short_row row[ROWS_MAX];
	size_t n, all;
	enum err_id ended;           /* E_NONE: at the end */
};

static uint32_t sum_cells(struct codec_reader *r, struct row *row, int *ret_kind)
{
	struct err e = row->bad;
	uint32_t sum = 17;

	MUST(row->ncells == 0);
	*ret_kind = codec_xml.fits(r, 0) ? 0 : codec_xml.fits(r, 1) ? 1 : -1;
	MUST((*ret_kind < 0) == (e.id != E_NONE));
	if (e.id == E_NONE && codec_xml.cut(r, (unsigned)*ret_kind, row, &e))
		MUST(err_kind(&e) == ERR_DATA && row->ncells == 0);
	sum = sum * 31 + (uint32_t)e.id;
	for (unsigned i = 0; i < row->ncells; i++) {
		sum = sum * 31 + (row->cells[i].p != NULL);
		for (size_t k = 0; k < row->cells[i].n; k++)
			sum = sum * 31 + (unsigned char)row->cells[i].p[k];
	}
	for (size_t k = 0; k < row->raw.n; k++)
		sum = sum * 31 + (unsigned char)row->raw.p[k];
	return sum;
}

static void read_from(const struct codec_format *f, struct span file, const struct short_row *behind, size_t step,
	struct rows *ret)
{
	struct text_input in = text_input(file, step);
	struct codec_reader *r;
	struct row row;
	struct err e;
	uint64_t end = behind ? behind->end : 0;
	int got;

	*ret = (struct rows){.n = 0};
	MUST(codec_xml.open(f, &in.in, end, behind ? behind->next_line : 1, &r, &e) == 0);
	while ((got = codec_xml.next(r, &row, &e)) == 1) {
		struct short_row s = {row.line, row.offset, row.end, row.next_line, row.bad.id, -1, 0};

		MUST(row.offset >= end && row.end >= row.offset && row.end <= file.n && row.next_line >= row.line);
		MUST(row.end > row.offset || row.bad.id != E_NONE);
		s.cells = sum_cells(r, &row, &s.kind);
		if (ret->n < ROWS_MAX)
			ret->row[ret->n++] = s;
		ret->all++;
		end = row.end;
	}
	ret->ended = got < 0 ? e.id : E_NONE;
	MUST(got == 0 || (err_kind(&e) == ERR_DATA && ret->all == 0));
	codec_xml.close(r);
}

static void same(const struct rows *a, const struct rows *b, size_t from)
{
	MUST(a->ended == b->ended);
	for (size_t i = 0; i < b->n && from + i < a->n; i++) {
		const struct short_row *x = &a->row[from + i], *y = &b->row[i];

		MUST(x->line == y->line && x->offset == y->offset && x->end == y->end && x->next_line == y->next_line);
		MUST(x->bad == y->bad && x->kind == y->kind && x->cells == y->cells);
	}
	if (a->n < ROWS_MAX)
		MUST(b->n == a->n - from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct codec_format *f;
	struct rows all, again;
	struct buf b = BUF_INIT;
	struct span file;
	char *copy;

	if (size < 2 || size > FILE_MAX)
		return 0;
	f = compile(data[0] % 12);
	expand(&b, (struct span){(const char *)data + 2, size - 2});
	/* A copy of exactly that length. */
	copy = mem_text(buf_as_span(&b));
	file = (struct span){copy, b.n};
	read_from(f, file, NULL, SIZE_MAX, &all);
	read_from(f, file, NULL, data[1] % 8 + 1u, &again);
	same(&all, &again, 0);
	for (size_t i = 0; i < all.n && i < 16; i++) {
		read_from(f, file, &all.row[i], SIZE_MAX, &again);
		same(&all, &again, i + 1);
	}
	free(copy);
	buf_done(&b);
	f->codec->format_free(f);
	return 0;
}
