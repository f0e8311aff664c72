/* SPDX-License-Identifier: Apache-2.0 */
#include "zip.h"

#include <inttypes.h>
#include <stdlib.h>

#include "utf8.h"

enum { DESCRIBED = 8 };
enum { STORED = 0, DEFLATED = 8 };
enum { LOCAL_BYTES = 30, CHUNK = 64 << 10 };

/* ---- settings ---- */

static void zip_format_free(struct wrap_format *f)
{
	struct zip_format *z = (struct zip_format *)f;

	free(z->name);
	for (unsigned i = 0; i < z->nbesides; i++)
		free(z->besides[i]);
	free(z->besides);
	free(z);
}

static struct wrap_format *zip_compile(struct conf *node, struct conf *settings, const struct wrap_setup *s,
	struct findings *f)
{
	struct zip_format *z = mem_new(sizeof *z);
	struct conf *name = conf_want(settings, "name", CONF_SCALAR, f);
	struct conf *besides = conf_want(settings, "besides", CONF_LIST, f);

	(void)node, (void)s;
	z->base.wrap = &wrap_zip;
	z->name = mem_text(name ? name->text : SPAN("*"));
	z->any = !name;
	for (struct conf *c = besides ? besides->first : NULL; c; c = c->next) {
		z->besides = mem_grow(z->besides, z->nbesides + 1u, sizeof *z->besides);
		z->besides[z->nbesides++] = mem_text(c->text);
	}
	return &z->base;
}

/* ---- errors ---- */

int zip_error(const struct zip_reader *z, enum err_id id, struct err *e)
{
	return err_set(e, id, "wrap=zip\nbyte=%" PRIu64 "\nentry=%.*s", z->base.in.offset,
		SPAN_F(utf8_cut(buf_as_span(&z->shown), 120)));
}

static int corrupt(const struct zip_reader *z, struct err *e)
{
	return z->shown.n ? zip_error(z, E_WRAP_CORRUPT, e) : wrap_error(&z->base, E_WRAP_CORRUPT, e);
}

int zip_need(struct zip_reader *z, size_t n, const unsigned char **ret, struct err *e)
{
	if (wrap_need(&z->base, n, e))
		return -1;
	*ret = window_bytes(&z->base.in);
	return 0;
}

/* ---- an entry's head ---- */

void zip_show_name(struct zip_reader *z, struct span name)
{
	struct span text;
	struct err ignored;

	buf_clear(&z->shown);
	buf_clear(&z->scratch);
	if (charset_decode(CHARSET_UTF8, name, &z->scratch, &text, &ignored) == 0 ||
		charset_decode(CHARSET_GB18030, name, &z->scratch, &text, &ignored) == 0)
		buf_span(&z->shown, text);
	else
		for (size_t i = 0; i < name.n; i++)
			buf_printf(&z->shown, "\\%02x", (unsigned char)name.p[i]);
	for (size_t i = 0; i < z->shown.n; i++)
		if (z->shown.p[i] == '\\')
			z->shown.p[i] = '/';     /* old programs of Windows write it between folders */
}

/* One that leads nowhere else: nothing is ever unpacked under it, but an archive that tries is not to be believed. */
static bool name_is_safe(struct span n)
{
	struct span part = {n.p, 0};

	if (!n.n || n.p[0] == '/' || (n.n > 1 && n.p[1] == ':'))
		return false;
	for (size_t i = 0; i <= n.n; i++) {
		if (i < n.n && ((unsigned char)n.p[i] < ' ' || n.p[i] == 0x7f))
			return false;
		if (i < n.n && n.p[i] != '/')
			continue;
		part.n = (size_t)(n.p + i - part.p);
		if (span_is(part, "..") || span_is(part, ".") || (!part.n && i < n.n))
			return false;
		part.p = n.p + i + 1;
	}
	return true;
}

/* Is this entry the document? Every one that is not must be among those that the form lets stand beside it. */
static int choose(struct zip_reader *z, const struct zip_seen *s, struct err *e)
{
	const struct zip_format *f = z->format;
	const struct span name = buf_as_span(&z->shown);

	z->wanted = false;
	if (s->folder)
		return 0;
	for (unsigned i = 0; i < f->nbesides; i++)
		if (zip_name_fits(f->besides[i], name))
			return 0;
	if (!f->any && !zip_name_fits(f->name, name))
		return zip_error(z, E_WRAP_ZIP_OTHER, e);
	if (z->found)
		return zip_error(z, E_WRAP_ZIP_SEVERAL, e);
	z->wanted = z->found = true;
	return 0;
}

int zip_extra(struct zip_reader *z, const unsigned char *p, size_t n, struct zip_sizes *s, struct err *e)
{
	while (n >= 4) {
		const size_t len = zip_u16(p + 2);
		uint64_t *const big[] = {&s->size, &s->packed, &s->offset};
		const unsigned char *at = p + 4;

		if (len > n - 4)
			return corrupt(z, e);
		for (unsigned i = 0; zip_u16(p) == 1 && i < 3; i++) {
			if (*big[i] != UINT32_MAX)
				continue;
			if (at + 8 > p + 4 + len)
				return corrupt(z, e);
			*big[i] = zip_u64(at);
			at += 8;
		}
		s->is64 |= zip_u16(p) == 1;
		p += 4 + len;
		n -= 4 + len;
	}
	return 0;
}

