/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkchar.h"
#include "datefmt.h"
#include "money.h"

#define HEAD_BYTES (4u << 20)
#define TAIL_BYTES (64u << 10)
#define SEEN 8192u

const char *const sample_dates[SAMPLE_DATES] = {"yyyyMMdd", "yyyy-MM-dd", "yyyy/MM/dd", "dd/MM/yyyy", "MM/dd/yyyy",
	"yyyy年MM月dd日", "yyyyMM", "yyyy-MM"};

/* Longer ones first: where two cut alike, the longer one is meant. */
static const char *const delimiters[SAMPLE_BY] = {
	"@|$", "|+|", "|@|", "|", "\t", "^", ",", ";", "~", "!", "#", "$", "@"};
static const char *const totals[] = {"合计", "总计", "小计", "Total", "TOTAL", "total"};

/* ---- bytes ---- */

static void count_charset(struct sample *s, enum charset c, uint64_t gap, uint64_t moved)
{
	struct sample_charset *r = &s->charsets[c];
	struct buf scratch = BUF_INIT;
	struct span text;
	struct err e;

	r->first_bad = -1;
	for (size_t i = s->bom ? 3 : 0; i < s->bytes.n;) {
		const unsigned char *p = (const unsigned char *)s->bytes.p + i;
		int n = *p < 0x80 ? 1 : charset_step(c, p, s->bytes.n - i);

		buf_clear(&scratch);
		if (n > 1 && charset_decode(c, (struct span){s->bytes.p + i, (size_t)n}, &scratch, &text, &e) == 0) {
			r->chars++;
		} else if (n != 1 || *p >= 0x80) {
			r->bad++;
			if (r->first_bad < 0)
				r->first_bad = (int64_t)(i < gap ? i : i + moved);
		}
		i += n > 0 ? (size_t)n : 1;
	}
	buf_done(&scratch);
}

static void look_at_bytes(struct sample *s, uint64_t gap, uint64_t moved)
{
	s->bom = s->bytes.n >= 3 && memcmp(s->bytes.p, "\xef\xbb\xbf", 3) == 0;
	s->ascii = charset_ascii((struct span){s->bytes.p + (s->bom ? 3 : 0), s->bytes.n - (s->bom ? 3 : 0)});
	for (unsigned c = 0; c < CHARSET_COUNT; c++)
		count_charset(s, (enum charset)c, gap, moved);
	s->charset = CHARSET_UTF8;
	if (!s->bom && s->charsets[CHARSET_GB18030].bad < s->charsets[CHARSET_UTF8].bad)
		s->charset = CHARSET_GB18030;
	for (size_t i = 0; i < s->bytes.n; i++) {
		bool lf_next = i + 1 < s->bytes.n && s->bytes.p[i + 1] == '\n';

		s->lf += s->bytes.p[i] == '\n' && (i == 0 || s->bytes.p[i - 1] != '\r');
		s->crlf += s->bytes.p[i] == '\r' && lf_next;
		s->cr += s->bytes.p[i] == '\r' && !lf_next;
	}
}

static size_t read_at(int fd, struct buf *b, uint64_t from, size_t n)
{
	size_t all = 0;

	buf_reserve(b, n);
	while (all < n) {
		ssize_t got = pread(fd, b->p + b->n, n - all, (off_t)(from + all));

		if (got <= 0)
			break;
		b->n += (size_t)got;
		all += (size_t)got;
	}
	return all;
}

