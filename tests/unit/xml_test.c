/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "codec_rows.h"

enum { KINDS = 4 };

struct layout {
	struct codec_format *format;
	int number[KINDS];
	char name[KINDS][20];
	unsigned n;
};

/* Columns of kinds: "line a|b;head c". */
static struct layout layout_of(const char *settings, enum charset charset, const char *kinds)
{
	struct findings f;
	struct layout l = {0};

	findings_init(&f);
	l.format = rows_compile("xml", settings, charset, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(l.format);
	assert_ptr_equal(l.format->codec, &codec_xml);
	while (*kinds) {
		char list[200];
		int n = 0;

		assert_int_equal(sscanf(kinds, "%19[^ ] %199[^;]%n", l.name[l.n], list, &n), 2);
		l.number[l.n] = rows_columns(l.format, l.name[l.n], list, &f);
		findings_print(&f, ERR_EN, 0, stderr);
		assert_true(l.number[l.n++] >= 0);
		kinds += n + (kinds[n] == ';');
	}
	findings_done(&f);
	return l;
}

static void show_err(struct buf *b, const struct err *e)
{
	buf_str(b, err_code(e->id)->name);
	for (const char *const *a = (const char *const[]){"column", "got", "byte", "inside", NULL}; *a; a++)
		if (err_arg(e, *a) && strcmp(err_arg(e, *a), "-") != 0)
			buf_printf(b, "/%s", err_arg(e, *a));
}

/* "2:line[a][-] 3:!xml.syntax/7 " */
static void show_row(struct buf *b, const struct layout *l, struct codec_reader *r, struct row *row)
{
	struct err e = row->bad;
	unsigned kind = 0, fits = 0;

	assert_false(row->deleted);
	assert_false(row->blank);
	assert_int_equal(row->ncells, 0);
	buf_printf(b, "%llu:", (unsigned long long)row->line);
	for (unsigned i = 0; i < l->n; i++)
		if (codec_xml.fits(r, (unsigned)l->number[i])) {
			kind = i;
			fits++;
		}
	assert_int_equal(fits, row->bad.id == E_NONE);
	if (fits)
		buf_str(b, l->name[kind]);
	if (e.id != E_NONE || codec_xml.cut(r, (unsigned)l->number[kind], row, &e)) {
		assert_int_equal(row->ncells, 0);
		assert_int_equal(err_kind(&e), ERR_DATA);
		buf_c(b, '!');
		show_err(b, &e);
	}
	rows_cells(b, row);
}

/* Rows follow each other; lines are counted by LF; raw bytes are the file's, but for those of documents inside. */
static void check_row(const struct row *row, const struct place *before, struct span file, bool inside)
{
	uint64_t line = 1;

	assert_true(row->offset >= before->end && row->end >= row->offset && row->end <= file.n);
	assert_true(row->end > row->offset || row->bad.id != E_NONE);
	if (!inside)
		assert_true(row->raw.n <= row->end - row->offset || row->end < row->offset + row->raw.n);
	if (!inside && row->raw.n)
		assert_memory_equal(row->raw.p, file.p + row->offset, row->raw.n);
	for (uint64_t i = 0; i < row->offset; i++)
		line += file.p[i] == '\n';
	assert_int_equal(row->line, line);
	for (uint64_t i = row->offset; i < row->end; i++)
		line += file.p[i] == '\n';
	assert_true(row->next_line == line || (row->bad.id != E_NONE && row->next_line == line + 1));
}

static struct rows read_from(const struct layout *l, bool inside, struct span file, struct place at, size_t step,
	size_t fail_at)
{
	struct text_input in = text_input_failing(file, step, fail_at);
	struct rows ret = {.shown = BUF_INIT};
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	int got;

	OK(e, codec_xml.open(l->format, &in.in, at.end, at.line, &r, &e));
	while ((got = codec_xml.next(r, &row, &e)) == 1 || (got < 0 && e.id == E_DISK_FULL)) {
		if (got < 0) {
			e = ERR_INIT;
			continue;
		}
		check_row(&row, &at, file, inside);
		show_row(&ret.shown, l, r, &row);
		at = rows_behind(&ret, &row);
	}
	if (got < 0) {
		assert_int_equal(ret.n, 0);
		assert_int_equal(err_kind(&e), ERR_DATA);
		show_err(&ret.shown, &e);
	} else {
		assert_int_equal(codec_xml.next(r, &row, &e), 0);
	}
	codec_xml.close(r);
	return ret;
}

static bool is_shown(const struct rows *r, const char *want, const char *name, const char *how, size_t n)
{
	if (r->shown.n == strlen(want) && memcmp(buf_as_span(&r->shown).p, want, r->shown.n) == 0)
		return true;
	print_error("%s (%s %zu):\n got  %.*s\n want %s\n", name, how, n, SPAN_F(buf_as_span(&r->shown)), want);
	return false;
}

static bool goes_on(const struct layout *l, bool inside, struct span file, const struct rows *all, size_t step, const char *want,
	const char *name)
{
	bool same = true;

	for (size_t i = 0; same && i < all->n; i++) {
		struct rows rest = read_from(l, inside, file, all->places[i], step, 0);

		same = is_shown(&rest, want + all->places[i].shown, name, "behind row", i + 1);
		rows_done(&rest);
	}
	return same;
}

/* Reads the file with every width of fill, with a failure at each byte, and again from each row's end on. */
static bool check_file(const struct layout *l, struct span file, const char *want, const char *name)
{
	static const size_t steps[] = {SIZE_MAX, 1, 2, 3, 7};
	const bool inside = strstr(name, "inside") != NULL;
	bool same = true;

	for (size_t s = 0; same && s < COUNT(steps); s++) {
		struct rows all = read_from(l, inside, file, begin, steps[s], 0);

		same = is_shown(&all, want, name, "bytes at a time", steps[s]) &&
			goes_on(l, inside, file, &all, steps[s], want, name);
		rows_done(&all);
	}
	for (size_t at = 1; same && at <= file.n; at += 1 + at / 24) {
		struct rows all = read_from(l, inside, file, begin, 1, at);

		same = is_shown(&all, want, name, "a failure at byte", at);
		rows_done(&all);
	}
	return same;
}

/* Text with {...} in it: that is put into Base64, a line a time when it begins with LF. */
static void expand(struct buf *b, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *close = text.p[i] == '{' ? memchr(text.p + i, '}', text.n - i) : NULL;
		struct span in;

		if (!close) {
			buf_c(b, text.p[i]);
			continue;
		}
		in = (struct span){text.p + i + 1, (size_t)(close - text.p) - i - 1};
		buf_reserve(b, in.n * 2 + 8);
		b->n += (size_t)EVP_EncodeBlock((unsigned char *)b->p + b->n, (const unsigned char *)in.p, (int)in.n);
		i += in.n + 1;
	}
}