static int check_entry(struct zip_reader *z, const struct zip_seen *s, const struct zip_sizes *sizes, struct err *e)
{
	if (s->flags & ZIP_SECRET)
		return zip_error(z, E_WRAP_ZIP_ENCRYPTED, e);
	if (s->method != STORED && s->method != DEFLATED)
		return zip_error(z, E_WRAP_ZIP_METHOD, e);
	if (!name_is_safe(buf_as_span(&z->shown)))
		return zip_error(z, E_WRAP_ZIP_NAME, e);
	/* Not packed and without a length: nothing says where it ends. */
	if (s->method == STORED && (s->flags & DESCRIBED) && !s->folder)
		return zip_error(z, E_WRAP_ZIP_METHOD, e);
	if (s->method == STORED && sizes->packed != sizes->size)
		return corrupt(z, e);
	return 0;
}

static int begin_entry(struct zip_reader *z, struct err *e)
{
	struct zip_seen s = {.offset = z->base.in.offset};
	struct zip_sizes sizes = {0};
	const unsigned char *p;
	size_t nname, nextra;

	if (zip_need(z, LOCAL_BYTES, &p, e) != 0)
		return -1;
	nname = zip_u16(p + 26);
	nextra = zip_u16(p + 28);
	if (zip_need(z, LOCAL_BYTES + nname + nextra, &p, e) != 0)
		return -1;
	s.flags = (uint16_t)zip_u16(p + 6);
	s.method = (uint16_t)zip_u16(p + 8);
	s.crc = zip_u32(p + 14);
	sizes = (struct zip_sizes){.packed = zip_u32(p + 18), .size = zip_u32(p + 22)};
	s.name_crc = hash_crc32c(0, p + LOCAL_BYTES, nname);
	zip_show_name(z, (struct span){(const char *)p + LOCAL_BYTES, nname});
	s.folder = span_ends(buf_as_span(&z->shown), SPAN("/"));
	if (zip_extra(z, p + LOCAL_BYTES + nname, nextra, &sizes, e) != 0 || check_entry(z, &s, &sizes, e) != 0)
		return -1;
	if (z->nseen == ZIP_ENTRIES_MAX)
		return err_set(e, E_WRAP_ZIP_ENTRIES, "wrap=zip\nbyte=%" PRIu64 "\nmax=%u", s.offset, ZIP_ENTRIES_MAX);
	if (choose(z, &s, e) != 0)
		return -1;
	window_take(&z->base.in, LOCAL_BYTES + nname + nextra);
	s.described = s.flags & DESCRIBED;
	z->sizes = sizes;
	z->crc = crc32_z(0, NULL, 0);
	z->size = z->packed = 0;
	z->data_done = !s.described && !sizes.packed && s.method == STORED;
	inflateReset(&z->inflate);
	z->seen = mem_grow(z->seen, z->nseen + 1u, sizeof *z->seen);
	z->seen[z->nseen++] = s;
	z->state = ZIP_DATA;
	return 0;
}

/* ---- its data ---- */

static int give_stored(struct zip_reader *z, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	uint64_t left = z->sizes.packed - z->packed;
	size_t n;

	if (wrap_need(&z->base, 1, e))
		return -1;
	n = window_there(&z->base.in);
	n = n < cap ? n : cap;
	n = n < left ? n : (size_t)left;
	memcpy(p, window_bytes(&z->base.in), n);
	window_take(&z->base.in, n);
	z->packed += n;
	z->data_done = n == left;
	*ret_n = n;
	return 0;
}

static int give_inflated(struct zip_reader *z, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	const uint64_t left = z->seen[z->nseen - 1].described ? UINT64_MAX : z->sizes.packed - z->packed;
	size_t there;
	int got;

	if (!left)
		return corrupt(z, e);    /* its packed size is over and it is not */
	if (wrap_need(&z->base, 1, e))
		return -1;
	there = window_there(&z->base.in);
	there = there < left ? there : (size_t)left;
	z->inflate.next_in = (Bytef *)(uintptr_t)window_bytes(&z->base.in);
	z->inflate.avail_in = (uInt)there;
	z->inflate.next_out = (Bytef *)p;
	z->inflate.avail_out = (uInt)cap;
	got = inflate(&z->inflate, Z_NO_FLUSH);
	there -= z->inflate.avail_in;
	window_take(&z->base.in, there);
	z->packed += there;
	*ret_n = cap - z->inflate.avail_out;
	if (got == Z_MEM_ERROR)
		abort();
	if (got != Z_OK && got != Z_BUF_ERROR && got != Z_STREAM_END)
		return corrupt(z, e);
	z->data_done = got == Z_STREAM_END;
	return 0;
}