/* A long file is looked at in two windows, cut at ends of rows and put one behind the other. */
static int load(struct sample *s, const char *path, uint64_t *ret_gap, uint64_t *ret_moved, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t from;

	if (fd < 0)
		return err_sys(e, errno == ENOENT ? E_FILE_MISSING : E_FILE_FAILED, path, errno);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, E_FILE_NOT_REGULAR, "file=%s", path);
	}
	s->size = (uint64_t)st.st_size;
	if (s->size <= HEAD_BYTES + TAIL_BYTES) {
		read_at(fd, &s->bytes, 0, (size_t)s->size);
	} else {
		read_at(fd, &s->bytes, 0, HEAD_BYTES);
		while (s->bytes.n && s->bytes.p[s->bytes.n - 1] != '\n' && s->bytes.p[s->bytes.n - 1] != '\r')
			s->bytes.n--;
		*ret_gap = from = s->bytes.n;
		read_at(fd, &s->bytes, s->size - TAIL_BYTES, TAIL_BYTES);
		while (from < s->bytes.n && s->bytes.p[from] != '\n' && s->bytes.p[from] != '\r')
			from++;
		from += from < s->bytes.n;
		from += from < s->bytes.n && s->bytes.p[from] == '\n';
		memmove(s->bytes.p + *ret_gap, s->bytes.p + from, s->bytes.n - from);
		s->bytes.n -= from - (size_t)*ret_gap;
		*ret_moved = s->size - s->bytes.n;
	}
	close(fd);
	s->looked = s->bytes.n;
	return 0;
}

/* ---- delimiters ---- */

static void count_by(const struct sample *s, bool quotes, struct sample_by *ret)
{
	uint64_t counts[SAMPLE_COLUMNS + 1] = {0};
	struct cutter c = sample_cutter(s, ret->by, quotes);

	ret->rows = 0;
	while (sample_next_row(&c)) {
		if (!sample_filled(&c))
			continue;
		ret->rows++;
		counts[c.n < SAMPLE_COLUMNS ? c.n : SAMPLE_COLUMNS]++;
	}
	ret->columns = 1;
	for (unsigned n = 2; n <= SAMPLE_COLUMNS; n++)
		if (counts[n] > (ret->columns > 1 ? counts[ret->columns] : 0))
			ret->columns = n;
	ret->same = counts[ret->columns];
	ret->quoted = c.quoted;
	ret->bad_quotes = c.bad_quotes;
}

/* Cells may be in quotes when all that begin with one end at its partner. */
static bool quotes_hold(const struct sample_by *b)
{
	return b->quoted && !b->bad_quotes;
}

static bool better(const struct sample_by *a, const struct sample_by *b)
{
	if ((a->columns > 1) != (b->columns > 1))
		return a->columns > 1;
	return a->same != b->same ? a->same > b->same : a->columns > b->columns;
}

static void look_at_delimiters(struct sample *s)
{
	bool any = memchr(s->bytes.p, '"', s->bytes.n) != NULL;

	for (unsigned i = 0; i < SAMPLE_BY; i++) {
		struct sample_by b = {.by = delimiters[i]};
		unsigned at = i;

		count_by(s, any, &b);
		if (any && !quotes_hold(&b)) {
			uint64_t quoted = b.quoted, bad = b.bad_quotes;

			count_by(s, false, &b);
			b.quoted = quoted;
			b.bad_quotes = bad;
		}
		for (; at && better(&b, &s->bys[at - 1]); at--)
			s->bys[at] = s->bys[at - 1];
		s->bys[at] = b;
	}
	if (s->bys[0].columns > 1 && s->bys[0].same * 2 >= s->bys[0].rows)
		s->by = &s->bys[0];
	s->quotes = s->by && quotes_hold(s->by);
	s->ncolumns = s->by ? s->by->columns : 1;
}

/* ---- cells ---- */

static bool is_money(struct span text, bool thousands)
{
	struct money_form form = {2, 2, false, thousands};
	struct err e;
	int64_t fen;

	return text.n && money_read(text, &form, &fen, &e) == 0;
}

static bool is_number(struct span text)
{
	return (text.n && checkchar_digits(text)) || is_money(text, true);
}

static char *utf8_of(const struct sample *s, struct span text)
{
	struct buf scratch = BUF_INIT;
	struct span out = SPAN("");
	struct err e;
	char *ret;

	if (charset_decode(s->charset, span_trim(text), &scratch, &out, &e) != 0)
		out = SPAN("");
	ret = mem_text(out);
	buf_done(&scratch);
	return ret;
}

