/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "hash.h"
#include "jscan.h"
#include "json_text.h"
#include "lines.h"

#define NAME ".staging/ledger"
#define CRC_TEXT 9u                  /* a blank and 8 digits */

struct ledger {
	char *path;
	int fd;
	struct buf pending, last;    /* last: the line that the next one follows */
};

static char *path_of(const char *folder)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s/" NAME, folder);
	return (char *)(uintptr_t)buf_text(&b);
}

/* ---- lines ---- */

static void chain_of(struct span before, char ret[2 * HASH_SHA256 + 1])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	if (before.n) {
		hash_sha256(before.p, before.n, digest);
		hash_hex(&hex, digest, sizeof digest);
	}
	snprintf(ret, 2 * HASH_SHA256 + 1, "%s", buf_text(&hex));
	buf_done(&hex);
}

static void write_line(struct buf *b, const struct ledger_entry *x, struct span before)
{
	const size_t from = b->n;
	char amount[24], chain[2 * HASH_SHA256 + 1];

	chain_of(before, chain);
	buf_str(b, "{\"site\":");
	json_quote(b, span_of(x->site));
	json_member(b, "store", span_of(x->store));
	buf_printf(b, ",\"no\":%" PRIu64, x->no);
	json_member(b, "batch", span_of(x->batchid));
	json_member(b, "split", span_of(x->split));
	json_member(b, "currency", span_of(x->currency));
	buf_printf(b, ",\"count\":%" PRIu64 ",\"unreadable\":%" PRIu64, x->sum.count, x->sum.unreadable);
	json_member(b, "plus", span_of(money_text(x->sum.plus, amount)));
	json_member(b, "minus", span_of(money_text(x->sum.minus, amount)));
	buf_printf(b, ",\"ids\":\"%016" PRIx64 "\"", x->ids);
	json_member(b, "digest", span_of(x->digest));
	json_member(b, "name", span_of(x->name));
	json_member(b, "before", span_of(chain));
	buf_c(b, '}');
	buf_printf(b, " %08" PRIx32 "\n", hash_crc32c(0, b->p + from, b->n - from));
}

static bool is_whole(struct span line)
{
	char crc[16];

	if (line.n <= CRC_TEXT)
		return false;
	snprintf(crc, sizeof crc, " %08" PRIx32, hash_crc32c(0, line.p, line.n - CRC_TEXT));
	return span_ends(line, span_of(crc));
}

static int64_t amount(const json_t *o, const char *name)
{
	struct err ignored;
	int64_t fen = 0;

	money_read(span_of(json_text(o, name)), &MONEY_YUAN, &fen, &ignored);
	return fen;
}

/* Lines without a chain are of old: they stand before all others. */
static uint64_t gap(const json_t *o, struct span line, struct span before)
{
	const char *is = json_string_value(json_object_get(o, "before"));
	char chain[2 * HASH_SHA256 + 1];

	chain_of(before, chain);
	if (is ? strcmp(is, chain) == 0 : !memmem(before.p, before.n, ",\"before\":\"", 11))
		return 0;
	return (ledger_id(line) + ledger_id(span_of(chain))) | 1;
}

static int give_line(struct span line, struct span before,
	int (*each)(void *arg, const struct ledger_entry *x, struct err *e), void *arg, struct err *e)
{
	json_t *o = json_loadb(line.p, line.n - CRC_TEXT, 0, NULL);
	struct ledger_entry x = {.site = json_text(o, "site"), .store = json_text(o, "store"), .batchid = json_text(o, "batch"),
		.split = json_text(o, "split"), .digest = json_text(o, "digest"), .name = json_text(o, "name"), .gap = gap(o, line, before)};
	int ret;

	x.no = (uint64_t)json_integer_value(json_object_get(o, "no"));
	x.ids = strtoull(json_text(o, "ids"), NULL, 16);
	snprintf(x.currency, sizeof x.currency, "%s", json_text(o, "currency"));
	x.sum = (struct money_sum){.count = (uint64_t)json_integer_value(json_object_get(o, "count")),
		.unreadable = (uint64_t)json_integer_value(json_object_get(o, "unreadable")),
		.plus = amount(o, "plus"), .minus = amount(o, "minus")};
	ret = each(arg, &x, e);
	json_decref(o);
	return ret;
}