static int give_data(struct zip_reader *z, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	cap = cap < CHUNK ? cap : CHUNK;
	if (z->seen[z->nseen - 1].method == STORED ? give_stored(z, p, cap, ret_n, e) : give_inflated(z, p, cap, ret_n, e))
		return -1;
	z->crc = crc32_z(z->crc, (const unsigned char *)p, *ret_n);
	z->size += *ret_n;
	return wrap_made(&z->base, *ret_n, e);
}

/* Behind the data: what a descriptor, or the head before it, says of them. */
static int end_entry(struct zip_reader *z, struct err *e)
{
	struct zip_seen *s = &z->seen[z->nseen - 1];
	const unsigned width = z->sizes.is64 ? 8 : 4;
	const unsigned char *p;

	if (s->described) {
		unsigned at = 4;

		if (zip_need(z, 4 + 2 * width, &p, e) != 0)
			return -1;
		if (zip_u32(p) == ZIP_DESCRIPTOR) {          /* it may begin with a signature */
			if (zip_need(z, 8 + 2 * width, &p, e) != 0)
				return -1;
			at = 8;
		}
		s->crc = zip_u32(p + at - 4);
		z->sizes.packed = width == 8 ? zip_u64(p + at) : zip_u32(p + at);
		z->sizes.size = width == 8 ? zip_u64(p + at + width) : zip_u32(p + at + width);
		window_take(&z->base.in, at + 2 * width);
	}
	if (z->crc != s->crc)
		return zip_error(z, E_WRAP_CHECKSUM, e);
	if (z->size != z->sizes.size || z->packed != z->sizes.packed || (s->folder && z->size))
		return corrupt(z, e);
	s->size = z->size;
	s->packed = z->packed;
	z->wanted = false;
	z->state = ZIP_HEAD;
	return 0;
}

/* What begins here. */
static int take_record(struct zip_reader *z, struct err *e)
{
	const bool first = z->base.in.offset == 0;
	const unsigned char *p;
	uint32_t signature;

	if (window_need(&z->base.in, 4, e))
		return -1;
	/* A file that is shorter may be the begin of one. */
	if (first && window_there(&z->base.in) && memcmp(window_bytes(&z->base.in), "PK\3\4",
		window_there(&z->base.in) < 2 ? window_there(&z->base.in) : 2) != 0)
		return wrap_error(&z->base, E_WRAP_NOT, e);
	if (zip_need(z, 4, &p, e) != 0)
		return -1;
	signature = zip_u32(p);
	if (signature == ZIP_LOCAL && !z->nlisted && !z->end64)
		return begin_entry(z, e);
	if (signature == ZIP_DIRECTORY)
		return zip_take_listed(z, e);
	if (signature == ZIP_END64)
		return zip_take_end64(z, e);
	if (signature == ZIP_LOCATOR64)
		return zip_take_locator64(z, e);
	if (signature == ZIP_END)
		return zip_take_end(z, e);
	if (signature == ZIP_DECRYPTION)
		return zip_error(z, E_WRAP_ZIP_ENCRYPTED, e);
	buf_clear(&z->shown);
	return first && signature != ZIP_DESCRIPTOR ? wrap_error(&z->base, E_WRAP_NOT, e) : corrupt(z, e);
}

/* ---- reading ---- */

static struct wrap_reader *zip_open(const struct wrap_format *f)
{
	struct zip_reader *z = mem_new(sizeof *z);

	z->format = (const struct zip_format *)f;
	if (inflateInit2(&z->inflate, -15) != Z_OK)
		abort();
	return &z->base;
}

static void zip_close(struct wrap_reader *r)
{
	struct zip_reader *z = (struct zip_reader *)r;

	inflateEnd(&z->inflate);
	buf_done(&z->shown);
	buf_done(&z->scratch);
	buf_done(&z->aside);
	free(z->seen);
	free(z);
}

static int zip_give(struct wrap_reader *r, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct zip_reader *z = (struct zip_reader *)r;
	size_t n = 0;

	while (z->state != ZIP_OVER) {
		if (z->state == ZIP_HEAD) {
			if (take_record(z, e) != 0)
				return -1;
		} else if (z->data_done) {
			if (end_entry(z, e) != 0)
				return -1;
		} else if (z->wanted) {
			if (give_data(z, p, cap, &n, e) != 0)
				return -1;
			if (n)
				break;
		} else {
			/* Read all the same: where it ends, and that it is whole, is seen from it. */
			buf_reserve(&z->aside, CHUNK);
			if (give_data(z, z->aside.p, CHUNK, &n, e) != 0)
				return -1;
			n = 0;
		}
	}
	*ret_n = n;
	return 0;
}

const struct wrap wrap_zip = {
	.name = "zip",
	.most = 46 + 3 * (size_t)UINT16_MAX,
	.compile = zip_compile,
	.format_free = zip_format_free,
	.open = zip_open,
	.give = zip_give,
	.close = zip_close,
};