static void count_distinct(struct sample_column *c, struct span text)
{
	uint64_t h = 1469598103934665603u;
	size_t at;

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 1099511628211u;
	h += h == 0;
	if (!c->seen)
		c->seen = mem_new(SEEN * sizeof *c->seen);
	for (at = h % SEEN; c->seen[at] && c->seen[at] != h; at = (at + 1) % SEEN)
		;
	if (c->seen[at] || c->distinct == SAMPLE_DISTINCT)
		return;
	c->seen[at] = h;
	c->distinct++;
}

static void count_cell(const struct sample *s, struct sample_column *c, struct span cell)
{
	struct span text = span_trim(cell);
	bool digits = checkchar_digits(text);
	char *utf8, iso[11];
	struct datefmt f;

	c->longest = cell.n > c->longest ? cell.n : c->longest;
	if (!text.n)
		return;
	c->filled++;
	c->digits += digits;
	c->zeros += digits && text.n > 1 && text.p[0] == '0';
	c->fen += digits && text.n <= 15 && (text.n == 1 || text.p[0] != '0');
	c->money += is_money(text, false);
	c->thousands += memchr(text.p, ',', text.n) && is_money(text, true);
	c->id18 += checkchar_id18(text);
	c->cnaps += checkchar_cnaps(text);
	c->uscc += checkchar_uscc(text);
	c->luhn += digits && (text.n == 16 || text.n == 17 || text.n == 19) && checkchar_card(text);
	count_distinct(c, text);
	if (text.n > 20)
		return;
	utf8 = utf8_of(s, text);
	for (unsigned i = 0; i < SAMPLE_DATES; i++)
		c->dates[i] += datefmt_compile(span_of(sample_dates[i]), &f) == 0 &&
			datefmt_read(&f, span_of(utf8), iso) == 0;
	free(utf8);
}

static void count_row(struct sample *s, const struct cutter *c)
{
	s->records++;
	for (unsigned i = 0; i < s->ncolumns; i++)
		count_cell(s, &s->columns[i], c->cells[i]);
}

/* Cells that are no number in a column where all others are. */
static unsigned odd_cells(const struct sample *s, const struct cutter *c)
{
	unsigned ret = 0;

	for (unsigned i = 0; i < s->ncolumns && i < c->n; i++) {
		const struct sample_column *col = &s->columns[i];
		struct span text = span_trim(c->cells[i]);

		ret += text.n && !is_number(text) && col->filled &&
			col->digits + col->money + col->thousands == col->filled;
	}
	return ret;
}

/* Cells that may name a column: no number, no digit in front, and no two alike. */
static unsigned name_cells(const struct cutter *c)
{
	unsigned ret = 0;

	for (unsigned i = 0; i < c->n; i++) {
		struct span text = span_trim(c->cells[i]);
		bool twice = false;

		for (unsigned j = 0; j < i; j++)
			twice = twice || span_eq(text, span_trim(c->cells[j]));
		ret += text.n && !twice && !is_number(text) && (text.p[0] < '0' || text.p[0] > '9');
	}
	return ret;
}

static void judge_first(struct sample *s, const struct cutter *first)
{
	s->odd = odd_cells(s, first);
	s->header_names = name_cells(first);
	s->header = s->odd && s->header_names == s->ncolumns;
	s->head = s->odd && !s->header;
	for (unsigned i = 0; s->header && i < s->ncolumns; i++)
		s->columns[i].name = utf8_of(s, first->cells[i]);
}

static void judge_last(struct sample *s, const struct cutter *last)
{
	for (unsigned i = 0; i < last->n && i < SAMPLE_COLUMNS; i++) {
		char *text = utf8_of(s, last->cells[i]);

		for (unsigned t = 0; !s->trailer_word && t < sizeof totals / sizeof *totals; t++)
			if (strstr(text, totals[t])) {
				s->trailer_word = totals[t];
				s->trailer_cell = mem_text(span_of(text));
				s->trailer_at = i + 1;
			}
		free(text);
		if (i < s->ncolumns && is_money(span_trim(last->cells[i]), true) &&
			s->columns[i].money + s->columns[i].thousands)
			s->trailer_sum = i + 1;
	}
	s->trailer_cells = last->n;
	s->trailer = s->trailer_word || last->n != s->ncolumns ||
		(odd_cells(s, last) && s->columns[0].digits && !is_number(span_trim(last->cells[0])));
}