/* ---- files ---- */

/* Into last the last whole line; the good part of the file ends behind it. each may be NULL. */
static int walk(struct lines *x, int (*each)(void *arg, const struct ledger_entry *x, struct err *e), void *arg,
	struct buf *last, uint64_t *ret_good, struct err *e)
{
	unsigned line = 0, torn = 0;
	struct span one;
	bool ended;
	int got;

	*ret_good = 0;
	while ((got = lines_next(x, &one, &ended, e)) == 1) {
		line++;
		if (!ended || !is_whole(one)) {
			torn = torn ? torn : line;
			continue;
		}
		if (torn)
			return err_set(e, E_LEDGER_DAMAGED, "file=%s\nline=%u", x->path, torn);
		if (each && give_line(one, buf_as_span(last), each, arg, e) != 0)
			return -1;
		buf_clear(last);
		buf_span(last, one);
		*ret_good = x->offset;
	}
	return got;
}

int ledger_each(const char *folder, int (*each)(void *arg, const struct ledger_entry *x, struct err *e), void *arg,
	struct err *e)
{
	char *path = path_of(folder);
	struct buf last = BUF_INIT;
	struct lines x;
	uint64_t good;
	int got = lines_open(&x, path, e);

	if (got == 1) {
		got = walk(&x, each, arg, &last, &good, e);
		lines_close(&x);
	}
	buf_done(&last);
	free(path);
	return got < 0 ? -1 : 0;
}

static int trim(struct ledger *l, struct err *e)
{
	uint64_t good = 0;
	struct lines x;
	int got = lines_open(&x, l->path, e), ret = got < 0 ? -1 : 0;

	if (got == 1) {
		ret = walk(&x, NULL, NULL, &l->last, &good, e);
		if (ret == 0 && good < x.offset)
			ret = ftruncate(l->fd, (off_t)good) != 0 ? err_sys(e, E_FILE_FAILED, l->path, errno) :
				fsys_sync(l->fd, l->path, e);
		lines_close(&x);
	}
	return ret;
}

/* The name is durable, too. */
static int sync_name(const char *folder, struct err *e)
{
	struct buf staging = BUF_INIT;
	int fd, ret;

	buf_printf(&staging, "%s/.staging", folder);
	ret = fsys_open_dir(AT_FDCWD, buf_text(&staging), &fd, e);
	if (ret == 0) {
		ret = fsys_sync_dir(fd, buf_text(&staging), e);
		close(fd);
	}
	buf_done(&staging);
	return ret;
}

int ledger_open(const char *folder, struct ledger **ret, struct err *e)
{
	struct ledger *l = mem_new(sizeof *l);

	l->path = path_of(folder);
	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0)
		err_sys(e, errno == ENOSPC || errno == EDQUOT ? E_DISK_FULL : E_FILE_FAILED, l->path, errno);
	if (l->fd < 0 || trim(l, e) != 0 || sync_name(folder, e) != 0) {
		ledger_close(l);
		return -1;
	}
	*ret = l;
	return 0;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	buf_done(&l->pending);
	buf_done(&l->last);
	free(l->path);
	free(l);
}

void ledger_add(struct ledger *l, const struct ledger_entry *x)
{
	const size_t from = l->pending.n;

	write_line(&l->pending, x, buf_as_span(&l->last));
	buf_clear(&l->last);
	buf_add(&l->last, l->pending.p + from, l->pending.n - from - 1);
}

int ledger_sync(struct ledger *l, struct err *e)
{
	int ret = 0;

	if (l->pending.n)
		ret = fsys_write(l->fd, l->pending.p, l->pending.n, l->path, e) != 0 || fsys_sync(l->fd, l->path, e) != 0 ? -1 : 0;
	buf_clear(&l->pending);
	return ret;
}

uint64_t ledger_id(struct span id)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);       /* FNV-1a, then mixed: sums of it must not cancel out */

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}
