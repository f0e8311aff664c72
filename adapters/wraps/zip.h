/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ZIP_H
#define JC_ZIP_H

#include <zlib.h>

#include "hash.h"
#include "wrap.h"

/* What zip.c (entries and their data), zip_directory.c (what stands behind them) and zip_name.c (which one) share. Nobody
 * else includes this. */
#define ZIP_ENTRIES_MAX 1000u

/* Signatures, as zip_u32 reads them. */
enum {
	ZIP_LOCAL = 0x04034b50, ZIP_DIRECTORY = 0x02014b50, ZIP_END = 0x06054b50, ZIP_END64 = 0x06064b50,
	ZIP_LOCATOR64 = 0x07064b50, ZIP_DESCRIPTOR = 0x08074b50, ZIP_DECRYPTION = 0x08064b50
};

struct zip_format {
	struct wrap_format base;     /* first */
	char *name;                  /* pattern of the document's entry */
	bool any;                    /* the form names none: there must be one only */
	char **besides;              /* patterns of entries that may stand beside it */
	unsigned nbesides;
};

/* Of an entry's flags: encrypted, strongly, or with its head masked. */
enum { ZIP_SECRET = 1 | 1 << 6 | 1 << 13 };

/* An entry that we came by; the directory must list it so. */
struct zip_seen {
	uint64_t offset, packed, size;
	uint32_t crc, name_crc;
	uint16_t flags, method;
	bool folder, described, listed;
};

struct zip_sizes {
	uint64_t size, packed, offset;
	bool is64;                   /* its descriptor has sizes of 64 bits */
};

struct zip_reader {
	struct wrap_reader base;     /* first */
	const struct zip_format *format;
	enum { ZIP_HEAD, ZIP_DATA, ZIP_OVER } state;
	struct zip_seen *seen;
	unsigned nseen, nlisted;
	bool found;                  /* the document's entry was there */
	uint64_t directory, directory_end, end64_at;
	bool end64;
	z_stream inflate;

	/* of the entry whose data come now */
	bool wanted, data_done;
	struct zip_sizes sizes;      /* as its head says */
	uint64_t size, packed;       /* so far */
	uLong crc;
	struct buf shown, scratch, aside;
};

/* Sets a code with {entry} and the place. Returns -1. */
int zip_error(const struct zip_reader *z, enum err_id id, struct err *e);
/* Asks for n bytes; *ret is where they stand until more are asked for. */
int zip_need(struct zip_reader *z, size_t n, const unsigned char **ret, struct err *e);
/* Puts a name into `shown`: in UTF-8, where it says so or is; else from GB18030, as programs of the region write them. What is
 * neither is shown as hex. */
void zip_show_name(struct zip_reader *z, struct span name);
/* Sizes of more than 32 bits stand in an extra field: size, packed, offset, each only where the short one is all ones. */
int zip_extra(struct zip_reader *z, const unsigned char *p, size_t n, struct zip_sizes *s, struct err *e);
/* One record each, the window standing at its signature. */
int zip_take_listed(struct zip_reader *z, struct err *e);
int zip_take_end64(struct zip_reader *z, struct err *e);
int zip_take_locator64(struct zip_reader *z, struct err *e);
int zip_take_end(struct zip_reader *z, struct err *e);

static inline uint32_t zip_u16(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t zip_u32(const unsigned char *p)
{
	return zip_u16(p) | zip_u16(p + 2) << 16;
}

static inline uint64_t zip_u64(const unsigned char *p)
{
	return zip_u32(p) | (uint64_t)zip_u32(p + 4) << 32;
}

/* `*` stands for any bytes but `/`, `?` for one character but `/`, all else for itself. */
bool zip_name_fits(const char *pattern, struct span name);

#endif