/* A title may have been padded to full length by a spreadsheet. */
static bool is_full(const struct sample *s, const struct cutter *c)
{
	return c->n == s->ncolumns && (s->ncolumns < 3 || sample_filled(c) > 1);
}

static void look_at_rows(struct sample *s)
{
	struct cutter c = sample_cutter(s, s->by ? s->by->by : "", s->quotes), first = {0}, last = {0};
	uint64_t at = 0, first_at = 0, last_at = 0, full = 0, lead = 0;

	for (bool seen = false; sample_next_row(&c);) {
		if (!sample_filled(&c)) {
			s->blank++;
			continue;
		}
		s->rows++;
		s->row_bytes = lead ? s->row_bytes : c.row.n;   /* a length that more than half have ends in the lead */
		lead = c.row.n == s->row_bytes ? lead + 1 : lead - 1;
		if (!seen && is_full(s, &c)) {
			seen = true;
			first = c;
			first_at = s->rows;
			s->first_row = (unsigned)(s->rows + s->blank);
		} else if (!seen && sample_filled(&c) < 2) {
			s->titles++;
		} else if (!seen) {
			s->heads++;
			s->head_cells = c.n;
		}
		full += seen && c.n == s->ncolumns;
		last = c;
		last_at = s->rows;
	}
	s->columns = mem_new(s->ncolumns * sizeof *s->columns);
	for (c = sample_cutter(s, s->by ? s->by->by : "", s->quotes); sample_next_row(&c);) {
		bool edge;

		if (!sample_filled(&c))
			continue;
		at++;
		s->row_same += c.row.n == s->row_bytes;
		edge = at <= first_at || (at == last_at && full > 2);    /* of two rows the second is all there is below */
		if (c.n == s->ncolumns && !edge)
			count_row(s, &c);
	}
	if (first_at && s->by)
		judge_first(s, &first);
	if (s->by && last_at > first_at)
		judge_last(s, &last);
	if (first_at && !s->header && !s->head)
		count_row(s, &first);
	if (last_at > first_at && full > 2 && !s->trailer && last.n == s->ncolumns)
		count_row(s, &last);
}

int sample_read(const char *path, struct sample **ret, struct err *e)
{
	struct sample *s = mem_new(sizeof *s);
	uint64_t gap = UINT64_MAX, moved = 0;
	const char *what;

	if (load(s, path, &gap, &moved, e) != 0)
		goto failed;
	what = s->bytes.n ? sample_not_text(buf_as_span(&s->bytes)) : NULL;
	if (what) {
		err_set(e, E_NEW_NOT_TEXT, "file=%s\nwhat=%s", path, what);
		goto failed;
	}
	if (s->bytes.n) {
		look_at_bytes(s, gap, moved);
		look_at_delimiters(s);
		look_at_rows(s);
	}
	if (!s->rows) {
		err_set(e, E_NEW_EMPTY, "file=%s", path);
		goto failed;
	}
	*ret = s;
	return 0;
failed:
	sample_free(s);
	return -1;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	for (unsigned i = 0; s->columns && i < s->ncolumns; i++) {
		free(s->columns[i].name);
		free(s->columns[i].seen);
	}
	free(s->columns);
	free(s->trailer_cell);
	buf_done(&s->bytes);
	free(s);
}

struct span sample_first(const struct sample *s, unsigned rows)
{
	struct cutter c = sample_cutter(s, s->by ? s->by->by : "", s->quotes);

	while (rows-- && sample_next_row(&c))
		;
	return (struct span){s->bytes.p, c.at};
}