#define ITEM "{rows: {line: R/I}}"
#define TWO "{rows: {head: R/H, line: R/I}}"
#define NEST "{rows: {head: R/H, line: R/H/I}}"
#define TEST "{rows: {order: 'M/B[@t=1]', line: 'M/B[@t=2]/L'}}"
#define IN "{rows: {line: 'M/B[@t=1]'}, inside: {M/B/V: base64}}"
#define DEEP "{rows: {head: 'M/B', line: M/B/V/V/D}, inside: {M/B/V: base64}}"
#define LONE "{rows: {line: M/B/V/V/D}, inside: {M/B/V: base64}}"
#define MANY "{rows: {line: R/I}, documents: many}"
#define GBK_HEAD "<?xml version=\"1.0\" encoding=\"GBK\"?>"
#define WANG "\xcd\xf5\xab\x7c"

static const struct {
	const char *name, *settings;
	enum charset charset;
	const char *kinds, *text;
	size_t n;
	const char *want;
} cases[] = {
	{"an element that a path leads to is a row", ITEM, CHARSET_UTF8, "line b|a",
		TEXT("<R><I><a>1</a><b>2</b></I>\n<I><a>3</a></I></R>\n"), "1:line[2][1] 2:line[-][3] "},
	{"an empty element is an empty text, one that is not there is absent", ITEM, CHARSET_UTF8, "line a|b|c|d",
		TEXT("<R><I><a/><b></b><c> </c></I></R>"), "1:line[][][ ][-] "},
	{"other elements are not looked at", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><x><I><a>9</a></I></x><I><x><a>9</a></x><a>1</a><!-- c --><?p i?></I>t</R>"), "1:line[1] "},
	{"dots lead into elements, @ to attributes, #text to the row's own text", ITEM, CHARSET_UTF8, "line p.a|@k|p.q.@k|#text",
		TEXT("<R><I k='1'>t</I><I><p><a>2</a><q k=\"&lt;&#65;\"/></p></I></R>"), "1:line[-][1][-][t] 1:line[2][-][<A][-] "},
	{"the five entities, characters by number and CDATA are text", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><I><a>&amp;&lt;&gt;&apos;&quot;&#x738B;<![CDATA[<&]]>x</a></I></R>"), "1:line[&<>'\"<E7><8E><8B><&x] "},
	{"a column that stands twice kills the record, and no other", ITEM, CHARSET_UTF8, "line a|p.b",
		TEXT("<R><I><a>1</a><a>1</a></I><I><p/><p><b>2</b></p></I><I><a>3</a></I></R>"),
		"1:line!xml.duplicate/a 1:line!xml.duplicate/p 1:line[3][-] "},
	{"elements where a text is wanted kill it, and text where elements are", ITEM, CHARSET_UTF8, "line a|p.b",
		TEXT("<R><I><a>1<x/></a></I><I><p>x</p></I><I><p>x<b>1</b></p></I><I><p> <b>1</b>\n</p></I></R>"),
		"1:line!xml.kind/a 1:line!xml.kind/p 1:line!xml.kind/p 1:line[-][1] "},
	{"a prefix is a part of the name", ITEM, CHARSET_UTF8, "line n:a",
		TEXT("<R><I><a>1</a><n:a>2</n:a></I></R>"), "1:line[2] "},
	{"the root may be the row", "{rows: {line: R}}", CHARSET_UTF8, "line a", TEXT("<R><a>1</a></R>"), "1:line[1] "},
	{"an empty element may be a row", ITEM, CHARSET_UTF8, "line @a|#text", TEXT("<R><I a='1'/><I/></R>"),
		"1:line[1][] 1:line[-][] "},
	{"a document without rows has none", ITEM, CHARSET_UTF8, "line a", TEXT("<R><x/></R>"), ""},
	{"a byte order mark and a declaration may stand before it", ITEM, CHARSET_UTF8, "line a",
		TEXT("\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8' standalone=\"yes\"?>\n<R><I><a>1</a></I></R>"), "2:line[1] "},
	{"kinds are told by their paths", TWO, CHARSET_UTF8, "head n;line a",
		TEXT("<R><H><n>2</n></H><I><a>1</a></I><I><a>2</a></I></R>"), "1:head[2] 1:line[1] 1:line[2] "},
	{"an outer row comes before those inside it, wherever its fields stand", NEST, CHARSET_UTF8, "head n;line a",
		TEXT("<R>\n<H>\n<I><a>1</a></I>\n<I><a>2</a></I><n>2</n></H>\n<H><n>0</n></H></R>"),
		"2:head[2] 3:line[1] 4:line[2] 5:head[0] "},
	{"rows are numbered in the row that they stand in", NEST, CHARSET_UTF8, "head #number;line #number|a",
		TEXT("<R><H><I/><I><a>1</a></I></H>\n<H><I/><x/><I/></H></R>"),
		"1:head[1] 1:line[1][-] 1:line[2][1] 2:head[2] 2:line[1][-] 2:line[2][-] "},
	{"an outer row that is dead takes none of those inside it along", NEST, CHARSET_UTF8, "head n;line a",
		TEXT("<R><H><n/><I><a>1</a></I><n/></H></R>"), "1:head!xml.duplicate/n 1:line[1] "},
	{"an attribute chooses the kind", TEST, CHARSET_UTF8, "order @t;line a",
		TEXT("<M><B t='1'><L/></B><B t='2'><L><a>1</a></L></B></M>"), "1:order[1] 1:line[1] "},
	{"what only a test keeps from being a row is a bad row", TEST, CHARSET_UTF8, "order @t;line a",
		TEXT("<M>\n<B t='3'><L/></B><B/><x/>\n<B t='1'/></M>"), "2:!codec.xml_row/3 2:!codec.xml_row 3:order[1] "},
	{"several paths may lead to one kind", "{rows: {line: ['M/B[@t=1]', 'M/B[@t=\"2\"]']}}", CHARSET_UTF8, "line @t",
		TEXT("<M><B t='1'/><B t='2'/></M>"), "1:line[1] 1:line[2] "},
	{"a row of a kind that the form does not have is a bad row", TWO, CHARSET_UTF8, "line a",
		TEXT("<R><H/><I><a>1</a></I></R>"), "1:!codec.xml_row 1:line[1] "},

	{"a list is an array of objects", ITEM, CHARSET_UTF8, "line L.x[]|a",
		TEXT("<R><I><L><x><p>1</p><q>\"</q></x><x k='v'/><x k='w'>t</x><x><y><z>2</z></y></x></L><a>1</a></I><I><L/></I></R>"),
		"1:line[[{\"p\":\"1\",\"q\":\"\\\"\"},{\"@k\":\"v\"},{\"@k\":\"w\",\"#text\":\"t\"},{\"y\":{\"z\":\"2\"}}]][1] 1:line[-][-] "},
	{"an item without anything is an object without members", ITEM, CHARSET_UTF8, "line x[]",
		TEXT("<R><I><x/><x>t</x></I></R>"), "1:line[[{},{\"#text\":\"t\"}]] "},
	{"text beside elements in a list kills the record", ITEM, CHARSET_UTF8, "line x[]",
		TEXT("<R><I><x>t<p/></x></I><I><x><p><q/>t</p></x></I></R>"), "1:line!xml.kind/x[] 1:line!xml.kind/x[] "},
	{"a list of the outer row may hold the rows inside", NEST, CHARSET_UTF8, "head I[];line a",
		TEXT("<R><H><I><a>1</a></I><I><a>2</a></I></H></R>"), "1:head[[{\"a\":\"1\"},{\"a\":\"2\"}]] 1:line[1] 1:line[2] "},

	{"GBK is decoded by us", ITEM, CHARSET_GBK, "line a",
		TEXT(GBK_HEAD "<R><I><a>" WANG "</a></I>\n<I><a>" WANG "</a></I></R>"), "1:line[<E7><8E><8B><E7><8F><85>] 2:line[<E7><8E><8B><E7><8F><85>] "},
	{"without a declaration it is what the form says", ITEM, CHARSET_GBK, "line a",
		TEXT("<R><I><a>" WANG "</a></I></R>"), "1:line[<E7><8E><8B><E7><8F><85>] "},
	{"names may be Chinese", "{rows: {line: R/\xe8\xa1\x8c}}", CHARSET_GBK, "line \xe5\x90\x8d",
		TEXT("<R><\xd0\xd0><\xc3\xfb>1</\xc3\xfb></\xd0\xd0></R>"), "1:line[1] "},
	{"GB2312 is a part of GBK", ITEM, CHARSET_GBK, "line a",
		TEXT("<?xml version='1.0' encoding='gb2312'?><R><I><a>" WANG "</a></I></R>"), "1:line[<E7><8E><8B><E7><8F><85>] "},
	{"four bytes are read where the form says GB18030 and the document GBK", ITEM, CHARSET_GB18030, "line a",
		TEXT(GBK_HEAD "<R><I><a>\x82\x30\xb7\x31x</a></I><I/></R>"), "1:line[<E3><9B><83>x] 1:line[-] "},
	{"another declaration than the form's is refused", ITEM, CHARSET_UTF8, "line a",
		TEXT(GBK_HEAD "<R><I><a>1</a></I></R>"), "xml.charset/GBK"},
	{"so is one that nobody knows", ITEM, CHARSET_UTF8, "line a",
		TEXT("<?xml version='1.0' encoding='latin1'?><R/>"), "xml.charset/latin1"},
	{"so is a byte order mark of UTF-8 in GBK", ITEM, CHARSET_GBK, "line a", TEXT("\xef\xbb\xbf<R/>"), "xml.charset/utf-8"},
	{"and UTF-16", ITEM, CHARSET_UTF8, "line a", TEXT("\xff\xfe<\0R\0/\0>\0"), "xml.charset/utf-16"},
	{"a declaration that lies is found by the first byte", ITEM, CHARSET_UTF8, "line a",
		TEXT("<?xml version='1.0' encoding='UTF-8'?><R><I><a>1</a></I><I><a>" WANG "</a></I></R>"),
		"1:line[1] 1:!text.invalid/62 "},
	{"one that lies before any row leaves nothing to read", ITEM, CHARSET_GBK, "line a",
		TEXT(GBK_HEAD "<R x='\xff'><I/></R>"), "text.invalid/42"},
	{"a NUL byte is refused", ITEM, CHARSET_UTF8, "line a", TEXT("<R><I/><I>\0</I></R>"), "1:line[-] 1:!text.nul/10 "},
	{"half a character at the end is told", ITEM, CHARSET_GBK, "line a", TEXT("<R><I/><I>\xcd"), "1:line[-] 1:!text.half/10 "},

	{"an empty file is none", ITEM, CHARSET_UTF8, "line a", TEXT(""), "xml.truncated/0"},
	{"what is no XML is not read", ITEM, CHARSET_UTF8, "line a", TEXT("0001|x\n"), "xml.syntax/0"},
	{"another root is another kind of file", ITEM, CHARSET_UTF8, "line a", TEXT("<Q><I/></Q>"), "xml.root/Q"},
	{"a DOCTYPE is refused", ITEM, CHARSET_UTF8, "line a",
		TEXT("<!DOCTYPE R [<!ENTITY x 'y'>]><R><I><a>&x;</a></I></R>"), "xml.doctype/12"},
	{"an entity of one's own is refused", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><I/><I><a>&x;</a></I></R>"), "1:line[-] 1:!xml.entity/13 "},
	{"an attribute that stands twice breaks a document", ITEM, CHARSET_UTF8, "line @a",
		TEXT("<R><I a='1'/><I a='1' a='1'/></R>"), "1:line[1] 1:!xml.syntax/22 "},
	{"what breaks is one bad row to the end", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><I><a>1</a></I>\n<I><a>2<b></a></I><I/></R>"), "1:line[1] 2:!xml.syntax/31 "},
	{"a document that is cut off ends in a bad row", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><I><a>1</a></I><I><a>2"), "1:line[1] 1:!xml.truncated/25 "},
	{"also where it is cut off behind a row", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><I><a>1</a></I>"), "1:line[1] 1:!xml.truncated/18 "},
	{"or behind a blank", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><I><a>1</a></I>\n "), "1:line[1] 1:!xml.truncated/20 "},
	{"something behind the document is a bad row", ITEM, CHARSET_UTF8, "line a",
		TEXT("<R><I/></R>\n<!-- c --><R><I/></R>"), "1:line[-] 1:!xml.syntax/22 "},
	{"elements are 32 deep and no deeper", "{rows: {line: x/x}}", CHARSET_UTF8, "line a",
		TEXT("<x><x></x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x>"),
		"1:line[-] 1:!xml.depth/103 "},

	{"documents may follow each other", MANY, CHARSET_GBK, "line a",
		TEXT(GBK_HEAD "<R><I><a>1</a></I></R>" GBK_HEAD "<R/>\n\n<R><I><a>" WANG "</a></I></R>\n"), "1:line[1] 3:line[<E7><8E><8B><E7><8F><85>] "},
	{"a second one that breaks is a bad row", MANY, CHARSET_UTF8, "line a",
		TEXT("<R><I><a>1</a></I></R>\n<R><I></R>"), "1:line[1] 2:!xml.syntax/31 "},
	{"a second one of another kind is a bad row", MANY, CHARSET_UTF8, "line a",
		TEXT("<R><I/></R><Q/>"), "1:line[-] 1:!xml.root/Q "},
	{"a second one of another charset is a bad row", MANY, CHARSET_UTF8, "line a",
		TEXT("<R><I/></R>" GBK_HEAD "<R/>"), "1:line[-] 1:!xml.charset/GBK "},
	{"no document at all is none", MANY, CHARSET_UTF8, "line a", TEXT(""), "xml.truncated/0"},

	{"a document inside is read as if it stood there", IN, CHARSET_UTF8, "line @t|V.V.a|V.V.D[]",
		TEXT("<M><B t='1'><V>{<V><a>1</a><D><x>2</x></D></V>}</V></B><B t='1'><V/></B></M>"),
		"1:line[1][1][[{\"x\":\"2\"}]] 1:line[1][-][-] "},
	{"its own text stays as it is: inside", IN, CHARSET_UTF8, "line V|V.V.a",
		TEXT("<M><B t='1'><V>\r\n{<V><a>1</a></V>}\r\n</V></B></M>"), "1:line[<0D><0A>PFY+PGE+MTwvYT48L1Y+<0D><0A>][1] "},
	{"it has a charset of its own inside", IN, CHARSET_UTF8, "line V.V.a",
		TEXT("<M><B t='1'><V>{" GBK_HEAD "<V><a>" WANG "</a></V>}</V></B><B t='1'><V>{<V><a>\xe7\x8e\x8b</a></V>}</V></B></M>"),
		"1:line[<E7><8E><8B><E7><8F><85>] 1:line[<E7><8E><8B>] "},
	{"without a declaration inside the form's charset counts", IN, CHARSET_GBK, "line V.V.a",
		TEXT("<M><B t='1'><V>{<V><a>" WANG "</a></V>}</V></B></M>"), "1:line[<E7><8E><8B><E7><8F><85>] "},
	{"rows may stand inside", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B><V>{<V><D><a>1</a></D><D><a>2</a></D><n>2</n></V>}</V></B>\n<B><V>{<V><n>0</n></V>}</V></B></M>"),
		"1:head[2] 1:line[1] 1:line[2] 2:head[0] "},
	{"rows inside may have no row around them", LONE, CHARSET_GBK, "line a",
		TEXT("<M><B><V>{" GBK_HEAD "<V><D><a>" WANG "</a></D><D><a>2</a></D></V>}</V></B><B><V>{<V><D/></V>}</V></B></M>"),
		"1:line[<E7><8E><8B><E7><8F><85>] 1:line[2] 1:line[-] "},
	{"a document inside that breaks is one bad row, and the next goes on", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B><V>{<V><D/><D></V>}</V></B>\n<B><V>{<V><n>0</n></V>}</V></B></M>"),
		"1:!xml.syntax/12/M/B/V 2:head[0] "},
	{"also where no row is around it inside", LONE, CHARSET_UTF8, "line a",
		TEXT("<M><B><V>{<V><D/><D></V>}</V></B>\n<B><V>{<V><D/></V>}</V></B></M>"), "1:!xml.syntax/12/M/B/V 2:line[-] "},
	{"Base64 that is none is one bad row: inside", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B><V>PFY+*</V></B><B><V>PFY</V></B><B><V>PF=Y</V></B><B><V><V/></V></B>\n<B><V>{<V><n>0</n></V>}</V></B></M>"),
		"1:!xml.base64/13/M/B/V 1:!xml.base64/31/M/B/V 1:!xml.base64/48/M/B/V 1:!xml.base64/63/M/B/V 2:head[0] "},
	{"Base64 may stand in CDATA: inside", IN, CHARSET_UTF8, "line V.V.a|V",
		TEXT("<M><B t='1'><V><![CDATA[{<V><a>1</a></V>}]]></V></B></M>"), "1:line[1][PFY+PGE+MTwvYT48L1Y+] "},
	{"bytes that are not of its charset are told inside", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B><V>{<?xml version='1.0' encoding='utf-8'?><V>" WANG "</V>}</V></B><B/></M>"),
		"1:!text.invalid/41/M/B/V 1:head[-] "},
	{"a charset that nobody knows inside is told", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B><V>{<?xml version='1.0' encoding='big5'?><V/>}</V></B><B/></M>"), "1:!xml.charset/big5/yes 1:head[-] "},
	{"a DOCTYPE inside is refused", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B><V>{<!DOCTYPE V><V/>}</V></B><B/></M>"), "1:!xml.doctype/11/M/B/V 1:head[-] "},
	{"two documents inside one row are not one", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B><V>{<V><D/></V>}</V><V>{<V><D/></V>}</V></B></M>"), "1:head!xml.duplicate/V 1:line[-] 1:line[-] "},
	{"the file may break around a document inside", DEEP, CHARSET_UTF8, "head V.V.n;line a",
		TEXT("<M><B/>\n<B><V>{<V><D/></V>}</V></M>"), "1:head[-] 2:!xml.syntax/36 "},
};

static void files_are_read(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct layout l = layout_of(cases[i].settings, cases[i].charset, cases[i].kinds);
		struct buf b = BUF_INIT;

		expand(&b, (struct span){cases[i].text, cases[i].n});
		wrong += !check_file(&l, buf_as_span(&b), cases[i].want, cases[i].name);
		buf_done(&b);
		l.format->codec->format_free(l.format);
	}
	assert_int_equal(wrong, 0);
}

/* ---- limits ---- */

static void fill_up(struct buf *b, size_t to)
{
	buf_reserve(b, to - b->n);
	while (b->n < to)
		buf_c(b, 'x');
}

/* Of a reading with long texts: "1:ok 2:xml.row_too_long ". */
static void check_long(const char *settings, const char *kinds, const struct buf *file, const char *want)
{
	static const size_t steps[] = {SIZE_MAX, 100000, 4099};

	for (size_t s = 0; s < COUNT(steps); s++) {
		struct layout l = layout_of(settings, CHARSET_GB18030, kinds);
		struct text_input in = text_input_failing(buf_as_span(file), steps[s], file->n / 2);
		struct buf shown = BUF_INIT;
		struct codec_reader *r;
		struct row row;
		struct err e = ERR_INIT;
		int got;

		OK(e, codec_xml.open(l.format, &in.in, 0, 1, &r, &e));
		while ((got = codec_xml.next(r, &row, &e)) == 1 || (got < 0 && e.id == E_DISK_FULL)) {
			if (got < 0) {
				e = ERR_INIT;
				continue;
			}
			e = row.bad;
			if (e.id == E_NONE)
				codec_xml.cut(r, (unsigned)l.number[0], &row, &e);
			buf_printf(&shown, "%llu:%s ", (unsigned long long)row.line, e.id ? err_code(e.id)->name : "ok");
			assert_memory_equal(row.raw.p, file->p + row.offset, row.raw.n);
			if (row.bad.id != E_NONE)
				assert_true(row.raw.n <= 65536);
			e = ERR_INIT;
		}
		if (got < 0)
			buf_str(&shown, err_code(e.id)->name);
		if (strcmp(buf_text(&shown), want) != 0)
			fail_msg("%zu bytes at a time:\n got  %s\n want %s", steps[s], buf_text(&shown), want);
		buf_done(&shown);
		codec_xml.close(r);
		l.format->codec->format_free(l.format);
	}
}

static void a_row_has_4_mib_with_all_that_is_in_it(void **state)
{
	static const size_t sizes[] = {4u << 20, (4u << 20) + 1, 9u << 20};
	static const char *const want[] = {"2:ok 3:ok ", "2:xml.row_too_long 3:ok ", "2:xml.row_too_long 3:ok "};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		buf_clear(&b);
		buf_str(&b, "<R>\n<I><x>");
		fill_up(&b, 4 + sizes[i] - 8);
		buf_str(&b, "</x></I>\n<I/></R>");
		check_long(ITEM, "line a", &b, want[i]);
	}
	b.n -= 4;
	check_long(ITEM, "line a", &b, "2:xml.row_too_long 3:ok 3:xml.truncated ");
	buf_clear(&b);
	buf_str(&b, "<R>\n<I/>\n<I><x>");
	fill_up(&b, 5u << 20);
	check_long(ITEM, "line a", &b, "2:ok 3:xml.truncated ");
	buf_done(&b);
}

static void what_stands_between_rows_has_no_limit(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_str(&b, "<R>");
	fill_up(&b, 6u << 20);
	buf_str(&b, "<I/>");
	fill_up(&b, 7u << 20);
	buf_str(&b, "</R>");
	check_long(ITEM, "line a", &b, "1:ok ");
	b.n -= 4;
	check_long(ITEM, "line a", &b, "1:ok 1:xml.truncated ");
	buf_done(&b);
}

static void texts_of_a_row_have_256_kib(void **state)
{
	static const char *const begins[] = {"<R><I><a>", "<R><I><L><x>", "<R><I><L><x><y>"};
	static const char *const ends[] = {"</a></I><I/></R>", "</x></L></I><I/></R>", "</y></x></L></I><I/></R>"};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(begins); i++) {
		buf_clear(&b);
		buf_str(&b, begins[i]);
		fill_up(&b, CODEC_RECORD_MAX - 100);
		buf_str(&b, ends[i]);
		check_long(ITEM, "line a|L.x[]", &b, "1:ok 1:ok ");
		buf_clear(&b);
		buf_str(&b, begins[i]);
		fill_up(&b, CODEC_RECORD_MAX + 100);
		buf_str(&b, ends[i]);
		check_long(ITEM, "line a|L.x[]", &b, "1:codec.too_long 1:ok ");
	}
	buf_clear(&b);
	buf_str(&b, "<R><I><L>");
	for (unsigned i = 0; i < 100000; i++)
		buf_str(&b, "<x><y>1</y></x>");
	buf_str(&b, ends[1] + 4);
	check_long(ITEM, "line a|L.x[]", &b, "1:codec.too_long 1:ok ");
	buf_done(&b);
}

static void a_tag_has_256_kib(void **state)
{
	static const char *const begins[] = {"<R>\n<I/>\n<I a='", "<R>\n<I/>\n<x a='", "<R>\n<I/>\n<!-- ", "<R>\n<I/>\n<I><?x "};
	static const char *const ends[] = {"'/></R>", "'/></R>", "--></R>", "?></I></R>"};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(begins); i++)
		for (size_t n = CODEC_RECORD_MAX - 100; n < 3 * CODEC_RECORD_MAX; n += 200 + n / 2) {
			const bool over = n > CODEC_RECORD_MAX;

			buf_clear(&b);
			buf_str(&b, begins[i]);
			fill_up(&b, n);
			buf_str(&b, ends[i]);
			check_long(ITEM, "line b", &b, !over ? i % 3 == 0 ? "2:ok 3:ok " : "2:ok " :
				i == 3 ? "2:ok 3:xml.too_long " : "2:ok 2:xml.too_long ");
		}
	buf_done(&b);
}

/* Rows and long characters about the edges of what is read at once. */
static void a_long_document_is_read_row_by_row(void **state)
{
	struct buf b = BUF_INIT, want = BUF_INIT;

	(void)state;
	buf_str(&b, "<R>");
	for (unsigned i = 0; i < 3000; i++) {
		buf_str(&b, "\n<I><a>");
		for (unsigned k = 0; k < 10 + i * 37 % 101; k++)
			buf_str(&b, k % 3 ? "\x82\x30\xb7\x31" : k % 2 ? "\xab\x7c" : "x");
		buf_str(&b, "</a></I>");
		buf_printf(&want, "%u:ok ", i + 2);
	}
	buf_str(&b, "</R>");
	check_long(ITEM, "line a", &b, buf_text(&want));
	buf_done(&b);
	buf_done(&want);
}

/* ---- settings ---- */

static void settings_that_cannot_be_are_findings(void **state)
{
	static const struct {
		const char *settings, *kind, *columns, *want;
	} wrong[] = {
		{"{}", NULL, NULL, "conf.missing"},
		{"{rows: {line: R/I}, doc: x}", NULL, NULL, "conf.unknown_key"},
		{"{rows: {line: ''}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {line: /R}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {line: R/}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {line: 'R[@a]'}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {line: 'R[a=1]'}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {line: 'R[@a=1'}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {line: 'R[@a=1]x'}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {line: {a: R}}}", NULL, NULL, "conf.type"},
		{"{rows: {line: R}, documents: all}", NULL, NULL, "conf.choice"},
		{"{rows: {line: R}, inside: {R/x: hex}}", NULL, NULL, "conf.choice"},
		{"{rows: {line: R}, inside: {R/x: base64, R/x/y: base64}}", NULL, NULL, "codec.xml_path"},
		{"{rows: {a: R, b: R/a, c: R/a/b, d: R/a/b/c, e: R/a/b/c/d}}", NULL, NULL, "codec.xml_path"},
		{ITEM, "lines", "a", "codec.xml_no_rows"},
		{ITEM, "line", "a|a", "codec.xml_column"},
		{ITEM, "line", "a..b", "codec.xml_column"},
		{ITEM, "line", "@a.b", "codec.xml_column"},
		{ITEM, "line", "a[]|a.b", "codec.xml_column"},
		{ITEM, "line", "a.b|a[]", "codec.xml_column"},
		{ITEM, "line", "a[].b", "codec.xml_column"},
		{ITEM, "line", "a[]|b[]|c[]|d[]|e[]|f[]|g[]|h[]|i[]", "codec.xml_column"},
		{ITEM, "line", "@", "codec.xml_column"},
		{ITEM, "line", "#number|#number", "codec.xml_column"},
		{ITEM, "line", "a.#number", "codec.xml_column"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct findings f;
		struct err e = ERR_INIT;
		struct codec_format *format;

		findings_init(&f);
		format = rows_compile("xml", wrong[i].settings, CHARSET_GBK, &f);
		assert_int_equal(format != NULL, wrong[i].kind != NULL);
		if (format) {
			assert_int_equal(rows_columns(format, wrong[i].kind, wrong[i].columns, &f), -1);
			format->codec->format_free(format);
		}
		findings_first(&f, &e);
		if (f.count != 1 || strcmp(err_code(e.id)->name, wrong[i].want) != 0)
			fail_msg("settings %zu: %u findings, %s", i, f.count, err_code(e.id)->name);
		findings_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(a_row_has_4_mib_with_all_that_is_in_it),
		cmocka_unit_test(what_stands_between_rows_has_no_limit),
		cmocka_unit_test(texts_of_a_row_have_256_kib),
		cmocka_unit_test(a_tag_has_256_kib),
		cmocka_unit_test(a_long_document_is_read_row_by_row),
		cmocka_unit_test(settings_that_cannot_be_are_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
