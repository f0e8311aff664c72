/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "zip.h"

/*
 * What stands behind the entries. Programs that open an archive at its end go by this alone, so all of it must lead to the
 * entries that we came by, and to nothing else.
 */
enum { LISTED_BYTES = 46, END_BYTES = 22, END64_BYTES = 56, LOCATOR64_BYTES = 20 };

static int differs(const struct zip_reader *z, struct err *e)
{
	return zip_error(z, E_WRAP_ZIP_DIRECTORY, e);
}

static struct zip_seen *seen_as(struct zip_reader *z, const unsigned char *p, const struct zip_sizes *s, uint32_t name_crc)
{
	for (unsigned i = 0; i < z->nseen; i++) {
		struct zip_seen *x = &z->seen[i];

		if (x->offset != s->offset)
			continue;
		return !x->listed && !(zip_u16(p + 8) & ZIP_SECRET) && x->method == zip_u16(p + 10) && x->crc == zip_u32(p + 16) &&
			x->packed == s->packed && x->size == s->size && x->name_crc == name_crc ? x : NULL;
	}
	return NULL;
}

int zip_take_listed(struct zip_reader *z, struct err *e)
{
	struct zip_sizes s = {0};
	struct zip_seen *x;
	const unsigned char *p;
	size_t nname, nextra, all;

	if (zip_need(z, LISTED_BYTES, &p, e) != 0)
		return -1;
	nname = zip_u16(p + 28);
	nextra = zip_u16(p + 30);
	all = LISTED_BYTES + nname + nextra + zip_u16(p + 32);
	if (zip_need(z, all, &p, e) != 0)
		return -1;
	s = (struct zip_sizes){.packed = zip_u32(p + 20), .size = zip_u32(p + 24), .offset = zip_u32(p + 42)};
	zip_show_name(z, (struct span){(const char *)p + LISTED_BYTES, nname});
	if (zip_extra(z, p + LISTED_BYTES + nname, nextra, &s, e) != 0)
		return -1;
	x = seen_as(z, p, &s, hash_crc32c(0, p + LISTED_BYTES, nname));
	if (!x || z->end64)
		return differs(z, e);
	if (!z->nlisted)
		z->directory = z->base.in.offset;
	x->listed = true;
	z->nlisted++;
	window_take(&z->base.in, all);
	z->directory_end = z->base.in.offset;
	return 0;
}

int zip_take_end64(struct zip_reader *z, struct err *e)
{
	const unsigned char *p;

	buf_clear(&z->shown);
	if (zip_need(z, END64_BYTES, &p, e) != 0)
		return -1;
	if (z->end64 || zip_u64(p + 4) != END64_BYTES - 12 || zip_u64(p + 24) != z->nseen ||
		zip_u64(p + 32) != z->nseen || zip_u64(p + 40) != z->directory_end - z->directory ||
		zip_u64(p + 48) != z->directory)
		return differs(z, e);
	z->end64 = true;
	z->end64_at = z->base.in.offset;
	window_take(&z->base.in, END64_BYTES);
	return 0;
}

int zip_take_locator64(struct zip_reader *z, struct err *e)
{
	const unsigned char *p;

	buf_clear(&z->shown);
	if (zip_need(z, LOCATOR64_BYTES, &p, e) != 0)
		return -1;
	if (!z->end64 || zip_u64(p + 8) != z->end64_at)
		return differs(z, e);
	window_take(&z->base.in, LOCATOR64_BYTES);
	return 0;
}

/* A number of the last record; all ones: the record for 64 bits says it. */
static bool says(const struct zip_reader *z, uint32_t got, uint32_t ones, uint64_t want)
{
	return got == want || (got == ones && z->end64);
}

int zip_take_end(struct zip_reader *z, struct err *e)
{
	const unsigned char *p;
	size_t comment;

	buf_clear(&z->shown);
	if (zip_need(z, END_BYTES, &p, e) != 0)
		return -1;
	comment = zip_u16(p + 20);
	if (zip_need(z, END_BYTES + comment, &p, e) != 0 || window_need(&z->base.in, END_BYTES + comment + 1, e))
		return -1;
	p = window_bytes(&z->base.in);
	if (zip_u16(p + 4) || zip_u16(p + 6) || z->nlisted != z->nseen ||
		!says(z, zip_u16(p + 8), UINT16_MAX, z->nseen) || !says(z, zip_u16(p + 10), UINT16_MAX, z->nseen) ||
		!says(z, zip_u32(p + 12), UINT32_MAX, z->directory_end - z->directory) ||
		(z->nseen && !says(z, zip_u32(p + 16), UINT32_MAX, z->directory)))
		return differs(z, e);
	/* Another program may look for the last record from the file's end on, and find one in the comment. */
	if (comment && memmem(p + END_BYTES, comment, "PK\5\6", 4))
		return differs(z, e);
	window_take(&z->base.in, END_BYTES + comment);
	if (window_there(&z->base.in))
		return wrap_error(&z->base, E_WRAP_BEHIND, e);
	if (!z->found)
		return err_set(e, E_WRAP_ZIP_NONE, "wrap=zip\nbyte=%" PRIu64 "\nname=%s", z->base.in.offset, z->format->name);
	z->state = ZIP_OVER;
	return 0;
}
